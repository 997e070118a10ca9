"""The samples on which a model is most wrong: pictures, sounds, texts and rows."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from kerasish.cli.reporting.gathered import Answers, Gathered, rows_of
from kerasish.preparation.table import Column, Table
from kerasish.preparation.windows import Window
from kerasish.showing.page.charts import sparkline
from kerasish.showing.page.markup import Markup, joined, shown, tag
from kerasish.showing.page.numbers import number, share
from kerasish.showing.page.pictures import ends_of, picture, pixels_of
from kerasish.showing.page.tables import Cell, table
from kerasish.spec import TEXT

_SAMPLES = 20
_COLUMNS = 14
_LETTERS = 400
_SOUND = 1000  # numbers in a row, from which a row is drawn as a sound
_LOOK = 256  # rows that say what white is
_SMALL = 6  # pixels along a side, from which a grid of numbers is a picture


def worst(run: Gathered, answers: Answers) -> Markup:
    """The worst samples of an output, the worst first."""
    how_bad = badness(answers)
    order = np.argsort(-how_bad, kind="stable")[:_SAMPLES]
    order = order[np.isfinite(how_bad[order])]
    part = run.part
    if part.moments is not None:
        return _windows(run, answers, order)
    chosen = rows_of(part, answers.rows[order]).table
    columns = run.data.columns.sources(run.data.x)
    pictures = [name for name in columns if _is_picture(chosen.columns[name])]
    if pictures:
        return _cards(run, answers, order, chosen, pictures)
    return _rows(run, answers, order, chosen, columns)


def badness(answers: Answers) -> np.ndarray:
    """How wrong each row is, (rows,): for classes the mean of -log of the true one's probability,
    for quantities the mean absolute error."""
    if answers.output.form == "quantity":
        errors = np.abs(answers.predicted - answers.true)
        return errors.reshape(len(errors), -1).mean(1)
    if answers.of_classes:
        values = answers.probabilities
        values = values.reshape(*answers.true.shape, -1)
        held = np.take_along_axis(
            values, np.minimum(answers.true, values.shape[-1] - 1)[..., None], -1
        )[..., 0]
    else:
        held = np.where(answers.true > 0.5, answers.predicted, 1 - answers.predicted)
    return -np.log(np.maximum(held, 1e-12)).reshape(len(held), -1).mean(1)


def _cards(
    run: Gathered, answers: Answers, order: np.ndarray, chosen: Table, pictures: list[str]
) -> Markup:
    cards = []
    for row, i in enumerate(order):
        content: list[Any] = [
            drawn(chosen.columns[name], chosen.values(name)[row], f"{name}, {chosen.where(row)}")
            for name in pictures
        ]
        said = _said(answers, int(i))
        shape = answers.predicted.shape[1:]
        if answers.output.form == "quantity" and _looks_like_picture(shape, False):
            low, high = float(answers.true[i].min()), float(answers.true[i].max())
            made = pixels_of(answers.predicted[i], low, high)
            content.append(picture(_squeezed(made), f"predicted for {chosen.where(row)}"))
        lines = [tag("div", f"{name} ", tag("b", _alone(value))) for name, value in said]
        content += [*lines, tag("div", chosen.where(row), class_="soft")]
        cards.append(tag("div", *content, class_="sample"))
    return tag("div", *cards, class_="samples")


def _alone(value: Any) -> Any:
    value = value.shown if isinstance(value, Cell) else value
    return number(value) if isinstance(value, float) else value


def _rows(
    run: Gathered, answers: Answers, order: np.ndarray, chosen: Table, columns: list[str]
) -> Markup:
    kept = columns[:_COLUMNS]
    body, head = [], []
    for row, i in enumerate(order):
        said = _said(answers, int(i))
        head = [name for name, _ in said]
        cells = [
            drawn(chosen.columns[name], chosen.values(name)[row], f"{name}, {chosen.where(row)}")
            for name in kept
        ]
        body.append([*(value for _, value in said), *cells, Cell(chosen.where(row), None, "whole")])
    left = len(columns) - len(kept)
    note = tag("p", f"{left} more columns are not shown.", class_="note") if left else None
    return joined([table([*head, *kept, "where"], body), note])


def _windows(run: Gathered, answers: Answers, order: np.ndarray) -> Markup:
    """Windows by what was said of them and where their targets begin."""
    part, window = run.part, run.data.window or Window()
    base = part.series or part.table
    low, _ = window.span(answers.output.name, True)
    said = [_said(answers, int(i)) for i in order]
    places = [base.where(int(at) + low) for at in np.asarray(part.moments)[answers.rows[order]]]
    body = [[*(value for _, value in one), place] for one, place in zip(said, places, strict=True)]
    return table([*(name for name, _ in said[0]), "from"] if said else [], body)


def _said(answers: Answers, i: int) -> list[tuple[str, Any]]:
    """What is true of a row, what was predicted, and how far apart that is."""
    output = answers.output
    true, said = answers.true[i], answers.predicted[i]
    if output.form == "quantity":
        error = float(np.abs(said - true).mean())
        if np.size(true) == 1:
            one, other = float(np.reshape(true, ())), float(np.reshape(said, ()))
            return [("true", one), ("predicted", other), ("error", other - one)]
        return [("mean absolute error", error)]
    if answers.of_classes and np.ndim(true) == 0:
        values = answers.probabilities[i].reshape(-1)
        best = int(values.argmax())
        of_true = float(values[int(true)]) if int(true) < len(values) else 0.0
        sure, held = float(values[best]), of_true
        return [
            ("true", output.label(int(true))),
            ("predicted", Markup(tag("span", output.label(best),
                                     class_="good" if best == int(true) else "bad"))),
            ("its probability", Cell(share(sure), sure, "n")),
            ("of the true", Cell(share(held), held, "n")),
        ]  # fmt: skip
    if answers.of_classes:
        chosen = answers.probabilities[i].argmax(-1)
        wrong = float((chosen != true).mean())
        made = [("wrong positions", Cell(share(wrong), wrong, "n"))]
        return [*made, ("true", _marked(answers, i, chosen))] if true.ndim == 1 else made
    held, chosen = np.flatnonzero(true > 0.5), np.flatnonzero(said > 0.5)
    return [
        ("true", ", ".join(output.label(int(c)) for c in held) or "none"),
        ("predicted", ", ".join(output.label(int(c)) for c in chosen) or "none"),
    ]


def _marked(answers: Answers, i: int, chosen: np.ndarray) -> Markup:
    """The true classes of a row's positions one after another, those that were missed marked."""
    true = answers.true[i][:_LETTERS]
    names = [answers.output.label(int(number)) for number in true]
    between = "" if all(len(name) == 1 for name in names) else " "
    made: list[Any] = []
    for right, some in itertools.groupby(
        zip(names, true == chosen[:_LETTERS], strict=True), lambda one: bool(one[1])
    ):
        text = between.join(name for name, _ in some) + between
        made.append(tag("span", text, class_=None if right else "bad"))
    return tag("span", *made, "…" if len(answers.true[i]) > _LETTERS else None, class_="written")


