"""What a file knows of a model beside config and weights: random state, frozen parts, the
optimizer's keys, assets."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import kerasish as keras
from kerasish import saving
from kerasish.errors import FileFormatError
from kerasish.saving import beside

layers = keras.layers
X = np.random.default_rng(0).normal(size=(16, 3)).astype("float32")
Y = np.random.default_rng(1).normal(size=(16, 1)).astype("float32")
ENDINGS = ("keras", "h5")


def flags(model: Any) -> list[bool]:
    parts = [la for la in model._flatten_layers() if not isinstance(la, layers.InputLayer)]
    return [v.trainable for v in model.weights] + [la.trainable for la in parts]


def sequential() -> Any:
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2), layers.Dense(1)])
    model.layers[0].trainable = False
    return model


def thawed_inside() -> Any:
    inner = keras.Sequential([keras.Input((3,)), layers.Dense(2), layers.Dense(3)])
    model = keras.Sequential([keras.Input((3,)), inner, layers.Dense(1)])
    inner.trainable = False
    inner.layers[1].trainable = True
    return model


def functional() -> Any:
    x = keras.Input((3,))
    base = keras.Model(x, layers.BatchNormalization()(layers.Dense(3)(x)))
    base.trainable = False
    base.layers[1].trainable = True
    y = keras.Input((3,))
    return keras.Model(y, layers.Dense(1, trainable=False)(base(y)))


@saving.register_keras_serializable("beside")
class Net(keras.Model):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.base = keras.Sequential([layers.Dense(3), layers.Dense(3)])
        self.head = layers.Dense(1)
        self.fixed = layers.Dense(1)
        self.fixed.trainable = False

    def call(self, inputs: Any) -> Any:
        h = self.base(inputs)
        return self.head(h) + self.fixed(h)


def subclass() -> Any:
    model = Net()
    model(X)
    model.base.layers[0].trainable = False
    return model


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("make", [sequential, thawed_inside, functional, subclass])
def test_frozen_parts_stay_frozen(make: Any, ending: str, tmp_path: Path) -> None:
    model = make()
    assert False in flags(model)
    path = tmp_path / f"m.{ending}"
    model.save(path)
    assert flags(saving.load_model(path)) == flags(model)
    model.compile("adam", "mse")
    model.fit(X, Y, verbose=0)
    model.save(path)
    again = saving.load_model(path)
    assert flags(again) == flags(model)
    for m in (model, again):
        m.fit(X, Y, verbose=0, shuffle=False)
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))


@pytest.mark.parametrize("make", [sequential, thawed_inside, functional])
def test_flags_are_in_the_config(make: Any) -> None:
    model = make()
    for again in (
        type(model).from_config(model.get_config()),
        keras.models.model_from_json(model.to_json()),
    ):
        assert flags(again) == flags(model)


# --- the optimizer --------------------------------------------------------------------------------


def two_layers(first: bool) -> Any:
    x = keras.Input((3,))
    body = layers.Dense(2, name="body", trainable=first)
    return keras.Model(x, layers.Dense(1, name="head")(body(x)))


def slots(model: Any) -> dict[Any, np.ndarray]:
    values = [v.numpy() for v in model.optimizer.variables]
    return dict(zip(beside.optimizer_keys(model), values, strict=True))


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("name", ["adam", "adafactor", "rmsprop", "nadam"])
def test_state_of_weights_thawed_after_training(name: str, ending: str, tmp_path: Path) -> None:
    model = two_layers(first=False)
    model.compile(name, "mse")
    model.fit(X, Y, verbose=0)
    model.get_layer("body").trainable = True
    path = tmp_path / f"m.{ending}"
    model.save(path)
    with pytest.warns(UserWarning, match="without body/kernel, body/bias"):
        again = saving.load_model(path)
    found, before = slots(again), slots(model)
    assert len(found) > len(before)
    for key, value in before.items():
        np.testing.assert_array_equal(found[key], value)
    again.fit(X, Y, verbose=0)


@pytest.mark.parametrize("ending", ENDINGS)
def test_state_of_weights_frozen_after_training(ending: str, tmp_path: Path) -> None:
    model = two_layers(first=True)
    model.compile("adam", "mse")
    model.fit(X, Y, verbose=0)
    model.get_layer("body").trainable = False
    path = tmp_path / f"m.{ending}"
    model.save(path)
    again = saving.load_model(path)
    found, before = slots(again), slots(model)
    assert {key[0] for key in found} == {"", "head/kernel", "head/bias"}
    for key, value in found.items():
        np.testing.assert_array_equal(before[key], value)


def test_loss_scaling_keeps_its_own_state_and_the_inner_one(tmp_path: Path) -> None:
    model = two_layers(first=True)
    model.compile(keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam()), "mse")
    model.fit(X, Y, verbose=0)
    keys = beside.optimizer_keys(model)
    assert len(set(keys)) == len(keys)
    model.save(tmp_path / "m.keras")
    found = slots(saving.load_model(tmp_path / "m.keras"))
    for key, value in slots(model).items():
        np.testing.assert_array_equal(found[key], value)
    model.save_weights(tmp_path / "m.weights.h5")  # Keras reads the inner state from its own place
    with h5py.File(tmp_path / "m.weights.h5") as file:
        inner = file["optimizer/inner_optimizer/vars"]
        held = model.optimizer.inner_optimizer.variables
        assert len(inner) == len(held) > 2
        for i, variable in enumerate(held):
            np.testing.assert_array_equal(inner[str(i)], variable.numpy())


def test_state_of_other_weights_does_not_resume(tmp_path: Path) -> None:
    model = two_layers(first=True)
    model.compile("adam", "mse")
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / "m.h5")
    x = keras.Input((3,))
    other = keras.Model(x, layers.Dense(1, name="end")(layers.Dense(2, name="body")(x)))
    other.compile("adam", "mse")
    other.fit(X, Y, verbose=0)
    before = other.get_weights()
    with pytest.raises(FileFormatError, match="belongs to other weights"):
        saving.restore(other, tmp_path / "m.h5")
    for one, two in zip(before, other.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


# --- a model that is built again ------------------------------------------------------------------


def noisy() -> Any:
    model = keras.Sequential(
        [keras.Input((3,)), layers.Dense(4), layers.Dropout(0.5), layers.Dense(4),
         layers.Dropout(0.5), layers.Dense(1)]
    )  # fmt: skip
    model.compile("adam", "mse")
    return model


@pytest.mark.parametrize("ending", ["keras", "h5", "weights.h5", "safetensors"])
def test_a_model_built_again_reads_its_own_file(ending: str, tmp_path: Path) -> None:
    model = noisy()
    model.fit(X, Y, verbose=0)
    path = tmp_path / f"m.{ending}"
    (model.save if ending in ENDINGS else model.save_weights)(path)
    again = noisy()
    assert again.layers[0].name == "dense_3"
    again.load_weights(path)
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))
    if ending == "h5":
        again.fit(X, Y, verbose=0)
        saving.restore(again, path)
    if ending == "keras":
        again = saving.load_model(path)
    if ending in ENDINGS:
        for m in (model, again):
            m.fit(X, Y, verbose=0, shuffle=False)
        np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))


def test_seeds_of_earlier_versions_are_taken_in_order(tmp_path: Path) -> None:
    model = noisy()
    held = beside.state_of(model)[beside.SEEDS]
    assert list(held) == ["dropout/seed_generator", "dropout_1/seed_generator"]
    renamed = {f"old_{i}/seed_generator": value for i, value in enumerate(held.values())}
    plan = beside.plan_seeds(model, {beside.SEEDS: renamed}, "f")
    for (_, found), value in zip(plan, held.values(), strict=True):
        np.testing.assert_array_equal(found, value)
    for wrong in (None, {"a": 1, "b": 2}, dict(list(renamed.items())[:1])):
        with pytest.raises(FileFormatError, match="another random state"):
            beside.plan_seeds(model, {beside.SEEDS: wrong}, "f")


# --- assets ---------------------------------------------------------------------------------------


@saving.register_keras_serializable("beside")
class Vocabulary(layers.Layer):
    words: str = ""
    text: str = ""

    def call(self, inputs: Any) -> Any:
        return inputs

    def save_assets(self, dir_path: str) -> None:
        os.mkdir(os.path.join(dir_path, "more"))
        for name in ("words.txt", os.path.join("more", "count")):
            with open(os.path.join(dir_path, name), "w", encoding="utf-8") as file:
                file.write(self.text + name)

    def load_assets(self, dir_path: str) -> None:
        with open(os.path.join(dir_path, "words.txt"), encoding="utf-8") as file:
            self.text = file.read().removesuffix("words.txt")
        assert sorted(os.listdir(dir_path)) == ["more", "words.txt"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_assets_go_with_the_model(ending: str, tmp_path: Path) -> None:
    one, two = Vocabulary(), Vocabulary()
    one.text, two.text = "first", "second"
    inner = keras.Sequential([keras.Input((3,)), two])
    model = keras.Sequential([keras.Input((3,)), one, inner])
    model.save(tmp_path / f"m.{ending}")
    again = saving.load_model(tmp_path / f"m.{ending}")
    assert again.layers[0].text == "first"
    assert again.layers[1].layers[0].text == "second"


def test_an_asset_cannot_leave_its_folder() -> None:
    model = keras.Sequential([keras.Input((3,)), Vocabulary()])
    with pytest.raises(FileFormatError, match="a name that no model needs"):
        beside.give_assets(model, {"layers/vocabulary/../../out": b"x"})


# --- all or nothing -------------------------------------------------------------------------------


@saving.register_keras_serializable("beside")
class Own(layers.Layer):
    def build(self, input_shape: Any) -> None:
        self.w = self.add_weight((2,), "zeros", name="w")
        self.v = self.add_weight((2,), "zeros", name="v")

    def call(self, inputs: Any) -> Any:
        return inputs

    def save_own_variables(self, store: Any) -> None:
        store["w"] = self.w.numpy()

    def load_own_variables(self, store: Any) -> None:
        self.w.assign(store["w"])
        if store["w"][0] > 6:
            raise ValueError("too much")


def own(units: int) -> Any:
    return keras.Sequential([keras.Input((2,)), Own(), Own(), layers.Dense(units)])


def test_layers_that_load_themselves_are_set_last_or_not_at_all(tmp_path: Path) -> None:
    model = own(3)
    model.layers[0].w.assign([5.0, 5.0])
    model.layers[1].w.assign([6.0, 6.0])
    model.save_weights(tmp_path / "o.weights.h5")
    other = own(4)
    with pytest.raises(FileFormatError, match="do not fit"):
        other.load_weights(tmp_path / "o.weights.h5")
    assert not other.layers[0].w.numpy().any()
    again = own(3)
    again.load_weights(tmp_path / "o.weights.h5")
    np.testing.assert_array_equal(again.layers[0].w.numpy(), [5, 5])
    model.layers[1].w.assign([7.0, 7.0])
    model.save_weights(tmp_path / "o.weights.h5")
    other = own(3)
    kernel = other.layers[2].kernel.numpy()
    with pytest.raises(ValueError, match="too much"):
        other.load_weights(tmp_path / "o.weights.h5")
    assert not other.layers[0].w.numpy().any()
    np.testing.assert_array_equal(other.layers[2].kernel.numpy(), kernel)


def test_no_warning_where_all_is_as_it_was(tmp_path: Path) -> None:
    model = two_layers(first=False)
    model.compile("adam", "mse")
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / "m.keras")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        saving.load_model(tmp_path / "m.keras")
