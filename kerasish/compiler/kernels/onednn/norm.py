"""Batch normalization, layer normalization and softmax, forward and backward.

Every array is seen as rows: all axes but the last joined. Variances are biased, as in Ioffe &
Szegedy 2015 and Ba et al. 2016.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from kerasish.compiler.kernels.onednn.api import Desc, PrimitiveDesc, attributes, engine
from kerasish.compiler.kernels.onednn.constants import Alg, Arg, NormFlag, Prop
from kerasish.compiler.kernels.onednn.program import Array, Program, Scratch, Step, dense

Size = tuple[int, ...]

_AFFINE = NormFlag.USE_SCALE | NormFlag.USE_SHIFT
_CHANNELS_SECOND = (0, 2, 1)


def _rows(shape: Size) -> Size:
    return math.prod(shape[:-1]), shape[-1]


def _data(kind: str, shape: Size) -> Desc:
    """The layout of x: (1, rows, C) with channels second for batches, (rows, C) for layers."""
    rows = _rows(shape)
    return dense((1, *rows), _CHANNELS_SECOND) if kind == "batch" else dense(rows)


@lru_cache(256)
def forward(kind: str, shape: Size, epsilon: float, training: bool) -> PrimitiveDesc:
    """The primitive of a normalization, kind "batch" or "layer"."""
    prop = Prop.FORWARD_TRAINING if training else Prop.FORWARD_INFERENCE
    data = _data(kind, shape)
    statistics = (dense(_rows(shape)[:1]),) if kind == "layer" else ()
    return PrimitiveDesc(
        f"{kind}_normalization_forward", engine(), prop, data, data, *statistics, epsilon,
        _AFFINE, attributes(),
    ).require_fast()  # fmt: skip


@lru_cache(256)
def backward(kind: str, shape: Size, epsilon: float) -> PrimitiveDesc:
    """The primitive of the gradients of a normalization."""
    data = _data(kind, shape)
    statistics = (dense(_rows(shape)[:1]),) if kind == "layer" else ()
    return PrimitiveDesc(
        f"{kind}_normalization_backward", engine(), Prop.BACKWARD, data, data, data, *statistics,
        epsilon, _AFFINE, forward(kind, shape, epsilon, True), attributes(),
    ).require_fast()  # fmt: skip


class _Binder:
    """A program over rows."""

    def __init__(self, kind: str, desc: PrimitiveDesc, scratch: Scratch | None) -> None:
        self.kind, self.desc = kind, desc
        self.program = Program(scratch)
        self.args = {}

    def data(self, arg: Arg, array: Array) -> None:
        rows = array.reshape(_rows(array.shape))
        if not np.may_share_memory(rows, array):
            # Axes that do not join as a view: brought together at every step.
            joined = np.empty(array.shape, array.dtype)
            self.program.call(lambda: np.copyto(joined, array))
            rows = joined.reshape(rows.shape)
        order = None
        if self.kind == "batch":
            rows, order = rows[None], _CHANNELS_SECOND
        self.args[arg] = self.program.fetch(self.program.bind(rows, order), self.desc.desc(arg))

    def vector(self, arg: Arg, array: Array | None, fill: float = 0.0) -> None:
        """A parameter, statistic or gradient of one; its size follows from the descriptor."""
        if array is None:
            array = np.full(self.desc.desc(arg).nbytes // 4, fill, np.float32)
        self.args[arg] = self.program.bind(array.reshape(-1))

    def step(self) -> Step:
        self.program.execute(self.desc, self.args)
        return self.program.step()


def bind_norm(
    kind: str,
    x: Array,
    scale: Array | None,
    shift: Array | None,
    y: Array,
    mean: Array | None,
    variance: Array | None,
    epsilon: float,
    scratch: Scratch | None = None,
) -> Step:
    """y = (x - mean) / sqrt(variance + epsilon) * scale + shift, with x's own statistics.

    Args:
        kind: "batch" (statistics per channel, over all other axes) or "layer" (over the last axis).
        x: (..., C) float32, any strides.
        scale: (C,) float32; None: ones.
        shift: (C,) float32; None: zeros.
        y: like x, contiguous; written.
        mean: (C,) or, for layers, (...,) float32, contiguous; written. None: not wanted.
        variance: like mean.
        epsilon: added to the variance.
        scratch: where temporaries live; None: the process's.

    Raises:
        UnsupportedError: oneDNN has no fast kernel for it.
    """
    binder = _Binder(kind, forward(kind, x.shape, epsilon, True), scratch)
    binder.data(Arg.SRC, x)
    binder.vector(Arg.SCALE, scale, 1.0)
    binder.vector(Arg.SHIFT, shift)
    binder.vector(Arg.MEAN, mean)
    binder.vector(Arg.VARIANCE, variance)
    binder.data(Arg.DST, y)
    return binder.step()


def bind_norm_grad(
    kind: str,
    x: Array,
    scale: Array | None,
    g: Array,
    mean: Array,
    variance: Array,
    dx: Array,
    dscale: Array | None,
    dshift: Array | None,
    epsilon: float,
    scratch: Scratch | None = None,
) -> Step:
    """The gradients of `bind_norm` through the statistics too.

    Args:
        kind: as in the forward pass.
        x: as in the forward pass.
        scale: as in the forward pass.
        g: like x, any strides: the gradient of y.
        mean: as the forward pass left it.
        variance: as the forward pass left it.
        dx: like x, contiguous; written.
        dscale: (C,) float32, contiguous; written. None: not wanted.
        dshift: like dscale.
        epsilon: as in the forward pass.
        scratch: where temporaries live; None: the process's.

    Raises:
        UnsupportedError: oneDNN has no fast kernel for it.
    """
    binder = _Binder(kind, backward(kind, x.shape, epsilon), scratch)
    binder.data(Arg.SRC, x)
    binder.data(Arg.DIFF_DST, g)
    binder.vector(Arg.SCALE, scale, 1.0)
    if kind == "layer":
        binder.vector(Arg.SHIFT, None)  # read by nobody, yet asked for
    binder.vector(Arg.MEAN, mean)
    binder.vector(Arg.VARIANCE, variance)
    binder.data(Arg.DIFF_SRC, dx)
    binder.vector(Arg.DIFF_SCALE, dscale)
    binder.vector(Arg.DIFF_SHIFT, dshift)
    return binder.step()


@lru_cache(256)
def softmax_forward(shape: Size) -> PrimitiveDesc:
    """The primitive of softmax over the last axis."""
    data = dense(_rows(shape))
    return PrimitiveDesc(
        "softmax_forward", engine(), Prop.FORWARD_TRAINING,
        Alg.SOFTMAX_ACCURATE, data, data, 1, attributes(),
    ).require_fast()  # fmt: skip


@lru_cache(256)
def softmax_backward(shape: Size) -> PrimitiveDesc:
    """The primitive of the gradient of softmax."""
    data = dense(_rows(shape))
    return PrimitiveDesc(
        "softmax_backward", engine(), Alg.SOFTMAX_ACCURATE,
        data, data, data, 1, softmax_forward(shape), attributes(),
    ).require_fast()  # fmt: skip


def bind_softmax(x: Array, y: Array, scratch: Scratch | None = None) -> Step:
    """y = exp(x) / sum(exp(x)) over the last axis.

    The logarithm is not offered: oneDNN subtracts max + log(sum) at once, which costs digits where
    one class is nearly certain.

    Args:
        x: (..., C) float32, any strides.
        y: like x, contiguous; written.
        scratch: where temporaries live; None: the process's.

    Raises:
        UnsupportedError: oneDNN has no fast kernel for it.
    """
    binder = _Binder("layer", softmax_forward(x.shape), scratch)
    binder.data(Arg.SRC, x)
    binder.data(Arg.DST, y)
    return binder.step()


def bind_softmax_grad(y: Array, g: Array, dx: Array, scratch: Scratch | None = None) -> Step:
    """dx = y * (g - sum(g * y)).

    Args:
        y: as the forward pass left it, any strides.
        g: like y, any strides.
        dx: like y, contiguous; written.
        scratch: where temporaries live; None: the process's.

    Raises:
        UnsupportedError: oneDNN has no fast kernel for it.
    """
    binder = _Binder("layer", softmax_backward(y.shape), scratch)
    binder.data(Arg.DST, y)
    binder.data(Arg.DIFF_DST, g)
    binder.data(Arg.DIFF_SRC, dx)
    return binder.step()
