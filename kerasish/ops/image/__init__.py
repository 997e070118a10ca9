"""keras.ops.image: functions of images, one or a batch."""

from kerasish.names import namespace

__getattr__, __dir__ = namespace(__name__)
