"""keras.ops.linalg: functions of matrices over the last two axes."""

from kerasish.ops.linalg.functions import *
from kerasish.ops.linalg.functions import __all__ as __all__
from kerasish.ops.linalg.functions import logdet as logdet
from kerasish.ops.linalg.functions import slogdet as slogdet
