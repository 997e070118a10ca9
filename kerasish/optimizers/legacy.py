"""keras.optimizers.legacy: the names of Keras 2's optimizers, which say what to use instead."""

from kerasish.names import namespace

__getattr__, __dir__ = namespace(__name__)
