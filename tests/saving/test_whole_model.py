"""Models to files and back: equal predictions, training that goes on bit for bit."""

from __future__ import annotations

import os

import numpy as np
import pytest

import kerasish as keras
from kerasish import saving
from kerasish.errors import (
    ArgumentError,
    FileFormatError,
    KerasishError,
)
from kerasish.saving.paths import walk
from tests.saving.models import X, fit, functional, predict, sequential


@pytest.mark.parametrize("make", [functional, sequential])
@pytest.mark.parametrize("suffix", ["h5", "hdf5", "keras"])
def test_training_goes_on_bit_for_bit(tmp_path, make, suffix):
    model, path = make(), tmp_path / f"m.{suffix}"
    fit(model, 2)
    saving.save_model(model, path)
    loaded = saving.load_model(path)
    np.testing.assert_array_equal(predict(loaded), predict(model))
    assert type(loaded) is type(model)
    assert [layer.name for layer in loaded.layers] == [layer.name for layer in model.layers]
    assert fit(loaded, 2) == fit(model, 2)
    for ours, theirs in zip(loaded.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("suffix", ["h5", "keras"])
def test_without_compiling_and_without_an_optimizer(tmp_path, suffix):
    model, path = functional(), tmp_path / f"m.{suffix}"
    fit(model)
    saving.save_model(model, path)
    loaded = saving.load_model(path, compile=False)
    assert not loaded.compiled
    np.testing.assert_array_equal(predict(loaded), predict(model))
    saving.save_model(model, path, include_optimizer=False)
    loaded = saving.load_model(path)
    assert not loaded.compiled
    np.testing.assert_array_equal(predict(loaded), predict(model))
    saving.save_model(functional(compiled=False), path)
    assert not saving.load_model(path).compiled


@pytest.mark.parametrize("suffix", ["h5", "keras"])
def test_a_compiled_model_that_was_not_trained(tmp_path, suffix):
    path = tmp_path / f"m.{suffix}"
    saving.save_model(functional(), path)
    loaded = saving.load_model(path)
    assert loaded.compiled
    assert int(loaded.optimizer.iterations.numpy()) == 0
    fit(loaded)


@pytest.mark.parametrize("suffix", ["h5", "keras"])
def test_state_beside_the_model(tmp_path, suffix):
    path = tmp_path / f"m.{suffix}"
    saving.save_model(functional(), path, state={"epoch": 3, "order": np.arange(4)})
    found = saving.load_state(path)
    assert found is not None
    assert found["epoch"] == 3
    assert found["order"].tolist() == [0, 1, 2, 3]


def test_restore_into_a_model_that_is_there(tmp_path):
    model, path = functional(), tmp_path / "m.h5"
    fit(model)
    saving.save_model(model, path, state={"epoch": 1})
    expected = fit(model)
    other = functional()
    fit(other, 3)
    assert saving.restore(other, path)["epoch"] == 1
    assert fit(other) == expected
    with pytest.raises(FileFormatError, match=r"m\.h5"):
        saving.restore(sequential(), path)


def test_a_custom_layer(tmp_path):
    class Scale(keras.layers.Layer):
        def __init__(self, start, **kwargs):
            super().__init__(**kwargs)
            self.start = start
            self.gain = self.add_weight((), keras.initializers.Constant(start), name="gain")

        def call(self, inputs):
            return inputs * self.gain

    model = keras.Sequential([keras.Input((4,)), Scale(2.5, name="scale")])
    for suffix in ("h5", "keras"):
        path = tmp_path / f"m.{suffix}"
        saving.save_model(model, path)
        with pytest.raises(KerasishError, match="Scale"):
            saving.load_model(path)
        loaded = saving.load_model(path, custom_objects={"Scale": Scale})
        np.testing.assert_array_equal(predict(loaded), X * np.float32(2.5))


def test_json():
    model = functional()
    loaded = saving.model_from_json(model.to_json())
    assert [w.shape for w in loaded.weights] == [w.shape for w in model.weights]
    loaded.set_weights(model.get_weights())
    np.testing.assert_array_equal(predict(loaded), predict(model))


def nested():
    """Models inside a model: called twice, giving an output, one in the other."""
    inner = keras.Input((4,), name="inner")
    tower = keras.Model(inner, keras.layers.Dense(4, name="t")(inner), name="tower")
    head = keras.Sequential([tower, keras.layers.Dropout(0.5), keras.layers.Dense(2)], name="head")
    x = keras.Input((4,), name="x")
    return keras.Model(x, [tower(tower(x)), head(tower(x))], name="m")


@pytest.mark.parametrize("suffix", ["h5", "keras"])
def test_models_inside_a_model(tmp_path, suffix):
    model, path = nested(), tmp_path / f"m.{suffix}"
    model.save(path)
    loaded = saving.load_model(path)
    for found, expected in zip(predict(loaded), predict(model), strict=True):
        np.testing.assert_array_equal(found, expected)
    assert loaded.get_config() == model.get_config()
    assert len(loaded.weights) == len(model.weights) == 4
    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    for found, expected in zip(predict(clone), predict(model), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_a_lambda_is_cloned_and_not_saved(tmp_path):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Lambda(lambda x: x * 3, name="l")])
    np.testing.assert_array_equal(predict(keras.models.clone_model(model)), X * 3)
    with pytest.raises(ArgumentError, match="Lambda"):
        model.save(tmp_path / "m.keras")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("policy", ["mixed_float16", "bfloat16", "float64"])
