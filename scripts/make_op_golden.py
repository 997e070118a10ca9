"""Write tests/golden/nn_ops.npz: what Keras itself gives for the calls of tests/ops/keras_calls.py.

    pip install 'kerasish[conformance]' && KERAS_BACKEND=jax python scripts/make_op_golden.py

For each call: its outputs, and the gradients of sum(outputs * weights) for its float inputs.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import jax
import keras
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.ops.keras_calls import CALLS, Call, weights  # noqa: E402


def results(call: Call) -> dict[str, np.ndarray]:
    """Outputs and gradients of one call."""
    arrays = call.arrays()
    func = getattr(keras.ops, call.func.split(".")[1])
    chosen = call.differentiable()

    def outputs(*given: Any) -> list[Any]:
        filled = list(arrays)
        for i, array in zip(chosen, given, strict=True):
            filled[i] = array
        return jax.tree.leaves(func(*filled, **call.kwargs))

    def total(*given: Any) -> Any:
        return sum((y * weights(y.shape)).sum() for y in outputs(*given) if y.dtype.kind == "f")

    given = [jax.numpy.asarray(arrays[i]) for i in chosen]
    found = {f"out{i}": np.asarray(y) for i, y in enumerate(outputs(*given))}
    if chosen:
        grads = jax.grad(total, argnums=tuple(range(len(chosen))))(*given)
        found |= {f"grad{i}": np.asarray(g) for i, g in zip(chosen, grads, strict=True)}
    return found


def main() -> None:
    """Write the file."""
    jax.config.update("jax_default_matmul_precision", "highest")
    kept = {f"{key}/{k}": v for key, call in CALLS.items() for k, v in results(call).items()}
    path = ROOT / "tests" / "golden" / "nn_ops.npz"
    np.savez_compressed(path, **kept)
    sys.stdout.write(f"{path.name}: {len(CALLS)} calls, {path.stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
