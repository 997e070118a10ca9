"""The search for the nearest input with another decision: proximal gradient steps, then pruning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kerasish import ops
from kerasish.errors import ArgumentError
from kerasish.explain.running import Explained, Step
from kerasish.explain.scene import Scene
from kerasish.graph.tensor import Tensor, convert_to_tensor, tensor_of

_PRUNED = 64  # changed columns that are tried one by one
_HALVINGS = 16  # of the way back to the boundary
_FAR = 1e30


@dataclass(frozen=True, eq=False)
class Space:
    """The columns that can move, side by side, and how they may.

    Attributes:
        parts: the leaves of the input.
        movable: which of them lie in `start`.
        start: (rows, columns) where the columns are, float64.
        names: of the columns.
        free, whole: (columns,) which may move, and which by whole numbers.
        low, high, scale: (columns,).
    """

    parts: list[np.ndarray]
    movable: list[bool]
    start: np.ndarray
    names: list[str]
    free: np.ndarray
    low: np.ndarray
    high: np.ndarray
    whole: np.ndarray
    scale: np.ndarray

    @classmethod
    def of(
        cls,
        explained: Explained,
        movable: list[bool],
        free: list[np.ndarray],
        ends: list[np.ndarray],
        steps: list[np.ndarray],
        scale: list[np.ndarray],
    ) -> Space:
        """A space of what is said of every leaf."""

        def joined(each: Sequence[np.ndarray]) -> np.ndarray:
            return np.concatenate([v.reshape(-1) for v, m in zip(each, movable, strict=True) if m])

        rows = explained.rows
        kept = [v for v, m in zip(explained.leaves, movable, strict=True) if m]
        return cls(
            explained.leaves,
            movable,
            np.concatenate([v.reshape(rows, -1) for v in kept], axis=1).astype(np.float64),
            _columns(explained.names, explained.leaves, movable),
            joined(free),
            joined([end[0] for end in ends]),
            joined([end[1] for end in ends]),
            joined(steps),
            joined(scale),
        )

    def leaves(self, flat: np.ndarray, rows: np.ndarray) -> list[np.ndarray]:
        """The leaves of some rows of the input with their columns at `flat`."""
        found: list[np.ndarray] = []
        at = 0
        for leaf, moves in zip(self.parts, self.movable, strict=True):
            if not moves:
                found.append(leaf[rows])
                continue
            size = leaf[0].size
            found.append(flat[:, at : at + size].reshape(len(rows), *leaf.shape[1:]))
            at += size
        return [v.astype(leaf.dtype) for v, leaf in zip(found, self.parts, strict=True)]

    def joined(self, leaves: Sequence[np.ndarray]) -> np.ndarray:
        """(rows, columns) of values of all leaves."""
        kept = [v for v, moves in zip(leaves, self.movable, strict=True) if moves]
        return np.concatenate([v.reshape(len(v), -1) for v in kept], axis=1).astype(np.float64)

    def reach(self, start: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(least, most) that columns can move from `start`, in scales."""
        low, high = self.low - start, self.high - start
        low = np.where(self.whole, np.ceil(low), low)
        high = np.where(self.whole, np.floor(high), high)
        low, high = np.minimum(low, 0) / self.scale, np.maximum(high, 0) / self.scale
        return np.where(self.free, low, 0.0), np.where(self.free, high, 0.0)

    def at(self, start: np.ndarray, moves: np.ndarray) -> np.ndarray:
        """Where columns are that were moved from `start`, by so many scales, as they may be."""
        by = np.clip(moves, *self.reach(start)) * self.scale
        return start + np.where(self.whole, np.round(by), by)

    def moved(self, start: np.ndarray, flat: np.ndarray) -> np.ndarray:
        """By how many scales columns were moved."""
        return (flat - start) / self.scale


def _columns(called: Sequence[str], leaves: Sequence[np.ndarray], movable: list[bool]) -> list[str]:
    found: list[str] = []
    for name, leaf, moves in zip(called, leaves, movable, strict=True):
        if moves and leaf[0].size == 1:
            found.append(name)
        elif moves:
            found += [f"{name}[{', '.join(map(str, at))}]" for at in np.ndindex(leaf.shape[1:])]
    return found


# --- what a decision lacks --------------------------------------------------------------------

