"""Image layers: sizes, what a random change may do, and that it rests outside training."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish.compiler.functions import function
from kerasish.errors import ArgumentError
from tests.tolerances import assert_close

layers = keras.layers
X = np.random.default_rng(0).uniform(0, 255, (3, 6, 6, 2)).astype("float32")
RANDOM = {
    "flip": lambda: layers.RandomFlip(seed=1),
    "rotation": lambda: layers.RandomRotation(0.2, seed=1),
    "translation": lambda: layers.RandomTranslation(0.3, 0.3, seed=1),
    "zoom": lambda: layers.RandomZoom(0.3, seed=1),
    "shear": lambda: layers.RandomShear(0.3, 0.3, seed=1),
    "brightness": lambda: layers.RandomBrightness(0.5, seed=1),
    "contrast": lambda: layers.RandomContrast(0.5, seed=1),
}


@pytest.mark.parametrize("name", RANDOM)
def test_random_only_while_training(name: str) -> None:
    layer = RANDOM[name]()
    np.testing.assert_array_equal(layer(X, training=False), X)
    first, second = np.asarray(layer(X)), np.asarray(layer(X))
    assert first.shape == X.shape
    assert np.abs(first - X).max() > 1
    assert np.abs(first - second).max() > 1
    assert first.min() >= -1e-3
    assert first.max() <= 255 + 1e-3
    np.testing.assert_array_equal(np.asarray(RANDOM[name]()(X)), first)
    run = function(RANDOM[name]())
    assert_close(run(X), first)
    assert layer(X[0]).shape == X.shape[1:]


@pytest.mark.parametrize("name", RANDOM)
def test_config(name: str) -> None:
    layer = RANDOM[name]()
    again = type(layer).from_config(layer.get_config())
    np.testing.assert_array_equal(np.asarray(again(X)), np.asarray(RANDOM[name]()(X)))


def test_the_model_decides() -> None:
    x = keras.Input((6, 6, 2))
    model = keras.Model(x, layers.RandomFlip(seed=1)(x))
    np.testing.assert_array_equal(model(X, training=False), X)
    np.testing.assert_array_equal(model.predict(X, verbose=0), X)
    assert np.abs(np.asarray(model(X, training=True)) - X).max() > 1


def turned(layer: Any, image: np.ndarray) -> np.ndarray:
    return np.asarray(layer(image[None, :, :, None]))[0, :, :, 0]


def test_directions_are_those_of_keras() -> None:
    image = np.arange(9.0, dtype="float32").reshape(3, 3)
    quarter = layers.RandomRotation((0.25, 0.25))
    np.testing.assert_allclose(turned(quarter, image), np.rot90(image), atol=1e-3)
    down = layers.RandomTranslation((1 / 3, 1 / 3), 0.0, fill_mode="constant")
    np.testing.assert_allclose(turned(down, image)[1:], image[:2], atol=1e-3)
    np.testing.assert_allclose(turned(down, image)[0], 0, atol=1e-3)
    right = layers.RandomTranslation(0.0, (1 / 3, 1 / 3), fill_mode="constant")
    np.testing.assert_allclose(turned(right, image)[:, 1:], image[:, :2], atol=1e-3)
    smaller = layers.RandomZoom((1.0, 1.0), fill_mode="constant", interpolation="nearest")
    shrunk = turned(smaller, np.ones((6, 6), "float32"))
    assert 4 <= shrunk.sum() <= 16


def test_flips() -> None:
    flip = layers.RandomFlip("vertical", seed=0)
    seen = {turned(flip, X[0, :, :, 0]).tobytes() for _ in range(30)}
    assert seen == {X[0, :, :, 0].tobytes(), np.ascontiguousarray(X[0, ::-1, :, 0]).tobytes()}


def test_crops() -> None:
    np.testing.assert_array_equal(layers.CenterCrop(2, 4)(X), X[:, 2:4, 1:5])
    assert layers.CenterCrop(8, 4)(X).shape == (3, 8, 4, 2)
    layer = layers.RandomCrop(3, 3, seed=0)
    assert_close(layer(X, training=False), layers.Resizing(3, 3)(X))
    assert layers.RandomCrop(8, 4)(X).shape == (3, 8, 4, 2)
    parts = {X[:, i : i + 3, j : j + 3].tobytes(): (i, j) for i in range(4) for j in range(4)}
    places = {parts[np.ascontiguousarray(np.asarray(layer(X))).tobytes()] for _ in range(60)}
    assert len(places) > 8
    first = layers.CenterCrop(2, 2, data_format="channels_first")
    np.testing.assert_array_equal(
        first(X.transpose(0, 3, 1, 2)), X.transpose(0, 3, 1, 2)[:, :, 2:4, 2:4]
    )


def test_resizing() -> None:
    layer = layers.Resizing(3, 4)
    assert layer(X).shape == (3, 3, 4, 2)
    assert layer(keras.Input((None, None, 2))).shape == (None, 3, 4, 2)
    assert layer(X.astype("uint8")).dtype == "uint8"  # as in Keras
    np.testing.assert_allclose(layers.Resizing(6, 6)(X), X, rtol=1e-5)


def test_wrong_factors() -> None:
    assert layers.RandomRotation((0.3, 0.1)).factor == (0.1, 0.3)  # in order, as in Keras
    with pytest.raises(ArgumentError, match="factor"):
        layers.RandomRotation(1.5)
    with pytest.raises(ArgumentError, match="fill_mode"):
        layers.RandomZoom(0.1, fill_mode="mirrored")


def test_shears_are_those_of_keras() -> None:
    """From the top left corner, both shifts with one sign."""
    image = np.zeros((4, 4), "float32")
    image[0, 0], image[2, 1], image[1, 2] = 9, 5, 7
    layer = layers.RandomShear(
        (1.0, 1.0), (0.0, 0.0), fill_mode="constant", interpolation="nearest", seed=0
    )
    seen = {turned(layer, image).tobytes() for _ in range(20)}
    columns, rows = np.meshgrid(np.arange(4), np.arange(4))

    def read(sign: float) -> np.ndarray:
        at = (columns + sign * rows).astype(int)
        inside = (at >= 0) & (at < 4)
        return np.where(inside, image[rows, np.where(inside, at, 0)], 0).astype("float32")

    assert seen == {read(1.0).tobytes(), read(-1.0).tobytes()}


def test_images_of_whole_numbers() -> None:
    whole = X.astype("uint8")
    lighter = np.asarray(layers.RandomBrightness((0.1, 0.1))(whole))
    assert lighter.dtype == np.uint8
    np.testing.assert_array_equal(lighter, np.minimum(whole.astype(int) + 25, 255))
    darker = np.asarray(layers.RandomBrightness((-0.1, -0.1))(whole))
    np.testing.assert_array_equal(darker, np.maximum(whole.astype(int) - 25, 0))
    assert layers.RandomContrast(0.2)(whole).dtype == "float32"
    bigger = np.asarray(layers.Resizing(8, 9, interpolation="lanczos3")(whole))
    exact = np.asarray(layers.Resizing(8, 9, interpolation="lanczos3")(whole.astype("float32")))
    np.testing.assert_array_equal(bigger, np.clip(np.rint(exact), 0, 255))


def test_contrast_of_channels_first() -> None:
    first = layers.RandomContrast((0.5, 0.5), data_format="channels_first", seed=3)
    last = layers.RandomContrast((0.5, 0.5), seed=3)
    assert_close(first(X.transpose(0, 3, 1, 2)).numpy().transpose(0, 2, 3, 1), last(X))


def test_what_draws_nothing_has_no_state() -> None:
    for layer in (layers.CenterCrop(2, 2), layers.Resizing(2, 2)):
        assert layer.variables == []
    assert len(layers.RandomFlip().variables) == 1


@pytest.mark.parametrize("option", ["antialias", "crop_to_aspect_ratio", "pad_to_aspect_ratio"])
def test_resizing_hands_on_what_it_is_told(option: str) -> None:
    found = layers.Resizing(3, 2, **{option: True})(X)
    np.testing.assert_array_equal(found, keras.ops.image.resize(X, (3, 2), **{option: True}))
    assert (found.numpy() != layers.Resizing(3, 2)(X).numpy()).any()


def test_brightness_of_floats_is_no_whole_number() -> None:
    layer = layers.RandomBrightness(0.1, value_range=(0, 1), seed=1)
    more = layer(np.full((4, 2, 2, 1), 0.5, "float32"), training=True).numpy() - 0.5
    assert ((more != 0) & (abs(more) <= 0.1)).all()
