"""Relevance carried back from an output to the entries, op by op."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kerasish.explain.flat import active, flat, replaced
from kerasish.explain.rules import Way, linear, no_rule, product, stabilized
from kerasish.explain.scene import Scene
from kerasish.graph.autodiff import backward
from kerasish.graph.node import PICK, Node, toposort
from kerasish.graph.primitives import multiply, sum_
from kerasish.graph.tensor import Tensor, filled_like, tensor_of
from kerasish.ops.basic.elementwise import (
    divide,
    subtract,
)

Share = Callable[..., Any]


def carried(
    scene: Scene,
    method: str,
    references: Sequence[Node] | None = None,
    share: Callable[[Node], Share | None] = lambda node: None,
    epsilon: Callable[[Node], float] = lambda node: 0.0,
) -> tuple[list[Tensor], dict[str, Tensor]]:
    """What each unit of every entry counts, and the relevance of each layer's output.

    Args:
        method: "lrp" or "deeplift".
        references: of DeepLIFT, the reference of every entry.
        share: the rule of weighted sums of a node; None is LRP-0.
        epsilon: by how much the sums of a node are moved away from zero.

    Raises:
        GradientError: an op on the way has no rule.
    """
    entries = scene.every
    output = flat(scene.output, entries, method)
    held: dict[Node, Node] = {}
    if references is not None:
        held = dict(zip(entries, references, strict=True))
        replaced(output, (), lambda *_: None, held)
    order = toposort([output], stop=set(entries))
    ways = {n: () if n in set(entries) else n.inputs for n in order}
    ends = _ends(order, active([output], entries))

    def pull(node: Node, m: Any, flows: Sequence[bool]) -> Sequence[Tensor | None]:
        rule = node.op.explanations.get(method)
        if rule is None:
            raise no_rule(node, method)
        way = Way(node, method, tuple(flows), held, share(node))
        y = tensor_of(node)
        if node in ends and epsilon(node):
            m = multiply(m, divide(y, stabilized(y, epsilon(node))))
        given = m, y, *map(tensor_of, node.inputs)
        return node.op.calling("explanation", rule, way, *given, **node.attrs)

    layers = _outputs_of_layers(order, active([output], entries), output)
    nodes = [*entries, *layers]
    found = backward([output], [scene.seed], nodes, ways, pull)
    m = [
        filled_like(tensor_of(n), 0) if t is None else t for n, t in zip(nodes, found, strict=True)
    ]
    counted = {
        layers[n]: _by_row(multiply(t, difference(n, held)))
        for n, t in zip(nodes, m, strict=True)
        if n in layers
    }
    return m[: len(entries)], counted


def difference(node: Node, references: Mapping[Node, Node]) -> Tensor:
    """A value less its reference; the value itself where there is none."""
    value = tensor_of(node)
    return subtract(value, tensor_of(references[node])) if node in references else value


def _by_row(x: Tensor) -> Tensor:
    return sum_(x, axis=tuple(range(1, x.ndim)), keepdims=False)


_SUMS = (linear, product)


def _ends(order: Sequence[Node], live: set[Node]) -> set[Node]:
    """The sums of a layer that are no part of a larger one: bias and all."""
    readers: dict[Node, list[Node]] = {}
    for node in order:
        for source in node.inputs:
            readers.setdefault(source, []).append(node)

    def sums(node: Node) -> bool:
        return node.op.explanations.get("lrp") in _SUMS

    return {
        n for n in order
        if n in live and n.op.name in ("add", "matmul", "conv") and n.inputs
        and not any(sums(r) and r.scope == n.scope for r in readers.get(n, ()))
    }  # fmt: skip


def _outputs_of_layers(order: Sequence[Node], live: set[Node], output: Node) -> dict[Node, str]:
    """The nodes that layers hand on, with the paths of these layers."""
    read: dict[Node, set[str]] = {}
    for node in order:
        for source in node.inputs:
            read.setdefault(source, set()).add(node.scope)
    rows = output.spec.shape[0]
    return {
        n: n.scope for n in order
        if n in live and n.scope and n.op is not PICK and n.specs[0] is n.spec
        and n.spec.shape[:1] == (rows,) and (n is output or read.get(n, set()) - {n.scope})
    }  # fmt: skip
