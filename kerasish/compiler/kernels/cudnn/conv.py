"""Convolutions and their gradients: 1 to 3 dimensions, channels last.

cuDNN pads both ends alike and wants a kernel's filters first, so a kernel is turned on the way in
or out, and where the two ends differ the input is padded (or cut) in a copy.
"""

from __future__ import annotations

import ctypes
import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kerasish.backend.base import Call, current
from kerasish.compiler.kernels.cudnn import library
from kerasish.compiler.kernels.cudnn.library import (
    CORRELATION,
    DEFAULT_MATH,
    FMA,
    FOUND,
    KINDS,
    NHWC,
    TENSOR_OPS,
    TYPES,
    Cudnn,
    Descriptor,
    Ranked,
    sizes,
)
from kerasish.compiler.kernels.nvidia import (
    SCRATCH,
    contiguous,
    copy,
    lock,
    pointer,
    room,
    scratch,
)
from kerasish.config import settings
from kerasish.errors import BackendError
from kerasish.ops.nn.windows import Windows

Array = Any
Size = tuple[int, ...]
Pairs = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Problem:
    """A convolution, as the forward one sees it.

    Attributes:
        x, w, y: (N, *S, C), (*K, C / groups, O), (N, *S', O).
        dtype: of all three.
        strides, dilation: per spatial axis.
        padding: (before, after) per spatial axis; negative cuts.
        groups: of channels.
    """

    x: Size
    w: Size
    y: Size
    dtype: str
    strides: Size
    dilation: Size
    padding: Pairs
    groups: int

    @property
    def even(self) -> bool:
        """Whether cuDNN can pad it: both ends alike."""
        return all(low == high >= 0 for low, high in self.padding)

    @property
    def padded(self) -> Size:
        """The shape of x as cuDNN gets it."""
        if self.even:
            return self.x
        inner = zip(self.x[1:-1], self.padding, strict=True)
        return (self.x[0], *(n + low + high for n, (low, high) in inner), self.x[-1])

    @property
    def lows(self) -> Size:
        """What cuDNN is to pad at each end."""
        return tuple(low if self.even else 0 for low, _ in self.padding)

    @property
    def filters(self) -> Size:
        """The shape of the kernel as cuDNN gets it: (O, *K, C / groups)."""
        return (self.w[-1], *self.w[:-1])

    @property
    def parts(self) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
        """(which part of x is used, where in the padded x it stands)."""
        window = self.w[:-2]
        space = self.x[1:-1]
        return Windows(
            space, window, self.strides, self.dilation, self.padding, self.y[1:-1]
        ).overlap()


def _plane(shape: Size) -> Size:
    """A shape with at least two spatial axes, the first of which may be 1."""
    return (shape[0], 1, *shape[1:]) if len(shape) == 3 else shape


def _tensor(lib: Cudnn, shape: Size, dtype: str) -> Descriptor:
    """A contiguous (N, *S, C) array."""
    n, *space, c = _plane(shape)
    steps = [math.prod(space) * c, 1, *(math.prod(space[i + 1 :]) * c for i in range(len(space)))]
    return Descriptor(lib, "Tensor", TYPES[dtype], len(steps), sizes([n, c, *space]), sizes(steps))


