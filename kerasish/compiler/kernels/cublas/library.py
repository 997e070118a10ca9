"""cuBLAS: its handle, the three calls that products need, and what must be copied around them."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from kerasish.backend import base
from kerasish.backend.base import Call
from kerasish.compiler.kernels import nvidia
from kerasish.compiler.kernels.cublas.gemm import Gemm, Matrices, arranged
from kerasish.compiler.kernels.geometry import specs_of
from kerasish.compiler.kernels.nvidia import BACKEND, contiguous, copy, room
from kerasish.compiler.providers import Array, Arrays, BoundKernel, in_order, kernel, provider
from kerasish.config import settings
from kerasish.graph.node import Node
from kerasish.spec import inverse

NAME = "cublas"
WORKSPACE = 32 << 20
"""Bytes that cuBLAS may use; what NVIDIA advises for Hopper."""

_FULL_SUMS = 16  # CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION
_COMPUTE = {"float64": 70}  # CUBLAS_COMPUTE_64F
_COMPUTE_32F, _COMPUTE_TF32 = 68, 77
_DEFAULT_ALGORITHM = -1

Pointer, Int, Long = ctypes.c_void_p, ctypes.c_int, ctypes.c_longlong
_TAIL = (Int, Int)  # compute type, algorithm
_ONE = (Pointer, Int, Int)  # matrix, type, leading
_STACK = (Pointer, Int, Int, Long)  # and stride
_HEAD = (Pointer, Int, Int, Int, Int, Int, Pointer)
SIGNATURES = {
    "cublasGemmEx": (*_HEAD, *_ONE, *_ONE, Pointer, *_ONE, *_TAIL),
    "cublasGemmStridedBatchedEx": (*_HEAD, *_STACK, *_STACK, Pointer, *_STACK, Int, *_TAIL),
    "cublasGemmBatchedEx": (*_HEAD, *_ONE, *_ONE, Pointer, *_ONE, Int, *_TAIL),
    "cublasCreate_v2": (Pointer,),
    "cublasSetStream_v2": (Pointer, Pointer),
    "cublasSetWorkspace_v2": (Pointer, Pointer, ctypes.c_size_t),
    "cublasSetMathMode": (Pointer, Int),
}


class Cublas(nvidia.Library):
    """cuBLAS with sums in full precision and a workspace of its own.

    Args:
        library: its functions.
    """

    def __init__(self, library: Any) -> None:
        super().__init__(library, SIGNATURES, "cublasCreate_v2", "cublasSetStream_v2")
        self.call("cublasSetMathMode", self.handle, _FULL_SUMS)
        self._workspace = base.current().empty(WORKSPACE)

    def product(
        self, gemm: Gemm, a: Any, b: Any, y: Any, accumulate: bool = False
    ) -> Callable[[], None]:
        """A step: y = a b, or y += a b."""
        dtype = a.dtype.name
        scalar = ctypes.c_double if dtype == "float64" else ctypes.c_float
        one, beta = scalar(1), scalar(1 if accumulate else 0)
        kind = nvidia.TYPES[dtype]
        rounded = dtype == "float32" and settings.tensor_float_32
        compute = _COMPUTE.get(dtype, _COMPUTE_TF32 if rounded else _COMPUTE_32F)
        name, operands, count, held = self._operands(gemm, (b, a, y) if gemm.swapped else (a, b, y))
        first, second, result = (
            (place, kind, leading, *step)
            for (place, *step), leading in zip(operands, gemm.leading, strict=True)
        )
        arguments = (
            self.handle, *map(int, gemm.turned), gemm.m, gemm.n, gemm.k, ctypes.addressof(one),
            *first, *second, ctypes.addressof(beta), *result, *count,
            compute, _DEFAULT_ALGORITHM,
        )  # fmt: skip

        def step(keep: Any = (a, b, y, one, beta, held)) -> None:
            with nvidia.lock:
                self.follow()
                self.call(name, *arguments)

        return step

    def _operands(
        self, gemm: Gemm, arrays: tuple[Any, Any, Any]
    ) -> tuple[str, list[tuple[Any, ...]], tuple[int, ...], Any]:
        """(function, pointers with their strides, (count,) of a batch, what must stay alive)."""
        places = [base.current().address(v) for v in arrays]
        if not gemm.batch:
            return "cublasGemmEx", [(p,) for p in places], (), None
        if len(gemm.batch) == 1:
            found = [(p, steps[0]) for p, steps in zip(places, gemm.steps, strict=True)]
            return "cublasGemmStridedBatchedEx", found, gemm.batch, None
        size = arrays[0].itemsize
        tables = [
            base.current().asarray(p + size * gemm.offsets(i), "int64")
            for i, p in enumerate(places)
        ]
        found = [(base.current().address(t),) for t in tables]
        return "cublasGemmBatchedEx", found, (int(np.prod(gemm.batch)),), tables

    def moved(self) -> None:
        """Give back the workspace, which setting the stream takes away."""
        place = base.current().address(self._workspace)
        self.call("cublasSetWorkspace_v2", self.handle, place, WORKSPACE)


@functools.cache
def cublas() -> Cublas:
    """The library with its handle, made at first use."""
    return Cublas(nvidia.load(NAME))


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
        product = cublas().product(gemm, first, second, y, accumulate)
        return in_order(*before, product)
    plain = room(y.shape, y)
    if accumulate:
        before.append(copy(plain, y))
    return in_order(*before, bind_product(first, second, plain, accumulate), copy(y, plain))


# --- the ops `matmul` and `product` --------------------------------------------------------------

provider(NAME, lambda: nvidia.unavailable(NAME), "matrix products by cuBLAS")


def supported(node: Node) -> bool:
    """Floats of one dtype, and nothing is empty."""
    dtype, specs = node.spec.dtype, specs_of(node)
    return dtype in nvidia.TYPES and all(s.dtype == dtype and 0 not in s.shape for s in specs)


@kernel("matmul", provider=NAME, backend=BACKEND, supports=supported)
@kernel("product", provider=NAME, backend=BACKEND, supports=supported, inplace=(2,))
def _product(node: Node, inputs: Arrays, outputs: Arrays) -> BoundKernel:
    a, b, *c = inputs
    y = outputs[0].transpose(inverse(node.attrs.get("axes", range(outputs[0].ndim))))
    if not c:
        return bind_product(a, b, y)
    run = bind_product(a, b, y, accumulate=True)
    address = base.current().address
    if c[0].shape == y.shape and address(c[0]) == address(y) and c[0].strides == y.strides:
        return run
    return in_order(copy(y, c[0]), run)
