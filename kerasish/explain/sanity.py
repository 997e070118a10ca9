"""Whether an explanation is one of the model: it must change where the model does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from kerasish import tree
from kerasish.errors import ArgumentError
from kerasish.explain.attribution import Pictured
from kerasish.explain.running import Explained
from kerasish.hints import asked, function, hinted, is_number, label, whole
from kerasish.layers import Layer
from kerasish.layers.base import tracking
from kerasish.models import Model
from kerasish.models.clone import clone_model
from kerasish.names import load
from kerasish.spec import is_float


@dataclass(frozen=True, eq=False)
class SanityCheck(Pictured):
    """How much of an explanation is left as the model's parameters are randomised.

    Attributes:
        method: the name of the method.
        layers: the layers, in the order in which their parameters were drawn anew, from the output
            down; each with all before it.
        correlation: (layers, rows, repeats) the rank correlation with the explanation of the model
            itself.
        threshold: what the mean at the last layer must stay below.
    """

    method: str
    layers: tuple[str, ...]
    correlation: np.ndarray
    threshold: float

    @property
    def passed(self) -> bool:
        """Whether little is left once all layers are random."""
        return bool(self.correlation[-1].mean() < self.threshold)

    def __bool__(self) -> bool:
        return self.passed

    def __repr__(self) -> str:
        width = max(map(len, self.layers))
        lines = [f"{self.method}: rank correlation with parameters randomised from the output down"]
        for name, found in zip(self.layers, self.correlation, strict=True):
            lines.append(f"  {name:<{width}}  {found.mean():6.3f} +- {found.std():.2g}")
        verdict = "passed" if self.passed else "failed: it hardly depends on the parameters"
        mean = self.correlation[-1].mean()
        return "\n".join([*lines, f"{verdict} ({mean:.3f}, at most {self.threshold:g})"])

    def _picture(self) -> Any:
        return load("kerasish.explain.pictures").sanity(self)


@hinted
def sanity_check(
    method: Callable[..., Any],
    model: Model,
    x: Any,
    target: Any = None,
    *,
    absolute: bool = False,
    threshold: float = 0.5,
    repeats: int = 3,
    seed: int = 0,
    **arguments: Any,
) -> SanityCheck:
    """Whether a method explains the model: parameters are randomised, and its values must follow.

    Adebayo et al., "Sanity checks for saliency maps" (2018), section 3, by cascading randomisation:
    from the output down one layer more is drawn anew, kernels from a normal distribution of their
    size, other parameters shuffled. It is done on a copy; the model stays as it is. A method that
    passes may still be wrong; one that fails shows the input, not the model.

    Args:
        method: (model, x, target, **arguments) -> an explanation with `.values`, or arrays like x.
        model: the model, of layers that can be copied from their config.
        x: its input, (rows, ...) or a structure of such.
        target: which element of each row's output, as in `saliency`; that of the model itself, also
            where the copy would choose another.
        absolute: whether only the size of values counts, not their sign.
        threshold: the mean rank correlation (Spearman) that a passing method stays below once all
            layers are random.
        repeats: how often it is all done with other random numbers.
        seed: of these.
        arguments: of the method.

    Raises:
        ArgumentError: no parameters, or values of a method that are not like x.

    Example:
        >>> import numpy as np
        >>> import kerasish as keras
        >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
        >>> x = np.arange(12, dtype="float32").reshape(4, 3)
        >>> found = keras.explain.sanity_check(lambda model, x, target: x, model, x)
        >>> print(str(found).splitlines()[-1])
        failed: it hardly depends on the parameters (1.000, at most 0.5)
    """
    function("method", method)
    repeats = whole("repeats", repeats, least=1)
    if not is_number(threshold):
        raise ArgumentError("threshold", expected="a number", received=repr(threshold))
    chosen = Explained(model, x, target, output=arguments.get("output")).target
    copy = clone_model(model)
    if not copy.built:
        copy.predict(x, verbose=0)
    weights = model.get_weights()

    def explained(of: Model) -> np.ndarray:
        form = "method(model, x, target, **arguments)"
        found = asked("method", form, method, of, x, chosen, **arguments)
        return _ranked(getattr(found, "values", found), len(chosen), absolute)

    layers = _with_weights(copy)
    if not layers:
        raise ArgumentError("model", expected="a model with parameters", received=repr(model))
    first = explained(model)
    every = np.empty((len(layers), len(chosen), repeats))
    for turn in range(repeats):
        rng = np.random.default_rng((seed, turn))
        copy.set_weights(weights)
        for place, layer in enumerate(layers):
            _randomise(layer, rng)
            found = explained(copy)
            if found.shape != first.shape:
                raise ArgumentError(
                    "method",
                    expected=f"as many values for every model: {first.shape}",
                    received=f"{found.shape}",
                )
            every[place, :, turn] = _correlation(first, found)
    called = tuple(layer.path or layer.name for layer in layers)
    return SanityCheck(label(method), called, every, float(threshold))


def _with_weights(model: Model) -> list[Layer]:
    """The layers with parameters of their own, the last first."""
    found = [layer for layer in model._flatten_layers() if _own(layer)]
    return found[::-1]


def _own(layer: Layer) -> list[Any]:
    """Floats that the layer itself holds, and no layer inside."""
    held = tracking.own_variables(layer, tracking.attributes(layer))
    return [v for v in held if is_float(v.dtype)]


def _randomise(layer: Layer, rng: np.random.Generator) -> None:
    for weight in _own(layer):
        values = np.asarray(weight.value, np.float64)
        if weight.trainable and values.ndim > 1:
            size = np.sqrt(np.square(values).mean()) or 1.0
            weight.assign(rng.normal(0, size, values.shape))
        else:
            weight.assign(rng.permutation(values.reshape(-1)).reshape(values.shape))


def _ranked(values: Any, rows: int, absolute: bool) -> np.ndarray:
    """(rows, elements): the rank of each value in its row, equal ones alike, less the mean."""
    parts = [np.asarray(v, np.float64) for v in tree.flatten(values) if v is not None]
    if any(part.ndim < 1 or len(part) != rows for part in parts):
        raise ArgumentError(
            "method",
            expected=f"values like x, of {rows} rows",
            received=f"{[part.shape for part in parts]}",
        )
    every = np.concatenate([part.reshape(rows, -1) for part in parts], axis=1)
    every = np.abs(every) if absolute else every
    ranks = np.empty_like(every)
    for row, found in zip(ranks, every, strict=True):
        _, place, count = np.unique(found, return_inverse=True, return_counts=True)
        row[:] = (np.cumsum(count) - (count + 1) / 2)[place]
    return ranks - ranks.mean(axis=1, keepdims=True)


def _correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(rows,): of ranks; 1 where both are all alike, 0 where one is."""
    size = np.sqrt(np.square(a).sum(axis=1) * np.square(b).sum(axis=1))
    same = (a == b).all(axis=1)
    return np.where(same, 1.0, (a * b).sum(axis=1) / np.where(size > 0, size, 1.0))
