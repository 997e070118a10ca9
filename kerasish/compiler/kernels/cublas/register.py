"""Connects cuBLAS to the ops `matmul` and `product`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish.backend.base import Call, current
from kerasish.compiler.kernels.cublas import library
from kerasish.compiler.kernels.cublas.gemm import Layout, arranged
from kerasish.compiler.kernels.nvidia import BACKEND, TYPES, contiguous, copy, in_order, room
from kerasish.compiler.provider import Step, kernel, provider
from kerasish.graph.node import Node
from kerasish.spec import TensorSpec, inverse

NAME = library.NAME
Array = Any
Arrays = Sequence[Any]

provider(NAME, library.unavailable, "matrix products by cuBLAS")


def _supported(node: Node) -> bool:
    """Floats of one dtype, and nothing is empty."""
    specs = [*(i.spec for i in node.inputs), node.spec]
    return (
        specs[0].dtype in TYPES
        and all(isinstance(s, TensorSpec) and s.dtype == specs[0].dtype for s in specs)
        and all(0 not in s.shape for s in specs)
    )


def _layout(v: Array, batch: tuple[int, ...]) -> Layout:
    return Layout.of(v.shape, v.strides, v.itemsize, batch)


def bind_product(a: Array, b: Array, y: Array, accumulate: bool = False) -> Step:
    """y = a @ b (+ y where `accumulate`).

    Args:
        a: (..., M, K) floats, any strides.
        b: (..., K, N) like a, any strides; batch axes broadcast as in numpy.
        y: (..., M, N) like a, any strides; written.
        accumulate: add to what y holds.
    """
    before: list[Call] = []
    batch = y.shape[:-2]
    first, second = (v if _layout(v, batch).usable else contiguous(v, before) for v in (a, b))
    gemm = arranged(_layout(first, batch), _layout(second, batch), _layout(y, batch))
    if gemm is not None:
        product = library.cublas().product(gemm, first, second, y, accumulate)
        return in_order(*before, product)
    plain = room(y.shape, y)
    if accumulate:
        before.append(copy(plain, y))
    return in_order(*before, bind_product(first, second, plain, accumulate), copy(y, plain))


@kernel("matmul", provider=NAME, backend=BACKEND, supports=_supported)
def _matmul(node: Node, inputs: Arrays, outputs: Arrays) -> Step:
    return bind_product(inputs[0], inputs[1], outputs[0])


@kernel("product", provider=NAME, backend=BACKEND, supports=_supported, inplace=(2,))
def _product(node: Node, inputs: Arrays, outputs: Arrays) -> Step:
    a, b, *c = inputs
    y = outputs[0].transpose(inverse(node.attrs["axes"]))
    if not c:
        return bind_product(a, b, y)
    run = bind_product(a, b, y, accumulate=True)
    address = current().address
    if c[0].shape == y.shape and address(c[0]) == address(y) and c[0].strides == y.strides:
        return run
    return in_order(copy(y, c[0]), run)