@pytest.mark.parametrize("suffix", ["h5", "keras"])
def test_other_dtypes(tmp_path, policy, suffix):
    x = keras.Input((4,), dtype="float64" if policy == "float64" else "float32")
    model = keras.Model(x, keras.layers.Dense(2, dtype=policy)(x), name="m")
    model.compile("adam", "mse")
    fit(model)
    path = tmp_path / f"m.{suffix}"
    model.save(path)
    loaded = saving.load_model(path)
    for found, expected in zip(loaded.weights, model.weights, strict=True):
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found.numpy(), expected.numpy())
    np.testing.assert_array_equal(predict(loaded), predict(model))


@pytest.mark.parametrize("suffix", ["h5", "keras"])
def test_mixed_precision_resumes_under_another_policy(tmp_path, suffix):
    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        model, path = functional(), tmp_path / f"m.{suffix}"
        fit(model)
        model.save(path)
    finally:
        keras.mixed_precision.set_global_policy("float32")
    loaded = saving.load_model(path)
    assert type(loaded.optimizer) is type(model.optimizer)
    for found, expected in zip(loaded.optimizer.variables, model.optimizer.variables, strict=True):
        np.testing.assert_array_equal(found.numpy(), expected.numpy())
    assert fit(loaded) == fit(model)


@keras.saving.register_keras_serializable("tests")
class Blocks(keras.Model):
    """Layers in a list, in a dict, in lists of lists, and as an attribute used twice."""

    def __init__(self, width, **kwargs):
        super().__init__(**kwargs)
        self.width = width
        self.blocks = [keras.layers.Dense(width), keras.layers.Dense(width)]
        self.named = {"b": keras.layers.Dense(width), "a": keras.layers.LayerNormalization()}
        self.deep = [[keras.layers.Dense(width)], [keras.layers.Dense(2), keras.layers.ReLU()]]
        self.again = self.blocks[1]

    def call(self, inputs):
        y = self.blocks[0](inputs)
        y = self.named["a"](self.named["b"](self.again(y)))
        for part in self.deep:
            for layer in part:
                y = layer(y)
        return y

    def get_config(self):
        return {**super().get_config(), "width": self.width}


@pytest.mark.parametrize("suffix", ["h5", "keras", "weights.h5", "safetensors"])
def test_a_subclass(tmp_path, suffix):
    model, path = Blocks(3, name="m"), tmp_path / f"m.{suffix}"
    model.compile("sgd", "mse")
    fit(model)
    if suffix in ("h5", "keras"):
        model.save(path)
        loaded = saving.load_model(path)
        assert type(loaded) is Blocks
        assert loaded.width == 3
    else:
        model.save_weights(path)
        loaded = Blocks(3, name="m")
        loaded.build((None, 4))
        loaded.load_weights(path)
    np.testing.assert_array_equal(predict(loaded), predict(model))


def test_paths_of_a_subclass():
    model = Blocks(3)
    model(X)
    assert [path for path, _ in walk(model)] == [
        "",
        "again",
        "blocks/dense",
        "deep/container/dense",
        "deep/container_1/dense",
        "deep/container_1/re_lu",
        "layers/dense_2",  # Keras meets the list of all layers before the dict called "named"
        "layers/layer_normalization",
    ]
