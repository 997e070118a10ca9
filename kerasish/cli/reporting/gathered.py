"""What a report is made of: the run as it was written, its data, its model, its predictions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from kerasish.cli import run_folder
from kerasish.errors import DataError
from kerasish.models import Model
from kerasish.preparation import Prepared
from kerasish.preparation.prepared import Part, _alone
from kerasish.preparation.saved import KEY, by_target, outputs_of
from kerasish.preparation.scores import true_classes
from kerasish.preparation.served import measured, replace_y, targets_of
from kerasish.preparation.table import Table
from kerasish.preparation.way_back import Output
from kerasish.saving.whole_model import load_with_metadata

_VALUES = 1 << 25  # numbers of one output that are held at once; rows beyond are sampled
_ROWS = 50_000
_READ = 2000  # rows of data that are read from their files


@dataclass
class Answers:
    """What a model says of one output, row by row.

    Attributes:
        output: what it means.
        rows: the rows of the part that are meant, or places among its windows.
        raw: targets as they are trained on, (rows, ...).
        true: targets in the file's units; numbers of classes (rows, ...).
        predicted: quantities in the file's units, or probabilities.
    """

    output: Output
    rows: np.ndarray
    raw: np.ndarray
    true: np.ndarray
    predicted: np.ndarray

    @property
    def of_classes(self) -> bool:
        """Whether one of several classes is predicted."""
        return self.output.form in ("class", "yes or no")

    @property
    def probabilities(self) -> np.ndarray:
        """(..., classes) also where the network gives one probability."""
        if self.output.form != "yes or no":
            return self.predicted
        one = self.predicted.reshape(len(self.predicted), -1)[:, 0]
        return np.stack([1 - one, one], -1)


@dataclass
class Gathered:
    """A run, for a report.

    Attributes:
        folder: of the run.
        record, results, history: run.json, metrics.json and history.csv.
        read: parts of its data, prepared; None where the files are gone.
        network: with the weights that are reported.
        weights: "best", those that `fit` keeps, or "last".
        name: which part of the data is measured.
        found: loss and metrics on it, as `evaluate` gives them.
        answers: by target.
        notes: what was sampled or left out.
    """

    folder: Path
    record: Mapping[str, Any]
    results: Mapping[str, Any]
    history: Mapping[str, list[float]]
    read: Prepared | None
    network: Model
    weights: str
    name: str
    found: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    answers: Mapping[str, Answers] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def data(self) -> Prepared:
        """The data, of a run whose files are there."""
        if self.read is None:
            raise DataError("The report", expected="the data of the run", received="none")
        return self.read

    @property
    def part(self) -> Part:
        """The part that is measured."""
        return self.data.part(self.name)

    @property
    def title(self) -> str:
        """What the run is called."""
        return str(self.record.get("name") or self.folder.resolve().name)


def network_of(path: Path, allowance: float | None) -> Model:
    """The network of a run's file, alone or with its preparation around it."""
    model, metadata = load_with_metadata(path, allowance)
    facts = metadata.get(KEY)
    return model.get_layer(str(facts["network"])) if isinstance(facts, Mapping) else model


def gathered(
    folder: Path, file: Path, data: Prepared | None, name: str, allowance: float | None
) -> Gathered:
    """Read a run and measure it on a part of its data; without them, take what `fit` has measured.

    Args:
        folder: of the run.
        file: the weights, one of the folder's.
        data: of the run's config; None where the files are gone.
        name: of the part.
        allowance: as in `load_model`.
    """
    network = network_of(file, allowance)
    run = Gathered(
        folder,
        run_folder.read_json(folder / run_folder.RECORD_FILE),
        run_folder.read_json(folder / run_folder.METRICS_FILE),
        run_folder.read_history(folder),
        data,
        network,
        "last" if file.name == run_folder.LAST_FILE else "best",
        name,
    )
    if data is None:
        if run.weights == "best" and isinstance(run.results.get(name), Mapping):
            run.found = run.results[name]
        return run
    outputs = outputs_of(network, data.targets)
    if network.compiled:
        run.found = measured(network, data, run.part, outputs, data.batch_size)
    if run.part.y:
        run.answers = _answers(run, outputs)
    return run


