"""Models: layers put together, trained, saved and looked into."""

from kerasish.names import namespace

__getattr__, __dir__ = namespace(__name__)
