"""Sums over rows of a few numbers, which are joined to long rows first."""

from __future__ import annotations

import numpy as np
import pytest

from kerasish.graph.primitives import ROW, sum_
from tests.tolerances import assert_close

RNG = np.random.default_rng(2)


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize(
    ("shape", "axis"),
    [
        ((700, 5), (0,)),
        ((3, 41, 17, 7), (1, 2)),
        ((2, 9, ROW // 2), (1,)),
        ((0, 5), (0,)),
        ((5, 0), (0,)),
        ((64, 3, 3), (0,)),
        ((40, 30, 8), (0, 2)),
    ],
)
def test_sums_of_short_rows(shape, axis, keepdims):
    x = RNG.normal(size=shape)
    expected = x.sum(axis, keepdims=keepdims)
    for given in (x, np.asfortranarray(x)):
        assert_close(
            sum_.kernel(np, given, axis=axis, keepdims=keepdims), expected, dtype="float64"
        )
    out = np.empty_like(expected)
    assert sum_.kernel(np, x, axis=axis, keepdims=keepdims, out=out) is out
    assert_close(out, expected, dtype="float64")


def test_sums_keep_their_dtype():
    x = np.full((3000, 2), 100, np.int8)
    y = sum_.kernel(np, x, axis=(0,), keepdims=False)
    assert y.dtype == np.int8
    assert y.tolist() == x.sum(0, dtype=np.int8).tolist()


def test_errors_of_long_sums_stay_small():
    x = np.full((2**18, 2), 0.1, np.float32)
    y = sum_.kernel(np, x, axis=(0,), keepdims=False)
    np.testing.assert_allclose(y, 2**18 * float(np.float32(0.1)), rtol=1e-5)
