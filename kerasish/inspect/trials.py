"""Trials of a model on a few rows: does it learn them, from the labels, with units that live."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from kerasish import layers, tree
from kerasish.callbacks import signs
from kerasish.models import Model
from kerasish.preparation import Prepared
from kerasish.preparation.way_back import Output
from kerasish.spec import is_float

_KERNELS = ("Dense", "Conv", "LSTM", "GRU", "SimpleRNN", "Einsum")


def rows_of(data: Prepared, part: str, count: int, seed: int = 0) -> tuple[Any, Any]:
    """Inputs and targets of some rows of a part, drawn under a seed: arrays, or dicts of them."""
    held = data.part(part)
    dataset = data.dataset(held).shuffle(len(held), seed=seed).batch(min(count, len(held)))
    x, y, *_ = next(iter(dataset.take(1)))
    return tree.map_structure(np.asarray, x), tree.map_structure(np.asarray, y)


def length(values: Any) -> int:
    """Rows of arrays."""
    return len(tree.flatten(values)[0])


def choose(values: Any, rows: np.ndarray) -> Any:
    """Some rows of arrays."""
    return tree.map_structure(lambda one: one[rows], values)


def score(model: Model, x: Any, y: Any, outputs: list[Output]) -> float:
    """How well a model says the targets: accuracy of classes, 1 - MSE / variance of quantities; the
    mean over the outputs."""
    found = model.predict(x, verbose=0)
    pairs = zip(outputs, tree.flatten(y), tree.flatten(found), strict=True)
    return float(np.mean([_score(one, np.asarray(a), np.asarray(b)) for one, a, b in pairs]))


def _score(output: Output, true: np.ndarray, said: np.ndarray) -> float:
    if output.form == "class":
        wide = true.ndim == said.ndim and true.shape[-1] == said.shape[-1] > 1
        classes = true.argmax(-1) if wide else true.reshape(said.shape[:-1])
        return float((said.argmax(-1) == classes).mean())
    if output.form in ("yes or no", "labels"):
        border = 0.0 if output.link is not None else 0.5
        return float(((said > border) == (true.reshape(said.shape) > 0.5)).mean())
    spread = float(true.astype(float).var())
    return 1 - float(((said - true.reshape(said.shape)) ** 2).mean()) / max(spread, 1e-12)


@dataclass(frozen=True)
class Overfit:
    """A few rows trained on again and again.

    Attributes:
        first, last: the loss before and after, the lower of those in training and without.
        score: how well the rows are said at the end.
        steps: how many.
    """

    first: float
    last: float
    score: float
    steps: int

    @property
    def done(self) -> bool:
        """Whether the rows were learned, or most of the way to it."""
        return self.score > 0.9 or self.last < 0.3 * self.first

    @property
    def finite(self) -> bool:
        """Whether the loss stayed a number."""
        return bool(np.isfinite(self.last))


def overfit(
    model: Model, x: Any, y: Any, outputs: list[Output], seconds: float, most: int = 1500
) -> Overfit:
    """Train on the same rows until they are known, or the time is over.

    Args:
        model: compiled; it is changed.
        x, y: the rows, a few.
        seconds: how long at most.
        most: steps at most.
    """
    end = time.perf_counter() + seconds
    first = float(model.test_on_batch(x, y, return_dict=True)["loss"])
    found = Overfit(first, first, -np.inf, 0)
    steps, pause = 0, 25
    while steps < most and (time.perf_counter() < end or steps < 25):
        for _ in range(pause):
            last = float(model.train_on_batch(x, y, return_dict=True)["loss"])
        steps += pause
        if not np.isfinite(last):
            return Overfit(first, last, -np.inf, steps)
        last = min(last, float(model.test_on_batch(x, y, return_dict=True)["loss"]))
        found = Overfit(first, last, score(model, x, y, outputs), steps)
        if found.score > 0.95 or (found.last < 0.1 * first and found.score > 0.5):
            break
    return found


def learned(
    model: Model, given: tuple[Any, Any], held: tuple[Any, Any], outputs: list[Output],
    size: int, steps: int, seconds: float, seed: int = 0,
) -> Iterator[float]:  # fmt: skip
    """How well held rows are said as a model trains on others: a score after each stretch.

    Args:
        model: compiled; it is changed.
        given: x and y that it trains on.
        held: x and y that it is measured on.
        size: of a batch.
        steps: between two scores.
        seconds: how long at most.
    """
    end = time.perf_counter() + seconds
    rng = np.random.default_rng(seed)
    rows = length(given[0])
    while time.perf_counter() < end:
        for _ in range(steps):
            some = rng.integers(0, rows, min(size, rows))
            model.train_on_batch(choose(given[0], some), choose(given[1], some))
        yield score(model, *held, outputs)


# --- layers -------------------------------------------------------------------------------------


def _walk(model: Model) -> Iterator[Any]:
    """The layers of a model that are called once, those of nested models left out."""
    for layer in model.layers:
        if not isinstance(layer, (Model, layers.InputLayer)):
            yield layer


def _outputs(model: Model, x: Any, wanted: list[Any]) -> list[np.ndarray]:
    """What symbols of a model are for some rows."""
    if not wanted:
        return []
    found = Model(model.inputs, wanted).predict(_by_name(model, x), verbose=0)
    return [np.asarray(one) for one in (found if isinstance(found, list) else [found])]


def _by_name(model: Model, x: Any) -> Any:
    return [x[name] for name in model.input_names] if isinstance(x, dict) else x


def _symbol(layer: Any, side: str) -> Any:
    try:
        return getattr(layer, side)
    except (AttributeError, ValueError, RuntimeError):
        return None


def dead_units(model: Model, x: Any) -> dict[str, tuple[int, int]]:
    """Per hidden layer with an activation: units that give the same for all rows, and all units."""
    ends = {id(symbol) for symbol in model.outputs}
    asked: list[tuple[str, Any]] = []
    for layer in _walk(model):
        name = getattr(getattr(layer, "activation", None), "__name__", "")
        name = "relu" if isinstance(layer, layers.ReLU) else name
        symbol = _symbol(layer, "output")
        if name in signs.FOLDS and symbol is not None and id(symbol) not in ends:
            asked.append((str(layer.name), symbol))
    found: dict[str, tuple[int, int]] = {}
    values = _outputs(model, x, [symbol for _, symbol in asked])
    for (name, _), held in zip(asked, values, strict=True):
        found[name] = signs.still_units(held)
    return found


def sizes(model: Model, x: Any) -> dict[str, float]:
    """The root mean square of what each layer gives for some rows, by its name."""
    asked = [(str(layer.name), _symbol(layer, "output")) for layer in _walk(model)]
    asked = [(name, one) for name, one in asked if is_float(str(getattr(one, "dtype", "")))]
    values = _outputs(model, x, [symbol for _, symbol in asked])
    found = zip(asked, values, strict=True)
    return {
        name: float(np.sqrt((held.astype(np.float64) ** 2).mean())) for (name, _), held in found
    }


def first_inputs(model: Model, x: Any) -> dict[str, np.ndarray]:
    """What each first layer with a kernel gets: values (rows, ..., features), by its name.

    A layer is a first one where nothing with weights lies before it, except what scales.
    """
    asked: list[tuple[str, Any]] = []
    for layer in _walk(model):
        kind = type(layer).__name__
        if not any(word in kind for word in _KERNELS):
            continue
        symbol = _symbol(layer, "input")
        if symbol is not None and not isinstance(symbol, (list, dict)) and _plain(symbol):
            asked.append((str(layer.name), symbol))
    values = _outputs(model, x, [symbol for _, symbol in asked])
    return {name: held for (name, _), held in zip(asked, values, strict=True)}


def _plain(symbol: Any) -> bool:
    """Whether a symbol comes from the inputs through nothing that has learned, or scales."""
    waiting = [symbol]
    while waiting:
        record = waiting.pop().history.record
        layer = record.operation
        if isinstance(layer, layers.InputLayer):
            continue
        if getattr(layer, "weights", None) or isinstance(layer, Model):
            return False
        waiting.extend(record.inputs)
    return True


def gradients(model: Model, x: Any, y: Any) -> dict[str, float]:
    """The norm of the gradient of the loss for each layer's weights, by the layer's name."""
    return {layer: norm for layer, (norm, _) in signs.gradient_norms(model, x, y).items()}
