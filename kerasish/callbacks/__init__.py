"""Callbacks: what can be told of a run."""

from kerasish.names import namespace

__getattr__, __dir__ = namespace(__name__)
