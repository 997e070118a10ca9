"""bfloat16 and float16 in LLVM regions: bit for bit what numpy's arithmetic gives op by op."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import kerasish
from kerasish import ops
from kerasish.backend.base import current
from kerasish.compiler import Plan
from kerasish.compiler.codegen import llvm_jit
from kerasish.compiler.passes import optimize
from kerasish.graph import trace
from kerasish.graph.interpret import run_graph
from kerasish.graph.op import get
from kerasish.graph.tensor import wrap
from kerasish.spec import TensorSpec, np_dtype
from tests.compiler.codegen.test_llvm_math import compiled

pytest.importorskip("ml_dtypes")
pytestmark = pytest.mark.skipif(
    llvm_jit.unavailable() is not None, reason=str(llvm_jit.unavailable())
)
RNG = np.random.default_rng(5)
HALVES = ("bfloat16", "float16")


def every(dtype: str) -> np.ndarray:
    """All 65536 numbers of a dtype, in random order."""
    return RNG.permutation(np.arange(2**16, dtype=np.uint16)).view(np_dtype(dtype))


def normal(dtype: str, *shape: int) -> np.ndarray:
    """Normal samples."""
    return RNG.normal(size=shape).astype(np_dtype(dtype))


def assert_same(got: np.ndarray, want: np.ndarray) -> None:
    """Equal bits, or NaN both."""
    assert got.dtype == want.dtype
    with np.errstate(invalid="ignore"):
        nan = np.isnan(got.astype(np.float64)) & np.isnan(want.astype(np.float64))
    size = f"u{got.dtype.itemsize}"
    np.testing.assert_array_equal(got.view(size)[~nan], want.view(size)[~nan])


def kernel(name: str, *arrays: np.ndarray) -> np.ndarray:
    """The reference."""
    with np.errstate(all="ignore"):
        return get(name).kernel(np, *arrays)


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize(
    "name",
    ["negative", "absolute", "sqrt", "square", "floor", "ceil", "trunc", "round_half_even",
     "reciprocal", "rsqrt", "isnan", "isinf", "isfinite"],
)  # fmt: skip
def test_unary(name: str, dtype: str) -> None:
    x = every(dtype)
    assert_same(compiled(name, x), kernel(name, x))


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize(
    "name",
    ["add", "subtract", "multiply", "divide", "maximum", "minimum", "equal", "less",
     "greater_equal", "not_equal"],
)  # fmt: skip
def test_binary(name: str, dtype: str) -> None:
    for a, b in ((every(dtype), every(dtype)), (normal(dtype, 9999), normal(dtype, 9999))):
        assert_same(compiled(name, a, b), kernel(name, a, b))


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("name", ["exp", "log", "tanh", "sigmoid", "sin", "erf", "rsqrt", "log1p"])
def test_functions_round_what_float32_gives(name: str, dtype: str) -> None:
    x = every(dtype)
    with np.errstate(all="ignore"):
        want = compiled(name, x.astype(np.float32)).astype(x.dtype)
    assert_same(compiled(name, x), want)


@pytest.mark.parametrize("dtype", HALVES)
def test_casts(dtype: str) -> None:
    """To half precision: every exponent, ties, denormals and what overflows; and back."""
    heads = np.arange(2**16, dtype=np.uint32) << 16
    tails = np.array([0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF, 0x1000, 0x0FFF, 0x1001], np.uint32)
    wide = (heads[:, None] | tails).ravel().view(np.float32)
    with np.errstate(all="ignore"):
        want = wide.astype(np_dtype(dtype))
    assert_same(run(lambda x: ops.cast(x, dtype), wide)[0], want)
    x = every(dtype)
    for target in ("float32", "float64", "bool"):
        with np.errstate(invalid="ignore"):
            want = x.astype(target)
        assert_same(run(lambda t, to=target: ops.cast(t, to), x)[0], want)
    whole = RNG.integers(-(2**31), 2**31 - 1, 9999, np.int64).astype(np.int32)
    with np.errstate(over="ignore"):
        want = whole.astype(np_dtype(dtype))
    assert_same(run(lambda t: ops.cast(t, dtype), whole)[0], want)


def run(func: Callable[..., Any], *arrays: np.ndarray) -> list[np.ndarray]:
    """The results of a plan, all of whose steps are LLVM's."""
    specs = [TensorSpec(a.shape, a.dtype.name) for a in arrays]
    plan = Plan(optimize(trace(func, specs)[0], current()))
    assert {s.provider for s in plan.steps} == {"llvm"}
    for buffer, array in zip(plan.inputs, arrays, strict=True):
        buffer[...] = array
    plan.run()
    return [a.copy() for a in plan.outputs]


