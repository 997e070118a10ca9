"""Files written here, opened by Keras; run where Keras is installed (kerasish[conformance])."""

from __future__ import annotations

import numpy as np
import pytest

import kerasish as ours
from kerasish import saving
from tests.beside import keras as theirs
from tests.golden.layer_cases import CASES
from tests.saving.test_every_layer import filled, values
from tests.tolerances import assert_close

pytestmark = pytest.mark.conformance

X = np.random.default_rng(1).normal(size=(12, 8, 4)).astype("float32")


def shared(keras):
    x = keras.Input((8, 4), name="x")
    inner = keras.Input((4,), name="inner")
    tower = keras.Model(inner, keras.layers.Dense(3, "elu", name="t")(inner), name="tower")
    flat = keras.layers.Flatten(name="flat")(x)
    dense = keras.layers.Dense(4, name="d", kernel_regularizer="l2")
    a, b = dense(flat), dense(flat * 2.0)
    joined = keras.layers.Concatenate(name="c")([tower(a), tower(b)])
    return keras.Model(x, keras.layers.Dense(2, name="out")(joined), name="m")


def convolutional(keras):
    return keras.Sequential(
        [
            keras.Input((8, 4)),
            keras.layers.Conv1D(5, 3, padding="same", activation="relu"),
            keras.layers.BatchNormalization(),
            keras.layers.MaxPooling1D(),
            keras.layers.Dropout(0.5),
            keras.layers.LayerNormalization(),
            keras.layers.Flatten(),
            keras.layers.Dense(2),
        ],
        name="m",
    )


def recurrent(keras):
    x = keras.Input((8, 4), name="x")
    y = keras.layers.Masking(name="mask")(x)
    y = keras.layers.Bidirectional(keras.layers.LSTM(3, return_sequences=True), name="b")(y)
    y = keras.layers.MultiHeadAttention(2, 3, name="mha")(y, y)
    y = keras.layers.TimeDistributed(keras.layers.Dense(3), name="td")(y)
    return keras.Model(
        x, keras.layers.Dense(2, name="o")(keras.layers.GRU(3, name="g")(y)), name="m"
    )


MODELS = [shared, convolutional, recurrent]


def trained(build, keras=ours):
    model = build(keras)
    model.compile(keras.optimizers.Adam(0.01), "mse", metrics=["mae"])
    model.fit(X, X[:, 0, :2], epochs=2, batch_size=4, shuffle=False, verbose=0)
    return model


@pytest.mark.parametrize("build", MODELS)
@pytest.mark.parametrize("suffix", ["keras", "h5"])
def test_keras_opens_our_models(tmp_path, build, suffix):
    model, path = trained(build), tmp_path / f"m.{suffix}"
    model.save(path)
    loaded = theirs.models.load_model(path)
    assert_close(loaded.predict(X, verbose=0), model.predict(X, verbose=0))
    assert int(loaded.optimizer.iterations) == 6
    if suffix == "keras":
        state = [np.asarray(v) for v in loaded.optimizer.variables]
        for found, variable in zip(state, model.optimizer.variables, strict=True):
            np.testing.assert_array_equal(found, variable.numpy())


@pytest.mark.parametrize("build", MODELS)
@pytest.mark.parametrize("suffix", ["weights.h5", "h5"])
def test_keras_reads_our_weights(tmp_path, build, suffix):
    model, other, path = trained(build), build(theirs), tmp_path / f"w.{suffix}"
    model.save_weights(path)
    other.load_weights(path)
    assert_close(other.predict(X, verbose=0), model.predict(X, verbose=0))


@pytest.mark.parametrize("build", MODELS)
@pytest.mark.parametrize("suffix", ["keras", "h5"])
@pytest.mark.filterwarnings("ignore")
def test_we_open_the_models_of_keras(tmp_path, build, suffix):
    model, path = trained(build, theirs), str(tmp_path / f"m.{suffix}")
    model.save(path)
    loaded = saving.load_model(path)
    assert_close(loaded.predict(X, verbose=0), model.predict(X, verbose=0))
    for found, variable in zip(loaded.optimizer.variables, model.optimizer.variables, strict=True):
        np.testing.assert_array_equal(found.numpy(), np.asarray(variable))


