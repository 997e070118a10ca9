"""Where a run comes from: its data, and what makes it again."""

from __future__ import annotations

import math
import shlex
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from kerasish.cli import run_folder
from kerasish.cli.reporting.gathered import Gathered, chosen_of
from kerasish.preparation.prepared import Part, missing
from kerasish.preparation.table import Table
from kerasish.showing.page.markup import Markup, joined, named, shown, tag
from kerasish.showing.page.numbers import number, share
from kerasish.showing.page.tables import Cell, facts, table
from kerasish.spec import TEXT

_ROWS = 100_000  # of the training part that a column is described by
_READ = 300  # where they are read from their files
_COLUMNS = 100
_CLASSES = 60
_TEXT = 40_000  # characters of a config


def data(run: Gathered) -> Markup:
    """Rows of each part, classes, columns, and what was noted."""
    if run.read is None:
        rows = run.record.get("rows") or {}
        sizes = table(["part", "rows"], [[name, rows[name]] for name in rows], sortable=False)
        return joined([sizes, *_notes(map(str, run.record.get("notes") or ()))])
    parts = run.data.parts.given()
    sizes = [[name, len(run.data.part(name)), len(parts[name])] for name in parts]
    same = all(row[1] == row[2] for row in sizes)
    windows = run.data.window is not None
    head = ["part", "windows" if windows else "rows used", "rows"]
    made: list[Any] = [
        table(head[::2] if same else head, [row[::2] if same else row for row in sizes],
              sortable=False),
        *(_classes(run, name) for name in run.data.targets),
        tag("h3", "Columns"),
        _columns(run, parts["train"]),
    ]  # fmt: skip
    return joined([*made, *_notes([*map(str, run.record.get("notes") or ()), *run.data.notes])])


def _notes(told: Iterable[str]) -> list[Markup]:
    notes = list(dict.fromkeys(told))
    return [tag("h3", "Notes"), tag("ul", *(tag("li", one) for one in notes))] if notes else []


def _classes(run: Gathered, target: str) -> Markup | None:
    """How many rows of each part are which class."""
    classes = run.data.targets[target].classes
    if classes is None or not 1 < len(classes):
        return None
    counts: dict[str, np.ndarray] = {}
    for name in run.data.parts.given():
        part = run.data.part(name)
        values = _own(run, part, target)
        if values is None or values.size != len(values) or values.min(initial=0) < 0:
            return None
        numbers = np.asarray(values).reshape(-1).astype(np.int64)
        counts[name] = np.bincount(numbers, minlength=len(classes))
    order = np.argsort(-counts["train"], kind="stable") if len(classes) > 20 else None
    rows = []
    for i in range(len(classes)) if order is None else order:
        cells: list[Any] = [named(classes[int(i)])]
        for held in counts.values():
            part = int(held[i]) / max(int(held.sum()), 1)
            cells += [int(held[i]), Cell(share(part), part, "n soft")]
        rows.append(cells)
    head = ["class", *(one for name in counts for one in (name, "share"))]
    return joined([tag("h3", f"Classes of {target}"), table(head, rows, most=_CLASSES)])


def _own(run: Gathered, part: Part, target: str) -> np.ndarray | None:
    """A target in the rows of a part, of windows in every row that one of them asks for."""
    values = part.y.get(target)
    if values is None or part.moments is None or run.data.window is None:
        return values
    low, high = run.data.window.span(target, True)
    asked = np.zeros(len(values), bool)
    for step in range(low, high):
        asked[part.moments + step] = True
    return values[asked]


def _columns(run: Gathered, train: Table) -> Markup:
    asked, wanted = run.data.columns.sources(run.data.x), run.data.columns.sources(run.data.y)
    some = train
    most = _ROWS if train.at_hand(train.names) else _READ
    if len(train) > most or not train.by_number(train.names):
        count = min(len(train), most)
        some = chosen_of(train, np.linspace(0, len(train) - 1, count).astype(np.int64))
    known = [*asked, *wanted, *(name for name in train.names if name not in {*asked, *wanted})]
    rows = []
    for name in dict.fromkeys(known):
        use = "input" if name in asked else "target" if name in wanted else "not used"
        if name == run.data.sample_weight:
            use = "weight"
        rows.append([name, use, *_described(some, name)])
    note = None
    if len(some) < len(train):
        note = tag("p", f"Described by {len(some):,} of the {len(train):,} rows of the training "
                   "part.", class_="note")  # fmt: skip
    head = ["column", "used as", "values", "missing", "range, or the most frequent"]
    return joined([tag("p", "Of the training part.", class_="note") if note is None else note,
                   table(head, rows, most=_COLUMNS)])  # fmt: skip


