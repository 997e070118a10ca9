"""Layers of numbers: vectors of categories."""

from __future__ import annotations

import numpy as np
import pytest

import kerasish as keras
from kerasish.errors import ShapeError

layers = keras.layers


@pytest.mark.parametrize(
    ("mode", "shape"), [("one_hot", (1, 4)), ("multi_hot", (4,)), ("count", (4,))]
)
def test_a_single_category(mode: str, shape: tuple[int, ...]) -> None:
    """The shapes are Keras 3.15's."""
    found = layers.CategoryEncoding(4, mode)(np.int32(2))
    np.testing.assert_array_equal(found, np.reshape([0, 0, 1, 0], shape))


def test_the_three_steps_of_bins() -> None:
    whole, parts = (layers.Discretization(num_bins=3) for _ in range(2))
    numbers = np.arange(30.0)
    whole.adapt([numbers[:10], numbers[10:]])
    parts.update_state(numbers[:10])
    parts.update_state(numbers[10:])
    parts.finalize_state()
    assert parts.bin_boundaries == whole.bin_boundaries
    parts.reset_state()
    assert parts.bin_boundaries == whole.bin_boundaries
    assert layers.Discretization(num_bins=4).output_dtype == "int32"
    shape = layers.Discretization(num_bins=4, output_mode="one_hot").compute_output_shape((None, 3))
    assert shape == (None, 3, 4)


def test_moments_of_other_sizes_are_refused() -> None:
    layer = layers.Normalization()
    with pytest.raises(ShapeError, match=r"\(None, 4\)"):
        layer.adapt([np.ones((2, 4)), np.ones((2, 6))])


def test_one_number_for_every_first_channel() -> None:
    before = keras.config.image_data_format()
    keras.config.set_image_data_format("channels_first")
    try:
        x = np.ones((1, 3, 2, 2))
        y = layers.Rescaling(scale=[1.0, 2.0, 3.0], offset=[0.0, 1.0, 2.0])(x).numpy()
    finally:
        keras.config.set_image_data_format(before)
    np.testing.assert_array_equal(y[0, :, 0, 0], [1, 3, 5])
