import csv
import re

import numpy as np
import pytest

import kerasish as keras
from kerasish import callbacks
from kerasish.callbacks.callback_list import overrides
from kerasish.errors import ArgumentError, NumericsError
from tests.golden import fit_cases

X, Y = fit_cases.X, fit_cases.Y


def model(**compiled) -> keras.Model:
    made = fit_cases.plain(keras)
    made.compile(**{"optimizer": "sgd", "loss": "mse", **compiled})
    return made


class Recording(callbacks.Callback):
    """Writes down every hook that is called."""

    def __init__(self):
        super().__init__()
        self.calls: list[str] = []

    def __getattribute__(self, name):
        found = super().__getattribute__(name)
        if not name.startswith("on_") or name == "on_tick":
            return found

        def call(*args):
            self.calls.append(f"{name}{args[0]}" if isinstance(args[0], int) else name)
            return found(*args)

        return call


class Everything(Recording):
    """Overrides every hook of a batch."""

    def on_train_batch_begin(self, batch, logs=None):
        pass

    def on_train_batch_end(self, batch, logs=None):
        pass

    def on_test_batch_begin(self, batch, logs=None):
        pass

    def on_test_batch_end(self, batch, logs=None):
        pass

    def on_predict_batch_begin(self, batch, logs=None):
        pass

    def on_predict_batch_end(self, batch, logs=None):
        assert logs["outputs"].shape[1:] == (1,)

    def on_train_begin(self, logs=None):
        pass

    def on_train_end(self, logs=None):
        pass

    def on_test_begin(self, logs=None):
        pass

    def on_test_end(self, logs=None):
        pass

    def on_predict_begin(self, logs=None):
        pass

    def on_predict_end(self, logs=None):
        pass

    def on_epoch_begin(self, epoch, logs=None):
        pass

    def on_epoch_end(self, epoch, logs=None):
        pass


def test_hooks_come_in_keras_order():
    seen = Everything()
    made = model()
    made.fit(X, Y, batch_size=7, epochs=1, validation_data=(X, Y), callbacks=seen, verbose=0)
    batches = ["train_batch_begin0", "train_batch_end0", "train_batch_begin1", "train_batch_end1"]
    assert seen.calls == [
        "on_train_begin",
        "on_epoch_begin0",
        *(f"on_{b}" for b in batches),
        "on_test_begin",
        *(f"on_{b.replace('train', 'test')}" for b in batches),
        "on_test_end",
        "on_epoch_end0",
        "on_train_end",
    ]
    seen.calls.clear()
    made.predict(X, batch_size=7, callbacks=[seen], verbose=0)
    assert seen.calls == [
        "on_predict_begin",
        *(f"on_{b.replace('train', 'predict')}" for b in batches),
        "on_predict_end",
    ]


def test_only_overridden_hooks_are_called():
    class OnlyEnd(callbacks.Callback):
        def on_batch_end(self, batch, logs=None):
            """The older name counts too."""

    listed = callbacks.CallbackList([OnlyEnd(), callbacks.History()])
    hooks = listed.hooks("train")
    assert (len(hooks.on_begin), len(hooks.on_end)) == (0, 1)
    assert not overrides(callbacks.History(), "on_train_batch_end")
    assert listed.hooks("test").on_end == []


def test_a_ready_made_list_is_taken_as_it_is():
    seen = Everything()
    listed = callbacks.CallbackList([seen], add_history=True)
    history = model().fit(X, Y, callbacks=listed, verbose=0)
    assert isinstance(history, callbacks.History)
    assert seen.calls[0] == "on_train_begin"
    assert seen.params["epochs"] == 1


def test_batch_logs_are_the_running_means():
    seen: list[dict[str, float]] = []
    watch = callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(dict(logs)))
    made = model(optimizer=keras.optimizers.SGD(0.0), metrics=["mae"])
    made.fit(X, Y, batch_size=5, shuffle=False, callbacks=[watch], verbose=0)
    errors = np.abs(made.predict(X, verbose=0) - Y)[:, 0]
    for logs, rows in zip(seen, (5, 10, 13), strict=True):
        np.testing.assert_allclose(logs["mae"], errors[:rows].mean(), rtol=1e-5)
        np.testing.assert_allclose(logs["loss"], (errors[:rows] ** 2).mean(), rtol=1e-5)
        assert isinstance(logs["loss"], float)


