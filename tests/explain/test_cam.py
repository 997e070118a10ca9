"""Class activation maps: closed forms, published formulas, layers by name, every kind of input."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish import explain, layers
from kerasish.errors import ArgumentError
from tests.explain.models import image, settled, table, words

METHODS = (explain.grad_cam, explain.grad_cam_plus_plus)


def pooled(rank: int, format: str = "channels_last") -> tuple[Any, np.ndarray]:
    """Maps of three channels, averaged and weighted: the network of class activation maps."""
    sizes = (9, 7)[:rank]
    shape = (3, *sizes) if format == "channels_first" else (*sizes, 3)
    conv = getattr(layers, f"Conv{rank}D")
    model = keras.Sequential(
        [
            keras.Input(shape),
            conv(4, 3, strides=2, padding="same", data_format=format, name="first"),
            layers.Activation("relu"),
            conv(5, 3, padding="same", data_format=format, name="last"),
            layers.Activation("relu", name="behind"),
            getattr(layers, f"GlobalAveragePooling{rank}D")(data_format=format),
            layers.Dense(3, "softmax"),
        ]
    )
    return settled(model), np.random.default_rng(1).normal(size=(5, *shape)).astype("f4")


def features(model: Any, x: np.ndarray, name: str, format: str = "channels_last") -> np.ndarray:
    found = keras.Model(model.inputs, model.get_layer(name).output).predict(x, verbose=0)
    return np.moveaxis(found, 1, -1) if format == "channels_first" else found


def own_size(found: Any) -> np.ndarray:
    """The map as the layer has it."""
    return next(iter(found.layers.values()))


@pytest.mark.parametrize("format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("rank", [1, 2])
def test_behind_average_pooling_it_is_the_class_activation_map(rank, format):
    model, x = pooled(rank, format)
    kernel, _ = model.layers[-1].get_weights()
    for target in range(3):
        found = explain.grad_cam(model, x, target, batch_size=2)
        expected = np.maximum(features(model, x, "behind", format) @ kernel[:, target], 0)
        assert list(found.layers) == [model.get_layer("behind").path]
        np.testing.assert_allclose(own_size(found), expected, rtol=1e-4, atol=1e-5)
        assert found.values.shape == (5, *(9, 7)[:rank])
        assert expected.max() > 0.1


def test_plus_plus_behind_average_pooling_in_closed_form():
    model, x = pooled(2)
    kernel = model.layers[-1].get_weights()[0][:, 1]
    maps = features(model, x, "behind")
    weights = np.maximum(kernel, 0) / (2 + kernel * maps.mean((1, 2)))
    expected = np.maximum((maps * weights[:, None, None]).sum(-1), 0)
    found = explain.grad_cam_plus_plus(model, x, 1)
    np.testing.assert_allclose(own_size(found), expected, rtol=1e-4, atol=1e-5)


def test_plus_plus_as_published():
    """Equations 14, 18 and 19, position by position, with numeric gradients of the score."""
    model = keras.Sequential(
        [
            keras.Input((4, 2)),
            layers.Conv1D(3, 2, activation="relu", name="maps"),
            layers.Flatten(),
            layers.Dense(2),
        ]
    )
    settled(model)
    x = np.random.default_rng(4).normal(size=(3, 4, 2)).astype("f4")
    maps = features(model, x, "maps").astype("f8")
    g = model.layers[-1].get_weights()[0][:, 0].reshape(3, 3)
    expected = np.zeros((3, 3))
    for row in range(3):
        for k in range(3):
            below = [2 * g[i, k] ** 2 + maps[row, :, k].sum() * g[i, k] ** 3 for i in range(3)]
            weight = sum(g[i, k] ** 2 / below[i] * max(g[i, k], 0) for i in range(3))
            expected[row] += weight * maps[row, :, k]
    found = explain.grad_cam_plus_plus(model, x, 0)
    np.testing.assert_allclose(
        found.layers[model.get_layer("maps").path], np.maximum(expected, 0), rtol=1e-4
    )


def test_a_layer_is_picked_by_its_name_its_path_or_itself():
    model, x = pooled(2)
    first = model.get_layer("first")
    found = [explain.grad_cam(model, x, 0, layer=one) for one in ("first", first.path, first)]
    for one in found:
        assert list(one.layers) == [first.path]
        np.testing.assert_array_equal(one.values, found[0].values)
    assert np.abs(found[0].values - explain.grad_cam(model, x, 0).values).max() > 1e-3


def test_layers_inside_of_models_inside():
    inner = keras.Sequential(
        [keras.Input((8, 8, 1)), layers.Conv2D(3, 3, name="deep"), layers.ReLU()], name="inner"
    )
    model = keras.Sequential(
        [keras.Input((8, 8, 1)), inner, layers.GlobalAveragePooling2D(), layers.Dense(2)]
    )
    settled(model)
    x = np.random.default_rng(0).normal(size=(2, 8, 8, 1)).astype("f4")
    whole = explain.grad_cam(model, x, 1)
    np.testing.assert_array_equal(explain.grad_cam(model, x, 1, layer="inner").values, whole.values)
    deep = explain.grad_cam(model, x, 1, layer="deep")
    assert next(iter(deep.layers)).endswith("inner/deep")


def test_without_a_name_pooling_behind_the_convolution_does_not_count():
    model, x = image()
    (path,) = explain.grad_cam(model, x).layers
    assert path == model.layers[4].path


@pytest.mark.parametrize("method", METHODS)
def test_who_cannot_be_picked_is_told_who_can(method):
    model, x = pooled(2)
    with pytest.raises(
        ArgumentError, match=r"'lost'.*There are: first, activation.*, last, behind"
    ):
        method(model, x, layer="lost")
    with pytest.raises(ArgumentError, match="behind a convolution"):
        method(*table())


def test_of_tokens_each_has_a_value():
    model = keras.Sequential(
        [
            keras.Input((6,), dtype="int32"),
            layers.Embedding(10, 4),
            layers.Conv1D(5, 2, activation="relu"),
            layers.GlobalMaxPooling1D(),
            layers.Dense(2),
        ]
    )
    settled(model)
    found = explain.grad_cam(model, np.arange(12).reshape(2, 6) % 10, 1)
    assert found.values.shape == (2, 6)
    recurrent, x = words()
    assert explain.grad_cam(recurrent, x, 1, layer=recurrent.layers[0]).values.shape == x.shape


def test_the_map_is_bilinear():
    model, x = pooled(2)
    found = explain.grad_cam(model, x, 1)
    same = keras.ops.image.resize(own_size(found)[..., None], (9, 7), data_format="channels_last")
    np.testing.assert_allclose(found.values, np.asarray(same)[..., 0], rtol=1e-5, atol=1e-5)


def test_inputs_that_do_not_come_to_the_layer_have_none():
    picture, numbers = keras.Input((6, 6, 1), name="picture"), keras.Input((3,), name="numbers")
    seen = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, activation="relu")(picture))
    output = layers.Dense(2)(layers.Concatenate()([seen, numbers]))
    model = settled(keras.Model({"picture": picture, "numbers": numbers}, output))
    rng = np.random.default_rng(0)
    x = {"picture": rng.normal(size=(3, 6, 6, 1)), "numbers": rng.normal(size=(3, 3))}
    found = explain.grad_cam(model, x, 0).values
    assert found["picture"].shape == (3, 6, 6)
    assert found["numbers"] is None


def test_a_map_needs_an_input_with_its_positions():
    model = keras.Sequential(
        [
            keras.Input((16,)),
            layers.Reshape((4, 4, 1)),
            layers.Conv2D(2, 3),
            layers.GlobalAveragePooling2D(),
            layers.Dense(2),
        ]
    )
    with pytest.raises(ArgumentError, match="2 axes of positions"):
        explain.grad_cam(model, np.ones((2, 16), "f4"))
