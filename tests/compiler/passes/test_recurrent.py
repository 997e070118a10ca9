"""Recurrent layers go to the library with their gradients, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from kerasish import ops
from kerasish.backend.base import current
from kerasish.compiler import function
from kerasish.compiler.kernels.onednn import library
from kerasish.compiler.passes.recurrent import recurrent
from kerasish.config import disable_provider, enable_provider
from kerasish.graph import grad, trace, value_and_grad, verify
from kerasish.ops.recurrent import gru, lstm
from kerasish.spec import TensorSpec
from tests.tolerances import assert_close

pytestmark = pytest.mark.skipif(library.unavailable() is not None, reason="needs oneDNN")
B, T, F, U = 3, 7, 5, 4
SHAPES = {
    "lstm": [(B, T, F), (B, U), (B, U), (F, 4 * U), (U, 4 * U), (4 * U,)],
    "gru": [(B, T, F), (B, U), (F, 3 * U), (U, 3 * U), (2, 3 * U)],
}
CELLS: dict[str, Callable[..., Any]] = {"lstm": lstm, "gru": gru}
SPECS = {cell: [TensorSpec(s, "float32") for s in shapes] for cell, shapes in SHAPES.items()}


def loss(cell: str) -> Callable[..., Any]:
    """A scalar of all results that users see."""

    def func(*inputs: Any) -> Any:
        y, *states = CELLS[cell](*inputs)[: 3 if cell == "lstm" else 2]
        return ops.mean(ops.tanh(y)) + sum(ops.sum(s * s) for s in states)

    return func


def names(graph: Any) -> list[str]:
    """The recurrent ops of a graph after the pass."""
    rewritten = verify(recurrent(graph, current()))
    return [n.op.name for n in rewritten.nodes if n.op.name.startswith(("rnn", "lstm", "gru"))]


@pytest.fixture
def without_library() -> Iterator[None]:
    """Run with oneDNN switched off."""
    disable_provider("onednn")
    yield
    enable_provider("onednn")


@pytest.mark.parametrize("cell", CELLS)
def test_forward_alone(cell: str) -> None:
    graph, _ = trace(loss(cell), SPECS[cell])
    assert names(graph) == ["rnn_forward"]


@pytest.mark.parametrize("cell", CELLS)
def test_forward_and_gradient_share_a_workspace(cell: str) -> None:
    every = tuple(range(len(SHAPES[cell])))
    graph, _ = trace(value_and_grad(loss(cell), every), SPECS[cell])
    assert names(graph) == ["rnn_train", "rnn_backward"]


@pytest.mark.parametrize("cell", CELLS)
def test_second_gradients_keep_the_gates(cell: str) -> None:
    def second(*inputs: Any) -> Any:
        return ops.sum(ops.square(grad(loss(cell))(*inputs)))

    graph, _ = trace(grad(second), SPECS[cell])
    assert "rnn_train" not in names(graph)


@pytest.mark.parametrize("cell", CELLS)
def test_gates_that_are_results_are_kept(cell: str) -> None:
    graph, _ = trace(lambda *x: CELLS[cell](*x), SPECS[cell])
    assert names(graph) == [cell]


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.usefixtures("without_library")
def test_without_the_library_nothing_changes(cell: str) -> None:
    graph, _ = trace(loss(cell), SPECS[cell])
    assert names(graph) == [cell]


@pytest.mark.parametrize("cell", CELLS)
def test_values_and_gradients(cell: str) -> None:
    rng = np.random.default_rng(0)
    inputs = [0.5 * rng.normal(size=s).astype("float32") for s in SHAPES[cell]]
    every = tuple(range(len(inputs)))
    value, found = function(value_and_grad(loss(cell), every))(*inputs)
    exact_value, exact = value_and_grad(loss(cell), every)(*inputs)
    assert_close(value.numpy(), exact_value.numpy())
    for g, e in zip(found, exact, strict=True):
        assert_close(g.numpy(), e.numpy(), "first_gradient")
