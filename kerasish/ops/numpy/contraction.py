"""Sums of products over chosen axes: einsum, tensordot, dot, inner, outer, kron, cross.

An einsum is a chain of products of two tensors; each becomes one batched matrix product.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasish.errors import ArgumentError, ShapeError
from kerasish.graph import primitives as _s
from kerasish.graph.op import case
from kerasish.graph.tensor import Tensor, TensorLike, filled_like, promoted
from kerasish.hints import whole
from kerasish.ops.basic import elementwise as _e
from kerasish.ops.basic.matmul import matrix_product, summable
from kerasish.ops.basic.reduction import sum_
from kerasish.ops.declare import composite
from kerasish.ops.numpy.axes import moveaxis, product
from kerasish.ops.numpy.join import slices
from kerasish.ops.numpy.matrix import diagonal
from kerasish.ops.operation import public
from kerasish.spec import Dim, broadcast, normalize_axis

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _wrong(subscripts: str, expected: str, received: str) -> ArgumentError:
    return ArgumentError(f"einsum {subscripts!r}", expected=expected, received=received)


def _parse(subscripts: str, ranks: Sequence[int]) -> tuple[list[str], str]:
    """One label per axis of every operand and of the result; an ellipsis becomes labels too."""
    text = subscripts.replace(" ", "")
    left, arrow, right = text.partition("->")
    terms = left.split(",")
    if len(terms) != len(ranks):
        raise _wrong(subscripts, f"{len(ranks)} terms, one per operand", str(len(terms)))
    free = [c for c in _LETTERS if c not in text]
    wide = [r - len(t.replace("...", "")) for t, r in zip(terms, ranks, strict=True) if "..." in t]
    dots = "".join(free[: max(wide, default=0)])
    full = []
    for term, rank in zip(terms, ranks, strict=True):
        extra = rank - len(term.replace("...", ""))
        if extra < 0 or (extra and "..." not in term):
            raise _wrong(subscripts, f"{rank} labels for an operand of rank {rank}", repr(term))
        full.append(term.replace("...", dots[len(dots) - extra :] if extra else ""))
    counted = "".join(full)
    if arrow:
        result = right.replace("...", dots)
    else:
        once = sorted(c for c in set(counted) if counted.count(c) == 1 and c not in dots)
        result = dots + "".join(once)
    unknown = set(result) - set(counted)
    if unknown or len(set(result)) != len(result) or not set(counted) <= set(_LETTERS):
        raise _wrong(subscripts, "letters, each of the result once and in an operand", repr(text))
    return full, result


def _unrepeated(x: Any, labels: str) -> tuple[Any, str]:
    """Take the diagonal of axes that share a label."""
    for label in sorted(set(labels)):
        while labels.count(label) > 1:
            first, second = labels.index(label), labels.rindex(label)
            x = diagonal(x, 0, first, second)
            labels = "".join(c for i, c in enumerate(labels) if i not in (first, second)) + label
    return x, labels


def _summed(x: Any, labels: str, keep: set[str]) -> tuple[Any, str]:
    """Sum over the axes whose label is not in `keep`."""
    gone = tuple(i for i, c in enumerate(labels) if c not in keep)
    if not gone:
        return x, labels
    return sum_(x, axis=gone, keepdims=False), "".join(c for c in labels if c in keep)


def _ordered(x: Any, labels: str, order: str) -> Any:
    axes = tuple(labels.index(c) for c in order)
    return x if axes == tuple(range(len(axes))) else _s.transpose(x, axes=axes)


def _size(labels: str, sizes: dict[str, Dim]) -> Dim:
    return product([sizes[c] for c in labels])


def _spread(x: Any, labels: str, sizes: dict[str, Dim]) -> Any:
    """x with its axes of size 1 grown to the size of their label."""
    shape = tuple(sizes[c] if d == 1 else d for c, d in zip(labels, x.shape, strict=True))
    return x if shape == x.shape else _s.broadcast_to(x, shape=shape)


def _pair(a: Any, la: str, b: Any, lb: str, keep: set[str]) -> tuple[Any, str]:
    """The product of two tensors, summed over the labels that nobody needs any more."""
    a, la = _summed(a, la, keep | set(lb))
    b, lb = _summed(b, lb, keep | set(la))
    sizes: dict[str, Dim] = dict(zip(la, a.shape, strict=True))
    for c, d in zip(lb, b.shape, strict=True):
        sizes[c] = broadcast((sizes[c],), (d,))[0] if c in sizes else d
    a, b = _spread(a, la, sizes), _spread(b, lb, sizes)
    batch = "".join(c for c in la if c in lb and c in keep)
    inner = "".join(c for c in la if c in lb and c not in keep)
    rows = "".join(c for c in la if c not in lb)
    columns = "".join(c for c in lb if c not in la)
    if not inner and not (rows and columns):
        return _product(a, la, b, lb, batch + rows + columns)
    lead = tuple(sizes[c] for c in batch)
    m, k, n = (_size(part, sizes) for part in (rows, inner, columns))
    left = _s.reshape(_ordered(a, la, batch + rows + inner), shape=(*lead, m, k))
    right = _s.reshape(_ordered(b, lb, batch + inner + columns), shape=(*lead, k, n))
    found = batch + rows + columns
    return _s.reshape(matrix_product(left, right), shape=tuple(sizes[c] for c in found)), found


def _product(a: Any, la: str, b: Any, lb: str, labels: str) -> tuple[Any, str]:
    """An elementwise product, the axes of both in the order `labels`."""

    def placed(x: Any, own: str) -> Any:
        x = _ordered(x, own, "".join(c for c in labels if c in own))
        sizes = iter(x.shape)
        return _s.reshape(x, shape=tuple(next(sizes) if c in own else 1 for c in labels))

    return placed(a, la) * placed(b, lb), labels


def _cheapest(terms: list[tuple[Any, str]]) -> tuple[int, int]:
    """The pair whose product costs least: the operands are few, so all pairs are tried."""
    sizes: dict[str, int] = {}
    for x, labels in terms:
        for c, d in zip(labels, x.shape, strict=True):
            sizes[c] = max(sizes.get(c, 1), d or 1)
    pairs = [(i, j) for j in range(len(terms)) for i in range(j)]

    def cost(pair: tuple[int, int]) -> int:
        together = set(terms[pair[0]][1]) | set(terms[pair[1]][1])
        return math.prod(sizes[c] for c in together)

    return min(pairs, key=cost)


@composite(
    case((3, 4), (4, 5), subscripts="ij,jk->ik"),
    case((2, 3, 4), (2, 4, 5), subscripts="bij,bjk"),
    case((2, 3, 4), (4, 2), subscripts="...ij,jk->k...i"),
    case((3, 3), subscripts="ii->i"),
    case((3, 4), subscripts="ij->j"),
    case((3, 4), (4,), (3,), subscripts="ij,j,i->"),
    case((2, 3), (4,), subscripts="ij,k->kij"),
    case((2, 5, 3, 4), (2, 6, 3, 4), subscripts="bqhd,bkhd->bhqk"),
    name="einsum",
)
def _einsum(*operands: Any, subscripts: str) -> Any:
    tensors = summable(operands)
    labels, result = _parse(subscripts, [t.ndim for t in tensors])
    terms = [_unrepeated(t, c) for t, c in zip(tensors, labels, strict=True)]
    while len(terms) > 1:
        i, j = _cheapest(terms)
        rest = [t for k, t in enumerate(terms) if k not in (i, j)]
        keep = set(result).union(*(set(c) for _, c in rest))
        terms = [*rest, _pair(*terms[i], *terms[j], keep)]
    x, found = _summed(*terms[0], set(result))
    return _ordered(x, found, result)


@public
def einsum(subscripts: str, *operands: TensorLike, **kwargs: Any) -> Tensor:
    """The sum of products that `subscripts` says, in Einstein's notation.

    Args:
        subscripts: such as "ij,jk->ik". "..." stands for axes without a name; without "->" the
            result has the labels that occur once, in alphabetical order.
        operands: tensors.
        kwargs: accepted for compatibility (`optimize`); the order of products is chosen by size.
    """
    return _einsum(*operands, subscripts=subscripts)


@composite(
    case((3, 4, 2), (4, 2, 5)),
    case((3, 4), (4, 5), axes=1),
    case((3, 4), (5, 3), axes=((0,), (1,))),
    case((3,), (2,), axes=0),
)
def tensordot(x1: TensorLike, x2: TensorLike, axes: Any = 2) -> Tensor:
    """The sum of products over chosen axes.

    Args:
        x1, x2: tensors.
        axes: the axes of x1 and those of x2 to sum over, as a pair; or how many, the last ones of
            x1 and the first ones of x2.
    """
    a, b = promoted((x1, x2), "same")
    if np.ndim(axes) == 0:
        axes = whole("tensordot, axes", axes)
        if axes > min(a.ndim, b.ndim):
            raise ShapeError(
                "tensordot", expected=f"at least {axes} axes each", received=f"{a.shape}, {b.shape}"
            )
        left, right = list(range(a.ndim - axes, a.ndim)), list(range(axes))
    else:
        if len(axes) != 2:
            raise ArgumentError("tensordot, axes", expected="a pair", received=repr(axes))
        ends = [[e] if np.ndim(e) == 0 else list(e) for e in axes]
        left = [normalize_axis(i, a.ndim) for i in ends[0]]
        right = [normalize_axis(i, b.ndim) for i in ends[1]]
    if len(left) != len(right):
        raise ArgumentError("tensordot", expected="as many axes of each", received=axes)
    names = list(_LETTERS[: a.ndim + b.ndim])
    own, other = names[: a.ndim], names[a.ndim :]
    for i, j in zip(left, right, strict=True):
        other[j] = own[i]
    keep = set(names) - {own[i] for i in left}
    return _pair(a, "".join(own), b, "".join(other), keep)[0]


def _with_last(x1: Any, x2: Any, axis: int) -> Tensor:
    """The sum of products over the last axis of x1 and that axis of x2."""
    a, b = promoted((x1, x2), "same")
    if a.ndim == 0 or b.ndim == 0:
        return a * b
    return tensordot(a, b, axes=((a.ndim - 1,), (max(b.ndim + axis, 0),)))


@public
def dot(x1: TensorLike, x2: TensorLike) -> Tensor:
    """Matrix product; for more axes, the last of x1 with the second to last of x2."""
    return _with_last(x1, x2, -2)


@public
def inner(x1: TensorLike, x2: TensorLike) -> Tensor:
    """The sum of products over the last axes."""
    return _with_last(x1, x2, -1)


@composite(case((3,), (4,)), case((2, 2), (3,)))
def outer(x1: TensorLike, x2: TensorLike) -> Tensor:
    """All products of an element of x1 with one of x2: (size of x1, size of x2)."""
    return _s.reshape(x1, shape=(-1, 1)) * _s.reshape(x2, shape=(1, -1))


@public
def vdot(x1: TensorLike, x2: TensorLike) -> Tensor:
    """sum(conj(x1) * x2) of the flat tensors."""
    a, b = (_s.reshape(x, shape=(-1,)) for x in promoted((x1, x2), "same"))
    return matrix_product(_e.conj(a), b)


@composite(case((2, 3), (3, 2)), case((3,), (2, 2)))
def kron(x1: TensorLike, x2: TensorLike) -> Tensor:
    """The Kronecker product: x2 scaled by each element of x1, laid out in blocks."""
    a, b = promoted((x1, x2), "same")
    rank = max(a.ndim, b.ndim)
    left, right = ((1,) * (rank - t.ndim) + t.shape for t in (a, b))
    a = _s.reshape(a, shape=tuple(d for size in left for d in (size, 1)))
    b = _s.reshape(b, shape=tuple(d for size in right for d in (1, size)))
    pairs = zip(left, right, strict=True)
    return _s.reshape(a * b, shape=tuple(product(pair) for pair in pairs))


@composite(case((4, 3), (4, 3)), case((2, 3, 2), (2, 2, 3), axisa=1), case((2, 2), (2, 3)))
def cross(
    x1: TensorLike,
    x2: TensorLike,
    axisa: int = -1,
    axisb: int = -1,
    axisc: int = -1,
    axis: int | None = None,
) -> Tensor:
    """The vector product; vectors of two components lie in the plane.

    Args:
        x1, x2: tensors of vectors.
        axisa, axisb: which axis of x1 and x2 holds the 2 or 3 components.
        axisc: where they stand in the result; two plane vectors give a number instead.
        axis: all three at once.
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = promoted((x1, x2), "same")
    a, b = moveaxis(a, axisa, -1), moveaxis(b, axisb, -1)
    if a.shape[-1] not in (2, 3) or b.shape[-1] not in (2, 3):
        raise ShapeError(
            "cross", expected="vectors of 2 or 3 components", received=f"{a.shape} and {b.shape}"
        )
    u, v = (slices(t, t.ndim - 1, t.shape[-1]) for t in (a, b))
    last = u[0] * v[1] - u[1] * v[0]
    if len(u) == len(v) == 2:
        return last
    u, v = (w if len(w) == 3 else [*w, filled_like(w[0], 0)] for w in (u, v))
    found = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], last]
    shape = broadcast(*(f.shape for f in found))
    columns = [_s.expand_dims(_s.broadcast_to(f, shape=shape), axis=-1) for f in found]
    return moveaxis(_s.concatenate(*columns, axis=len(shape)), -1, axisc)