@pytest.mark.parametrize("build", MODELS)
def test_keras_builds_our_json(build):
    text = build(ours).to_json()
    theirs.models.model_from_json(text)
    assert saving.model_from_json(theirs.models.model_from_json(text).to_json()).name == "m"


# Of a loaded layer with a pair for a factor, or with a list of layers, Keras writes no .h5 file
# ("cannot pickle"), nor of its own models.
NO_H5 = set(
    "rand_augment aug_mix translation_fixed zoom_fixed brightness_fixed contrast_fixed "
    "degeneration_fixed saturation_fixed sharpness_fixed blur_fixed invert_fixed "
    "posterization_fixed solarization_fixed".split()
)


# Layers of random changes to images have no weights, and Keras applies them in calls without a
# training flag. Keras builds no model with an Equalization of whole numbers ("part of a cycle").
@pytest.mark.parametrize(
    "label", [c for c in CASES if not c.startswith("random_") and c != "equalization"]
)
@pytest.mark.filterwarnings("ignore")
def test_every_layer_both_ways(tmp_path, label):
    """The same paths of weights, the same configs: each side opens what the other wrote."""
    model = filled(label)
    expected = values(model, label)
    model.save(tmp_path / "ours.keras")
    model.save_weights(tmp_path / "ours.weights.h5")
    other = theirs.models.load_model(tmp_path / "ours.keras")
    for found, value in zip(values(other, label), expected, strict=True):
        assert_close(found, value)
    other.load_weights(tmp_path / "ours.weights.h5")
    other.save(tmp_path / "theirs.keras")
    written = ["theirs.keras"]
    if label in NO_H5:
        with pytest.raises(TypeError, match="cannot pickle"):
            other.save(tmp_path / "theirs.h5")
    else:
        other.save(tmp_path / "theirs.h5")
        written.append("theirs.h5")
    other.save_weights(tmp_path / "theirs.weights.h5")
    for name in written:
        loaded = saving.load_model(tmp_path / name)
        for found, value in zip(values(loaded, label), expected, strict=True):
            np.testing.assert_array_equal(found, value)
    model.set_weights([w * 0 for w in model.get_weights()])
    model.load_weights(tmp_path / "theirs.weights.h5")
    for found, value in zip(values(model, label), expected, strict=True):
        np.testing.assert_array_equal(found, value)


OPTIMIZERS = {
    "sgd": ("SGD", {}),
    "momentum": ("SGD", {"momentum": 0.9, "nesterov": True}),
    "rmsprop": ("RMSprop", {"momentum": 0.5, "centered": True}),
    "adam": ("Adam", {"amsgrad": True}),
    "ema": ("Adam", {"use_ema": True, "clipnorm": 1.0}),
    "accumulation": ("Adam", {"gradient_accumulation_steps": 2}),
    "adamw": ("AdamW", {"weight_decay": 0.01}),
    "adagrad": ("Adagrad", {}),
    "adadelta": ("Adadelta", {}),
    "adamax": ("Adamax", {}),
    "nadam": ("Nadam", {}),
    "ftrl": ("Ftrl", {"l1_regularization_strength": 0.01}),
    "lion": ("Lion", {}),
    "lamb": ("Lamb", {}),
    "adafactor": ("Adafactor", {}),
    "muon": ("Muon", {}),
}


