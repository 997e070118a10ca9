"""Convolutions and their gradients: 1 to 3 dimensions, channels last.

cuDNN pads both ends alike and wants a kernel's filters first, so a kernel is turned on the way in
or out, and where the two ends differ the input is padded (or cut) in a copy.

`supports` asks cuDNN itself, by choosing the algorithm that `bind` then uses.
"""

from __future__ import annotations

import ctypes
import functools
import math
from collections.abc import Mapping
from typing import Any

from kerasish.backend.base import Call, current
from kerasish.compiler.kernels import nvidia
from kerasish.compiler.kernels.cudnn import library
from kerasish.compiler.kernels.cudnn.library import TYPES, Descriptor, Ranked, sizes
from kerasish.compiler.kernels.geometry import ROLES, Problem, Size, problem_of, specs_of
from kerasish.compiler.kernels.nvidia import BACKEND, SCRATCH, contiguous, copy, pointer, room
from kerasish.compiler.providers import Array, Arrays, BoundKernel, in_order, kernel, provider
from kerasish.config import settings
from kerasish.errors import BackendError
from kerasish.graph.node import Node
from kerasish.spec import HALVES

NAME = library.NAME

provider(NAME, lambda: nvidia.unavailable(NAME), "convolution by cuDNN")


def even(problem: Problem) -> bool:
    """Whether cuDNN can pad: both ends alike."""
    return all(low == high >= 0 for low, high in problem.windows.padding)


def padded(problem: Problem) -> Size:
    """The shape of x as cuDNN gets it."""
    x = problem.x
    return x if even(problem) else (x[0], *problem.windows.padded, x[-1])


def lows(problem: Problem) -> Size:
    """What cuDNN is to pad at each end."""
    return tuple(low if even(problem) else 0 for low, _ in problem.windows.padding)


def filters(problem: Problem) -> Size:
    """The shape of the kernel as cuDNN gets it: (O, *K, C / groups)."""
    return (problem.w[-1], *problem.w[:-1])


def _plane(shape: Size) -> Size:
    """A shape with at least two spatial axes, the first of which may be 1."""
    return (shape[0], 1, *shape[1:]) if len(shape) == 3 else shape


def _tensor(lib: nvidia.Library, shape: Size, dtype: str) -> Descriptor:
    """A contiguous (N, *S, C) array."""
    n, *space, c = _plane(shape)
    steps = [math.prod(space) * c, 1, *(math.prod(space[i + 1 :]) * c for i in range(len(space)))]
    return Descriptor(lib, "Tensor", TYPES[dtype], len(steps), sizes([n, c, *space]), sizes(steps))


