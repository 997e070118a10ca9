"""cuBLAS and cuDNN as far as the bindings call them, in numpy over host memory.

They check what a library would check, and compute from nothing but the arguments of each call.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from kerasish.compiler.kernels import nvidia
from kerasish.compiler.kernels.cublas import library as cublas
from kerasish.compiler.kernels.cudnn import conv as cudnn_conv
from kerasish.compiler.kernels.cudnn import library as cudnn
from kerasish.graph.op import get
from kerasish.spec import np_dtype
from tests.backend.fake_device import FakeDevice, device

CUDA_TYPES = {value: name for name, value in nvidia.TYPES.items()}
CUDNN_TYPES = {value: name for name, value in cudnn.TYPES.items()}


class Function:
    """A function of a library, which ctypes tells its types."""

    argtypes: Any = None
    restype: Any = None

    def __init__(self, call: Any) -> None:
        self.call = call

    def __call__(self, *arguments: Any) -> int:
        assert self.argtypes is not None
        assert len(arguments) == len(self.argtypes), (self.call, len(arguments))
        for kind, value in zip(self.argtypes, arguments, strict=True):
            kind.from_param(value)  # refuses what the real library could not be given
        return int(self.call(*arguments) or 0)


class Library:
    """Functions by name; one that is not defined does nothing."""

    def __getattr__(self, name: str) -> Function:
        if name.startswith(("_", "do_")):
            raise AttributeError(name)
        found = Function(getattr(self, f"do_{name}", lambda *a: 0))
        setattr(self, name, found)
        return found


def address(pointer: Any) -> int:
    return int(getattr(pointer, "value", pointer) or 0)


def memory(pointer: Any, shape: Any, strides: Any, dtype: str) -> np.ndarray:
    """The array that a library would see: strides in elements."""
    kind = np.dtype(np_dtype(dtype))
    reach = 1 + sum((n - 1) * s for n, s in zip(shape, strides, strict=True))
    raw = (ctypes.c_char * (reach * kind.itemsize)).from_address(address(pointer))
    flat = np.frombuffer(raw, kind)
    return as_strided(flat, shape, [s * kind.itemsize for s in strides], writeable=True)


def number(pointer: Any, wide: bool) -> float:
    kind = ctypes.c_double if wide else ctypes.c_float
    return kind.from_address(address(pointer)).value


class FakeCublas(Library):
    """Column-major products; `calls` are the names called."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.computes: list[int] = []

    def _gemm(self, turned: Any, sizes: Any, scalars: Any, matrices: Any, compute: int) -> int:
        self.computes.append(compute)
        (ta, tb), (m, n, k), (alpha, beta) = turned, sizes, scalars
        wide = compute == 70
        views = []
        shapes = ((k, m) if ta else (m, k), (n, k) if tb else (k, n), (m, n))
        for (pointer, kind, leading), (rows, columns) in zip(matrices, shapes, strict=True):
            assert leading >= max(1, rows), "cublas: leading dimension"
            views.append(memory(pointer, (rows, columns), (1, leading), CUDA_TYPES[kind]))
        a, b, c = views
        a, b = (v.T if t else v for v, t in ((a, ta), (b, tb)))
        kind = np.float64 if wide else np.float32
        total = number(alpha, wide) * (a.astype(kind) @ b.astype(kind))
        factor = number(beta, wide)
        c[...] = total + factor * c.astype(kind) if factor else total
        return 0

    def do_cublasGemmEx(self, h: Any, ta: int, tb: int, m: int, n: int, k: int, *rest: Any) -> int:
        self.calls.append("one")
        alpha, a, at, la, b, bt, lb, beta, c, ct, lc, compute, _ = rest
        matrices = ((a, at, la), (b, bt, lb), (c, ct, lc))
        return self._gemm((ta, tb), (m, n, k), (alpha, beta), matrices, compute)

    def do_cublasGemmStridedBatchedEx(
        self, h: Any, ta: int, tb: int, m: int, n: int, k: int, *rest: Any
    ) -> int:
        self.calls.append("strided")
        alpha, a, at, la, sa, b, bt, lb, sb, beta, c, ct, lc, sc, count, compute, _ = rest
        for i in range(count):
            matrices = [
                (address(p) + i * step * np_dtype(CUDA_TYPES[kind]).itemsize, kind, leading)
                for p, kind, leading, step in (
                    (a, at, la, sa), (b, bt, lb, sb), (c, ct, lc, sc)
                )
            ]  # fmt: skip
            self._gemm((ta, tb), (m, n, k), (alpha, beta), matrices, compute)
        return 0

    def do_cublasGemmBatchedEx(
        self, h: Any, ta: int, tb: int, m: int, n: int, k: int, *rest: Any
    ) -> int:
        self.calls.append("table")
        alpha, a, at, la, b, bt, lb, beta, c, ct, lc, count, compute, _ = rest
        tables = [memory(t, (count,), (1,), "int64") for t in (a, b, c)]
        for i in range(count):
            kinds = ((at, la), (bt, lb), (ct, lc))
            matrices = [(t[i], *kind) for t, kind in zip(tables, kinds, strict=True)]
            self._gemm((ta, tb), (m, n, k), (alpha, beta), matrices, compute)
        return 0