def _answers(run: Gathered, outputs: Mapping[str, Output]) -> dict[str, Answers]:
    part = run.part
    width = sum(int(np.prod([n or 1 for n in s.shape[1:]])) for s in _symbols(run.network))
    most = int(min(_ROWS, max(1, _VALUES // max(width, 1))))
    rows = np.arange(len(part))
    if part.later:  # their rows are read for this, and held
        sizes = [int(np.prod([n or 1 for n in x.shape[1:]])) for x in part.x.values()]
        most = min(most, _READ, max(1, _VALUES // max(sum(sizes), 1)))
    if len(rows) > most:
        rows = np.unique(np.linspace(0, len(rows) - 1, most).astype(np.int64))
        run.notes.append(
            f"What is said of single rows comes from {len(rows):,} of the {len(part):,}, evenly "
            "spaced; loss and metrics from all."
        )
    chosen = rows_of(part, rows)
    raw = run.network.predict(batches_of(run.data, chosen), verbose=0)
    values = by_target(run.network, raw, list(outputs))
    found: dict[str, Answers] = {}
    for target, output in outputs.items():
        predicted = np.asarray(output.restored(values[target]), np.float64)
        wanted = targets_of(run.data, chosen, target)
        found[target] = Answers(output, rows, wanted, _true(output, wanted, predicted), predicted)
    return found


def _symbols(network: Model) -> list[Any]:
    outputs = network.outputs
    return list(outputs.values()) if isinstance(outputs, Mapping) else list(outputs)


def rows_of(part: Part, rows: np.ndarray) -> Part:
    """A part of these of its rows, or windows."""
    if part.moments is not None:
        return replace(part, moments=part.moments[rows])
    x = {name: values[rows] for name, values in part.x.items()}
    y = {name: values[rows] for name, values in part.y.items()}
    weight = None if part.sample_weight is None else part.sample_weight[rows]
    return Part(chosen_of(part.table, rows), x, y, weight, None, part.dropped)


def chosen_of(table: Table, rows: np.ndarray) -> Table:
    """These rows of a table, in this order; of one that is streamed they are read, in one pass."""
    if table.by_number(table.names):
        return table.choose(rows)
    order = np.argsort(rows, kind="stable")
    some = table.choose(rows[order])
    held: dict[str, list[Any]] = {name: [] for name in some.names}
    for _, chunk in some.chunks(some.names):
        for name, values in chunk.items():
            held[name].append(values)
    columns = {
        name: replace(some.columns[name], values=np.concatenate(parts), load=None)
        for name, parts in held.items()
    }
    whole = replace(some, columns=columns, rows=None, place=some.where)
    return whole.choose(np.argsort(order, kind="stable"))


def batches_of(data: Prepared, part: Part) -> Any:
    """What `predict` is given for a part: a Dataset of batches."""
    return data.dataset(replace_y(part)).batch(data.batch_size)


def first_batch(run: Gathered) -> tuple[Any, Any]:
    """x and y of some rows of the part."""
    chosen = rows_of(run.part, np.arange(min(run.data.batch_size, len(run.part))))
    if chosen.moments is None:
        return _alone(chosen.x), _alone(chosen.y) if chosen.y else None
    x, y = run.data.cuts(chosen)

    def cut(held: Any) -> Any:
        if isinstance(held, dict):
            return {name: one.at(chosen.moments) for name, one in held.items()}
        return held.at(chosen.moments)

    return cut(x), cut(y) if chosen.y else None


def _true(output: Output, wanted: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Targets in the file's units; of classes their numbers."""
    if output.form == "quantity":
        true = np.asarray(output.target.restored(wanted), np.float64)
        return true.reshape(predicted.shape)
    if output.form == "labels":
        return wanted.reshape(predicted.shape)
    return true_classes(output, wanted, predicted)
