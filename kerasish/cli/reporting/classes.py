"""Outputs that are classes: which is taken for which, each class by itself, calibration."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from kerasish.cli.reporting.gathered import Answers
from kerasish.preparation.scores import confusion
from kerasish.showing.drawing.axes import Axis
from kerasish.showing.page.charts import bars, figure
from kerasish.showing.page.markup import Markup, joined, named, shown, tag
from kerasish.showing.page.numbers import number, share
from kerasish.showing.page.tables import Cell, table

_MATRIX = 20  # classes of which the whole confusion matrix is drawn
_PAIRS = 25
_CLASSES = 300
_BINS = 15
_LETTERS = 24  # of a class's name beside the matrix


class Calibration(NamedTuple):
    """How far confidence and accuracy are apart (Guo et al. 2017), in bins of equal width.

    Attributes:
        counts: rows in each bin.
        confidence, accuracy: their means in each bin; nan where it is empty.
        error: the expected calibration error, weighted by the rows of a bin.
        largest: the maximum calibration error.
    """

    counts: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray
    error: float
    largest: float


def calibration(confidence: np.ndarray, right: np.ndarray, bins: int = _BINS) -> Calibration:
    """Compare confidence with accuracy.

    Args:
        confidence: the probability of what was chosen, (rows,).
        right: whether that was right, (rows,).
        bins: how many of equal width; a bin holds its upper edge.
    """
    place = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    counts = np.bincount(place, minlength=bins)
    held = np.where(counts, counts, 1)
    mean = np.bincount(place, confidence, bins) / held
    hits = np.bincount(place, right.astype(np.float64), bins) / held
    gaps = np.abs(mean - hits)[counts > 0]
    error = float((gaps * counts[counts > 0]).sum() / max(len(confidence), 1))
    empty = counts == 0
    mean[empty], hits[empty] = np.nan, np.nan
    return Calibration(counts, mean, hits, error, float(gaps.max(initial=0.0)))


def flat(answers: Answers) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of classes (n,) and probabilities (n, classes), positions in a row one by one."""
    values = answers.probabilities
    return answers.true.reshape(-1), values.reshape(-1, values.shape[-1])


def of_classes(answers: Answers) -> Markup:
    """All that is said of an output of classes."""
    true, values = flat(answers)
    chosen = values.argmax(-1)
    classes = max(values.shape[-1], int(true.max(initial=0)) + 1)
    counts = confusion(true, chosen, classes)
    right = int(np.trace(counts))
    lead = f"{right:,} of {len(true):,} right, {share(right / max(len(true), 1))}."
    if answers.true.ndim > 1:
        lead += " Every position of a row counts."
    names = [named(answers.output.label(i)) for i in range(classes)]
    made = matrix(counts, names) if classes <= _MATRIX else pairs(counts, names)
    first = tag("h3", "Confusion" if classes <= _MATRIX else "Most confused")
    both = tag(
        "div",
        tag("div", first, made),
        tag("div", tag("h3", "Each class"), per_class(counts, names)),
        class_="pair",
    )
    shown_as = diagram(calibration(values.max(-1), chosen == true))
    return joined([tag("p", lead), both, tag("h3", "Calibration"), shown_as])


def matrix(counts: np.ndarray, names: list[str]) -> Markup:
    """The confusion matrix, each row shaded by its shares."""
    short = [shown(name, _LETTERS) for name in names]
    tall = max(map(len, short)) > 6
    head = [
        tag("th", tag("span", one, class_="tall" if tall else None), scope="col", title=name)
        for one, name in zip(short, names, strict=True)
    ]
    rows = []
    for i, line in enumerate(counts):
        total = max(int(line.sum()), 1)
        cells = [
            tag("td", number(int(count)), style=f"--a:{math.sqrt(count / total):.3f}",
                class_="c" + (" hit" if i == j else "") + ("" if count else " zero"),
                title=f"{names[i]} taken for {names[j]}: {int(count):,}, {share(count / total)}")
            for j, count in enumerate(line)
        ]  # fmt: skip
        rows.append(tag("tr", tag("th", short[i], scope="row", title=names[i]), *cells))
    corner = tag("th", "true ↓ predicted →", class_="corner")
    whole = tag("table", tag("thead", tag("tr", corner, *head)), tag("tbody", *rows),
                class_="confusion")  # fmt: skip
    return tag("div", whole, class_="wide", tabindex="0")


