"""From files to what a model reads, and back: tables, parts, preparation, windows."""

from kerasish.names import namespace

__getattr__, __dir__ = namespace(__name__)
