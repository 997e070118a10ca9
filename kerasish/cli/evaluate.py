"""`kerasish evaluate`: how good a run is on its own data, or on others."""

from __future__ import annotations

import json
import math
import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kerasish import tree
from kerasish.cli import answers
from kerasish.cli.configs import allow_plugins, prepare_for, project_of, use_backend
from kerasish.cli.declare import argument, command
from kerasish.cli.options import ALLOW_NETWORK, BACKEND, JSON, PERMISSIONS, RUN, VERBOSE
from kerasish.cli.predict import WEIGHTS, weights_of
from kerasish.cli.text import numbers
from kerasish.errors import ArgumentError, DataError
from kerasish.models import Model
from kerasish.preparation import Prepared
from kerasish.preparation.incoming import read_rows
from kerasish.preparation.prepared import Part
from kerasish.preparation.saved import outputs_of
from kerasish.preparation.scores import of_classes, of_quantities
from kerasish.preparation.served import Served, load, targets_of
from kerasish.preparation.served import measured as _measured
from kerasish.preparation.way_back import Output

_MATRIX = 16  # classes of which the confusion matrix is printed
_CLASSES = 30  # classes that are printed
_VALUES = 1 << 28  # numbers that are predicted at once, of which details are told
_CONFUSED = 10  # pairs of classes that are printed where there is no matrix

Found = Mapping[str, Any]


@command(
    "train",
    "measure a trained run on its test data, or on others",
    RUN,
    argument(
        "--data",
        action="append",
        metavar="FILE",
        complete="file",
        help="other data, all of its rows; may be repeated",
    ),
    argument(
        "--part",
        choices=("test", "validation", "train"),
        help="which data of the config; test where there is any",
    ),
    WEIGHTS,
    JSON,
    BACKEND,
    VERBOSE,
    ALLOW_NETWORK,
    *PERMISSIONS,
    example="kerasish evaluate runs/digits_cnn\nkerasish evaluate runs/churn --data march.csv",
)
def evaluate(arguments: Namespace) -> None:
    """Loss and metrics as trained, and in the units of the data where a target is
    scaled.

    For classes also the confusion matrix (a row for each true class) and
    precision, recall and F1 of each; for quantities their errors. Other data are
    read as those of training, whose files are not opened then.
    """
    if arguments.data and arguments.part:
        raise ArgumentError("--part", expected="--data alone", received="both")
    weights = weights_of(arguments)
    if arguments.data:
        allow_plugins(arguments.plugins)
        use_backend(arguments.backend)
        served = load(weights, arguments.allowance)
        table = read_rows(arguments.data, served, sys.stdin)
        name, rows = " ".join(arguments.data), served.rows
        part = served.prepare(table, targets=True)
        for line in served.replaced(table):
            print(line, file=sys.stderr)
        notes: Sequence[str] = served.rows.notes
    else:
        project = project_of(arguments, _config_of(arguments.run))
        prepare_for(arguments, project)
        rows = project.data()
        name = _part(rows, arguments.part)
        served = load(weights, arguments.allowance)
        part, notes = rows.part(name), ()
    for line in notes:
        print(line, file=sys.stderr)
    found: dict[str, Any] = {
        "run": arguments.run,
        "weights": f"{arguments.weights} ({weights.name})",
        "data": name,
        "rows": len(part),
        **served.measured(part, rows),
        "outputs": details(served, rows, part),
    }
    if arguments.json:
        print(json.dumps(found, indent=1))
    else:
        print("\n".join(_lines(found)))


def _config_of(run: str) -> str:
    return str(Path(run).parent) if run.endswith(".keras") else run


def _part(data: Prepared, chosen: str | None) -> str:
    """The part of the data that was asked for, else the best there is to measure on."""
    order = [chosen] if chosen else ["test", "validation"]
    for name in order:
        if data.parts.get(name) is not None:
            return name
    raise DataError(
        "",
        expected=f"a config with {' or '.join(order)} data",
        received="one without",
        fix="Add it under 'data:', choose with --part, or name a file with --data.",
    )


# --- measuring ------------------------------------------------------------------------------------


def measure(model: Model, data: Prepared, part: str) -> dict[str, float]:
    """Loss and metrics of a model on a part of the data, as trained."""
    return measured(model, data, part)["as_trained"]


def measured(model: Model, data: Prepared, part: str) -> dict[str, dict[str, float]]:
    """Loss and metrics of a model on a part of the data.

    Returns:
        {"as_trained": {...}}, and "in_units" where a target is scaled.
    """
    outputs = outputs_of(model, data.targets)
    return _measured(model, data, data.part(part), outputs, data.batch_size)


