"""The passes, in the order they run. Each is `pass(graph, device) -> graph`."""

from __future__ import annotations

from collections.abc import Callable

from kerasish.backend.base import Backend
from kerasish.compiler.passes.copies import own_results
from kerasish.compiler.passes.expand import expand
from kerasish.compiler.passes.fuse import fuse
from kerasish.compiler.passes.hoist import hoist
from kerasish.compiler.passes.pools import pools
from kerasish.compiler.passes.products import products
from kerasish.compiler.passes.rows import rows
from kerasish.compiler.passes.simplify import simplify
from kerasish.compiler.passes.sinking import sink
from kerasish.errors import GraphError, UnknownNameError
from kerasish.graph.node import Graph, Node
from kerasish.graph.verify import verify

Pass = Callable[[Graph, Backend], Graph]

PIPELINE: list[tuple[str, Pass]] = [
    ("expand", expand),
    ("simplify", simplify),
    ("hoist", hoist),
    ("pools", pools),
    ("products", products),
    ("own results", own_results),
    ("fuse", fuse),
    ("rows", rows),
    ("sink", sink),
]


def optimize(graph: Graph, device: Backend, until: str | None = None) -> Graph:
    """Run the pipeline, or its beginning up to and with the pass named `until`.

    Raises:
        UnknownNameError: no pass is called that.
        GraphError: a pass gave a graph that is not well formed; it is named.
    """
    names = [name for name, _ in PIPELINE]
    if until is not None and until not in names:
        raise UnknownNameError("Unknown pass", expected=f"one of {names}", received=repr(until))
    known = set(graph.nodes)
    for name, step in PIPELINE:
        graph = _verified(step(graph, device), name, known)
        if name == until:
            break
    return graph


def _verified(graph: Graph, name: str, known: set[Node]) -> Graph:
    try:
        return verify(graph, known)
    except GraphError as error:
        raise GraphError(f"After the pass {name!r}: {error}") from None
