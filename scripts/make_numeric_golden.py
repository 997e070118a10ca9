"""Write what Keras computes for optimizers, schedules, losses and metrics to `tests/golden/`.

    pip install 'kerasish[conformance]' && KERAS_BACKEND=jax python scripts/make_numeric_golden.py

`optimizer_values.npz` holds, for every case, the variables "a" and "b" after each update and the
state at the end; `schedule_values.npz`, `loss_values.npz` and `metric_values.npz` hold what their
`run_*` functions return. The cases are in `tests/golden/cases.py`, which both sides read.
"""

from __future__ import annotations

import importlib.util
import sys
import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np

OUT = Path(__file__).resolve().parents[1] / "tests" / "golden"


def load_cases() -> Any:
    """The module `tests/golden/cases.py`."""
    spec = importlib.util.spec_from_file_location("cases", OUT / "cases.py")
    if spec is None or spec.loader is None:
        sys.exit("tests/golden/cases.py is missing.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> None:
    """Run every case with Keras and write the four files."""
    cases = load_cases()
    for name in ("optimizer", "schedule", "loss", "metric"):
        found: dict[str, np.ndarray] = {}
        for label, case in cases.CASES[name].items():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                results = getattr(cases, f"run_{name}")(keras, case)
            found |= {f"{label}/{key}": np.asarray(value) for key, value in results.items()}
        np.savez_compressed(OUT / f"{name}_values.npz", **found)


if __name__ == "__main__":
    main()