class Convolution:
    """A convolution or one of its gradients, with its descriptors and its algorithm.

    Args:
        result: what is computed: "y", or the gradient of "x" or of "w".
        problem: the forward convolution.
        tf32: whether float32 may be rounded to TF32.

    Raises:
        BackendError: cuDNN has no deterministic algorithm within the limit.
    """

    def __init__(self, result: str, problem: Problem, tf32: bool) -> None:
        self.problem, self.out = problem, result
        self.ins, self.function, self._rank = library.KINDS[result]
        self.lib = lib = library.cudnn()
        p, dtype = problem, problem.dtype
        o, *window, c = _plane(filters(p))
        one = len(p.x) == 3
        low, strides, dilation = (
            (first, *v) if one else v
            for first, v in ((0, lows(p)), (1, p.windows.strides), (1, p.windows.dilation))
        )
        shape = sizes([o, c, *window])
        self.descriptors = {
            "x": _tensor(lib, padded(p), dtype),
            "y": _tensor(lib, p.y, dtype),
            "w": Descriptor(lib, "Filter", TYPES[dtype], library.NHWC, len(shape), shape),
        }
        wide = TYPES["float64" if dtype == "float64" else "float32"]
        self.window = Descriptor(
            lib, "Convolution", len(window), sizes(low), sizes(strides), sizes(dilation),
            library.CORRELATION, wide,
        )  # fmt: skip
        lib.call("cudnnSetConvolutionGroupCount", self.window.pointer, p.groups)
        if dtype in HALVES:
            math_type = library.TENSOR_OPS
        else:
            math_type = library.DEFAULT_MATH if tf32 or dtype == "float64" else library.FMA
        lib.call("cudnnSetConvolutionMathType", self.window.pointer, math_type)
        self.algorithm, self.memory = self._choose()

    def _choose(self) -> tuple[int, int]:
        """(algorithm, bytes it needs): the first of cuDNN's ranking that repeats its results."""
        found, count = (Ranked * library.FOUND)(), ctypes.c_int()
        first, second = (self.descriptors[k].pointer for k in self.ins)
        out = self.descriptors[self.out].pointer
        self.lib.call(
            self._rank, self.lib.handle, first, second, self.window.pointer, out, library.FOUND,
            ctypes.byref(count), found,
        )  # fmt: skip
        for one in found[: count.value]:
            if not one.status and one.deterministic and one.memory <= SCRATCH:
                self.lib.call("cudnnSetConvolutionMathType", self.window.pointer, one.math)
                return one.algorithm, one.memory
        raise BackendError(
            self.function,
            expected=f"a deterministic algorithm within {SCRATCH} bytes",
            received=f"none for {self.problem}",
        )

    def run_on(self, first: Array, second: Array, out: Array) -> Call:
        """A step on contiguous arrays in cuDNN's order and layouts."""
        lib = self.lib
        scalar = ctypes.c_double if self.problem.dtype == "float64" else ctypes.c_float
        one, zero = scalar(1), scalar(0)
        space = nvidia.scratch(self.memory)
        a, b = (self.descriptors[k].pointer for k in self.ins)
        arguments = (
            lib.handle, ctypes.addressof(one), a, pointer(first), b, pointer(second),
            self.window.pointer, self.algorithm, pointer(space), self.memory,
            ctypes.addressof(zero), self.descriptors[self.out].pointer, pointer(out),
        )  # fmt: skip
        keep = (self, one, zero, space, first, second, out)

        def step(name: str = self.function, keep: Any = keep) -> None:
            with nvidia.lock:
                lib.follow()
                lib.call(name, *arguments)

        return step


@functools.lru_cache(256)
def convolution(result: str, problem: Problem, tf32: bool) -> Convolution:
    """The convolution that computes a result, under the setting of TF32 at hand."""
    return Convolution(result, problem, tf32)


def bind_conv(
    result: str, problem: Problem, given: Mapping[str, Array], output: Array
) -> list[Call]:
    """The calls, in order, that compute y = conv(x, w), or the gradient of x or of w.

    Args:
        result: which of "x", "w" and "y" is computed.
        problem: the forward convolution.
        given: the other two, any strides.
        output: the result, contiguous; written.
    """
    made = convolution(result, problem, settings.tensor_float_32)
    xp = current().xp
    before: list[Call] = []
    after: list[Call] = []
    own, inside = problem.windows.overlap()
    held: dict[str, Array] = {}
    for name, v in given.items():
        if name == "w":
            held[name] = room(filters(problem), v)
            before.append(copy(held[name], xp.moveaxis(v, -1, 0)))
        elif name == "x" and not even(problem):
            held[name] = room(padded(problem), v)
            held[name].fill(0)
            before.append(copy(held[name][inside], v[own]))
        else:
            held[name] = contiguous(v, before)
    target = output
    if result == "w":
        target = room(filters(problem), output)
        after.append(copy(output, xp.moveaxis(target, 0, -1)))
    elif result == "x" and not even(problem):
        target = room(padded(problem), output)
        before.append(functools.partial(output.fill, 0))  # what was cut off has no gradient
        after.append(copy(output[own], target[inside]))
    first, second = made.ins
    return [*before, made.run_on(held[first], held[second], target), *after]


def _supported(node: Node) -> bool:
    dtype, specs = node.spec.dtype, specs_of(node)
    if dtype not in TYPES or any(s.dtype != dtype or 0 in s.shape for s in specs):
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
