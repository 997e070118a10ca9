"""Layers of numbers: vectors of categories."""

from __future__ import annotations

import numpy as np
import pytest

import kerasish as keras

layers = keras.layers


@pytest.mark.parametrize(
    ("mode", "shape"), [("one_hot", (1, 4)), ("multi_hot", (4,)), ("count", (4,))]
)
def test_a_single_category(mode: str, shape: tuple[int, ...]) -> None:
    """The shapes are Keras 3.15's."""
    found = layers.CategoryEncoding(4, mode)(np.int32(2))
    np.testing.assert_array_equal(found, np.reshape([0, 0, 1, 0], shape))
