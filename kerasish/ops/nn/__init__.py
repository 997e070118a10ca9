"""keras.ops.nn: what neural networks are made of."""

from kerasish.ops.nn.activation import (
    celu,
    elu,
    gelu,
    glu,
    hard_shrink,
    hard_sigmoid,
    hard_silu,
    hard_tanh,
    leaky_relu,
    log_sigmoid,
    log_softmax,
    relu6,
    selu,
    soft_shrink,
    softmax,
    softsign,
    sparse_plus,
    sparse_sigmoid,
    sparsemax,
    squareplus,
    tanh_shrink,
    threshold,
)
from kerasish.ops.nn.attention import dot_product_attention
from kerasish.ops.nn.conv_functions import conv, conv_transpose, depthwise_conv, separable_conv
from kerasish.ops.nn.crossentropy import (
    binary_crossentropy,
    categorical_crossentropy,
    sparse_categorical_crossentropy,
)
from kerasish.ops.nn.ctc import ctc_decode, ctc_loss
from kerasish.ops.nn.standardization import moments, normalize
from kerasish.ops.nn.functions import polar, relu, sigmoid, silu, softplus, swish
from kerasish.ops.nn import recurrent as recurrent
from kerasish.ops.nn.encoding import multi_hot, one_hot
from kerasish.ops.nn.blocks import depth_to_space, fold, psnr, space_to_depth, unfold
from kerasish.ops.nn.normalization import (
    batch_normalization,
    layer_normalization,
    rms_normalization,
)
from kerasish.ops.nn.pool_functions import (
    adaptive_average_pool,
    adaptive_max_pool,
    average_pool,
    max_pool,
)

__all__ = [
    "adaptive_average_pool", "adaptive_max_pool", "average_pool", "batch_normalization",
    "binary_crossentropy", "categorical_crossentropy", "celu", "conv", "conv_transpose",
    "ctc_decode", "ctc_loss", "depth_to_space", "depthwise_conv", "dot_product_attention", "elu",
    "fold", "gelu", "glu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh",
    "layer_normalization", "leaky_relu", "log_sigmoid", "log_softmax", "max_pool", "moments",
    "multi_hot", "normalize", "one_hot", "polar", "psnr", "relu", "relu6", "rms_normalization",
    "selu", "separable_conv", "sigmoid", "silu", "soft_shrink", "softmax", "softplus", "softsign",
    "space_to_depth", "sparse_categorical_crossentropy", "sparse_plus", "sparse_sigmoid",
    "sparsemax", "squareplus", "swish", "tanh_shrink", "threshold", "unfold",
]  # fmt: skip

hard_swish = hard_silu
