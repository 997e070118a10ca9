"""Activation maximisation: the input that a unit answers most to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kerasish import tree
from kerasish.errors import ArgumentError
from kerasish.explain.attribution import Pictured
from kerasish.explain.parts import channels
from kerasish.explain.running import Explained
from kerasish.explain.scene import chosen_output
from kerasish.graph.tensor import convert_to_tensor
from kerasish.hints import hinted, is_number, whole
from kerasish.layers import Layer
from kerasish.models import Model
from kerasish.names import load
from kerasish.spec import is_float

_BLUR_EVERY = 4  # steps (Yosinski et al., 2015, section 4)
_FLAT = 1e-4  # a difference below which total variation is round
_DECAY = 0.9, 0.999  # of the means of Adam


@dataclass(frozen=True, eq=False)
class Maximised(Pictured):
    """Inputs that a unit answers much to.

    Attributes:
        values: (rows, ...) the inputs, in the structure of the model's input.
        score: (rows,) what the unit says about them, without the regularisers.
        history: (steps + 1, rows) what it said on the way, from the start on.
    """

    values: Any
    score: np.ndarray
    history: np.ndarray

    def __len__(self) -> int:
        return len(self.score)

    def _picture(self) -> Any:
        return load("kerasish.explain.pictures").maximised(self)

    def __repr__(self) -> str:
        first, last = self.history[0].mean(), self.score.mean()
        return f"<activation maximisation of {len(self)} rows: {first:.4g} -> {last:.4g}>"


@hinted
def activation_maximisation(
    model: Model,
    layer: Layer | str | None,
    unit: Any,
    *,
    start: Any = None,
    steps: int = 256,
    rate: float = 0.05,
    l2: float = 0.0,
    total_variation: float = 0.0,
    blur: float = 0.0,
    bounds: tuple[float | None, float | None] | None = None,
    seed: int = 0,
    **choice: Any,
) -> Maximised:
    """The input at which a unit says most, by gradient ascent from a start.

    Erhan et al., "Visualizing higher-layer features of a deep network" (2009), section 4; channels
    as a whole and regularisers as in Olah et al., "Feature visualization" (2017). Climbs
    unit(x) - l2 / 2 |x|^2 - total_variation * (sum of |differences of neighbours|), by Adam at a
    rate that falls to zero. What it shows is one of many such inputs, and no input of the data.

    Args:
        model: a model whose input holds floats; other inputs stay at the start.
        layer: the layer whose output is looked at, or its name; None for the model's own output.
        unit: the number of a channel (the last axis), whose mean over all places is taken, or a
            tuple of as many indices as a row of the output has axes.
        start: (rows, ...) inputs to start from, all of which are moved; by default one row of
            small normal noise around the middle of `bounds`, or 0.
        steps, rate: of the ascent; no element moves by much more than `rate` in a step.
        l2, total_variation: of the regularisers. Differences are those along steps or sides.
        blur: standard deviation, in elements, of a Gaussian blur at every fourth step.
        bounds: (low, high) that elements stay in, None for an open end.
        seed: of the noise.
        choice: `output` (which of several), `before_activation`, `batch_size`; see `Explained`.
            `before_activation` is True by default: a probability near 1 has no slope.

    Raises:
        ArgumentError: no such layer or unit, an input without floats, or one of unknown size where
            no start is given.

    Example:
        >>> import numpy as np
        >>> import kerasish as keras
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> model.set_weights([np.array([[1.0], [-2.0]]), np.zeros(1)])
        >>> found = keras.explain.activation_maximisation(model, None, 0, bounds=(0, 1))
        >>> found.values.tolist()
        [[1.0, 0.0]]
    """
    behind = model if layer is None else _up_to(model, layer)
    ends = _ends(bounds)
    given = _noise(model, ends, seed) if start is None else start
    options = {"before_activation": True} | choice
    explained = Explained(behind, given, _first(behind, given, options), **options)
    explained.seed = _seed(explained.seed.shape, unit)
    moving = [is_float(leaf.dtype.name) for leaf in explained.leaves]
    if not any(moving):
        raise ArgumentError(
            "model",
            expected="an input of floats",
            received=f"{[leaf.dtype.name for leaf in explained.leaves]}",
            fix="Climb behind what looks them up: keras.Model(layer.output, model.output).",
        )
    for what, value in {"l2": l2, "total_variation": total_variation, "blur": blur}.items():
        if not is_number(value) or value < 0:
            raise ArgumentError(what, expected="a number of 0 or more", received=repr(value))
    steps = whole("steps", steps, least=1)

    step = explained.step(lambda scene: (scene.score(), scene.by_input(scene.gradients())))
    history: list[np.ndarray] = []
    size = min(explained.batch_size, explained.rows)
    made = [np.array(leaf) for leaf in explained.leaves]
    for begin in range(0, explained.rows, size):
        rows = np.arange(begin, begin + size).clip(max=explained.rows - 1)
        batch_seed = convert_to_tensor(explained.seed[rows])

        def looked(leaves: Sequence[np.ndarray], held: Any = batch_seed) -> Any:
            score, slopes = step([convert_to_tensor(v) for v in leaves], [held])
            return score.numpy(), [s.numpy() for s in slopes]

        leaves = [np.array(leaf[rows]) for leaf in explained.leaves]
        climbers = [_Climber(leaf.shape, rate) for leaf in leaves]
        said: list[np.ndarray] = []
        for turn in range(steps):
            score, slopes = looked(leaves)
            said.append(score)
            for i, climber in enumerate(climbers):
                if not moving[i]:
                    continue
                x = leaves[i].astype(np.float64)
                slope = slopes[i] - l2 * x
                if total_variation:
                    slope = slope - total_variation * _variation_slope(x)
                x = x + climber.step(slope, turn, steps)
                if blur and turn % _BLUR_EVERY == 0 and turn < steps - 1:
                    x = _blurred(x, blur)
                leaves[i] = np.clip(x, *ends).astype(leaves[i].dtype)
        said.append(looked(leaves)[0])
        keep = min(size, explained.rows - begin)
        history.append(np.stack(said)[:, :keep])
        for whole_, part in zip(made, leaves, strict=True):
            whole_[begin : begin + keep] = part[:keep]
    every = np.concatenate(history, axis=1)
    return Maximised(explained.structured(made), every[-1], every)


def _up_to(model: Model, layer: Layer | str) -> Model:
    found = model.get_layer(layer) if isinstance(layer, str) else layer
    if not isinstance(found, Layer) or not any(found is one for one in model.layers):
        raise ArgumentError(
            "layer",
            expected=f"a layer that stands in {model.name!r} itself, or its name",
            received=repr(layer),
            fix="Of a model inside give the whole one, or climb its own inputs.",
        )
    if model.inner_network is None:
        raise ArgumentError(
            "layer",
            expected="None, as a model with a `call` of its own has no symbols",
            received=repr(layer),
            fix="Make it of keras.Input and layers that are called on it.",
        )
    return Model(model.input, found.output)


def _ends(bounds: Any) -> tuple[float, float]:
    if bounds is None:
        return -np.inf, np.inf
    fits = isinstance(bounds, (tuple, list)) and len(bounds) == 2
    if fits and all(v is None or is_number(v) for v in bounds):
        low, high = bounds
        ends = -np.inf if low is None else float(low), np.inf if high is None else float(high)
        if ends[0] < ends[1]:
            return ends
    raise ArgumentError("bounds", expected="(low, high), low < high", received=repr(bounds))


def _noise(model: Model, ends: tuple[float, float], seed: int) -> Any:
    """A row of noise in the form of a model's input."""
    if model.inner_network is None:
        raise ArgumentError(
            "start",
            expected="inputs to start from, as the model does not say what it takes",
            received="None",
        )
    rng = np.random.default_rng(seed)
    middle, width = (sum(ends) / 2, ends[1] - ends[0]) if np.isfinite(ends).all() else (0.0, 1.0)

    def one(symbol: Any) -> np.ndarray:
        shape = symbol.shape[1:]
        if None in shape or not is_float(str(symbol.dtype)):
            raise ArgumentError(
                "start",
                expected="inputs to start from, since the model's are not all floats of one size",
                received=f"None for {symbol.dtype} {shape}",
            )
        noise = middle + 0.01 * width * rng.normal(size=(1, *shape))
        return np.clip(noise, *ends).astype(symbol.dtype)

    return tree.map_structure(one, model.input)


