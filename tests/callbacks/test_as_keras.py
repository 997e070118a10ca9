"""What users read and call of callbacks, as in Keras."""

from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish import callbacks, ops
from kerasish.callbacks.rates import rates_of
from kerasish.errors import ArgumentError

X, Y = np.ones((8, 2), "float32"), np.ones((8, 1), "float32")


def model(metrics: Any = ("mae", "accuracy")) -> Any:
    made = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    made.compile("sgd", "mse", metrics=list(metrics))
    return made


@pytest.mark.parametrize(
    ("mode", "monitor", "wanted"),
    [
        ("max", "val_mae", "greater"),
        ("min", "val_loss", "less"),
        ("auto", "val_mae", "less"),
        ("auto", "loss", "less"),
        ("auto", "accuracy", "greater"),
        ("auto", "val_accuracy", "greater"),
    ],
)
def test_monitor_op(mode: str, monitor: str, wanted: str) -> None:
    stop = callbacks.EarlyStopping(monitor, patience=5, mode=mode)
    assert stop.monitor_op is (None if mode == "auto" else getattr(ops, wanted))
    model().fit(X, Y, validation_data=(X, Y), epochs=1, callbacks=[stop], verbose=0)
    assert stop.monitor_op is getattr(ops, wanted)
    assert stop.best is not None
    assert (stop.wait, stop.stopped_epoch, stop.best_epoch) == (0, 0, 0)


def test_a_log_of_which_nobody_knows_which_way_it_improves() -> None:
    with pytest.raises(ArgumentError, match="mode='min' or 'max'"):
        model().fit(X, Y, epochs=1, callbacks=[callbacks.EarlyStopping("unknown")], verbose=0)


@pytest.mark.parametrize("cls", [callbacks.EarlyStopping, callbacks.ReduceLROnPlateau])
def test_another_mode_counts_as_auto(cls: Any) -> None:
    with pytest.warns(UserWarning, match="mode='unknown' counts as 'auto'"):
        assert cls(mode="unknown").mode == "auto"


def test_the_watched_value() -> None:
    stop = callbacks.EarlyStopping("loss")
    assert stop.get_monitor_value({"loss": np.float32(2.0)}) == 2.0
    with pytest.warns(UserWarning, match="the log 'loss'"):
        assert stop.get_monitor_value({"los": 1.0}) is None


def test_epochs_that_do_not_count() -> None:
    lower = callbacks.ReduceLROnPlateau("loss", patience=1, cooldown=2, min_delta=1e9)
    assert not lower.in_cooldown()
    made = model()
    made.fit(X, Y, epochs=2, callbacks=[lower], verbose=0)
    assert lower.in_cooldown()
    assert float(made.optimizer.learning_rate) == pytest.approx(1e-3)


class Several:
    """An optimizer that consists of others, as `MultiOptimizer` does."""

    def __init__(self) -> None:
        self.optimizers = [
            SimpleNamespace(name="a", learning_rate=0.5),
            SimpleNamespace(name="b", learning_rate=0.25),
        ]


def test_rates_of_several_optimizers() -> None:
    run = SimpleNamespace(optimizer=Several(), metrics=[])
    logs: dict[str, Any] = {"loss": 1.0}
    assert rates_of(run) == {"learning_rate_a": 0.5, "learning_rate_b": 0.25}
    plan = callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    plan.set_model(run)
    plan.on_epoch_begin(0)
    plan.on_epoch_end(0, logs)
    assert logs["learning_rate_a"] == 0.25
    lower = callbacks.ReduceLROnPlateau("loss", factor=0.1, patience=0, min_lr=0.02, cooldown=1)
    lower.set_model(run)
    for epoch in range(2):
        lower.on_epoch_end(epoch, {"loss": 1.0})
    assert rates_of(run) == pytest.approx({"learning_rate_a": 0.025, "learning_rate_b": 0.02})
    assert lower.in_cooldown()


def test_the_folder_of_backups_goes_when_it_is_empty(tmp_path: Path) -> None:
    for name, stays in (("own", False), ("shared", True)):
        folder = tmp_path / name
        if stays:
            folder.mkdir()
            (folder / "notes.txt").write_text("mine")
        backup = callbacks.BackupAndRestore(folder)
        model().fit(X, Y, epochs=2, callbacks=[backup], verbose=0)
        assert folder.exists() == stays
    assert [p.name for p in (tmp_path / "shared").iterdir()] == ["notes.txt"]


def test_without_interactive_logging_lines_go_to_a_logger(caplog: Any, capsys: Any) -> None:
    keras.config.disable_interactive_logging()
    try:
        with caplog.at_level(logging.INFO, "kerasish"):
            plan = callbacks.LearningRateScheduler(lambda epoch: 0.5, verbose=1)
            model().fit(X, Y, epochs=2, callbacks=[plan])
    finally:
        keras.config.enable_interactive_logging()
    assert capsys.readouterr().out == ""
    told = "\n".join(caplog.messages)
    assert "setting learning rate to 0.5" in told
    assert told.count("loss: ") == 2


def test_hooks_that_have_nothing_to_do_are_not_called(tmp_path: Path) -> None:
    class Mine(callbacks.ModelCheckpoint):
        called = 0

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.called += 1
            super().on_train_batch_end(batch, logs)

    mine = Mine(tmp_path / "a.keras")
    model().fit(X, Y, batch_size=2, epochs=1, callbacks=[mine], verbose=0)
    assert mine.called == 4
    usual = callbacks.CallbackList([callbacks.ModelCheckpoint(tmp_path / "b.keras")])
    assert usual.hooks("train").on_end == []
    counting = callbacks.CallbackList(
        [callbacks.ModelCheckpoint(tmp_path / "b.keras", save_freq=2)]
    )
    assert len(counting.hooks("train").on_end) == 1


def test_a_misspelt_log_is_told_with_the_nearest() -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    for wrong, right in (("val_los", "val_loss"), ("val_mea", "val_mae")):
        with pytest.raises(ArgumentError, match=f"'{right}'\\?"):
            model.fit(
                np.ones((4, 2)),
                np.ones((4, 1)),
                validation_split=0.5,
                verbose=0,
                callbacks=[callbacks.EarlyStopping(wrong)],
            )
