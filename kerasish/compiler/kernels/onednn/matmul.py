"""Matrix products with arbitrary strides, batch broadcasting, bias, accumulation."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from kerasish.compiler.kernels.onednn.api import Arg, Desc, PrimitiveDesc, attributes, engine
from kerasish.compiler.kernels.onednn.program import Program, dense
from kerasish.compiler.providers import Array, BoundKernel
from kerasish.spec import inverse

Size = tuple[int, ...]


def _joined(a: Array, b: Array, y: Array) -> tuple[Array, Array, Array]:
    """The operands as arrays of one rank, with as few batch axes as views allow."""
    if b.ndim == 2 and a.ndim > 2:
        rows = a.reshape(-1, a.shape[-1])
        if np.may_share_memory(rows, a):
            return rows, b, y.reshape(-1, y.shape[-1])
    a, b = (v.reshape((1,) * (y.ndim - v.ndim) + v.shape) for v in (a, b))
    a = _unrepeated(a, b.shape)
    b = _unrepeated(b, a.shape)
    if y.ndim > 3 and a.shape[:-2] == b.shape[:-2]:
        flat = [v.reshape(-1, *v.shape[-2:]) for v in (a, b, y)]
        if all(np.may_share_memory(f, v) for f, v in zip(flat, (a, b, y), strict=True)):
            return flat[0], flat[1], flat[2]
    return a, b, y


def _unrepeated(v: Array, other: Size) -> Array:
    """`v` with batch axes that only repeat (stride zero) cut to one where `other` has them long."""
    cut = [
        slice(0, 1) if stride == 0 and size == long else slice(None)
        for stride, size, long in zip(v.strides[:-2], v.shape[:-2], other[:-2], strict=True)
    ]
    return v[(*cut, slice(None), slice(None))]


def _describe(
    operands: Sequence[Desc], bias: Desc | None = None, accumulate: bool = False
) -> PrimitiveDesc:
    a, b, y = operands
    return PrimitiveDesc("matmul", engine(), a, b, bias, y, attributes(accumulate))


@lru_cache(16)
def forward(
    a: Size, b: Size, y: Size, axes: Size | None = None, dtype: str = "float32"
) -> PrimitiveDesc:
    """The primitive over dense operands; raises `UnsupportedError` where there is no fast one.

    Args:
        axes: y is written with its axes in this order.
        dtype: "float32" or "bfloat16", of all operands; sums are float32.
    """
    ones = [(1,) * (len(y) - len(shape)) + shape for shape in (a, b)]
    operands = [dense(shape, dtype=dtype) for shape in ones]
    order = range(len(y)) if axes is None else axes
    operands.append(dense([y[i] for i in order], inverse(order), dtype))
    return _describe(operands).require_fast()


def _prefers_copy(a: Array, y: Array) -> bool:
    """Whether reading `a` is faster after a reorder: its rows lie apart, and y is wide."""
    apart = a.strides[-1] != a.itemsize and a.ndim == 2
    return apart and y.shape[-1] >= 2 * y.shape[-2]


def bind_matmul(
    a: Array,
    b: Array,
    y: Array,
    bias: Array | None = None,
    accumulate: bool = False,
) -> BoundKernel:
    """y = a @ b (+ bias) (+ y where `accumulate`).

    Args:
        a: (..., M, K) float32 or bfloat16, any strides.
        b: (..., K, N) like a, any strides; batch axes broadcast as in numpy.
        y: (..., M, N) like a, any positive strides; written.
        bias: (N,) like a.
        accumulate: add to what y holds.

    Raises:
        UnsupportedError: oneDNN has no fast kernel for it.
    """
    program = Program()
    x, w, out = _joined(a, b, y)
    sources = [program.bind(x), program.bind(w)]
    target = program.bind(out)
    ends = {Arg.DST: target}
    if bias is not None:
        ends[Arg.BIAS] = program.bind(bias.reshape((1,) * (out.ndim - 1) + bias.shape))
    extra = (ends[Arg.BIAS].desc if bias is not None else None, accumulate)
    wanted = [m.desc for m in sources]
    if _prefers_copy(x, out):
        wanted[0] = Desc.any(x.shape, x.dtype.name)
    desc = _describe([*wanted, target.desc], *extra)
    if desc.implementation.startswith("ref"):
        # Strides no kernel takes: copy into plain rows first, which costs little beside the sums.
        sources = [
            program.fetch(memory, dense(v.shape, dtype=v.dtype.name))
            for memory, v in zip(sources, (x, w), strict=True)
        ]
        desc = _describe([*(m.desc for m in sources), target.desc], *extra).require_fast()
    else:
        sources[0] = program.fetch(sources[0], desc.desc(Arg.SRC))
    program.execute(desc, {Arg.SRC: sources[0], Arg.WEIGHTS: sources[1], **ends})
    return program.step()
