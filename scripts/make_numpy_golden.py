"""Write what Keras gives for tests/ops/numpy_calls.py, and the signatures of all of its ops.

    pip install 'kerasish[conformance]' && KERAS_BACKEND=jax python scripts/make_numpy_golden.py

numpy_ops.npz holds the outputs of each call under "<call>/<number>", with their dtypes under
"dtypes" (bfloat16 is stored as float32). op_signatures.json holds the parameters of all functions.
"""

from __future__ import annotations

import json
import sys
import types
import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
GOLDEN = ROOT / "tests" / "golden"
sys.path.insert(0, str(ROOT))

from tests.ops.numpy_calls import function, keyed, leaves, parameters  # noqa: E402


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


def signatures() -> dict[str, str]:
    """The parameters of every public op."""
    found: dict[str, str] = {}
    for namespace in ("", "numpy", "nn", "linalg", "image"):
        module = getattr(keras.ops, namespace) if namespace else keras.ops
        for name in dir(module):
            func = getattr(module, name)
            if name.startswith("_") or isinstance(func, types.ModuleType):
                continue
            found[f"{namespace}.{name}".lstrip(".")] = parameters(func)
    return found


def main() -> None:
    """Write both files."""
    kept: dict[str, Any] = values()
    np.savez_compressed(GOLDEN / "numpy_ops.npz", **kept)
    rows = [f"{json.dumps(k)}: {json.dumps(v)}" for k, v in sorted(signatures().items())]
    text = "{\n" + ",\n".join(rows) + "\n}\n"
    (GOLDEN / "op_signatures.json").write_text(text, encoding="utf-8")
    for name in ("numpy_ops.npz", "op_signatures.json"):
        sys.stdout.write(f"{name}: {(GOLDEN / name).stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
