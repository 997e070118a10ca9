"""Explanations by gradients: what the output changes by where the input does."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish.explain.attribution import Attribution
from kerasish.explain.running import Explained
from kerasish.explain.scene import Scene
from kerasish.graph.primitives import add, multiply
from kerasish.graph.tensor import Tensor, convert_to_tensor, node_of, tensor_of
from kerasish.hints import hinted, whole
from kerasish.models import Model
from kerasish.ops.basic.elementwise import absolute, cast_like, square, subtract
from kerasish.ops.basic.reduction import max_, min_
from kerasish.ops.random.distributions import standard_normal


@hinted
def saliency(model: Model, x: Any, target: Any = None, **choice: Any) -> Attribution:
    """How much the output changes where an element of the input does: |d output / d x|.

    Simonyan et al., "Deep inside convolutional networks" (2013), section 3.

    Args:
        model: the model.
        x: its input, (rows, ...) or a structure of such. Texts and whole numbers that are looked
            up are explained at what stands for them, summed over its units.
        target: which element of each row's output; by default the largest of a row of classes.
        choice: `output` (which of several), `before_activation`, `batch_size`; see `Explained`.

    Returns:
        Values >= 0 like the input.
    """
    explained = Explained(model, x, target, **choice)

    def method(scene: Scene) -> Any:
        return scene.by_input([absolute(g) for g in scene.gradients()]), scene.score()

    values, score = explained.batches(explained.step(method))
    return explained.told("saliency", values, score)


@hinted
def gradient_x_input(model: Model, x: Any, target: Any = None, **choice: Any) -> Attribution:
    """The gradient times the input: what a model that is linear around x says.

    Shrikumar et al., "Not just a black box" (2016). Of a network of sums and relus without biases
    the values add up to the score, which `residual` says.

    Args: as `saliency`.
    """
    explained = Explained(model, x, target, **choice)

    def method(scene: Scene) -> Any:
        parts = [multiply(g, tensor_of(n)) for g, n in _pairs(scene)]
        return scene.by_input(parts), scene.score()

    values, score = explained.batches(explained.step(method))
    return explained.told("gradient x input", values, score, whole=score)


def _noised(x: Tensor, noise: float, seed: int, draw: Tensor, place: int) -> Tensor:
    """x with normal noise, in proportion to the range of each row."""
    axes = tuple(range(1, x.ndim))
    range_ = subtract(max_(x, axis=axes, keepdims=True), min_(x, axis=axes, keepdims=True))
    key = add(convert_to_tensor(np.array([seed, place << 16], np.uint32)), draw)
    return add(x, multiply(multiply(range_, noise), standard_normal(key, x.shape, x.dtype)))


def _pairs(scene: Scene) -> Any:
    return zip(scene.gradients(), scene.every, strict=True)


@hinted
def smoothgrad(
    model: Model,
    x: Any,
    target: Any = None,
    *,
    samples: int = 32,
    noise: float = 0.15,
    squared: bool = False,
    seed: int = 0,
    **choice: Any,
) -> Attribution:
    """The mean gradient at inputs with noise.

    Smilkov et al., "SmoothGrad: removing noise by adding noise" (2017).

    Args:
        samples: how many inputs with noise.
        noise: the standard deviation of the noise, as a share of each row's range.
        squared: whether the mean of squared gradients is taken (Hooker et al., 2019).
        seed: of the noise.
        others: as `saliency`.
    """
    explained = Explained(model, x, target, **choice)
    samples = whole("samples", samples, least=1)

    def method(scene: Scene, draw: Tensor) -> Any:
        moved = {
            n: node_of(_noised(tensor_of(n), noise, seed, draw, place))
            for place, n in enumerate(scene.every)
        }
        found = scene.gradients(moved)
        found = [square(g) for g in found] if squared else found
        return scene.by_input(found), scene.score()

    step = explained.step(method)
    total: Any = None
    for draw in range(samples):
        values, score = explained.batches(step, np.uint32(draw))
        total = values if total is None else [a + b for a, b in zip(total, values, strict=True)]
    return explained.told("SmoothGrad", [v / samples for v in total], score)


@hinted
def integrated_gradients(
    model: Model,
    x: Any,
    target: Any = None,
    *,
    baseline: Any = None,
    steps: int = 50,
    tolerance: float | None = 1e-3,
    max_steps: int = 1600,
    **choice: Any,
) -> Attribution:
    """The gradient along the straight way from a baseline to x, times the way.

    Sundararajan et al., "Axiomatic attribution for deep networks" (2017), section 3; the integral
    by Gauss-Legendre quadrature. The values add up to score - score of the baseline;
    `residual` says what they lack.

    Args:
        baseline: what is no input: an array like x, a row of it, or a number; zeros by default, of
            looked-up tokens the zero vector.
        steps: points of the way at which the gradient is taken, one batch at a time.
        tolerance: rows whose values lack more than this share of the sum are done again with twice
            the steps, up to `max_steps`; None: never. Kinks, as of relu, need many.
        others: as `saliency`.
    """
    explained = Explained(model, x, target, **choice)
    steps = whole("steps", steps, least=1)
    base = explained.like_x("baseline", baseline)

    def method(scene: Scene, at: Tensor, *held: Tensor) -> Any:
        entries, start = scene.every, scene.references(held)
        way = [subtract(tensor_of(n), tensor_of(b)) for n, b in zip(entries, start, strict=True)]
        moved = {
            n: node_of(add(tensor_of(b), multiply(d, cast_like(at, d))))
            for n, b, d in zip(entries, start, way, strict=True)
        }
        parts = [multiply(g, d) for g, d in zip(scene.gradients(moved), way, strict=True)]
        away = scene.score(scene.at(dict(zip(entries, start, strict=True))))
        return scene.by_input(parts), scene.score(), subtract(scene.score(), away)

    step = explained.step(method)

    def integrated(points: int, rows: np.ndarray) -> Any:
        """(values, score, difference) of some rows."""
        total: Any = None
        for place, weight in zip(*np.polynomial.legendre.leggauss(points), strict=True):
            at = np.float32(place / 2 + 0.5)
            values, score, difference = explained.batches(step, at, *base, only=rows)
            parts = [v * np.float32(weight / 2) for v in values]
            total = parts if total is None else [a + b for a, b in zip(total, parts, strict=True)]
        return total, score, difference

    rows = np.arange(explained.rows)
    values, score, difference = integrated(steps, rows)
    while tolerance is not None and 2 * steps <= max_steps and len(rows):
        lack = np.abs(difference - sum(v.reshape(explained.rows, -1).sum(1) for v in values))
        rows = np.flatnonzero(lack > tolerance * np.abs(difference))
        steps *= 2
        if len(rows):
            for held, better in zip(values, integrated(steps, rows)[0], strict=True):
                held[rows] = better
    return explained.told("integrated gradients", values, score, whole=difference)
