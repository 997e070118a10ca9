"""All that the page knows of a function, as plain data."""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kerasish.compiler.aliases import Aliases, Value, steps_of
from kerasish.compiler.codegen.renderer import renderer
from kerasish.compiler.memory import lifetimes
from kerasish.compiler.plan import Plan, Step
from kerasish.compiler.region import FUSED, structure
from kerasish.errors import clip
from kerasish.graph.node import CONSTANT, PICK, PLACEHOLDER, VARIABLE, Graph, Node
from kerasish.graph.printer import names_of
from kerasish.inspect.cost import flops, label, nbytes
from kerasish.inspect.explorer.book import Book, inner, place_of
from kerasish.inspect.explorer.drawn import Pictures, source_of
from kerasish.inspect.explorer.measured import of_nodes, of_steps, timed
from kerasish.version import __version__

TEXT = 300  # characters of attributes that are kept


class Pool:
    """Texts, each once."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def __call__(self, text: str) -> int:
        return self.numbers.setdefault(text, len(self.numbers))


def document(
    name: str,
    book: Book,
    values: Sequence[Any],
    classes: Mapping[str, str],
    lines: Mapping[str, str],
    runs: int,
) -> dict[str, Any]:
    """What the page shows.

    Args:
        name: of the model.
        book: the stages.
        values: the arrays of one batch.
        classes: the class of every layer, by path.
        lines: where layers stand in a config, by path.
        runs: how often the plan is timed.
    """
    pool, pictures = Pool(), Pictures()
    for stage in book.stages:
        pictures.enter(stage)
    first, last = book.stages[0], book.stages[-1]
    plan = Plan(last.graph)
    held = of_nodes(first.graph, values)
    stages = [
        {
            "name": stage.name,
            "count": len(stage.numbers),
            "gone": stage.gone,
            "new": [[n.number, list(n.stands_for), pool(n.rule)] for n in stage.new],
            "rules": {k: v for k, v in stage.rules.items() if k and v},
            "inputs": _rewired(book, at),
            "at": pictures.at[at],
        }
        for at, stage in enumerate(book.stages)
    ]
    said = names_of(first.graph)
    return {
        "name": name,
        "version": __version__,
        "stages": stages,
        "pictures": pictures.drawn,
        "nodes": [_row(n, pool, book, said) for n in book.nodes],
        "origins": {str(k): [v, pool(vjp_line(book.nodes[v]))] for k, v in book.origins.items()},
        "values": {str(first.numbers[n]): v for n, v in held.items() if v},
        "plan": _plan(plan, last.numbers, values, pool, runs),
        "classes": dict(classes),
        "lines": dict(lines),
        "layers": _layers(first.graph),
        "texts": list(pool.numbers),
    }


def _layers(graph: Graph) -> list[str]:
    """The paths of layers, each after the one around it, in the order in which they run."""
    found: dict[str, None] = {}
    for node in graph.nodes:
        parts = place_of(node.scope)[0].split("/")
        found |= dict.fromkeys("/".join(parts[: i + 1]) for i in range(len(parts)))
    order = {path: i for i, path in enumerate(found)}

    def key(path: str) -> list[int]:
        parts = path.split("/")
        return [order["/".join(parts[: i + 1])] for i in range(len(parts))]

    return sorted(filter(None, found), key=key)


def _row(node: Node, pool: Pool, book: Book, names: Mapping[Node, str]) -> list[Any]:
    """[op, layer, gradient or not, line, specs, attributes, what is fused, name]."""
    layer, backward = place_of(node.scope)
    attrs = {k: v for k, v in node.attrs.items() if not isinstance(v, Graph)}
    if node.op in (VARIABLE, PLACEHOLDER, CONSTANT):
        attrs = {}
    said = ", ".join(f"{k}={v}" for k, v in attrs.items())
    return [
        pool(node.op.name), pool(layer), int(backward), pool(_line(node.source)),
        pool(", ".join(map(str, node.specs))), pool(clip(said, TEXT)),
        pool(" ".join(n.op.name for n in inner(node))), pool(names.get(node, "")),
    ]  # fmt: skip


def _line(source: str) -> str:
    return "/".join(source.split("/")[-2:])


def vjp_line(node: Node) -> str:
    """Where the gradient of a node's op is written, as "folder/file:line"."""
    code = getattr(node.op.vjp, "__code__", None)
    return "" if code is None else _line(f"{code.co_filename}:{code.co_firstlineno}")


