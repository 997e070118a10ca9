"""Convolution, its input gradient and its weight gradient: 1 to 3 dimensions, channels last.

Data stay channels last; weights (K..., C/groups, O) are reordered inside the step to the layout
the implementation wants, which costs little beside the convolution.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Hashable
from functools import lru_cache
from typing import Any, NamedTuple

from kerasish.compiler.kernels.onednn.api import (
    Desc,
    PrimitiveDesc,
    UnsupportedError,
    attributes,
    dims,
    engine,
)
from kerasish.compiler.kernels.onednn.constants import Alg, Arg, Prop
from kerasish.compiler.kernels.onednn.program import Array, BoundKernel, Program, Scratch, dense

MANY = 256  # shapes whose code is kept for ever
_met: set[Hashable] = set()


class Geometry(NamedTuple):
    """The geometry of a convolution over its spatial axes."""

    strides: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]  # explicit (low, high) pairs
    dilation: tuple[int, ...]
    groups: int = 1

    def arguments(self) -> tuple[Any, Any, Any, Any]:
        """strides, dilates (oneDNN counts skipped elements), padding low, padding high."""
        if any(lo < 0 or hi < 0 for lo, hi in self.padding):
            raise UnsupportedError(
                "oneDNN convolution", expected="padding >= 0", received=self.padding
            )
        return (
            dims(self.strides),
            dims([d - 1 for d in self.dilation]),
            dims([lo for lo, _ in self.padding]),
            dims([hi for _, hi in self.padding]),
        )


def channels_first(rank: int) -> tuple[int, ...]:
    """The order in which oneDNN sees the axes (N, *S, C)."""
    return (0, rank - 1, *range(1, rank - 1))


def dense_data(shape: tuple[int, ...], dtype: str = "float32") -> Desc:
    """The dense channels-last layout of an array (N, *S, C)."""
    return dense(shape, channels_first(len(shape)), dtype)


class Shapes(NamedTuple):
    """The shapes of one convolution, whichever way it is computed, in the order of its ops."""

    x: tuple[int, ...]  # (N, *S, C)
    w: tuple[int, ...]  # (*K, C / groups, O)
    y: tuple[int, ...]  # (N, *S', O)
    dtype: str = "float32"  # or "bfloat16"; sums are float32


def _grouped(w: Array, groups: int) -> tuple[Array, tuple[int, ...]]:
    """Weights as a view with an axis for the groups, and oneDNN's order of its axes."""
    rank = w.ndim - 2
    if groups == 1:
        return w, (rank + 1, rank, *range(rank))
    view = w.reshape(*w.shape[:-1], groups, w.shape[-1] // groups)
    return view, (rank + 1, rank + 2, rank, *range(rank))


def _descs(shapes: Shapes, groups: int) -> tuple[Desc, Desc, Desc]:
    """The layouts of x, w and y, that of w left to the primitive."""
    *kernel, ci, co = shapes.w
    split = (co, ci) if groups == 1 else (groups, co // groups, ci)
    weights = Desc.any((*split, *kernel), shapes.dtype)
    return dense_data(shapes.x, shapes.dtype), weights, dense_data(shapes.y, shapes.dtype)


@lru_cache(16)
def forward(
    shapes: Shapes, window: Geometry, bias: bool = False, relu: bool = False
) -> PrimitiveDesc:
    """The primitive of `bind_conv`; raises `UnsupportedError` where there is no fast one."""
    x, w, y = _descs(shapes, window.groups)

    def described() -> PrimitiveDesc:
        return PrimitiveDesc(
            "convolution_forward", engine(), Prop.FORWARD_TRAINING, Alg.CONVOLUTION_DIRECT,
            x, w, dense(shapes.y[-1:], dtype=shapes.dtype) if bias else None, y,
            *window.arguments(), attributes([(Alg.RELU, 0.0, 0.0)] if relu else []),
        )  # fmt: skip

    return _bounded(described, ("forward", shapes, window, bias, relu)).require_fast()


@lru_cache(16)
def backward(shapes: Shapes, window: Geometry, kind: str, bias: bool = False) -> PrimitiveDesc:
    """The primitive of the gradients, kind "data" or "weights"."""
    x, w, y = _descs(shapes, window.groups)
    own = dense(shapes.y[-1:], dtype=shapes.dtype) if bias else None
    bias_grad = [own] if kind == "weights" else []

    def described() -> PrimitiveDesc:
        return PrimitiveDesc(
            f"convolution_backward_{kind}", engine(), Alg.CONVOLUTION_DIRECT,
            x, w, *bias_grad, y, *window.arguments(),
            forward(shapes, window), attributes(),
        )  # fmt: skip

    found = _bounded(described, (kind, shapes, window, bias))
    if _depthwise(shapes.w, window.groups):
        # Its choice in bfloat16 for strides of 2 takes 75 times as long as the next one.
        found.skip("brgconv")
    return found.require_fast()


def _bounded(described: Callable[[], PrimitiveDesc], key: Hashable) -> PrimitiveDesc:
    """The primitive at its best implementation, or at one whose code goes with it.

    The batch-reduced products ("brg") of oneDNN 3 keep the code of every shape they met for ever,
    50 kB each. They serve the shapes of any model, and not the thousands of one whose sizes vary:
    those get the older kernels, which are nearly as fast.
    """
    found = described()
    if not found.implementation.startswith("brg") or key in _met:
        return found
    if len(_met) < MANY:
        _met.add(key)
        return found
    with contextlib.suppress(UnsupportedError):
        other = described().skip("brg")
        if other.implementation.startswith("jit"):
            return other
    return found


def _depthwise(kernel: tuple[int, ...], groups: int) -> bool:
    """Whether every channel has a kernel of its own."""
    return kernel[-2] == 1 and kernel[-1] == groups > 1


def bind_conv(
    x: Array,
    w: Array,
    y: Array,
    window: Geometry,
    bias: Array | None = None,
    relu: bool = False,
    scratch: Scratch | None = None,
) -> BoundKernel:
    """y = conv(x, w) (+ bias) (then relu).

    Args:
        x: (N, *S, C) float32 or bfloat16, any strides.
        w: (*K, C / groups, O) of that dtype, any strides.
        y: (N, *S', O) of that dtype, contiguous; written.
        window: strides, explicit padding, dilation, groups.
        bias: (O,) of that dtype, contiguous.
        relu: clip at zero in the same pass. A NaN becomes 0 there, so a diverged model looks sound.
        scratch: where temporaries live; None: the process's.

    Raises:
        UnsupportedError: oneDNN has no fast kernel for it.
    """
    desc = forward(Shapes(x.shape, w.shape, y.shape, x.dtype.name), window, bias is not None, relu)
    program = Program(scratch)
    view, order = _grouped(w, window.groups)
    args = {
        Arg.SRC: program.fetch(program.bind(x, channels_first(x.ndim)), desc.desc(Arg.SRC)),
        Arg.WEIGHTS: program.fetch(program.bind(view, order), desc.desc(Arg.WEIGHTS)),
        Arg.DST: program.bind(y, channels_first(y.ndim)),
    }
    if bias is not None:
        args[Arg.BIAS] = program.bind(bias)
    program.execute(desc, args)
    return program.step()


def bind_conv_input_grad(
    g: Array, w: Array, dx: Array, window: Geometry, scratch: Scratch | None = None
) -> BoundKernel:
    """dx = the gradient of `conv` with respect to x; also the transposed convolution of g.

    Args:
        g: (N, *S', O) float32 or bfloat16, any strides.
        w: (*K, C / groups, O) of that dtype, any strides.
        dx: (N, *S, C) of that dtype, contiguous; written.
        window: of the forward convolution.
        scratch: where temporaries live; None: the process's.

    Raises:
        UnsupportedError: oneDNN has no fast kernel for it.
    """
    desc = backward(Shapes(dx.shape, w.shape, g.shape, g.dtype.name), window, "data")
    program = Program(scratch)
    view, order = _grouped(w, window.groups)
    program.execute(desc, {
        Arg.DIFF_DST: program.fetch(
            program.bind(g, channels_first(g.ndim)), desc.desc(Arg.DIFF_DST)
        ),
        Arg.WEIGHTS: program.fetch(program.bind(view, order), desc.desc(Arg.WEIGHTS)),
        Arg.DIFF_SRC: program.bind(dx, channels_first(dx.ndim)),
    })  # fmt: skip
    return program.step()


def bind_conv_weight_grad(
    x: Array,
    g: Array,
    dw: Array,
    window: Geometry,
    dbias: Array | None = None,
    scratch: Scratch | None = None,
) -> BoundKernel:
    """dw = the gradient of `conv` with respect to w; dbias = g summed over all but channels.

    Args:
        x: (N, *S, C) float32 or bfloat16, any strides.
        g: (N, *S', O) float32 or bfloat16, any strides.
        dw: (*K, C / groups, O) of that dtype, contiguous; written.
        window: of the forward convolution.
        dbias: (O,) of that dtype, contiguous; written where given.
        scratch: where temporaries live; None: the process's.

    Raises:
        UnsupportedError: oneDNN has no fast kernel for it.
    """
    shapes = Shapes(x.shape, dw.shape, g.shape, x.dtype.name)
    desc = backward(shapes, window, "weights", dbias is not None)
    program = Program(scratch)
    view, order = _grouped(dw, window.groups)
    target = program.bind(view, order)
    written = target
    if not target.desc.same(desc.desc(Arg.DIFF_WEIGHTS)):
        written = program.temporary(desc.desc(Arg.DIFF_WEIGHTS))
    args = {
        Arg.SRC: program.fetch(program.bind(x, channels_first(x.ndim)), desc.desc(Arg.SRC)),
        Arg.DIFF_DST: program.fetch(
            program.bind(g, channels_first(g.ndim)), desc.desc(Arg.DIFF_DST)
        ),
        Arg.DIFF_WEIGHTS: written,
    }
    if dbias is not None:
        args[Arg.DIFF_BIAS] = program.bind(dbias)
    program.execute(desc, args)
    if written is not target:
        program.reorder(written, target)
    return program.step()
