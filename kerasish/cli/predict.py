"""`kerasish predict`: what a run says of new data."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from kerasish.cli import answers, run_folder
from kerasish.cli.answers import Columns
from kerasish.cli.configs import allow_plugins, use_backend
from kerasish.cli.declare import argument, command, count
from kerasish.cli.options import BACKEND, PERMISSIONS, RUN
from kerasish.errors import ArgumentError
from kerasish.preparation.incoming import read_rows
from kerasish.preparation.prepared import Part
from kerasish.preparation.served import Served, load
from kerasish.preparation.table import Table
from kerasish.preparation.windows import ends, runs
from kerasish.saving.files.atomic import replacing, write_bytes

WEIGHTS = argument(
    "--weights",
    choices=("best", "last"),
    default="best",
    help="those of the best epoch on the validation data (the default), or of the last",
)
BATCH_SIZE = argument(
    "--batch-size", type=count, metavar="N", help="rows at a time; by default as in training"
)


@command(
    "train",
    "what a trained run says of new data",
    RUN,
    argument("files", nargs="+", metavar="FILE", complete="file", help="data, or - for stdin"),
    argument("-o", "--output", metavar="OUT", help="a .csv, .tsv, .jsonl, .json, .npy or .npz"),
    argument(
        "--format",
        choices=("csv", "tsv", "jsonl", "json", "table"),
        help="without -o: a table on a terminal, else csv",
    ),
    argument(
        "--keep",
        action="append",
        default=[],
        metavar="COLUMN",
        help="copy a column of the data, such as an id; may be repeated",
    ),
    argument("--probabilities", action="store_true", help="a column for every class"),
    argument("--last", action="store_true", help="only the last of a series, or of each group"),
    WEIGHTS,
    BATCH_SIZE,
    BACKEND,
    *PERMISSIONS,
    example="kerasish predict runs/churn new.csv --keep id -o predictions.csv\n"
    "kerasish predict runs/sms - --probabilities < messages.txt",
)
def predict(arguments: Namespace) -> None:
    """Predictions for the rows of files, in their order.

    Files are csv, tsv, JSON lines, JSON, parquet, Arrow, npy, npz, HDF5, idx,
    images, sound, texts, or folders of the last three; - reads csv, JSON lines or
    a text a line. Columns go by their names, in any order; others are passed over,
    and target, split and weight may be absent. Quantities come in the units of the
    data, classes by their names. What was filled in, and values that training had
    none of, are counted on standard error.

    Of a series there is a prediction for every moment with enough rows before it,
    the last of them after the end of the file, or of each group. The column row is
    the number of the row that it begins at.
    """
    output = arguments.output
    if output is not None and ending(output) not in answers.FORMATS:
        raise ArgumentError(
            "-o",
            expected="a name that ends in " + ", ".join(f".{one}" for one in answers.FORMATS),
            received=repr(output),
        )
    allow_plugins(arguments.plugins)
    use_backend(arguments.backend)
    served = load(weights_of(arguments), arguments.allowance)
    table = read_rows(arguments.files, served, sys.stdin)
    table.check(arguments.keep)
    part = served.prepare(table)
    if arguments.last:
        if part.moments is None or part.series is None:
            raise ArgumentError("--last", expected="a run on windows of a series", received="rows")
        last = ends(part.series, served.rows.begins(part))
        part = replace(part, moments=part.moments[last])
    predictions = served.predicted(part, arguments.batch_size)
    columns = _kept(table, arguments.keep, part, served)
    columns |= answers.columns_of(served.outputs, predictions, arguments.probabilities)
    for line in served.replaced(table):
        print(line, file=sys.stderr)
    if output is None:
        _print(columns, arguments.format)
    else:
        _write(output, columns, predictions)
        print(f"wrote {output}", file=sys.stderr)


def weights_of(arguments: Namespace) -> Path:
    """The model file of a run that was asked for, or the file itself.

    Raises:
        ArgumentError: there is none.
    """
    if arguments.run.endswith(".keras") and Path(arguments.run).is_file():
        return Path(arguments.run)
    folder = run_folder.existing_folder(arguments.run)
    name = {"best": run_folder.MODEL_FILE, "last": run_folder.LAST_FILE}[arguments.weights]
    if not (folder / name).is_file():
        raise ArgumentError(
            "--weights", expected=f"a run folder with {name}", received=repr(arguments.run)
        )
    return folder / name


def ending(path: str) -> str:
    """The last part of a file's name, without the dot."""
    return Path(path).suffix.removeprefix(".").lower()


def _written(table: Table, name: str) -> Any:
    """A column as a person reads it: of pictures and sounds in files, the paths."""
    column = table.columns[name]
    if column.load is None or not column.spec.shape:
        return table.values(name)
    return column.values if table.rows is None else column.values[table.rows]


def _kept(table: Table, names: list[str], part: Part, served: Served) -> Columns:
    """The columns that are copied; of a series with the row, the time and the group of each
    moment. What follows the last row before a gap or the end is in no row, and has no time."""
    at, base = part.moments, part.series
    if at is None or base is None:
        return {name: _written(table, name).tolist() for name in names}
    begins, run = served.rows.begins(part), runs(base)
    there = run[np.minimum(at, len(base) - 1)] == run[begins]
    there &= at < len(base)
    numbers = np.arange(len(base)) if base.rows is None else base.rows
    before = numbers[np.maximum(at - 1, 0)] + 1
    rows = np.where(there, numbers[np.minimum(at, len(base) - 1)], before)
    found: Columns = {"row": rows.tolist()}
    group = [] if table.group is None else [table.group]
    for name in dict.fromkeys([*group, *table.time, *names]):
        values = table.values(name)
        known = numbers[begins] if name in group else np.where(there, rows, 0)
        held = values[known].tolist()
        found[name] = [
            value if inside or name in group else None
            for value, inside in zip(held, there.tolist(), strict=True)
        ]
    return found


def _print(columns: Columns, form: str | None) -> None:
    sys.stdout.write(_text(columns, form or ("table" if sys.stdout.isatty() else "csv")))


def _text(columns: Columns, form: str) -> str:
    if form == "table":
        return answers.table_text(columns)
    if form == "jsonl":
        return answers.json_lines(columns)
    if form == "json":
        return json.dumps(answers.json_rows(columns), ensure_ascii=False, indent=1) + "\n"
    return answers.csv_text(columns, "\t" if form == "tsv" else ",")


def _write(path: str, columns: Columns, predictions: Mapping[str, np.ndarray]) -> None:
    """Write a file as its name ends; the old one stays until the new is whole."""
    form = ending(path)
    if form in ("npy", "npz"):
        _write_arrays(path, predictions, form)
        return
    write_bytes(Path(path), _text(columns, form).encode("utf-8", "surrogateescape"))


def _write_arrays(path: str, predictions: Mapping[str, np.ndarray], form: str) -> None:
    """Probabilities and quantities: one output as .npy, several as .npz by name."""
    if form == "npy" and len(predictions) > 1:
        raise ArgumentError(
            "-o",
            expected="a name that ends in .npz, for several outputs",
            received=f"{path!r}, and the outputs {', '.join(predictions)}",
        )
    with replacing(Path(path)) as temporary, temporary.open("wb") as file:
        if form == "npy":
            np.save(file, next(iter(predictions.values())))
        else:
            given: Any = dict(predictions)
            np.savez(file, **given)
