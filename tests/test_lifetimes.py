"""What was dropped is gone at once: nothing waits for the garbage collector to come by.

The collector counts objects, not bytes: beside large packages it looks at everything so seldom
that models, with the memory of their plans, pile up.
"""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish import layers, ops
from kerasish.layers.base import tracking

X = np.random.default_rng(0).normal(size=(32, 20)).astype("float32")
Y = np.arange(32) % 5
LOSS = "sparse_categorical_crossentropy"


class Own(keras.Model):
    """A model with a `call` of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = [[1, 2], {"a": (3,)}]
        self.inner = layers.Dense(8, activation="relu")
        self.outer = layers.Dense(5, activation="softmax")

    def call(self, x: Any) -> Any:
        return self.outer(self.inner(x))


def sequential() -> Any:
    hidden = [layers.Dense(8, activation="relu"), layers.Dropout(0.2), layers.BatchNormalization()]
    return keras.Sequential([keras.Input((20,)), *hidden, layers.Dense(5, activation="softmax")])


def functional() -> Any:
    x = keras.Input((20,))
    h = layers.Dense(8)(x)
    return keras.Model(x, layers.Dense(5, activation="softmax")(ops.tanh(h) + h))


def taped(model: Any) -> None:
    with keras.GradientTape() as tape:
        loss = ops.mean(ops.square(model(X)))
    model.optimizer.apply_gradients(
        zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables, strict=True)
    )


def failing(model: Any) -> None:
    model.predict(X, verbose=0)
    with pytest.raises(keras.errors.KerasishError):
        model.fit(X, Y[:3], verbose=0)
    with pytest.raises(keras.errors.KerasishError):
        model.predict(X[:, :7], verbose=0)


def with_callbacks(model: Any) -> None:
    watching = [keras.callbacks.EarlyStopping("loss"), keras.callbacks.ReduceLROnPlateau("loss")]
    model.fit(X, Y, epochs=2, verbose=0, validation_split=0.25, callbacks=watching)


USES: dict[str, Callable[[Any], Any]] = {
    "call": lambda model: model(X),
    "fit": lambda model: model.fit(X, Y, verbose=0),
    "fit with callbacks": with_callbacks,
    "fit from a generator": lambda model: model.fit(((X, Y) for _ in range(2)), verbose=0),
    "evaluate": lambda model: model.evaluate(X, Y, verbose=0),
    "predict": lambda model: model.predict(X, batch_size=5, verbose=0),
    "single batches": lambda model: (model.train_on_batch(X, Y), model.predict_on_batch(X)),
    "tape": taped,
    "clone": lambda model: None if isinstance(model, Own) else keras.models.clone_model(model),
    "errors": failing,
}


@pytest.fixture
def uncollected() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("make", [sequential, functional, Own])
def test_a_dropped_model_goes_at_once_with_its_plans(make: Callable[[], Any], use: str) -> None:
    model = make()
    model.compile("adam", LOSS, metrics=["accuracy"])
    USES[use](model)
    left = [weakref.ref(model), weakref.ref(model.optimizer)]
    left += [weakref.ref(bound.compiled.plan) for bound in model.plans._made.values()]
    del model
    assert [ref() for ref in left if ref() is not None] == []


@pytest.mark.usefixtures("uncollected")
def test_a_fit_lets_go_of_the_data() -> None:
    model = sequential()
    model.compile("adam", LOSS)
    x, y = X.copy(), Y.copy()
    model.fit(x, y, verbose=0)
    left = weakref.ref(x), weakref.ref(y)
    del x, y
    assert [ref() for ref in left] == [None, None]


@pytest.mark.usefixtures("uncollected")
def test_a_dropped_function_goes_at_once() -> None:
    f = keras.function(lambda x: ops.softmax(ops.tanh(x) * 2.0))
    f(X)
    left = weakref.ref(f)
    del f
    assert left() is None


@pytest.mark.usefixtures("uncollected")
def test_a_walk_through_a_model_leaves_nothing_behind() -> None:
    model = Own()
    model(X)
    gc.collect()
    model(X)
    tracking.deciding(model)
    tracking.with_metrics(model)
    assert gc.collect() == 0
