"""Sample inputs of ops: the arrays that a `Case` describes."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish.errors import ArgumentError
from kerasish.graph.op import Case

DOMAIN = (-2.0, 2.0)


def sample_inputs(
    case: Case, domain: tuple[float, float] = DOMAIN, dtype: str = "float64", seed: int = 0
) -> tuple[np.ndarray, ...]:
    """The input arrays of a case.

    Args:
        case: shapes, arrays, or objects with `draw(rng)`.
        domain: where floats are drawn from, unless the case says so itself.
        dtype: of the floats drawn for shapes, and of given real or complex floating arrays.
        seed: of the draws.
    """
    if not isinstance(case, Case):
        raise ArgumentError(
            "cases",
            expected="calls made by case(*inputs, **attrs), such as case((3, 4), axis=0)",
            received=repr(case),
        )
    rng = np.random.default_rng(seed)
    low, high = case.domain or domain
    arrays = []
    for item in case.inputs:
        if hasattr(item, "draw"):
            arrays.append(_in_precision(item.draw(rng), dtype))
        elif isinstance(item, tuple) and all(isinstance(d, int) for d in item):
            arrays.append(rng.uniform(low, high, item).astype(dtype))
        else:
            arrays.append(_in_precision(np.asarray(item), dtype))
    return tuple(arrays)


def _in_precision(array: np.ndarray, dtype: str) -> np.ndarray:
    """Floating arrays in the precision of `dtype`; others as they are."""
    if array.dtype.kind == "f":
        return array.astype(dtype)
    if array.dtype.kind == "c":
        return array.astype("complex128" if dtype == "float64" else "complex64")
    return array


def described(case: Any) -> str:
    """A case as text, for messages and test names."""
    if not isinstance(case, Case):
        return repr(case)  # which `sample_inputs` refuses
    inputs = [str(getattr(i, "shape", i)).replace(" ", "") for i in case.inputs]
    attrs = [f"{k}={v}".replace(" ", "") for k, v in case.attrs.items()]
    return ",".join(inputs + attrs)
