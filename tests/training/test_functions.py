"""`make_train_function` and its like are what `fit` and the others call, as with Keras."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish.training.functions import StepFunction

X = np.random.default_rng(0).normal(size=(10, 3)).astype("float32")
Y = X @ np.array([[1.0], [2.0], [-1.0]], "float32")
MODES = ("train", "test", "predict")


def compiled(cls: Any = keras.Sequential) -> Any:
    keras.utils.set_random_seed(3)
    model = cls([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1), "mse", metrics=["mae"])
    return model


class Counted(keras.Sequential):
    """Counts the batches that pass its functions."""

    def _count(self, mode: str, step: Any) -> Any:
        def counted(iterator: Any) -> Any:
            counts = self.__dict__.setdefault("counts", dict.fromkeys(MODES, 0))
            counts[mode] += 1
            return step(iterator)

        return counted

    def make_train_function(self, force: bool = False) -> Any:
        if self.train_function is None or force:
            self.train_function = self._count("train", super().make_train_function(force))
        return self.train_function

    def make_test_function(self, force: bool = False) -> Any:
        if self.test_function is None or force:
            self.test_function = self._count("test", super().make_test_function(force))
        return self.test_function

    def make_predict_function(self, force: bool = False) -> Any:
        if self.predict_function is None or force:
            self.predict_function = self._count("predict", super().make_predict_function(force))
        return self.predict_function


def test_runs_call_the_functions_and_give_the_same() -> None:
    plain, counted = compiled(), compiled(Counted)
    runs = [
        lambda m: m.fit(X, Y, batch_size=4, epochs=2, verbose=0, shuffle=False).history,
        lambda m: m.evaluate(X, Y, batch_size=4, verbose=0, return_dict=True),
        lambda m: m.predict(X, batch_size=4, verbose=0).tolist(),
        lambda m: m.train_on_batch(X, Y, return_dict=True),
        lambda m: m.test_on_batch(X, Y, return_dict=True),
        lambda m: m.predict_on_batch(X).tolist(),
        lambda m: m.predict(X[:2], verbose=0).tolist(),
        lambda m: m.predict(X[:2], verbose=0).tolist(),
    ]
    for run in runs:
        assert run(counted) == run(plain)
    assert counted.counts == {"train": 7, "test": 4, "predict": 6}


@pytest.mark.parametrize("mode", MODES)
def test_a_function_is_made_once_and_kept(mode: str) -> None:
    model = compiled()
    make = getattr(model, f"make_{mode}_function")
    assert getattr(model, f"{mode}_function") is None
    made = make()
    assert isinstance(made, StepFunction)
    assert make() is made
    assert getattr(model, f"{mode}_function") is made
    assert make(force=True) is not made
    model.compile("sgd", "mse")
    assert getattr(model, f"{mode}_function") is None


def test_the_function_takes_an_iterator_and_goes_on_with_the_metrics() -> None:
    model = compiled()
    step, batches = model.make_test_function(), iter([(X[:4], Y[:4]), (X[4:], Y[4:])])
    step(batches)
    logs = step(batches)
    whole = model.evaluate(X, Y, verbose=0, return_dict=True)
    assert logs == pytest.approx(whole, rel=1e-6)
    with pytest.raises(StopIteration):
        step(batches)
    np.testing.assert_array_equal(
        model.make_predict_function()(iter([(X,)])), model.predict(X, verbose=0)
    )


def test_a_function_that_a_user_sets_is_called_at_once() -> None:
    model = compiled()
    usual = model.predict(X[:2], verbose=0)
    np.testing.assert_array_equal(model.predict(X[:2], verbose=0), usual)
    model.predict_function = lambda iterator: np.zeros((len(next(iterator)), 1), "float32")
    assert not model.predict(X[:2], verbose=0).any()
    assert not model.predict_on_batch(X[:2]).any()
    model.predict_function = None
    np.testing.assert_array_equal(model.predict(X[:2], verbose=0), usual)

    seen = []

    def noted(iterator: Any) -> Any:
        (x, _) = next(iterator)
        seen.append(len(x))
        return {"loss": 1.0, "mine": 2.0}

    model.train_function = noted
    history = model.fit(X, Y, batch_size=4, verbose=0).history
    assert seen == [4, 4, 2]
    assert history == {"loss": [1.0], "mine": [2.0]}


def test_a_model_without_functions_of_its_own_keeps_its_plans() -> None:
    model = compiled()
    model.fit(X, Y, batch_size=5, verbose=0)
    held = len(model.plans)
    for _ in range(3):
        model.fit(X, Y, batch_size=5, verbose=0)
    model.make_train_function()
    model.fit(X, Y, batch_size=5, verbose=0)
    assert len(model.plans) == held


@pytest.mark.parametrize("mode", ["train", "test", "predict"])
def test_a_function_is_made_once_unless_forced(mode: str):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    make = getattr(model, f"make_{mode}_function")
    held = make()
    assert make() is held
    assert getattr(model, f"{mode}_function") is held
    assert make(force=True) is not held
