"""Expansion: ops defined by ops become their definitions where no provider takes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from kerasish import ops, registry
from kerasish.backend.base import current
from kerasish.compiler import kernel, provider
from kerasish.compiler.passes.expand import expand
from kerasish.compiler.providers import PROVIDERS, _available, _kernels
from kerasish.config import disable_provider, enable_provider
from kerasish.graph import GradientTape, Node, trace
from kerasish.graph.op import Op, case
from kerasish.ops.declare import primitive
from kerasish.spec import TensorSpec
from tests.compiler.passes.shape import check, floats, names

X = floats(3, 4)


@pytest.fixture
def whole() -> Iterator[Op]:
    """A defined op with an inner one, and two outputs."""
    inner = primitive("test_inner", lambda x: ops.tanh(x) * 2, cases=(case((3, 4)),))
    outer = primitive(
        "test_outer", lambda x, *, k: (inner(x) + k, ops.sum(x, -1)), cases=(case((3, 4), k=1.0),)
    )
    yield outer
    for name in [n for n in registry.names("op") if n.startswith("test_")]:
        registry._entries["op"].pop(name)


def test_definitions_are_expanded_until_none_is_left(whole: Op) -> None:
    made = check(expand, lambda x: whole(x, k=3.0), X, ops=["tanh", "multiply", "add", "sum"])
    assert len(made.outputs) == 2


def test_a_node_keeps_its_layer_and_line(whole: Op) -> None:
    made = check(expand, lambda x: whole(x, k=3.0)[0], X)
    assert {n.source.split(":")[0] for n in made.nodes if n.inputs} == {__file__}


def test_a_gradient_of_a_defined_op_is_expanded_too(whole: Op) -> None:
    def slope(x: Any) -> Any:
        with GradientTape() as tape:
            tape.watch(x)
            y, total = whole(x, k=1.0)
        return tape.gradient([y, total], x)

    graph, _ = trace(slope, [TensorSpec((3, 4), "float32")])
    assert "test_outer_grad" in names(graph)
    made = check(expand, slope, X)
    assert not any(n.op.definition for n in made.nodes)
    t = np.tanh(X)
    np.testing.assert_allclose(
        ops.convert_to_numpy(slope_value(slope)), 2 * (1 - t * t) + 1, rtol=1e-5
    )


def slope_value(func: Any) -> Any:
    return func(ops.convert_to_tensor(X))


def test_what_a_provider_takes_stays_whole(whole: Op) -> None:
    provider("test_library", lambda: None, "nothing")

    @kernel("test_outer", provider="test_library", supports=lambda node: node.attrs["k"] == 3.0)
    def bind(node: Node, inputs: Any, outputs: Any) -> Any:
        return lambda: None

    try:
        check(expand, lambda x: whole(x, k=3.0), X, ops=["test_outer"])
        check(expand, lambda x: whole(x, k=2.0), X, ops=["tanh", "multiply", "add", "sum"])
        disable_provider("test_library")
        check(expand, lambda x: whole(x, k=3.0), X, ops=["tanh", "multiply", "add", "sum"])
    finally:
        enable_provider("test_library")
        PROVIDERS.pop("test_library")
        _available.pop("test_library", None)
        _kernels.pop("test_outer")


def test_a_graph_without_definitions_is_returned_as_it_is() -> None:
    graph, _ = trace(lambda x: ops.exp(x), [TensorSpec((3, 4), "float32")])
    assert expand(graph, current()) is graph