def _first(model: Model, given: Any, options: dict[str, Any]) -> Any:
    """The indices of some element of the output."""
    said = model.predict(given, options.get("batch_size"), verbose=0)
    axes = np.ndim(chosen_output(said, options.get("output"))) - 1
    return (0,) * axes if axes > 1 else 0


def _seed(shape: tuple[int, ...], unit: Any) -> np.ndarray:
    """What each element of the output counts for a unit."""
    seed = np.zeros(shape, np.float32)
    index = tuple(unit) if isinstance(unit, (tuple, list)) else (..., unit)
    inside = index if index[0] is ... else (slice(None), *index)
    try:
        whole("unit", index[-1], least=None)
        fits = index[0] is ... or len(index) == len(shape) - 1
        count = seed[inside][0].size if fits else 0
    except (IndexError, ArgumentError):
        count = 0
    if not count:
        raise ArgumentError(
            "unit",
            expected=f"the number of a channel, or {len(shape) - 1} indices into {shape[1:]}",
            received=repr(unit),
        )
    seed[inside] = 1 / count
    return seed


class _Climber:
    """Adam, upwards."""

    def __init__(self, shape: tuple[int, ...], rate: float) -> None:
        self.rate = rate
        self.mean, self.square = np.zeros((2, *shape))

    def step(self, slope: np.ndarray, turn: int, steps: int) -> np.ndarray:
        for name, value, decay in zip(
            ("mean", "square"), (slope, np.square(slope)), _DECAY, strict=True
        ):
            setattr(self, name, decay * getattr(self, name) + (1 - decay) * value)
        mean = self.mean / (1 - _DECAY[0] ** (turn + 1))
        root = np.sqrt(self.square / (1 - _DECAY[1] ** (turn + 1)))
        return self.rate * (1 - turn / steps) * mean / (root + 1e-12)


