"""Take out of loops what can be done for all rounds at once.

Before the loop, what depends on no carried value:

    scan(h, x_t: tanh(x_t @ W + h @ U))  ->  xw = xs @ W;  scan(h, xw_t: tanh(xw_t + h @ U))

After it, what no later round depends on: products that are stacked, and sums that are only added
to. The gradient of a recurrent layer adds up its weights' gradients round by round:

    scan(s, x_t, g_t: s + x_t.T @ g_t)   ->  s + reshape(xs, (T*B, M)).T @ reshape(gs, (T*B, N))

One large product runs many times faster than as many small ones. What is left of the loop carries
and stacks only what somebody reads.
"""

from __future__ import annotations

import functools
from typing import Any

from kerasish.backend.base import Backend
from kerasish.compiler.passes.expand import expand
from kerasish.compiler.passes.own_results import COPY
from kerasish.compiler.passes.scan_parts import Later, Loop, count_uses, reshape, surely
from kerasish.compiler.passes.simplify import simplify
from kerasish.graph import primitives as _p
from kerasish.graph.node import LEAVES, PICK, Graph, Node, inherit, make_node, rewrite, toposort
from kerasish.graph.op import Op
from kerasish.ops.basic import elementwise as _e
from kerasish.ops.basic import indexing as _i
from kerasish.ops.basic.matmul import matmul_
from kerasish.ops.control.primitives import scan_op
from kerasish.ops.nn import convolution as _c
from kerasish.spec import TensorSpec, known

PRODUCTS = (matmul_, _c.conv_, _c.conv_input_grad)
LINEAR = (_p.reshape, _p.transpose, _p.expand_dims, _e.negative, _p.unslice)


def hoist(graph: Graph, device: Backend) -> Graph:
    """Rewrite every scan of a graph, inner ones first, and simplify what stands around them."""
    scans = [node for node in graph.nodes if node.op is scan_op]
    if not scans:
        return graph
    used: dict[Node, set[int]] = {node: set() for node in scans}
    for node in (*graph.nodes, *graph.results):
        if node.op is PICK and node.inputs[0] in used:
            used[node.inputs[0]].add(node.attrs["index"])

    def rule(node: Node, inputs: tuple[Node, ...]) -> tuple[Node, ...] | None:
        if node not in used or not node.attrs["length"]:
            return None
        body = node.attrs["body"]
        for step in (expand, simplify, hoist):
            body = step(body, device)
        with inherit(node):
            return _rewritten(Loop(node, inputs, body, used[node]))

    return simplify(rewrite(graph, rule), device)


def _rewritten(loop: Loop) -> tuple[Node, ...]:
    loop.prune()
    _unchanged(loop)
    _results_before(loop)
    _values_before(loop)
    _rows_in_order(loop)
    _sums_after(loop)
    _results_after(loop)
    loop.prune()
    return loop.build()


# --- before the loop ------------------------------------------------------------------------------


def _unchanged(loop: Loop) -> None:
    """A carried value that stays as it is becomes a captured one."""
    for carry in loop.live:
        if carry.after is carry.before:
            start = carry.start
            rows = loop.rows_of((start, False))
            carry.live = False
            carry.final = carry.final and (lambda start=start: start)
            carry.history = carry.history and (lambda rows=rows: rows)
            loop.given[carry.before] = (start, False)


def _results_before(loop: Loop) -> None:
    """Stacked results that depend on no carried value."""
    varying = loop.varying()
    for result in loop.results:
        if result.output is None or result.node in varying:
            continue
        found = loop.outside(result.node)
        if found is not None:
            rows = loop.rows_of(found)
            result.output, result.inside = (lambda rows=rows: rows), False


def _values_before(loop: Loop) -> None:
    """Products and other costly steps, and all that is the same in every round."""
    varying = loop.varying()
    roots = loop.roots()
    wanted: dict[Node, tuple[Node, bool]] = {}
    for node in toposort(roots):
        if node in varying or node.op in LEAVES or node.op.view:
            continue
        if not isinstance(node.spec, TensorSpec):  # its outputs are given, each on its own
            continue
        found = loop.outside(node)
        # Elementwise work on slices stays: inside, it joins the regions that need it.
        if found is not None and not (found[1] and node.op.elementwise):
            wanted[node] = found
    reached = toposort(roots, stop=wanted)
    loop.replace({node: loop.give(*wanted[node]) for node in reached if node in wanted})


def _rows_in_order(loop: Loop) -> None:
    """Captured operands of products that are transposed: copied once, not walked every round."""
    wanted: dict[Node, Node] = {}
    for node in toposort(loop.roots()):
        for source in node.inputs if node.op is matmul_ else ():
            found = loop.outside(source)
            if found is not None and not found[1] and found[0].op is _p.transpose:
                wanted[source] = make_node(COPY, (found[0],), {}, like=source)
    if wanted:
        loop.replace({node: loop.give(copied, False) for node, copied in wanted.items()})


# --- after the loop -------------------------------------------------------------------------------


