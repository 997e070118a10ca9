from __future__ import annotations

import csv
from pathlib import Path

import pytest

import kerasish as keras
from kerasish import callbacks
from kerasish.errors import ArgumentError, FileFormatError
from tests.golden import fit_cases

X, Y = fit_cases.X, fit_cases.Y


def fit(path, epochs: int = 1, *, append: bool = False, **given):
    model = fit_cases.plain(keras)
    model.compile("sgd", "mse")
    logger = callbacks.CSVLogger(path, append=append)
    model.fit(X, Y, epochs=epochs, verbose=0, callbacks=[logger], **given)
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_validation_that_comes_later_has_its_columns(tmp_path):
    rows = fit(tmp_path / "a.csv", 4, validation_data=(X, Y), validation_freq=2)
    values = [row["val_loss"] for row in rows]
    assert values[0] == values[2] == "NA"
    assert all(float(value) > 0 for value in (values[1], values[3]))


def test_appending_keeps_every_byte(tmp_path, monkeypatch):
    path = tmp_path / "a.csv"
    old = "epoch,loss\n" + "".join(f"{i},0.5\n" for i in range(5))
    path.write_text(old + "5,0.2")  # the last row was cut off
    rows = fit(path, append=True)
    assert path.read_text().startswith(old + "5,0.2\n0,")
    assert len(rows) == 7

    opened = Path.open

    def full(path, mode="r", *args, **kwargs):
        if mode == "a":
            raise OSError(28, "No space left on device")
        return opened(path, mode, *args, **kwargs)

    before = path.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", full)
        with pytest.raises(FileFormatError, match="No space left"):
            fit(path, append=True)
    assert path.read_bytes() == before


def test_an_empty_file_gets_its_header(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("")
    assert [row["epoch"] for row in fit(path, 2, append=True)] == ["0", "1"]


def test_lambda_callback_refuses_misspelt_hooks_alone():
    made = callbacks.LambdaCallback(own=lambda: 3)
    assert made.own() == 3
    with pytest.raises(ArgumentError, match="Did you mean 'on_epoch_end'"):
        callbacks.LambdaCallback(on_epoch_ends=print)
