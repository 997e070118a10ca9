"""keras.ops.numpy: the functions that numpy has too."""

from kerasish.ops.contraction import *
from kerasish.ops.indexing import *
from kerasish.ops.numpy_choice import *
from kerasish.ops.numpy_creation import *
from kerasish.ops.numpy_functions import *
from kerasish.ops.numpy_join import *
from kerasish.ops.numpy_logic import *
from kerasish.ops.numpy_math import *
from kerasish.ops.numpy_matrix import *
from kerasish.ops.numpy_nan import *
from kerasish.ops.numpy_quantile import *
from kerasish.ops.numpy_shape import *
from kerasish.ops.numpy_stats import *
from kerasish.ops.reduction import *
from kerasish.ops.scans import *
from kerasish.ops.sorting import *
from kerasish.ops.subscript import *
from kerasish.ops.linalg import slogdet as slogdet
