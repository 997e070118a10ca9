"""Max and average pooling with their gradients: 1 to 3 dimensions, channels last.

oneDNN keeps where each maximum was as its position inside the window, counted row-major over the
whole window (padding included): uint8, or int32 where the window has more than 255 positions.
The ops of this package keep the same number as int32.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

from kerasish.compiler.kernels.onednn import api
from kerasish.compiler.kernels.onednn.api import Alg, Arg, Prop
from kerasish.compiler.kernels.onednn.conv import geometry
from kerasish.compiler.kernels.onednn.program import Memory, Program, channels_first, dense_data
from kerasish.compiler.providers import Array, BoundKernel
from kerasish.ops.nn.windows import Windows

Size = tuple[int, ...]


def _geometry(windows: Windows) -> tuple[Any, ...]:
    """strides, kernel, dilation, padding low, padding high."""
    strides, *others = geometry(windows)
    size = windows.window
    reach = [(k - 1) * d for k, d in zip(size, windows.dilation, strict=True)]
    if any(max(pair) > r for pair, r in zip(windows.padding, reach, strict=True)):
        raise api.UnsupportedError(
            "oneDNN pooling",
            expected="padding smaller than the window",
            received=f"{windows.padding} for a window of {size}",
        )
    return strides, api.Dims(*size), *others


@lru_cache(16)
def forward(
    alg: Alg, x: Size, y: Size, windows: Windows, training: bool, dtype: str
) -> api.PrimitiveDesc:
    """The primitive of pooling; raises `UnsupportedError` where there is no fast one."""
    prop = Prop.FORWARD_TRAINING if training else Prop.FORWARD_INFERENCE
    return api.PrimitiveDesc(
        "pooling_forward", api.engine(), prop, alg, dense_data(x, dtype), dense_data(y, dtype),
        *_geometry(windows), api.attributes(),
    ).require_fast()  # fmt: skip


@lru_cache(16)
def backward(alg: Alg, x: Size, y: Size, windows: Windows, dtype: str) -> api.PrimitiveDesc:
    """The primitive of the gradients of pooling."""
    return api.PrimitiveDesc(
        "pooling_backward", api.engine(), alg, dense_data(x, dtype), dense_data(y, dtype),
        *_geometry(windows), forward(alg, x, y, windows, True, dtype), api.attributes(),
    ).require_fast()  # fmt: skip


def _positions(
    program: Program, index: Array, desc: api.PrimitiveDesc, windows: Windows
) -> tuple[Memory, Memory]:
    """The positions as they are, and a temporary for them in oneDNN's width."""
    wanted = desc.desc(Arg.WORKSPACE)
    narrow = math.prod(windows.window) <= 255
    if not wanted.same(dense_data(index.shape, "uint8" if narrow else "int32")):
        raise api.UnsupportedError(
            "oneDNN max pooling",
            expected="positions channels last",
            received=f"another layout of {desc.implementation}",
        )
    return program.bind(index, channels_first(index.ndim)), program.temporary(wanted)


def bind_pool(
    alg: Alg, x: Array, y: Array, windows: Windows, index: Array | None = None
) -> BoundKernel:
    """y = the maximum of each window, or the mean of its elements that are not padding.

    Args:
        x: (N, *S, C) float32 or bfloat16, any strides.
        y: (N, *S', C) of that dtype, contiguous; written.
        windows: without dilation.
        index: the maximum's position inside the window: int32, like y, contiguous; written.
            None: not wanted.

    Raises:
        UnsupportedError: oneDNN has no fast kernel for it.
    """
    desc = forward(alg, x.shape, y.shape, windows, index is not None, x.dtype.name)
    program, order = Program(), channels_first(x.ndim)
    args = {
        Arg.SRC: program.fetch(program.bind(x, order), desc.desc(Arg.SRC)),
        Arg.DST: program.bind(y, order),
    }
    if index is None:
        program.execute(desc, args)
    else:
        ours, theirs = _positions(program, index, desc, windows)
        program.execute(desc, {**args, Arg.WORKSPACE: theirs})
        program.reorder(theirs, ours)
    return program.step()


def bind_pool_grad(
    alg: Alg, g: Array, dx: Array, windows: Windows, index: Array | None = None
) -> BoundKernel:
    """dx = the gradient of `bind_pool` with respect to x.

    Args:
        g: (N, *S', C) float32 or bfloat16, any strides.
        dx: (N, *S, C) of that dtype, contiguous; written.
        windows: of the forward pooling.
        index: of max pooling: int32, like g; where in each window g is added.

    Raises:
        UnsupportedError: oneDNN has no fast kernel for it.
    """
    desc = backward(alg, dx.shape, g.shape, windows, g.dtype.name)
    program, order = Program(), channels_first(g.ndim)
    args: dict[Arg, Memory] = {}
    if index is not None:
        ours, args[Arg.WORKSPACE] = _positions(program, index, desc, windows)
        program.reorder(ours, args[Arg.WORKSPACE])
    args[Arg.DIFF_DST] = program.fetch(program.bind(g, order), desc.desc(Arg.DIFF_DST))
    args[Arg.DIFF_SRC] = program.bind(dx, order)
    program.execute(desc, args)
    return program.step()
