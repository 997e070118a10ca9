"""Only regular files are read."""

from __future__ import annotations

import os

import pytest

import kerasish as keras
from kerasish.errors import FileFormatError
from kerasish.saving.files.sources import check_source


def test_a_file_and_a_missing_one_pass(tmp_path):
    (tmp_path / "a").write_bytes(b"")
    check_source(tmp_path / "a")
    check_source(tmp_path / "missing")


@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
@pytest.mark.parametrize("name", ["keras", "h5", "weights.h5", "safetensors", "weights.json"])
def test_no_reader_waits_for_a_pipe(tmp_path, name):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    path = tmp_path / f"p.{name}"
    os.mkfifo(path)
    with pytest.raises(FileFormatError, match="a pipe, socket or device"):
        model.load_weights(path)
    with pytest.raises(FileFormatError, match="a pipe, socket or device"):
        keras.saving.load_model(path)
    with pytest.raises(FileFormatError, match="a folder"):
        model.load_weights(tmp_path)
