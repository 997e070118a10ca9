"""Failures and kills while a model is saved leave the file that was there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import kerasish as keras
from kerasish import saving
from kerasish.errors import (
    KerasishError,
)
from kerasish.saving import legacy_h5, weights_h5
from tests.saving.models import functional


class Refusing(keras.layers.Layer):
    def call(self, inputs):
        return inputs

    def get_config(self):
        raise ZeroDivisionError("no config")


@pytest.mark.parametrize("suffix", ["h5", "keras"])
@pytest.mark.parametrize("where", ["config", "disk", "weights"])
def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch, suffix, where):
    path = tmp_path / f"m.{suffix}"
    saving.save_model(functional(), path)
    old = path.read_bytes()
    model = functional()
    if where == "config":
        model = keras.Sequential([keras.Input((4,)), Refusing()])
    elif where == "disk":
        monkeypatch.setattr(os, "fsync", lambda fd: (_ for _ in ()).throw(OSError(28, "full")))
    else:

        def fail(*args):
            raise OSError(5, "Input/output error")

        monkeypatch.setattr(weights_h5, "write_array", fail)
        monkeypatch.setattr(legacy_h5, "write_array", fail)
    with pytest.raises((ZeroDivisionError, KerasishError, OSError)):
        saving.save_model(model, path)
    assert path.read_bytes() == old
    assert os.listdir(tmp_path) == [path.name]


SAVER = """
import sys
import numpy as np
import kerasish as keras
from kerasish import saving
model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(256), keras.layers.Dense(64)])
print("ready", flush=True)
for i in range(100000):
    model.set_weights([np.full(w.shape, i, "float32") for w in model.weights])
    saving.save_model(model, sys.argv[1])
"""


@pytest.mark.parametrize("suffix", ["h5", "keras"])
def test_kill_during_a_save_leaves_a_whole_model(tmp_path, suffix):
    path = tmp_path / f"m.{suffix}"
    for moment in range(8):
        child = subprocess.Popen(
            [sys.executable, "-c", SAVER, str(path)], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        limit = time.monotonic() + 20
        while not path.exists() and time.monotonic() < limit:
            time.sleep(0.01)
        time.sleep(0.007 * moment)
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        values = {float(v) for w in saving.load_model(path).get_weights() for v in np.unique(w)}
        assert len(values) == 1
