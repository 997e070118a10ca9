"""Metrics over all thresholds: the area under a curve, and one rate at a level of another."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import numpy as np

from kerasish import ops
from kerasish.arguments.rules import NumberList, offering
from kerasish.config import epsilon
from kerasish.errors import ArgumentError, ShapeError
from kerasish.graph import Tensor, convert_to_tensor
from kerasish.hints import numbers, whole
from kerasish.losses.base import divide_no_nan
from kerasish.metrics.confusion import Counts, count_at, spread_thresholds
from kerasish.metrics.metric import Metric, add_to

CURVES = ("ROC", "PR", "PRGAIN")
SUMMATIONS = ("interpolation", "majoring", "minoring")
Curve = Annotated[str, offering(*CURVES)]
Summation = Annotated[str, offering(*SUMMATIONS)]


class _AtThresholds(Metric):
    """The four counts at many thresholds."""

    direction = "up"
    in_floatx = True

    def _counts(self) -> Counts:
        return Counts(*(getattr(self, field).value for field in Counts._fields))

    def _add(self, counts: Counts) -> None:
        for field, value in zip(Counts._fields, counts, strict=True):
            add_to(getattr(self, field), value)


def _rate(part: Tensor, rest: Tensor) -> Tensor:
    return divide_no_nan(part, part + rest)


class _AtLevel(_AtThresholds):
    """The best of one rate over the thresholds where another one reaches a level."""

    given: ClassVar[str]  # what the level is called
    num_thresholds: int = 200
    class_id: int | None = None

    def __post_init__(self) -> None:
        count, self.level = self.num_thresholds, getattr(self, self.given)
        if not 0 <= self.level <= 1:
            raise ArgumentError(
                self.given, expected="a number in [0, 1]", received=repr(self.level)
            )
        count = whole("num_thresholds", count, 1)
        self.thresholds = spread_thresholds(count)
        self._add_states((count,), *Counts._fields)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        self._add(
            count_at(
                self.thresholds,
                y_true,
                y_pred,
                sample_weight,
                dtype=self.compute_dtype,
                class_id=self.class_id,
            )
        )

    def rates(self, counts: Counts) -> tuple[Tensor, Tensor]:
        """(the rate that must reach the level, the rate that is reported) at every threshold."""
        raise NotImplementedError

    def result(self) -> Tensor:
        bound, wanted = self.rates(self._counts())
        return ops.cast(ops.max(ops.where(bound >= self.level, wanted, 0.0)), self.compute_dtype)


class SensitivityAtSpecificity(_AtLevel):
    """The best sensitivity where the specificity is at least `specificity`.

    Args:
        specificity: tn / (tn + fp) that must be reached, 0 to 1.
        num_thresholds: how many thresholds are tried.
        class_id: only this class counts.
    """

    given = "specificity"
    specificity: float

    def rates(self, counts: Counts) -> tuple[Tensor, Tensor]:
        tp, fp, tn, fn = counts
        return _rate(tn, fp), _rate(tp, fn)


class SpecificityAtSensitivity(_AtLevel):
    """The best specificity where the sensitivity is at least `sensitivity`."""

    given = "sensitivity"
    sensitivity: float

    def rates(self, counts: Counts) -> tuple[Tensor, Tensor]:
        tp, fp, tn, fn = counts
        return _rate(tp, fn), _rate(tn, fp)


class PrecisionAtRecall(_AtLevel):
    """The best precision where the recall is at least `recall`."""

    given = "recall"
    recall: float

    def rates(self, counts: Counts) -> tuple[Tensor, Tensor]:
        tp, fp, _, fn = counts
        return _rate(tp, fn), _rate(tp, fp)


class RecallAtPrecision(_AtLevel):
    """The best recall where the precision is at least `precision`."""

    given = "precision"
    precision: float

    def rates(self, counts: Counts) -> tuple[Tensor, Tensor]:
        tp, fp, _, fn = counts
        return _rate(tp, fp), _rate(tp, fn)


class AUC(_AtThresholds, order="num_thresholds curve summation_method name dtype *"):
    """The area under the ROC, precision-recall or precision-recall-gain curve.

    Args:
        num_thresholds: how finely the curve is sampled.
        curve: "ROC", "PR" or "PRGAIN".
        summation_method: "interpolation" (trapezoids; Davis and Goadrich, 2006, for "PR"),
            "minoring" or "majoring" (rectangles below or above).
        thresholds: thresholds in (0, 1) instead of evenly spaced ones.
        multi_label: whether every column has a curve of its own; the areas are averaged.
        num_labels: the number of columns, where it is to be fixed beforehand.
        label_weights: weights of the columns.
        from_logits: whether a sigmoid is still to be taken.
    """

    num_thresholds: int = 200
    curve: Curve = "ROC"
    summation_method: Summation = "interpolation"
    thresholds: NumberList = None
    multi_label: bool = False
    num_labels: int | None = None
    label_weights: NumberList = None
    from_logits: bool = False

    def __post_init__(self) -> None:
        self.curve = _one_of("curve", str(self.curve).upper(), CURVES)
        self.summation_method = _one_of(
            "summation_method", str(self.summation_method).lower(), SUMMATIONS
        )
        if self.label_weights is not None:
            numbers("label_weights", self.label_weights)
        given, count = self.thresholds, self.num_thresholds
        if given is not None:
            inner = sorted(float(t) for t in given)
        elif count > 1:
            inner = spread_thresholds(count)[1:-1]
        else:
            raise ArgumentError("num_thresholds", expected="2 or more", received=repr(count))
        self.num_thresholds = len(inner) + 2
        # The ends lie a little outside, so that 0 and 1 fall between thresholds.
        self.thresholds = [-epsilon(), *inner, 1.0 + epsilon()]
        self._built = False
        if self.num_labels and not self.multi_label:
            raise ArgumentError("num_labels", expected="multi_label=True with it", received="False")
        if not self.multi_label or self.num_labels:
            self._build(self.num_labels)

    def _build(self, labels: int | None) -> None:
        count = self.num_thresholds
        self._add_states((count, labels) if labels else (count,), *Counts._fields)
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_pred = convert_to_tensor(y_pred)
        if not self._built:
            if y_pred.ndim != 2:
                raise ShapeError(
                    "AUC with multi_label",
                    expected="y_pred of shape (samples, labels)",
                    received=f"shape {y_pred.shape}",
                )
            self._build(y_pred.shape[-1])
        if self.from_logits:
            y_pred = ops.sigmoid(y_pred)
        self._add(
            count_at(
                self.thresholds,
                y_true,
                y_pred,
                sample_weight,
                dtype=self.compute_dtype,
                keep_labels=self.multi_label,
                label_weights=None if self.multi_label else self.label_weights,
            )
        )

    def result(self) -> Tensor:
        return ops.cast(self._area(), self.compute_dtype)

    def _area(self) -> Tensor:
        counts = self._counts()
        if self.curve == "PR" and self.summation_method == "interpolation":
            return self._total(_interpolated_pr(counts))
        x, y = self._points(counts)
        if self.summation_method == "interpolation":
            heights = (y[:-1] + y[1:]) / 2.0
        else:
            choose = ops.minimum if self.summation_method == "minoring" else ops.maximum
            heights = choose(y[:-1], y[1:])
        return self._total((x[:-1] - x[1:]) * heights)

    def _points(self, counts: Counts) -> tuple[Tensor, Tensor]:
        tp, fp, tn, fn = counts
        recall = _rate(tp, fn)
        if self.curve == "ROC":
            return _rate(fp, tn), recall
        if self.curve == "PR":
            return recall, _rate(tp, fp)
        # Precision-recall gain (Flach and Kull, 2015); without true positives the gains are 0, 1.
        scale = divide_no_nan(tp + fn, tn + fp)
        none = ops.equal(tp, 0)
        recall_gain = ops.where(none, 0.0, 1.0 - scale * divide_no_nan(fn, tp))
        precision_gain = ops.where(none, 1.0, 1.0 - scale * divide_no_nan(fp, tp))
        return ops.maximum(recall_gain, 0.0), precision_gain

    def _total(self, parts: Tensor) -> Tensor:
        if not self.multi_label:
            return ops.sum(parts)
        areas = ops.sum(parts, axis=0)
        if self.label_weights is None:
            return ops.mean(areas)
        weights = convert_to_tensor(self.label_weights, areas.dtype)
        return divide_no_nan(ops.sum(areas * weights), ops.sum(weights))

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config.pop("thresholds")
        if self._given.get("thresholds") is not None:
            config["thresholds"] = self.thresholds[1:-1]
        if self.label_weights is not None:
            config["label_weights"] = np.asarray(self.label_weights).tolist()
        return config


def _interpolated_pr(counts: Counts) -> Tensor:
    """Areas between neighbouring points, tp interpolated linearly in tp + fp (Davis, Goadrich)."""
    tp, fp, _, fn = counts
    predicted = tp + fp
    step = tp[:-1] - tp[1:]
    slope = divide_no_nan(step, ops.maximum(predicted[:-1] - predicted[1:], 0.0))
    intercept = tp[1:] - slope * predicted[1:]
    both = ops.logical_and(predicted[:-1] > 0, predicted[1:] > 0)
    ratio = ops.where(both, divide_no_nan(predicted[:-1], ops.maximum(predicted[1:], 0.0)), 1.0)
    area = slope * (step + intercept * ops.log(ratio))
    return divide_no_nan(area, ops.maximum(tp[1:] + fn[1:], 0.0))


def _one_of(what: str, value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise ArgumentError(what, expected=f"one of {allowed}", received=repr(value))
    return value
