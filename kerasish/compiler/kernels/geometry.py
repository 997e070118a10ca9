"""What a node asks of a library's convolution or pooling: shapes, windows, dtypes."""

from __future__ import annotations

from typing import NamedTuple

from kerasish.graph.node import Node
from kerasish.ops.nn import convolution as _c
from kerasish.ops.nn import pooling as _p
from kerasish.ops.nn.windows import Windows
from kerasish.spec import TensorSpec, known

Size = tuple[int, ...]

# What the first input, the second and the result of an op are in the forward convolution.
ROLES = {_c.conv_: "xwy", _c.conv_input_grad: "ywx", _c.conv_weight_grad: "xyw"}


class Problem(NamedTuple):
    """A convolution, whichever of `ROLES` computes it, as the forward one sees it.

    Attributes:
        x, w, y: (N, *S, C), (*K, C / groups, O), (N, *S', O).
        dtype: of all three.
        windows: how w slides over x.
        groups: of channels.
    """

    x: Size
    w: Size
    y: Size
    dtype: str
    windows: Windows
    groups: int = 1


def problem_of(node: Node) -> Problem:
    """The forward convolution behind any of the three ops."""
    a, shapes = node.attrs, [known(s.shape) for s in specs_of(node)]
    x, w, y = (shapes[ROLES[node.op].index(role)] for role in "xwy")
    windows = Windows.of(x[1:-1], w[:-2], a["strides"], a["dilation"], a["padding"])
    return Problem(x, w, y, node.inputs[0].spec.dtype, windows, a["groups"])


def pool_windows(node: Node) -> Windows:
    """The windows of a pooling, or of the one whose gradient a node is."""
    backward = node.op in (_p.max_pool_scatter, _p.avg_pool_grad)
    size = known(node.spec.shape if backward else node.inputs[0].spec.shape)[1:-1]
    a = node.attrs
    return Windows.of(size, a["window"], a["strides"], (1,) * len(size), a["padding"])


def specs_of(node: Node) -> tuple[TensorSpec, ...]:
    """The specs of a node's inputs, then of its outputs."""
    return (*(i.spec for i in node.inputs), *node.specs)
