"""keras.ops.nn: what neural networks are made of."""

from kerasish.names import namespace

__getattr__, __dir__ = namespace(__name__)
