"""The plainest activations under their public names, and `polar`."""

from __future__ import annotations

from kerasish.graph.op import case
from kerasish.graph.tensor import Tensor, TensorLike, promoted
from kerasish.ops.basic import elementwise as _elementwise
from kerasish.ops.declare import composite
from kerasish.ops.nn import activation as _activation
from kerasish.ops.operation import public

__all__ = ["polar", "relu", "sigmoid", "silu", "softplus", "swish"]


@public
def relu(x: TensorLike) -> Tensor:
    """max(x, 0); the gradient at 0 is 0."""
    return _activation.relu(x)


@public
def sigmoid(x: TensorLike) -> Tensor:
    """1 / (1 + exp(-x))."""
    return _elementwise.sigmoid(x)


@public
def silu(x: TensorLike) -> Tensor:
    """x * sigmoid(x)."""
    return _activation.silu(x)


@public
def softplus(x: TensorLike) -> Tensor:
    """log(1 + exp(x))."""
    return _activation.softplus(x)


swish = silu


@composite(cases=[case((3, 4), (3, 4), domain=(0.5, 2.0))])
def polar(abs_: TensorLike, angle: TensorLike) -> Tensor:
    """The complex numbers of given magnitudes and angles (radians)."""
    r, angles = promoted((abs_, angle), "float")
    return _elementwise.complex_(r * _elementwise.cos(angles), r * _elementwise.sin(angles))
