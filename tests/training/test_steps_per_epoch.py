"""Epochs, validation, evaluation and prediction by a number of steps, as Keras counts them."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import kerasish as keras
from kerasish import layers

X, Y = np.arange(20, dtype="float32")[:, None], np.zeros((20, 1), "float32")  # 5 batches of 4


def identity(**compiled) -> keras.Model:
    """mae is the mean of x."""
    model = keras.Sequential(
        [keras.Input((1,)), layers.Dense(1, kernel_initializer="ones", use_bias=False)]
    )
    model.compile(**{"optimizer": keras.optimizers.SGD(0.0), "loss": "mae", **compiled})
    return model


class Batches(keras.utils.PyDataset):
    def __len__(self):
        return 5

    def __getitem__(self, index):
        return X[index * 4 : index * 4 + 4], Y[index * 4 : index * 4 + 4]


class Iterable:
    def __iter__(self):
        return iter([Batches()[index] for index in range(5)])


def generator(count: int = 5):
    return (Batches()[index % 5] for index in range(count))


KINDS = {
    "arrays": lambda: {"x": X, "y": Y, "batch_size": 4},
    "PyDataset": lambda: {"x": Batches()},
    "iterable": lambda: {"x": Iterable()},
}
MEANS = [1.5, 5.5, 9.5, 13.5, 17.5]


def losses(history) -> list[float]:
    return np.round(history.history["loss"], 4).tolist()


@pytest.mark.parametrize("eager", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_epochs_below_the_data_go_on(kind, eager):
    model = identity(run_eagerly=eager)
    with pytest.warns(UserWarning, match="after 1 of 2 steps"):
        history = model.fit(**KINDS[kind](), steps_per_epoch=2, epochs=4, shuffle=False, verbose=0)
    assert losses(history) == [3.5, 11.5, 17.5, 3.5]
    assert int(model.optimizer.iterations) == 7


@pytest.mark.parametrize("kind", KINDS)
def test_epochs_beyond_the_data_end_with_them(kind):
    model = identity()
    with pytest.warns(UserWarning, match="after 5 of 9 steps"):
        history = model.fit(**KINDS[kind](), steps_per_epoch=9, epochs=3, shuffle=False, verbose=0)
    assert losses(history) == [9.5] * 3
    assert int(model.optimizer.iterations) == 15


@pytest.mark.parametrize("kind", KINDS)
def test_validation_begins_anew(kind):
    given = KINDS[kind]()
    data = given["x"] if "y" not in given else (given["x"], given["y"])
    history = (
        identity()
        .fit(
            X,
            Y,
            validation_data=data,
            validation_batch_size=4,
            validation_steps=2,
            epochs=4,
            verbose=0,
        )
        .history
    )
    np.testing.assert_allclose(history["val_loss"], [3.5] * 4)


@pytest.mark.parametrize("kind", KINDS)
def test_evaluation_and_prediction_stop_at_the_end(kind):
    model = identity()
    given = KINDS[kind]()
    assert model.evaluate(**given, steps=2, verbose=0) == pytest.approx(3.5)
    with pytest.warns(UserWarning, match="after 5 of 7 steps"):
        assert model.evaluate(**given, steps=7, verbose=0) == pytest.approx(9.5)
    given.pop("y", None)
    assert model.predict(**given, steps=2, verbose=0)[:, 0].tolist() == list(range(8))
    with pytest.warns(UserWarning, match="after 5 of 7 steps"):
        assert model.predict(**given, steps=7, verbose=0)[:, 0].tolist() == list(range(20))


class Telling(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.ended: list[int] = []
        self.final: dict = {}

    def on_epoch_end(self, epoch, logs=None):
        self.ended.append(epoch)

    def on_train_end(self, logs=None):
        self.final = dict(logs)


@pytest.mark.parametrize(
    ("batches", "steps", "expected"),
    [(3, 2, [3.5, 9.5]), (4, 2, [3.5, 11.5]), (3, 3, [5.5]), (2, 5, [3.5])],
)
def test_training_ends_with_a_generator(batches, steps, expected):
    told = Telling()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        history = identity().fit(
            generator(batches), steps_per_epoch=steps, epochs=4, verbose=0, callbacks=[told]
        )
    assert losses(history) == expected
    assert told.ended == history.epoch == list(range(len(expected)))
    assert told.final["loss"] == pytest.approx(expected[-1])
    texts = [str(warning.message) for warning in said]
    assert f"and so does training, after {len(expected)} of 4 epochs" in texts[-1]
    assert len(texts) == (1 if batches % steps == 0 else 2)


def test_a_generator_without_steps_is_one_epoch():
    told = Telling()
    with pytest.warns(UserWarning, match="and so does training, after 1 of 3 epochs"):
        history = identity().fit(
            generator(5), epochs=3, verbose=0, callbacks=[told], validation_data=generator(2)
        )
    assert losses(history) == [9.5]
    assert history.history["val_loss"] == [3.5]
    assert told.ended == [0]


def test_a_generator_that_is_long_enough_is_not_spoken_of():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        history = identity().fit(generator(6), steps_per_epoch=2, epochs=3, verbose=0)
    assert len(losses(history)) == 3


def test_what_does_not_begin_anew_ends_training():
    batches = generator(3)

    class Once:
        def __iter__(self):
            return batches

    model = identity()
    with pytest.warns(UserWarning, match="after 1 of 3 epochs"):
        history = model.fit(Once(), epochs=3, verbose=0)
    assert len(losses(history)) == 1  # its first batch was taken to build from


def test_the_best_epoch_is_not_one_without_data(tmp_path):
    saving = keras.callbacks.ModelCheckpoint(
        str(tmp_path / "{epoch}.keras"), monitor="loss", save_best_only=True
    )
    with pytest.warns(UserWarning, match="and so does training"):
        identity().fit(generator(2), steps_per_epoch=2, epochs=3, verbose=0, callbacks=[saving])
    assert [path.name for path in tmp_path.iterdir()] == ["1.keras"]
    assert saving.best == pytest.approx(3.5)


def test_validation_data_that_end():
    with pytest.warns(UserWarning, match="no logs of this epoch"):
        history = (
            identity()
            .fit(X, Y, epochs=3, validation_data=generator(4), validation_steps=2, verbose=0)
            .history
        )
    assert len(history["loss"]) == 3
    np.testing.assert_allclose(history["val_loss"], [3.5, 11.5])
