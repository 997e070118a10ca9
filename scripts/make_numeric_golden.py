"""Write what Keras computes for optimizers, schedules, losses and metrics to `tests/golden/`.

    pip install 'kerasish[conformance]' && KERAS_BACKEND=jax python scripts/make_numeric_golden.py

`optimizer_values.npz` holds, for every case, the variables "a" and "b" after each update and the
state at the end; `schedule_values.npz`, `loss_values.npz` and `metric_values.npz` hold what their
`run_*` functions return. The cases are in `tests/golden/cases.py`, those of whole training runs
(`fit_values.npz`) in `tests/golden/fit_cases.py`; both sides read them.
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


def load(name: str) -> Any:
    """A module of `tests/golden/`."""
    spec = importlib.util.spec_from_file_location(name, OUT / f"{name}.py")
    if spec is None or spec.loader is None:
        sys.exit(f"tests/golden/{name}.py is missing.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def write(kind: str, cases: dict[str, Any], run: Any) -> None:
    """Run all cases of a kind with Keras and write what they give."""
    found: dict[str, np.ndarray] = {}
    for label, case in cases.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            results = run(keras, case)
        found |= {f"{label}/{key}": np.asarray(value) for key, value in results.items()}
    np.savez_compressed(OUT / f"{kind}_values.npz", **found)


def main() -> None:
    """Write all files."""
    values, runs = load("cases"), load("fit_cases")
    for kind, cases in values.CASES.items():
        write(kind, cases, getattr(values, f"run_{kind}"))
    write("fit", {name: make(keras) for name, make in runs.CASES.items()}, runs.run_fit)


if __name__ == "__main__":
    main()
