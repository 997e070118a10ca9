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


RESIDENT = PROGRAM[: PROGRAM.index("def build")]
# What libraries keep of every shape that they meet, or of every module that they link.
CONVOLUTIONS = """
from kerasish.compiler.kernels.geometry import Problem
from kerasish.compiler.kernels.onednn import conv
from kerasish.ops.nn.windows import Windows
w = np.ones((3, 32, 32), "float32")
def meet(start, end):
    for length in range(start, end):
        x, y = np.ones((1, length, 32), "float32"), np.empty((1, length, 32), "float32")
        windows = Windows.of((length,), (3,), (1,), (1,), "same")
        problem = Problem(x.shape, w.shape, y.shape, "float32", windows)
        conv.bind_conv(problem, "y", {"x": x, "w": w}, y)()
        conv.bind_conv(problem, "x", {"y": y, "w": w}, x)()
meet(1, 200)
start = resident()
meet(200, 500)
"""
MODULES = """
from kerasish.compiler.codegen import llvm_entry, llvm_jit
assert llvm_jit.unavailable() is None
image = llvm_jit._object(llvm_entry.runner("run"))
def link(count):
    for _ in range(count):
        assert llvm_jit._link(image, ["run"], "same")["run"]
link(300)
start = resident()
link(1200)
"""

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc/self/status")


@linux
@pytest.mark.parametrize("program", [CONVOLUTIONS, MODULES])
def test_shapes_and_modules_that_are_gone_keep_no_memory(program: str) -> None:
    assert _grown(RESIDENT + program + "print(resident() - start)")[0] < LIMIT_MB / 2


@linux
def test_neither_fits_nor_new_models_grow_the_process() -> None:
    by_fits, by_builds = _grown(PROGRAM)
    assert by_fits < LIMIT_MB
    assert by_builds < LIMIT_MB


def _grown(program: str) -> list[float]:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return list(map(float, done.stdout.split()))