def test_batches_watched_and_unwatched_train_alike():
    ends = []
    for watched in ([], [callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: None)]):
        made = model(optimizer="adam")
        made.fit(X, Y, batch_size=5, epochs=2, shuffle=False, callbacks=watched, verbose=0)
        ends.append(made.get_weights())
    for a, b in zip(*ends, strict=True):
        np.testing.assert_array_equal(a, b)


def test_stopping_inside_an_epoch():
    made = model()

    def stop(batch, logs):
        made.stop_training = batch == 1

    seen: list[int] = []
    watch = callbacks.LambdaCallback(
        on_train_batch_end=stop, on_train_batch_begin=lambda batch, logs: seen.append(batch)
    )
    history = made.fit(X, Y, batch_size=3, epochs=5, callbacks=[watch], verbose=0)
    assert seen == [0, 1]
    assert history.epoch == [0]


def test_lambda_callback_refuses_unknown_hooks():
    with pytest.raises(ArgumentError, match="on_epoch_finished"):
        callbacks.LambdaCallback(on_epoch_finished=print)


@pytest.mark.parametrize("name", keras.registry.names("callback"))
def test_every_callback_is_registered_under_its_name(name: str):
    assert keras.registry.lookup("callback", name) is getattr(callbacks, name)


# --- early stopping and plateaus, driven by given logs ------------------------------------------


class Logs(callbacks.Callback):
    """Puts given values into the logs, before callbacks that come later see them."""

    def __init__(self, name: str, values: list[float]):
        super().__init__()
        self.name, self.values = name, values

    def on_epoch_end(self, epoch, logs=None):
        logs[self.name] = self.values[epoch]


def run(callback, values, name="val_loss", **compiled) -> tuple[keras.Model, callbacks.History]:
    made = model(**compiled)
    history = made.fit(
        X, Y, epochs=len(values), callbacks=[Logs(name, values), callback], verbose=0
    )
    return made, history


@pytest.mark.parametrize(
    ("options", "values", "epochs"),
    [
        ({}, [3.0, 2.0, 2.5, 1.0], 3),
        ({"patience": 2}, [3.0, 2.0, 2.5, 2.4, 1.0], 4),
        ({"patience": 2}, [3.0, 2.0, 2.5, 1.9, 2.0, 2.0, 1.0], 6),
        ({"min_delta": 0.5}, [3.0, 2.0, 1.8, 1.0], 3),
        ({"mode": "max"}, [1.0, 2.0, 1.5, 3.0], 3),
        ({"baseline": 1.5, "patience": 2}, [3.0, 2.0, 1.9, 1.0], 4),
        ({"baseline": 1.5, "patience": 2}, [3.0, 2.0, 2.9, 1.0], 3),
        ({"start_from_epoch": 3}, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 5),
    ],
)
def test_early_stopping_ends_where_keras_does(options, values, epochs):
    _, history = run(callbacks.EarlyStopping(**options), values)
    assert len(history.epoch) == epochs


def test_early_stopping_restores_the_best_weights():
    weights: list[list[np.ndarray]] = []
    made = model()
    keep = callbacks.LambdaCallback(on_epoch_end=lambda e, logs: weights.append(made.get_weights()))
    stop = callbacks.EarlyStopping(patience=2, restore_best_weights=True)
    given = Logs("val_loss", [3.0, 1.0, 2.0, 2.0, 2.0])
    made.fit(X, Y, epochs=5, callbacks=[given, keep, stop], verbose=0)
    assert stop.best_epoch == 1
    for a, b in zip(made.get_weights(), weights[1], strict=True):
        np.testing.assert_array_equal(a, b)


def test_directions_follow_the_metrics():
    for name, better in (("accuracy", 2.0), ("mae", 0.5), ("val_accuracy", 2.0), ("loss", 0.5)):
        made = fit_cases.plain(keras, 1, "sigmoid")
        made.compile("sgd", "binary_crossentropy", metrics=["accuracy", "mae"])
        made.evaluate(X, fit_cases.BINARY, verbose=0)
        stop = callbacks.EarlyStopping(name)
        stop.set_model(made)
        assert stop.improves(better, 1.0)
        assert not stop.improves(1.0, 1.0)
        assert not stop.improves(float("nan"), 1.0)


