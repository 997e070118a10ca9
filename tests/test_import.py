"""`import kerasish` must stay cheap: numpy and the standard library only."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

HEAVY = (
    "h5py", "yaml", "llvmlite", "cupy", "ml_dtypes", "scipy", "pandas", "polars", "PIL", "pyarrow",
    "soundfile", "matplotlib", "sklearn", "tensorboard", "keras", "jax", "torch",
)  # fmt: skip

SCRIPT = """
import json, sys
import kerasish
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def test_import_loads_numpy_only():
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        cwd=Path(__file__).resolve().parents[1],
    )
    loaded = set(json.loads(done.stdout))
    assert "kerasish" in loaded
    assert loaded & set(HEAVY) == set()


def test_what_ops_need_of_higher_floors_is_found_by_them_alone():
    code = (
        "import numpy as np, kerasish.ops as ops\n"
        "print(ops.image.elastic_transform(np.ones((4, 4, 1), 'float32')).shape)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("(4, 4, 1)\n", "")


FIT = """
import json, sys
import numpy as np
import kerasish as keras
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
model.fit(np.ones((4, 2)), np.ones((4, 1)), verbose=0)
print(json.dumps([name for name in sys.modules if name.startswith("kerasish.data.")]))
"""


def test_training_on_arrays_loads_nothing_of_datasets():
    done = subprocess.run(
        [sys.executable, "-c", FIT], check=True, capture_output=True, text=True, timeout=120
    )
    loaded = set(json.loads(done.stdout))
    assert "kerasish.data.adapters" in loaded
    assert loaded & {f"kerasish.data.{name}" for name in ("dataset", "nodes", "arrow")} == set()
