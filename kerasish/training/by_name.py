"""Columns of tables, matched by name with the inputs and outputs of a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from kerasish import frames, tree
from kerasish.errors import DataError
from kerasish.registry import hint
from kerasish.spec import TEXT


class _Place(NamedTuple):
    """One input or output: the key that stands for it, and its symbol."""

    key: str
    symbol: Any


def by_name(model: Any, x: Any, y: Any = None, sample_weight: Any = None) -> tuple[Any, Any, Any]:
    """What a user gave for a run, tables taken apart where the model has names for their columns.

    A table given for several inputs, or for inputs in a dict, becomes a dict of the columns that
    have their names; columns of other names stay out of it, as keys of a dict do. Targets and
    weights go by the names of the outputs in the same way. A table for one input or output stays
    whole. Text is read where the input is of text.

    Args:
        model: a model; one that is not made of symbols has no names.

    Raises:
        DataError: a column is missing, is no numbers, or has gaps; the error names it.
    """
    network = getattr(model, "network", None) or getattr(model, "_chain", None)
    if network is None:
        return x, y, sample_weight
    if _holds_tables(x):
        x = _inputs(x, _places(network.inputs_struct, network.inputs))
    if frames.is_frame(y) or frames.is_frame(sample_weight):
        outputs = _places(network.outputs_struct, network.outputs)
        y = _outputs(y, outputs, "y")
        sample_weight = _outputs(sample_weight, outputs, "sample_weight")
    return x, y, sample_weight


def _holds_tables(x: Any) -> bool:
    return frames.is_columns(x) or (
        isinstance(x, Mapping) and any(map(frames.is_columns, x.values()))
    )


def _places(structure: Any, symbols: Sequence[Any]) -> list[_Place] | Any:
    """The names of several symbols, or of those in a dict; else the only symbol."""
    if isinstance(structure, dict) and not any(map(tree.is_nested, structure.values())):
        return [_Place(str(key), symbol) for key, symbol in structure.items()]
    if len(symbols) == 1:
        return symbols[0]
    return [_Place(str(symbol.history.operation.name), symbol) for symbol in symbols]


def _inputs(x: Any, places: Any) -> Any:
    if not isinstance(places, list):
        return _values(x, places, "x") if frames.is_columns(x) else x
    if not (isinstance(x, Mapping) or frames.is_frame(x)):
        return x
    given = x if isinstance(x, Mapping) else _columns(x, places, "x", needed=True)
    symbols = {place.key: place.symbol for place in places}
    return {
        key: _values(column, symbols[key], f"x[{key!r}]")
        if key in symbols and frames.is_columns(column)
        else column
        for key, column in given.items()
        if key in symbols or not frames.is_columns(column)
    }


def _outputs(given: Any, places: Any, role: str) -> Any:
    if not (isinstance(places, list) and frames.is_frame(given)):
        return given
    found = _columns(given, places, role, needed=False)
    return {key: _values(column, None, f"{role}[{key!r}]") for key, column in found.items()}


def _columns(frame: Any, places: Sequence[_Place], role: str, needed: bool) -> dict[str, Any]:
    """The columns of a frame that have the names of places."""
    known = frames.names(frame)
    missing = [place.key for place in places if place.key not in known]
    if missing and (needed or len(missing) == len(places)):
        near = hint(missing[0], [str(name) for name in known])
        raise DataError(
            role,
            expected=f"columns with the names of the model's {'inputs' if needed else 'outputs'}, "
            f"{[place.key for place in places]}",
            received=f"the columns {known}, without {missing}",
            fix=near or "Rename the columns, or pass a dict of arrays.",
        )
    return {place.key: frame[place.key] for place in places if place.key in known}


def _values(table: Any, symbol: Any, where: str) -> np.ndarray:
    """A table or column as the array that an input takes."""
    read = frames.texts if getattr(symbol, "dtype", "") == TEXT else frames.numbers
    return read(table, where)
