"""Good files with bytes changed, cut or doubled: every reader answers with a typed error.

One child process per format, since a damaged file may take the HDF5 library itself down.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import kerasish as keras
from kerasish.saving.files import safetensors

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
CASES = 500

CHILD = """
import random, signal, sys, time
from pathlib import Path
from kerasish.errors import KerasishError
from kerasish import saving
from kerasish.saving import legacy_h5, weights_h5
from kerasish.saving.files import archives, safetensors
from kerasish.saving.files.safe_h5 import open_h5

def weights(source):
    with open_h5(source) as root:
        file = weights_h5.WeightsFile(root)
        for path, shapes in file.shapes().items():
            file.read(path, shapes)

def legacy(path):
    with legacy_h5.open_legacy(path) as file:
        file.config(), file.training_config()
        found = file.layers()
        for arrays in [*found.layers.values(), found.top_level, file.optimizer()]:
            for _, array in arrays:
                array.read()

def archive(path):
    found = archives.read_archive(path)
    if found.weights is not None:
        weights(found.weights)

def model(path):
    saving.load_model(path)

READERS = {
    "model.h5": model,
    "model.keras": model,
    "legacy": legacy,
    "archive": archive,
    "weights": weights,
    "safetensors": safetensors.read,
}

def changed(data, rng):
    data = bytearray(data)
    kind = rng.randrange(4)
    if kind == 0:
        for _ in range(rng.choice([1, 1, 2, 8, 64])):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    elif kind == 1:  # most of a file is numbers: aim at what describes them
        for _ in range(rng.choice([1, 2, 4])):
            data[rng.randrange(min(len(data), 4096))] = rng.choice([0, 1, 127, 128, 255])
    elif kind == 2:
        del data[rng.randrange(len(data)):]
    else:
        a, b, n = rng.randrange(len(data)), rng.randrange(len(data)), rng.randrange(1, 200)
        data[a:a + n] = data[b:b + n]
    return bytes(data)

format, source, path, cases = sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4])
good, refused, slowest = Path(source).read_bytes(), 0, 0.0
path.write_bytes(good)
READERS[format](path)
for case in range(cases):
    print(case, flush=True)
    path.write_bytes(changed(good, random.Random(case)))
    signal.alarm(20)
    start = time.perf_counter()
    try:
        READERS[format](path)
    except KerasishError:
        refused += 1
    slowest = max(slowest, time.perf_counter() - start)
    signal.alarm(0)
print("refused", refused, "slowest", slowest)
assert refused > cases // 20, refused
"""


@pytest.mark.parametrize(
    "name", ["legacy", "archive", "weights", "safetensors", "model.h5", "model.keras"]
)
def test_damaged_files_give_typed_errors(tmp_path, name):
    source = {
        "legacy": GOLDEN / "mlp" / "model.h5",
        "archive": GOLDEN / "mlp" / "after.keras",
        "weights": GOLDEN / "rnn" / "before.weights.h5",
    }.get(name, tmp_path / f"good.{name}")
    if name == "safetensors":
        write_safetensors(source)
    elif name.startswith("model"):
        source = tmp_path / name.replace("model", "good")
        write_model(source)
    done = subprocess.run(
        [sys.executable, "-c", CHILD, name, str(source), str(tmp_path / "bad.bin"), str(CASES)],
        capture_output=True,
        text=True,
        timeout=300,
    )
    last = done.stdout.splitlines()[-1:]
    assert done.returncode == 0, f"after {last}: exit {done.returncode}\n{done.stderr[-3000:]}"


def write_model(path):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4), keras.layers.Dropout(0.1)])
    model.compile("adam", "mse")
    model.fit(np.ones((2, 3)), np.ones((2, 4)), verbose=0)
    model.save(path)


def write_safetensors(path):
    arrays = {f"layer_{i}/kernel": np.ones((i, 3), "f4") for i in range(6)}
    safetensors.write(path, arrays, {"format": "kerasish"})


def test_a_sample_of_the_files_that_the_script_makes():
    """Whole loads of every format, within little memory: see scripts/fuzz_damage.py."""
    script = Path(__file__).resolve().parents[2] / "scripts" / "fuzz_damage.py"
    done = subprocess.run(
        [sys.executable, str(script), "--cases", "160"], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
