"""Connects cuDNN to the ops of convolution.

`supports` asks cuDNN itself, by choosing the algorithm that `bind` then uses.
"""

from __future__ import annotations

from kerasish.compiler.kernels import nvidia
from kerasish.compiler.kernels.cudnn import library
from kerasish.compiler.kernels.cudnn.conv import bind_conv, convolution
from kerasish.compiler.kernels.geometry import ROLES, problem_of, specs_of
from kerasish.compiler.kernels.nvidia import BACKEND
from kerasish.compiler.providers import Arrays, BoundKernel, in_order, kernel, provider
from kerasish.config import settings
from kerasish.errors import BackendError
from kerasish.graph.node import Node

NAME = library.NAME

provider(NAME, lambda: nvidia.unavailable(NAME), "convolution by cuDNN")


def _supported(node: Node) -> bool:
    dtype, specs = node.spec.dtype, specs_of(node)
    if dtype not in library.TYPES or any(s.dtype != dtype or 0 in s.shape for s in specs):
        return False
    try:
        convolution(ROLES[node.op][-1], problem_of(node), settings.tensor_float_32)
    except BackendError:
        return False
    return True


def _bind(node: Node, inputs: Arrays, outputs: Arrays) -> BoundKernel:
    *given, result = ROLES[node.op]
    named = dict(zip(given, inputs, strict=True))
    return in_order(*bind_conv(result, problem_of(node), named, outputs[0]))


for _op in ROLES:
    kernel(_op, provider=NAME, backend=BACKEND, supports=_supported)(_bind)
