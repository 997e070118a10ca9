"""A config for a file of data: task, inputs, parts, model and training, each written out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from kerasish.cli.drafting.inputs import Inputs, inputs_of, is_free, is_skewed
from kerasish.cli.drafting.page import WIDTH, Page, entry, steps, value
from kerasish.cli.drafting.reading import Given, is_text, shown, split_column
from kerasish.errors import ArgumentError
from kerasish.preparation import Table, read_table
from kerasish.preparation.prepared import missing

_MOST_CLASSES = 20  # whole numbers that are classes rather than quantities
_MOST_NAMES = 1000  # texts that are classes
_SKEWED_TARGET = 2.0


@dataclass
class Task:
    """What is predicted: `kind` is "classes" or "quantity"."""

    kind: str
    column: str
    name: str
    y: str
    why: str
    classes: tuple[str, ...] = ()
    rarest: float = 1.0


def draft(given: Given, column: str, task: str | None, name: str) -> str:
    """The text of a config.

    Args:
        given: the file.
        column: the target.
        task: "classes" or "quantity"; guessed where None.
        name: the model's.

    Raises:
        ArgumentError: the target tells nothing, or nothing is left to predict it from.
    """
    table = given.table
    goal = task_of(given, column, task)
    split = split_column(table, column)
    parts = parts_of(given, goal, split)
    inputs = inputs_of(_training(table, split), [column, *([split[0]] if split else [])])
    if not inputs.entries:
        raise ArgumentError(
            f"init {given.path.name}",
            expected=f"a column that may tell {column!r}",
            received="; ".join(f"{key}: {why}" for key, why in inputs.left.items()) or "none",
        )
    page = Page()
    head(page, given, goal, name)
    _data(page, given, goal, inputs, parts)
    _model(page, goal, inputs, len(table))
    _train(page, goal, inputs, len(table))
    return page.text()


# --- the task -----------------------------------------------------------------------------------


def task_of(given: Given, column: str, wanted: str | None) -> Task:
    """What is predicted, and how the target is said."""
    table = given.table
    values, gaps = table.values(column), missing(table, column)
    if table.spec(column).shape not in ((), (1,)):
        raise ArgumentError(f"--target {column}", expected="one value a row", received="several")
    held = values.reshape(len(values))[~gaps.reshape(len(values))]
    known, counts = np.unique(held, return_counts=True)
    if len(known) < 2:
        raise ArgumentError(
            f"--target {column}", expected="different values", received=f"{known.tolist()} alone"
        )
    kind, why = _kind(known, len(held))
    if wanted is not None:
        kind, why = wanted, "as you said"
    own = given.named and is_free(column)
    name = column if own else "target"
    if kind == "quantity":
        if is_text(table, column):
            raise ArgumentError(
                "--task quantity", expected=f"numbers in {column!r}", received="texts"
            )
        y = value({name: entry(column, {"Normalization": {}})})
        if is_skewed(table, column, _SKEWED_TARGET):
            y = f"{{{value(name)}: {{from: {value(column)}, seq: [log1p, Normalization]}}}}"
            why += ", a few far larger: trained on their logarithm"
        return Task(kind, column, name, y, why)
    y = _classes(given, column, known, name)
    names = tuple(map(str, known.tolist()))
    return Task(kind, column, name, y, why, names, float(counts.min() / len(held) * len(known)))


def _kind(known: np.ndarray, rows: int) -> tuple[str, str]:
    many = len(known)
    if known.dtype.kind in "OUS":
        if many > min(_MOST_NAMES, max(rows // 2, 2)):
            raise ArgumentError(
                "--target", expected="a column of classes or numbers",
                received=f"{many} different texts in {rows} rows",
            )  # fmt: skip
        return "classes", f"{many} different texts"
    whole = known.dtype.kind in "iub" or bool((known == np.floor(known)).all())
    if whole and many <= _MOST_CLASSES and rows >= 2 * many:
        return "classes", f"{many} different whole numbers; --task quantity if they are amounts"
    return "quantity", f"{many} different numbers"


def _classes(given: Given, column: str, known: np.ndarray, name: str) -> str:
    """How a target of classes is said: as it is, or by a map."""
    texts = known.dtype.kind in "OUS"
    if texts:
        other = _spellings(given, column, known.tolist())
        if other:
            held = {text: i for i, text in enumerate(known.tolist())}
            return value({name: entry(column, {"map": held | other})})
        return column_entry(name, column)
    numbers = known.astype(float).tolist()
    if known.dtype.kind in "iu" and numbers == list(range(len(numbers))):
        return column_entry(name, column)
    return value({name: entry(column, {"map": {_plain(n): i for i, n in enumerate(numbers)}})})


def column_entry(name: str, column: str) -> str:
    """An entry that is a column as it is."""
    return value(column) if name == column else value({name: entry(column)})


def _plain(number: float) -> Any:
    return int(number) if number == int(number) else number


def _spellings(given: Given, column: str, known: list[str]) -> dict[str, int]:
    """Classes that the test file spells in another way: with a full stop, or in other letters."""
    if given.test is None:
        return {}
    place = {_bare(text): i for i, text in enumerate(known)}
    if len(place) < len(known):
        return {}
    table = test_table(given)
    found = set(table.values(column).tolist()) if column in table.names else set()
    new = sorted(str(text) for text in found if text not in known)
    return {text: place[_bare(text)] for text in new if _bare(text) in place}


def _bare(text: str) -> str:
    return text.strip().rstrip(".").casefold()


def test_table(given: Given) -> Table:
    """The file with the test part, read as the other is."""
    form = next(iter(given.source))
    return read_table({**given.source, form: str(given.test)})


# --- parts --------------------------------------------------------------------------------------


def _training(table: Table, split: tuple[str, dict[str, list[Any]]] | None) -> Table:
    if split is None:
        return table
    name, parts = split
    return table.choose(np.flatnonzero(np.isin(table.values(name), parts["train"])))


def parts_of(given: Given, goal: Task, split: Any) -> dict[str, tuple[str, str]]:
    """How each part is said, and a comment."""
    found: dict[str, tuple[str, str]] = {}
    rows = len(given.table)
    if split is not None:
        name, parts = split
        taken = [one for values in parts.values() for one in values]
        others = sorted(set(given.table.values(name).tolist()) - set(taken))
        for part, values in parts.items():
            one = values[0] if len(values) == 1 else values
            note = f"no part has {', '.join(others[:6])}" if others and part == "train" else ""
            found[part] = value({"where": {name: one}}), note
    if "validation" not in found:
        share = 0.1 if rows >= 2000 else 0.2
        how: dict[str, Any] = {"split": share}
        if goal.kind == "classes":
            how["stratify"] = goal.column
        found["validation"] = value(how), "chooses the best epoch"
    if given.test is not None and "test" not in found:
        form = next(iter(given.source))
        found["test"] = value({form: shown(given.test, given.beside)}), ""
    return {part: found[part] for part in ("train", "validation", "test") if part in found}


# --- the page -----------------------------------------------------------------------------------


def head(page: Page, given: Given, goal: Task, name: str) -> None:
    """What the config is for, what was guessed, and the keys above the data."""
    what = f"{goal.column} of {given.path.name}"
    page.comment(f"Predicts {what}: {goal.kind} ({goal.why}).")
    page.lines.append(f"#   kerasish fit {name}.yaml")
    for note in given.notes:
        page.comment(f"Guessed: {note}.")
    page.key("kerasish", "1")
    page.key("name", value(name))
    page.key("seed", "1", note="what is random is the same in every run")


def source_lines(page: Page, given: Given, **more: Any) -> None:
    """The key `source`."""
    shown_source = {**given.source, **more}
    line = f"  source: {value(shown_source)}"
    if len(line) <= WIDTH:
        page.key("source", value(shown_source), 2)
        return
    page.key("source", "", 2)
    for key, held in shown_source.items():
        page.key(key, value(held), 4)


def data_parts(page: Page, given: Given, parts: dict[str, tuple[str, str]]) -> None:
    """The source of the data, and its parts."""
    page.key("data")
    source_lines(page, given)
    for part, (how, note) in parts.items():
        page.key(part, how, 2, note)
    if "test" not in parts:
        page.comment("test: {split: 0.2} would keep rows that no choice is made by", 2)


def _data(page: Page, given: Given, goal: Task, inputs: Inputs, parts: Any) -> None:
    data_parts(page, given, parts)
    page.key("x", "", 2)
    entry_lines(page, inputs)
    page.key("y", goal.y, 2, "" if goal.kind == "classes" else "predictions come back in its units")
    page.key("batch_size", str(batch_size(len(given.table))), 2)


def entry_lines(page: Page, inputs: Inputs) -> None:
    """The entries of `x`, and what was left out."""
    notes = {"numbers": "gaps filled, mean 0 and deviation 1",
             "skewed": "a few are far larger: by their logarithm",
             "kinds": "one column of 0 and 1 for each kind"}  # fmt: skip
    for key, held in inputs.entries.items():
        note = "words and pairs of words" if key in inputs.texts else notes.get(key, "")
        _entry_lines(page, key, held, note)
    for key, why in inputs.left.items():
        page.comment(f"left out: {key} ({why})", 4)


def _entry_lines(page: Page, key: str, held: dict[str, Any], note: str) -> None:
    """An entry on one line, or one for each of its keys."""
    said = {name: steps(one) if name == "seq" else value(one) for name, one in held.items()}
    line = f"{{{', '.join(f'{name}: {one}' for name, one in said.items())}}}"
    if len(key) + len(line) + 6 <= WIDTH:
        page.key(key, line, 4, note)
        return
    page.key(key, "", 4, note)
    for name, one in said.items():
        page.key(name, one, 6)


def batch_size(rows: int) -> int:
    """Rows of a step: small where there are few, so that there are steps enough."""
    return 128 if rows >= 20_000 else 64 if rows >= 5000 else 32 if rows >= 500 else 16


def _model(page: Page, goal: Task, inputs: Inputs, rows: int) -> None:
    last = "Dense: 1"
    if goal.kind == "classes":
        last = f"Dense: {{units: $data.{goal.name}.classes, activation: softmax}}"
    page.key("model")
    page.key("nodes", "", 2)
    joined: list[str] = []
    for key in inputs.entries:
        if key in inputs.arrays:
            page.key(f"{key}_flat", f"{{from: {key}, Flatten: {{}}}}", 4)
            joined.append(f"{key}_flat")
            continue
        joined += _read_text(page, key, goal) if key in inputs.texts else [key]
    if len(joined) > 1:
        page.key("all", f"{{from: {value(joined)}, Concatenate: {{}}}}", 4)
    page.key("hidden", "", 4)
    page.key("from", "all" if len(joined) > 1 else joined[0], 6)
    page.key("seq", "", 6)
    only_text = len(inputs.texts) == len(inputs.entries)
    if only_text:
        page.item("Dropout: 0.5", 8)
    else:
        few = inputs.amounts > rows / 10
        if few:
            page.comment("many columns for so few rows: what tells nothing is held at 0 by L1", 8)
        held = ", kernel_regularizer: {L1: 0.01}" if few else ""
        for units, rate in [(16, 0.3)] if few else _widths(rows, inputs.width):
            page.item(f"Dense: {{units: {units}, activation: relu{held}}}", 8)
            page.item(f"Dropout: {rate}", 8)
    end = goal.name if goal.name not in (*inputs.entries, *joined) else "result"
    page.key(end, f"{{from: hidden, {last}}}", 4)
    page.key("outputs", end, 2)


def _read_text(page: Page, key: str, goal: Task) -> list[str]:
    """The nodes of a text: a vector for each word; of each number the largest and the sum."""
    size = 128 if len(goal.classes) > _MOST_CLASSES else 64
    how = f"{{input_dim: $data.{key}.size, output_dim: {size}}}"
    vectors = f"{key}_vectors"
    page.key(vectors, f"{{from: {key}, Embedding: {how}}}", 4)
    page.key(f"{key}_sum", f"{{from: {vectors}, sum: {{axis: 1}}}}", 4)
    page.key(f"{key}_largest", f"{{from: {vectors}, max: {{axis: 1}}}}", 4)
    return [f"{key}_sum", f"{key}_largest"]


def _widths(rows: int, width: int) -> list[tuple[int, float]]:
    """Units and dropout of each layer: fewer where few rows are there to learn from."""
    if rows < 1000 or width > rows:
        return [(32, 0.3 if width > rows / 10 else 0.1)]
    if rows < 5000:
        return [(64, 0.2), (32, 0.1)]
    return [(128, 0.2), (64, 0.1)]


def _train(page: Page, goal: Task, inputs: Inputs, rows: int) -> None:
    text = len(inputs.texts) == len(inputs.entries)
    rate = "0.003" if text or rows < 1000 else "0.001"
    train_lines(page, goal, rate, *((30, 3) if text else (200, 30) if rows < 2000 else (60, 8)))


def train_lines(page: Page, goal: Task, rate: str, epochs: int, patience: int) -> None:
    """The section `train`."""
    page.key("train")
    page.key("optimizer", f"{{Adam: {{learning_rate: {rate}}}}}", 2)
    if goal.kind == "classes":
        page.key("loss", "sparse_categorical_crossentropy", 2)
        page.key("metrics", "[accuracy]", 2)
        if goal.rarest < 0.2:
            page.comment("one class is rare: class_weight: balanced finds more of it, at the", 2)
            page.comment("price of more false finds", 2)
    else:
        page.key("loss", "mse", 2)
        page.key("metrics", "[RootMeanSquaredError, mae]", 2)
    page.key("epochs", str(epochs), 2, "at most: training ends where validation gets no better")
    stop = f"{{monitor: val_loss, patience: {patience}, restore_best_weights: true}}"
    page.key("callbacks", f"[{{EarlyStopping: {stop}}}]", 2)
