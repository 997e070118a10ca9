"""keras.preprocessing: Keras's older names for datasets of folders, sequences and images."""

from kerasish.names import namespace

__getattr__, __dir__ = namespace(__name__)
