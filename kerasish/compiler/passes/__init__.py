"""The passes, in the order they run. Each is `pass(graph, device) -> graph`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kerasish.backend.base import Backend
from kerasish.compiler.passes.expand import expand
from kerasish.compiler.passes.fuse import fuse
from kerasish.compiler.passes.hoist import hoist
from kerasish.compiler.passes.own_results import own_results
from kerasish.compiler.passes.pools import pools
from kerasish.compiler.passes.products import products
from kerasish.compiler.passes.rows import rows
from kerasish.compiler.passes.simplify import simplify
from kerasish.compiler.passes.sinking import sink
from kerasish.config import settings
from kerasish.errors import ArgumentError, GraphError, UnknownNameError
from kerasish.graph.node import Graph, Node
from kerasish.graph.verify import verify
from kerasish.hints import called, function, noted
from kerasish.registry import hint
from kerasish.signatures import ours

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


def graph_pass(func: Any = None, /, *, before: str = "", after: str = "") -> Callable[[Pass], Pass]:
    """Decorator: enter `pass(graph, device) -> graph` into the pipeline, under the function's name.

    What was compiled before is compiled anew, with the pass. It runs on graphs of functions, of
    training steps and of the bodies of loops, on each by itself. `kerasish.testing.check_pass`
    tries one.

    Args:
        before: the name of a pass that comes right after this one; those of the package are
            expand, simplify, hoist, pools, products, own results, fuse, rows and sink.
        after: the name of a pass that comes right before; give one of the two.

    Raises:
        UnknownNameError: no pass is called that.
        ArgumentError: neither or both are given; or the name is taken.

    Example: exp(log(x)) -> x

        >>> from kerasish.compiler import graph_pass, remove_pass
        >>> from kerasish.graph import rewrite
        >>> @graph_pass(after="simplify")
        ... def exp_of_log(graph, device):
        ...     def rule(node, inputs):
        ...         undone = node.op.name == "exp" and inputs[0].op.name == "log"
        ...         return inputs[0].inputs[0] if undone else None
        ...     return rewrite(graph, rule)
        >>> remove_pass("exp_of_log")
    """
    if func is not None or bool(before) == bool(after):
        received = f"before={before!r}, after={after!r}" if func is None else repr(func)
        wanted = 'before= or after= a pass, as in @graph_pass(after="simplify")'
        raise ArgumentError("graph_pass", expected=wanted, received=received)

    def decorate(apply: Pass) -> Pass:
        name = function("graph_pass", apply).__name__
        if name in dict(PIPELINE):
            own = not ours(dict(PIPELINE)[name])
            free = f"Call remove_pass({name!r}) first." if own else "Choose another name."
            raise ArgumentError("graph_pass", expected="a new name", received=name, fix=free)
        PIPELINE.insert(_place(before or after) + bool(after), (name, apply))
        settings.generation += 1
        return apply

    return decorate


def remove_pass(name: str) -> None:
    """Take a pass out of the pipeline; what was compiled before is compiled anew, without it.

    Raises:
        UnknownNameError: no pass is called that.
    """
    del PIPELINE[_place(name)]
    settings.generation += 1


def _place(name: str) -> int:
    names = list(dict(PIPELINE))
    if name not in names:
        near = hint(name, names) if name not in ("traced", "plan") else "It is a stage and no pass."
        raise UnknownNameError(
            "Unknown pass", expected=f"one of {names}", received=repr(name), fix=near
        )
    return names.index(name)


def optimize(graph: Graph, device: Backend, until: str | None = None) -> Graph:
    """Run the pipeline, or its beginning up to and with the pass named `until`.

    Raises:
        UnknownNameError: no pass is called that.
        GraphError: a pass gave a graph that is not well formed, or has other inputs, results or
            updates; it is named.
    """
    end = len(PIPELINE) if until is None else _place(until) + 1
    known = set(graph.nodes)
    for name, step in PIPELINE[:end]:
        graph = _verified(applied(name, step, graph, device), graph, name, known)
    return graph


def applied(name: str, step: Pass, graph: Graph, device: Backend) -> Graph:
    """What a pass gives, a graph; an error in one of a user's says which it was."""
    where = f"In the pass {name!r}. Its rule gives a node, a tuple of nodes or None."
    what, form = f"The pass {name!r}", "pass(graph, device)"
    made: Any = noted(lambda: where, called, what, form, step, graph, device)
    if not isinstance(made, Graph):
        raise GraphError(what, expected="a Graph", received=repr(made))
    return made


def _verified(made: Graph, given: Graph, name: str, known: set[Node]) -> Graph:
    try:
        return verify(made, known, given)
    except GraphError as error:
        raise GraphError(f"After the pass {name!r}: {error}") from None
