"""A function at every stage of its way from Python to a plan."""

from __future__ import annotations

from typing import Any

from kerasish.backend.base import current
from kerasish.compiler.functions import Compiled, Function
from kerasish.compiler.passes import PIPELINE
from kerasish.errors import UnknownNameError
from kerasish.graph.node import Graph
from kerasish.graph.printer import format_graph
from kerasish.inspect.samples import arguments

TRACED, PLAN = "traced", "plan"


def stage_names() -> list[str]:
    """All stages in order: "traced", every pass by its name, "plan"."""
    return [TRACED, *(name for name, _ in PIPELINE), PLAN]


def graphs(func: Function, *args: Any, **kwargs: Any) -> dict[str, Graph]:
    """The graph as traced and after each pass, by the name of the stage.

    Args:
        func: made by `kerasish.function`.
        args, kwargs: arguments of a call; a `TensorSpec` stands for a tensor.
    """
    return graphs_of(func.prepared(*arguments(args), **arguments(kwargs))[0])


def graphs_of(compiled: Compiled) -> dict[str, Graph]:
    """The graphs of one signature; see `graphs`."""
    graph = compiled.traced
    found = {TRACED: graph}
    for name, step in PIPELINE:
        graph = step(graph, current())
        found[name] = graph
    return found


def show(func: Function, *args: Any, stage: str | None = None, **kwargs: Any) -> str:
    """The function as text, at one stage or at all of them.

    Args:
        func: made by `kerasish.function`.
        args, kwargs: arguments of a call; a `TensorSpec` stands for a tensor.
        stage: one of `stage_names()`; None shows all, saying where a pass changed nothing.

    Raises:
        UnknownNameError: there is no such stage.
    """
    return show_compiled(func.prepared(*arguments(args), **arguments(kwargs))[0], stage)


def show_compiled(compiled: Compiled, stage: str | None = None) -> str:
    """One signature as text; see `show`."""
    names = stage_names()
    if stage is not None and stage not in names:
        raise UnknownNameError(
            "Unknown stage", expected=f"one of {', '.join(map(repr, names))}", received=repr(stage)
        )
    texts = {name: format_graph(graph) for name, graph in graphs_of(compiled).items()}
    texts[PLAN] = str(compiled.plan)
    if stage is not None:
        return texts[stage]
    shown, before = [], ""
    for name in names:
        text = texts[name]
        shown.append(f"--- {name} ---\n{'(unchanged)' if text == before else text}")
        before = text
    return "\n\n".join(shown)
