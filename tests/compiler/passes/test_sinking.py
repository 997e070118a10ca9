"""Steps run right before they are needed, where waiting keeps nothing alive."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish import ops
from kerasish.backend.base import current
from kerasish.compiler.aliases import Aliases, steps_of
from kerasish.compiler.memory import lifetimes
from kerasish.compiler.passes import optimize
from kerasish.compiler.passes.sinking import sink
from kerasish.graph import GradientTape, Graph, Variable, trace
from kerasish.ops.control.remat import remat
from kerasish.spec import TensorSpec
from tests.compiler.passes.shape import check, floats, names

X, W = floats(4, 4), floats(4, 4) + 1


def test_a_step_waits_for_its_user() -> None:
    def func(x: Any, w: Any) -> Any:
        early = ops.sort(x)
        chain = ops.cumsum(ops.cumprod(w, axis=0), axis=0)
        return early + chain, ops.flip(x)

    check(sink, func, X, W, ops=["cumprod", "cumsum", "sort", "add", "slice"])


def test_a_step_whose_input_would_live_longer_stays() -> None:
    def func(x: Any, w: Any) -> Any:
        early = ops.sort(x)
        return early + ops.cumsum(ops.cumprod(w, axis=0), axis=0), None

    check(sink, lambda x, w: func(x, w)[0], X, W, ops=["sort", "cumprod", "cumsum", "add"])


def test_what_waits_takes_along_what_only_it_needs() -> None:
    def func(x: Any, w: Any) -> Any:
        early = ops.argsort(ops.sort(x))
        chain = ops.cumsum(ops.cumprod(w, axis=0), axis=0)
        return early + chain, x * 2

    found = check(sink, func, X, W)
    order = names(found)
    assert order.index("argsort") > order.index("sort")
    assert order.index("sort") < order.index("cumprod")  # argsort would make its result wait


def test_views_and_several_results() -> None:
    def func(x: Any, w: Any) -> Any:
        best, at = ops.top_k(x, 2)
        chain = ops.cumsum(ops.cumprod(w, axis=0), axis=0)
        return ops.transpose(best)[:, :1] + chain[:2], ops.reshape(at, (-1,)), x * 2

    assert names(check(sink, func, X, W)).index("top_k") > 1


def test_an_update_waits_like_any_step() -> None:
    v = Variable(np.zeros((4, 4), "float32"))

    def func(x: Any, w: Any) -> Any:
        v.assign(v + ops.cumsum(x, axis=0))
        return ops.sort(w) + x

    graph, _ = trace(func, [TensorSpec((4, 4), "float32")] * 2)
    found = sink(graph, current())
    assert [variable for variable, _ in found.updates] == [v]


def live_bytes(graph: Graph) -> list[int]:
    """The bytes of the values that are alive at each step."""
    layout = Aliases(graph.nodes)
    steps = steps_of(graph.nodes, layout)
    lives = lifetimes(graph, layout, steps).values()
    return [sum(v.nbytes for v in lives if v.first <= i <= v.last) for i in range(len(steps))]


def test_a_step_of_training_keeps_less_alive() -> None:
    """The gradient of a bias joins its update, which comes last; products made again wait."""
    biases = [Variable(np.zeros(32, "float32")) for _ in range(5)]

    def step(x: Any, w: Any) -> Any:
        with GradientTape() as tape:
            tape.watch(w)
            for b in biases:
                x = remat(lambda x, b=b: ops.silu(ops.matmul(x, w) + b))(x)
            loss = ops.mean(x * x)
        *grads, slope = tape.gradient(loss, [*biases, w])
        for b, g in zip(biases, grads, strict=True):
            b.assign(b - 0.1 * g)
        return slope

    specs = [TensorSpec((64, 32), "float32"), TensorSpec((32, 32), "float32")]
    fused = optimize(trace(step, specs)[0], current(), "fuse")
    before, after = live_bytes(fused), live_bytes(sink(fused, current()))
    assert max(after) < max(before)
    assert sum(after) < sum(before)
