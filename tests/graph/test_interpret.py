"""The interpreter: a graph's plainest meaning."""

from __future__ import annotations

import weakref

import numpy as np
import pytest

from kerasish import ops
from kerasish.graph import Variable, convert_to_tensor, trace
from kerasish.graph.interpret import run, run_graph
from kerasish.graph.op import get
from kerasish.graph.variable import autocast
from kerasish.spec import TensorSpec

F3 = TensorSpec((3,), "float32")


def test_outputs_then_updates_and_no_variable_changes() -> None:
    v = Variable([1.0, 2.0, 3.0])
    graph, _ = trace(lambda x: v.assign_add(x) * 10, [F3])
    out, update = run_graph(graph, [convert_to_tensor([1.0, 1.0, 1.0])])
    np.testing.assert_array_equal(out.numpy(), [20, 30, 40])
    np.testing.assert_array_equal(update.numpy(), [2, 3, 4])
    np.testing.assert_array_equal(v.numpy(), [1, 2, 3])


def test_several_outputs_constants_and_leaves() -> None:
    graph, _ = trace(lambda x: (ops.top_k(x, 2), x, 5.0 * x), [F3])
    x = convert_to_tensor([3.0, 1.0, 2.0])
    values, indices, same, scaled = run_graph(graph, [x])
    assert values.numpy().tolist() == [3, 2]
    assert indices.numpy().tolist() == [0, 2]
    assert same is x
    assert scaled.numpy().tolist() == [15, 5, 10]


def test_known_nodes_are_not_computed() -> None:
    graph, _ = trace(lambda x: ops.exp(ops.sin(x)), [F3])
    sine = graph.nodes[1]
    assert run([graph.outputs[0]], {sine: convert_to_tensor([0.0])})[0].numpy().tolist() == [1]


def test_variables_are_read_in_their_own_dtype_under_autocast() -> None:
    v = Variable([1.0, 2.0, 3.0])
    with autocast("float16"):
        graph, _ = trace(lambda x: v * ops.cast(x, "float16"), [F3])
        (out,) = run_graph(graph, [convert_to_tensor([1.0, 1.0, 2.0])])
    assert out.dtype == "float16"
    assert out.numpy().tolist() == [1, 2, 6]


def test_values_are_dropped_after_their_last_use(monkeypatch: pytest.MonkeyPatch) -> None:
    alive: list[weakref.ref[np.ndarray]] = []
    kernel = get("sin").kernel

    def watched(xp: object, x: np.ndarray, **attrs: object) -> np.ndarray:
        y = kernel(xp, x, **attrs)
        alive.append(weakref.ref(y))
        return y

    monkeypatch.setattr(get("sin"), "kernel", watched)

    def chain(x: object) -> object:
        for _ in range(6):
            x = ops.sin(x)
        return ops.exp(x)

    graph, _ = trace(chain, [F3])
    most = []
    monkeypatch.setattr(
        get("exp"), "kernel", lambda xp, x, **_: most.append(sum(r() is not None for r in alive))
        or np.exp(x),
    )  # fmt: skip
    run_graph(graph, [convert_to_tensor([1.0, 2.0, 3.0])])
    assert most == [1]
