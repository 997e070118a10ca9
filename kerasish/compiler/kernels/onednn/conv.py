"""Convolution, its input gradient and its weight gradient: 1 to 3 dimensions, channels last.

Data stay channels last; weights (K..., C/groups, O) are reordered inside the step to the layout
the implementation wants, which costs little beside the convolution.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from kerasish.compiler.kernels.onednn.api import (
    Desc,
    PrimitiveDesc,
    UnsupportedError,
    attributes,
    dims,
    engine,
)
from kerasish.compiler.kernels.onednn.constants import Alg, Arg, Prop
from kerasish.compiler.kernels.onednn.program import Array, Program, Scratch, Step, dense


class Window(NamedTuple):
    """The geometry of a convolution over its spatial axes."""

    strides: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]  # explicit (low, high) pairs
    dilation: tuple[int, ...]
    groups: int = 1

    def arguments(self) -> tuple[Any, Any, Any, Any]:
        """strides, dilates (oneDNN counts skipped elements), padding low, padding high."""
        if any(lo < 0 or hi < 0 for lo, hi in self.padding):
            raise UnsupportedError(
                f"oneDNN convolution. Expected: padding >= 0. Received: {self.padding}."
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


def _grouped(w: Array, groups: int) -> tuple[Array, tuple[int, ...]]:
    """Weights (*K, C/g, O) as a view with axes for groups, and oneDNN's order of its axes."""
    rank = w.ndim - 2
    if groups == 1:
        return w, (rank + 1, rank, *range(rank))
    item = w.strides[-1]
    per_group = w.shape[-1] // groups
    view = np.lib.stride_tricks.as_strided(
        w, (*w.shape[:-1], groups, per_group), (*w.strides[:-1], item * per_group, item)
    )
    return view, (rank + 1, rank + 2, rank, *range(rank))


class _Shapes(NamedTuple):
    """The descriptors of one convolution, whichever way it is computed."""

    x: Desc
    w: Desc
    bias: Desc | None
    y: Desc


def _shapes(
    x: tuple[int, ...], w: Array, y: tuple[int, ...], window: Window, bias: bool
) -> _Shapes:
    view, order = _grouped(w, window.groups)
    return _Shapes(
        dense_data(x),
        Desc.any([view.shape[i] for i in order]),
        Desc.strided((y[-1],), (1,), "float32") if bias else None,
        dense_data(y),
    )


def _forward(shapes: _Shapes, window: Window, relu: bool) -> PrimitiveDesc:
    attr = attributes([(Alg.RELU, 0.0, 0.0)] if relu else [])
    return PrimitiveDesc(
        "convolution_forward", engine(), Prop.FORWARD_TRAINING, Alg.CONVOLUTION_DIRECT,
        shapes.x, shapes.w, shapes.bias,
        shapes.y, *window.arguments(), attr,
    )  # fmt: skip


def _backward(shapes: _Shapes, window: Window, kind: str) -> PrimitiveDesc:
    hint = _forward(shapes._replace(bias=None), window, relu=False)
    middle = (shapes.w,) if kind == "data" else (shapes.w, shapes.bias)
    return PrimitiveDesc(
        f"convolution_backward_{kind}", engine(), Alg.CONVOLUTION_DIRECT,
        shapes.x, *middle, shapes.y, *window.arguments(),
        hint, attributes(),
    ).require_fast()  # fmt: skip


def bind_conv(
    x: Array,
    w: Array,
    y: Array,
    window: Window,
    bias: Array | None = None,
    relu: bool = False,
    scratch: Scratch | None = None,
) -> Step:
    """y = conv(x, w) (+ bias) (then relu).

    Args:
        x: (N, *S, C) float32, any strides.
        w: (*K, C / groups, O) float32, any strides.
        y: (N, *S', O) float32, contiguous; written.
        window: strides, explicit padding, dilation, groups.
        bias: (O,) float32, contiguous.
        relu: clip at zero in the same pass.
        scratch: where temporaries live; None: the process's.

    Raises:
        UnsupportedError: oneDNN has no fast kernel for it.
    """
    shapes = _shapes(x.shape, w, y.shape, window, bias is not None)
    desc = _forward(shapes, window, relu).require_fast()
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
    g: Array, w: Array, dx: Array, window: Window, scratch: Scratch | None = None
) -> Step:
    """dx = the gradient of `conv` with respect to x; also the transposed convolution of g.

    Args:
        g: (N, *S', O) float32, any strides.
        w: (*K, C / groups, O) float32, any strides.
        dx: (N, *S, C) float32, contiguous; written.
        window: of the forward convolution.
        scratch: where temporaries live; None: the process's.

    Raises:
        UnsupportedError: oneDNN has no fast kernel for it.
    """
    desc = _backward(_shapes(dx.shape, w, g.shape, window, False), window, "data")
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
    window: Window,
    dbias: Array | None = None,
    scratch: Scratch | None = None,
) -> Step:
    """dw = the gradient of `conv` with respect to w; dbias = g summed over all but channels.

    Args:
        x: (N, *S, C) float32, any strides.
        g: (N, *S', O) float32, any strides.
        dw: (*K, C / groups, O) float32, contiguous; written.
        window: of the forward convolution.
        dbias: (O,) float32, contiguous; written where given.
        scratch: where temporaries live; None: the process's.

    Raises:
        UnsupportedError: oneDNN has no fast kernel for it.
    """
    shapes = _shapes(x.shape, dw, g.shape, window, dbias is not None)
    desc = _backward(shapes, window, "weights")
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