def _described(rows: Table, name: str) -> list[Any]:
    """What the values of a column are, how many are missing, and between what they lie."""
    spec = rows.spec(name)
    values = rows.values(name)
    form = "×".join("?" if n is None else str(n) for n in spec.shape)
    kind = "text" if spec.dtype == TEXT else str(spec.dtype)
    if getattr(values, "dtype", None) is None:
        return [f"{kind} {form}".strip(), None, ""]
    gaps = int(missing(rows, name).sum())
    gone = Cell(f"{gaps:,} ({share(gaps / max(len(rows), 1))})" if gaps else "0", gaps, "n")
    if spec.dtype == TEXT:
        if values.ndim > 1:
            return [f"{kind} {form}".strip(), gone, ""]
        counted = Counter(map(str, values.tolist()))
        most = counted.most_common(3)
        frequent = most[0][1] > 1 if most else False
        told = ", ".join(f"{shown(named(text), 30)} {count:,}" for text, count in most)
        long = sum(len(text) * n for text, n in counted.items()) / max(len(rows), 1)
        what = f"{len(counted):,} different"
        what += f": {told}" if frequent else f", {long:.0f} characters on average"
        return [kind, gone, what]
    if values.dtype == object:
        lengths = [len(one) for one in values]
        told = f"{min(lengths, default=0):,} to {max(lengths, default=0):,} long"
        return [f"{kind} {form}", gone, told]
    held = values[np.isfinite(values)] if values.dtype.kind == "f" else values
    if not held.size or held.dtype.kind not in "iufb":
        return [f"{kind} {form}".strip(), gone, ""]
    low, high, mean = float(held.min()), float(held.max()), float(held.mean())
    told = f"{_plain(low)} to {_plain(high)}, mean {number(mean)}"
    return [f"{kind} {form}".strip(), gone, "constant" if low == high else told]


def _plain(value: float) -> str:
    return f"{int(value):,}" if value == math.floor(value) and abs(value) < 1e9 else number(value)


def again(run: Gathered) -> Markup:
    """What makes the run again: command, seed, versions, files, config."""
    record = run.record
    words = [str(word) for word in record.get("command") or ()]
    versions = record.get("versions")
    versions = versions if isinstance(versions, Mapping) else {}
    git = record.get("git")
    if isinstance(git, str) and git.endswith("+"):
        git = f"{git[:-1]}, with files changed since"
    resumed = record.get("resumed") or ()
    made: list[Any] = [
        tag("pre", shlex.join(words)) if words else None,
        facts([
            ("Seed", record.get("seed")),
            ("Started", record.get("started")),
            ("Ended", record.get("ended")),
            ("Resumed", ", ".join(map(str, resumed))),
            ("Backend", record.get("backend")),
            *((name, version) for name, version in versions.items()),
            ("git revision", git),
            ("Run folder", str(run.folder)),
        ]),
    ]  # fmt: skip
    files = record.get("files")
    if isinstance(files, Mapping) and files:
        rows = [[name, tag("code", digest)] for name, digest in files.items()]
        made.append(table(["data file", "SHA-256"], rows, most=_COLUMNS))
    for name, title in ((run_folder.SOURCE_FILE, "The config as it was written"),
                        (run_folder.CONFIG_FILE, "The config written out")):  # fmt: skip
        path = run.folder / name
        if path.is_file():
            text = path.read_text(encoding="utf-8", errors="replace")
            cut = "\n…" if len(text) > _TEXT else ""
            made.append(tag("details", tag("summary", title), tag("pre", text[:_TEXT] + cut)))
    return joined(made)
