"""What a loss asks of its targets, as far as it can be seen from the targets alone.

It is checked on the host before it reaches a compiled step, where it could not be reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from kerasish import losses
from kerasish.data.batch import Batch
from kerasish.errors import DataError
from kerasish.losses import Loss
from kerasish.losses.base import LossFunctionWrapper
from kerasish.signatures import ours
from kerasish.sparse import SparseRows
from kerasish.training.output_hints import warn_of_outputs
from kerasish.training.outputs import Outputs

_PROBABILITIES = (
    losses.binary_crossentropy,
    losses.binary_focal_crossentropy,
    losses.categorical_crossentropy,
    losses.categorical_focal_crossentropy,
)
ROUNDING = 1e-5  # how far a mixture of targets may lie outside of [0, 1]


class LabelRule(NamedTuple):
    """What the targets of one output must be.

    Attributes:
        output: number of the output.
        loss: name of the loss that asks for it.
        low, high: bounds of the targets, both included.
        classes: how many classes there are, where targets are class ids.
        ignored: a class id beside these, whose positions do not count.
        masked: whether the output has a mask, so that one negative value may stand for padding.
    """

    output: int
    loss: str
    low: float = -np.inf
    high: float = np.inf
    classes: int | None = None
    ignored: int | None = None
    masked: bool = False


def label_rules(terms: Iterable[tuple[int, Loss]], predictions: Sequence[Any]) -> list[LabelRule]:
    """The rules of the losses of this package; what a user's own loss takes is not known.

    Args:
        terms: pairs (number of the output, loss).
        predictions: the outputs.
    """
    rules: list[LabelRule] = []
    for output, loss in terms:
        func = loss.fn if isinstance(loss, LossFunctionWrapper) else type(loss)
        if not (ours(func) and ours(type(loss))):
            continue
        masked = getattr(predictions[output], "mask", None) is not None
        rule = LabelRule(output, str(loss.name), masked=masked)
        if isinstance(loss, LossFunctionWrapper) and func is losses.sparse_categorical_crossentropy:
            classes = predictions[output].shape[loss.fn_kwargs.get("axis", -1)]
            ignored = loss.fn_kwargs.get("ignore_class")
            rule = rule._replace(low=0, high=classes - 1, classes=classes, ignored=ignored)
        elif func in _PROBABILITIES:
            rule = rule._replace(low=0, high=1)
        rules.append(rule)
    return rules


def check_labels(batch: Batch, model: Any) -> None:
    """Targets are what the losses of `compile` ask for, and the outputs what these take.

    Args:
        batch: a batch, or a whole data set in the form of one.

    Raises:
        DataError: with the target, its place and what was expected.
    """
    compiled = model._compile_loss
    if compiled is None or not compiled.built:
        return
    if not compiled.hinted:
        compiled.hinted = True
        warn_of_outputs(model, compiled.terms)
    if batch.y is None or not compiled.label_rules:
        return
    outputs: Outputs = compiled.outputs
    targets = outputs.arrange(batch.y, "y", compiled.wanted)
    weights = outputs.arrange_weights(batch.sample_weight, compiled.wanted)
    for rule in compiled.label_rules:
        y = targets[rule.output]
        if y is not None:
            check(rule, y, weights[rule.output], outputs.names[rule.output])


def check(
    rule: LabelRule, y: np.ndarray | SparseRows, weights: np.ndarray | None, name: str
) -> None:
    """Hold the targets of an output to a rule.

    Targets out of bounds whose weight is 0 decide nothing, and pass.

    Args:
        rule: the rule.
        y: the targets.
        weights: sample weights, or None.
        name: of the output, where it has one.

    Raises:
        DataError: with the target, its place, what the loss asks for and how to get there.
    """
    where = f"y{f' of {name!r}' if name else ''}"
    if isinstance(y, SparseRows):
        for rows in y.spans():
            part = where + (f", rows from {rows.start} on" if rows.start else "")
            _check(rule, y[rows], None if weights is None else weights[rows], part)
    else:
        _check(rule, y, weights, where)


def _check(rule: LabelRule, y: np.ndarray, weights: np.ndarray | None, where: str) -> None:
    if y.dtype.kind not in "biufV" or y.size == 0:
        return
    with np.errstate(invalid="ignore"):  # bfloat16 warns of NaN
        low, high = y.min(), y.max()  # NaN where one is NaN
    floats = y.dtype.kind in "fV"
    if floats and not (np.isfinite(low) and np.isfinite(high)):
        _refuse_missing(y, rule, where)
    whole = rule.classes is None or not floats or bool((np.floor(y) == y).all())
    slack = ROUNDING if rule.classes is None else 0.0
    if whole and rule.low - slack <= low and high <= rule.high + slack:
        return
    wrong = (y < rule.low - slack) | (y > rule.high + slack)
    if not whole:
        wrong |= np.floor(y) != y
    if rule.ignored is not None:
        wrong &= y != rule.ignored
    if weights is not None and y.shape[: weights.ndim] == weights.shape:
        wrong &= weights.reshape(weights.shape + (1,) * (y.ndim - weights.ndim)) != 0
    if rule.masked and wrong.any():
        least = y[wrong].min()
        if least < 0:
            wrong &= y != least
    if wrong.any():
        _refuse(rule, y, wrong, where)


def _first(wrong: np.ndarray) -> tuple[int, ...]:
    return tuple(int(i) for i in np.argwhere(wrong)[0])


def _refuse_missing(y: np.ndarray, rule: LabelRule, where: str) -> None:
    missing, endless = np.isnan(y), np.isinf(y)
    kinds = " and ".join(
        f"{int(found.sum())} {word}"
        for found, word in ((missing, "NaN"), (endless, "infinite"))
        if found.any()
    )
    raise DataError(
        where,
        expected=f"finite targets for {rule.loss}",
        received=f"{kinds}, the first at index {_first(missing | endless)}",
        fix="Remove these samples, or replace the targets and give the samples the weight 0; "
        "or leave them out in a loss of your own.",
    )


def _refuse(rule: LabelRule, y: np.ndarray, wrong: np.ndarray, where: str) -> None:
    place, count = _first(wrong), int(wrong.sum())
    value = y[place].item()
    if rule.classes is None:
        raise DataError(
            where,
            expected=f"targets from 0 to 1 for {rule.loss}",
            received=f"{value} at index {place}, and {count} such targets in all",
            fix=_towards_one(y),
        )
    asked = f"integer labels from 0 to {rule.classes - 1}, since the model gives {rule.classes}"
    if value != np.floor(value):
        hint = f"Convert the labels to integers, or choose another loss than {rule.loss}."
    else:
        hint = (
            f"Give the last layer {int(y.max()) + 1} units, or number the classes from 0."
            if y.max() > rule.high
            else "Number the classes from 0, or name labels that do not count with ignore_class."
        )
    raise DataError(
        where,
        expected=f"{asked} classes",
        received=f"{value} at index {place}, and {count} such labels in all",
        fix=hint,
    )


def _towards_one(y: np.ndarray) -> str:
    """How to bring such targets to [0, 1], where their values tell it."""
    low, high = y.min().item(), y.max().item()
    values = set(np.unique(y[:1000]).tolist())
    if low == -1 and values <= {-1, 1}:
        return "Pass (y + 1) / 2, or take the loss 'hinge'."
    if low == 1 and high == 2:
        return "Pass y - 1."
    if low >= 0 and high <= 255 and high > 2 and float(high).is_integer() and y.ndim > 2:
        return "Pass y / 255."
    if values <= {0, high}:
        return f"Pass y / {high}."
    if low >= 0 and values == {int(v) for v in values}:
        return "Class ids need sparse_categorical_crossentropy; numbers, a loss of regression."
    return "Scale the targets to [0, 1], or choose a loss of regression such as 'mse'."
