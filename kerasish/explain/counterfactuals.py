"""Counterfactuals: the nearest input that the model decides otherwise about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kerasish.errors import ArgumentError
from kerasish.explain.attribution import Pictured
from kerasish.explain.nearest import Space, nearest, sides
from kerasish.explain.parts import members
from kerasish.explain.running import Explained
from kerasish.hints import hinted, is_number, whole
from kerasish.models import Model
from kerasish.names import load
from kerasish.spec import is_float


@dataclass(frozen=True)
class Change:
    """One column of one row: its name, what it was and what it becomes."""

    name: str
    before: float
    after: float

    def __str__(self) -> str:
        return f"{self.name}: {self.before:.6g} -> {self.after:.6g}"


@dataclass(frozen=True, eq=False)
class Counterfactual(Pictured):
    """The nearest inputs with another decision.

    Attributes:
        values: (rows, ...) these inputs, in the structure of the input; x itself where none was
            found.
        x: the input.
        found: (rows,) whether there is one.
        before, after: (rows, ...) what the model says about x and about `values`.
        distance: (rows,) how far `values` are from x, as they were searched for; infinite where
            none was found.
        changes: of each row the columns that change.
    """

    values: Any
    x: Any
    found: np.ndarray
    before: np.ndarray
    after: np.ndarray
    distance: np.ndarray
    changes: tuple[tuple[Change, ...], ...]

    def __len__(self) -> int:
        return len(self.found)

    def __repr__(self) -> str:
        lines = [f"counterfactuals of {len(self)} rows, {int(self.found.sum())} found"]
        for row, changes in enumerate(self.changes[:10]):
            if not self.found[row]:
                lines.append(f"row {row}: none found")
                continue
            said = f"{_said(self.before[row])} -> {_said(self.after[row])}"
            lines.append(f"row {row}: the model says {said}" + ("" if changes else ", as it is"))
            lines += [f"  {change}" for change in changes[:20]]
            lines += [f"  and {len(changes) - 20} more"] if len(changes) > 20 else []
        return "\n".join([*lines, *(["..."] if len(self) > 10 else [])])

    def _picture(self) -> Any:
        return load("kerasish.explain.pictures").counterfactual(self)


def _said(output: np.ndarray) -> str:
    return np.array2string(output.reshape(-1), precision=3, suppress_small=True, threshold=8)


@hinted
def counterfactual(
    model: Model,
    x: Any,
    target: Any,
    *,
    fixed: Any = (),
    bounds: Any = None,
    whole_numbers: Any = (),
    background: Any = None,
    l1: float = 1.0,
    l2: float = 0.1,
    weights: Sequence[float] = (1.5, 4.0, 16.0, 64.0, 1024.0),
    steps: int = 200,
    rate: float = 0.1,
    margin: float = 1e-3,
    **choice: Any,
) -> Counterfactual:
    """The nearest input of which the model says something else, and what had to change for it.

    Wachter et al., "Counterfactual explanations without opening the black box" (2017), section 3:
    min over x' of weight * (what the decision lacks) + l1 |x' - x| + l2 / 2 |x' - x|^2, columns in
    their scale. The first norm makes most columns stay (proximal gradient steps). What is found is
    then made nearer: columns whose change is not needed go back, and the rest goes back as far as
    the decision holds. There may be a nearer one that no gradient leads to.

    Args:
        model: the model.
        x: its input, (rows, ...) or a structure of such. Inputs of whole numbers stay as they are,
            and so does what layers on the host make of texts.
        target: the decision that is wanted: a class, or one per row (of one sigmoid unit 0 or 1);
            or (low, high), the range of an output with one unit, None for an open end.
        fixed: columns that may not change, numbers or names as in `shapley`.
        bounds: (low, high) of all columns, or {column: (low, high)}, None for an open end. A value
            that is outside already may stay.
        whole_numbers: columns that change by whole numbers only.
        background: rows like x whose median absolute deviation is the scale of each column; 1
            without them, and where it is 0.
        l1, l2: what the change costs, in scales.
        weights: what the decision weighs against the change, relative to what first moves a column,
            one after another; the nearest input of all is kept.
        steps: gradient steps for each weight.
        rate: the most that a column moves in a step, in scales.
        margin: how far past its boundary the score must be; that before a last softmax or sigmoid.
        choice: `output` (which of several), `before_activation`, `batch_size`; see `Explained`.

    Raises:
        ArgumentError: no such class or column, an empty range, or an input without floats.

    Example:
        >>> import numpy as np
        >>> import kerasish as keras
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, "sigmoid")])
        >>> model.set_weights([np.array([[1.0], [-2.0]]), np.zeros(1)])
        >>> x = np.array([[1, 2]], "float32")
        >>> print(keras.explain.counterfactual(model, x, 1, whole_numbers=[0], fixed=[1]))
        counterfactuals of 1 rows, 1 found
        row 0: the model says [0.047] -> [0.731]
          x[0]: 1 -> 5
    """
    interval = _interval(target, margin)
    classes = None if interval else target
    options = {"before_activation": interval is None} | choice
    explained = Explained(model, x, 0 if interval else None, **options)
    side = sides(explained, classes, interval)
    space = _space(explained, fixed, bounds, whole_numbers, background)
    steps = whole("steps", steps, least=1)
    for what, value in (("l1", l1), ("l2", l2), ("rate", rate), ("margin", margin)):
        if not is_number(value) or value < 0:
            raise ArgumentError(what, expected="a number of 0 or more", received=repr(value))
    best = nearest(explained, space, side, (l1, l2), weights, steps, rate, margin)
    leaves = space.leaves(best.flat, np.arange(explained.rows))
    called = space.names
    changes = tuple(
        tuple(Change(called[i], float(a[i]), float(b[i])) for i in np.flatnonzero(a != b))
        for a, b in zip(space.start, best.flat, strict=True)
    )
    return Counterfactual(
        explained.structured(leaves),
        explained.structured(explained.leaves),
        np.isfinite(best.distance),
        explained.predictions,
        best.said,
        best.distance,
        changes,
    )


def _interval(target: Any, margin: float) -> tuple[float, float] | None:
    """The range that is wanted, if one is."""
    if not isinstance(target, tuple):
        return None
    if len(target) != 2 or any(not is_number(v) and v is not None for v in target):
        raise ArgumentError("target", expected="a class, or (low, high)", received=repr(target))
    low, high = _ends(target)
    if high - low <= 2 * margin:
        raise ArgumentError(
            "target",
            expected=f"a range wider than twice the margin {margin}",
            received=repr(target),
            fix="Give a wider one, or a smaller margin=.",
        )
    return low, high


def _ends(given: Any) -> tuple[float, float]:
    low, high = given
    return -np.inf if low is None else float(low), np.inf if high is None else float(high)


def _space(
    explained: Explained, fixed: Any, bounds: Any, whole_numbers: Any, background: Any
) -> Space:
    """Which columns move, how far, and in which steps."""
    leaves = explained.leaves
    shapes = [leaf.shape[1:] for leaf in leaves]
    each = zip(shapes, leaves, explained.passed, strict=True)
    free = [np.full(s, given and is_float(v.dtype.name)) for s, v, given in each]
    if not any(part.any() for part in free):
        raise ArgumentError(
            "x",
            expected="an input of floats that can change by a little",
            received=f"{[leaf.dtype.name for leaf in leaves]}",
            fix="Give numbers as floats: x.astype('float32'). What is looked up is explained "
            "behind the layer that does: keras.Model(layer.output, model.output).",
        )
    movable = [bool(part.any()) for part in free]

    def marked(what: str, given: Any) -> list[np.ndarray]:
        made = [np.zeros(s, bool) for s in shapes]
        for leaf, at in members(what, given, explained.names, leaves):
            made[leaf][at] = True
        return made

    stays, steps = marked("fixed", fixed), marked("whole_numbers", whole_numbers)
    ends = [np.stack([np.full(s, -np.inf), np.full(s, np.inf)]) for s in shapes]
    if bounds is not None:
        each = bounds if isinstance(bounds, dict) else {n: bounds for n in explained.names}
        for key, given in each.items():
            if not isinstance(given, (tuple, list)) or len(given) != 2:
                raise ArgumentError("bounds", expected="(low, high)", received=repr(given))
            low, high = _ends(given)
            if low > high:
                raise ArgumentError("bounds", expected="low <= high", received=repr(given))
            for leaf, at in members("bounds", key, explained.names, leaves):
                ends[leaf][(0, *at)], ends[leaf][(1, *at)] = low, high
    scale = [np.ones(s) for s in shapes]
    if background is not None:
        held = explained.rows_like_x("background", background)
        for one, rows, moves in zip(scale, held, movable, strict=True):
            if moves:
                off = np.median(np.abs(rows - np.median(rows, axis=0)), axis=0)
                one[...] = np.where(off > 0, off, 1.0)
    for part, held_still in zip(free, stays, strict=True):
        part &= ~held_still
    return Space.of(explained, movable, free, ends, steps, scale)