@pytest.mark.parametrize("label", OPTIMIZERS)
@pytest.mark.parametrize("writer", ["ours", "theirs"])
@pytest.mark.filterwarnings("ignore")
def test_every_optimizer_both_ways(tmp_path, label, writer):
    """The state of an optimizer, variable by variable, in the order of Keras."""
    name, options = OPTIMIZERS[label]
    keras = ours if writer == "ours" else theirs
    x = keras.Input((4,), name="x")
    y = keras.layers.Dense(3, name="a")(x)
    model = keras.Model(x, keras.layers.Dense(2, name="b")(y), name="m")
    model.compile(getattr(keras.optimizers, name)(learning_rate=0.01, **options), "mse")
    model.fit(X[:, 0], X[:, 1, :2], epochs=1, batch_size=3, shuffle=False, verbose=0)
    state = [np.asarray(v.numpy()) for v in model.optimizer.variables]
    for suffix in ("keras", "h5"):
        path = str(tmp_path / f"m.{suffix}")
        if suffix == "h5" and writer == "theirs" and name == "Adafactor":
            continue  # Keras gives two of its slots one name, and fails
        model.save(path)
        if suffix == "h5" and writer == "ours" and name == "Lamb":
            continue  # Keras does not know Lamb in these files
        if writer == "ours":
            loaded = theirs.models.load_model(path)
            if suffix == "h5":
                continue  # Keras leaves the state out: it builds for lists that are empty here
        else:
            loaded = saving.load_model(path)
        found = [np.asarray(v.numpy()) for v in loaded.optimizer.variables]
        assert [v.shape for v in found] == [v.shape for v in state]
        for one, other in zip(found, state, strict=True):
            np.testing.assert_array_equal(one, other)
        config = loaded.optimizer.get_config()
        for key, value in options.items():
            assert config[key] == value


def blocks(keras):
    """A subclass with layers in a list, a dict, lists of lists, and one under two names."""

    class Blocks(keras.Model):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.blocks = [keras.layers.Dense(3), keras.layers.Dense(3)]
            self.named = {"b": keras.layers.Dense(3), "a": keras.layers.LayerNormalization()}
            self.deep = [[keras.layers.Dense(3)], [keras.layers.Dense(2), keras.layers.ReLU()]]
            self._hidden = keras.layers.Dense(2)
            self.again = self.blocks[1]

        def call(self, inputs):
            y = self.named["a"](self.named["b"](self.again(self.blocks[0](inputs))))
            for part in self.deep:
                for layer in part:
                    y = layer(y)
            return self._hidden(y)

    model = Blocks(name="m")
    model(X)
    return model


@pytest.mark.filterwarnings("ignore")
def test_weights_of_a_subclass_both_ways(tmp_path):
    here, there, path = blocks(ours), blocks(theirs), tmp_path / "m.weights.h5"
    here.save_weights(path)
    there.load_weights(path)
    assert_close(np.asarray(there(X)), np.asarray(here(X)))
    other = blocks(theirs)
    other.save_weights(path)
    here.load_weights(path)
    assert_close(np.asarray(here(X)), np.asarray(other(X)))


@pytest.mark.parametrize("writer", ["ours", "theirs"])
@pytest.mark.parametrize("suffix", ["keras", "h5"])
@pytest.mark.filterwarnings("ignore")
def test_mixed_precision_both_ways(tmp_path, writer, suffix):
    """The scale of the loss is state of an optimizer around the optimizer."""
    keras, path = ours if writer == "ours" else theirs, str(tmp_path / f"m.{suffix}")
    for package in (ours, theirs):
        package.mixed_precision.set_global_policy("mixed_float16")
    try:
        x = keras.Input((4,), name="x")
        model = keras.Model(x, keras.layers.Dense(2, name="a")(x), name="m")
        model.compile(keras.optimizers.Adam(0.01), "mse")
        model.fit(X[:, 0], X[:, 1, :2], epochs=1, batch_size=3, shuffle=False, verbose=0)
        model.save(path)
        loaded = (theirs.models if writer == "ours" else saving).load_model(path)
    finally:
        for package in (ours, theirs):
            package.mixed_precision.set_global_policy("float32")
    state = [np.asarray(v.numpy()) for v in model.optimizer.variables]
    found = [np.asarray(v.numpy()) for v in loaded.optimizer.variables]
    if writer == "ours" and suffix == "h5":
        found, state = found[:2], state[:2]  # what Keras reads of an optimizer without its slots
    for one, other in zip(found, state, strict=True):
        np.testing.assert_array_equal(one, other)