def op_by_op(func: Callable[..., Any], *arrays: np.ndarray) -> list[np.ndarray]:
    """The same by reference kernels."""
    graph, _ = trace(func, [TensorSpec(a.shape, a.dtype.name) for a in arrays])
    return [t.numpy() for t in run_graph(graph, [wrap(a) for a in arrays])]


CHAINS: dict[str, Callable[..., Any]] = {
    "arithmetic": lambda x, b: ops.maximum(x * b + x, 0) / (ops.abs(b) + 1),
    "mixed": lambda x, b: ops.cast(ops.cast(x, "float32") * 0.3 + ops.cast(b, "float32"), x.dtype),
    "selected": lambda x, b: (ops.where(x > b, x, b * 0.1), x > b),
    "strided": lambda x, b: ops.transpose(x) * 3 + ops.transpose(x),
    "row maxima": lambda x, b: x - ops.max(x, axis=-1, keepdims=True),
}


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("name", CHAINS)
def test_chains_round_after_every_op(name: str, dtype: str) -> None:
    x, b = normal(dtype, 70, 37), normal(dtype, 70, 37)
    for got, want in zip(run(CHAINS[name], x, b), op_by_op(CHAINS[name], x, b), strict=True):
        assert_same(got, want)


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("axis", [0, 1, (0, 1)])
def test_sums_accumulate_in_float32(axis: Any, dtype: str) -> None:
    """Whole numbers add up exactly in float32, so that every order gives one sum."""
    x = RNG.integers(-3, 4, (3000, 50)).astype(np_dtype(dtype))

    def total(t: Any) -> Any:
        return ops.sum(t, axis=axis)

    want = np.sum(x.astype(np.float32), axis=axis).astype(x.dtype)
    assert_same(run(total, x)[0], np.asarray(want))
    assert_same(op_by_op(total, x)[0], np.asarray(want))


@pytest.mark.parametrize("dtype", HALVES)
def test_a_mean_beyond_the_range_of_sums(dtype: str) -> None:
    x = np.full((300, 40), 1000, np_dtype(dtype))
    for got in (run(lambda t: ops.mean(t), x)[0], op_by_op(lambda t: ops.mean(t), x)[0]):
        assert float(got) == 1000


@pytest.mark.parametrize("dtype", HALVES)
def test_products_accumulate_in_float32(dtype: str) -> None:
    x = np.full((500,), 1.0078125, np_dtype(dtype))
    want = np.prod(x.astype(np.float64))
    assert abs(float(ops.prod(x)) / want - 1) < 0.01


def test_a_mixed_training_step_has_no_loose_elementwise_steps() -> None:
    held = kerasish.mixed_precision.global_policy()
    kerasish.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        model = kerasish.Sequential(
            [
                kerasish.layers.Input((64,)),
                kerasish.layers.Dense(96, activation="relu"),
                kerasish.layers.LayerNormalization(),
                kerasish.layers.Dense(10),
            ]
        )
    finally:
        kerasish.mixed_precision.set_global_policy(held)
    model.compile("adam", kerasish.losses.SparseCategoricalCrossentropy(from_logits=True))
    specs = TensorSpec((32, 64), "float32"), TensorSpec((32,), "int32")
    step = kerasish.function(lambda *batch: model.train_step(batch))
    loose = [
        str(s.node.spec)
        for s in step.plan_for(*specs).steps
        if s.node.op.elementwise and s.node.spec.size > 256
    ]
    assert loose == []
