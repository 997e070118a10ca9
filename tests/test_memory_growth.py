"""Training again and again, and making model after model, does not grow the process."""

from __future__ import annotations

import subprocess
import sys

import pytest

LIMIT_MB = 10
PROGRAM = """
import gc
import numpy as np
import kerasish as keras

def resident():
    gc.collect()
    with open("/proc/self/status") as status:
        line = next(row for row in status if row.startswith("VmRSS"))
    return int(line.split()[1]) / 1024

def build():
    model = keras.Sequential([
        keras.Input((20,)), keras.layers.Dense(64, activation="relu"),
        keras.layers.Dropout(0.2), keras.layers.Dense(5, activation="softmax"),
    ])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model

x = np.random.default_rng(0).normal(size=(96, 20)).astype("float32")
y = np.arange(96) % 5
model = build()

def fits(count):
    for _ in range(count):
        model.fit(x, y, batch_size=40, verbose=0)

def builds(count):
    for _ in range(count):
        made = build()
        made.fit(x, y, batch_size=40, verbose=0)
        made.predict(x, verbose=0)

fits(20); builds(10)
start = resident()
fits(200)
after_fits = resident()
builds(50)
print(after_fits - start, resident() - after_fits)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc/self/status")
def test_neither_fits_nor_new_models_grow_the_process() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    by_fits, by_builds = map(float, done.stdout.split())
    assert by_fits < LIMIT_MB
    assert by_builds < LIMIT_MB
