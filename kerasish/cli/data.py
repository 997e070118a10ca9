"""`kerasish data`: what is in the data of a config, a run or a file."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kerasish.cli.configs import prepare_for, project_of
from kerasish.cli.declare import argument, command, count
from kerasish.cli.drafting import reading
from kerasish.cli.models import CONFIGS
from kerasish.cli.options import BACKEND, CHANGES, JSON
from kerasish.cli.run_folder import CONFIG_FILE
from kerasish.errors import ArgumentError
from kerasish.preparation import Columns, Parts, Prepared
from kerasish.preparation.audit import Audit, audit, lookups

_COLUMNS = 30  # of a file that are listed
_CLASSES = 12
_WIDTH = 100


@command(
    "check",
    "show what is in the data of a config, a run or a file",
    argument(
        "source",
        metavar="SOURCE",
        complete="yaml",
        help="a .yaml file, the folder of a run, a file of data, or a folder of such files",
    ),
    argument(
        "--rows",
        type=count,
        metavar="N",
        help="show N rows of training too: as they are in the file, prepared, and decoded back",
    ),
    JSON,
    BACKEND,
    *CHANGES,
    example="kerasish data configs/sms_spam.yaml --rows 3",
)
def data(arguments: Namespace) -> None:
    """Sizes and classes of each part, and for every column its type, what is missing, how many
    different values there are, its range, and how many rows of the other parts lie outside of it.

    Below stands what a person should know: columns that are the same in every row, words and kinds
    that training does not know, rows that two parts share, groups in two parts, what was guessed.
    """
    held, name = _prepared(arguments)
    found = audit(held)
    rows = _rows(held, arguments.rows) if arguments.rows else []
    if arguments.json:
        told = found.plain() | ({"shown": rows} if rows else {})
        json.dump(told, sys.stdout, indent=1, default=_plain)
        print()
        return
    print("\n".join([f"{name}: {_sizes(found)}", *told_of(found, held)]))
    for row in rows:
        print("\n".join(_row_lines(row)))


def _prepared(arguments: Namespace) -> tuple[Prepared, str]:
    path = Path(arguments.source)
    run = path.is_dir() and (path / CONFIG_FILE).exists()
    if run or path.suffix in CONFIGS:
        project = project_of(arguments, arguments.source)
        prepare_for(arguments, project)
        if project.config.data is None:
            raise ArgumentError(
                f"data {arguments.source}", expected="a config with a data section", received="none"
            )
        return project.data(), project.config.name
    given = reading.read(path, None, Path())
    table = given.table
    parts = Parts(table, notes=[*given.notes, *getattr(table, "notes", ())])
    return Prepared(parts, Columns(table), {}, {}, notes=list(parts.notes)), path.name


# --- the page -----------------------------------------------------------------------------------


def _sizes(found: Audit) -> str:
    if len(found.rows) == 1:
        return f"{next(iter(found.rows.values())):,} rows"
    return ", ".join(f"{part} {rows:,}" for part, rows in found.rows.items()) + " rows"


def told_of(found: Audit, held: Prepared) -> list[str]:
    """The audit as lines."""
    lines: list[str] = []
    for name, parts in found.classes.items():
        lines += ["", *_class_lines(name, parts)]
    lines += ["", *_column_lines(found)]
    if held.x:
        lines += ["", *_prepared_lines(held)]
    notes = _notes(found)
    return [*lines, "", *notes] if notes else lines


def _class_lines(name: str, parts: dict[str, dict[str, int]]) -> list[str]:
    """A row for each class, the most frequent first."""
    train = parts["train"]
    order = sorted(train, key=lambda one: -train[one])
    rows = [[name, *parts, "share"]]
    total = max(sum(train.values()), 1)
    for one in order[:_CLASSES]:
        counts = [f"{held[one]:,}" for held in parts.values()]
        rows.append([f"  {clip(one, 40)}", *counts, f"{train[one] / total:.1%}"])
    lines = aligned(rows)
    if len(order) > _CLASSES:
        rest = [train[one] for one in order[_CLASSES:]]
        lines.append(f"  {len(rest)} more with {min(rest):,} to {max(rest):,} rows of training")
    return lines


def _column_lines(found: Audit) -> list[str]:
    others = [part for part in found.rows if part != "train"]
    rows = [["column", "type", "for", "missing", "different", "from", "to", "outside"]]
    for one in found.columns[:_COLUMNS]:
        lost = sum(one.missing.values())
        outside = ", ".join(f"{one.beyond[part]:,} {part}" for part in others if part in one.beyond)
        rows.append([
            clip(one.name, 28), one.kind, one.role or "-", f"{lost:,}" if lost else "-",
            f"{one.different:,}", number(one.low), number(one.high), outside or "-",
        ])  # fmt: skip
    if not others:
        rows = [row[:-1] for row in rows]
    lines = aligned(rows, left=(0, 1, 2))
    more = len(found.columns) - _COLUMNS
    return [*lines, f"and {more} columns more: --json has them all"] if more > 0 else lines


def _prepared_lines(held: Prepared) -> list[str]:
    rows = [["read as", "shape", "dtype"]]
    for side, arrays in (("x", held.part("train").x), ("y", held.part("train").y)):
        for name, array in arrays.items():
            shape = ", ".join(map(str, held.shape(name)))
            rows.append([f"{side} {clip(name, 40)}", f"[{shape}]", str(array.dtype)])
    return aligned(rows, left=(0, 1, 2))


def _notes(found: Audit) -> list[str]:
    lines: list[str] = []
    same = [one.name for one in found.columns if one.constant]
    if same:
        lines.append(f"the same in every row of training: {listed(same)}")
    for name, parts in found.unknown.items():
        shares = {part: share for part, share in parts.items() if share}
        if shares:
            told = ", ".join(f"{share:.1%} of {part}" for part, share in shares.items())
            lines.append(f"not in the vocabulary of {name}: {told}")
    for parts, shared in found.duplicates.items():
        second = parts.partition(" in ")[0]
        share = shared / max(found.rows[second], 1)
        lines.append(f"rows of {parts} with the same inputs: {shared:,} ({share:.1%} of {second})")
    for name, parts in found.groups.items():
        for both, shared in parts.items():
            lines.append(f"groups of {name} of {both}: {shared:,}")
    for part, gone in found.dropped.items():
        lines.append(f"left out of {part}: {gone:,}, the target is missing")
    for note in found.notes:
        if note not in lines:
            lines.append(note)
    return lines


# --- rows ---------------------------------------------------------------------------------------


def _rows(held: Prepared, many: int) -> list[dict[str, Any]]:
    """Rows of the training part: raw, prepared, decoded."""
    part = held.part("train")
    found = []
    known = {symbol: layer for _, layer, symbol in lookups(held)}
    first = part.table.choose(np.arange(min(many, len(part.table))))
    values = {name: first.values(name) for name in first.names}  # no other file is decoded
    for row in range(len(first)):
        raw = {name: column[row] for name, column in values.items()}
        prepared: dict[str, Any] = {}
        back: dict[str, Any] = {}
        for name, array in part.x.items():
            prepared[name] = np.asarray(array[row])
            layer = known.get(held.x[name])
            if layer is not None:
                back[name] = _words(layer, prepared[name])
        for name, array in part.y.items():
            prepared[name] = np.asarray(array[row])
            target = held.targets[name]
            if target.classes is not None and prepared[name].size == 1:
                back[name] = target.classes[int(prepared[name].reshape(-1)[0])]
            elif target.classes is not None and prepared[name].shape == (len(target.classes),):
                back[name] = [target.classes[int(n)] for n in np.flatnonzero(prepared[name])]
            elif target.undo and held.window is None:
                back[name] = np.asarray(target.restored(prepared[name][None]))[0]
        found.append({"row": row, "raw": raw, "prepared": prepared, "decoded": back})
    return found


def _words(layer: Any, indices: np.ndarray) -> str:
    """The words that indices mean, those of padding left out."""
    vocabulary = layer.get_vocabulary()
    flat = indices.reshape(-1)
    if flat.dtype.kind == "f":
        flat = np.flatnonzero(flat)
    words = [str(vocabulary[int(i)]) for i in flat if 0 <= int(i) < len(vocabulary)]
    return " ".join(word for word in words if word)


def _row_lines(row: dict[str, Any]) -> list[str]:
    lines = ["", f"row {row['row']}"]
    for kind in ("raw", "prepared", "decoded"):
        width = max((len(clip(name, 28)) for name in row[kind]), default=0)
        for place, (name, value) in enumerate(row[kind].items()):
            head = kind if place == 0 else ""
            text = clip(_short(value), _WIDTH - width - 14)
            lines.append(f"  {head:8}  {clip(name, 28):{width}}  {text}")
    return lines


def _short(value: Any) -> str:
    array = np.asarray(value)
    if array.dtype.kind in "OUS" or not array.ndim:
        return number(float(array)) if array.dtype.kind == "f" else str(value)
    if array.size == 1:
        return _short(array.reshape(-1)[0])
    first = [number(float(one)) for one in array.reshape(-1)[:24]]
    shape = "" if array.ndim == 1 else f" of shape {list(array.shape)}"
    return f"[{' '.join(first)}{' ...' if array.size > 24 else ''}]{shape}"


# --- text ---------------------------------------------------------------------------------------


def aligned(rows: Sequence[Sequence[str]], left: Sequence[int] = (0,)) -> list[str]:
    """Rows as lines: the columns `left` to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [
            cell.ljust(width) if place in left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return lines


def number(value: float | None) -> str:
    """A number as people write it; "-" for none."""
    return "-" if value is None else f"{value:.5g}" if abs(value) < 1e5 else f"{value:,.0f}"


def clip(text: str, width: int) -> str:
    """A text on one line of at most so many characters."""
    one = " ".join(str(text).split())
    return one if len(one) <= width else one[: width - 3] + "..."


def listed(names: Sequence[str]) -> str:
    """Names with commas, the first dozen."""
    return ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    return value.item() if isinstance(value, np.generic) else str(value)
