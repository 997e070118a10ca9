"""keras.ops.linalg: functions of matrices over the last two axes."""

from kerasish.names import namespace

__getattr__, __dir__ = namespace(__name__)
