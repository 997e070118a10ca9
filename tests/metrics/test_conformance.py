"""Generated comparisons of metrics with installed Keras (kerasish[conformance])."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import kerasish as ours
from tests.beside import keras as theirs
from tests.golden import cases
from tests.tolerances import assert_close

pytestmark = pytest.mark.conformance

SHAPES = [(6,), (6, 4), (3, 2, 2, 2)]
BY_POSITION = (
    "MeanSquaredError", "RootMeanSquaredError", "MeanAbsoluteError", "LogCoshError",
    "MeanAbsolutePercentageError", "MeanSquaredLogarithmicError", "Poisson", "KLDivergence",
    "Hinge", "SquaredHinge", "BinaryCrossentropy", "BinaryAccuracy", "Accuracy",
    "CosineSimilarity", "TruePositives", "FalseNegatives", "Precision", "Recall", "AUC",
)  # fmt: skip


def outcome(keras, name, options, updates):
    metric = getattr(keras.metrics, name)(**options)
    results = []
    for y, p, weight, mask in updates:
        p = keras.ops.convert_to_tensor(p)
        if mask is not None:
            setattr(
                p, "_keras_mask" if keras is theirs else "mask", keras.ops.convert_to_tensor(mask)
            )
        metric.update_state(y, p, **({} if weight is None else {"sample_weight": weight}))
        results.append(np.asarray(metric.result()))
    metric.reset_state()
    return [*results, np.asarray(metric.result())]


def held(name, options, updates):
    """Both results, or None where Keras refuses or broadcasts into another shape."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            expected = outcome(theirs, name, options, updates)
        except Exception:
            return None
        return expected, outcome(ours, name, options, updates)


@pytest.mark.parametrize("label", cases.METRICS)
def test_weights_resets_and_several_updates(label: str):
    name, options, kind = cases.METRICS[label]
    y, p = cases.data(kind)
    rng = np.random.default_rng(7)
    for weight in (
        None,
        rng.uniform(0.5, 2, len(y)).astype("float32"),
        np.zeros(len(y), "float32"),
    ):
        if "IoU" in name and weight is not None:
            weight = np.rint(weight)  # Keras cuts weights to integers
        found = held(name, options, [(y, p, weight, None), (y[1:4], p[1:4], None, None)])
        if found is not None:
            for a, b in zip(*found, strict=True):
                assert (a.shape, a.dtype) == (b.shape, b.dtype)
                np.testing.assert_allclose(b, a, rtol=1e-5, atol=1e-5)  # Keras sums in float32


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", BY_POSITION)
def test_shapes_weights_and_masks(name: str, shape: tuple[int, ...]):
    rng = np.random.default_rng(3)
    p = rng.uniform(0.05, 0.95, shape).astype("float32")
    y = rng.integers(0, 2, shape).astype("float32")
    weights = [None, rng.uniform(0.5, 2, shape[:1]).astype("float32")]
    if len(shape) > 2:
        weights.append(rng.uniform(0.5, 2, shape[:-1]).astype("float32"))
    masks = [None, rng.random(shape[:-1] or shape) > 0.3]
    for weight in weights:
        for mask in masks:
            if mask is not None and weight is not None and mask.ndim != weight.ndim:
                continue  # Keras broadcasts from the last axis
            found = held(name, {}, [(y, p, weight, mask)])
            if found is not None:
                for a, b in zip(*found, strict=True):
                    assert_close(b, a)
