"""How good predictions of classes are: which were taken for which, and how often."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from kerasish import losses, metrics
from kerasish.preparation.way_back import Output


class Scores(NamedTuple):
    """Scores of each class, arrays (classes,); nan where there is nothing to divide by.

    Attributes:
        precision: of what was predicted as the class, the share that is.
        recall: of what is the class, the share that was predicted so.
        f1: their harmonic mean.
        support: how many rows are the class.
    """

    precision: np.ndarray
    recall: np.ndarray
    f1: np.ndarray
    support: np.ndarray


def confusion(true: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """How often a class (row) was predicted as which (column), int64 (classes, classes).

    Args:
        true: numbers of classes, any shape.
        predicted: those predicted, of the same shape.
        classes: how many there are.
    """
    pairs = true.reshape(-1).astype(np.int64) * classes + predicted.reshape(-1).astype(np.int64)
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def scores(counts: np.ndarray) -> Scores:
    """The scores of every class from a confusion matrix; 0 where there is nothing to divide by."""
    hits = np.diagonal(counts).astype(np.float64)
    said, held = counts.sum(0), counts.sum(1)
    precision = hits / np.maximum(said, 1)
    recall = hits / np.maximum(held, 1)
    f1 = 2 * hits / np.maximum(said + held, 1)
    return Scores(precision, recall, f1, held)


def true_classes(output: Output, wanted: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """The numbers of classes in targets as they are trained on: these, one-hot rows, or 0 and 1."""
    if output.form == "yes or no":
        return (wanted.reshape(len(wanted), -1)[:, 0] > 0.5).astype(np.int64)
    if wanted.shape == predicted.shape:
        return wanted.argmax(-1)
    return wanted.reshape(predicted.shape[:-1]).astype(np.int64)


def of_classes(output: Output, wanted: np.ndarray, predicted: np.ndarray) -> dict[str, Any]:
    """Accuracy, confusion matrix and scores of an output, as plain data; of a class at every step
    of a sequence the accuracy alone.

    Args:
        output: of the form "class" or "yes or no".
        wanted: the targets as they are trained on.
        predicted: probabilities.
    """
    true, chosen = true_classes(output, wanted, predicted), output.chosen(predicted)
    chosen = chosen.reshape(true.shape)
    if true.ndim > 1:  # a class at every step
        return {"accuracy": float((true == chosen).mean())}
    count = 2 if output.form == "yes or no" else predicted.shape[-1]
    count = max(count, int(true.max(initial=0)) + 1)
    counts = confusion(true, chosen, count)
    made = scores(counts)
    names = [output.label(i) for i in range(count)]
    return {
        "classes": names,
        "accuracy": float((true == chosen).mean()),
        "confusion": counts.tolist(),
        "per_class": {
            name: {
                "precision": float(made.precision[i]),
                "recall": float(made.recall[i]),
                "f1": float(made.f1[i]),
                "support": int(made.support[i]),
            }
            for i, name in enumerate(names)
        },
    }


# What a config may ask for that has a meaning in the file's units too, by name.
_ASKED = (
    ("mse", (metrics.MeanSquaredError, losses.mean_squared_error)),
    ("mape", (metrics.MeanAbsolutePercentageError, losses.mean_absolute_percentage_error)),
    ("r2", (metrics.R2Score,)),
)


def in_units(
    true: np.ndarray, predicted: np.ndarray, asked: Sequence[Any] = ()
) -> dict[str, float]:
    """Errors of quantities in the file's units, by name: the mean and the median of |error| ("mae",
    "median_absolute_error") and the root of the mean square ("rmse").

    Args:
        true, predicted: arrays of one shape.
        asked: metrics, of which "mse", "mape" (in percent, of values that are not 0) and "r2"
            are given too. Others, such as those of logarithms, belong to the units of training.
    """
    errors = predicted - true
    square = float(np.square(errors).mean())
    found = {
        "mae": float(np.abs(errors).mean()),
        "rmse": float(np.sqrt(square)),
        "median_absolute_error": float(np.median(np.abs(errors))),
    }
    named = {
        key
        for key, kinds in _ASKED
        for one in asked
        if type(one) in kinds or getattr(one, "fn", None) in kinds
    }
    if "mse" in named:
        found["mse"] = square
    if "mape" in named:
        there = true != 0
        shares = np.abs(errors[there] / true[there])
        found["mape"] = 100 * float(shares.mean()) if there.any() else float("nan")
    if "r2" in named:
        spread = float(np.square(true - true.mean()).mean())
        found["r2"] = 1 - square / spread if spread > 0 else float("nan")
    return found


def of_quantities(output: Output, wanted: np.ndarray, predicted: np.ndarray) -> dict[str, Any]:
    """Errors of a quantity in the file's units, as plain data; of several columns those of each,
    by its name, in "per_column".

    Args:
        output: of the form "quantity".
        wanted: the targets as they are trained on.
        predicted: what `Output.restored` gave.
    """
    said = np.asarray(predicted, np.float64)
    true = np.asarray(output.target.restored(wanted), np.float64).reshape(said.shape)
    names = column_names(output, said)
    if not names:
        return _errors(true, said)
    return {"per_column": {n: _errors(true[..., i], said[..., i]) for i, n in enumerate(names)}}


def column_names(output: Output, values: np.ndarray) -> list[str]:
    """The names of the last axis of a quantity; none where it is one column.

    Args:
        output: of the form "quantity".
        values: true or predicted, (rows, ...).
    """
    columns = output.target.columns
    wide = values.shape[-1] if values.ndim > 1 else 1
    return list(columns) if len(columns) == wide > 1 else []


def _errors(true: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    errors = np.abs(predicted - true)
    spread = np.square(true - true.mean()).mean()
    square = np.square(errors).mean()
    return {
        "mae": float(errors.mean()),
        "rmse": float(np.sqrt(square)),
        "median": float(np.median(errors)),
        "largest": float(errors.max()),
        "r2": float(1 - square / spread) if spread > 0 else float("nan"),
        "mean_of_target": float(true.mean()),
        "deviation_of_target": float(np.sqrt(spread)),
    }
