"""Let a matrix product end with what follows it, where a library does both in one call.

a @ b + bias             ->  product(a, b, bias)              (unless the sum joins a fused region)
a @ b + c                ->  product(a, b, c), in c's place   (where c ends there)
reshape(transpose(a @ b)) ->  reshape(product(a, b))           (written in the order that is read)
"""

from __future__ import annotations

import math
from typing import Any

from kerasish.backend.base import Backend
from kerasish.compiler.aliases import reshaped_strides
from kerasish.compiler.codegen.nest import contiguous
from kerasish.compiler.passes.scan_parts import count_uses, reshape
from kerasish.compiler.providers import find
from kerasish.graph import primitives as _p
from kerasish.graph.node import LEAVES, Graph, Node, make_node, rewrite
from kerasish.graph.op import Op, case, declare
from kerasish.ops.basic import reduction as _r
from kerasish.ops.basic.matmul import matmul_
from kerasish.spec import TensorSpec, inverse, known

MATMUL = matmul_
RESHAPE = _p.reshape
VIEWS = (_p.reshape, _p.transpose, _p.expand_dims)


def _infer(a: TensorSpec, b: TensorSpec, *c: TensorSpec, axes: tuple[int, ...]) -> TensorSpec:
    y: Any = MATMUL.infer(a, b)
    return TensorSpec(tuple(y.shape[i] for i in axes), y.dtype)


def _kernel(xp: Any, a: Any, b: Any, *c: Any, axes: tuple[int, ...], out: Any = None) -> Any:
    held = c[0].copy() if c and out is not None and xp.may_share_memory(c[0], out) else None
    y = MATMUL.kernel(xp, a, b, out=None if out is None else out.transpose(inverse(axes)))
    if c:
        xp.add(y, c[0] if held is None else held, out=y)
    return y.transpose(axes)


PRODUCT = declare(
    Op(
        "product",
        _infer,
        _kernel,
        cases=(  # the pass runs after differentiation, so there is no gradient
            case((3, 4), (4, 5), (5,), axes=(0, 1), differentiate=()),
            case((3, 4), (4, 5), (3, 5), axes=(0, 1), differentiate=()),
            case((2, 3, 4), (2, 4, 5), axes=(1, 0, 2), differentiate=()),
        ),
        out=True,
        flops=lambda a, b, *c, axes: MATMUL.flops(a, b) if MATMUL.flops else 0,
        doc="transpose(a @ b + c, axes), with c a row or a whole matrix.",
    )
)


def products(graph: Graph, device: Backend) -> Graph:
    """Join products with sums and transpositions behind them."""
    users = graph.users
    uses = count_uses(graph.results)

    def only(node: Node) -> bool:
        return uses[node] == 1

    def plain(node: Node) -> Node | None:
        """The matmul that a node is, maybe reshaped, if nobody else reads it."""
        inner = node.inputs[0] if node.op is RESHAPE and only(node) else node
        return inner if inner.op is MATMUL and only(inner) else None

    def addend(node: Node, k: int) -> Node | None:
        """What input k of a sum may be added to within a product: the matmul."""
        made, c = plain(node.inputs[k]), node.inputs[1 - k]
        if made is None or node.inputs[k].spec != node.spec:
            return None
        if c.spec == node.spec:
            ends = only(c) and c.op not in LEAVES and c.op not in VIEWS
            return made if ends or (only(c) and plain(c) is not None) else None
        return made if _is_row(c, node, made) and not _fusible(node, users) else None

    def joined(node: Node, inputs: tuple[Node, ...]) -> Node | None:
        for k in (0, 1):
            made = addend(node, k)
            if made is None:
                continue
            mine = inputs[k].inputs[0] if inputs[k].op is RESHAPE else inputs[k]
            c, whole = inputs[1 - k], inputs[1 - k].spec == node.spec
            c = reshape(c, known(made.spec.shape) if whole else (made.spec.shape[-1],), node)
            axes = tuple(range(made.spec.ndim))
            y = make_node(PRODUCT, (*mine.inputs, c), {"axes": axes}, made.spec, like=node)
            if find(y, device.name) is not None:
                return reshape(y, known(node.spec.shape), node)
        return None

    def turned(node: Node, inputs: tuple[Node, ...]) -> Node | None:
        axes = {"axes": node.attrs["axes"]}
        y = make_node(PRODUCT, inputs[0].inputs, axes, node.spec, like=node.inputs[0])
        return y if find(y, device.name) is not None else None

    def turns(node: Node) -> bool:
        if node.inputs[0].op is not MATMUL or not only(node.inputs[0]):
            return False
        return any(u.op is RESHAPE and _moves(node, u) for u in users.get(node, ()))

    rules: dict[Node, Any] = {}
    for node in graph.nodes:
        if node.op is _p.add and (addend(node, 0) or addend(node, 1)):
            rules[node] = joined
        elif node.op is _p.transpose and turns(node):
            rules[node] = turned

    def rule(node: Node, inputs: tuple[Node, ...]) -> Node | None:
        return rules[node](node, inputs) if node in rules else None

    return rewrite(graph, rule) if rules else graph


def _is_row(c: Node, total: Node, product: Node) -> bool:
    """Whether c is one row of the product, repeated for all others."""
    shape, wanted = known(c.spec.shape), known(product.spec.shape)[-1]
    while shape and shape[0] == 1:
        shape = shape[1:]
    inner = known(total.spec.shape)[total.spec.ndim - len(shape) :]
    return bool(shape) and shape == inner and math.prod(shape) == wanted


def _fusible(node: Node, users: dict[Node, list[Node]]) -> bool:
    """Whether something behind a sum would take it into its region."""
    found = users.get(node, [])
    return any(
        u.op.elementwise
        or u.op in (_p.sum_, _r.max_, _r.min_)
        or (u.op is RESHAPE and _fusible(u, users))
        for u in found
    )


def _moves(node: Node, reshaped: Node) -> bool:
    """Whether reshaping a transposed result would have to copy it."""
    source, axes = known(node.inputs[0].spec.shape), node.attrs["axes"]
    steps = contiguous(source)
    strides = tuple(steps[i] for i in axes)
    return reshaped_strides(known(node.spec.shape), strides, known(reshaped.spec.shape)) is None
