"""Connects cuBLAS to the ops `matmul` and `product`, and to the gradient of kernels."""

from __future__ import annotations

from kerasish.backend.base import Call, current
from kerasish.compiler.kernels import nvidia
from kerasish.compiler.kernels.cublas import library, windows
from kerasish.compiler.kernels.geometry import problem_of, specs_of
from kerasish.compiler.kernels.nvidia import BACKEND, TYPES, contiguous, copy
from kerasish.compiler.providers import Arrays, BoundKernel, in_order, kernel, provider
from kerasish.config import settings
from kerasish.graph.node import Node
from kerasish.spec import inverse

NAME = library.NAME

provider(NAME, lambda: nvidia.unavailable(NAME), "matrix products by cuBLAS")


def _supported(node: Node) -> bool:
    """Floats of one dtype, and nothing is empty."""
    dtype, specs = node.spec.dtype, specs_of(node)
    return dtype in TYPES and all(s.dtype == dtype and 0 not in s.shape for s in specs)


@kernel("matmul", provider=NAME, backend=BACKEND, supports=_supported)
@kernel("product", provider=NAME, backend=BACKEND, supports=_supported, inplace=(2,))
def _product(node: Node, inputs: Arrays, outputs: Arrays) -> BoundKernel:
    a, b, *c = inputs
    y = outputs[0].transpose(inverse(node.attrs.get("axes", range(outputs[0].ndim))))
    if not c:
        return library.bind_product(a, b, y)
    run = library.bind_product(a, b, y, accumulate=True)
    address = current().address
    if c[0].shape == y.shape and address(c[0]) == address(y) and c[0].strides == y.strides:
        return run
    return in_order(copy(y, c[0]), run)


# --- the gradient of a convolution's kernel -------------------------------------------------------


def _as_product(node: Node) -> bool:
    """Exact float32 without groups: what cuDNN has there repeats its results, but slowly."""
    plain = _supported(node) and node.spec.dtype == "float32" and node.attrs["groups"] == 1
    if not plain or settings.tensor_float_32:
        return False
    p = problem_of(node)
    return windows.fits(p.x, p.w, p.windows)


@kernel("conv_weight_grad", provider=NAME, backend=BACKEND, supports=_as_product)
def _conv_weight_grad(node: Node, inputs: Arrays, outputs: Arrays) -> BoundKernel:
    before: list[Call] = []
    x, g = (contiguous(v, before) for v in inputs)
    return in_order(*before, windows.bind_weight_grad(x, g, outputs[0], problem_of(node).windows))
