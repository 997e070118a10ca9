# Written by scripts/make_names.py.
from typing import Any

from kerasish.ops.nn.activation import celu as celu
from kerasish.ops.nn.activation import elu as elu
from kerasish.ops.nn.activation import gelu as gelu
from kerasish.ops.nn.activation import glu as glu
from kerasish.ops.nn.activation import hard_shrink as hard_shrink
from kerasish.ops.nn.activation import hard_sigmoid as hard_sigmoid
from kerasish.ops.nn.activation import hard_silu as hard_silu
from kerasish.ops.nn.activation import hard_tanh as hard_tanh
from kerasish.ops.nn.activation import leaky_relu as leaky_relu
from kerasish.ops.nn.activation import log_sigmoid as log_sigmoid
from kerasish.ops.nn.activation import log_softmax as log_softmax
from kerasish.ops.nn.activation import relu6 as relu6
from kerasish.ops.nn.activation import selu as selu
from kerasish.ops.nn.activation import soft_shrink as soft_shrink
from kerasish.ops.nn.activation import softmax as softmax
from kerasish.ops.nn.activation import softsign as softsign
from kerasish.ops.nn.activation import sparse_plus as sparse_plus
from kerasish.ops.nn.activation import sparse_sigmoid as sparse_sigmoid
from kerasish.ops.nn.activation import sparsemax as sparsemax
from kerasish.ops.nn.activation import squareplus as squareplus
from kerasish.ops.nn.activation import tanh_shrink as tanh_shrink
from kerasish.ops.nn.activation import threshold as threshold
from kerasish.ops.nn.attention import dot_product_attention as dot_product_attention
from kerasish.ops.nn.blocks import depth_to_space as depth_to_space
from kerasish.ops.nn.blocks import fold as fold
from kerasish.ops.nn.blocks import psnr as psnr
from kerasish.ops.nn.blocks import space_to_depth as space_to_depth
from kerasish.ops.nn.blocks import unfold as unfold
from kerasish.ops.nn.conv_functions import conv as conv
from kerasish.ops.nn.conv_functions import conv_transpose as conv_transpose
from kerasish.ops.nn.conv_functions import depthwise_conv as depthwise_conv
from kerasish.ops.nn.conv_functions import separable_conv as separable_conv
from kerasish.ops.nn.crossentropy import binary_crossentropy as binary_crossentropy
from kerasish.ops.nn.crossentropy import categorical_crossentropy as categorical_crossentropy
from kerasish.ops.nn.crossentropy import sparse_categorical_crossentropy as sparse_categorical_crossentropy
from kerasish.ops.nn.ctc import ctc_decode as ctc_decode
from kerasish.ops.nn.ctc import ctc_loss as ctc_loss
from kerasish.ops.nn.encoding import multi_hot as multi_hot
from kerasish.ops.nn.encoding import one_hot as one_hot
from kerasish.ops.nn.functions import polar as polar
from kerasish.ops.nn.functions import relu as relu
from kerasish.ops.nn.functions import sigmoid as sigmoid
from kerasish.ops.nn.functions import silu as silu
from kerasish.ops.nn.functions import softplus as softplus
from kerasish.ops.nn.functions import swish as swish
from kerasish.ops.nn.normalization import batch_normalization as batch_normalization
from kerasish.ops.nn.normalization import layer_normalization as layer_normalization
from kerasish.ops.nn.normalization import rms_normalization as rms_normalization
from kerasish.ops.nn.pool_functions import adaptive_average_pool as adaptive_average_pool
from kerasish.ops.nn.pool_functions import adaptive_max_pool as adaptive_max_pool
from kerasish.ops.nn.pool_functions import average_pool as average_pool
from kerasish.ops.nn.pool_functions import max_pool as max_pool
from kerasish.ops.nn.standardization import moments as moments
from kerasish.ops.nn.standardization import normalize as normalize

__all__: list[str]
hard_swish = hard_silu
