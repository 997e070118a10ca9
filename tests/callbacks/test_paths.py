from __future__ import annotations

import os

import numpy as np
import pytest

import kerasish as keras
from kerasish import callbacks
from kerasish.callbacks.paths import check_fields, check_target, columns, fill
from kerasish.errors import ArgumentError
from tests.golden import fit_cases


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("plain", "plain"),
        ("{epoch:02d}-{val_loss:.2f}", "03-0.50"),
        ("{epoch:>3}{out/mae:+.1e}", "  3+2.5e-01"),
        ("{{epoch}}", "{epoch}"),
        ("{one:.1f}", "7.0"),
    ],
)
def test_fields_are_filled_in(template: str, expected: str):
    values = {"epoch": 3, "val_loss": 0.5, "out/mae": np.float32(0.25), "one": np.array([7.0])}
    assert fill(check_fields(template), values) == expected


@pytest.mark.parametrize(
    "template",
    [
        "{epoch.__doc__}",
        "{epoch.__doc__[3]}",
        "{epoch.__doc__:/>1.0}",
        "{epoch:/>9}",
        "{epoch:c}",
        "{epoch!r}",
        "{epoch:{epoch}}",
        "{0}",
        "{}",
        "{epoch",
        "epoch}",
        "{epoch:zz}",
        "{epoch:.2d}",
        "{val_loss:d}",
    ],
)
def test_other_fields_are_refused(template: str):
    with pytest.raises(ArgumentError, match="Expected: "):
        check_fields(template)
    with pytest.raises(ArgumentError):
        callbacks.ModelCheckpoint(template + ".keras")


def test_values_that_are_no_numbers_are_refused():
    for value in ("../x", np.zeros(2), None):
        with pytest.raises(ArgumentError, match="a number"):
            fill("{loss}", {"loss": value})
    with pytest.raises(ArgumentError, match="Did you mean 'val_loss'"):
        fill("{val_los}", {"val_loss": 1.0})


def test_targets_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name in ("file/x", "file/{epoch}/x", "folder", "pipe"):
        with pytest.raises(ArgumentError):
            check_target(tmp_path / name, "filepath", folders=True)
    with pytest.raises(ArgumentError, match="no folder"):
        check_target(tmp_path / "none/x", "filepath")
    for name in ("file", "new", "none/deep/x", "{epoch}/x", "none/{epoch}/x"):
        check_target(tmp_path / name, "filepath", folders=True)


@pytest.mark.parametrize(
    "make",
    [
        lambda at: callbacks.ModelCheckpoint(at / "file/x.keras"),
        lambda at: callbacks.CSVLogger(at / "file/x.csv"),
        lambda at: callbacks.CSVLogger(at / "none/x.csv"),
        lambda at: callbacks.CSVLogger(at / "x.csv", separator="abc"),
        lambda at: callbacks.ModelCheckpoint(at / "x.keras", save_freq=-1),
        lambda at: callbacks.BackupAndRestore(""),
    ],
)
def test_faults_are_found_before_the_first_batch(tmp_path, make):
    (tmp_path / "file").write_text("")
    batches: list[int] = []
    model = fit_cases.plain(keras)
    model.compile("sgd", "mse")
    count = callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: batches.append(batch))
    with pytest.raises(ArgumentError):
        model.fit(fit_cases.X, fit_cases.Y, verbose=0, callbacks=[make(tmp_path), count])
    assert batches == []


def test_columns():
    given = ["loss", "val_loss", "acc", "val_acc"]
    assert columns(given) == ["acc", "loss", "val_acc", "val_loss"]


def test_no_width_makes_a_large_name():
    template = check_fields("{epoch:1000000000}.keras")
    with pytest.raises(ArgumentError, match="at most 99 characters"):
        fill(template, {"epoch": 1})
