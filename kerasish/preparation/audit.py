"""Looking at prepared data: what each part holds, and what parts should not share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from kerasish import layers
from kerasish.layers.preprocessing.vocabulary import Lookup
from kerasish.ops.symbol import KerasTensor
from kerasish.preparation.prepared import Prepared, missing
from kerasish.preparation.table import Table
from kerasish.spec import TEXT, is_int

_ROWS = 200_000  # of a part that are looked at


@dataclass
class ColumnFacts:
    """A column of the files.

    Attributes:
        name, kind: its name and dtype ("text" for texts), with the shape of a value if it has one.
        missing: by part, how many rows have none.
        different: different values in the training part.
        low, high: the smallest and the largest number in the training part; None for texts.
        beyond: by part, how many rows lie outside of these.
        role: "x", "y", "weight", "split" or "" where nothing reads it.
    """

    name: str
    kind: str
    role: str
    missing: dict[str, int]
    different: int
    low: float | None = None
    high: float | None = None
    beyond: dict[str, int] = field(default_factory=dict[str, int])

    @property
    def constant(self) -> bool:
        """Whether every row of the training part holds the same."""
        return self.different <= 1


@dataclass
class Audit:
    """What there is to know of prepared data.

    Attributes:
        rows: of each part, or windows of a series.
        dropped: by part, rows or windows without a target.
        classes: by target and part, how many rows each class has.
        columns: of the files.
        unknown: by what looks values up, and part, the share that training does not know.
        duplicates: by two parts, how many rows of the second are in the first, inputs alike.
        groups: by column of groups and two parts, how many groups are in both.
        notes: what was guessed and left out.
    """

    rows: dict[str, int]
    dropped: dict[str, int]
    classes: dict[str, dict[str, dict[str, int]]]
    columns: list[ColumnFacts]
    unknown: dict[str, dict[str, float]]
    duplicates: dict[str, int]
    groups: dict[str, dict[str, int]]
    notes: list[str]

    def plain(self) -> dict[str, Any]:
        """The audit as plain data, for JSON."""
        return asdict(self)


def audit(data: Prepared) -> Audit:
    """Look at all parts of prepared data.

    Args:
        data: the data; of a part with more rows than can be looked at the first are.
    """
    parts = {name: data.part(name) for name in data.parts.given()}
    tables = {name: _head(part.table) for name, part in parts.items()}
    return Audit(
        {name: len(part) for name, part in parts.items()},
        {name: part.dropped for name, part in parts.items() if part.dropped},
        classes(data),
        [
            _column(data, name, tables)
            for name in tables["train"].names
            if name not in data.columns.filled
        ],
        unknown(data, tables),
        duplicates(data, tables),
        groups(tables),
        list(data.notes),
    )


def classes(data: Prepared) -> dict[str, dict[str, dict[str, int]]]:
    """How many rows of each part every class of a target has, where it has classes."""
    found: dict[str, dict[str, dict[str, int]]] = {}
    for name, target in data.targets.items():
        if target.classes is None or not is_kind(data, name):
            continue
        found[name] = {}
        for part in data.parts.given():
            counts = _counts(data, part, name, len(target.classes))
            found[name][part] = dict(zip(target.classes, counts, strict=True))
    return found


def is_kind(data: Prepared, name: str) -> bool:
    """Whether a target is classes: texts that are numbered, or whole numbers from 0 on, few."""
    target, values = data.targets[name], np.asarray(data.part("train").y[name])
    one = values.size == len(values)
    if target.classes is None or not one:
        return False
    named = target.classes != tuple(map(str, range(len(target.classes))))
    return named or len(np.unique(values)) == len(target.classes) <= 1000


def _counts(data: Prepared, part: str, name: str, many: int) -> list[int]:
    held = data.part(part)
    values = np.asarray(held.y[name]).reshape(-1)
    if held.moments is not None:
        low = data.window.span(name, True)[0] if data.window is not None else 0
        values = values[np.asarray(held.moments) + low]
    return np.bincount(np.clip(values.astype(np.int64), 0, many - 1), minlength=many).tolist()


# --- columns ------------------------------------------------------------------------------------


def _head(table: Table) -> Table:
    return table if len(table) <= _ROWS else table.choose(np.arange(_ROWS))


def at_hand(table: Table, name: str) -> bool:
    """Whether a column's values are in memory: not files that are read as training goes."""
    return bool(getattr(table.columns[name], "at_hand", True))


def roles(data: Prepared) -> dict[str, str]:
    """What each column that is read is for: "x", "y", "x and y", "weight", "time" or "group"."""
    read = {name: "x" for name in data.columns.sources(data.x)}
    for name in data.columns.sources(data.y):
        read[name] = "x and y" if name in read else "y"
    table = data.parts.train
    for name in table.time:
        read.setdefault(name, "time")
    if table.group:
        read.setdefault(table.group, "group")
    if data.sample_weight is not None:
        read[data.sample_weight] = "weight"
    return read


