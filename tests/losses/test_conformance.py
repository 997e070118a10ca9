"""Generated comparisons of losses with installed Keras (kerasish[conformance])."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import kerasish as ours
from tests.beside import keras as theirs
from tests.built_in import classes

pytestmark = pytest.mark.conformance

NAMES = [c.__name__ for c in classes(ours.losses, "Loss", "LossFunctionWrapper")]
SHAPES = [(4,), (4, 3), (4, 2, 3), (2, 2, 2, 3)]
REDUCTIONS = ("sum_over_batch_size", "sum", "mean_with_sample_weight", "none")


def data(name: str, shape: tuple[int, ...], dtype: str, rng: Any) -> tuple[np.ndarray, np.ndarray]:
    p = rng.uniform(0.05, 0.95, shape).astype("float32")
    if name in ("SparseCategoricalCrossentropy", "CategoricalGeneralizedCrossEntropy"):
        return rng.integers(0, shape[-1], shape[:-1]).astype("int32"), p
    if name == "Circle":
        return rng.integers(0, 2, shape[0]), p
    if name == "CTC":
        return rng.integers(1, shape[-1], (shape[0], 2)), p
    if "Categorical" in name:
        return np.eye(shape[-1])[rng.integers(0, shape[-1], shape[:-1])].astype(dtype), p
    return rng.integers(0, 2, shape).astype(dtype), p


def reduced(keras: Any, name: str, given: dict[str, Any], y: Any, p: Any, weight: Any, mask: Any):
    p = keras.ops.convert_to_tensor(p)
    if mask is not None:
        setattr(p, "_keras_mask" if keras is theirs else "mask", keras.ops.convert_to_tensor(mask))
    return np.asarray(getattr(keras.losses, name)(**given)(y, p, weight))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_reductions_weights_masks_and_dtypes(name: str, shape: tuple[int, ...]):
    """Wherever Keras gives a number. Where it broadcasts weights from the last axis, see
    docs/differences.md; those are left out."""
    rng = np.random.default_rng(11)
    compared = 0
    for dtype in ("float32", "uint8") if shape == (4, 3) else ("float32",):
        y, p = data(name, shape, dtype, rng)
        try:
            rank = reduced(theirs, name, {"reduction": "none"}, y, p, None, None).ndim
        except Exception:
            continue
        weights = [None, 2.0, rng.uniform(0, 2, shape[:1]).astype("float32")]
        masks = [None, rng.random(shape[:-1] or shape) > 0.3]
        for reduction in REDUCTIONS:
            for weight in weights[: 3 if rank < 2 else 2]:
                for mask in masks if np.ndim(weight) + rank < 3 else masks[:1]:
                    case = ({"reduction": reduction}, y, p, weight, mask)
                    with warnings.catch_warnings():
                        warnings.simplefilter("ignore")
                        try:
                            expected = reduced(theirs, name, *case)
                        except Exception:
                            continue
                        got = reduced(ours, name, *case)
                    if name in ("Dice", "Tversky") and mask is not None and np.ndim(weight):
                        continue
                    assert (got.shape, got.dtype) == (expected.shape, expected.dtype)
                    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-6)
                    compared += 1
    assert compared or name == "CTC" or len(shape) == 1 or name == "Circle"
