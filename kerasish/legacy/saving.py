"""keras.legacy.saving: objects as Keras 2 wrote them."""

from kerasish.names import namespace

__getattr__, __dir__ = namespace(__name__)
