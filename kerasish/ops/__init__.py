"""The operator library: importing it registers every op."""
from kerasish.ops import elementwise, indexing, linear, reduction, shape, subscript  # noqa: F401
from kerasish.ops import random as random
from kerasish.ops import random_draws as random_draws
from kerasish.ops import activation as activation
from kerasish.ops import convolution as convolution
from kerasish.ops import convolve as convolve