def _sums_after(loop: Loop) -> None:
    """Carried values that are only added to: carry + f(...), whose rows are summed at once."""
    for carry in loop.live:
        if carry.history is not None:
            continue
        uses = count_uses(loop.roots())
        terms = _terms(carry.after, carry.before, uses)
        if terms is None:
            continue
        held = dict(loop.extra)
        totals = [_total(loop, term) for term in sorted(terms, key=lambda t: t.op is _p.sum_)]
        if any(total is None for total in totals):
            loop.extra = held
            continue
        carry.live = False
        if carry.final is not None:
            carry.final = _added(carry.start, [t for t in totals if t is not None])


def _terms(node: Node, mark: Node, uses: dict[Node, int]) -> list[Node] | None:
    """The t_i of node = mark + t_1 + t_2 + ..., if nobody else reads a partial sum."""
    terms: list[Node] = []
    while node is not mark:
        if node.op is not _p.add or uses[node] != 1:
            return None
        a, b = node.inputs
        on_path = [_leads_to(side, mark) for side in (a, b)]
        if on_path[0] == on_path[1]:
            return None
        node, term = (a, b) if on_path[0] else (b, a)
        if term.spec != node.spec:
            return None
        terms.append(term)
    return terms if uses[mark] == 1 else None


def _leads_to(node: Node, mark: Node) -> bool:
    return mark in toposort([node])


def _added(start: Node, totals: list[Later]) -> Later:
    return lambda: functools.reduce(lambda x, part: _make(_p.add, x, part()), totals, start)


def _make(op: Op, *inputs: Node, **attrs: Any) -> Node:
    return make_node(op, inputs, attrs)


def _total(loop: Loop, node: Node) -> Later | None:
    """The sum over all rounds of a body's node."""
    op = node.op
    if op in LINEAR:  # the sum of its results is the op of the sum
        inner = _total(loop, node.inputs[0])
        return inner and (lambda: _make(op, inner(), **node.attrs))
    if op is _p.sum_ and loop.is_stacked(node.inputs[0]):
        source = loop.stacked(node.inputs[0])
        return source and (lambda: sum_of_sums(node, source()))
    if op is matmul_ and len(node.spec.shape) == 2:
        joined = sum_of_products
    elif op is _c.conv_weight_grad:
        joined = functools.partial(sum_of_kernels, node)
    elif op is _i.scatter_add and node.attrs["axis"] == 0:
        joined = functools.partial(sum_of_scatters, node)
    else:
        return None
    first, second = (loop.stacked(operand) for operand in node.inputs)
    if first is None or second is None:
        return None
    return lambda: joined(first(), second())


def _swap_last(node: Node) -> Node:
    rank = len(node.spec.shape)
    return _make(_p.transpose, node, axes=(*range(rank - 2), rank - 1, rank - 2))


def _merged(node: Node) -> Node:
    rows, first, *rest = known(node.spec.shape)
    return reshape(node, (rows * first, *rest))


def sum_of_products(a: Node, b: Node) -> Node:
    """sum_t a[t] @ b[t] as one product: a (T, M, K), b (T, K, N) -> (M, T*K) @ (T*K, N)."""
    t, m, k = known(a.spec.shape)
    left = _swap_last(reshape(_swap_last(a), (t * k, m)))
    return _make(matmul_, left, reshape(b, (t * k, known(b.spec.shape)[-1])))


def sum_of_sums(node: Node, source: Node) -> Node:
    """sum_t sum(x[t]) as one sum over all rows of `source`."""
    axes = tuple(a + 1 for a in node.attrs["axis"])
    total = _make(_p.sum_, source, axis=(0, *axes), keepdims=False)
    return reshape(total, known(node.spec.shape))


def sum_of_kernels(node: Node, x: Node, g: Node) -> Node:
    """sum_t conv_weight_grad(x[t], g[t]) as one, over a batch of all rows."""
    return make_node(node.op, (_merged(x), _merged(g)), node.attrs)


def sum_of_scatters(node: Node, indices: Node, updates: Node) -> Node:
    """sum_t scatter_add(i[t], u[t]) as one."""
    return make_node(node.op, (indices, updates), node.attrs)


def _results_after(loop: Loop) -> None:
    """Stacked products that no round reads."""
    needed = set(toposort([c.after for c in loop.live]))
    for result in loop.results:
        if result.output is None or not result.inside:
            continue
        made = _product(loop, result.node, needed)
        if made is not None:
            result.output, result.inside = made, False


def _product(loop: Loop, node: Node, needed: set[Node]) -> Later | None:
    """A product, or a view of one, for all rounds after the loop."""
    if node in needed or not (node.op.view or node.op in PRODUCTS):
        return None
    if node.op.view:
        source = _product(loop, node.inputs[0], needed)
        return source and (lambda: surely(node, [(source(), True)], loop.rows))
    operands: list[tuple[Later, bool]] = []
    for source in node.inputs:
        found = loop.outside(source)
        if found is not None and not found[1]:
            outer = found[0]
            operands.append((lambda outer=outer: outer, False))
            continue
        rows = loop.stacked(source)
        if rows is None:
            return None
        operands.append((rows, True))
    if [sliced for _, sliced in operands] != [True, False]:
        return None
    return lambda: surely(node, [(later(), sliced) for later, sliced in operands], loop.rows)
