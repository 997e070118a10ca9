"""The top of a report: what was trained on what, what it reached, and how it went."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from kerasish.cli.reporting.gathered import Gathered
from kerasish.cli.text import duration
from kerasish.showing.page.charts import Line, figure, lines
from kerasish.showing.page.document import tiles
from kerasish.showing.page.markup import Markup, joined, tag
from kerasish.showing.page.numbers import number
from kerasish.showing.page.tables import table

_TILES = 6
_SCORES = ("accuracy", "auc", "f1", "precision", "recall", "top_k", "r2", "iou")


def lead(run: Gathered) -> list[str]:
    """Sentences that say what this is."""
    record, data = run.record, run.read
    windows = "windows" if data is not None and data.window is not None else "rows"
    rows = record.get("rows") or {}
    trained = rows.get("train") or (0 if data is None else len(data.part("train")))
    epochs = record.get("epochs") or max(map(len, run.history.values()), default=0)
    seconds = record.get("seconds")
    after = f" in {duration(seconds)}" if isinstance(seconds, (int, float)) else ""
    targets = [] if data is None else list(data.targets)
    what = f" to predict {_listed(targets)}" if targets else ""
    first = (
        f"A model of {run.network.count_params():,} parameters, trained{what} on {trained:,} "
        f"{windows} for {epochs} {'epoch' if epochs == 1 else 'epochs'}{after}."
    )
    state = record.get("state")
    if state not in (None, "finished"):
        first += f" The run is {state}."
    if data is None:
        return [first, f"Measured by `fit` on the {run.name} part, {_weights(run)}"]
    return [first, f"Measured on the {run.name} part, {len(run.part):,} {windows}, {_weights(run)}"]


def _listed(names: list[str]) -> str:
    kept = names[:5]
    if len(names) > 5:
        kept.append(f"{len(names) - 5} more")
    return kept[0] if len(kept) == 1 else f"{', '.join(kept[:-1])} and {kept[-1]}"


def _weights(run: Gathered) -> str:
    results, record = run.results, run.record
    epoch = results.get("epoch") or record.get("best_epoch")
    which = results.get("weights") or ("best" if record.get("best_by") else "last")
    if run.weights == "last":
        which, epoch = "last", record.get("epochs")
    if which == "best" and epoch:
        by = record.get("best_by")
        what = "averages of the weights after" if record.get("best_is_averaged") else "weights of"
        return f"with the {what} epoch {epoch}, the best{f' by {by}' if by else ''}."
    return f"with the weights of the last epoch{f', {epoch}' if epoch else ''}."


def opening(run: Gathered) -> Markup:
    """The numbers that a reader looks for first."""
    values: list[tuple[str, Any]] = []
    units = run.found.get("in_units") or {}
    trained = run.found.get("as_trained") or {}
    scores = [name for name in trained if any(one in name.lower() for one in _SCORES)]
    for name in scores:
        values.append((f"{run.name} {name}", number(trained[name])))
    for name, value in units.items():
        values.append((f"{run.name} {name}, in the file's units", number(value)))
    for name, value in trained.items():
        if name not in scores:
            behind = " as trained" if units else ""
            values.append((f"{run.name} {name}{behind}", number(value)))
    return joined([tiles(values[:_TILES]), *(tag("p", one, class_="note") for one in run.notes)])


def metrics(run: Gathered) -> Markup:
    """Loss and metrics of every part."""
    parts = {name: held for name, held in run.results.items() if isinstance(held, Mapping)}
    parts = {} if run.weights == "last" else parts  # those were measured with the best
    parts[run.name] = run.found or parts.get(run.name, {})
    order = [name for name in ("train", "validation", "test") if name in parts]
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for name in order:
        for kind, held in parts[name].items():
            for metric, value in held.items() if isinstance(held, Mapping) else ():
                rows.setdefault((metric, kind), {})[name] = value
    several = any(kind == "in_units" for _, kind in rows)
    told = {"as_trained": "as trained", "in_units": "the file's"}
    body = [
        [metric, *([told.get(kind, kind)] if several else []),
         *(_value(values.get(name)) for name in order)]
        for (metric, kind), values in rows.items()
    ]  # fmt: skip
    return table(["metric", *(["units"] if several else []), *order], body, sortable=False)


def _value(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) else math.nan


def curves(run: Gathered) -> Markup:
    """A chart for every loss and metric, of training and validation."""
    names = [name for name in run.history if not name.startswith("val_")]
    alone = [n for n in run.history if n.startswith("val_") and n.removeprefix("val_") not in names]
    best = run.results.get("epoch") or run.record.get("best_epoch")
    best = best if run.record.get("best_by") and run.weights == "best" else None
    averaged = bool(best and run.record.get("best_is_averaged"))
    best = None if averaged else best
    made = []
    for name in [*names, *alone]:
        drawn = []
        for key, told, colour in ((name, "training", 0), (f"val_{name}", "validation", 1)):
            values = run.history.get(key)
            if values and any(map(math.isfinite, values)):
                drawn.append(Line(told, range(1, len(values) + 1), values, colour))
        if drawn:
            mark = (float(best), f"best, epoch {best}") if best else None
            chart = lines(drawn, "epoch", whole=True, mark=mark)
            made.append(figure(chart, name))
    if not made:
        return tag("p", "No epoch was recorded.", class_="note")
    told = f"The epoch whose weights are measured here is marked: {best}." if best else None
    if averaged:
        told = "Measured here are averages of the weights, which none of these epochs had."
    return joined([tag("p", told, class_="note") if told else None,
                   tag("div", *made, class_="charts")])  # fmt: skip
