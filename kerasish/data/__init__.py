"""Data: datasets, adapters from what users have to batches, and small helpers for both."""

from kerasish.names import namespace

__getattr__, __dir__ = namespace(__name__)