# --- one value ----------------------------------------------------------------------------------


def drawn(column: Column, value: Any, told: str) -> Any:
    """A value of a column as it is shown: a picture, a sound, a text, a number."""
    array = np.asarray(value)
    if _is_picture(column):
        files = column.load is not None
        low, high = ends_of(array, [255.0] if files else column.values[:_LOOK])
        return picture(_squeezed(pixels_of(array, low, high)), told)
    if column.spec.dtype == TEXT:
        if array.ndim == 0:
            return shown(value, _LETTERS)
        return shown(" ".join(map(str, array.reshape(-1).tolist())), _LETTERS)
    if array.ndim and array.size >= _SOUND:
        return sparkline(array.reshape(len(array), -1)[:, 0].astype(float).tolist(), told)
    if array.size == 1:
        one = array.reshape(()).item()
        if isinstance(one, float) and math.isnan(one):
            return "missing"
        if isinstance(one, bool) or not isinstance(one, (int, float)):
            return str(one)
        return Cell(f"{one:.7g}".replace("-", "\u2212"), float(one), "n")
    text = ", ".join(number(v, 3) for v in array.reshape(-1)[:12].tolist())
    return text + (" …" if array.size > 12 else "")


def _is_picture(column: Column) -> bool:
    return column.spec.dtype != TEXT and _looks_like_picture(column.spec.shape, True)


def _looks_like_picture(shape: tuple[int | None, ...], flat: bool) -> bool:
    sizes = [n or _SMALL for n in shape]
    if len(sizes) == 3 and sizes[2] in (1, 3, 4):
        return min(sizes[:2]) >= _SMALL
    return flat and len(sizes) == 2 and min(sizes) >= _SMALL


def _squeezed(pixels: np.ndarray) -> np.ndarray:
    return pixels[..., 0] if pixels.ndim == 3 and pixels.shape[-1] == 1 else pixels
