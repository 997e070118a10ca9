"""keras.ops.numpy: the functions that numpy has too."""

from types import ModuleType as _ModuleType

from kerasish.ops.numpy.contraction import *
from kerasish.ops.basic.indexing import *
from kerasish.ops.numpy.choice import *
from kerasish.ops.numpy.creation import *
from kerasish.ops.numpy.functions import *
from kerasish.ops.numpy.join import *
from kerasish.ops.numpy.logic import *
from kerasish.ops.numpy.arithmetic import *
from kerasish.ops.numpy.matrix import *
from kerasish.ops.numpy.ignoring_nan import *
from kerasish.ops.numpy.quantiles import *
from kerasish.ops.numpy.shape import *
from kerasish.ops.numpy.statistics import *
from kerasish.ops.basic.reduction import *
from kerasish.ops.basic.scans import *
from kerasish.ops.basic.sorting import *
from kerasish.ops.basic.subscript import *
from kerasish.ops.linalg.functions import slogdet as slogdet

__all__ = [n for n, held in globals().items() if n[0] != "_" and not isinstance(held, _ModuleType)]
