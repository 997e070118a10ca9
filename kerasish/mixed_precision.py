"""keras.mixed_precision: computing in 16 bits while weights stay in 32."""

from kerasish.names import namespace

__getattr__, __dir__ = namespace(__name__)
