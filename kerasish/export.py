"""keras.export: nothing but the name of what TensorFlow is needed for."""

from kerasish.names import namespace

__getattr__, __dir__ = namespace(__name__)