def _column(data: Prepared, name: str, tables: dict[str, Table]) -> ColumnFacts:
    train = tables["train"]
    spec = train.spec(name)
    kind = "text" if spec.dtype == TEXT else spec.dtype
    if spec.shape:
        kind += f" [{', '.join('?' if n is None else str(n) for n in spec.shape)}]"
    role = roles(data).get(name, "")
    shared = {part: table for part, table in tables.items() if name in table.names}
    if not at_hand(train, name) or None in spec.shape:
        return ColumnFacts(name, kind, role, {}, len(train))
    gaps = {part: missing(table, name) for part, table in shared.items()}
    lost = {part: int(held.sum()) for part, held in gaps.items() if held.any()}
    values = np.asarray(train.values(name))
    if spec.dtype == TEXT:
        return ColumnFacts(name, kind, role, lost, len(set(values.reshape(-1).tolist())))
    if len(spec.shape) > 1 or not len(values):
        held = values.reshape(-1)
        different = 2 if len(held) and held.min() < held.max() else 1
    else:
        held = values[~gaps["train"].reshape(len(values), -1).all(axis=1)]
        different = len(np.unique(held))
    if not held.size:
        return ColumnFacts(name, kind, role, lost, 0)
    low, high = float(np.nanmin(held)), float(np.nanmax(held))
    beyond: dict[str, int] = {}
    for part, table in shared.items():
        other = np.asarray(table.values(name)).reshape(len(table), -1)
        out = ((other < low) | (other > high)).any(axis=1)
        if part != "train" and out.any():
            beyond[part] = int(out.sum())
    return ColumnFacts(name, kind, role, lost, different, low, high, beyond)


# --- vocabularies -------------------------------------------------------------------------------


def lookups(
    data: Prepared, side: Mapping[str, KerasTensor] | None = None
) -> Iterator[tuple[str, Any, KerasTensor]]:
    """Every layer of the inputs, or of the entries of `side`, that looks values up: its entry and
    column, itself, its output."""
    seen: set[int] = set()
    for entry, symbol in (data.x if side is None else side).items():
        waiting = [symbol]
        while waiting:
            one = waiting.pop()
            record = one.history.record
            layer = record.operation
            if isinstance(layer, layers.InputLayer) or id(layer) in seen:
                continue
            seen.add(id(layer))
            if isinstance(layer, (Lookup, layers.TextVectorization)):
                column = ", ".join(data.columns.inputs({"": one}))
                yield (entry if entry == column else f"{entry} ({column})"), layer, one
            waiting.extend(record.inputs)


def continues(data: Prepared, name: str) -> bool:
    """Whether a target is looked up as an input is: what comes next in a text, no classes."""
    known = {id(layer) for _, layer, _ in lookups(data)}
    return any(id(layer) in known for _, layer, _ in lookups(data, {name: data.y[name]}))


def unknown(data: Prepared, tables: dict[str, Table]) -> dict[str, dict[str, float]]:
    """The share of words, or of rows with kinds, that the vocabularies of training do not hold."""
    found: dict[str, dict[str, float]] = {}
    for name, layer, symbol in lookups(data):
        for part, table in tables.items():
            (values,) = data.columns.run({"it": symbol}, table).values()
            share = _unknown_share(layer, np.asarray(values))
            if share is not None:
                found.setdefault(name, {})[part] = share
    return found


def _unknown_share(layer: Any, values: np.ndarray) -> float | None:
    if getattr(layer, "num_oov_indices", 1) == 0:
        return None
    if is_int(str(values.dtype)) and getattr(layer, "output_mode", "int") == "int":
        text = isinstance(layer, layers.TextVectorization)
        masked = text or getattr(layer, "mask_token", None) is not None
        held = values[values != 0] if masked else values
        return float((held == (1 if masked else 0)).mean()) if held.size else 0.0
    if values.ndim < 2 or not len(values):
        return None
    return float((values.reshape(len(values), -1)[:, 0] > 0).mean())


# --- parts --------------------------------------------------------------------------------------


def duplicates(data: Prepared, tables: dict[str, Table]) -> dict[str, int]:
    """How many rows of a part have inputs that a row of an earlier part has too, by both names.

    Windows of a series are not compared: they share their histories.
    """
    if data.window is not None:
        return {}
    columns = data.columns.sources(data.x)
    if not columns or not all(at_hand(tables["train"], name) for name in columns):
        return {}
    keys = {part: row_keys(table, columns) for part, table in tables.items()}
    found: dict[str, int] = {}
    names = list(keys)
    for place, second in enumerate(names):
        for first in names[:place]:
            known = set(keys[first])
            count = sum(key in known for key in keys[second])
            if count:
                found[f"{second} in {first}"] = count
    return found


def row_keys(table: Table, columns: list[str]) -> list[Any]:
    """A value for each row that is equal where all these columns are."""
    sides: list[list[Any]] = []
    for name in columns:
        values = table.values(name)
        if values.dtype.kind == "O":
            sides.append([v.tobytes() if isinstance(v, np.ndarray) else v for v in values.ravel()])
        else:
            flat = np.ascontiguousarray(values).reshape(len(values), -1)
            sides.append([row.tobytes() for row in flat])
    return list(zip(*sides, strict=True))


def groups(tables: dict[str, Table]) -> dict[str, dict[str, int]]:
    """How many groups of a series are in two parts, by the column and both names."""
    name = tables["train"].group
    if name is None:
        return {}
    held = {part: set(t.values(name).tolist()) for part, t in tables.items() if name in t.names}
    found: dict[str, int] = {}
    parts = list(held)
    for place, second in enumerate(parts):
        for first in parts[:place]:
            if held[first] & held[second]:
                found[f"{second} in {first}"] = len(held[first] & held[second])
    return {name: found} if found else {}
