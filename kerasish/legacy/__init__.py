"""keras.legacy: what older programs ask for by name."""

from kerasish.names import namespace

__getattr__, __dir__ = namespace(__name__)