def test_an_unknown_direction_asks_for_a_mode():
    with pytest.raises(ArgumentError, match="mode='min' or 'max'"):
        run(callbacks.EarlyStopping("happiness"), [1.0, 2.0], "happiness")


def test_a_missing_log_is_warned_about():
    with pytest.warns(UserWarning, match=r"'val_loss'.*Received: loss"):
        model().fit(X, Y, callbacks=[callbacks.EarlyStopping()], verbose=0)


def test_plateaus_lower_the_rate():
    reduce = callbacks.ReduceLROnPlateau(factor=0.5, patience=2, cooldown=1, min_lr=0.03)
    values = [3.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0]
    _, history = run(reduce, values, optimizer=keras.optimizers.SGD(0.1))
    rates = history.history["learning_rate"]
    np.testing.assert_allclose(rates, [0.1] * 4 + [0.05] * 2 + [0.03] * 3, rtol=1e-6)
    with pytest.raises(ArgumentError, match="factor"):
        callbacks.ReduceLROnPlateau(factor=1.5)


def test_schedules_of_the_epoch():
    for schedule in (lambda epoch: 0.1 / (epoch + 1), lambda epoch, rate: 0.1 / (epoch + 1)):
        made = model(optimizer=keras.optimizers.SGD(1.0))
        watch = callbacks.LearningRateScheduler(schedule)
        history = made.fit(X, Y, epochs=3, callbacks=[watch], verbose=0).history
        np.testing.assert_allclose(history["learning_rate"], [0.1, 0.05, 0.1 / 3], rtol=1e-6)
    wrong = callbacks.LearningRateScheduler(lambda epoch: "fast")
    with pytest.raises(ArgumentError, match="schedule"):
        model().fit(X, Y, callbacks=[wrong], verbose=0)


def test_terminate_on_nan(capsys):
    exploding = keras.optimizers.SGD(1e20)
    history = model(optimizer=exploding).fit(
        X, Y, batch_size=2, epochs=9, callbacks=[callbacks.TerminateOnNaN()], verbose=0
    )
    assert len(history.epoch) < 9
    assert "terminating training" in capsys.readouterr().out
    with pytest.raises(NumericsError, match="Lower the learning rate"):
        model(optimizer=keras.optimizers.SGD(1e20)).fit(
            X, Y, batch_size=2, epochs=9, callbacks=[callbacks.TerminateOnNaN(True)], verbose=0
        )


def test_moving_averages_stand_in_for_evaluation():
    made = model(optimizer=keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.9))
    swap = callbacks.SwapEMAWeights()
    made.fit(X, Y, epochs=3, validation_data=(X, Y), callbacks=[swap], verbose=0)
    trained = made.get_weights()
    averages = [a.numpy() for _, a in made.optimizer.averages()]
    for weight, average in zip(trained, averages, strict=True):
        np.testing.assert_array_equal(weight, average)  # finalized at the end of training
    with pytest.raises(ArgumentError, match="use_ema=True"):
        model().fit(X, Y, validation_data=(X, Y), callbacks=[callbacks.SwapEMAWeights()], verbose=0)


# --- files and text -------------------------------------------------------------------------------


def test_csv_rows(tmp_path):
    path = tmp_path / "log.csv"
    made = model(metrics=["mae"])
    history = made.fit(X, Y, epochs=2, callbacks=[callbacks.CSVLogger(path)], verbose=0).history
    with path.open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["epoch", "loss", "mae", "val_loss", "val_mae"]
    assert [row[0] for row in rows[1:]] == ["0", "1"]
    assert [float(row[1]) for row in rows[1:]] == history["loss"]
    made.fit(X, Y, callbacks=[callbacks.CSVLogger(path, append=True)], verbose=0)
    made.fit(X, Y, callbacks=[callbacks.CSVLogger(path, append=True)], verbose=0)
    assert len(path.read_text().splitlines()) == 5
    made.fit(X, Y, callbacks=[callbacks.CSVLogger(path, separator=";")], verbose=0)
    assert path.read_text().splitlines()[0] == "epoch;loss;mae;val_loss;val_mae"