class Convolution:
    """One of the three ops with its descriptors and its algorithm.

    Args:
        op: "conv", "conv_input_grad" or "conv_weight_grad".
        problem: the forward convolution behind it.
        tf32: whether float32 may be rounded to TF32.

    Raises:
        BackendError: cuDNN has no deterministic algorithm within the limit.
    """

    def __init__(self, op: str, problem: Problem, tf32: bool) -> None:
        self.problem = problem
        self.ins, self.out, self.function, self._rank = KINDS[op]
        self.lib = lib = library.cudnn()
        p, dtype = problem, problem.dtype
        o, *window, c = _plane(p.filters)
        one = len(p.x) == 3
        lows, strides, dilation = (
            (first, *v) if one else v for first, v in ((0, p.lows), (1, p.strides), (1, p.dilation))
        )
        self.descriptors = {
            "x": _tensor(lib, p.padded, dtype),
            "y": _tensor(lib, p.y, dtype),
            "w": Descriptor(
                lib, "Filter", TYPES[dtype], NHWC, len(window) + 2, sizes([o, c, *window])
            ),
        }
        wide = TYPES["float64" if dtype == "float64" else "float32"]
        self.window = Descriptor(
            lib, "Convolution", len(window), sizes(lows), sizes(strides), sizes(dilation),
            CORRELATION, wide,
        )  # fmt: skip
        lib.call("cudnnSetConvolutionGroupCount", self.window.pointer, p.groups)
        if dtype in ("float16", "bfloat16"):
            math_type = TENSOR_OPS
        else:
            math_type = DEFAULT_MATH if tf32 or dtype == "float64" else FMA
        lib.call("cudnnSetConvolutionMathType", self.window.pointer, math_type)
        self.algorithm, self.memory = self._choose()

    def _choose(self) -> tuple[int, int]:
        """(algorithm, bytes it needs): the first of cuDNN's ranking that repeats its results."""
        found, count = (Ranked * FOUND)(), ctypes.c_int()
        first, second = (self.descriptors[k].pointer for k in self.ins)
        out = self.descriptors[self.out].pointer
        self.lib.call(
            self._rank, self.lib.handle, first, second, self.window.pointer, out, FOUND,
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
        space = scratch(self.memory)
        a, b = (self.descriptors[k].pointer for k in self.ins)
        arguments = (
            lib.handle, ctypes.addressof(one), a, pointer(first), b, pointer(second),
            self.window.pointer, self.algorithm, pointer(space), self.memory,
            ctypes.addressof(zero), self.descriptors[self.out].pointer, pointer(out),
        )  # fmt: skip
        keep = (self, one, zero, space, first, second, out)

        def step(name: str = self.function, keep: Any = keep) -> None:
            with lock:
                lib.follow()
                lib.call(name, *arguments)

        return step


@functools.lru_cache(256)
def convolution(op: str, problem: Problem, tf32: bool) -> Convolution:
    """The convolution of an op, under the setting of TF32 at hand."""
    return Convolution(op, problem, tf32)


def bind_conv(op: str, problem: Problem, inputs: Sequence[Array], output: Array) -> list[Call]:
    """The calls, in order, that run one of the three ops.

    Args:
        op: "conv" takes (x, w), "conv_input_grad" (g, w), "conv_weight_grad" (x, g).
        problem: the forward convolution behind it.
        inputs: any strides.
        output: contiguous; written.
    """
    made = convolution(op, problem, settings.tensor_float_32)
    xp = current().xp
    names = {"conv": "xw", "conv_input_grad": "yw", "conv_weight_grad": "xy"}[op]
    given = dict(zip(names, inputs, strict=True))
    before: list[Call] = []
    after: list[Call] = []
    own, inside = problem.parts
    held: dict[str, Array] = {}
    for name, v in given.items():
        if name == "w":
            held[name] = room(problem.filters, v)
            before.append(copy(held[name], xp.moveaxis(v, -1, 0)))
        elif name == "x" and not problem.even:
            held[name] = room(problem.padded, v)
            held[name].fill(0)
            before.append(copy(held[name][inside], v[own]))
        else:
            held[name] = contiguous(v, before)
    target = output
    if made.out == "w":
        target = room(problem.filters, output)
        after.append(copy(output, xp.moveaxis(target, 0, -1)))
    elif made.out == "x" and not problem.even:
        target = room(problem.padded, output)
        before.append(functools.partial(output.fill, 0))  # what was cut off has no gradient
        after.append(copy(output[own], target[inside]))
    first, second = made.ins
    run = made.run_on(held[first], held[second], target)
    return [*before, run, *after]
