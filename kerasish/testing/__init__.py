"""Checks for ops and passes of one's own."""

from kerasish.names import namespace

__getattr__, __dir__ = namespace(__name__)
