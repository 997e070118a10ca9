"""Errors show users their own lines."""

from __future__ import annotations

import traceback

import numpy as np
import pytest

import kerasish as keras
from kerasish.data import Dataset
from kerasish.errors import ArgumentError, KerasishError, ShapeError


class Wrong(keras.layers.Layer):
    def call(self, x):
        return x @ np.ones((7, 3))


class Fails(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        raise ZeroDivisionError


def model():
    made = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    made.compile("sgd", "mse")
    return made


def lines(error):
    return [line.name for line in traceback.extract_tb(error.__traceback__)]


def files(error):
    return {line.filename for line in traceback.extract_tb(error.__traceback__)}


def test_a_mistake_ends_in_the_line_that_made_it():
    with pytest.raises(ShapeError) as caught:
        model().fit(np.ones((3, 5)), np.ones((3, 2)), verbose=0)
    assert files(caught.value) == {__file__}
    with pytest.raises(ShapeError) as caught:
        keras.layers.Dense(3)(np.ones(()))
    assert files(caught.value) == {__file__}
    with pytest.raises(ArgumentError) as caught:
        keras.layers.Dense(-1)
    assert files(caught.value) == {__file__}
    with pytest.raises(ArgumentError) as caught:
        model().fit(np.ones((3, 4)), np.ones((3, 2)), epoch=2)
    assert files(caught.value) == {__file__}


@pytest.mark.parametrize(
    "mistake",
    [
        lambda: keras.layers.Dense(3, activaton="relu"),
        lambda: keras.layers.Conv2D(3, 3, strides=2, dilation_rate=2),
        lambda: keras.ops.sum(np.ones((2, 3)), axis=7),
        lambda: keras.ops.dot(np.ones((2, 3)), np.ones((2, 3))),
        lambda: keras.ops.add("a", 1),
        lambda: keras.metrics.AUC(num_thresholds=-3),
        lambda: keras.optimizers.Adam(learning_rte=1),
        lambda: keras.callbacks.EarlyStopping(patienc=1),
        lambda: keras.utils.image_dataset_from_directory("nothing/there"),
        lambda: keras.utils.plot_model(keras.Sequential([keras.layers.Dense(2)])),
        lambda: model().save("model.pkl"),
        lambda: keras.saving.load_model("nothing.keras"),
        lambda: Dataset.range(3).batch("2"),
        lambda: Dataset.from_tensor_slices(([1, 2], [1])),
        lambda: Dataset.zip(3),
        lambda: list(Dataset.range(2).map(lambda n: [].append)),
    ],
)
def test_the_mistake_is_where_the_traceback_ends(mistake):
    with pytest.raises(KerasishError) as caught:
        mistake()
    assert files(caught.value) == {__file__}


def test_keywords_of_datasets_and_readers_have_hints():
    with pytest.raises(ArgumentError, match="Did you mean 'num_parallel_calls'"):
        Dataset.range(3).map(lambda n: n, num_parallel=3)
    with pytest.raises(ArgumentError, match="Did you mean 'batch_size'"):
        Dataset.from_csv("a.csv", batchsize=3)
    with pytest.raises(ArgumentError, match="Did you mean 'target_size'"):
        keras.utils.load_img("a.png", targetsize=(3, 3))


def test_what_fails_in_a_pass_shows_users_lines():
    def load(n):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as caught:
        next(iter(Dataset.range(2).map(load)))
    assert lines(caught.value)[-1] == "load"
    assert files(caught.value) == {__file__}


def test_lines_of_users_inside_are_shown():
    with pytest.raises(ShapeError) as caught:
        Wrong()(np.ones((2, 4)))
    assert lines(caught.value)[-1] == "call"
    assert files(caught.value) == {__file__}
    with pytest.raises(ZeroDivisionError) as caught:
        model().fit(np.ones((3, 4)), np.ones((3, 2)), verbose=0, callbacks=[Fails()])
    assert lines(caught.value)[-1] == "on_epoch_begin"
    assert files(caught.value) == {__file__}


def test_all_lines_where_that_is_asked_for():
    assert keras.config.is_traceback_filtering_enabled()
    keras.config.disable_traceback_filtering()
    try:
        assert not keras.config.is_traceback_filtering_enabled()
        with pytest.raises(ShapeError) as caught:
            keras.layers.Dense(3)(np.ones(()))
    finally:
        keras.config.enable_traceback_filtering()
    assert "check_inputs" in lines(caught.value)


def test_an_error_that_is_no_users_keeps_its_lines(monkeypatch):
    monkeypatch.setattr("kerasish.layers.core.Dense.call", lambda self, inputs: {}["nothing"])
    monkeypatch.setattr("kerasish.tracebacks._OWN", __file__[:1])
    with pytest.raises(KeyError) as caught:
        keras.layers.Dense(3)(np.ones((1, 2)))
    assert len(lines(caught.value)) > 3


def test_what_an_error_comes_from_is_shortened_too():
    def loss(y, p):
        try:
            return keras.layers.Dense(3)(np.ones(()))
        except ShapeError as error:
            raise RuntimeError("no loss") from error

    made = model()
    made.compile("sgd", loss)
    with pytest.raises(RuntimeError, match="no loss") as caught:
        made.fit(np.ones((3, 4)), np.ones((3, 2)), verbose=0)
    assert files(caught.value) == files(caught.value.__cause__) == {__file__}


def test_warnings_of_readers_are_about_users_lines(tmp_path):
    saved = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    saved.save_weights(tmp_path / "a.weights.h5")
    other = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    with pytest.warns(UserWarning, match="do not fit") as caught:
        other.load_weights(tmp_path / "a.weights.h5", skip_mismatch=True)
    assert caught[0].filename == __file__
    (tmp_path / "texts" / "empty").mkdir(parents=True)
    (tmp_path / "texts" / "full").mkdir()
    (tmp_path / "texts" / "full" / "a.txt").write_text("a")
    with pytest.warns(UserWarning, match="'empty'") as caught:
        keras.utils.text_dataset_from_directory(tmp_path / "texts", verbose=False)
    assert caught[0].filename == __file__


def test_files_beside_the_folders_of_classes_are_told(tmp_path):
    (tmp_path / "a.txt").write_text("a")
    with pytest.raises(KerasishError, match=r"Put the 1 in it into a folder for each class"):
        keras.utils.text_dataset_from_directory(tmp_path, verbose=False)