Gap = Any  # (scene, *side) -> (gap, what each element of the output counts for it)


@dataclass(frozen=True)
class Side:
    """The decision that is wanted.

    Attributes:
        gap: (scene, *given) -> ((rows,) how far the score is on the right side of its boundary,
            what each element of the output counts for it).
        given: (rows,) arrays or numbers that it takes.
    """

    gap: Gap
    given: tuple[Any, ...]


def sides(explained: Explained, classes: Any, interval: tuple[float, float] | None) -> Side:
    """The side of the boundary where a class or range is; the output must be one row of units.

    Raises:
        ArgumentError: no such class, or one of an output that decides nothing.
    """
    units = explained.predictions.shape[1:]
    if interval is not None:
        if int(np.prod(units)) != 1:
            raise ArgumentError(
                "target", expected="a class of this output", received=f"{interval} of {units}"
            )
        ends = np.clip(interval, -_FAR, _FAR).astype(np.float32)
        return Side(_into_range, (ends[0], ends[1]))
    if len(units) > 1:
        raise ArgumentError("output", expected="a row of classes", received=f"rows of {units}")
    count = max(2, int(np.prod(units)))
    given = np.asarray(classes)
    wrong = given.dtype.kind not in "iu" or given.shape not in ((), (explained.rows,))
    if wrong or (given < 0).any() or (given >= count).any():
        raise ArgumentError(
            "target",
            expected=f"a class of 0 to {count - 1}, for all rows or each; or (low, high)",
            received=repr(classes),
        )
    each = np.broadcast_to(given, (explained.rows,))
    if int(np.prod(units)) == 1:
        return Side(_to_side, (np.where(each == 1, 1, -1).astype(np.float32),))
    explained.seed = np.eye(count, dtype=np.float32)[each]
    return Side(_above_others, ())


def _into_range(scene: Scene, low: Tensor, high: Tensor) -> Any:
    score = scene.score()
    rising = score - low < high - score
    return ops.minimum(score - low, high - score), _signed(scene, ops.where(rising, 1.0, -1.0))


def _to_side(scene: Scene, sign: Tensor) -> Any:
    if scene.final.op.name != "sigmoid":
        raise ArgumentError(
            "target",
            expected="(low, high), as the output has one unit and no sigmoid behind it",
            received="a class",
        )
    boundary = 0.5 if scene.output is scene.final else 0.0
    return sign * (scene.score() - boundary), _signed(scene, sign)


def _signed(scene: Scene, sign: Tensor) -> Tensor:
    shape = scene.seed.shape
    return scene.seed * ops.reshape(sign, (shape[0], *(1,) * (len(shape) - 1)))


def _above_others(scene: Scene) -> Any:
    said = tensor_of(scene.output)
    others = ops.where(scene.seed > 0, -_FAR, said)
    rival = ops.one_hot(ops.argmax(others, axis=-1), said.shape[-1], dtype=said.dtype)
    counts = scene.seed - rival
    return ops.sum(counts * said, axis=-1), counts


# --- the search -------------------------------------------------------------------------------


@dataclass
class Best:
    """What was found: (rows, columns), its distance, and what the model says about it."""

    flat: np.ndarray
    distance: np.ndarray
    said: np.ndarray


def nearest(
    explained: Explained,
    space: Space,
    side: Side,
    costs: tuple[float, float],
    weights: Sequence[float],
    steps: int,
    rate: float,
    margin: float,
) -> Best:
    """The nearest of every row, batch by batch; see `counterfactual`."""

    def method(scene: Scene, *given: Tensor) -> Any:
        gap, counts = side.gap(scene, *given)
        slopes = scene.by_input(replace(scene, seed=counts).gradients())
        return gap, slopes, tensor_of(scene.final)

    step = explained.step(method)
    size = min(explained.batch_size, explained.rows)
    found: list[Best] = []
    for start in range(0, explained.rows, size):
        rows = np.arange(start, start + size).clip(max=explained.rows - 1)
        search = _Search(explained, space, side, step, rows, costs, margin)
        for weight in weights:
            search.descend(float(weight), steps, rate)
        search.go_back()
        search.prune()
        search.go_back()
        keep = min(size, explained.rows - start)
        best = search.told()
        found.append(Best(best.flat[:keep], best.distance[:keep], best.said[:keep]))
    each = ((b.flat, b.distance, b.said) for b in found)
    return Best(*(np.concatenate(part) for part in zip(*each, strict=True)))


