"""Data ready to train on: what a model reads, the facts of it, and the way back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from kerasish import layers
from kerasish.config import floatx
from kerasish.data.dataset import Dataset
from kerasish.data.sequence import Cut, Windows
from kerasish.errors import DataError
from kerasish.layers.augmentation.base import ImageLayer
from kerasish.models.feature_space import size_of
from kerasish.ops.symbol import KerasTensor
from kerasish.preparation.columns import Columns, missing, with_filled
from kerasish.preparation.later import Finish, Later
from kerasish.preparation.learning import Learning
from kerasish.preparation.parts import Parts
from kerasish.preparation.refused import check_finite, weights_of
from kerasish.preparation.table import Table
from kerasish.preparation.way_back import target_of
from kerasish.preparation.windows import Window, in_series, moments
from kerasish.spec import TEXT, TensorSpec, is_int

Symbols = Mapping[str, KerasTensor]
BUFFER = 10_000  # rows among which a stream is shuffled


@dataclass(frozen=True)
class Part:
    """One part of the data.

    Attributes:
        table: its rows.
        x, y, sample_weight: by name, arrays (rows, ...), or series where there are windows; inputs
            that are read from their files when rows are asked for are `Later`.
        moments: the rows of the series at which windows are; None without windows.
        series: all rows, series after series: what moments count.
        dropped: rows or windows that were left out, since a target is missing.
    """

    table: Table
    x: dict[str, Any]
    y: dict[str, np.ndarray]
    sample_weight: np.ndarray | None = None
    moments: np.ndarray | None = None
    dropped: int = 0
    series: Table | None = None

    def __len__(self) -> int:
        return len(self.table) if self.moments is None else len(self.moments)

    @property
    def later(self) -> bool:
        """Whether inputs are made when rows are asked for."""
        return any(isinstance(values, Later) for values in self.x.values())


@dataclass
class Prepared:
    """Parts of data as a model reads them.

    Args:
        parts: the rows of each part.
        columns: the columns, whose layers have learned from the training part.
        x: the inputs by name, symbols that come from `columns`.
        y: the targets by name.
        sample_weight: a column that weighs the rows.
        window: windows of a series, in the place of single rows.
        batch_size: rows of a step.
        shuffle: whether every epoch trains in another order.
        augment: layers called on x in training only.
        cache: whether rows that are read from their files are kept after the first time: True in
            memory, a name in that folder.
    """

    parts: Parts
    columns: Columns
    x: Symbols
    y: Symbols
    sample_weight: str | None = None
    window: Window | None = None
    batch_size: int = 32
    shuffle: bool = True
    augment: Sequence[Any] = ()
    cache: bool | str = False
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._made: dict[str, Part] = {}
        asked = [
            *self.columns.inputs(self.y),
            *([self.sample_weight] if self.sample_weight else []),
        ]
        for table in self.parts.given().values():
            table.load(asked)
        train = self.part("train")
        self.targets = {
            name: target_of(name, symbol, train.y[name]) for name, symbol in self.y.items()
        }

        self._warn_of_order()
        if any(isinstance(layer, ImageLayer) for layer in self.augment):
            self._check_images()

    def _check_images(self) -> None:
        """Refuse to augment what is no image: a picture without channels is taken for a batch."""
        shapes = {name: self.shape(name) for name in self.x}
        images = [name for name, shape in shapes.items() if len(shape) == 3]
        if len(images) == len(self.x) == 1:
            return
        shown = ", ".join(f"{name} {list(shape)}" for name, shape in shapes.items())
        raise DataError(
            "augment",
            expected="one input of images, [height, width, channels]",
            received=shown,
            fix="Reshape: [28, 28, 1] in the entry gives grey pictures their channel."
            if len(self.x) == 1
            else "Augment in the model, behind the input that is meant.",
        )

    def _warn_of_order(self) -> None:
        """Say that a validation part has one class only, which tells little."""
        validation = self.parts.validation
        for name, target in self.targets.items() if validation is not None else ():
            if target.classes is None or len(target.classes) < 2:
                continue
            held = np.unique(np.asarray(self.part("validation").y[name]))
            if len(held) == 1 and len(np.unique(np.asarray(self.part("train").y[name]))) > 1:
                at = int(held[0])
                only = target.classes[at] if 0 <= at < len(target.classes) else at
                self.notes.append(
                    f"the validation part holds one class of {name!r} only ({only}): are the rows "
                    f"sorted by it? validation: {{split: 0.1, stratify: {target.columns[0]}}} "
                    "takes the same share of each"
                )

    # --- parts ----------------------------------------------------------------------------------

    def part(self, name: str) -> Part:
        """The part "train", "validation" or "test".

        Raises:
            DataError: there is none of that name, or its values cannot be trained on.
        """
        if name not in self._made:
            table = self.parts.get(name)
            if table is None:
                raise DataError("The data", expected=f"a part {name!r}", received="none")
            self._made[name] = self.prepare(table, f"the {name} part")
        return self._made[name]

    def prepare(self, table: Table, what: str = "the data") -> Part:
        """The rows of any table with these columns, prepared as the training part is."""
        if self.window is not None:
            return self._windows(table, what)
        kept, dropped = self._with_targets(table)
        if not len(kept) and len(table):
            column = next(iter(self.columns.inputs(self.y)))
            raise DataError(
                f"The target of {what}", expected=f"values in column {column!r}",
                received="none, all are missing", about=f"column.{column}",
            )  # fmt: skip
        if dropped:
            self.notes.append(f"{dropped} rows of {what} have no target and were left out")
        kept = with_filled(kept, self.columns.filled)
        x: dict[str, Any] = {}
        if kept.at_hand(self.columns.inputs(self.x)):
            x = self.columns.run(self.x, kept)
            check_finite(x, self.x, self.columns, kept)
        else:
            x = {name: Later(self.columns, s, kept) for name, s in self.x.items()}
        y = self.columns.run(self.y, kept)
        return Part(kept, x, y, weights_of(kept, self.sample_weight), None, dropped)

    def _with_targets(self, table: Table) -> tuple[Table, int]:
        """The rows whose targets are there."""
        gone = np.zeros(len(table), bool)
        for name in self.columns.inputs(self.y):
            gone |= missing(table, name)
        if not gone.any():
            return table, 0
        return table.choose(np.flatnonzero(~gone)), int(gone.sum())

    # --- windows --------------------------------------------------------------------------------

    def _windows(self, table: Table, what: str) -> Part:
        window = self.window or Window()
        table = with_filled(table, self.columns.filled)
        names = [*self.columns.inputs(self.x), *self.columns.inputs(self.y), *table.time]
        names += [self.sample_weight] if self.sample_weight else []
        if not table.by_number(table.names):
            table = table.held([*names, *([table.group] if table.group else [])])
        base = in_series(replace(table, rows=None))
        x, y = self._series(base)
        spans = {name: window.span(name, False) for name in self.x}
        targets = {name: window.span(name, True) for name in self.y}
        owned = targets or spans  # rows that must be the part's own
        at = moments(table, base, list(spans.values()), list(owned.values()), window.stride)
        if not len(at):
            raise DataError(
                f"The windows of {what}",
                expected=f"rows that follow each other, {window.length(spans, targets)} of them",
                received=f"{len(table)} rows, none with a whole window around it",
            )
        whole = len(at)
        at = self._complete(at, y, targets)
        no_target = whole - len(at)
        at = self._complete(at, x, spans, base)
        if no_target:
            self.notes.append(f"{no_target} windows of {what} have no target and were left out")
        if whole - no_target - len(at):
            count = whole - no_target - len(at)
            self.notes.append(f"{count} windows of {what} begin before the first value of an input")
        if not len(at):
            raise DataError(f"The windows of {what}", expected="one with a target", received="none")
        return Part(table, x, y, weights_of(base, self.sample_weight), at, whole - len(at), base)

    def begins(self, part: Part) -> np.ndarray:
        """The first row of every window of a part, as its moments count them."""
        window = self.window or Window()
        spans = [window.span(name, False) for name in self.x]
        return np.asarray(part.moments) + min(low for low, _ in spans)

    def _complete(
        self,
        at: np.ndarray,
        series: Mapping[str, np.ndarray],
        spans: Mapping[str, tuple[int, int]],
        base: Table | None = None,
    ) -> np.ndarray:
        """The moments whose windows have no gap; with `base`, gaps must be filled."""
        for name, values in series.items():
            if values.dtype.kind != "f":
                continue
            low, high = spans[name]
            gone = np.isnan(values.reshape(len(values), -1)).any(axis=1)
            held = np.concatenate([[0], np.cumsum(gone)])
            fits = held[at + high] == held[at + low]
            if base is not None and not fits.all():
                self._refuse_gaps(name, np.asarray(gone), base)
            at = at[fits]
        return at

    def _refuse_gaps(self, name: str, gone: np.ndarray, base: Table) -> None:
        columns = self.columns.inputs({name: self.x[name]})
        if any(column in self.columns.filled for column in columns):
            return
        row = int(gone.argmax())
        column = next((one for one in columns if missing(base, one)[row]), None)
        raise DataError(
            base.where(row, column),
            expected="a number",
            received=f"a missing value, one of {int(gone.sum())} rows",
            fix="Fill them with fill: previous (or mean, median, a number).",
            about=f"column.{column or (columns and next(iter(columns)))}",
        )

    def _series(self, base: Table) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Inputs and targets for every row of a series."""
        held = vars(self).setdefault("_held_series", {})
        key = id(base.columns)
        if key not in held:
            x, y = self.columns.run(self.x, base), self.columns.run(self.y, base)
            held[key] = (
                {name: _row_form(a, False) for name, a in x.items()},
                {name: _row_form(a, True) for name, a in y.items()},
            )
        return held[key]

    def cuts(self, part: Part) -> tuple[Any, Any]:
        """What the windows of a part are cut from: of inputs and of targets."""
        window = self.window or Window()

        def cut(name: str, series: np.ndarray, is_target: bool) -> Cut:
            low, high = window.span(name, is_target)
            if is_target and high - low == 1:
                return Cut(series[low:] if low else series)
            return Cut(series, np.arange(low, high))

        x = {name: cut(name, series, False) for name, series in part.x.items()}
        y = {name: cut(name, series, True) for name, series in part.y.items()}
        return _alone(x), _alone(y)

    # --- what fit gets ----------------------------------------------------------------------------

    def dataset(self, part: Part) -> Dataset:
        """The elements of a part: (x, y) or (x, y, weight), one row each."""
        if part.later:
            return self._read(part, shuffle=False).unbatch()
        if part.moments is not None:
            x, y = self.cuts(part)
            if part.sample_weight is not None:  # a window counts as its moment does
                return Dataset(Windows((x, y, Cut(part.sample_weight)), part.moments))
            return Dataset(Windows((x, y) if part.y else x, part.moments))
        held = (_alone(part.x), _alone(part.y), part.sample_weight)
        held = held if part.sample_weight is not None else held[:2]
        return Dataset.from_tensor_slices(held if part.y else held[0])

    def learning(self, symbol: KerasTensor) -> Learning:
        """What a symbol of a model on these data is for the training rows: what `adapt` takes."""
        return Learning(self, symbol)

    def _read(self, part: Part, shuffle: bool) -> Dataset:
        """The batches of a part whose rows are read from their files."""
        columns = part.table.dataset(self.columns.inputs(self.x))
        if self.cache:
            columns = columns.cache(self.cache if isinstance(self.cache, str) else None)
        beside = {"y": _alone(part.y) if part.y else None, "weight": part.sample_weight}
        held = {name: value for name, value in beside.items() if value is not None}
        numbers = {"row": np.arange(len(part.table)), **held}
        elements = Dataset.zip((columns, Dataset.from_tensor_slices(numbers)))
        if shuffle:
            streamed = not part.table.by_number(self.columns.inputs(self.x))
            elements = elements.shuffle(min(len(part), BUFFER) if streamed else len(part))
        finish = Finish(self.columns.maker(self.x), part.table.where, len(self.x) == 1)
        return elements.batch(self.batch_size).map(finish)

    def fit_arguments(self) -> dict[str, Any]:
        """What `model.fit` is called with of the data."""
        train = self.part("train")
        found: dict[str, Any] = {}
        if train.moments is None and not self.augment and not train.later:
            found = {
                "x": _alone(train.x),
                "y": _alone(train.y) if train.y else None,
                "sample_weight": train.sample_weight,
                "batch_size": self.batch_size,
                "shuffle": self.shuffle,
            }
        else:
            if train.later:
                dataset = self._read(train, self.shuffle)
            else:
                dataset = self.dataset(train)
                if self.shuffle:
                    dataset = dataset.shuffle(len(train))
                dataset = dataset.batch(self.batch_size)
            found["x"] = dataset.map(self._augmented) if self.augment else dataset
        if self.parts.validation is not None:
            found["validation_data"] = self.batches("validation")
        return {key: value for key, value in found.items() if value is not None}

    def batches(self, name: str) -> Any:
        """A part to evaluate on: a tuple of arrays, or a `Dataset` of batches."""
        part = self.part(name)
        if part.later:
            return self._read(part, shuffle=False)
        if part.moments is not None:
            return self.dataset(part).batch(self.batch_size)
        held = (_alone(part.x), _alone(part.y), part.sample_weight)
        return held if part.sample_weight is not None else held[:2]

    def _augmented(self, x: Any, *rest: Any) -> tuple[Any, ...]:
        for layer in self.augment:
            x = layer(x, training=True)
        return (x, *rest)

    # --- facts ------------------------------------------------------------------------------------

    @property
    def facts(self) -> dict[str, Any]:
        """What a config may use of the data: sizes, classes and shapes by name; steps and rows."""
        train = self.part("train")
        found: dict[str, Any] = {
            "rows": len(train),
            "steps": -(-len(train) // self.batch_size),
        }
        sides = ((self.x, False), (self.y, True))
        for name, symbol, side in ((n, s, side) for held, side in sides for n, s in held.items()):
            shape = self.shape(name, side)
            entry: dict[str, Any] = {"shape": list(shape), "size": self._size(name, symbol)}
            if shape:
                entry["length"] = shape[0]
            target = self.targets.get(name)
            if target is not None and target.classes is not None:
                entry["classes"] = len(target.classes)
            whole = found.get(name)  # an entry may be called "steps"
            found[name] = entry if whole is None else {"": whole, **entry}
        return found

    def shape(self, name: str, is_target: bool | None = None) -> tuple[int, ...]:
        """The shape of one sample of an input or target; of the input where both have the name."""
        train = self.part("train")
        is_target = name not in train.x if is_target is None else is_target
        array = train.y[name] if is_target else train.x[name]
        shape = array.shape[1:]
        if self.window is None:
            return shape or (1,)
        low, high = self.window.span(name, is_target)
        return shape if is_target and high - low == 1 else (high - low, *shape)

    @property
    def specs(self) -> dict[str, TensorSpec]:
        """What a model gets, by input: its shape of one sample, int32 for indices, else floatx."""
        train = self.part("train")
        found = {}
        for name, array in train.x.items():
            whole = array.dtype.kind == "i" or array.dtype.name in ("uint16", "uint32", "uint64")
            kind = TEXT if array.dtype == object else "int32" if whole else floatx()
            found[name] = TensorSpec(self.shape(name), kind)
        return found

    def _size(self, name: str, symbol: KerasTensor) -> int:
        """How many indices an input of indices may have, else the size of the last axis."""
        record = symbol.history.record
        target = self.targets.get(name)
        if target is not None and target.classes is not None:
            return len(target.classes)
        known = None
        if is_int(symbol.dtype) and not isinstance(record.operation, layers.InputLayer):
            known = size_of(record.operation)
        if known is None and is_int(symbol.dtype):
            train = self.part("train")
            array = train.x[name] if name in train.x else train.y[name]
            known = int(np.asarray(array).max(initial=0)) + 1
        return known if known is not None else (self.shape(name) or (1,))[-1]


def _alone(named: Mapping[str, Any]) -> Any:
    """The one value of a mapping; several stay by name."""
    return next(iter(named.values())) if len(named) == 1 else dict(named)


def _row_form(array: np.ndarray, is_target: bool) -> np.ndarray:
    """A row of a series: inputs (rows, columns), indices and single targets (rows,)."""
    if array.ndim == 1:
        return array if is_target or array.dtype.kind in "iu" else array[:, None]
    if array.ndim == 2 and array.shape[1] == 1 and (is_target or array.dtype.kind in "iu"):
        return array[:, 0]
    return array
