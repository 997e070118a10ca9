"""Rows summed into rows by a compiled loop, against numpy."""

from __future__ import annotations

import numpy as np
import pytest

import kerasish as keras
from kerasish.compiler.codegen import llvm_jit
from kerasish.graph.op import get
from kerasish.spec import TensorSpec

pytestmark = pytest.mark.skipif(
    llvm_jit.unavailable() is not None, reason=f"LLVM: {llvm_jit.unavailable()}"
)


@pytest.mark.parametrize("strided", [False, True])
@pytest.mark.parametrize("width", [16, 17, 40, 63, 64, 200])
@pytest.mark.parametrize(("rows", "count"), [(1, 5), (7, 1), (40, 60)])
def test_scatter_add(rows: int, width: int, count: int, strided: bool) -> None:
    rng = np.random.default_rng(rows + width)
    ids = rng.integers(-rows, rows, (count,)).astype("int32")
    x = rng.integers(-8, 9, (count, width)).astype("float32")  # whole numbers: sums are exact
    add = get("scatter_add")

    def func(ids, x):
        updates = keras.ops.transpose(x) if strided else x
        return add(ids, updates, shape=(rows, width), axis=0)

    x_given = np.ascontiguousarray(x.T) if strided else x
    compiled = keras.function(func)
    want = np.zeros((rows, width), "float32")
    np.add.at(want, ids, x)
    np.testing.assert_array_equal(np.asarray(compiled(ids, x_given)), want)
    plan = compiled.plan_for(TensorSpec(ids.shape, "int32"), TensorSpec(x_given.shape, "float32"))
    assert plan.steps[-1].provider == "llvm"


def test_more_than_one_thread_gives_the_same_bits() -> None:
    rng = np.random.default_rng(0)
    ids = rng.integers(0, 500, (3000,)).astype("int32")
    x = rng.normal(size=(3000, 200)).astype("float32")
    add = keras.function(lambda i, u: get("scatter_add")(i, u, shape=(500, 200), axis=0))
    want = np.zeros((500, 200), "float32")
    for i, row in zip(ids, x, strict=True):  # in the order of the rows
        want[i] += row
    np.testing.assert_array_equal(np.asarray(add(ids, x)), want)
