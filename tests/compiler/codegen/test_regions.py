"""Every renderer of regions against op-by-op execution, over maps and all kinds of reductions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from kerasish import ops
from kerasish.backend.base import current
from kerasish.compiler import Plan
from kerasish.compiler.codegen import llvm_jit
from kerasish.compiler.passes import optimize
from kerasish.config import disable_provider, enable_provider
from kerasish.graph import trace
from kerasish.graph.interpret import run_graph
from kerasish.graph.tensor import wrap
from kerasish.graph.verify import verify
from kerasish.spec import TensorSpec
from tests.backend import fake_device
from tests.compiler.codegen import cuda_shim
from tests.tolerances import assert_close

RNG = np.random.default_rng(7)


def floats(*shape: int, dtype: str = "float32") -> np.ndarray:
    """Normal samples."""
    return RNG.normal(size=shape).astype(dtype)


def softmax(x: Any) -> Any:
    """exp(x - max) / sum."""
    e = ops.exp(x - ops.max(x, axis=-1, keepdims=True))
    return e / ops.sum(e, axis=-1, keepdims=True)


def layer_norm(x: Any, gamma: Any, beta: Any) -> Any:
    """Two reductions, one behind the other, then a map."""
    d = x - ops.mean(x, axis=-1, keepdims=True)
    variance = ops.mean(d * d, axis=-1, keepdims=True)
    return d * ops.rsqrt(variance + 1e-6) * gamma + beta


def masked_bias(g: Any, y: Any) -> Any:
    """A masked gradient and its column sum, from one loop."""
    masked = ops.where(y > 0, g, 0.0)
    return masked, ops.sum(masked, axis=0)


CASES: dict[str, tuple[Callable[..., Any], list[np.ndarray]]] = {
    "flat map": (lambda a, b: ops.tanh(a * b) + ops.exp(a), [floats(100, 333), floats(100, 333)]),
    "one element": (lambda a: ops.tanh(a) * 2, [floats(1)]),
    "empty": (lambda a: ops.tanh(a) * 2, [floats(0, 3)]),
    "bias": (lambda a, b: ops.maximum(a + b, 0.0), [floats(12, 51), floats(51)]),
    "two outputs": (
        lambda a, b: (ops.maximum(a + b, 0.0), a + b > 0),
        [floats(12, 10), floats(10)],
    ),
    "middle": (lambda a, b: ops.where(a > 0, b, 0.0), [floats(20, 7, 13), floats(7, 1)]),
    "outer product": (lambda a, b: a * b + 1, [floats(37, 1), floats(1, 41)]),
    "transposed": (lambda a, b: ops.transpose(a) * b + b, [floats(30, 20), floats(20, 30)]),
    "softmax": (softmax, [floats(33, 50)]),
    "softmax long": (softmax, [floats(3, 9000)]),
    "softmax short": (softmax, [floats(300, 3)]),
    "softmax 4d": (softmax, [floats(2, 3, 5, 17)]),
    "layer norm": (layer_norm, [floats(40, 64), floats(64), floats(64)]),
    "masked bias": (masked_bias, [floats(128, 70), floats(128, 70)]),
    "long columns": (
        lambda x: (ops.mean(x, (0, 1)), ops.mean(x * x, (0, 1))),
        [floats(300, 40, 16)],
    ),
    "middle sum": (lambda x: ops.sum(ops.exp(x), axis=1), [floats(9, 21, 19)]),
    "loss": (lambda x: ops.mean(ops.square(x)), [floats(128, 10)]),
    "long loss": (lambda x: ops.mean(ops.square(x)), [floats(128, 1000)]),
    "max": (lambda x: ops.max(x * 2, axis=1), [floats(33, 77)]),
    "min of ints": (lambda x: ops.min(x + 1, axis=0), [RNG.integers(-9, 9, (33, 7), "int32")]),
    "count": (
        lambda x: ops.sum(ops.where(x == 3, 1.0, 0.0), axis=1),
        [RNG.integers(0, 5, (50, 60))],
    ),
    "float64": (lambda x: ops.sum(x * x, axis=0) * 2, [floats(50, 60, dtype="float64")]),
    "vector of rows": (lambda x, y: ops.sum(x, -1) + y, [floats(31, 31), floats(31)]),
    "rows and columns": (
        lambda x: (ops.sum(ops.exp(x), 0), ops.sum(ops.exp(x), 1)),
        [floats(31, 33)],
    ),
    "masked rows": (
        lambda x, m: ops.sum(ops.where(m, x, -1e9), -1, keepdims=True) - x,
        [floats(8, 21), RNG.integers(0, 2, (8, 21)).astype(bool)],
    ),
}


@pytest.fixture(params=["llvm", "blocks", "cuda"])
def renderer(request: pytest.FixtureRequest) -> Any:
    """Run with one renderer active."""
    if request.param == "llvm":
        if llvm_jit.unavailable():
            pytest.skip(str(llvm_jit.unavailable()))
        yield "llvm"
        return
    if request.param == "cuda":
        if cuda_shim.unavailable():
            pytest.skip(str(cuda_shim.unavailable()))
        with fake_device.device():
            yield "cuda"
        return
    disable_provider("llvm")
    yield "blocks"
    enable_provider("llvm")


@pytest.mark.parametrize("name", CASES)
def test_region_equals_op_by_op(name: str, renderer: str) -> None:
    func, arrays = CASES[name]
    graph, _ = trace(func, [TensorSpec(a.shape, a.dtype.name) for a in arrays])
    device = current()
    given = [device.asarray(a, a.dtype.name) for a in arrays]
    want = [t.numpy() for t in run_graph(graph, [wrap(a) for a in given])]
    plan = Plan(verify(optimize(verify(graph), device)))
    for _ in range(2):  # the second run sees the arena as the first one left it
        for buffer, array in zip(plan.inputs, given, strict=True):
            buffer[...] = array
        plan.run()
        for got, exact in zip(plan.outputs, want, strict=True):
            dtype = exact.dtype.name if exact.dtype.kind == "f" else "float64"
            assert_close(device.to_numpy(got), exact, "value", dtype)
    assert any(s.provider == renderer for s in plan.steps) or renderer == "blocks"


def test_layer_norm_is_one_kernel() -> None:
    if llvm_jit.unavailable():
        pytest.skip(str(llvm_jit.unavailable()))
    func, arrays = CASES["layer norm"]
    graph, _ = trace(func, [TensorSpec(a.shape, "float32") for a in arrays])
    assert [s.provider for s in Plan(optimize(graph, current())).steps] == ["llvm"]


def test_runs_are_bit_equal_whatever_the_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    if llvm_jit.unavailable():
        pytest.skip(str(llvm_jit.unavailable()))
    x = floats(4000, 300)
    graph, _ = trace(lambda t: ops.sum(ops.tanh(t), axis=0), [TensorSpec(x.shape, "float32")])
    results = []
    for count in ("1", "2"):
        monkeypatch.setenv("KERASISH_NUM_THREADS", count)
        plan = Plan(optimize(graph, current()))
        plan.inputs[0][...] = x
        plan.run()
        results.append(plan.outputs[0].copy())
    np.testing.assert_array_equal(*results)