@pytest.mark.parametrize("ending", [".keras", ".h5", ".weights.h5"])
def test_model_checkpoint_saves_every_epoch(tmp_path, ending: str):
    path = str(tmp_path / ("deep/{epoch:02d}-{loss:.2f}" + ending))
    only = ending == ".weights.h5"
    made = model()
    save = callbacks.ModelCheckpoint(path, save_weights_only=only)
    made.fit(X, Y, epochs=2, callbacks=[save], verbose=0)
    files = sorted((tmp_path / "deep").iterdir())
    assert [f.name[:3] for f in files] == ["01-", "02-"]
    if only:
        again = fit_cases.plain(keras)
        again.load_weights(files[1])
    else:
        again = keras.saving.load_model(files[1])
    for a, b in zip(again.get_weights(), made.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_model_checkpoint_keeps_the_best(tmp_path):
    path = tmp_path / "best.weights.h5"
    save = callbacks.ModelCheckpoint(path, save_best_only=True, save_weights_only=True)
    weights: list[list[np.ndarray]] = []
    made = model()
    keep = callbacks.LambdaCallback(on_epoch_end=lambda e, logs: weights.append(made.get_weights()))
    given = Logs("val_loss", [2.0, 1.0, 3.0])
    made.fit(X, Y, epochs=3, callbacks=[given, keep, save], verbose=0)
    again = fit_cases.plain(keras)
    again.load_weights(path)
    np.testing.assert_array_equal(again.get_weights()[0], weights[1][0])


def test_model_checkpoint_by_batches(tmp_path):
    path = str(tmp_path / "{epoch}-{batch}.weights.h5")
    save = callbacks.ModelCheckpoint(path, save_weights_only=True, save_freq=4)
    model().fit(X, Y, batch_size=3, epochs=2, callbacks=[save], verbose=0)
    assert sorted(f.name for f in tmp_path.iterdir()) == ["1-4.weights.h5", "2-3.weights.h5"]


def test_model_checkpoint_refuses_what_cannot_work(tmp_path):
    with pytest.raises(ArgumentError, match=r"\.weights\.h5"):
        callbacks.ModelCheckpoint(tmp_path / "x.keras", save_weights_only=True)
    with pytest.raises(ArgumentError, match="save_freq"):
        callbacks.ModelCheckpoint(tmp_path / "x.keras", save_freq="batch")
    missing = callbacks.ModelCheckpoint(str(tmp_path / "{val_loss}.keras"))
    with pytest.raises(ArgumentError, match=r"fields among epoch, loss\. Received: 'val_loss'"):
        model().fit(X, Y, callbacks=[missing], verbose=0)


def test_plain_lines_without_a_terminal(capsys):
    made = model()
    made.fit(X, Y, batch_size=5, epochs=2, validation_data=(X, Y))
    made.evaluate(X, Y, verbose=2)
    made.predict(X)
    lines = capsys.readouterr().out.splitlines()
    # As Keras prints them with verbose=2, for programs that read them.
    logs = r"loss: \d\.\d{4}"
    step = r"\d+(s|ms|us)/step"
    expected = ["Epoch 1/2", rf"3/3 - 0s - {step} - {logs} - val_{logs}"] * 2
    expected[2] = "Epoch 2/2"
    expected += [rf"1/1 - 0s - {step} - {logs}", rf"1/1 - 0s - {step}"]
    assert len(lines) == len(expected)
    for text, pattern in zip(lines, expected, strict=True):
        assert re.fullmatch(pattern, text)
    made.fit(X, Y, verbose=0)
    assert capsys.readouterr().out == ""


def test_a_bar_on_a_terminal(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    model().fit(X, Y, batch_size=5, epochs=2, validation_data=(X, Y))
    text = capsys.readouterr().out
    assert "Epoch 2/2" in text
    assert "3/3" in text
    assert re.search(r"3/3[^\r\n]*validating", text)
    assert not re.search(r"0/3[^\r\n]*validating", text)
    assert "val_loss" in text


def test_progress_is_drawn_at_most_ten_times_a_second():
    logger = callbacks.ProgbarLogger()
    logger.set_params({"verbose": 2})
    assert logger.tick_seconds is None
    assert callbacks.ProgbarLogger.tick_seconds == 0.1
