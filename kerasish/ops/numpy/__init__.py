"""keras.ops.numpy: the functions that numpy has too."""

from kerasish.names import namespace

__getattr__, __dir__ = namespace(__name__)