def _places(x: np.ndarray) -> list[int]:
    """The axes along which elements have neighbours."""
    axis = channels(x.shape[1:])
    if axis is None:
        return []
    return [a for a in range(1, x.ndim) if a != (1 if axis == 0 else x.ndim - 1)]


def _variation_slope(x: np.ndarray) -> np.ndarray:
    """The derivative of the sum of sqrt(difference^2 + tiny) along each axis of places."""
    slope = np.zeros_like(x)
    for axis in _places(x):
        step = np.diff(x, axis=axis)
        way = step / np.sqrt(np.square(step) + _FLAT**2)
        ends = [(0, 0)] * x.ndim
        ends[axis] = (1, 1)
        slope -= np.diff(np.pad(way, ends), axis=axis)
    return slope


def _blurred(x: np.ndarray, deviation: float) -> np.ndarray:
    """A Gaussian blur along each axis of places, edges repeated."""
    reach = max(1, int(np.ceil(3 * deviation)))
    weights = np.exp(-0.5 * np.square(np.arange(-reach, reach + 1) / deviation))
    weights /= weights.sum()
    for axis in _places(x):
        ends = [(0, 0)] * x.ndim
        ends[axis] = (reach, reach)
        padded = np.pad(x, ends, mode="edge")
        n = x.shape[axis]
        parts = [padded.take(range(i, i + n), axis=axis) for i in range(len(weights))]
        x = np.tensordot(weights, np.stack(parts), 1)
    return x
