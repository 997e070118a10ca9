"""Models that compile themselves, and optimizers beside the one of `compile`."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish import saving

layers = keras.layers
ENDINGS = ("keras", "h5")
X = np.ones((4, 3), "float32")


def define(keras: Any) -> Any:
    layers = keras.layers

    @keras.saving.register_keras_serializable("compiled")
    class Gan(keras.Model):
        def __init__(self, width: int = 3, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.width = width
            self.g = keras.Sequential([layers.Dense(width)])
            self.d = keras.Sequential([layers.Dense(1)])

        def build(self, input_shape: Any = None) -> None:
            self.g.build((None, 3))
            self.d.build((None, self.width))
            self.built = True

        def call(self, x: Any) -> Any:
            return self.d(self.g(x))

        def compile(self, g_opt: Any, d_opt: Any, scale: float = 1.0) -> None:
            super().compile(loss=None)
            self.g_opt, self.d_opt, self.scale = g_opt, d_opt, scale

        def get_config(self) -> Any:
            return {**super().get_config(), "width": self.width}

        def get_compile_config(self) -> Any:
            return {"g_opt": self.g_opt, "d_opt": self.d_opt, "scale": self.scale}

        def compile_from_config(self, config: Any) -> None:
            self.compile(**keras.saving.deserialize_keras_object(config))
            self.g_opt.build(self.g.trainable_variables)
            self.d_opt.build(self.d.trainable_variables)

    return Gan


def stepped(keras: Any, cls: Any) -> Any:
    model = cls(width=3)
    model(X)
    model.compile(keras.optimizers.Adam(0.1), keras.optimizers.SGD(0.2, momentum=0.9), scale=2.0)
    for optimizer, part in ((model.g_opt, model.g), (model.d_opt, model.d)):
        optimizer.build(part.trainable_variables)
        grads = [np.ones(v.shape, "float32") for v in part.trainable_variables]
        optimizer.apply(grads, part.trainable_variables)
    return model


def assert_same(one: Any, other: Any) -> None:
    assert other.scale == one.scale
    for name in ("g_opt", "d_opt"):
        first, second = getattr(one, name), getattr(other, name)
        assert type(first).__name__ == type(second).__name__
        for a, b in zip(first.variables, second.variables, strict=True):
            np.testing.assert_array_equal(np.asarray(b.numpy()), np.asarray(a.numpy()))
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(b, a)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_model_that_compiles_itself(ending: str, tmp_path: Path) -> None:
    model = stepped(keras, define(keras))
    model.save(tmp_path / f"m.{ending}")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_same(model, saving.load_model(tmp_path / f"m.{ending}"))
        assert not hasattr(saving.load_model(tmp_path / f"m.{ending}", compile=False), "g_opt")


def test_state_that_does_not_fit_is_left_out_with_a_warning(tmp_path: Path) -> None:
    cls = define(keras)
    model = stepped(keras, cls)
    model.save(tmp_path / "m.keras")
    cls.compile_from_config = lambda self, config: self.compile(
        **saving.deserialize_keras_object(config)
    )
    with pytest.warns(UserWarning, match="the state at /(g|d)_opt does not fit"):
        again = saving.load_model(tmp_path / "m.keras")
    assert int(again.g_opt.iterations.numpy()) == 0


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_compile_nobody_else_knows_is_not_called(ending: str, tmp_path: Path) -> None:
    @saving.register_keras_serializable("compiled")
    class Own(keras.Sequential):
        def compile(self, optimizer: Any, more: int = 1) -> None:
            super().compile(optimizer, "mse")

    model = Own([keras.Input((3,)), layers.Dense(1)])
    model.compile("adam", more=2)
    model.save(tmp_path / f"m.{ending}")
    with pytest.warns(UserWarning, match="has its own compile"):
        again = saving.load_model(tmp_path / f"m.{ending}")
    assert not again.compiled


def test_a_compiled_model_inside_another(tmp_path: Path) -> None:
    inner = keras.Sequential([keras.Input((3,)), layers.Dense(3)])
    inner.compile("adam", "mse")
    inner.fit(X, X, verbose=0)
    model = keras.Sequential([keras.Input((3,)), inner, layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(X, X[:, :1], verbose=0)
    model.save(tmp_path / "m.keras")
    again = saving.load_model(tmp_path / "m.keras")
    pairs = zip(inner.optimizer.variables, again.layers[0].optimizer.variables, strict=True)
    for a, b in pairs:
        np.testing.assert_array_equal(b.numpy(), a.numpy())
