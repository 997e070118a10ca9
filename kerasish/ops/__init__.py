"""The operator library under Keras's names: `kerasish.ops.add`, `.numpy`, `.linalg`, `.image`.

Importing it registers every op.
"""

from kerasish.ops import random as random
from kerasish.ops.numpy import *
from kerasish.ops.core.tensors import *
from kerasish.ops.core.scatter import *
from kerasish.ops.core.dynamic import *
from kerasish.ops.core.segments import *
from kerasish.ops.core.fourier import *
from kerasish.ops.core.custom import *
from kerasish.ops.linalg import *
from kerasish.ops.linalg.functions import logdet as logdet
from kerasish.ops.linalg.functions import slogdet as slogdet
from kerasish.ops.control.functions import *
from kerasish.ops.control.associative import *
from kerasish.ops.control.vectorized import *
from kerasish.ops.nn import *
from kerasish.ops import image as image
from kerasish.ops import linalg as linalg
from kerasish.ops import nn as nn
from kerasish.ops import numpy as numpy
from kerasish.ops import alone as alone
from kerasish.ops import methods as methods
