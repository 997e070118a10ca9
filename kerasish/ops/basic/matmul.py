"""Matrix multiplication."""

from __future__ import annotations

import math
from typing import Any

from kerasish.errors import ShapeError
from kerasish.graph.batching import Batch
from kerasish.graph.op import case, op
from kerasish.graph.primitives import expand_dims, reshape, transpose
from kerasish.graph.tensor import Tensor, TensorLike, convert_to_tensor, promoted
from kerasish.ops.operation import public
from kerasish.spec import TensorSpec, broadcast, known


def _matmul_infer(a: TensorSpec, b: TensorSpec) -> TensorSpec:
    if a.ndim < 2 or b.ndim < 2:
        raise ShapeError("matmul", expected="ranks of at least 2", received=f"{a.shape}, {b.shape}")
    inner, other = a.shape[-1], b.shape[-2]
    if inner != other and inner is not None and other is not None:
        raise ShapeError(
            "matmul",
            expected="the last axis of the first as long as the second-to-last of the second",
            received=f"{a.shape} @ {b.shape}",
        )
    batch = broadcast(a.shape[:-2], b.shape[:-2])
    return TensorSpec((*batch, a.shape[-2], b.shape[-1]), a.dtype)


def _matmul_flops(a: TensorSpec, b: TensorSpec) -> int:
    out = _matmul_infer(a, b)
    return 2 * math.prod(known(out.shape)) * known(a.shape)[-1]


def swap_last(x: Any) -> Any:
    """x with its last two axes exchanged."""
    axes = (*range(x.ndim - 2), x.ndim - 1, x.ndim - 2)
    return transpose(x, axes=axes)


@op(
    "matmul",
    infer=_matmul_infer,
    promote="same",
    out=True,
    flops=_matmul_flops,
    cases=(
        case((3, 4), (4, 5)),
        case((2, 3, 4), (2, 4, 5)),
        case((2, 1, 3, 4), (3, 4, 2)),
        case((5, 3, 4), (4, 2)),
    ),
)
def matmul_(xp: Any, a: Any, b: Any, *, out: Any = None) -> Any:
    """Matrix products over the last two axes; leading axes broadcast; halves add up in float32."""
    if a.dtype.itemsize != 2 or a.dtype.kind in "iu":
        return xp.matmul(a, b, out=out)
    y = xp.matmul(a.astype(xp.float32), b.astype(xp.float32))
    if out is None:
        return y.astype(a.dtype)
    out[...] = y
    return out


def _rows(x: Any) -> Any:
    """x with all axes but the last as one."""
    lead = x.shape[:-1]
    return reshape(x, shape=(-1 if None in lead else math.prod(lead), x.shape[-1]))


@matmul_.gradient
def _(g: Any, y: Any, a: Any, b: Any) -> Any:
    if b.ndim == 2 and a.ndim > 2:
        # One large product instead of a sum over the batch of small ones.
        return matmul_(g, swap_last(b)), matmul_(swap_last(_rows(a)), _rows(g))
    return matmul_(g, swap_last(b)), matmul_(swap_last(a), g)


@matmul_.batching
def _(batch: Batch, a: Any, b: Any) -> Any:
    if batch.stacked == (True, False) and b.ndim == 2 and None not in a.shape:
        # (rows, M, K) @ (K, N) as one product of rows * M rows.
        return reshape(matmul_(_rows(a), b), shape=(batch.rows, *batch.shape))
    return matmul_(*batch.aligned(a, b))


def summable(operands: Any) -> list[Any]:
    """Operands in one dtype, or int32 where all are of int8, whose sums int8 cannot hold."""
    tensors = promoted(operands, "same")
    if tensors[0].dtype == "int8" and all(convert_to_tensor(x).dtype == "int8" for x in operands):
        return [convert_to_tensor(t, "int32") for t in tensors]
    return tensors


@public
def matmul(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Matrix product as in numpy: 1-d operands act as a row or a column, batches broadcast."""
    a, b = summable((x1, x2))
    return matrix_product(a, b)


def matrix_product(a: Any, b: Any) -> Any:
    """`matmul` of tensors of one dtype, in that dtype."""
    if a.ndim == 0 or b.ndim == 0:
        raise ShapeError("matmul", expected="ranks of at least 1", received=f"{a.shape}, {b.shape}")
    left, right = a.ndim == 1, b.ndim == 1
    a = expand_dims(a, axis=0) if left else a
    b = expand_dims(b, axis=1) if right else b
    y = _flat_matmul(a, b)
    drop = ([-2] if left else []) + ([-1] if right else [])
    shape = [d for i, d in enumerate(y.shape) if i - y.ndim not in drop]
    return reshape(y, shape=tuple(shape)) if drop else y


def _flat_matmul(a: Any, b: Any) -> Any:
    if b.ndim == 2 and a.ndim > 2 and None not in a.shape:
        y = matmul_(_rows(a), b)
        return reshape(y, shape=(*a.shape[:-1], b.shape[-1]))
    return matmul_(a, b)
