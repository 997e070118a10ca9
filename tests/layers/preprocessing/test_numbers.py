"""Layers of numbers: vectors of categories."""

from __future__ import annotations

import numpy as np
import pytest

import kerasish as keras
from kerasish.errors import ArgumentError, DataError, ShapeError

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


def test_batches_without_rows_are_passed_over() -> None:
    layer = layers.Normalization()
    layer.adapt(
        [np.zeros((0, 2)), np.array([[1.0, 2.0]]), np.zeros((0, 2)), np.array([[3.0, 8.0]])]
    )
    np.testing.assert_array_equal(layer.mean, [[2, 5]])
    np.testing.assert_array_equal(layer.variance, [[1, 9]])


def test_sparse_matrices_are_learned_piece_by_piece() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    rows = np.random.default_rng(0).normal(size=(30, 3)) * (np.arange(90).reshape(30, 3) % 4 == 0)
    one, other = layers.Normalization(), layers.Normalization()
    one.adapt(sparse.csr_matrix(rows))
    other.adapt(rows)
    np.testing.assert_allclose(one.mean, other.mean, rtol=1e-6)
    np.testing.assert_allclose(one.variance, other.variance, rtol=1e-6)


@pytest.mark.parametrize("mode", ["one_hot", "multi_hot", "count"])
def test_categories_in_a_last_axis_of_one(mode: str) -> None:
    given = np.array([[2], [0]])
    encoded = layers.CategoryEncoding(3, mode)
    found = encoded(given).numpy()
    np.testing.assert_array_equal(found, [[0, 0, 1], [1, 0, 0]])
    traced = keras.Sequential([keras.Input((1,), dtype="int32"), encoded])
    np.testing.assert_array_equal(traced.predict(given, verbose=0), found)


def test_weights_of_categories() -> None:
    found = layers.CategoryEncoding(3, "count")([[2, 2, 0]], count_weights=[[0.5, 2.0, 4.0]])
    np.testing.assert_array_equal(found, [[4, 0, 2.5]])
    with pytest.raises(ArgumentError, match=r"count_weights.*output_mode='count'"):
        layers.CategoryEncoding(3, "multi_hot")([[2]], count_weights=[[0.5]])


def test_boundaries_that_were_learned_are_in_the_config() -> None:
    layer = layers.Discretization(num_bins=3)
    layer.adapt(np.arange(30.0))
    again = layers.Discretization.from_config(layer.get_config())
    assert again.bin_boundaries == layer.bin_boundaries
    assert again.num_bins == 3
    given = layers.Discretization.from_config(
        layers.Discretization(bin_boundaries=[1, 2]).get_config()
    )
    assert (given.bin_boundaries, given.num_bins) == ([1.0, 2.0], None)
    again.adapt(np.arange(300.0))  # what was learned may be learned anew
    assert again.bin_boundaries != layer.bin_boundaries


def test_what_numbers_refuse() -> None:
    for given in ({}, {"bin_boundaries": [1.0], "num_bins": 2}):
        with pytest.raises(ArgumentError, match="either bin_boundaries or num_bins"):
            layers.Discretization(**given)
    with pytest.raises(ArgumentError, match=r"Discretization\.adapt.*num_bins"):
        layers.Discretization(bin_boundaries=[1.0]).adapt([1.0])
    with pytest.raises(DataError, match=r"Discretization\.adapt.*none"):
        layers.Discretization(num_bins=2).adapt(np.zeros(0))
    with pytest.raises(ArgumentError, match=r"boundaries.*adapt"):
        layers.Discretization(num_bins=2)(np.zeros(3))
    for wrong in ({"mean": 1.0}, {"variance": 1.0}):
        with pytest.raises(ArgumentError, match="both mean and variance"):
            layers.Normalization(**wrong)
    with pytest.raises(ArgumentError, match="without given mean"):
        layers.Normalization(mean=0.0, variance=1.0).adapt(np.ones((2, 2)))
    with pytest.raises(DataError, match="at least one batch"):
        layers.Normalization().adapt([])
    with pytest.raises(ArgumentError, match="num_tokens"):
        layers.CategoryEncoding()
    with pytest.raises(DataError, match=r"numbers.*dtype"):
        layers.Normalization().adapt(np.array([["a"]]))
