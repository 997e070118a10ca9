"""Write a sample of what Keras gives for the generated calls of tests/ops/generated_calls.py.

    pip install 'kerasish[conformance]' && KERAS_BACKEND=jax python scripts/make_generated_golden.py

Names of functions as arguments renew only theirs and keep the rest of the file.

generated.npz: all numbers one after another under "values", and under "index", as JSON, for each
function and number of a call where its outputs and gradients start, their shapes and dtypes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.ops.conformance import (  # noqa: E402
    Outcome,
    difference,
    in_keras,
    in_kerasish,
    jax,
)  # fmt: skip
from tests.ops.generated_all import MAKERS, calls_of  # noqa: E402
from tests.ops.test_generated import explained, golden, restored  # noqa: E402

PER_NAME, LARGEST = 3, 48


class Store:
    """One long vector of numbers."""

    def __init__(self) -> None:
        self.parts: list[np.ndarray] = []
        self.size = 0

    def put(self, array: np.ndarray) -> list[Any]:
        """Where the array is: [start, shape, dtype]."""
        wide = "complex128" if array.dtype.kind == "c" else "float64"
        flat = array.astype(wide).reshape(-1).view("float64")
        self.parts.append(flat)
        self.size += flat.size
        return [self.size - flat.size, list(array.shape), array.dtype.name]


def entry(outcome: Outcome, store: Store) -> dict[str, Any]:
    """An outcome for the index."""
    if outcome.error:
        return {"error": outcome.error.partition(":")[0]}
    kept: dict[str, Any] = {
        "arrays": [store.put(a) for a in outcome.arrays],
        "dtypes": [sorted(names) for names in outcome.dtypes],
    }
    if outcome.grads is not None:
        kept["grads"] = [store.put(np.asarray(g)) for g in outcome.grads]
    return kept


def chosen(name: str) -> dict[str, Outcome]:
    """The first small calls of a function on which Keras and kerasish agree."""
    jax.clear_caches()
    found: dict[str, Outcome] = {}
    for call in calls_of(name):
        theirs = in_keras(call)
        arrays = [*theirs.arrays, *(g for g in theirs.grads or [] if g is not None)]
        exact = all(a.dtype.kind not in "iu" or abs(a).max(initial=0) < 2**52 for a in arrays)
        said = difference(call, in_kerasish(call), theirs)
        if said and not explained(call, said):
            raise SystemExit(f"{call}: {said}")
        if not said and exact and sum(a.size for a in arrays) <= LARGEST:
            found[str(call.number)] = theirs
        if len(found) == PER_NAME:
            break
    return found


def main() -> None:
    """Write the file."""
    wanted = sys.argv[1:] or sorted(MAKERS)
    held = golden()[0] if sys.argv[1:] else {}
    store, index = Store(), {}
    for name in sorted(MAKERS):
        kept = {k: restored(v) for k, v in held.get(name, {}).items()}
        outcomes = chosen(name) if name in wanted else kept
        index[name] = {number: entry(outcome, store) for number, outcome in outcomes.items()}
    path = ROOT / "tests" / "golden" / "generated.npz"
    text = json.dumps(index, separators=(",", ":")).encode()
    values = np.concatenate(store.parts)
    np.savez_compressed(path, values=values, index=np.frombuffer(text, np.uint8))
    count = sum(map(len, index.values()))
    print(f"{count} calls of {len(index)} functions, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
