"""One file of preparation, network and way back: what is written of a run."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from kerasish import layers, tree
from kerasish.errors import ArgumentError
from kerasish.models import Model
from kerasish.naming import uncounted
from kerasish.ops.symbol import KerasTensor
from kerasish.preparation.prepared import Prepared, _alone
from kerasish.preparation.way_back import Output, Target, output_of
from kerasish.preparation.windows import Window
from kerasish.saving.whole_model import save_model
from kerasish.serialization import serialize_keras_object
from kerasish.spec import is_int

KEY = "data"  # of metadata.json
VERSION = 1


def save(model: Model, data: Prepared, path: str | os.PathLike[str]) -> None:
    """Write one `.keras` file of preparation, network and way back.

    `load_model` gives of it a model from raw columns to predictions, here and, where no layer is
    of this package alone, in Keras; `load` gives all of it.

    Args:
        model: the network.
        data: what it is trained on.
        path: ends in `.keras`; an earlier file stays until the new one is whole.

    Raises:
        ArgumentError: another ending.
        FileFormatError: the folder or the disk does not take the file.
    """
    if Path(path).suffix != ".keras":
        raise ArgumentError("path", expected="a name that ends in .keras", received=str(path))
    outputs = outputs_of(model, data.targets)
    with uncounted():
        whole, names = _whole(model, data, outputs)
        facts = _facts(data, outputs) | names
        save_model(whole, path, include_optimizer=False, metadata={KEY: facts})


def _whole(
    model: Model, data: Prepared, outputs: Mapping[str, Output]
) -> tuple[Model, dict[str, str]]:
    """The model from raw columns to predictions, and the names of its parts."""
    columns = data.columns.inputs(data.x)
    taken = {model.name}  # layers of the whole that are no columns
    names = {name: _free(symbol.history.operation.name, taken) for name, symbol in columns.items()}
    preparation = Model(columns, dict(data.x), name=_free("preparation", taken))
    spans = _spans(data)
    given: dict[str, KerasTensor] = {}
    for name, symbol in columns.items():
        low, high = spans.get(name, (0, 0))
        steps = (high - low,) if data.window is not None else ()
        given[name] = layers.Input((*steps, *symbol.shape[1:]), dtype=symbol.dtype,
                                   name=names[name])  # fmt: skip
    if data.window is None:
        x = preparation(given)
    else:
        each = layers.EachRow(preparation, name=_free("each_row", {preparation.name, *taken}))
        x = _windows(data, each(given), spans)
    values = by_target(model, model(_alone(x)), list(outputs))
    found = {name: output.restored(values[name]) for name, output in outputs.items()}
    whole = Model(given, found, name="served")
    return whole, {"network": model.name, "preparation": preparation.name}


def _spans(data: Prepared) -> dict[str, tuple[int, int]]:
    """The rows around the moment that each column is read at, `to` excluded."""
    found: dict[str, tuple[int, int]] = {}
    if data.window is None:
        return found
    for name, symbol in data.x.items():
        low, high = data.window.span(name, False)
        for column in data.columns.inputs({name: symbol}):
            held = found.get(column, (low, high))
            found[column] = (min(held[0], low), max(held[1], high))
    if len(data.x) > 1:  # the preparation reads its columns together: they begin and end together
        low, high = min(a for a, _ in found.values()), max(b for _, b in found.values())
        found = dict.fromkeys(found, (low, high))
    return found


def _windows(
    data: Prepared, rows: Mapping[str, Any], spans: Mapping[str, tuple[int, int]]
) -> dict[str, Any]:
    """The inputs of the network out of prepared rows of history."""
    found: dict[str, Any] = {}
    first = min(low for low, _ in spans.values())
    window = data.window or Window()
    for name, symbol in rows.items():
        low, high = window.span(name, False)
        if (low - first, high - first) != (0, symbol.shape[1]):
            symbol = symbol[:, low - first : high - first]
        if len(symbol.shape) == 3 and symbol.shape[-1] == 1 and is_int(symbol.dtype):
            symbol = layers.Reshape((high - low,))(symbol)
        found[name] = symbol
    return found


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    taken.add(name)
    return name


def _facts(data: Prepared, outputs: Mapping[str, Output]) -> dict[str, Any]:
    """What the file keeps beside the model, as plain data."""
    inputs, targets = data.columns.inputs(data.x), data.columns.inputs(data.y)
    asked = {*inputs, *targets, *([data.sample_weight] if data.sample_weight else [])}
    table = data.columns.table
    asked |= {name for name in (*table.time, table.group) if name}
    columns = {
        name: {"dtype": table.spec(name).dtype, "shape": list(table.spec(name).shape)}
        for name in table.names
        if name in asked
    }
    targets_model = data.columns.model(data.y) if data.y else None
    return {
        "version": VERSION,
        "columns": columns,
        "inputs": list(inputs),
        "targets": {
            name: {"columns": list(o.target.columns), "classes": _names(o.target.classes),
                   "form": o.form, "link": o.link}
            for name, o in outputs.items()
        },
        "y": None if targets_model is None else {
            "config": serialize_keras_object(targets_model),
            "weights": [np.asarray(w).tolist() for w in targets_model.get_weights()],
        },
        "sample_weight": data.sample_weight,
        "window": None if data.window is None else asdict(data.window),
        "padding": {name: list(how) for name, how in data.columns.padding.items()},
        "filled": dict(data.columns.filled),
        "time": list(table.time),
        "group": table.group,
        "source": json.loads(json.dumps(dict(table.source), default=str)),
        "batch_size": data.batch_size,
    }  # fmt: skip


def _names(classes: tuple[str, ...] | None) -> list[str] | None:
    return None if classes is None else list(classes)


def by_target(network: Model, raw: Any, names: list[str]) -> dict[str, Any]:
    """What a network gives, by target: by name, else in order."""
    values = tree.flatten(raw)
    if isinstance(raw, Mapping):
        known = [str(key) for key in raw]
        values = [raw[key] for key in raw]
    else:
        known = [str(name) for name in network.output_names]
    if len(values) == len(names) and not set(names) <= set(known):
        known = names
    return {name: values[known.index(name)] for name in names}


def metrics_of(network: Model, names: list[str], name: str) -> list[Any]:
    """The metrics that the output of a target is compiled with, once they are made.

    Args:
        network: one that has been measured.
        names: of all targets.
        name: of the target.
    """
    known = [str(one) for one in network.output_names]
    at = known.index(name) if set(names) <= set(known) else min(names.index(name), len(known) - 1)
    made = network._compile_metrics
    return [] if made is None else [one.metric for one in made.entries if one.output == at]


def outputs_of(model: Model, targets: Mapping[str, Target]) -> dict[str, Output]:
    """What each output of a network means, by target.

    Args:
        model: the network, compiled with the losses that say it.
        targets: of the data; where there are none, every output is a quantity.
    """
    names = [str(name) for name in model.output_names]
    if not targets:
        targets = {name: Target(name, (), None, ()) for name in names}
    by_name = set(targets) <= set(names)
    found: dict[str, Output] = {}
    symbols = tree.flatten(model.outputs)
    for place, (name, target) in enumerate(targets.items()):
        at = names.index(name) if by_name else min(place, len(names) - 1)
        width = symbols[at].shape[-1] if symbols[at].shape[1:] else 1
        found[name] = output_of(target, width or 1, _loss_of(model, names[at], at))
    return found


def _loss_of(model: Model, name: str, place: int) -> Any:
    loss = getattr(model, "loss", None)
    if isinstance(loss, Mapping):
        return loss.get(name)
    if isinstance(loss, (list, tuple)):
        return loss[place] if place < len(loss) else None
    return loss
