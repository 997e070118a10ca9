"""Functions of slices, done for all slices at once: vectorized_map and associative_scan."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from kerasish import tree
from kerasish.errors import GraphError, ShapeError
from kerasish.graph.batching import lift, spread
from kerasish.graph.primitives import concatenate
from kerasish.graph.tensor import Tensor, convert_to_tensor
from kerasish.graph.trace import Slot
from kerasish.graph.variable import Variable
from kerasish.hints import function as called
from kerasish.ops.control import batching as batching  # registers how control flow is batched
from kerasish.ops.control.bodies import trace_part
from kerasish.ops.control.functions import fill, tensors_of
from kerasish.ops.numpy.axes import slice_axis
from kerasish.ops.operation import public
from kerasish.spec import Dim, TensorSpec, normalize_axis

Y = TypeVar("Y")


@public
def vectorized_map(function: Callable[[Any], Y], elements: Any) -> Y:
    """`function` applied to every slice of `elements` along the leading axis, stacked.

    The function is traced once, for one slice; every op in it is then done for all slices at
    once (`Op.batch`), so nothing is repeated in Python. Only an op that has no batching rule for
    its operands is run slice by slice, alone, as a `scan` that printed graphs show. Tensors and
    variables from outside are the same for every slice, gradients flow to them, and maps nest.
    As in Keras with JAX, a draw from a `SeedGenerator` inside is one draw: every slice gets the
    same numbers, and the generator moves on once.

    Args:
        function: takes one slice of `elements`, in their structure; returns any structure of
            tensors. What does not depend on the slice is repeated for each; None stays None.
            It sees symbolic tensors, so it cannot branch on values in Python.
        elements: any structure of tensors with one leading size.

    Raises:
        ShapeError: the leading sizes differ, or a tensor has none.
        GraphError: a variable would be assigned a value that differs from slice to slice.

    Example:
        >>> from kerasish import ops
        >>> ops.vectorized_map(lambda x: ops.sum(x * x), ops.ones((3, 2))).numpy().tolist()
        [2.0, 2.0, 2.0]
    """
    called("vectorized_map, function", function)
    given = [None if leaf is None else convert_to_tensor(leaf) for leaf in tree.flatten(elements)]
    tensors = [t for t in given if t is not None]
    rows = _rows(tensors)

    def body(*row: Tensor) -> Any:
        rest = iter(row)
        filled = [None if t is None else next(rest) for t in given]
        result = function(tree.pack_sequence_as(elements, filled))
        return tree.map_structure(lambda y: y if y is None else convert_to_tensor(y), result)

    specs = [TensorSpec(t.shape[1:], t.dtype) for t in tensors]
    inputs, outputs, structure, assigned = trace_part(body, specs)
    known = {n: (t, True) for n, t in zip(inputs, tensors, strict=True)}
    found = lift(outputs, known, rows)
    _assign(assigned, found[len(found) - len(assigned) :])
    results = [t if stacked else spread(t, rows) for t, stacked in found]
    return tree.map_structure(lambda s: results[s] if isinstance(s, Slot) else s, structure)


def _rows(tensors: Sequence[Tensor]) -> Dim:
    sizes = {t.shape[0] if t.shape else "no axis" for t in tensors}
    known = sizes - {None}
    if len(known) > 1 or "no axis" in sizes or not sizes:
        raise ShapeError(
            "vectorized_map",
            expected="tensors with one leading size",
            received=", ".join(str(t.shape) for t in tensors) or "no tensors",
        )
    return next(iter(known), None)  # type: ignore[return-value]


def _assign(variables: Sequence[Variable], found: Sequence[Any]) -> None:
    for variable, (value, stacked) in zip(variables, found, strict=True):
        if stacked:
            raise GraphError(
                "vectorized_map",
                expected=f"variable {variable.path!r} to be assigned what is the same for every "
                "row",
                received="a value that differs from row to row",
                fix="Return it, and assign what you make of all rows afterwards.",
            )
        variable.assign(value)


# --- associative_scan -----------------------------------------------------------------------------


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
    called("associative_scan, f", f)
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
