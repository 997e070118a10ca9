"""One product of arrays of any strides, with what must be copied before and after."""

from __future__ import annotations

from kerasish.backend.base import Call
from kerasish.compiler.kernels.cublas import library
from kerasish.compiler.kernels.cublas.gemm import Matrices, arranged
from kerasish.compiler.kernels.nvidia import contiguous, copy, room
from kerasish.compiler.providers import Array, BoundKernel, in_order


def _layout(v: Array, batch: tuple[int, ...]) -> Matrices:
    return Matrices.of(v.shape, v.strides, v.itemsize, batch)


def bind_product(a: Array, b: Array, y: Array, accumulate: bool = False) -> BoundKernel:
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
