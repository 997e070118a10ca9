"""Floats of 16 bits: many of them are counted, averaged and ordered as well as wider ones."""

from __future__ import annotations

import numpy as np
import pytest

from kerasish import ops
from kerasish.compiler import function
from kerasish.graph import grad
from tests.tolerances import tolerance

ml_dtypes = pytest.importorskip("ml_dtypes")
DTYPES = {"float16": np.float16, "bfloat16": ml_dtypes.bfloat16}
MANY = 70001  # more than the largest float16, and far more than either counts up to
STATISTICS = {
    "mean": ops.mean,
    "nanmean": ops.nanmean,
    "var": ops.var,
    "nanvar": ops.nanvar,
    "std": ops.std,
    "nanstd": ops.nanstd,
    "average": ops.average,
    "median": ops.median,
    "nanmedian": ops.nanmedian,
    "quantile": lambda x: ops.quantile(x, 0.75),
    "nanpercentile": lambda x: ops.nanpercentile(x, 25.0),
    "max": ops.max,
    "ptp": ops.ptp,
    "moments": lambda x: ops.stack(ops.moments(x, 0)),
}
N = 5000
PLACES = np.zeros(N, "int32")
SUMS = {
    "sum": ops.sum,
    "nansum": ops.nansum,
    "matmul": lambda x: ops.matmul(x, x),
    "einsum": lambda x: ops.einsum("i,i", x, x),
    "cumsum": lambda x: ops.cumsum(x)[-1],
    "segment_sum": lambda x: ops.segment_sum(x, PLACES, num_segments=1),
    "scatter": lambda x: ops.scatter(PLACES[:, None], x, (1,)),
    "bincount": lambda x: ops.bincount(PLACES, weights=x),
    "logsumexp": ops.logsumexp,
    "softmax": lambda x: ops.sum(ops.softmax(x)),
    "norm": ops.norm,
    "layer_normalization": lambda x: ops.layer_normalization(x)[:3],
    "average_pool": lambda x: ops.average_pool(x[None, :, None], N),
    "conv": lambda x: ops.conv(x[None, :, None], x[:, None, None]),
    "weighted average": lambda x: ops.average(x, weights=x),
    "trapezoid": ops.trapezoid,
    "gradient of take": lambda x: grad(lambda t: ops.sum(ops.take(t, PLACES) * x))(x[:1]),
}
HOLES = np.array([1, np.nan, -2, 3, np.nan, 0.5])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", STATISTICS)
def test_statistics_of_many_numbers(name, dtype):
    x = np.arange(MANY) % 7.0
    found = STATISTICS[name](x.astype(DTYPES[dtype]))
    assert found.dtype == dtype
    expected = np.asarray(STATISTICS[name](x), "float64")
    np.testing.assert_allclose(
        found.numpy().astype("float64"), expected, **tolerance("value", dtype)
    )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", SUMS)
def test_sums_of_many_numbers(name, dtype):
    x = np.arange(N) % 8 / 8
    expected = np.asarray(SUMS[name](x), "float64")
    limits = tolerance("value", dtype)
    runs = [SUMS[name], function(SUMS[name])]
    for run in runs[: 1 if name in ("segment_sum", "bincount") else 2]:
        found = run(x.astype(DTYPES[dtype]))
        assert found.dtype == dtype
        np.testing.assert_allclose(found.numpy().astype("float64"), expected, **limits)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_nan_is_the_largest_number_in_every_order(dtype):
    x = HOLES.astype(DTYPES.get(dtype, dtype))
    np.testing.assert_array_equal(ops.sort(x).numpy().astype("f4"), [-2, 0.5, 1, 3, np.nan, np.nan])
    np.testing.assert_array_equal(ops.argsort(x), [2, 5, 0, 3, 1, 4])
    values, positions = ops.top_k(x, 4)
    np.testing.assert_array_equal(values.numpy().astype("f4"), [np.nan, np.nan, 3, 1])
    np.testing.assert_array_equal(positions, [1, 4, 3, 0])
    distinct = ops.unique(x, size=5).numpy().astype("f4")
    np.testing.assert_array_equal(distinct, [-2, 0.5, 1, 3, np.nan])
    assert float(ops.nanmedian(x)) == 0.75
    assert np.isnan(float(ops.median(x)))


def test_the_first_of_equal_elements_comes_first():
    for x in (np.array([2, 5, 5, 1]), np.array([True, False, True]), np.array([1.0, 1.0])):
        values, positions = ops.top_k(x, len(x))
        np.testing.assert_array_equal(positions, np.argsort(-x.astype(int), kind="stable"))
        np.testing.assert_array_equal(values, x[np.asarray(positions)])
