"""Predictions as columns of text, and the forms in which they are written."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from kerasish.preparation.way_back import Output

Columns = dict[str, Sequence[Any]]
FORMATS = ("csv", "tsv", "jsonl", "json", "npy", "npz")
_WIDE = 40  # characters of a cell of a table
_WIDTH = 10_000  # columns of a prediction


def columns_of(
    outputs: Mapping[str, Output], predictions: Mapping[str, np.ndarray], probabilities: bool
) -> Columns:
    """Predictions by column: names of classes, quantities; on request every probability.

    Args:
        outputs: by target.
        predictions: what `Served.predict` gave.
        probabilities: whether to give these too, as columns `target=class`.
    """
    found: Columns = {}
    for name, output in outputs.items():
        values = predictions[name]
        if output.form == "quantity":
            found |= _quantities(output, values)
        elif output.form == "labels":
            found[name] = [_several(output, row) for row in values]
        else:
            chosen = output.chosen(values)
            labels = np.array([output.label(int(i)) for i in chosen.reshape(-1)], object)
            found |= _spread(name, labels.reshape(chosen.shape))
        if probabilities and output.form != "quantity":
            found |= _probabilities(output, values)
    return found


def _several(output: Output, row: np.ndarray) -> list[str]:
    return [output.label(i) for i in np.flatnonzero(row > 0.5).tolist()]


def _quantities(output: Output, values: np.ndarray) -> Columns:
    columns = output.target.columns
    if values.ndim == 2 and values.shape[1] == len(columns) > 1:
        return {name: values[:, i].tolist() for i, name in enumerate(columns)}
    if values.ndim == 3 and values.shape[2] == len(columns) > 1:
        found: Columns = {}
        for i, name in enumerate(columns):
            found |= _spread(name, values[:, :, i])
        return found
    return _spread(output.name, values)


def _spread(name: str, values: np.ndarray) -> Columns:
    """A column, or one for each value of a row: `name_1`, `name_2`, ..."""
    flat = values.reshape(len(values), math.prod(values.shape[1:]))
    if flat.shape[1] == 1:
        return {name: flat[:, 0].tolist()}
    return {f"{name}_{i + 1}": flat[:, i].tolist() for i in range(min(flat.shape[1], _WIDTH))}


def _probabilities(output: Output, values: np.ndarray) -> Columns:
    if output.form == "yes or no":
        yes = values.reshape(len(values), -1)[:, 0].astype(np.float64)
        both = (1 - yes, yes)
        return {f"{output.name}={output.label(i)}": p.tolist() for i, p in enumerate(both)}
    if values.ndim > 2:
        return _spread(f"{output.name}_probability", values.max(-1))
    count = values.shape[-1]
    return {f"{output.name}={output.label(i)}": values[:, i].tolist() for i in range(count)}


# --- text ---------------------------------------------------------------------------------------


def shown(value: Any) -> str:
    """A value as text: seven digits of a float, nothing for what is missing."""
    if isinstance(value, float):
        return "" if value != value else f"{value:.7g}"
    if isinstance(value, (list, tuple)):
        return ";".join(map(shown, value))
    if isinstance(value, np.ndarray):
        return " ".join(map(shown, value.reshape(-1).tolist()))
    return "" if value is None else str(value)


def csv_text(columns: Columns, separator: str = ",") -> str:
    """A header and a line a row."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=separator, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([shown(value) for value in row] for row in _rows(columns))
    return text.getvalue()


def json_rows(columns: Columns) -> list[dict[str, Any]]:
    """An object a row; what is missing is null."""
    names = list(columns)
    return [dict(zip(names, map(_plain, row), strict=True)) for row in _rows(columns)]


def json_lines(columns: Columns) -> str:
    """A line of JSON a row."""
    return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in json_rows(columns))


def table_text(columns: Columns) -> str:
    """Aligned columns, numbers to the right; long texts are cut."""
    sides: list[tuple[list[str], bool]] = []
    for name, values in columns.items():
        cells = [" ".join(shown(value).split()) for value in values]
        cells = [cell if len(cell) <= _WIDE else f"{cell[: _WIDE - 3]}..." for cell in cells]
        right = all(isinstance(value, (int, float)) for value in values)
        sides.append(([name, *cells], right))
    widths = [max(map(len, cells)) for cells, _ in sides]
    lines = []
    for row in zip(*(cells for cells, _ in sides), strict=True):
        line = [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, (_, right) in zip(row, widths, sides, strict=True)
        ]
        lines.append("  ".join(line).rstrip() + "\n")
    return "".join(lines)


def _rows(columns: Columns) -> Iterable[tuple[Any, ...]]:
    return zip(*columns.values(), strict=True)


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value.item() if isinstance(value, np.generic) else value
