"""keras.ops.nn: what neural networks are made of."""

from kerasish.ops.activation import celu as celu
from kerasish.ops.activation import elu as elu
from kerasish.ops.activation import gelu as gelu
from kerasish.ops.activation import glu as glu
from kerasish.ops.activation import hard_shrink as hard_shrink
from kerasish.ops.activation import hard_sigmoid as hard_sigmoid
from kerasish.ops.activation import hard_silu as hard_silu
from kerasish.ops.activation import hard_silu as hard_swish
from kerasish.ops.activation import hard_tanh as hard_tanh
from kerasish.ops.activation import leaky_relu as leaky_relu
from kerasish.ops.activation import log_sigmoid as log_sigmoid
from kerasish.ops.activation import log_softmax as log_softmax
from kerasish.ops.activation import relu as relu
from kerasish.ops.activation import relu6 as relu6
from kerasish.ops.activation import selu as selu
from kerasish.ops.activation import silu as silu
from kerasish.ops.activation import silu as swish
from kerasish.ops.activation import soft_shrink as soft_shrink
from kerasish.ops.activation import softmax as softmax
from kerasish.ops.activation import softplus as softplus
from kerasish.ops.activation import softsign as softsign
from kerasish.ops.activation import sparse_plus as sparse_plus
from kerasish.ops.activation import sparse_sigmoid as sparse_sigmoid
from kerasish.ops.activation import sparsemax as sparsemax
from kerasish.ops.activation import squareplus as squareplus
from kerasish.ops.activation import tanh_shrink as tanh_shrink
from kerasish.ops.activation import threshold as threshold
from kerasish.ops.attention import dot_product_attention as dot_product_attention
from kerasish.ops.convolve import conv as conv
from kerasish.ops.convolve import conv_transpose as conv_transpose
from kerasish.ops.convolve import depthwise_conv as depthwise_conv
from kerasish.ops.convolve import separable_conv as separable_conv
from kerasish.ops.elementwise import sigmoid as sigmoid
from kerasish.ops.loss_crossentropy import binary_crossentropy as binary_crossentropy
from kerasish.ops.loss_crossentropy import categorical_crossentropy as categorical_crossentropy
from kerasish.ops.loss_crossentropy import (
    sparse_categorical_crossentropy as sparse_categorical_crossentropy,
)
from kerasish.ops.moments import moments as moments
from kerasish.ops.moments import normalize as normalize
from kerasish.ops.nn_encoding import multi_hot as multi_hot
from kerasish.ops.nn_encoding import one_hot as one_hot
from kerasish.ops.nn_images import depth_to_space as depth_to_space
from kerasish.ops.nn_images import fold as fold
from kerasish.ops.nn_images import psnr as psnr
from kerasish.ops.nn_images import space_to_depth as space_to_depth
from kerasish.ops.nn_images import unfold as unfold
from kerasish.ops.normalization import batch_normalization as batch_normalization
from kerasish.ops.normalization import layer_normalization as layer_normalization
from kerasish.ops.normalization import rms_normalization as rms_normalization
from kerasish.ops.pool import adaptive_average_pool as adaptive_average_pool
from kerasish.ops.pool import adaptive_max_pool as adaptive_max_pool
from kerasish.ops.pool import average_pool as average_pool
from kerasish.ops.pool import max_pool as max_pool
