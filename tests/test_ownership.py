"""Arrays belong to whoever holds them: no write into one shows in another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish import layers, ops

X = np.random.default_rng(0).normal(size=(20, 3)).astype("float32")
Y = np.arange(20) % 2


def plain() -> np.ndarray:
    return np.arange(6, dtype="float32").reshape(2, 3)


RESULTS: dict[str, Callable[[Any], Any]] = {
    "convert_to_tensor": ops.convert_to_tensor,
    "array": ops.array,
    "copy": ops.copy,
    "cast": lambda a: ops.cast(a, "float32"),
    "reshape": lambda a: ops.reshape(a, (3, 2)),
    "transpose": ops.transpose,
    "flip": ops.flip,
    "broadcast_to": lambda a: ops.broadcast_to(a, (4, 2, 3)),
    "slice": lambda a: ops.slice(a, (0, 0), (1, 2)),
    "index": lambda a: ops.convert_to_tensor(a)[0],
    "squeeze": lambda a: ops.squeeze(ops.expand_dims(a, 0)),
    "split": lambda a: ops.split(a, 1)[0],
    "unstack": lambda a: ops.unstack(a)[0],
    "diagonal": ops.diagonal,
    "real": ops.real,
    "stop_gradient": ops.stop_gradient,
    "pad by nothing": lambda a: ops.pad(a, ((0, 0), (0, 0))),
    "cond": lambda a: ops.cond(True, lambda: ops.convert_to_tensor(a), lambda: ops.zeros((2, 3))),
    "while_loop": lambda a: ops.while_loop(lambda i, x: i < 0, lambda i, x: (i, x), (0, a))[1],
    "scan": lambda a: ops.scan(lambda c, x: (c, x), np.zeros(3, "float32"), a)[1],
    "vectorized_map": lambda a: ops.vectorized_map(lambda row: row, a),
    "function": lambda a: keras.function(lambda x: x)(a),
    "layer": lambda a: layers.Identity()(a),
    "dropout outside of training": lambda a: layers.Dropout(0.5)(a),
    "Flatten": lambda a: layers.Flatten()(a),
    "Variable": keras.Variable,
}


@pytest.mark.parametrize("kind", ["plain", "fortran", "strided", "memmap", "dataframe"])
@pytest.mark.parametrize("name", RESULTS)
def test_a_result_is_no_view_of_what_it_came_from(name: str, kind: str, tmp_path: Path) -> None:
    source: Any = plain()
    if kind == "fortran":
        source = np.asfortranarray(source)
    if kind == "strided":
        source = np.arange(24, dtype="float32").reshape(4, 6)[::2, ::2]
    if kind == "memmap":
        source = np.memmap(tmp_path / "array", dtype="float32", mode="w+", shape=(2, 3))
        source[...] = plain()
    given = source
    if kind == "dataframe":
        given = pytest.importorskip("pandas").DataFrame(source, copy=False)
    result = RESULTS[name](given)
    before = np.array(result)
    source[...] = 77
    np.testing.assert_array_equal(np.array(result), before)
    for seen in (result.numpy(), np.asarray(result), result.__array__()):
        if seen.flags.writeable:
            seen[...] = 99
        np.testing.assert_array_equal(np.array(result), before)


def test_what_was_read_of_a_variable_stays_when_it_changes() -> None:
    v: Any = keras.Variable(plain())
    for change in (lambda: v.assign(v + 1), keras.function(lambda: v.assign(v + 1))):
        seen: list[Any] = [v.value, v.numpy(), np.asarray(v), ops.reshape(v, (3, 2)), v[0]]
        seen += [ops.transpose(v), ops.convert_to_tensor(v), keras.Variable(v)]
        before = [np.array(one) for one in seen]
        change()
        for one, held in zip(seen, before, strict=True):
            np.testing.assert_array_equal(np.array(one), held)


def test_what_a_variable_was_assigned_stays_when_it_changes() -> None:
    v, other = keras.Variable(plain()), keras.Variable(plain())
    array = np.ones((2, 3), "float32")
    step = keras.function(lambda: v.assign_add(ops.ones((2, 3))))
    for value in (other, ops.ones((2, 3)), array):
        before = np.array(value)
        v.assign(value)
        step()
        v.assign_add(np.ones((2, 3), "float32"))
        np.testing.assert_array_equal(np.array(value), before)
    v.assign(array)
    array[...] = 5
    assert v.numpy().max() == 1


def model() -> Any:
    made = keras.Sequential(
        [keras.Input((3,)), layers.Dense(4), layers.Dense(2, activation="softmax")]
    )
    made.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return made


def test_results_of_a_model_are_the_callers() -> None:
    made = model()
    weights = made.get_weights()
    state = [made.predict(X, verbose=0), made.predict_on_batch(X), made(X), *weights]
    state += [variable.value for variable in made.variables]
    before = [np.array(one) for one in state]
    made.fit(X, Y, verbose=0)
    made.predict(X + 1, verbose=0)
    made.predict_on_batch(X * 3)
    for one, held in zip(state, before, strict=True):
        np.testing.assert_array_equal(np.array(one), held)
    made.set_weights(weights)
    for array in weights:
        array[...] = 9
    for array, held in zip(made.get_weights(), before[3:], strict=False):
        np.testing.assert_array_equal(array, held)


def test_a_model_that_returns_its_input_returns_an_array_of_its_own() -> None:
    class Same(keras.Model):
        def call(self, x: Any) -> Any:
            return x

    made, x = Same(), X.copy()
    made.predict(x, batch_size=20, verbose=0)[...] = 0
    made.predict_on_batch(x)[...] = 0
    np.testing.assert_array_equal(x, X)


def test_outputs_that_callbacks_see_are_no_views_of_the_result() -> None:
    seen: list[np.ndarray] = []

    class Watching(keras.callbacks.Callback):
        def on_predict_batch_end(self, batch: int, logs: Any = None) -> None:
            seen.append(logs["outputs"])

    made = model()
    result = made.predict(X, batch_size=6, verbose=0, callbacks=[Watching()])
    np.testing.assert_array_equal(np.concatenate(seen), result)
    for array in seen:
        array[...] = 9
    assert result.max() <= 1


def test_data_that_are_filled_again_are_read_before() -> None:
    def again() -> Iterator[Any]:
        x, y = np.empty((4, 3), "float32"), np.empty(4, "int64")
        for start in range(0, 20, 4):
            x[...], y[...] = X[start : start + 4], Y[start : start + 4]
            yield x, y
        x[...] = np.nan

    class Again(keras.utils.PyDataset):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.x, self.y = np.empty((4, 3), "float32"), np.empty(4, "int64")

        def __len__(self) -> int:
            return 5

        def __getitem__(self, index: int) -> Any:
            rows = slice(index * 4, index * 4 + 4)
            self.x[...], self.y[...] = X[rows], Y[rows]
            return self.x, self.y

    made = model()
    wanted, predicted = made.evaluate(X, Y, verbose=0), made.predict(X, verbose=0)
    for data in (again, Again):
        np.testing.assert_allclose(made.evaluate(data(), verbose=0), wanted, rtol=1e-5)
    xs = (x for x, _ in again())
    np.testing.assert_allclose(made.predict(xs, verbose=0), predicted, rtol=1e-5)
    np.testing.assert_allclose(made.predict(Again(), verbose=0), predicted, rtol=1e-5)


def test_a_read_only_array_stays_so_and_a_writeable_one_too() -> None:
    made, fixed, free = model(), X.copy(), X.copy()
    fixed.flags.writeable = False
    for x in (fixed, free):
        ops.convert_to_tensor(x)
        keras.function(lambda t: t + 1)(x)
        made.fit(x, Y, verbose=0)
        made.predict(x, verbose=0)
    assert free.flags.writeable
    assert not fixed.flags.writeable
    np.testing.assert_array_equal(free, X)
