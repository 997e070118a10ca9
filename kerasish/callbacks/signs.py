"""Signs of a training that goes wrong: in what layers give, in gradients and in updates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from kerasish import tree
from kerasish.graph import GradientTape, convert_to_tensor

FOLDS = frozenset("relu sigmoid tanh relu6 hard_sigmoid leaky_relu elu selu gelu".split())
ENDS = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0), "hard_sigmoid": (0.0, 1.0)}
DEAD = 0.8  # share of units that give the same for all rows
SATURATED, NEAR_END = 0.7, 0.02  # share of values that near to an end of an activation's range
EXPLODING = 300.0  # norm of a gradient
VANISHING = 1e-5  # of the largest of all layers' gradients, per number
SLOW, FAST = 1e-7, 0.1  # change of a weight in a step, as a share of its size


@dataclass(frozen=True)
class Sign:
    """One thing that goes wrong.

    Attributes:
        kind: "dead", "saturated", "exploding", "vanishing", "slow", "fast" or "not finite".
        layer: the path of the layer.
        value: how much.
        text: what, in a sentence.
        mend: what to do.
    """

    kind: str
    layer: str
    value: float
    text: str
    mend: str

    def __str__(self) -> str:
        return f"{self.text}: {self.mend}"


MEND = {
    "dead": "a lower learning rate, usual initializers, scaled inputs, or leaky_relu",
    "saturated": "scaled inputs, a smaller kernel_initializer, BatchNormalization, or relu",
    "exploding": "a lower learning rate, clipnorm=1.0, or scaled inputs and targets",
    "vanishing": "relu or gelu, residual connections, BatchNormalization, or he_normal",
    "slow": "a higher learning rate, or is the layer meant to be frozen?",
    "fast": "a lower learning rate, or a warm-up",
    "not finite": "keras.config.set_check_numerics('full') says where it begins",
}


def still_units(values: np.ndarray) -> tuple[int, int]:
    """(units that give the same for all rows, all units) of values (rows, ..., units)."""
    flat = values.reshape(-1, values.shape[-1])
    return int((flat.max(0) - flat.min(0) <= 1e-6).sum()), flat.shape[-1]


def of_outputs(layer: str, activation: str, values: np.ndarray) -> Iterator[Sign]:
    """Signs in what a hidden layer with an activation gives for some rows."""
    if not np.isfinite(values).all():
        share = float(1 - np.isfinite(values).mean())
        yield _sign("not finite", layer, share, f"{share:.1%} of what '{layer}' gives is no number")
        return
    if activation not in FOLDS or values.ndim < 2:
        return
    still, units = still_units(values)
    if still > DEAD * units and still > 1:
        text = f"{still} of the {units} units of layer '{layer}' give the same for all rows"
        yield _sign("dead", layer, still / units, text)
    if activation in ENDS:
        low, high = ENDS[activation]
        near = NEAR_END * (high - low)
        share = float(((values < low + near) | (values > high - near)).mean())
        if share > SATURATED:
            text = f"{share:.0%} of what '{layer}' gives lies at an end of {activation}"
            yield _sign("saturated", layer, share, text)


def of_gradients(norms: Mapping[str, tuple[float, int]]) -> Iterator[Sign]:
    """Signs in gradients.

    Args:
        norms: by layer, the norm of its weights' gradient and how many numbers it has.
    """
    sizes = {layer: norm / max(count, 1) ** 0.5 for layer, (norm, count) in norms.items()}
    largest = max((s for s in sizes.values() if np.isfinite(s)), default=0.0)
    for layer, (norm, _) in norms.items():
        if not np.isfinite(norm):
            text = f"the gradient of layer '{layer}' is no number"
            yield _sign("not finite", layer, float(norm), text)
        elif norm > EXPLODING:
            text = f"the gradient of layer '{layer}' has the norm {norm:.3g}"
            yield _sign("exploding", layer, norm, text)
        elif sizes[layer] < VANISHING * largest:
            text = f"the gradient of layer '{layer}' is {sizes[layer] / largest:.1g} of the largest"
            yield _sign("vanishing", layer, sizes[layer] / largest, text)


def of_updates(
    before: Mapping[str, np.ndarray], after: Mapping[str, np.ndarray], steps: int
) -> Iterator[Sign]:
    """Signs in how far weights moved, a step, as a share of their size.

    Args:
        before, after: by layer, all its trained weights in a row.
        steps: updates between the two.
    """
    for layer, old in before.items():
        size = float(np.linalg.norm(old))
        if not size or steps < 1:
            continue
        # Steps that agree add up, others cancel: between steps and their root.
        share = float(np.linalg.norm(after[layer] - old)) / size / steps
        if share > FAST:
            text = f"the weights of layer '{layer}' move by {share:.0%} of their size in a step"
            yield _sign("fast", layer, share, text)
        elif share < SLOW:
            text = f"the weights of layer '{layer}' move by {share:.1g} of their size in a step"
            yield _sign("slow", layer, share, text)


def _sign(kind: str, layer: str, value: float, text: str) -> Sign:
    return Sign(kind, layer, value, text, MEND[kind])


def trained_weights(layers: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """By path, the trained weights of every layer that has some of its own, in a row."""
    found: dict[str, np.ndarray] = {}
    for path, layer in layers.items():
        if layer._flatten_layers(include_self=False, recursive=False):
            continue
        held = [np.asarray(w.numpy(), np.float64).ravel() for w in layer.trainable_weights]
        if held:
            found[path] = np.concatenate(held)
    return found


def gradient_norms(
    model: Any, x: Any, y: Any, sample_weight: Any = None
) -> dict[str, tuple[float, int]]:
    """By layer, the norm of the gradient of its weights for a batch, and how many they are."""
    owners = {id(w): str(layer.name) for layer in model.layers for w in layer.trainable_weights}
    given = tree.map_structure(convert_to_tensor, x)
    with GradientTape() as tape:
        said = model(given, training=True)
        loss = model.compute_loss(x=given, y=y, y_pred=said, sample_weight=sample_weight)
    weights = list(model.trainable_variables)
    found: dict[str, tuple[float, int]] = {}
    for weight, one in zip(weights, tape.gradient(loss, weights), strict=True):
        if one is None:
            continue
        held = np.asarray(getattr(one, "values", one), np.float64)
        name = owners.get(id(weight), str(weight.name))
        norm, count = found.get(name, (0.0, 0))
        found[name] = float(np.hypot(norm, np.linalg.norm(held.ravel()))), count + held.size
    return found
