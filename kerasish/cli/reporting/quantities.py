"""Outputs that are quantities: predicted against true, errors, and windows of series."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish.cli.reporting.gathered import Answers, Gathered
from kerasish.preparation.scores import column_names
from kerasish.showing.page.charts import Line, figure, histogram, lines, points
from kerasish.showing.page.markup import Markup, joined, tag
from kerasish.showing.page.numbers import number
from kerasish.showing.page.tables import Cell, table

_POINTS = 1500
_COLUMNS = 4  # of a series that are drawn
_STEPS = 300  # moments that are drawn in a row where a window has one step
_PARTS = 40  # columns of a quantity that have a line of their own


def of_quantities(run: Gathered, answers: Answers) -> Markup:
    """All that is said of an output of quantities, in the file's units."""
    true, predicted = answers.true.reshape(-1), answers.predicted.reshape(-1)
    errors = predicted - true
    held = np.isfinite(errors)
    spread = np.square(true[held] - true[held].mean()).mean() if held.any() else 0.0
    r2 = 1 - np.square(errors[held]).mean() / spread if spread > 0 else None
    size = np.abs(errors[held])
    scores = [
        ("mean absolute error", float(size.mean())),
        ("root mean squared error", float(np.sqrt(np.square(size).mean()))),
        ("median absolute error", float(np.median(size))),
        ("90 % of errors below", float(np.quantile(size, 0.9))),
        ("largest error", float(size.max())),
        ("mean error", float(errors[held].mean())),
        ("R²", None if r2 is None else float(r2)),
        ("mean and deviation of the truth",
         f"{number(float(true[held].mean()))} ± {number(float(np.sqrt(spread)))}"),
    ]  # fmt: skip
    units = "In the file's units." if answers.output.scaled else "In the units of the data."
    if answers.output.target.undo is None:
        units = "As trained: nothing turns the preparation of this target back."
    return joined([
        tag("p", units),
        table(["", ""], [[name, Cell(v if isinstance(v, str) else number(v), None, "n")]
                         for name, v in scores], sortable=False),
        tag("div", *_drawn(run, true[held], predicted[held]), class_="charts"),
        _by_column(answers),
        series(run, answers) if run.part.moments is not None else None,
    ])  # fmt: skip


def _drawn(run: Gathered, true: np.ndarray, predicted: np.ndarray) -> list[Markup]:
    some = np.arange(len(true))
    note = None
    if len(true) > _POINTS:
        seed = np.random.default_rng(0)
        some = np.sort(seed.choice(len(true), _POINTS, replace=False))
        note = f"{_POINTS:,} of {len(true):,} points, drawn at random."
    counted = "rows" if len(true) == len(run.part) else "values"
    errors = predicted - true
    low, high = np.quantile(errors, [0.005, 0.995])
    if not high > low:
        low, high = float(low) - 0.5, float(high) + 0.5
    counts, edges = np.histogram(errors, 40, (low, high))
    left = len(errors) - int(counts.sum())
    beyond = f"{left:,} errors beyond the middle 99 % are not drawn." if left else None
    dots = points(true[some].tolist(), predicted[some].tolist(), "true", "predicted")
    bars = histogram([int(c) for c in counts], edges.tolist(), "predicted − true", counted)
    return [figure(dots, "Predicted against true", note), figure(bars, "Errors", beyond)]


def _by_column(answers: Answers) -> Markup | None:
    names = column_names(answers.output, answers.true)
    if not names:
        return None
    errors = (answers.predicted - answers.true).reshape(-1, len(names))
    rows = [
        [name, float(np.abs(errors[:, i]).mean()), float(np.sqrt(np.square(errors[:, i]).mean()))]
        for i, name in enumerate(names)
    ]
    head = ["column", "mean absolute error", "root mean squared error"]
    return joined([tag("h3", "Each column"), table(head, rows, most=_PARTS)])


# --- series -----------------------------------------------------------------------------------


def series(run: Gathered, answers: Answers) -> Markup:
    """Some windows with what came before, what came, and what was said."""
    steps = _horizon(run, answers)
    if steps == 1:
        return _in_a_row(answers)
    errors = np.abs(answers.predicted - answers.true).reshape(len(answers.true), -1).mean(1)
    order = np.argsort(errors, kind="stable")
    picked = [
        ("The best window", int(order[0])),
        ("A window in the middle", int(order[len(order) // 2])),
        ("The worst window", int(order[-1])),
    ]
    names = column_names(answers.output, answers.true) or [answers.output.name]
    base = run.part.series or run.part.table
    made = [
        figure(_window(run, answers, place, i, steps),
               f"{told}{f', {name}' if len(names) > 1 else ''}",
               f"from {base.where(int(_moment(run, answers, place)))}")
        for i, name in enumerate(names[:_COLUMNS])
        for told, place in (picked if len(names) == 1 else picked[1:])
    ]  # fmt: skip
    ahead = np.abs(answers.predicted - answers.true).reshape(len(errors), steps, -1).mean((0, 2))
    far = lines([Line("error", range(1, steps + 1), ahead.tolist())], "steps ahead",
                "mean absolute error", whole=True, linear=True)  # fmt: skip
    left = len(names) - _COLUMNS
    return joined([
        tag("h3", "Windows"),
        tag("p", f"{left} more columns are not drawn.", class_="note") if left > 0 else None,
        tag("div", *made, figure(far, "Error by steps ahead"), class_="charts"),
    ])  # fmt: skip


def _horizon(run: Gathered, answers: Answers) -> int:
    window = run.data.window
    if window is None:
        return 1
    low, high = window.span(answers.output.name, True)
    return high - low


def _moment(run: Gathered, answers: Answers, place: int) -> Any:
    moments = run.part.moments
    return 0 if moments is None else moments[answers.rows[place]]


def _window(run: Gathered, answers: Answers, place: int, column: int, steps: int) -> Markup:
    window, name = run.data.window, answers.output.name
    low, _ = window.span(name, True) if window is not None else (0, 1)
    back = min(max([-window.span(x, False)[0] for x in run.data.x] if window else [0]),
               max(2 * steps, 24))  # fmt: skip
    moment = int(_moment(run, answers, place))
    held = np.asarray(run.part.y[name])[max(moment - back, 0) : moment]
    before = np.asarray(answers.output.target.restored(held), np.float64).reshape(len(held), -1)
    true = answers.true[place].reshape(steps, -1)[:, column]
    said = answers.predicted[place].reshape(steps, -1)[:, column]
    at = list(range(low, low + steps))
    past = before[:, column].tolist()
    drawn = [
        Line("history", range(-len(past), 0), past, 5),
        Line("truth", at, true.tolist(), 2),
        Line("forecast", at, said.tolist(), 1, dashed=True),
    ]
    kept = drawn if low >= 0 else drawn[1:]
    return lines(kept, "steps from the forecast", whole=True, linear=True)


def _in_a_row(answers: Answers) -> Markup:
    true = answers.true.reshape(len(answers.true), -1)[:, 0]
    said = answers.predicted.reshape(len(true), -1)[:, 0]
    size = min(_STEPS, len(true))
    first = (len(true) - size) // 2
    at = range(first, first + size)
    drawn = [
        Line("truth", at, true[first : first + size].tolist(), 2),
        Line("forecast", at, said[first : first + size].tolist(), 1, dashed=True),
    ]
    chart = lines(drawn, "window", whole=True, linear=True)
    return joined([
        tag("h3", "Forecasts in a row"),
        figure(chart, f"{size:,} windows from the middle of {len(true):,}"),
    ])  # fmt: skip