class FakeCudnn(Library):
    """Convolutions of descriptors, by the reference kernels."""

    def __init__(self) -> None:
        self.held: dict[int, Any] = {}
        self.deterministic = True
        self.maths: list[int] = []

    def _create(self, place: Any) -> int:
        number = len(self.held) + 1
        self.held[number] = {}
        place._obj.value = number
        return 0

    do_cudnnCreateTensorDescriptor = _create
    do_cudnnCreateFilterDescriptor = _create
    do_cudnnCreateConvolutionDescriptor = _create

    def do_cudnnSetTensorNdDescriptor(
        self, d: Any, kind: int, rank: int, sizes: Any, steps: Any
    ) -> int:
        assert 4 <= rank <= 5
        self.held[address(d)] = {
            "dtype": CUDNN_TYPES[kind], "sizes": list(sizes), "steps": list(steps)
        }  # fmt: skip
        return 0

    def do_cudnnSetFilterNdDescriptor(
        self, d: Any, kind: int, layout: int, rank: int, sizes: Any
    ) -> int:
        o, c, *window = sizes
        assert layout == 1
        dense = [math.prod((*window[i + 1 :], c)) for i in range(len(window))]
        steps = [math.prod((*window, c)), 1, *dense]
        self.held[address(d)] = {"dtype": CUDNN_TYPES[kind], "sizes": list(sizes), "steps": steps}
        assert o
        return 0

    def do_cudnnSetConvolutionNdDescriptor(
        self, d: Any, rank: int, pads: Any, strides: Any, dilation: Any, mode: int, kind: int
    ) -> int:
        assert mode == 1
        assert min(pads) >= 0
        self.held[address(d)] = {
            "pads": list(pads), "strides": list(strides), "dilation": list(dilation), "groups": 1
        }  # fmt: skip
        return 0

    def do_cudnnSetConvolutionGroupCount(self, d: Any, groups: int) -> int:
        self.held[address(d)]["groups"] = groups
        return 0

    def do_cudnnSetConvolutionMathType(self, d: Any, math_type: int) -> int:
        self.maths.append(math_type)
        return 0

    def _rank(self, *arguments: Any) -> int:
        count, found = arguments[-2]._obj, arguments[-1]
        for i, (deterministic, needed) in enumerate(((0, 8), (1, 1 << 40), (1, 64), (1, 0))):
            found[i].algorithm, found[i].memory = i, needed
            found[i].math = self.maths[-1]
            found[i].deterministic = deterministic and self.deterministic
        count.value = 4
        return 0

    do_cudnnGetConvolutionForwardAlgorithm_v7 = _rank
    do_cudnnGetConvolutionBackwardDataAlgorithm_v7 = _rank
    do_cudnnGetConvolutionBackwardFilterAlgorithm_v7 = _rank

    def _array(self, descriptor: Any, pointer: Any) -> np.ndarray:
        """Channels last."""
        held = self.held[address(descriptor)]
        found = memory(pointer, held["sizes"], held["steps"], held["dtype"])
        return np.moveaxis(found, 1, -1)

    def _run(self, op: str, kernel_at: int, result_kernel: bool, *rest: Any) -> int:
        _, _, first, a, second, b, window, algorithm, _, size, _, out, c = rest
        assert (algorithm, size) == (2, 64)
        held = self.held[address(window)]
        arrays = [self._array(first, a), self._array(second, b)]
        target = self._array(out, c)
        if kernel_at >= 0:
            arrays[kernel_at] = np.moveaxis(arrays[kernel_at], 0, -1)
        if op == "conv_input_grad":
            arrays.reverse()
        attrs = {
            "strides": tuple(held["strides"]), "dilation": tuple(held["dilation"]),
            "padding": tuple((p, p) for p in held["pads"]), "groups": held["groups"],
        }  # fmt: skip
        if op == "conv_input_grad":
            attrs["input_shape"] = target.shape
        if op == "conv_weight_grad":
            attrs["kernel_shape"] = (*target.shape[1:], target.shape[0])
        found = get(op).kernel(np, *map(np.ascontiguousarray, arrays), **attrs)
        target[...] = np.moveaxis(found, -1, 0) if result_kernel else found
        return 0

    def do_cudnnConvolutionForward(self, *rest: Any) -> int:
        return self._run("conv", 1, False, *rest)

    def do_cudnnConvolutionBackwardData(self, *rest: Any) -> int:
        return self._run("conv_input_grad", 0, False, *rest)

    def do_cudnnConvolutionBackwardFilter(self, *rest: Any) -> int:
        return self._run("conv_weight_grad", -1, True, *rest)


@contextlib.contextmanager
def libraries() -> Iterator[tuple[FakeDevice, FakeCublas, FakeCudnn]]:
    """Context manager: a pretended device with both libraries."""
    blas, dnn = FakeCublas(), FakeCudnn()
    held = nvidia._load
    nvidia._load = functools.cache({"cublas": blas, "cudnn": dnn}.__getitem__)  # type: ignore
    caches = (cublas.cublas, cudnn.cudnn, cudnn_conv.convolution)
    for cache in caches:
        cache.cache_clear()
    try:
        with device() as made:
            yield made, blas, dnn
    finally:
        for cache in caches:
            cache.cache_clear()
        nvidia._load = held
