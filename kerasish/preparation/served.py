"""A run as it was saved: what predicts, measures and prepares rows without its data."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from kerasish import layers
from kerasish.errors import ArgumentError, FileFormatError
from kerasish.layers.preprocessing.vocabulary import Lookup
from kerasish.models import Model
from kerasish.ops.symbol import KerasTensor
from kerasish.preparation.columns import Columns, column_name, missing
from kerasish.preparation.parts import Parts
from kerasish.preparation.prepared import Part, Prepared, _alone
from kerasish.preparation.saved import KEY, by_target, metrics_of
from kerasish.preparation.scores import in_units
from kerasish.preparation.table import Column, Table
from kerasish.preparation.way_back import Output, Target, target_of
from kerasish.preparation.windows import Window
from kerasish.saving.whole_model import build, load_with_metadata, reading
from kerasish.spec import TEXT, TensorSpec


class Rows(Prepared):
    """Prepares rows of any table as the training part was, without having it."""

    def __post_init__(self) -> None:
        self._made = {}
        self.targets: dict[str, Target] = {}


@dataclass
class Served:
    """A network with what goes before and after it.

    Attributes:
        model: from raw columns by name to predictions: quantities in the file's units,
            probabilities of classes. With windows the columns are rows of history.
        network: what was trained.
        inputs: the columns that the model reads.
        outputs: what the network gives, by target.
        rows: prepares rows with their targets.
        batch_size: of training.
    """

    model: Model
    network: Model
    inputs: tuple[str, ...]
    outputs: dict[str, Output]
    rows: Rows
    batch_size: int = 32
    without_targets: Rows = field(init=False)

    def __post_init__(self) -> None:
        r = self.rows
        self.without_targets = Rows(r.parts, r.columns, r.x, {}, None, r.window, self.batch_size)

    @property
    def columns(self) -> Table:
        """A table without rows, of the columns that were trained on and their types."""
        return self.rows.columns.table

    @property
    def needed(self) -> list[str]:
        """The columns that rows must have for a prediction."""
        filled = self.rows.columns.filled
        return list(dict.fromkeys(filled.get(name, name) for name in self.inputs))

    # --- rows -------------------------------------------------------------------------------------

    def prepare(self, table: Table, targets: bool = False) -> Part:
        """The rows of a table as the network reads them; no other file is opened.

        Args:
            table: has the columns that the model reads, in any order and beside others.
            targets: whether to make the targets too; rows without one are then left out.

        Raises:
            DataError: a column is missing, or a value that cannot be used, with its place.
        """
        rows = self.rows if targets else self.without_targets
        rows.notes.clear()
        table.check(self.needed)
        if targets:
            table.check(rows.columns.inputs(rows.y))
        if targets and rows.sample_weight is not None and rows.sample_weight not in table.columns:
            rows = Rows(rows.parts, rows.columns, rows.x, rows.y, None, rows.window,
                        self.batch_size)  # fmt: skip
        return rows.prepare(table)

    def replaced(self, table: Table) -> list[str]:
        """What of a table is not read as it stands: missing values, and such as training had none
        of; each with how many there are."""
        found: list[str] = []
        known = vocabularies(self.rows.x.values())
        for name in self.needed:
            if not table.at_hand([name]):
                continue
            gaps = missing(table, name)
            count = int(gaps.sum())
            if count and table.spec(name).dtype != TEXT:
                found.append(f"{count} missing {_values(count)} of {name} {_were(count)} filled")
            elif count and not (name in known and "" in known[name]):
                found.append(f"{count} missing {_values(count)} of {name}")
            if name in known:
                held = table.values(name)[~gaps].reshape(-1)
                count = sum(one not in known[name] for one in held.tolist())
                if count:
                    found.append(f"{count} unseen {_values(count)} of {name}")
        return found

    def predict(self, table: Table, batch_size: int | None = None) -> dict[str, np.ndarray]:
        """Predictions for the rows of a table, in their order.

        Returns:
            By target: quantities in the file's units, or probabilities; with windows one for every
            moment that has a whole window before it, the one after the last row included.

        Raises:
            DataError: as `prepare`.
        """
        return self.predicted(self.prepare(table), batch_size)

    def predicted(self, part: Part, batch_size: int | None = None) -> dict[str, np.ndarray]:
        """As `predict`, for rows that are prepared."""
        found = self._outputs(self._raw(part, batch_size))
        return {name: np.asarray(self.outputs[name].restored(v)) for name, v in found.items()}

    def _raw(self, part: Part, batch_size: int | None = None) -> Any:
        rows = self.without_targets
        size = batch_size or self.batch_size
        x = replace_y(part)
        if x.moments is not None or x.later:
            return self.network.predict(rows.dataset(x).batch(size), verbose=0)
        return self.network.predict(_alone(x.x), batch_size=size, verbose=0)

    def _outputs(self, raw: Any) -> dict[str, np.ndarray]:
        return by_target(self.network, raw, list(self.outputs))

    # --- measures ---------------------------------------------------------------------------------

    def measure(self, table: Table) -> dict[str, dict[str, float]]:
        """Loss and metrics on the rows of a table that have targets.

        Returns:
            {"as_trained": {name: value}}, and where a target is scaled "in_units": the same
            metrics, "mae" and "rmse" of restored predictions against the file's own values.

        Raises:
            DataError: as `prepare`.
            ArgumentError: the network is not compiled.
        """
        return self.measured(self.prepare(table, targets=True))

    def measured(self, part: Part, rows: Prepared | None = None) -> dict[str, dict[str, float]]:
        """As `measure`, for a part that is prepared with its targets, by `rows` where not here."""
        if not self.network.compiled:
            raise ArgumentError("measure", expected="a compiled network", received="none")
        return measured(self.network, rows or self.rows, part, self.outputs, self.batch_size)


def _values(count: int) -> str:
    return "value" if count == 1 else "values"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def vocabularies(symbols: Iterable[KerasTensor]) -> dict[str, set[Any]]:
    """What lookups know of the columns that they read."""
    found: dict[str, set[Any]] = {}
    waiting = list(symbols)
    while waiting:
        record = waiting.pop().history.record
        before = record.inputs[0].history.record.operation if record.inputs else None
        if isinstance(record.operation, Lookup) and isinstance(before, layers.InputLayer):
            if not isinstance(record.operation, layers.TextVectorization):
                held = record.operation.get_vocabulary(include_special_tokens=False)
                found[column_name(before)] = set(held)
        waiting.extend(record.inputs)
    return found


def replace_y(part: Part) -> Part:
    """A part without targets and weights."""
    return replace(part, y={}, sample_weight=None)


def measured(
    network: Model, rows: Prepared, part: Part, outputs: Mapping[str, Output], batch_size: int
) -> dict[str, dict[str, float]]:
    """Loss and metrics of a network on a part, as trained and in the file's units.

    Args:
        network: compiled.
        rows: what prepared the part.
        part: with targets.
        outputs: by target.
        batch_size: rows at a time.
    """
    if part.moments is not None or part.later:
        given: dict[str, Any] = {"x": rows.dataset(part).batch(batch_size)}
    else:
        given = {"x": _alone(part.x), "y": _alone(part.y), "batch_size": batch_size}
        if part.sample_weight is not None:
            given["sample_weight"] = part.sample_weight
    made = network.evaluate(**given, verbose=0, return_dict=True)
    found = {"as_trained": _single(made, outputs)}
    if any(output.scaled for output in outputs.values()):
        found["in_units"] = _in_units(network, rows, part, outputs, batch_size)
    return found


def _single(made: Mapping[str, Any], outputs: Mapping[str, Output]) -> dict[str, float]:
    """Single numbers by name: of a metric that is a number for each class, `f1_score.CLASS`."""
    classes = [output.target.classes for output in outputs.values() if output.target.classes]
    found: dict[str, float] = {}
    for name, value in made.items():
        numbers = np.asarray(value, float).reshape(-1)
        labels = next((c for c in classes if len(c) == len(numbers)), range(len(numbers)))
        keys = [name] if np.ndim(value) == 0 else [f"{name}.{label}" for label in labels]
        found |= dict(zip(keys, numbers.tolist(), strict=True))
    return found


def _in_units(
    network: Model, rows: Prepared, part: Part, outputs: Mapping[str, Output], batch_size: int
) -> dict[str, float]:
    """Errors of restored quantities: `scores.in_units`, with the metrics that the network is
    compiled with; the name of a target stands before them where there are several."""
    without = replace_y(part)
    x: Any = _alone(part.x)
    if part.moments is not None or part.later:
        x = rows.dataset(without).batch(batch_size)
        raw = network.predict(x, verbose=0)
    else:
        raw = network.predict(x, batch_size=batch_size, verbose=0)
    values = by_target(network, raw, list(outputs))
    found: dict[str, float] = {}
    for name, output in outputs.items():
        if output.form != "quantity":
            continue
        predicted = np.asarray(output.restored(values[name]), np.float64)
        wanted = targets_of(rows, part, name)
        true = np.asarray(output.target.restored(wanted), np.float64).reshape(predicted.shape)
        before = f"{name}_" if len(outputs) > 1 else ""
        made = in_units(true, predicted, metrics_of(network, list(outputs), name))
        found |= {f"{before}{key}": one for key, one in made.items()}
    return found


def targets_of(rows: Prepared, part: Part, name: str) -> np.ndarray:
    """A target of every row, or window, of a part, as the network is trained on it."""
    if part.moments is None:
        return np.asarray(part.y[name])
    _, y = rows.cuts(part)
    cut = y[name] if isinstance(y, dict) else y
    return cut.at(part.moments)


# --- loading ----------------------------------------------------------------------------------


def load(path: str | os.PathLike[str], allowance: float | None = None) -> Served:
    """Read what `save` wrote.

    Args:
        path: the file.
        allowance: as in `load_model`.

    Raises:
        FileFormatError: it is no such file.
        UnsafeFileError, LimitError, UnknownNameError: as `load_model`.
    """
    where = Path(path)
    with reading(where, allowance):
        model, metadata = load_with_metadata(where, allowance)
        facts = metadata.get(KEY)
        if not isinstance(facts, Mapping):
            raise FileFormatError(
                f"{path}: a model alone",
                expected="one that was saved with its data, as `kerasish fit` does",
            )
        return _served(model, facts, _targets(facts.get("y"), str(path)))


def network_of(path: str | os.PathLike[str], allowance: float | None = None) -> Any:
    """The network alone of a file that `save` wrote; the whole model of another.

    Args:
        path: the file.
        allowance: as in `load_model`.

    Raises:
        FileFormatError, UnsafeFileError, LimitError, UnknownNameError: as `load_model`.
    """
    model, metadata = load_with_metadata(path, allowance, compile=False)
    facts = metadata.get(KEY)
    if not isinstance(facts, Mapping):
        return model
    with reading(Path(path), allowance):
        return model.get_layer(str(facts["network"]))


def _targets(kept: Mapping[str, Any] | None, where: str) -> Model | None:
    """The model that prepares targets."""
    if kept is None:
        return None
    made = build(kept["config"], where)
    weights = zip(kept["weights"], made.weights, strict=True)
    made.set_weights([np.asarray(value, variable.dtype) for value, variable in weights])
    return made


def _served(model: Model, facts: Mapping[str, Any], targets: Model | None) -> Served:
    network: Any = model.get_layer(str(facts["network"]))
    preparation = _preparation(model, str(facts["preparation"]))
    table = Table({name: _column(kept) for name, kept in facts["columns"].items()},
                  time=tuple(facts["time"]), group=facts["group"],
                  source=dict(facts["source"]))  # fmt: skip
    columns: Any = Columns(table)
    columns.padding = {name: tuple(how) for name, how in facts["padding"].items()}
    columns.filled = dict(facts["filled"])
    x, y = _structs(preparation), _structs(targets)
    columns._symbols = {**y[0], **x[0]}
    window = facts["window"]
    if window is not None:
        offsets = {name: tuple(span) for name, span in window["offsets"].items()}
        window = Window(window["history"], window["horizon"], window["stride"], offsets)
    size = int(facts["batch_size"])
    rows = Rows(Parts(table), columns, x[1], y[1], facts["sample_weight"], window, size)
    outputs = {
        name: Output(_target(name, kept, y[1].get(name)), kept["form"], kept["link"])
        for name, kept in facts["targets"].items()
    }
    return Served(model, network, tuple(facts["inputs"]), outputs, rows, size)


def _preparation(model: Model, name: str) -> Model:
    for layer in model.layers:
        inner: Any = layer.layer if isinstance(layer, layers.EachRow) else layer
        if inner.name == name:
            return inner
    raise FileFormatError("The model", expected=f"a layer {name!r}", received="none")


def _structs(model: Model | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """The inputs and outputs of a model by name."""
    if model is None:
        return {}, {}
    network: Any = model.inner_network
    return dict(network.inputs_struct), dict(network.outputs_struct)


def _column(kept: Mapping[str, Any]) -> Column:
    shape, dtype = tuple(kept["shape"]), str(kept["dtype"])
    held = object if dtype == TEXT or None in shape else dtype
    return Column(TensorSpec(shape, dtype), np.empty((0, *(n or 0 for n in shape)), held))


def _target(name: str, kept: Mapping[str, Any], symbol: KerasTensor | None) -> Target:
    classes = kept["classes"]
    classes = None if classes is None else tuple(map(str, classes))
    undo = () if symbol is None else target_of(name, symbol).undo
    return Target(name, tuple(kept["columns"]), classes, undo)
