"""Every tolerance of the test suite, in one place: `relative` and `absolute` by kind and dtype.

A kind is what is compared, and with what:

value            a result against the same computation in float64, or another provider's result
first_gradient   an analytic gradient against central differences in float64, or, in float32,
                 against the float64 gradient
second_gradient  the same for a gradient of a gradient
trajectory       losses and weights of a whole training run against a recorded or parallel one,
                 in which rounding errors grow from step to step
"""

from __future__ import annotations

from typing import Any

import numpy as np

# Central differences of a float64 function with the best step, eps**(1/3), keep about 2/3 of the
# digits (1e-10); their second order keeps half (1e-8). A margin of 100 to 1000 covers conditioning.
_TABLE: dict[str, dict[str, tuple[float, float]]] = {
    "value": {
        "float64": (1e-12, 1e-13),
        "float32": (1e-5, 1e-6),
        "float16": (2e-3, 2e-3),
        "bfloat16": (1.6e-2, 1.6e-2),
    },
    "first_gradient": {
        "float64": (1e-6, 1e-8),
        "float32": (1e-4, 1e-5),
    },
    "second_gradient": {
        "float64": (1e-5, 1e-6),
        "float32": (1e-3, 1e-4),
    },
    "trajectory": {
        "float64": (1e-9, 1e-10),
        "float32": (1e-3, 1e-4),
    },
}


def tolerance(kind: str = "value", dtype: str = "float32") -> dict[str, float]:
    """`rtol` and `atol` as keyword arguments for `np.testing.assert_allclose`."""
    rtol, atol = _TABLE[kind][dtype]
    return {"rtol": rtol, "atol": atol}


def assert_close(actual: Any, expected: Any, kind: str = "value", dtype: str = "float32") -> None:
    """Compare two arrays, NaN equal to NaN, shapes equal and not broadcast."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape, f"shape {actual.shape} != {expected.shape}"
    if actual.dtype.kind == "V" or actual.dtype.name == "bfloat16":
        actual, expected = actual.astype(np.float32), expected.astype(np.float32)
    np.testing.assert_allclose(actual, expected, **tolerance(kind, dtype))
