"""keras.ops.nn: what neural networks are made of."""

from __future__ import annotations

from typing import Any

from kerasish.graph.op import case
from kerasish.graph.tensor import promoted
from kerasish.ops import activation as _activation
from kerasish.ops import elementwise as _elementwise
from kerasish.ops.activation import (
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
from kerasish.ops.attention import dot_product_attention
from kerasish.ops.convolve import conv, conv_transpose, depthwise_conv, separable_conv
from kerasish.ops.declare import composite
from kerasish.ops.loss_crossentropy import (
    binary_crossentropy,
    categorical_crossentropy,
    sparse_categorical_crossentropy,
)
from kerasish.ops.loss_ctc import ctc_decode, ctc_loss
from kerasish.ops.moments import moments, normalize
from kerasish.ops.nn_encoding import multi_hot, one_hot
from kerasish.ops.nn_images import depth_to_space, fold, psnr, space_to_depth, unfold
from kerasish.ops.normalization import batch_normalization, layer_normalization, rms_normalization
from kerasish.ops.operation import public
from kerasish.ops.pool import adaptive_average_pool, adaptive_max_pool, average_pool, max_pool

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


@public
def relu(x: Any) -> Any:
    """max(x, 0); the gradient at 0 is 0."""
    return _activation.relu(x)


@public
def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x))."""
    return _elementwise.sigmoid(x)


@public
def silu(x: Any) -> Any:
    """x * sigmoid(x)."""
    return _activation.silu(x)


@public
def softplus(x: Any) -> Any:
    """log(1 + exp(x))."""
    return _activation.softplus(x)


swish = silu
hard_swish = hard_silu


@composite(cases=[case((3, 4), (3, 4), domain=(0.5, 2.0))])
def polar(abs_: Any, angle: Any) -> Any:
    """The complex numbers of given magnitudes and angles (radians)."""
    r, angles = promoted((abs_, angle), "float")
    return _elementwise.complex_(r * _elementwise.cos(angles), r * _elementwise.sin(angles))
