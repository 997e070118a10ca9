"""Values and dtypes of public functions equal those that Keras gave for the same arguments."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kerasish import ops
from tests.ops.numpy_calls import function, keyed, leaves

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "numpy_ops.npz"
RESULTS = dict(np.load(GOLDEN))
DTYPES = json.loads(bytes(RESULTS.pop("dtypes")))

# jax computes these in single precision too, in another order.
ROUNDING = {
    "float16": {"rtol": 4e-3, "atol": 4e-3},
    "bfloat16": {"rtol": 1.6e-2, "atol": 1.6e-2},
    "float32": {"rtol": 2e-5, "atol": 2e-5},
    "complex64": {"rtol": 2e-5, "atol": 2e-5},
}


@pytest.mark.parametrize("name", keyed())
def test_value(name: str):
    func, args, keywords = keyed()[name]
    actual = leaves(function(ops, func)(*args, **keywords))
    keys = [key for key in RESULTS if key.rpartition("/")[0] == name]
    assert len(actual) == len(keys) > 0
    for i, mine in enumerate(actual):
        key = f"{name}/{i}"
        if DTYPES[key]:
            assert mine.dtype == DTYPES[key]
        compare(mine, RESULTS[key], DTYPES[key])


def compare(mine: Any, theirs: np.ndarray, dtype: str) -> None:
    found = np.asarray(mine)
    found = found.astype("float32") if dtype == "bfloat16" else found
    assert found.shape == theirs.shape
    np.testing.assert_allclose(found, theirs, **ROUNDING.get(dtype, {"rtol": 0, "atol": 0}))
