"""Warnings about outputs that are not what a loss takes, where the last layer is known."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any

from kerasish import activations, losses
from kerasish.layers.activation import Softmax
from kerasish.layers.convolution import Windowed
from kerasish.layers.core import Activation, Dense
from kerasish.layers.einsum_dense import EinsumDense
from kerasish.layers.wrappers import TimeDistributed
from kerasish.losses.base import LossFunctionWrapper
from kerasish.ops.operation import FunctionOperation

_CROSSENTROPIES = (
    losses.binary_crossentropy,
    losses.binary_focal_crossentropy,
    losses.categorical_crossentropy,
    losses.categorical_focal_crossentropy,
    losses.sparse_categorical_crossentropy,
)
_NAMES = {
    activations.linear: "linear",
    activations.softmax: "softmax",
    activations.sigmoid: "sigmoid",
}


def warn_of_outputs(model: Any, terms: Iterable[Any]) -> None:
    """Warn where a cross-entropy gets logits for probabilities, or the reverse, or one softmax.

    Only models made of symbols tell what made an output; a warning comes only where that is a
    layer that ends in an activation.

    Args:
        model: the compiled model.
        terms: the losses, each with its output.
    """
    ends = _ends(model)
    for term in terms:
        output = term.output
        found = ends[output] if output is not None and output < len(ends) else None
        if found is None:
            continue
        activation, layer, units = found
        if activation == "softmax" and units == 1:
            _warn(
                f"{layer} is a softmax over one unit, which is 1 whatever the model learns.",
                "Take activation='sigmoid' for two classes, or one unit per class.",
            )
        loss = term.loss
        if not isinstance(loss, LossFunctionWrapper) or loss.fn not in _CROSSENTROPIES:
            continue
        logits = bool(loss.fn_kwargs.get("from_logits", False))
        if activation == "linear" and not logits:
            last = "sigmoid" if "binary" in str(loss.fn.__name__) else "softmax"
            _warn(
                f"{loss.name} takes probabilities, and {layer} ends without an activation.",
                f"Compile with from_logits=True, or give the layer activation={last!r}.",
            )
        elif activation in ("softmax", "sigmoid") and logits:
            _warn(
                f"{loss.name} was given from_logits=True, and {layer} ends in {activation}.",
                "Leave out from_logits, or the activation.",
            )


def _warn(what: str, fix: str) -> None:
    warnings.warn(f"{what} {fix}", UserWarning, stacklevel=2)


def _ends(model: Any) -> list[tuple[str, str, int | None] | None]:
    """Per output: the activation it ends in, the layer that has it, its units; None if unknown."""
    network = getattr(model, "network", None) or getattr(model, "_chain", None)
    if network is None:
        return []
    return [_end(symbol) for symbol in network.outputs]


def _end(symbol: Any) -> tuple[str, str, int | None] | None:
    made_by = symbol.history.operation
    inner = _ends(made_by)
    if inner:
        return inner[symbol.history.tensor_index]
    layer = made_by.layer if isinstance(made_by, TimeDistributed) else made_by
    units = symbol.shape[-1]
    if isinstance(layer, Softmax):
        return ("softmax", repr(layer.name), units if layer.axis == -1 else None)
    if isinstance(layer, (Dense, EinsumDense, Windowed, Activation)):
        name = _NAMES.get(layer.activation)
        # An Activation that is linear passes on whatever came.
        if name == "linear" and isinstance(layer, Activation):
            return None
        return None if name is None else (name, repr(layer.name), units)
    if isinstance(layer, FunctionOperation) and layer.func_name in ("softmax", "sigmoid"):
        return (layer.func_name, repr(layer.name), None)
    return None
