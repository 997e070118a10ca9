"""Intersection over union of classes: tp / (tp + fp + fn), from a confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasish import ops
from kerasish.config import epsilon
from kerasish.errors import ArgumentError
from kerasish.graph import Tensor, convert_to_tensor
from kerasish.hints import whole
from kerasish.metrics.metric import Metric, add_to


class IoU(Metric, order="num_classes target_class_ids name dtype *"):
    """The mean intersection over union of the target classes.

    Args:
        num_classes: how many classes there are.
        target_class_ids: the classes that count.
        ignore_class: a label whose positions do not count.
        sparse_y_true: whether y_true holds labels; else one-hot rows.
        sparse_y_pred: whether y_pred holds labels; else scores.
        axis: the axis of one-hot rows and scores.
    """

    direction = "up"

    usual_dtype = "int32"
    num_classes: int
    target_class_ids: Sequence[int]
    ignore_class: int | None = None
    sparse_y_true: bool = True
    sparse_y_pred: bool = True
    axis: int = -1

    def __post_init__(self) -> None:
        self.num_classes = number = whole("num_classes", self.num_classes, 1)
        self.total_cm = self.add_variable(  # first: whoever counts what it takes does so here
            (number, number), name="total_confusion_matrix"
        )
        self.target_class_ids = list(self.target_class_ids)
        if not self.target_class_ids or max(self.target_class_ids) >= number:
            raise ArgumentError(
                "target_class_ids",
                expected=f"classes below {number}, at least one",
                received=self.target_class_ids,
            )

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        if not self.sparse_y_true:
            y_true = ops.argmax(y_true, axis=self.axis)
        if not self.sparse_y_pred:
            y_pred = ops.argmax(y_pred, axis=self.axis)
        true = ops.reshape(ops.cast(y_true, "int32"), (-1,))
        pred = ops.reshape(ops.cast(y_pred, "int32"), (-1,))
        inside = ops.ones_like(true, dtype="bool")
        for labels in (true, pred):
            within = ops.logical_and(labels >= 0, labels < self.num_classes)
            inside = ops.logical_and(inside, within)
        if self.ignore_class is not None:
            inside = ops.logical_and(inside, ops.not_equal(true, self.ignore_class))
        weight = ops.cast(inside, "int32")
        if sample_weight is not None:
            # Weights are no counts: cut to integers, fractions of 1 would be nothing.
            given = ops.cast(convert_to_tensor(sample_weight), self.state_dtype)
            weight = ops.cast(inside, self.state_dtype)
            weight = weight * ops.broadcast_to(ops.reshape(given, (-1,)), weight.shape)
        cell = ops.where(inside, true * self.num_classes + pred, 0)
        counts = ops.segment_sum(weight, cell, num_segments=self.num_classes**2)
        add_to(self.total_cm, ops.reshape(counts, (self.num_classes, self.num_classes)))

    def result(self) -> Tensor:
        matrix = self.total_cm.value
        chosen = convert_to_tensor(np.asarray(self.target_class_ids), "int32")
        hits = ops.take(ops.diagonal(matrix), chosen)
        union = ops.take(ops.sum(matrix, axis=0) + ops.sum(matrix, axis=1), chosen) - hits
        present = union > 1e-9
        ratios = ops.where(present, hits / (union + epsilon()), 0.0)
        number = ops.sum(ops.cast(present, self.state_dtype))
        return ops.cast(ops.sum(ratios) / (number + epsilon()), "float32")


class BinaryIoU(IoU, order="target_class_ids threshold name dtype"):
    """Intersection over union for two classes, from scores above and below `threshold`.

    Args:
        target_class_ids: 0, 1 or both.
        threshold: scores from here on are class 1.
    """

    num_classes = 2
    target_class_ids: Sequence[int] = (0, 1)
    threshold: float = 0.5

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        chosen = ops.cast(convert_to_tensor(y_pred) >= self.threshold, self.dtype)
        super().update_state(y_true, chosen, sample_weight)


class MeanIoU(IoU):
    """Intersection over union, averaged over all classes; see `IoU` for the arguments."""

    target_class_ids = ()

    def __post_init__(self) -> None:
        self.target_class_ids = range(whole("num_classes", self.num_classes, 1))
        super().__post_init__()


class OneHotIoU(IoU):
    """`IoU` for one-hot targets, and scores unless `sparse_y_pred`."""

    sparse_y_true = False
    sparse_y_pred: bool = False


class OneHotMeanIoU(MeanIoU):
    """`MeanIoU` for one-hot targets, and scores unless `sparse_y_pred`."""

    sparse_y_true = False
    sparse_y_pred: bool = False