def details(served: Served, rows: Prepared, part: Part) -> dict[str, dict[str, Any]]:
    """Scores of classes and errors of quantities, by output, as plain data."""
    found: dict[str, dict[str, Any]] = {}
    sizes = [math.prod(n or 1 for n in s.shape[1:]) for s in tree.flatten(served.network.outputs)]
    if len(part) * sum(sizes) > _VALUES:
        return found
    predictions = served.predicted(part)
    for name, output in served.outputs.items():
        if name not in part.y:
            continue
        wanted = targets_of(rows, part, name)
        if output.form in ("class", "yes or no"):
            found[name] = of_classes(output, wanted, predictions[name])
        elif output.form == "labels":
            found[name] = _labels(output, wanted, predictions[name])
        elif output.target.undo is not None:
            found[name] = of_quantities(output, wanted, predictions[name])
    return found


def _labels(output: Output, wanted: np.ndarray, predicted: np.ndarray) -> dict[str, Any]:
    """Scores of each of several labels."""
    true, said = wanted > 0.5, predicted > 0.5
    hits, held, named = (true & said).sum(0), true.sum(0), said.sum(0)
    scores = {
        output.label(i): {
            "precision": float(hits[i] / max(named[i], 1)),
            "recall": float(hits[i] / max(held[i], 1)),
            "f1": float(2 * hits[i] / max(named[i] + held[i], 1)),
            "support": int(held[i]),
        }
        for i in range(true.shape[1])
    }
    return {"classes": list(scores), "per_class": scores}


# --- text -----------------------------------------------------------------------------------------


def _lines(found: Found) -> list[str]:
    lines = [f"{found['data']}: {found['rows']:,} rows, weights: {found['weights']}"]
    lines.append(f"  as trained  {numbers(found['as_trained'])}")
    if "in_units" in found:
        lines.append(f"  in units    {numbers(found['in_units'])}")
    for name, one in found["outputs"].items():
        lines.append("")
        if "per_class" in one:
            lines += _of_classes(name, one)
        elif "accuracy" in one:
            lines.append(f"{name}: accuracy {one['accuracy']:.4f}")
        else:
            lines.append(f"{name}, in the units of the data")
            lines += _of_quantities(one)
    return lines


def _of_quantities(one: Found) -> list[str]:
    """Errors; of several columns a line for each."""
    if "per_column" not in one:
        return [f"  {key.replace('_', ' '):20} {value:.6g}" for key, value in one.items()]
    parts: dict[str, dict[str, float]] = one["per_column"]
    columns: answers.Columns = {"column": list(parts)}
    for key in next(iter(parts.values())):
        columns[key.replace("_", " ")] = [f"{errors[key]:.6g}" for errors in parts.values()]
    return [f"  {line}".rstrip() for line in answers.table_text(columns).splitlines()]


def _of_classes(name: str, one: Found) -> list[str]:
    classes, scores = one["classes"], one["per_class"]
    there = [c for c in classes if scores[c]["support"] or _said(one, c)]
    shown = there
    if len(there) > _CLASSES:
        shown = sorted(there, key=lambda c: scores[c]["f1"])[:_CLASSES]
    columns: answers.Columns = {name: list(shown)}
    for key in ("precision", "recall", "f1", "support"):
        columns[key] = [
            f"{scores[c][key]:.4f}" if key != "support" else scores[c][key] for c in shown
        ]
    lines = [line.rstrip() for line in answers.table_text(columns).splitlines()]
    if len(shown) < len(there):
        lines.append(f"... {len(there) - len(shown)} classes with a higher F1 left out ...")
    if "confusion" not in one:
        return lines
    lines.append("")
    if len(there) <= _MATRIX:
        at = [classes.index(c) for c in there]
        matrix: answers.Columns = {"true \\ predicted": list(there)}
        for c, j in zip(there, at, strict=True):
            matrix[c] = [one["confusion"][i][j] for i in at]
        return lines + answers.table_text(matrix).splitlines()
    counts = np.array(one["confusion"])
    np.fill_diagonal(counts, 0)
    order = np.argsort(-counts, axis=None, kind="stable")[:_CONFUSED]
    pairs = [divmod(int(flat), len(classes)) for flat in order]
    lines.append("most often confused")
    lines += [
        f"  {classes[i]} was predicted as {classes[j]}: {counts[i, j]}"
        for i, j in pairs
        if counts[i, j]
    ]
    return lines


def _said(one: Found, name: str) -> int:
    """How often a class was predicted."""
    if "confusion" not in one:
        return 0
    at = one["classes"].index(name)
    return sum(row[at] for row in one["confusion"])