class _Search:
    """The search of one batch."""

    def __init__(
        self,
        explained: Explained,
        space: Space,
        side: Side,
        step: Step,
        rows: np.ndarray,
        costs: tuple[float, float],
        margin: float,
    ) -> None:
        self.space, self.step, self.rows, self.margin = space, step, rows, margin
        self.l1, self.l2 = costs
        given = (explained.seed, *side.given)
        self.given = [convert_to_tensor(v[rows] if np.ndim(v) else v) for v in given]
        self.start = space.start[rows]
        self.moves = np.zeros_like(self.start)  # of the nearest that was found
        self.distance = np.full(len(rows), np.inf)
        self.keep(self.moves, self.looked(self.moves)[0])

    def looked(self, moves: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(gap past the margin, its slope by the moves, what the model says) of moved rows."""
        leaves = self.space.leaves(self.space.at(self.start, moves), self.rows)
        gap, slopes, said = self.step([convert_to_tensor(v) for v in leaves], self.given)
        slope = self.space.joined([s.numpy() for s in slopes])
        slope = slope * self.space.scale * self.space.free
        return gap.numpy().astype(np.float64) - self.margin, slope, said.numpy()

    def keep(self, moves: np.ndarray, gap: np.ndarray) -> np.ndarray:
        """Keep rows that decide as wanted and are nearer; returns which."""
        by = self.space.moved(self.start, self.space.at(self.start, moves))
        far = self.l1 * np.abs(by).sum(axis=1) + self.l2 / 2 * np.square(by).sum(axis=1)
        better = (gap >= 0) & (far < self.distance)
        self.moves = np.where(better[:, None], by, self.moves)
        self.distance = np.where(better, far, self.distance)
        return better

    def descend(self, weight: float, steps: int, rate: float) -> None:
        """Proximal gradient steps at one weight of the decision."""
        moves = np.zeros_like(self.start)
        gap, slope, _ = self.looked(moves)
        first = np.abs(slope).max(axis=1, keepdims=True)
        weighs = weight * max(self.l1 + self.l2, 1e-6) / np.where(first > 0, first, 1.0)
        low, high = self.space.reach(self.start)
        for turn in range(steps):
            push = np.where(gap[:, None] < 0, weighs * slope, 0.0)
            push = np.where((push > 0) & (moves >= high) | (push < 0) & (moves <= low), 0.0, push)
            top = np.abs(push).max(axis=1, keepdims=True)
            by = rate * (1 - turn / (2 * steps)) / np.maximum(top, max(self.l1 + self.l2, 1e-6))
            moves = moves + by * (push - self.l2 * moves)
            moves = np.sign(moves) * np.maximum(np.abs(moves) - by * self.l1, 0)
            moves = np.clip(moves, low, high)
            gap, slope, _ = self.looked(moves)
            self.keep(moves, gap)

    def prune(self) -> None:
        """Put columns back, the least changed first, where that and going on with the others by
        what is then lacking ends nearer."""
        changed = np.abs(self.moves)
        order = np.argsort(np.where(changed > 0, changed, np.inf), axis=1)
        for turn in range(min(_PRUNED, int((changed > 0).sum(axis=1).max()))):
            moves = self.moves.copy()
            moves[np.arange(len(moves)), order[:, turn]] = 0
            gap, slope, _ = self.looked(moves)
            self.keep(moves, gap)
            rise = (slope * moves).sum(axis=1)
            further = np.clip(1.001 * -gap / np.where(rise > 0, rise, np.inf), 0, 1)
            moves = moves * (1 + further[:, None])
            self.keep(moves, self.looked(moves)[0])

    def go_back(self) -> None:
        """Go back to the boundary on the straight way."""
        moves = self.moves.copy()
        low, high = np.zeros((2, len(moves), 1))
        high[:] = 1
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            gap = self.looked(moves * middle)[0]
            self.keep(moves * middle, gap)
            good = gap[:, None] >= 0
            low, high = np.where(good, low, middle), np.where(good, middle, high)

    def told(self) -> Best:
        """The nearest, and what the model says about it."""
        said = self.looked(self.moves)[2]
        return Best(self.space.at(self.start, self.moves), self.distance, said)
