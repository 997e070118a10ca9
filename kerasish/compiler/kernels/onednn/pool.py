"""Max and average pooling with their gradients: 1 to 3 dimensions, channels last.

oneDNN keeps where each maximum was as its position inside the window, counted row-major over the
whole window (padding included): uint8, or int32 where the window has more than 255 positions.
The ops of this package keep the same number as int32.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

from kerasish.compiler.kernels.onednn.api import (
    PrimitiveDesc,
    UnsupportedError,
    attributes,
    dims,
    engine,
)
from kerasish.compiler.kernels.onednn.constants import Alg, Arg, Prop
from kerasish.compiler.kernels.onednn.conv import Geometry, channels_first, dense_data
from kerasish.compiler.kernels.onednn.program import Array, BoundKernel, Memory, Program, Scratch

Size = tuple[int, ...]


def _geometry(window: Geometry, size: Size) -> tuple[Any, ...]:
    """strides, kernel, dilation, padding low, padding high."""
    strides, dilation, low, high = window.arguments()
    reach = [(k - 1) * d for k, d in zip(size, window.dilation, strict=True)]
    if any(max(pair) > r for pair, r in zip(window.padding, reach, strict=True)):
        raise UnsupportedError(
            "oneDNN pooling",
            expected="padding smaller than the window",
            received=f"{window.padding} for a window of {size}",
        )
    return strides, dims(size), dilation, low, high


@lru_cache(16)
def forward(
    alg: Alg,
    x: Size,
    y: Size,
    window: Geometry,
    size: Size,
    training: bool = False,
    dtype: str = "float32",
) -> PrimitiveDesc:
    """The primitive of pooling; raises `UnsupportedError` where there is no fast one."""
    prop = Prop.FORWARD_TRAINING if training else Prop.FORWARD_INFERENCE
    return PrimitiveDesc(
        "pooling_forward", engine(), prop, alg, dense_data(x, dtype), dense_data(y, dtype),
        *_geometry(window, size), attributes(),
    ).require_fast()  # fmt: skip


@lru_cache(16)
def backward(
    alg: Alg, x: Size, y: Size, window: Geometry, size: Size, dtype: str = "float32"
) -> PrimitiveDesc:
    """The primitive of the gradients of pooling."""
    return PrimitiveDesc(
        "pooling_backward", engine(), alg, dense_data(x, dtype), dense_data(y, dtype),
        *_geometry(window, size), forward(alg, x, y, window, size, True, dtype), attributes(),
    ).require_fast()  # fmt: skip


def _positions(program: Program, shape: Size, desc: PrimitiveDesc, size: Size) -> Memory:
    """A temporary for the positions, in oneDNN's width and our order of axes."""
    wanted = desc.desc(Arg.WORKSPACE)
    ours = dense_data(shape, "uint8" if math.prod(size) <= 255 else "int32")
    if not wanted.same(ours):
        raise UnsupportedError(
            "oneDNN max pooling",
            expected="positions channels last",
            received=f"another layout of {desc.implementation}",
        )
    return program.temporary(wanted)


def bind_max_pool(
    x: Array,
    y: Array,
    index: Array | None,
    window: Geometry,
    size: Size,
    scratch: Scratch | None = None,
) -> BoundKernel:
    """y = the maximum of each window; index = its position inside the window.

    Args:
        x: (N, *S, C) float32 or bfloat16, any strides.
        y: (N, *S', C) of that dtype, contiguous; written.
        index: int32, like y, contiguous; written. None: not wanted.
        window: strides, explicit padding, dilation.
        size: elements of the window per spatial axis.
        scratch: where temporaries live; None: the process's.

    Raises:
        UnsupportedError: oneDNN has no fast kernel for it.
    """
    desc = forward(Alg.POOLING_MAX, x.shape, y.shape, window, size, index is not None, x.dtype.name)
    program = Program(scratch)
    args = {
        Arg.SRC: program.fetch(program.bind(x, channels_first(x.ndim)), desc.desc(Arg.SRC)),
        Arg.DST: program.bind(y, channels_first(y.ndim)),
    }
    if index is not None:
        args[Arg.WORKSPACE] = _positions(program, y.shape, desc, size)
    program.execute(desc, args)
    if index is not None:
        program.reorder(args[Arg.WORKSPACE], program.bind(index, channels_first(y.ndim)))
    return program.step()


def bind_max_pool_scatter(
    g: Array, index: Array, dx: Array, window: Geometry, size: Size, scratch: Scratch | None = None
) -> BoundKernel:
    """dx = g added at the position that `bind_max_pool` found in each window.

    Args:
        g: (N, *S', C) float32 or bfloat16, any strides.
        index: int32, like g; from `bind_max_pool`.
        dx: (N, *S, C) of that dtype, contiguous; written.
        window: of the forward pooling.
        size: of the forward pooling.
        scratch: where temporaries live; None: the process's.

    Raises:
        UnsupportedError: oneDNN has no fast kernel for it.
    """
    desc = backward(Alg.POOLING_MAX, dx.shape, g.shape, window, size, g.dtype.name)
    program = Program(scratch)
    positions = _positions(program, g.shape, desc, size)
    program.reorder(program.bind(index, channels_first(g.ndim)), positions)
    source = program.bind(g, channels_first(g.ndim))
    program.execute(desc, {
        Arg.DIFF_DST: program.fetch(source, desc.desc(Arg.DIFF_DST)),
        Arg.WORKSPACE: positions,
        Arg.DIFF_SRC: program.bind(dx, channels_first(dx.ndim)),
    })  # fmt: skip
    return program.step()


def bind_avg_pool(
    x: Array, y: Array, window: Geometry, size: Size, scratch: Scratch | None = None
) -> BoundKernel:
    """y = the mean over each window of the elements that are not padding.

    Args:
        x: (N, *S, C) float32 or bfloat16, any strides.
        y: (N, *S', C) of that dtype, contiguous; written.
        window: strides, explicit padding, dilation.
        size: elements of the window per spatial axis.
        scratch: where temporaries live; None: the process's.

    Raises:
        UnsupportedError: oneDNN has no fast kernel for it.
    """
    alg, dtype = Alg.POOLING_AVG_EXCLUDE_PADDING, x.dtype.name
    desc = forward(alg, x.shape, y.shape, window, size, dtype=dtype)
    program = Program(scratch)
    program.execute(desc, {
        Arg.SRC: program.fetch(program.bind(x, channels_first(x.ndim)), desc.desc(Arg.SRC)),
        Arg.DST: program.bind(y, channels_first(y.ndim)),
    })  # fmt: skip
    return program.step()


def bind_avg_pool_grad(
    g: Array, dx: Array, window: Geometry, size: Size, scratch: Scratch | None = None
) -> BoundKernel:
    """dx = the gradient of `avg_pool` with respect to x.

    Args:
        g: (N, *S', C) float32 or bfloat16, any strides.
        dx: (N, *S, C) of that dtype, contiguous; written.
        window: of the forward pooling.
        size: of the forward pooling.
        scratch: where temporaries live; None: the process's.

    Raises:
        UnsupportedError: oneDNN has no fast kernel for it.
    """
    alg = Alg.POOLING_AVG_EXCLUDE_PADDING
    desc = backward(alg, dx.shape, g.shape, window, size, g.dtype.name)
    program = Program(scratch)
    source = program.bind(g, channels_first(g.ndim))
    program.execute(desc, {
        Arg.DIFF_DST: program.fetch(source, desc.desc(Arg.DIFF_DST)),
        Arg.DIFF_SRC: program.bind(dx, channels_first(dx.ndim)),
    })  # fmt: skip
    return program.step()