def _rewired(book: Book, at: int) -> dict[str, list[int]]:
    """The inputs of every node whose inputs are others than a stage before."""
    found: dict[str, list[int]] = {}
    stage = book.stages[at]
    before = book.stages[at - 1] if at else None
    held = {} if before is None else _inputs(before.graph, before.numbers)
    for number, given in _inputs(stage.graph, stage.numbers).items():
        if held.get(number) != given:
            found[str(number)] = given
    return found


def _inputs(graph: Graph, numbers: Mapping[Node, int]) -> dict[int, list[int]]:
    return {
        numbers[n]: [numbers[source_of(i)] for i in n.inputs]
        for n in graph.nodes
        if n.op is not PICK
    }


# --- the plan -----------------------------------------------------------------------------------


@functools.cache
def limits() -> tuple[float, float]:
    """(floating-point operations, bytes) that this machine does in a second, as numpy reaches."""
    a = np.ones((768, 768), np.float32)
    big = np.zeros(1 << 23, np.float32)
    best = [math.inf, math.inf]
    for _ in range(5):
        start = time.perf_counter()
        np.matmul(a, a)
        middle = time.perf_counter()
        big[: 1 << 22] = big[1 << 22 :]
        best = [
            min(best[0], middle - start), min(best[1], time.perf_counter() - middle),
        ]  # fmt: skip
    return 2 * 768**3 / best[0], (1 << 22) * 8 / best[1]


def _plan(
    plan: Plan, numbers: Mapping[Node, int], values: Sequence[Any], pool: Pool, runs: int
) -> dict[str, Any]:
    times, total = timed(plan, values, runs)
    summaries = of_steps(plan, values)
    compute, memory = limits()
    kernels: dict[Any, int] = {}
    texts: list[str] = []
    rows: list[Any] = []
    for step, seconds, held in zip(plan.steps, times, summaries, strict=True):
        cost = flops(step.node), nbytes(step.node)
        share = max(cost[0] / compute, cost[1] / memory) / seconds if seconds else 0.0
        offset = plan.memory.offsets.get((step.node, 0))
        rows.append(
            [
                numbers.get(step.node, -1),
                pool(step.provider),
                pool(label(step.node, 60)),
                None if offset is None else int(offset),
                sum(s.nbytes for s in step.node.specs),
                float(f"{seconds * 1e6:.4g}"),
                cost[0],
                cost[1],
                float(f"{share:.3g}"),
                _kernel(plan, step, kernels, texts),
                held,
            ]
        )
    return {
        "steps": rows,
        "kernels": texts,
        "arena": plan.memory.size,
        "lives": _lives(plan, numbers),
        "seconds": float(f"{total:.5g}"),
        "limits": [float(f"{v:.3g}") for v in (compute, memory)],
    }


def _kernel(plan: Plan, step: Step, kernels: dict[Any, int], texts: list[str]) -> int:
    """The number of the code of a fused step, -1 where a library has it."""
    chosen = renderer(plan.device)
    if step.node.op is not FUSED or chosen is None:
        return -1
    key = structure(step.node.attrs["body"])
    if key not in kernels:
        inputs = [plan._values[i] for i in step.node.inputs]
        kernels[key] = len(texts)
        texts.append(chosen.Uncompiled(step.node.attrs["body"], inputs, step.outputs).source())
    return kernels[key]


def _lives(plan: Plan, numbers: Mapping[Node, int]) -> list[list[int]]:
    """[node, offset, bytes, first step, last step] of every value in the arena."""
    graph, memory = plan.graph, plan.memory
    aliases = Aliases(graph.nodes)
    steps = steps_of(graph.nodes, aliases)
    found: list[list[int]] = []
    lives: Mapping[Value, Any] = lifetimes(graph, aliases, steps)
    for (node, k), life in lives.items():
        if (node, k) in memory.offsets:
            last = min(life.last, len(steps))
            found.append(
                [numbers.get(node, -1), int(memory.offsets[node, k]), life.nbytes, life.first, last]
            )
    return found
