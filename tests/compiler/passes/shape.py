"""The one shape of a pass's test: the rewritten graph, and the value it still has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kerasish.backend.base import current
from kerasish.graph import Graph, trace
from kerasish.graph.interpret import run_graph
from kerasish.graph.tensor import wrap
from kerasish.graph.verify import verify
from kerasish.spec import TensorSpec
from tests.tolerances import assert_close

Pass = Callable[[Graph, Any], Graph]


def names(graph: Graph) -> list[str]:
    """The ops that compute something, in order."""
    return [n.op.name for n in graph.nodes if n.inputs and n.op.name != "pick"]


def values(graph: Graph, arrays: list[np.ndarray]) -> list[np.ndarray]:
    """What outputs and updates are."""
    return [t.numpy() for t in run_graph(graph, [wrap(a) for a in arrays])]


def check(
    apply: Pass, func: Callable[..., Any], *arrays: np.ndarray, ops: list[str] | None = None
) -> Graph:
    """Apply a pass to a traced function: well formed, the ops that are expected, the same value.

    Args:
        ops: what is left; None where the caller looks at the graph.

    Returns:
        The rewritten graph.
    """
    graph, _ = trace(func, [TensorSpec(a.shape, a.dtype.name) for a in arrays])
    before = names(verify(graph))
    made = verify(apply(graph, current()))
    assert names(graph) == before, "the graph that was given is not changed"
    assert [n.spec for n in made.results] == [n.spec for n in graph.results]
    if ops is not None:
        assert names(made) == ops
    for got, want in zip(values(made, [*arrays]), values(graph, [*arrays]), strict=True):
        assert got.dtype == want.dtype
        assert_close(got, want, "value", want.dtype.name if want.dtype.kind == "f" else "float64")
    return made


def floats(*shape: int, dtype: str = "float32") -> np.ndarray:
    """Normal samples, the same every time."""
    return np.random.default_rng(7).normal(size=shape).astype(dtype)
