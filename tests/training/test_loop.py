"""When batches are asked for, and that what was asked for is what is trained on."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest

import kerasish as keras
from kerasish import layers
from kerasish.data import Prefetcher
from kerasish.training import feeders, run


def linear() -> keras.Model:
    model = keras.Sequential([keras.Input((3,)), layers.Dense(1, kernel_initializer="ones")])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    return model


def filled_again(count: int):
    array = np.zeros((4, 1), "float32")
    for index in range(count):
        array[:] = index
        yield (array,)


class FilledAgain(keras.utils.PyDataset):
    def __init__(self, **options):
        super().__init__(**options)
        self.array = np.zeros((4, 1), "float32")

    def __len__(self):
        return 6

    def __getitem__(self, index):
        self.array[:] = index
        return self.array


@pytest.mark.parametrize(
    "make",
    [
        lambda: filled_again(6),
        lambda: Prefetcher(filled_again(6), depth=6),
        FilledAgain,
        lambda: FilledAgain(workers=0),
    ],
    ids=["generator", "prefetcher", "PyDataset", "no workers"],
)
def test_batches_in_an_array_that_is_filled_again(make):
    x = keras.Input((1,))
    found = keras.Model(x, x).predict(make(), verbose=0)
    assert found[::4, 0].tolist() == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("pause", [0.0, 0.005])
def test_a_generator_sees_the_model_as_the_last_step_left_it(pause):
    rng, model = np.random.default_rng(0), linear()

    def one_above():
        for _ in range(12):
            x = rng.random((8, 3), dtype="float32")
            time.sleep(pause)
            yield x, model.predict_on_batch(x) + 1

    loss = model.fit(one_above(), verbose=0).history["loss"][0]
    np.testing.assert_allclose(loss, 1.0, rtol=1e-5)


@pytest.mark.parametrize("kind", ["generator", "PyDataset"])
@pytest.mark.parametrize("eager", [False, True])
def test_batches_steps_and_callbacks_take_turns(kind, eager):
    order: list[str] = []

    class Telling(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            order.append("epoch")

        def on_train_batch_begin(self, batch, logs=None):
            order.append(f"begin {batch}")

        def on_train_batch_end(self, batch, logs=None):
            order.append(f"end {batch}")

    def made(index):
        order.append(f"batch {index}")
        return np.ones((2, 3)), np.ones((2, 1))

    class Made(keras.utils.PyDataset):
        def __len__(self):
            return 3

        def __getitem__(self, index):
            return made(index)

    model = linear()
    model.run_eagerly = eager
    given = Made() if kind == "PyDataset" else (made(index) for index in range(3))
    model.fit(given, shuffle=False, verbose=0, callbacks=[Telling()])
    built = ["batch 0", "epoch"]
    first = ["batch 0"] if kind == "PyDataset" else []  # a generator is not asked twice
    assert order == [
        *built, *first, "begin 0", "end 0", "batch 1", "begin 1", "end 1", "batch 2", "begin 2",
        "end 2",
    ]  # fmt: skip


def test_no_batch_is_taken_that_no_step_uses():
    taken: list[int] = []

    def counted():
        for index in range(100):
            taken.append(index)
            yield np.full((2, 3), index), np.ones((2, 1))

    model, batches = linear(), counted()
    model.fit(batches, steps_per_epoch=2, epochs=3, verbose=0)
    assert taken == list(range(6))
    assert next(batches)[0][0, 0] == 6
    model.evaluate(batches, steps=2, verbose=0)
    assert next(batches)[0][0, 0] == 9
    model.predict(batches, steps=2, verbose=0)
    assert next(batches)[0][0, 0] == 12


def test_a_generator_may_ask_the_model_that_predicts():
    model = linear()

    def nested():
        for _ in range(3):
            x = np.ones((2, 3), "float32")
            yield (x * model.predict_on_batch(2 * x),)

    np.testing.assert_allclose(model.predict(nested(), verbose=0), np.full((6, 1), 18.0))


def test_hooks_are_called_around_steps_per_execution_batches():
    seen = []
    watch = keras.callbacks.LambdaCallback(
        on_train_batch_begin=lambda batch, logs: seen.append(batch),
        on_train_batch_end=lambda batch, logs: seen.append((batch, sorted(logs))),
    )
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", steps_per_execution=2)
    x = np.ones((5, 1), "float32")
    model.fit(x, x, batch_size=1, verbose=0, callbacks=[watch])
    # The last group has one batch, and the number that it would have had with two: as in Keras.
    assert seen == [0, (1, ["loss"]), 2, (3, ["loss"]), 4, (5, ["loss"])]


@pytest.mark.parametrize("fails", [False, True])
def test_a_pass_gives_back_what_its_feeder_holds(fails: bool, monkeypatch: pytest.MonkeyPatch):
    closed = []
    monkeypatch.setattr(feeders.StreamFeeder, "close", lambda self: closed.append(self))

    def batches():
        for i in range(3):
            if fails and i == 1:
                raise RuntimeError("mine")
            yield np.ones((2, 3), "float32"), np.ones((2, 1), "float32")

    model = linear()
    if fails:
        with pytest.raises(RuntimeError, match="mine"):
            model.fit(batches(), verbose=0)
    else:
        model.fit(batches(), verbose=0)
    assert len(closed) == 1


@pytest.mark.parametrize(("seconds", "ticks"), [(1000.0, 0), (1e-9, 5), (0.0, 0)])
def test_progress_is_shown_only_after_a_while(seconds, ticks):
    class Watch(keras.callbacks.Callback):
        seen = 0
        tick_seconds = seconds

        def on_tick(self, step, logs):
            self.seen += 1

    watch = Watch()
    linear().fit(np.zeros((20, 3)), np.zeros((20, 1)), batch_size=4, verbose=0, callbacks=[watch])
    assert watch.seen == ticks


def test_the_next_progress_comes_a_while_after_the_last(monkeypatch):
    seen: list[int] = []

    class Watch(keras.callbacks.Callback):
        tick_seconds = 2.5

        def on_tick(self, step, logs):
            seen.append(step)

    monkeypatch.setattr(run, "perf_counter", itertools.count(1.0).__next__)
    data = np.zeros((20, 3)), np.zeros((20, 1))
    linear().fit(*data, batch_size=4, verbose=0, callbacks=[Watch()])
    # Read at 1 for the first, at 2, 3 and 4 after batches, at 5 for the second, then at 6 and 7.
    assert seen == [3]
