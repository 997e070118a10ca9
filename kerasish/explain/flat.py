"""A graph in which every step between inputs and outputs has a rule of its own.

Ops that a method has no rule for are replaced by their definitions, loops by their rounds, and
what is a function of each element by itself, however it is written, by one op.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from kerasish.graph import interpret
from kerasish.graph.autodiff import backward, carries
from kerasish.graph.defined import expand
from kerasish.graph.node import (
    PICK,
    Graph,
    Node,
    make_node,
    placeholder,
    rebuild,
    substitute,
    toposort,
)
from kerasish.graph.op import Op, get
from kerasish.graph.primitives import expand_dims
from kerasish.graph.tensor import node_of, tensor_of, wrap
from kerasish.ops.control.primitives import scan_op

LINEAR = frozenset({"add", "subtract", "negative"})  # elementwise ops that are sums


def _run(xp: Any, *arrays: Any, body: Graph) -> Any:
    (found,) = interpret.run_graph(body, map(wrap, arrays))
    return found.value


def _gradient(g: Any, y: Any, *x: Any, body: Graph) -> list[Any]:
    leaves = [node_of(t) for t in x]
    outputs = substitute(body.outputs, dict(zip(body.inputs, leaves, strict=True)))
    stop = set(leaves)
    ways = {n: () if n in stop else n.inputs for n in toposort(outputs, stop=stop)}
    return backward(outputs, [g], leaves, ways)


POINTWISE = Op(
    "pointwise",
    lambda *specs, body: body.outputs[0].spec,
    _run,
    vjp=_gradient,
    elementwise=True,
    definition=lambda *x, body: interpret.apply_graph(body, x)[0],
    doc="A function of each element of its first input by itself.",
)


def flat(output: Node, entries: Collection[Node], method: str) -> Node:
    """The output of the graph behind `entries`, written in ops that `method` has rules for."""
    while True:
        moving = depending([output], entries)
        before, output = output, _expanded(output, entries, moving, method)
        if output is before:
            break
    return _joined(output, entries, depending([output], entries))


def depending(outputs: Iterable[Node], entries: Collection[Node]) -> set[Node]:
    """The nodes whose values depend on those of `entries`."""
    found = set(entries)
    for node in toposort(outputs, stop=set(entries)):
        if any(i in found for i in node.inputs):
            found.add(node)
    return found


def active(outputs: Iterable[Node], entries: Collection[Node]) -> set[Node]:
    """The nodes through which floats flow from `entries`."""
    found = set(entries)
    for node in toposort(outputs, stop=set(entries)):
        if any(i in found for i in node.inputs) and carries(node):
            found.add(node)
    return found


def _expanded(output: Node, entries: Collection[Node], moving: set[Node], method: str) -> Node:
    def rule(node: Node, inputs: tuple[Node, ...]) -> Any:
        if node not in moving or method in node.op.explanations or not carries(node):
            return None
        if node.op is scan_op:
            return _rounds(node, inputs)
        return expand(node.op, inputs, node.attrs) if node.op.definition else None

    return replaced(output, entries, rule)


def replaced(
    output: Node,
    entries: Collection[Node],
    rule: Callable[[Node, tuple[Node, ...]], Any],
    start: dict[Node, Node] | None = None,
) -> Node:
    """`output` with nodes behind `entries` replaced: by a node, a tuple of them, or None to keep.

    Args:
        start: what takes the place of nodes; filled with what takes the place of all others.
    """
    done: dict[Node, Any] = {n: n for n in entries} if start is None else start
    for node in toposort([output], stop=dict(done)):
        if node in done:
            continue
        inputs = tuple(done[i] for i in node.inputs)
        if node.op is PICK and isinstance(inputs[0], tuple):
            done[node] = inputs[0][node.attrs["index"]]
            continue
        made = rule(node, inputs)
        if made is None:
            made = node if inputs == node.inputs else rebuild(node, inputs)
        done[node] = made[0] if isinstance(made, tuple) and len(made) == 1 else made
    return done[output]


def _rounds(node: Node, inputs: tuple[Node, ...]) -> tuple[Node, ...]:
    """The outputs of a scan, each round written out."""
    body, length = node.attrs["body"], node.attrs["length"]
    n_carry, n_xs = node.attrs["n_carry"], node.attrs["n_xs"]
    carry, xs = list(inputs[:n_carry]), inputs[n_carry : n_carry + n_xs]
    rows: list[tuple[Node, ...]] = [()] * length
    for step in reversed(range(length)) if node.attrs["reverse"] else range(length):
        now = [node_of(tensor_of(x)[step]) for x in xs]
        given = [*carry, *now, *inputs[n_carry + n_xs :]]
        known = dict(zip(body.inputs, map(tensor_of, given), strict=True))
        made = [node_of(t) for t in interpret.apply_graph(body, list(known.values()))]
        rows[step] = (*made[n_carry:], *carry)
        carry = made[:n_carry]
    stacked = [_stacked(column) for column in zip(*rows, strict=True)]
    return (*carry, *stacked)


def _stacked(nodes: Sequence[Node]) -> Node:
    concatenate = get("concatenate")
    return node_of(concatenate(*(expand_dims(tensor_of(n), axis=0) for n in nodes), axis=0))


# --- functions of each element ----------------------------------------------------------------


def _joined(output: Node, entries: Collection[Node], moving: set[Node]) -> Node:
    done: dict[Node, Node] = {n: n for n in entries}

    def rule(node: Node, inputs: tuple[Node, ...]) -> Any:
        source = _source(node, moving) if node in moving and carries(node) else None
        return None if source is None else _pointwise(node, source, done, moving)

    return replaced(output, entries, rule, done)


def _source(node: Node, moving: set[Node]) -> Node | None:
    """The one node of which each element of an elementwise `node` is a function; None if there is
    none, or if the op needs no such care: sums, and what has one input that moves."""
    reads = {i for i in node.inputs if i in moving}
    op = node.op
    chooses = op.name == "select" and node.inputs[0] in moving
    if not op.elementwise or op.name in LINEAR or (len(reads) < 2 and not chooses):
        return None
    while len(reads) > 1 or not carries(next(iter(reads))):
        last = max(reads, key=lambda n: n.serial)
        if not last.op.elementwise or not last.inputs:
            return None
        reads = (reads - {last}) | {i for i in last.inputs if i in moving}
    (source,) = reads
    return source if source.specs[0].shape == node.specs[0].shape else None


def _pointwise(node: Node, source: Node, done: dict[Node, Node], moving: set[Node]) -> Node:
    inner = toposort([node], stop={source})
    fixed = [n for n in inner if n is not source and n not in moving]
    held = set(fixed)
    outer = [n for n in fixed if any(n in u.inputs for u in inner if u not in held)]
    leaves = {n: placeholder(n.spec) for n in (source, *outer)}
    body = Graph(leaves.values(), [replaced(node, (), lambda *_: None, dict(leaves))])
    inputs = (done[source], *(done[n] for n in outer))
    return make_node(POINTWISE, inputs, {"body": body}, node.spec, like=node)
