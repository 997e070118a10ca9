"""Our CUDA kernels, run by g++ behind the shim, equal the reference kernels."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

import kerasish as keras
from kerasish.compiler import function
from kerasish.graph.op import get
from kerasish.testing.samples import sample_inputs
from tests.backend.fake_device import device
from tests.compiler.codegen import cuda_shim
from tests.tolerances import assert_close

pytestmark = pytest.mark.skipif(
    cuda_shim.unavailable() is not None, reason=f"{cuda_shim.unavailable()}"
)
OPS = ("max_pool", "max_pool_scatter", "avg_pool", "avg_pool_grad", "scatter_add")


def on_device(op, arrays, attrs):
    with device():
        tensors = [keras.ops.convert_to_tensor(a) for a in arrays]
        run = function(lambda *xs: op(*xs, **attrs))
        found = run(*tensors)
        plan = run.plan_for(*(t.spec for t in tensors))
        assert [step.provider for step in plan.steps if step.node.op is op] == ["cuda"]
        return [t.numpy() for t in keras.tree.flatten(found)]


def compare(op, arrays, attrs, dtype):
    want = op.kernel(np, *arrays, **attrs)
    want = want if isinstance(want, tuple) else (want,)
    for a, b in zip(on_device(op, arrays, attrs), want, strict=True):
        assert a.dtype == b.dtype
        assert_close(a, b, dtype=dtype)


@pytest.mark.parametrize("name", OPS)
@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
def test_every_case(name, dtype):
    op = get(name)
    for case in op.cases:
        arrays = sample_inputs(case, op.domain, "float64" if dtype == "float64" else "float32")
        if dtype == "bfloat16":
            half = ml_dtypes.bfloat16
            arrays = [a.astype(half) if a.dtype.kind == "f" else a for a in arrays]
        compare(op, arrays, case.attrs, dtype)


def test_ties_nan_and_infinities_go_where_they_go_in_the_reference():
    x = np.zeros((1, 6, 8, 1), "float32")
    x[0, 0, :4, 0] = [np.nan, 1, 2, np.nan]
    x[0, 2:4, :2] = -np.inf
    x[0, 4:, 6:] = np.inf
    for padding in ("valid", "same", ((1, 0), (0, 1))):
        attrs = {"window": (2, 2), "strides": (2, 2), "padding": padding}
        compare(get("max_pool"), [x], attrs, "float32")
        compare(get("avg_pool"), [x[:, :2, 1:3]], attrs, "float32")


def test_only_positions_may_be_wanted():
    x = np.random.default_rng(0).normal(size=(2, 6, 6, 3)).astype("float32")
    attrs = {"window": (2, 2), "strides": (2, 2), "padding": "valid"}
    with device():
        run = function(lambda v: get("max_pool")(v, **attrs)[1])
        found = run(keras.ops.convert_to_tensor(x)).numpy()
    np.testing.assert_array_equal(found, get("max_pool").kernel(np, x, **attrs)[1])


def test_equal_positions_are_added_in_the_order_given():
    rng = np.random.default_rng(0)
    at = rng.integers(-5, 5, 300).astype("int32")
    rows = (rng.normal(size=(300, 7)) * 10.0 ** rng.integers(-6, 6, (300, 1))).astype("float32")
    want = np.zeros((5, 7), "float32")
    np.add.at(want, at, rows)
    (found,) = on_device(get("scatter_add"), [at, rows], {"shape": (5, 7), "axis": 0})
    np.testing.assert_array_equal(found, want)
    (half,) = on_device(get("scatter_add"), [at, rows[:1]], {"shape": (5, 7), "axis": 0})
    assert_close(half, np.bincount(at % 5, minlength=5)[:, None] * rows[:1])


def test_positions_out_of_range_are_left_out():
    at = np.array([0, 7, -9, 1], "int32")
    with device():
        run = function(lambda i, u: get("scatter_add")(i, u, shape=(3,), axis=0))
        found = run(*map(keras.ops.convert_to_tensor, (at, np.ones(4, "float32"))))
        np.testing.assert_array_equal(found.numpy(), [1, 1, 0])
