"""Let a bias and a relu in front of max pooling wait until there is less to do.

max_pool(max(x + b, 0))                 ->  max(max_pool(x) + b, 0)
select(max(x + b, 0) > 0, scatter(g), 0) ->  scatter(select(max(max_pool(x) + b, 0) > 0, g, 0))
sum(scatter(g)) over all but channels    ->  sum(g)

Rounding keeps order, so all values are the same; only where rounding makes two elements of a
window equal does the gradient go to the one that was larger before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from kerasish.backend.base import Backend
from kerasish.compiler.passes.simplify import scalar
from kerasish.graph import primitives as _p
from kerasish.graph.node import PICK, Graph, Node, make_node, pick, rewrite
from kerasish.ops.basic import elementwise as _e
from kerasish.ops.nn import pooling as _pool
from kerasish.spec import is_float

Users = dict[Node, list[Node]]


@dataclass
class _Pool:
    """A max pooling whose input is a relu that nobody else needs.

    Attributes:
        biased: whether the relu's input is a sum that ends there, with one row for all channels.
        masks: the `select`s that carry its gradient on through the relu.
    """

    biased: bool
    masks: list[Node] = field(default_factory=list)


def pools(graph: Graph, device: Backend) -> Graph:
    """Move relus and biases behind max pooling, their gradients in front of its gradient."""
    users = graph.users
    for node in graph.results:  # a result has one more reader
        users.setdefault(node, []).append(node)
    found = {n: p for n in graph.nodes if n.op is _pool.max_pool_ and (p := _found(n, users))}
    if not found:
        return graph
    owners = {mask: node for node, p in found.items() for mask in p.masks}
    pooled: dict[Node, Node] = {}  # what a pooling has become
    masked: dict[Node, Node] = {}  # the gradient behind a mask, still pooled

    def rule(node: Node, inputs: tuple[Node, ...]) -> Any:
        if node in found:
            y = _after(node, inputs[0], found[node].biased)
            pooled[node] = y[0]
            return y
        if node in owners:
            above, scatter, zero = inputs
            mask = make_node(above.op, (pooled[owners[node]], zero), {}, like=above)
            masked[node] = make_node(node.op, (mask, scatter.inputs[0], zero), {}, like=node)
            parts = masked[node], scatter.inputs[1]
            return make_node(scatter.op, parts, scatter.attrs, scatter.spec, like=scatter)
        if node.op is _p.sum_ and node.inputs[0] in masked:
            if node.attrs["axis"] == tuple(range(node.inputs[0].spec.ndim - 1)):
                return make_node(node.op, (masked[node.inputs[0]],), node.attrs, like=node)
        return None

    return rewrite(graph, rule)


def _after(node: Node, relu: Node, biased: bool) -> tuple[Node, Node]:
    """The outputs of a pooling of what stands before a relu, with the relu behind it."""
    x, zero = relu.inputs
    total = x
    if biased:
        x = total.inputs[_large(total)]
    made = make_node(node.op, (x,), node.attrs, node.spec, like=node)
    y = pick(made, 0)
    if biased:
        parts = [y if i == _large(total) else b for i, b in enumerate(total.inputs)]
        y = make_node(total.op, tuple(parts), {}, like=total)
    return make_node(relu.op, (y, zero), {}, like=relu), pick(made, 1)


def _large(total: Node) -> int:
    """Which operand of a sum has its shape."""
    return 0 if total.inputs[0].spec == total.spec else 1


def _found(node: Node, users: Users) -> _Pool | None:
    relu = node.inputs[0]
    smaller = node.spec[0].size < relu.spec.size
    if not (_is_relu(relu) and smaller and is_float(relu.spec.dtype)):
        return None
    total = relu.inputs[0]
    made = _Pool(total.op is _p.add and users[total] == [relu] and _is_row(total))
    for user in users[relu]:
        if user is node:
            continue
        if user.op is not _e.greater or user.inputs[0] is not relu or scalar(user.inputs[1]) != 0:
            return None
        if not all(_carries(mask, user, node, users) for mask in users.get(user, ())):
            return None
        made.masks += users.get(user, ())
    return made


def _is_relu(node: Node) -> bool:
    return node.op is _e.maximum and scalar(node.inputs[1]) == 0


def _is_row(total: Node) -> bool:
    """Whether a sum adds one row of channels to an array."""
    large = _large(total)
    row = total.inputs[1 - large].spec
    return total.inputs[large].spec == total.spec and row.size == (row.shape or (1,))[-1]


def _carries(mask: Node, above: Node, node: Node, users: Users) -> bool:
    """Whether `mask` is select(above, the pooling's gradient, 0)."""
    if mask.op is not _e.select or mask.inputs[0] is not above or scalar(mask.inputs[2]) != 0:
        return False
    scatter = mask.inputs[1]
    if scatter.op is not _pool.max_pool_scatter or users[scatter] != [mask]:
        return False
    at = scatter.inputs[1]
    same = all(scatter.attrs[name] == node.attrs[name] for name in node.attrs)
    return at.op is PICK and at.inputs[0] is node and at.attrs["index"] == 1 and same
