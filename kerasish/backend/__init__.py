"""The hardware abstraction layer: arrays, devices and streams behind one small protocol."""

from kerasish import registry
from kerasish.names import namespace


def is_keras_tensor(x: object) -> bool:
    """`kerasish.utils.is_keras_tensor`, where older code looks for it."""
    return registry.above("utils.is_keras_tensor")(x)


__getattr__, __dir__ = namespace(__name__, ("is_keras_tensor",))
