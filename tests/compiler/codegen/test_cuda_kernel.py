"""CUDA kernels, run on the CPU by cuda_shim: every kind of nest, dtypes, draws, determinism."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from kerasish import ops, registry
from kerasish.backend.base import current
from kerasish.compiler import Plan
from kerasish.compiler.codegen import cuda_jit, cuda_kernel, cuda_ops
from kerasish.compiler.passes import optimize
from kerasish.graph import case, trace
from kerasish.graph.op import get
from kerasish.ops.declare import elementwise
from kerasish.ops.random.distributions import random_dropout
from kerasish.spec import TensorSpec, np_dtype
from tests.backend import fake_device
from tests.compiler.codegen import cuda_shim
from tests.tolerances import assert_close

pytestmark = pytest.mark.skipif(bool(cuda_shim.unavailable()), reason="needs g++")


@pytest.fixture(autouse=True)
def on_device() -> Iterator[None]:
    with fake_device.device():
        yield


def planned(func: Any, *arrays: np.ndarray) -> Plan:
    graph, _ = trace(func, [TensorSpec(a.shape, a.dtype.name) for a in arrays])
    plan = Plan(optimize(graph, current()))
    for buffer, array in zip(plan.inputs, arrays, strict=True):
        buffer[...] = current().asarray(array, array.dtype.name)
    return plan


def run(func: Any, *arrays: np.ndarray) -> list[np.ndarray]:
    """The results of a function whose plan is one CUDA region."""
    plan = planned(func, *arrays)
    assert [s.provider for s in plan.steps] == ["cuda"]
    plan.run()
    return [current().to_numpy(a) for a in plan.outputs]


def normal(*shape: int, dtype: str = "float32") -> np.ndarray:
    return np.random.default_rng(3).normal(size=shape).astype(np_dtype(dtype))


@pytest.mark.parametrize("rows", [1, 3, 300])
@pytest.mark.parametrize("size", [1, 2, 5, 31, 33, 64, 100, 1000, 4097])
def test_rows_of_every_length(rows: int, size: int) -> None:
    x = normal(rows, size)
    (y,) = run(lambda t: ops.sum(t * t, axis=1), x)
    np.testing.assert_allclose(y, np.sum(x.astype("float64") ** 2, axis=1), rtol=2e-6)


@pytest.mark.parametrize("inner", [1, 3, 32, 50, 65])
@pytest.mark.parametrize("outer", [2, 40, 3000])
def test_columns_of_every_length(outer: int, inner: int) -> None:
    x = normal(2, outer, inner)
    y, z = run(lambda t: (ops.sum(t + 1, axis=1), ops.max(t + 1, axis=1)), x)
    np.testing.assert_allclose(y, np.sum(x.astype("float64") + 1, axis=1), rtol=1e-5, atol=1e-4)
    np.testing.assert_array_equal(z, np.max(x + 1, axis=1))


def test_a_long_reduction_is_shared_among_blocks() -> None:
    x = normal(300, 1000)
    plan = planned(lambda t: (ops.mean(t), ops.max(t) - ops.min(t)), x)
    plan.run()
    mean, spread = (current().to_numpy(a) for a in plan.outputs)
    np.testing.assert_allclose(mean, x.mean(dtype="float64"), rtol=1e-5, atol=1e-8)
    np.testing.assert_array_equal(spread, x.max() - x.min())


def test_runs_are_bit_equal() -> None:
    x = normal(3000, 7)
    first, second = (run(lambda t: ops.sum(ops.tanh(t), axis=0), x)[0] for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_random_bits_are_those_of_the_reference() -> None:
    key = np.array([9, 2**31 + 5], "uint32")
    (bits,) = run(lambda k: get("random_bits")(k, shape=(7, 33)), key)
    np.testing.assert_array_equal(bits, get("random_bits").kernel(np, key, shape=(7, 33)))


def test_a_dropped_value_is_where_the_reference_has_it() -> None:
    key, x = np.array([4, 4], "uint32"), normal(20, 30)
    (y,) = run(lambda k, t: random_dropout(k, ops.transpose(t) * 2.0, rate=0.5), key, x)
    bits = get("random_bits").kernel(np, key, shape=(30, 20))
    np.testing.assert_array_equal(y == 0, bits < 2**31)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_is_computed_in_float32(dtype: str) -> None:
    pytest.importorskip("ml_dtypes")
    x = normal(40, 33, dtype=dtype)
    y, s = run(lambda t: (ops.exp(t) * 0.5 + t, ops.sum(t, axis=1)), x)
    wide = x.astype("float64")
    assert y.dtype == x.dtype == s.dtype
    assert_close(y.astype("float32"), (np.exp(wide) * 0.5 + wide).astype("float32"), "value", dtype)
    assert_close(s.astype("float32"), wide.sum(1).astype("float32"), "value", dtype)


def test_half_precision_rounds_to_the_nearest_even() -> None:
    x = np.concatenate([normal(5000) * 100, np.array([np.inf, -np.inf, np.nan, 1e30, 3e38, 0.0])])
    x = x.astype("float32")
    ml_dtypes = pytest.importorskip("ml_dtypes")
    (y,) = run(lambda t: ops.cast(t, "bfloat16"), x)
    np.testing.assert_array_equal(
        y.astype("float32"), x.astype(ml_dtypes.bfloat16).astype("float32")
    )
    (z,) = run(lambda t: ops.cast(t, "float16"), x)
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(z, x.astype("float16"))


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "int32", "uint32", "int64", "uint64"])
def test_integers_wrap_and_compare(dtype: str) -> None:
    info = np.iinfo(dtype)
    x = np.array([info.min, info.max, 0, 1, 7, info.max - 3], dtype)
    y = np.array([1, 1, 3, info.max, 7, info.min], dtype)

    def both(a: Any, b: Any) -> Any:
        return a + b, a * b - a, ops.maximum(a, b), ops.bitwise_xor(a, b), a < b, ops.max(a)

    plan = planned(both, x, y)
    plan.run()
    with np.errstate(over="ignore"):
        want = [x + y, x * y - x, np.maximum(x, y), x ^ y, x < y, x.max()]
    for got, exact in zip(plan.outputs, want, strict=True):
        np.testing.assert_array_equal(current().to_numpy(got), exact)


def test_nan_wins_and_infinities_pass() -> None:
    x = np.array([[1, np.nan, np.inf], [-np.inf, 2, 3]], "float32")
    high, low, finite = run(
        lambda t: (ops.max(t, axis=1), ops.min(t, axis=1), ops.isfinite(t + float("-inf"))), x
    )
    np.testing.assert_array_equal(high, [np.nan, 3])
    np.testing.assert_array_equal(low, [np.nan, -np.inf])
    assert not finite.any()


def test_minus_zero_keeps_its_sign() -> None:
    """It stands in the source by its bits: NVRTC lost the sign of a hexadecimal -0."""
    assert cuda_ops.literal(-0.0, "float32") == "((float)MINUS_ZERO)"
    assert "0x0.0p+0" in cuda_ops.literal(0.0, "float64")
    (quotient,) = run(lambda t: t / -0.0, np.array([6, -6], "float32"))
    np.testing.assert_array_equal(quotient, [-np.inf, np.inf])


def test_one_module_serves_regions_of_equal_structure() -> None:
    held = len(cuda_jit._kernels)
    x, y = normal(6, 5), normal(40)
    plan = planned(lambda a, b: (ops.sinh(a * 1.25) + 7.5, ops.sinh(b * 1.25) + 7.5), x, y)
    assert len(plan.steps) == 2
    assert len(cuda_jit._kernels) == held + 1


def test_a_user_op_joins_by_its_lowering() -> None:
    made = elementwise(
        "shifted_relu",
        lambda xp, x, out=None: xp.maximum(xp.add(x, 1, out=out), 0, out=out),
        None,
        arity=1,
        cases=(case((3,)),),
    )
    made.lowering("cuda")(lambda x: f"({x} > -1 ? {x} + 1 : 0)")
    try:
        x = normal(50)
        (y,) = run(lambda t: made(t * 2.0) - 0.5, x)
        np.testing.assert_allclose(y, np.maximum(x * 2 + 1, 0) - 0.5, rtol=1e-6)
    finally:
        registry._entries["op"].pop("shifted_relu")


def test_wide_indices_where_an_array_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda_kernel, "LIMIT_32", 64)
    x = normal(33, 40)
    y, s = run(lambda t: (ops.exp(t), ops.sum(t, axis=1)), x)
    np.testing.assert_allclose(y, np.exp(x), rtol=1e-6)
    np.testing.assert_allclose(s, x.sum(1), rtol=1e-5, atol=1e-6)
