"""A tour of the engine: build a graph, print it, run it in order, differentiate it, compile it.

Run it:  python examples/graph_tour.py
"""

from __future__ import annotations

from typing import Any

import numpy as np

import kerasish as keras
from kerasish.backend.base import current
from kerasish.compiler import Plan
from kerasish.compiler.passes import PIPELINE
from kerasish.graph import Graph, backward, trace
from kerasish.graph.interpret import run
from kerasish.graph.tensor import convert_to_tensor
from kerasish.graph.verify import verify
from kerasish.spec import TensorSpec


def f(x: Any, w: Any) -> Any:
    """mean(tanh(x w))"""
    return keras.ops.mean(keras.ops.tanh(keras.ops.matmul(x, w)))


def main() -> None:
    """Print every stage and check that all ways of running agree."""
    x = np.linspace(-1, 1, 6, dtype="float32").reshape(2, 3)
    w = np.linspace(1, 2, 12, dtype="float32").reshape(3, 4)

    print("--- the graph: Python ran once, on symbols ---")
    graph, _ = trace(
        f, [TensorSpec(x.shape, "float32"), TensorSpec(w.shape, "float32")], ["x", "w"]
    )
    print(graph)

    print("\n--- run by hand, node by node in topological order ---")
    values = dict(zip(graph.inputs, map(convert_to_tensor, (x, w)), strict=True))
    for node in graph.nodes:
        if node not in values:
            (values[node],) = run([node], values)
            print(f"{node.op.name:10} -> {values[node].numpy().ravel()[:4].round(3)}")
    (y,) = (values[n] for n in graph.outputs)

    print("\n--- its gradient with respect to w: a graph too ---")
    seed = convert_to_tensor(np.float32(1.0))
    found = backward(graph.outputs, [seed], [graph.inputs[1]])
    derivative = verify(Graph(graph.inputs, [g.node for g in found if g is not None]))
    print(derivative)

    print("\n--- after each pass of the compiler ---")
    stage = derivative
    for name, step in PIPELINE:
        before = len(stage)
        stage = verify(step(stage, current()))
        print(f"{name:16} {before:3} -> {len(stage):3} nodes")
    print(stage)

    print("\n--- the plan that runs ---")
    plan = Plan(stage)
    print(plan)
    plan.inputs[0][...], plan.inputs[1][...] = x, w
    plan.run()
    by_tape = keras.grad(f, argnums=1)(x, w).numpy()
    np.testing.assert_allclose(plan.outputs[0], by_tape, rtol=1e-5)
    np.testing.assert_allclose(y.numpy(), np.tanh(x @ w).mean(), rtol=1e-5)
    print("plan, tape and numpy agree")


if __name__ == "__main__":
    main()
