"""Whether a loss fits the last activation of an output, and the target."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from kerasish import layers, losses
from kerasish.cli.doctoring.finding import Finding
from kerasish.losses.base import LossFunctionWrapper
from kerasish.models import Model
from kerasish.preparation import Prepared
from kerasish.preparation.audit import is_kind

_SEVERAL = ("categorical_crossentropy", "sparse_categorical_crossentropy",
            "categorical_focal_crossentropy", "kl_divergence",
            "categorical_generalized_cross_entropy")  # fmt: skip
_BINARY = ("binary_crossentropy", "binary_focal_crossentropy")
_DISTANCES = ("mean_squared_error", "mean_absolute_error", "huber", "log_cosh",
              "mean_absolute_percentage_error", "mean_squared_logarithmic_error")  # fmt: skip
_MARGINS = ("hinge", "squared_hinge", "categorical_hinge")
_PASSED = (layers.Reshape, layers.Flatten, layers.Dropout, layers.Permute, layers.Identity)
# What values each activation gives: the lowest and the highest.
_RANGES = {"sigmoid": (0.0, 1.0), "hard_sigmoid": (0.0, 1.0), "softmax": (0.0, 1.0),
           "relu": (0.0, np.inf), "relu6": (0.0, 6.0), "softplus": (0.0, np.inf),
           "exponential": (0.0, np.inf), "tanh": (-1.0, 1.0)}  # fmt: skip


def check_losses(model: Model, data: Prepared | None) -> Iterator[Finding]:
    """Findings about every output with its loss and its target."""
    names = [str(name) for name in model.output_names]
    for place, (name, symbol) in enumerate(zip(names, model.outputs, strict=True)):
        given = _given(model.loss, name, place)
        ended = last_activation(symbol)
        if given is None:
            continue
        targets = [] if data is None else list(data.targets)
        made = losses.get(given)
        function = getattr(made, "fn", made)
        loss = str(getattr(function, "__name__", type(made).__name__))
        options = made.fn_kwargs if isinstance(made, LossFunctionWrapper) else {}
        width = symbol.shape[-1] if symbol.shape[1:] else 1
        keys = ("train", "loss", name)
        told = _told(loss, bool(options.get("from_logits")), ended, width or 1)
        if told is None and data is not None and targets:
            target = name if name in targets else targets[min(place, len(targets) - 1)]
            told = _of_target(loss, ended, data, target)
        if told is not None:
            what, mend = told
            yield Finding("loss", f"output '{name}': {what}", keys, mend)


def _given(loss: Any, name: str, place: int) -> Any:
    if isinstance(loss, Mapping):
        return loss.get(name)
    if isinstance(loss, (list, tuple)):
        return loss[place] if place < len(loss) else None
    return loss


def last_activation(symbol: Any) -> str | None:
    """The name of the activation that an output ends with; None where it cannot be told."""
    record = symbol.history.record
    layer = record.operation
    if isinstance(layer, _PASSED):
        return last_activation(record.inputs[0])
    if isinstance(layer, Model):
        return last_activation(layer.outputs[0]) if len(layer.outputs) == 1 else None
    if isinstance(layer, layers.Softmax):
        return "softmax"
    if isinstance(layer, layers.ReLU):
        return "relu"
    if isinstance(layer, layers.TimeDistributed):
        layer = layer.layer
    activation = getattr(layer, "activation", None)
    return None if activation is None else str(getattr(activation, "__name__", "")) or None


def _told(loss: str, logits: bool, ended: str | None, width: int) -> tuple[str, str] | None:
    """What does not fit between a loss and an activation, and the mend."""
    if ended is None:
        return None
    if logits and ended != "linear" and loss in (*_SEVERAL, *_BINARY):
        return (
            f"{loss} with from_logits: true expects no activation, the last layer has {ended}",
            f"leave out activation: {ended}, or from_logits",
        )
    if logits:
        return None
    if loss in _SEVERAL:
        if width == 1 and ended in ("softmax", "sigmoid", "linear"):
            return (
                f"{loss} chooses between classes, but the last layer has 1 unit",
                "binary_crossentropy with a sigmoid, or a unit for each class",
            )
        if ended != "softmax":
            return (
                f"{loss} expects probabilities that sum to 1, the last layer ends with {ended}",
                "activation: softmax in the last layer"
                + (", or from_logits: true in the loss" if ended == "linear" else ""),
            )
    if loss in _BINARY and ended not in ("sigmoid", "hard_sigmoid"):
        more = " (over one unit it is always 1)" if ended == "softmax" and width == 1 else ""
        mend = "activation: sigmoid in the last layer"
        if ended == "softmax" and width > 1:
            mend = "categorical_crossentropy with softmax, or a sigmoid for labels that may be many"
        if ended == "linear":
            mend += ", or from_logits: true in the loss"
        return f"{loss} expects a probability for each unit, the last layer has {ended}{more}", mend
    if loss in _MARGINS and ended in ("softmax", "sigmoid", "relu"):
        return f"{loss} expects scores around -1 and 1, the last layer has {ended}", (
            "no activation in the last layer, or a crossentropy"
        )
    if loss == "poisson" and ended in ("linear", "tanh"):
        return "poisson expects rates above 0, the last layer may give others", (
            "activation: softplus in the last layer"
        )
    if loss in _DISTANCES and ended == "softmax" and width == 1:
        return f"{loss} with a softmax over one unit: it gives 1 whatever the input", (
            "no activation in the last layer"
        )
    return None


def _of_target(loss: str, ended: str | None, data: Prepared, name: str) -> tuple[str, str] | None:
    """What does not fit between a loss of distances, the activation and the values to be given."""
    if loss not in _DISTANCES:
        return None
    values = np.asarray(data.part("train").y[name], np.float64)
    kinds = data.targets[name].classes or ()
    one = bool(len(kinds)) and is_kind(data, name)
    hot = values.ndim == 2 and values.shape[1] > 1
    hot = hot and set(np.unique(values[:5000])) == {0.0, 1.0} and bool((values.sum(1) == 1).all())
    if (one and len(kinds) <= 100) or hot:
        many = values.shape[1] if hot else len(kinds)
        return (
            f"{loss} measures distances, but the target is {many} classes",
            "sparse_categorical_crossentropy with a softmax of a unit for each class"
            if many > 2 or hot
            else "binary_crossentropy with a sigmoid",
        )
    if ended not in _RANGES:
        return None
    low, high = _RANGES[ended]
    beyond = float(((values < low - 1e-3) | (values > high + 1e-3)).mean())
    if beyond > 0.001:
        return (
            f"the last layer ends with {ended}, which cannot give {beyond:.1%} of the targets "
            f"(they run from {values.min():.3g} to {values.max():.3g})",
            "no activation in the last layer",
        )
    return None
