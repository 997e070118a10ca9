"""The compiled max pooling against the reference: equal to the bit, NaN and infinities included."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kerasish import ops
from kerasish.compiler import function
from kerasish.compiler.codegen import llvm_jit
from kerasish.compiler.kernels import pool
from kerasish.compiler.providers import find
from kerasish.graph import convert_to_tensor, grad
from kerasish.graph.node import make_node, placeholder
from kerasish.graph.op import get
from kerasish.spec import TensorSpec, np_dtype

pytestmark = pytest.mark.skipif(
    llvm_jit.unavailable() is not None, reason=f"LLVM: {llvm_jit.unavailable()}"
)
RNG = np.random.default_rng(0)
OP = get("max_pool")
CASES = {
    "2x2": ((3, 8, 6, 32), (2, 2), (2, 2)),
    "channels behind the last vector": ((3, 9, 7, 21), (2, 2), (2, 2)),
    "few channels": ((2, 9, 9, 3), (3, 3), (2, 2)),
    "windows that overlap": ((2, 7, 8, 16), (3, 2), (1, 2)),
    "windows apart": ((2, 11, 9, 16), (2, 2), (3, 4)),
    "a sequence": ((3, 13, 20), (4,), (3,)),
}


def node(x: np.ndarray, window: Any, strides: Any, padding: Any = "valid") -> Any:
    spec = TensorSpec(x.shape, x.dtype.name)
    attrs = {"window": window, "strides": strides, "padding": padding}
    return make_node(OP, (placeholder(spec),), attrs)


def outputs(made: Any) -> list[np.ndarray]:
    return [np.full(s.shape, 7, np_dtype(s.dtype)) for s in made.spec]


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("unread", [None, 0, 1])
def test_is_the_reference(name: str, dtype: str, unread: int | None) -> None:
    shape, window, strides = CASES[name]
    x = RNG.integers(-4, 5, shape).astype(np_dtype(dtype))  # with many equal ones
    x[RNG.random(shape) < 0.03] = np.nan
    x[RNG.random(shape) < 0.2] = -np.inf
    x[RNG.random(shape) < 0.03] = np.inf
    made = node(x, window, strides)
    found = find(made, "numpy")
    assert found is not None
    assert found.bind is pool._max_pool
    arrays: list[Any] = outputs(made)
    if unread is not None:
        arrays[unread] = None
    found.bind(made, [x], arrays)()
    with np.errstate(invalid="ignore"):
        expected = OP.kernel(np, x, **made.attrs)
    for array, want in zip(arrays, expected, strict=True):
        if array is not None:
            np.testing.assert_array_equal(array.astype("f4"), want.astype("f4"))


def test_inputs_of_any_strides_and_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llvm_jit, "PARALLEL_COST", 0)
    x = RNG.normal(size=(24, 6, 8, 5)).astype("float32").transpose(3, 1, 2, 0)
    made = node(x, (2, 2), (2, 2))
    want = OP.kernel(np, x, **made.attrs)
    for threads in (1, 2):
        monkeypatch.setattr(llvm_jit, "threads", lambda n=threads: n)
        found = outputs(made)
        pool._max_pool(made, [x], found)()
        for a, b in zip(found, want, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("shape", "dtype", "window", "padding"),
    [
        ((2, 5, 5, 4), "float32", (2, 2), "same"),
        ((2, 4, 4, 4, 3), "float32", (2, 2, 2), "valid"),
        ((2, 9, 9, 4), "float32", (5, 5), "valid"),
        ((2, 4, 4, 4), "float64", (2, 2), "valid"),
        ((2, 4, 4, 4), "int32", (2, 2), "valid"),
    ],
)
def test_what_it_leaves_to_others(shape: Any, dtype: str, window: Any, padding: str) -> None:
    made = node(np.zeros(shape, dtype), window, window, padding)
    found = find(made, "numpy")
    assert found is None or found.bind is not pool._max_pool


def test_plans_use_it_and_gradients_go_where_the_largest_stand() -> None:
    x = RNG.permutation(2 * 6 * 6 * 16).reshape(2, 6, 6, 16).astype("float32")
    made = function(lambda t: ops.max_pool(t, 2) * 1)
    plan = made.plan_for(TensorSpec(x.shape, "float32"))
    assert "llvm" in {s.provider for s in plan.steps if s.node.op.name == "max_pool"}
    np.testing.assert_array_equal(
        made(convert_to_tensor(x)), x.reshape(2, 3, 2, 3, 2, 16).max((2, 4))
    )
    step = function(grad(lambda t: ops.sum(ops.max_pool(t, 2))))
    plan = step.plan_for(TensorSpec(x.shape, "float32"))
    assert "llvm" in {s.provider for s in plan.steps if s.node.op.name == "max_pool"}
    largest = x.reshape(2, 3, 2, 3, 2, 16).max((2, 4)).repeat(2, 1).repeat(2, 2)
    np.testing.assert_array_equal(step(convert_to_tensor(x)), (x == largest).astype("float32"))
