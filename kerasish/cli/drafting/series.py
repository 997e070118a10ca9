"""A config for a series: windows of what was, and what comes after them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from kerasish.cli.drafting.draft import entry_lines, source_lines
from kerasish.cli.drafting.inputs import inputs_of
from kerasish.cli.drafting.page import Page, entry, value
from kerasish.cli.drafting.reading import Given, is_text
from kerasish.errors import ArgumentError, DataError
from kerasish.preparation import Table
from kerasish.preparation.clock import clock
from kerasish.preparation.prepared import missing

_TIMES = ("year", "month", "day", "hour", "minute", "second")
_NAMES = ("date", "time", "datetime", "timestamp", "ds", "when")


def draft_series(given: Given, column: str, window: str, name: str) -> str:
    """The text of a config that tells a column some rows ahead.

    Args:
        given: the file.
        column: what is told ahead: numbers.
        window: "HISTORY" or "HISTORY:HORIZON", in rows.
        name: the model's.

    Raises:
        ArgumentError: the window cannot be read or is too long, or the column holds texts.
    """
    history, horizon = _sizes(window)
    rows = len(given.table)
    if is_text(given.table, column):
        raise ArgumentError(f"--target {column}", expected="numbers", received="texts")
    if rows < 20 * (history + horizon):
        raise ArgumentError(
            f"--window {window}", expected=f"at most {rows // 20} rows of {rows}", received=window
        )
    times = times_of(given.table)
    inputs = inputs_of(given.table, [*times, column])
    inputs.entries = {
        "past": entry(column, {"fill": "previous"}, {"float_normalized": {}}),
        **{
            key: held
            for key, held in inputs.entries.items()
            if key not in inputs.texts | inputs.arrays
        },
    }
    page = Page()
    page.comment(
        f"Tells {column} of {given.path.name} {horizon} row{'s' * (horizon > 1)} ahead, from the "
        f"{history} rows before."
    )
    page.lines.append(f"#   kerasish fit {name}.yaml")
    for note in given.notes:
        page.comment(f"Guessed: {note}.")
    page.key("kerasish", "1")
    page.key("name", value(name))
    page.key("seed", "1", note="what is random is the same in every run")
    page.key("data")
    held: dict[str, Any] = {"time": times[0] if len(times) == 1 else times} if times else {}
    group = group_of(given.table, times) if times else None
    if group is not None:
        held["group"] = group
    source_lines(page, given, **held)
    page.key("validation", "{split: 0.1}", 2, "of a series it is the end, nothing at random")
    page.key("test", "{split: 0.1}", 2, "what comes after that")
    page.key("window", value({"history": history, "horizon": horizon}), 2)
    page.key("x", "", 2)
    entry_lines(page, inputs)
    target = entry(column, {"Normalization": {}})
    page.key("y", value({"ahead": target}), 2, "predictions come back in its units")
    page.key("batch_size", "64", 2)
    page.key("model")
    page.key("nodes", "", 2)
    joined = list(inputs.entries)
    if len(joined) > 1:
        page.key("all", f"{{from: {value(joined)}, Concatenate: {{}}}}", 4)
    page.key("hidden", f"{{from: {'all' if len(joined) > 1 else joined[0]}, GRU: 32}}", 4)
    page.key("ahead", f"{{from: hidden, Dense: {horizon}}}", 4)
    page.key("outputs", "ahead", 2)
    page.key("train")
    page.key("optimizer", "{Adam: {learning_rate: 2e-3}}", 2)
    page.key("loss", "mse", 2)
    page.key("metrics", "[RootMeanSquaredError]", 2)
    page.key("epochs", "20", 2, "at most: training ends where validation gets no better")
    stop = "{monitor: val_loss, patience: 3, restore_best_weights: true}"
    page.key("callbacks", f"[{{EarlyStopping: {stop}}}]", 2)
    return page.text()


def _sizes(window: str) -> tuple[int, int]:
    history, _, horizon = window.partition(":")
    try:
        found = int(history), int(horizon or 1)
    except ValueError:
        found = 0, 0
    if min(found) < 1:
        raise ArgumentError(
            "--window", expected="HISTORY or HISTORY:HORIZON, such as 24 or 96:24", received=window
        )
    return found


def times_of(table: Table) -> list[str]:
    """The columns that order the rows: one of that name, year, month, ..., or dates; none else."""
    usual = [name for name in table.names if name.casefold() in _NAMES]
    parts = [name for one in _TIMES for name in table.names if name.casefold() == one]
    if "year" in [name.casefold() for name in parts]:
        usual.append("")
    texts = [name for name in table.names if is_text(table, name)]
    for name in [*usual, *texts]:
        columns = [name] if name else parts
        if _orders(table, columns):
            return columns
    return []


def _orders(table: Table, columns: list[str]) -> bool:
    """Whether columns are a time in every row."""
    if len(columns) > 1 and any(is_text(table, name) for name in columns):
        return False
    if any(missing(table, name).any() for name in columns):
        return False
    try:
        clock(replace(table, time=tuple(columns)))
    except DataError:
        return False
    return True


def group_of(table: Table, times: list[str]) -> str | None:
    """The column of fewest values that tells rows of one time apart; None where none is needed."""
    _, when = np.unique(clock(replace(table, time=tuple(times))), return_inverse=True)
    if len(np.unique(when)) == len(when):
        return None
    found: list[tuple[int, str]] = []
    for name in table.names:
        values = table.values(name)
        if name in times or table.spec(name).shape or values.dtype.kind == "f":
            continue
        known, codes = np.unique(values, return_inverse=True)
        if len(np.unique(codes * len(when) + when)) == len(when) and 2 * len(known) <= len(when):
            found.append((len(known), name))
    return min(found)[1] if found else None
