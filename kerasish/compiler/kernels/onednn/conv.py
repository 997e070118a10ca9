"""Convolution, its input gradient and its weight gradient: 1 to 3 dimensions, channels last.

Data stay channels last; weights (K..., C/groups, O) are reordered inside the step to the layout
the implementation wants, which costs little beside the convolution.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Hashable, Mapping
from functools import lru_cache
from typing import Any

from kerasish.compiler.kernels.geometry import Problem
from kerasish.compiler.kernels.onednn import api
from kerasish.compiler.kernels.onednn.api import Alg, Arg, Desc, Prop
from kerasish.compiler.kernels.onednn.program import Program, channels_first, dense_data
from kerasish.compiler.providers import Array, BoundKernel
from kerasish.ops.nn.windows import Windows

CHANNEL_BLOCK = 16  # the most channels that a kernel takes at once
MANY = 256  # shapes whose code is kept for ever
_met: set[Hashable] = set()
# What oneDNN calls x, w and y of the forward convolution where it reads and where it writes them.
READ = {"x": Arg.SRC, "w": Arg.WEIGHTS, "y": Arg.DIFF_DST}
WRITTEN = {"x": Arg.DIFF_SRC, "w": Arg.DIFF_WEIGHTS, "y": Arg.DST}


def geometry(windows: Windows) -> tuple[Any, Any, Any, Any]:
    """strides, dilates (oneDNN counts skipped elements), padding low, padding high."""
    if any(lo < 0 or hi < 0 for lo, hi in windows.padding):
        raise api.UnsupportedError(
            "oneDNN convolution", expected="padding >= 0", received=windows.padding
        )
    return (
        api.Dims(*windows.strides),
        api.Dims(*(d - 1 for d in windows.dilation)),
        api.Dims(*(lo for lo, _ in windows.padding)),
        api.Dims(*(hi for _, hi in windows.padding)),
    )


def _grouped(w: Array, groups: int) -> tuple[Array, tuple[int, ...]]:
    """Weights as a view with an axis for the groups, and oneDNN's order of its axes."""
    rank = w.ndim - 2
    if groups == 1:
        return w, (rank + 1, rank, *range(rank))
    view = w.reshape(*w.shape[:-1], groups, w.shape[-1] // groups)
    return view, (rank + 1, rank + 2, rank, *range(rank))


@lru_cache(32)
def primitive(problem: Problem, result: str) -> api.PrimitiveDesc:
    """What computes y, or the gradient of x or of w, from the other two.

    The layout of w is left to the primitive.

    Raises:
        UnsupportedError: oneDNN has no fast one.
    """
    *kernel, ci, co = problem.w
    groups = problem.groups
    split = (co, ci) if groups == 1 else (groups, co // groups, ci)
    data = (
        dense_data(problem.x, problem.dtype),
        Desc.any((*split, *kernel), problem.dtype),
        *((None,) if result != "x" else ()),  # no bias
        dense_data(problem.y, problem.dtype),
        *geometry(problem.windows),
    )

    def described() -> api.PrimitiveDesc:
        direct, plain = Alg.CONVOLUTION_DIRECT, api.attributes()
        if result == "y":
            kind = "convolution_forward"
            way = Prop.FORWARD_TRAINING
            return api.PrimitiveDesc(kind, api.engine(), way, direct, *data, plain)
        kind = f"convolution_backward_{'data' if result == 'x' else 'weights'}"
        return api.PrimitiveDesc(kind, api.engine(), direct, *data, primitive(problem, "y"), plain)

    found = _bounded(described, (problem, result))
    if result != "y" and ci == 1 and co == groups > 1:
        # A kernel for every channel: the choice in bfloat16 for strides of 2 takes 75 times as
        # long as the next one.
        found.skip("brgconv")
    if (
        result == "w"
        and ci < CHANNEL_BLOCK
        and {*kernel} == {1}
        and {*problem.windows.strides} != {1}
    ):
        # Writes past its workspace and gives wrong sums (uxlfoundation/oneDNN#6035).
        found.skip("jit_1x1")
    return found.require_fast()


def _bounded(described: Callable[[], api.PrimitiveDesc], key: Hashable) -> api.PrimitiveDesc:
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
    with contextlib.suppress(api.UnsupportedError):
        other = described().skip("brg")
        if other.implementation.startswith("jit"):
            return other
    return found


def bind_conv(problem: Problem, result: str, given: Mapping[str, Array], out: Array) -> BoundKernel:
    """y = conv(x, w), or the gradient with respect to x or to w where y's is given.

    Args:
        problem: the forward convolution, in float32 or bfloat16; sums are float32.
        result: which of "x", "w" and "y" is computed.
        given: the other two, any strides.
        out: the result, contiguous; written.

    Raises:
        UnsupportedError: oneDNN has no fast kernel for it.
    """
    desc, program = primitive(problem, result), Program()
    memories = {
        name: program.bind(*_grouped(array, problem.groups))
        if name == "w"
        else program.bind(array, channels_first(array.ndim))
        for name, array in {**given, result: out}.items()
    }
    target = memories.pop(result)
    args = {READ[n]: program.fetch(held, desc.desc(READ[n])) for n, held in memories.items()}
    wanted = desc.desc(WRITTEN[result])
    args[WRITTEN[result]] = written = (
        target if target.desc.same(wanted) else program.temporary(wanted)
    )
    program.execute(desc, args)
    if written is not target:
        program.reorder(written, target)
    return program.step()
