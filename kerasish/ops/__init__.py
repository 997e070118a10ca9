"""The operator library under Keras's names: `kerasish.ops.add`, `.numpy`, `.linalg`, `.image`.

Importing it registers every op.
"""

from kerasish.ops import random as random
from kerasish.ops import random_draws as random_draws
from kerasish.ops import activation as activation
from kerasish.ops import convolution as convolution
from kerasish.ops import convolve as convolve
from kerasish.ops.numpy import *
from kerasish.ops import pooling as pooling
from kerasish.ops import pool as pool
from kerasish.ops import normalization as normalization
from kerasish.ops import moments as moments
from kerasish.ops import loss_crossentropy as loss_crossentropy
from kerasish.ops.core import *
from kerasish.ops.scatter import *
from kerasish.ops.dynamic import *
from kerasish.ops.segments import *
from kerasish.ops.fourier import *
from kerasish.ops.linalg import *
from kerasish.ops.linalg import logdet as logdet
from kerasish.ops.linalg import slogdet as slogdet
from kerasish.ops.control import *
from kerasish.ops.associative import *
from kerasish.ops.vectorized import *
from kerasish.ops.nn import *
from kerasish.ops import image as image
from kerasish.ops import linalg as linalg
from kerasish.ops import numpy as numpy
from kerasish.ops import recurrent as recurrent
from kerasish.ops import attention as attention
from kerasish.ops import nn_encoding as nn_encoding
from kerasish.ops import nn_images as nn_images
from kerasish.ops.custom import *
from kerasish.ops import alone as alone
from kerasish.ops import methods as methods