def pairs(counts: np.ndarray, names: list[str]) -> Markup:
    """The pairs of classes that are most often taken for each other."""
    wrong = counts.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:_PAIRS]
    rows = []
    for place in order:
        i, j = divmod(int(place), len(names))
        if wrong[i, j]:
            of = wrong[i, j] / max(counts[i].sum(), 1)
            rows.append([names[i], names[j], int(wrong[i, j]), Cell(share(of), float(of), "n")])
    if not rows:
        return tag("p", "None is taken for another.")
    return table(["true", "predicted", "times", "share of the class"], rows)


def per_class(counts: np.ndarray, names: list[str]) -> Markup:
    """Precision, recall and F1 of every class that is true or predicted of any row."""
    rows = []
    for i, name in enumerate(names):
        hits, said, held = int(counts[i, i]), int(counts[:, i].sum()), int(counts[i].sum())
        if said or held:
            rows.append(_row(name, hits, said, held))
    rows.sort(key=lambda row: (row[3].key is not None, row[3].key or 0.0))
    kept = rows if len(rows) > _MATRIX else sorted(rows, key=lambda row: names.index(row[0]))
    return table(["class", "precision", "recall", "F1", "rows", "predicted"], kept, most=_CLASSES)


def _row(name: str, hits: int, said: int, held: int) -> list[object]:
    precision, recall = hits / said if said else None, hits / held if held else None
    f1 = 2 * hits / (said + held)
    return [name, _score(precision), _score(recall), _score(f1), held, said]


def _score(value: float | None) -> Cell:
    return Cell("–" if value is None else f"{value:.3f}", value, "n")


def of_labels(answers: Answers) -> Markup:
    """An output of several labels at once: each label by itself."""
    true, values = answers.true > 0.5, answers.predicted
    true, values = true.reshape(-1, true.shape[-1]), values.reshape(-1, values.shape[-1])
    chosen = values > 0.5
    hits = (true & chosen).sum(0)
    names = [named(answers.output.label(i)) for i in range(true.shape[-1])]
    rows = [
        _row(name, int(hits[i]), int(chosen[:, i].sum()), int(true[:, i].sum()))
        for i, name in enumerate(names)
        if chosen[:, i].any() or true[:, i].any()
    ]
    sure = np.maximum(values, 1 - values).reshape(-1)
    return joined([
        tag("p", "Each label is predicted by itself, where its probability is above one half."),
        table(["label", "precision", "recall", "F1", "rows", "predicted"], rows, most=_CLASSES),
        tag("h3", "Calibration"),
        diagram(calibration(sure, (true == chosen).reshape(-1))),
    ])  # fmt: skip


def diagram(found: Calibration) -> Markup:
    """The reliability diagram, and how many rows are how confident."""
    bins = len(found.counts)
    edges = np.linspace(0, 1, bins + 1)
    total = max(int(found.counts.sum()), 1)
    kept = np.flatnonzero(found.counts)
    mean = float(np.nansum(found.confidence * found.counts) / total)
    right = float(np.nansum(found.accuracy * found.counts) / total)
    side = "more sure than right" if mean > right else "less sure than right"
    told = (
        f"Expected calibration error {found.error:.4f}, the largest of a bin "
        f"{found.largest:.4f} ({bins} bins of equal width; Guo et al. 2017). "
        f"Mean confidence {share(mean)}, accuracy {share(right)}"
    )
    told += f": {side}." if abs(mean - right) >= 0.005 else "."
    heights = [
        (float(edges[i]), float(edges[i + 1]), float(found.accuracy[i]),
         f"confidence {found.confidence[i]:.3f}, accuracy {found.accuracy[i]:.3f}, "
         f"{int(found.counts[i]):,} rows")
        for i in kept
    ]  # fmt: skip
    shares = [(float(edges[i]), float(edges[i + 1]), found.counts[i] / total,
               f"{int(found.counts[i]):,} rows") for i in kept]  # fmt: skip
    x = Axis(0, 1, "confidence")
    reliability = bars(heights, x, Axis(0, 1, "accuracy"), diagonal=True)
    spread = bars(shares, x, Axis(0, max(s[2] for s in shares) * 1.05, "share of rows"))
    return joined([
        tag("p", told),
        tag("div",
            figure(reliability, "Accuracy by confidence",
                   "On the dashed line both are equal; below it the model is too sure."),
            figure(spread, "How sure the model is"),
            class_="charts"),
    ])  # fmt: skip
