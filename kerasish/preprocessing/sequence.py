"""keras.preprocessing.sequence: the older place of `pad_sequences`, in data/sequence.py."""

from kerasish.names import namespace

__getattr__, __dir__ = namespace(__name__)
