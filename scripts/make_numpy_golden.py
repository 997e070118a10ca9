"""Write what Keras gives for tests/ops/numpy_calls.py.

    pip install 'kerasish[conformance]' && KERAS_BACKEND=jax python scripts/make_numpy_golden.py

numpy_ops.npz holds the outputs of each call under "<call>/<number>", with their dtypes under
"dtypes" (bfloat16 is stored as float32).
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
GOLDEN = ROOT / "tests" / "golden"
sys.path.insert(0, str(ROOT))

from tests.ops.numpy_calls import function, keyed, leaves  # noqa: E402


def plain(array: Any) -> np.ndarray:
    """An array of a dtype that numpy can write."""
    found = np.asarray(array)
    return found.astype("float32") if found.dtype.name == "bfloat16" else found


def values() -> dict[str, np.ndarray]:
    """The outputs of every call."""
    kept: dict[str, np.ndarray] = {}
    dtypes: dict[str, str] = {}
    for name, (func, args, keywords) in keyed().items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            outputs = leaves(function(keras.ops, func)(*args, **keywords))
        for i, out in enumerate(outputs):
            kept[f"{name}/{i}"] = plain(out)
            dtypes[f"{name}/{i}"] = str(out.dtype) if hasattr(out, "dtype") else ""
    kept["dtypes"] = np.frombuffer(json.dumps(dtypes).encode(), np.uint8)
    return kept


def main() -> None:
    """Write the file."""
    kept: dict[str, Any] = values()
    path = GOLDEN / "numpy_ops.npz"
    np.savez_compressed(path, **kept)
    sys.stdout.write(f"{path.name}: {path.stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
