"""The way back: what undoes the preparation of a target, and the names of its classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from kerasish import activations, layers, losses, ops
from kerasish.layers.preprocessing.vocabulary import Lookup
from kerasish.losses.base import LossFunctionWrapper
from kerasish.ops.symbol import KerasTensor
from kerasish.preparation.columns import column_name


@dataclass(frozen=True)
class Target:
    """A target of the data.

    Attributes:
        name: its name, that of the model's output.
        columns: the columns that it is made of.
        classes: the names of its classes, in order; None where it is a quantity.
        undo: layers, and names of ops, that turn predictions back into the file's units, in order;
            empty where they are in these already, None where nothing undoes the preparation.
    """

    name: str
    columns: tuple[str, ...]
    classes: tuple[str, ...] | None
    undo: tuple[Any, ...] | None

    def restored(self, values: Any) -> Any:
        """Predictions, or the symbol of them, in the file's units; unchanged where there is nothing
        to undo."""
        for step in self.undo or ():
            values = getattr(ops, step)(values) if isinstance(step, str) else step(values)
        return values


# What undoes an op of the preparation.
_INVERSES = {"log": "exp", "log1p": "expm1", "exp": "log", "expm1": "log1p", "sqrt": "square",
             "negative": "negative", "log2": "exp2", "exp2": "log2"}  # fmt: skip


def target_of(name: str, symbol: KerasTensor, values: np.ndarray | None = None) -> Target:
    """What is known of a target from the layers that made it.

    Args:
        name: its name.
        symbol: what the layers gave.
        values: its values in the training part, whole ones of which may be numbers of classes.
    """
    undo: list[Any] | None = []
    classes: tuple[str, ...] | None = None
    record = symbol.history.record
    while not isinstance(record.operation, layers.InputLayer):
        layer = record.operation
        known = _classes(layer)
        if known is not None:
            classes, undo = known, []
        elif undo is not None:
            step = _inverse(layer)
            undo = None if step is None else [*undo, *step]
        if len(record.inputs) != 1:
            break
        record = record.inputs[0].history.record
    columns = _columns(symbol)
    if classes is None and undo == [] and values is not None:
        classes = _of_values(values, columns)
    return Target(name, columns, classes, None if undo is None else tuple(undo))


def _of_values(values: np.ndarray, columns: tuple[str, ...]) -> tuple[str, ...] | None:
    """The classes of targets that no layer has named: several columns of 0 and 1 are a class each;
    whole numbers, of one column or of an array, are those of classes."""
    if values.ndim == 2 and values.shape[1] == len(columns) > 1:
        return columns if np.isin(values, (0, 1)).all() else None
    if values.dtype.kind not in "iub":
        return None
    return tuple(map(str, range(int(values.max(initial=0)) + 1)))


def _columns(symbol: KerasTensor) -> tuple[str, ...]:
    found: list[str] = []
    waiting = [symbol]
    while waiting:
        record = waiting.pop().history.record
        if isinstance(record.operation, layers.InputLayer):
            found.append(column_name(record.operation))
        waiting.extend(reversed(record.inputs))
    return tuple(dict.fromkeys(found))


def _classes(layer: Any) -> tuple[str, ...] | None:
    """The names of the classes that a layer numbers."""
    if isinstance(layer, Lookup):
        return tuple(map(str, layer.get_vocabulary()))
    if isinstance(layer, layers.ValueMap) and layer.result_dtype == "int64":
        if layer.names is not None:
            return tuple(layer.names)
        keys: dict[int, list[Any]] = {}
        for key, value in zip(layer.keys, layer.values, strict=True):
            keys.setdefault(value, []).append(key)
        if min(keys) >= 0:  # what several values become has the name of none of them
            held = [keys.get(i, []) for i in range(max(keys) + 1)]
            return tuple(str(one[0] if len(one) == 1 else i) for i, one in enumerate(held))
    return None


def _inverse(layer: Any) -> list[Any] | None:
    """What undoes a layer; None where nothing does."""
    if isinstance(layer, layers.Normalization):
        moments = [np.asarray(m).reshape(-1).tolist() for m in (layer.mean, layer.variance)]
        return [layers.Normalization(axis=layer.axis, mean=moments[0], variance=moments[1],
                                     invert=True)]  # fmt: skip
    if isinstance(layer, layers.Rescaling):
        scale, offset = np.asarray(layer.scale, float), np.asarray(layer.offset, float)
        return [layers.Rescaling((1 / scale).tolist(), (-offset / scale).tolist())]
    if isinstance(layer, (layers.FillMissing, layers.Concatenate, layers.Identity, layers.Reshape)):
        return []
    name = getattr(layer, "func_name", "")
    return [_INVERSES[name]] if name in _INVERSES else None


@dataclass(frozen=True)
class Output:
    """From what the network gives for a target to what a person reads.

    Attributes:
        target: what the data know of it.
        form: "class" (one of several, a probability each), "yes or no" (one probability, of the
            second class), "labels" (any of several) or "quantity".
        link: the activation that makes probabilities of what the network gives; None where it gives
            these already.
    """

    target: Target
    form: str
    link: str | None = None

    @property
    def name(self) -> str:
        """The target's name."""
        return self.target.name

    @property
    def scaled(self) -> bool:
        """Whether the network is trained on other units than the file's."""
        return self.form == "quantity" and bool(self.target.undo)

    def restored(self, values: Any) -> Any:
        """Predictions, or the symbol of them: probabilities, or quantities in the file's units."""
        if self.link is not None:
            values = getattr(activations, self.link)(values)
        return self.target.restored(values) if self.form == "quantity" else values

    def chosen(self, values: np.ndarray) -> np.ndarray:
        """The numbers of the most probable classes for what `restored` gave."""
        if self.form == "class":
            return values.argmax(-1)
        return (values.reshape(values.shape[: max(values.ndim - 1, 1)]) > 0.5).astype(np.int64)

    def label(self, number: int) -> str:
        """The name of a class."""
        classes = self.target.classes or ()
        return classes[number] if 0 <= number < len(classes) else str(number)


_BINARY = (losses.binary_crossentropy, losses.binary_focal_crossentropy)
_SEVERAL = (
    losses.categorical_crossentropy,
    losses.categorical_focal_crossentropy,
    losses.sparse_categorical_crossentropy,
)


def output_of(target: Target, width: int, loss: Any) -> Output:
    """What an output of a network means.

    Args:
        target: what it predicts.
        width: the size of its last axis.
        loss: what it is trained with: a name, a `Loss`, a function or None.
    """
    made = losses.get(loss) if loss is not None else None
    function = getattr(made, "fn", made)
    options = made.fn_kwargs if isinstance(made, LossFunctionWrapper) else {}
    logits = bool(options.get("from_logits"))
    if function in _SEVERAL:
        return Output(target, "class", "softmax" if logits else None)
    if function in _BINARY:
        form = "labels" if target.classes is not None else "quantity"
        if width == 1 and not target.undo:
            form = "yes or no"
        return Output(target, form, "sigmoid" if logits else None)
    if target.classes is not None and width == len(target.classes) > 1:
        return Output(target, "class")
    return Output(target, "quantity")
