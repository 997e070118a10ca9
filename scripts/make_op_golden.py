"""Write what Keras itself gives for the calls of tests/ops/keras_calls.py and keras_objects.py.

    pip install 'kerasish[conformance]' && KERAS_BACKEND=jax python scripts/make_op_golden.py

tests/golden/nn_ops.npz: for each call its outputs, and the gradients of sum(outputs * weights) for
its float inputs. tests/golden/weight_objects.npz: for each object its config and results.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import jax
import keras
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.keras_objects import ALL, key  # noqa: E402
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


def as_tensor(x: Any) -> Any:
    """Arrays as Keras's tensors, the rest as it is."""
    return keras.ops.convert_to_tensor(x) if isinstance(x, np.ndarray) else x


def described() -> dict[str, np.ndarray]:
    """Configs and results of initializers, regularizers and constraints."""
    found = {}
    for name, kwargs, calls in ALL:
        space, cls = name.split(".")
        made = getattr(getattr(keras, space), cls)(**kwargs)
        label = key(name, kwargs)
        found[f"{label}/config"] = np.array(json.dumps(made.get_config(), sort_keys=True))
        for i, args in enumerate(calls):
            found[f"{label}/{i}"] = np.asarray(made(*map(as_tensor, args)))
    return found


def write(name: str, arrays: dict[str, np.ndarray]) -> None:
    """One file of golden arrays."""
    path = ROOT / "tests" / "golden" / name
    np.savez_compressed(path, **arrays)
    sys.stdout.write(f"{name}: {len(arrays)} arrays, {path.stat().st_size} bytes\n")


def main() -> None:
    """Write both files."""
    jax.config.update("jax_default_matmul_precision", "highest")
    write("weight_objects.npz", described())
    write(
        "nn_ops.npz",
        {f"{k}/{part}": v for k, call in CALLS.items() for part, v in results(call).items()},
    )


if __name__ == "__main__":
    main()
