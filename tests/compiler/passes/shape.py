"""The one shape of a pass's test: the rewritten graph, and the value it still has."""

from __future__ import annotations

import functools

import numpy as np

from kerasish.testing import check_pass
from kerasish.testing.passes import names, values

__all__ = ["check", "floats", "names", "values"]

# Random programs are tried by test_random_programs.py.
check = functools.partial(check_pass, programs=0, changes=False)


def floats(*shape: int, dtype: str = "float32") -> np.ndarray:
    """Normal samples, the same every time."""
    return np.random.default_rng(7).normal(size=shape).astype(dtype)
