"""associative_scan: all partial combinations of the slices of tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from kerasish.errors import ShapeError
from kerasish.graph.primitives import concatenate
from kerasish.graph.tensor import Tensor
from kerasish.hints import function
from kerasish.ops.control.functions import fill, tensors_of
from kerasish.ops.numpy.axes import slice_axis
from kerasish.ops.operation import public
from kerasish.spec import normalize_axis

Y = TypeVar("Y")


@public
def associative_scan(
    f: Callable[[Any, Any], Y], elems: Any, reverse: bool = False, axis: int = 0
) -> Y:
    """All partial combinations of the slices of `elems` along `axis`, in log2(size) rounds.

    In round k every slice is combined with the one 2**k before it (Hillis and Steele, 1986).

    Args:
        f: an associative function of two structures like `elems`, along whose axis it works
            slice by slice.
        elems: any structure of tensors with one size along `axis`.
        reverse: combine from the end.
        axis: the axis to scan.
    """
    function("associative_scan, f", f)
    leaves = tensors_of(elems)
    axes = [normalize_axis(axis, t.ndim) for t in leaves]
    sizes = {t.shape[a] for t, a in zip(leaves, axes, strict=True)}
    if len(sizes) != 1 or None in sizes:
        raise ShapeError(
            "associative_scan", expected=f"one known size along axis {axis}", received=sizes
        )
    size = int(sizes.pop() or 0)

    def part(tensors: Sequence[Tensor], start: int, count: int) -> list[Any]:
        return [slice_axis(t, a, start, count) for t, a in zip(tensors, axes, strict=True)]

    shift = 1
    while shift < size:
        near, far = part(leaves, 0, size - shift), part(leaves, shift, size - shift)
        # The operand that comes first in the order of combination goes first.
        first, second = (far, near) if reverse else (near, far)
        combined = tensors_of(f(fill(elems, first), fill(elems, second)))
        kept = part(leaves, size - shift if reverse else 0, shift)
        pairs = zip(combined, kept, axes, strict=True)
        leaves = [
            concatenate(*((new, old) if reverse else (old, new)), axis=a) for new, old, a in pairs
        ]
        shift *= 2
    return fill(elems, leaves)
