"""The plainest activations under their public names, and `polar`."""

from __future__ import annotations

from kerasish.graph.op import case
from kerasish.graph.tensor import Tensor, TensorLike, promoted
from kerasish.ops.basic import elementwise as _elementwise
from kerasish.ops.declare import composite, of_one
from kerasish.ops.nn import activation as _activation

relu = of_one(_activation.relu, "max(x, 0); the gradient at 0 is 0.")
sigmoid = of_one(_elementwise.sigmoid, "1 / (1 + exp(-x)).")
silu = of_one(_activation.silu, "x * sigmoid(x).")
softplus = of_one(_activation.softplus, "log(1 + exp(x)).")


swish = silu


@composite(case((3, 4), (3, 4), domain=(0.5, 2.0)))
def polar(abs_: TensorLike, angle: TensorLike) -> Tensor:
    """The complex numbers of given magnitudes and angles (radians)."""
    r, angles = promoted((abs_, angle), "float")
    return _elementwise.complex_(r * _elementwise.cos(angles), r * _elementwise.sin(angles))
