"""Connects cuDNN to the ops of convolution.

`supports` asks cuDNN itself, by choosing the algorithm that `bind` then uses.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish.compiler.kernels.cudnn import library
from kerasish.compiler.kernels.cudnn.conv import Problem, bind_conv, convolution
from kerasish.compiler.kernels.nvidia import BACKEND, in_order
from kerasish.compiler.providers import BoundKernel, kernel, provider
from kerasish.config import settings
from kerasish.errors import BackendError
from kerasish.graph.node import Node
from kerasish.spec import known, window_padding

NAME = library.NAME
Arrays = Sequence[Any]

provider(NAME, library.unavailable, "convolution by cuDNN")


def problem_of(node: Node) -> Problem:
    """The forward convolution behind any of the three ops."""
    a, dtype = node.attrs, node.spec.dtype
    first, second = (known(i.spec.shape) for i in node.inputs)
    result = known(node.spec.shape)
    x, w, y = {
        "conv": (first, second, result),
        "conv_input_grad": (result, second, first),
        "conv_weight_grad": (first, result, second),
    }[node.op.name]
    padding = window_padding(x[1:-1], w[:-2], a["strides"], a["dilation"], a["padding"])
    pairs = tuple((int(low), int(high)) for low, high in padding)
    return Problem(x, w, y, dtype, tuple(a["strides"]), tuple(a["dilation"]), pairs, a["groups"])


def _supported(node: Node) -> bool:
    specs = [*(i.spec for i in node.inputs), node.spec]
    if node.spec.dtype not in library.TYPES or any(s.dtype != node.spec.dtype for s in specs):
        return False
    if any(0 in s.shape for s in specs):
        return False
    try:
        convolution(node.op.name, problem_of(node), settings.tensor_float_32)
    except BackendError:
        return False
    return True


def _bind(node: Node, inputs: Arrays, outputs: Arrays) -> BoundKernel:
    return in_order(*bind_conv(node.op.name, problem_of(node), inputs, outputs[0]))


for _op in library.KINDS:
    kernel(_op, provider=NAME, backend=BACKEND, supports=_supported)(_bind)
