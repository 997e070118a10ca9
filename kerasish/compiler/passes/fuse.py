"""Gather elementwise ops and reductions over one domain into regions that run as one loop.

a = x * w; b = a + c; y = tanh(b)           ->  y = fused(x, w, c)
m = max(x); e = exp(x - m); y = e / sum(e)  ->  y = fused(x)          (LLVM and CUDA)
"""

from __future__ import annotations

from kerasish.backend.base import Backend
from kerasish.compiler.codegen.nest import DRAWS, REDUCTIONS, VIEWS, kind_of, row_shapes
from kerasish.compiler.codegen.renderer import Renderer, renderer
from kerasish.compiler.passes.groups import Groups
from kerasish.compiler.region import FUSED
from kerasish.graph.node import (
    CONSTANT,
    LEAVES,
    PICK,
    Graph,
    Node,
    inherit,
    interning,
    make_node,
    pick,
    placeholder,
    rebuild,
)
from kerasish.graph.watching import Replaced, watch
from kerasish.spec import known


def fuse(graph: Graph, device: Backend) -> Graph:
    """Replace groups of elementwise nodes, and of reductions where they can be, by regions."""
    chosen = renderer(device)
    if chosen is None:
        return graph
    groups = group(graph, chosen)
    wanted = _used_outside(graph, groups)
    done: dict[Node, Node] = {n: n for n in graph.nodes if n.op in LEAVES}
    with interning():
        for g in groups.order():
            members = groups.members[g]
            first = members[0]
            single = len(members) == 1 and not (chosen.supported(first) and chosen.alone(first))
            if groups.domain[g] is None or single:
                done[first] = rebuild(first, tuple(done[i] for i in first.inputs))
            else:
                _emit(members, groups, g, wanted, done)
            if watch.replaced is not None:
                made = next(done[n] for n in members if n in done)
                made = made.inputs[0] if made.op is PICK else made
                rule = "fuse" if made.op is FUSED else ""
                watch.replaced += [Replaced(n, made, rule) for n in members]
    return Graph(
        graph.inputs,
        (done[n] for n in graph.outputs),
        ((variable, done[n]) for variable, n in graph.updates),
    )


def group(graph: Graph, chosen: Renderer) -> Groups:
    """Assign every node but leaves to a group; only ops that the renderer supports may join one."""
    groups = Groups()
    for node in graph.nodes:
        if node.op in LEAVES:
            continue
        if node.op in VIEWS:
            _place_view(groups, node)
        elif not chosen.supported(node):
            groups.new(node)
        elif node.op in REDUCTIONS:
            _place_reduction(groups, node)
        elif node.op is DRAWS:
            groups.new(node, known(node.spec.shape))
        else:
            _place_elementwise(groups, node)
    return groups


def _place_elementwise(groups: Groups, node: Node) -> None:
    shape = known(node.spec.shape)
    joined: int | None = None
    for g in groups.near(node):
        element = shape == groups.domain[g]
        if not (element or _is_row(groups, g, shape)):
            continue
        if not all(_readable(groups, g, i, element) for i in node.inputs if groups.of.get(i) == g):
            continue
        if joined is None:
            if groups.accepts(node, g):
                groups.add(node, g, element)
                joined = g
        elif element and _mergeable(groups, joined, g):
            groups.merge(joined, g)
    if joined is None:
        groups.new(node, shape)


def _mergeable(groups: Groups, a: int, b: int) -> bool:
    """Whether what two groups read of each other can be read within one loop nest."""
    return all(
        groups.element[source] and node.op is not DRAWS  # which read their key whole
        if node.op in (*REDUCTIONS, DRAWS)
        else _readable(groups, groups.of[source], source, groups.element[node])
        for node in (*groups.members[a], *groups.members[b])
        for source in node.inputs
        if groups.of.get(source) in (a, b)
    )


def _is_row(groups: Groups, g: int, shape: tuple[int, ...]) -> bool:
    domain, axes = groups.domain[g], groups.axes[g]
    return domain is not None and bool(axes) and shape in row_shapes(domain, axes)


def _readable(groups: Groups, g: int, source: Node, element: bool) -> bool:
    """Whether a member of g may be read by a new element (or row) node of g."""
    if groups.element[source]:
        return element
    if not element:
        return True
    domain, axes = groups.domain[g], groups.axes[g]
    if domain is None or kind_of(domain, axes) != "rows":
        return False
    return source.spec.shape == row_shapes(domain, axes)[0]


def _place_reduction(groups: Groups, node: Node) -> None:
    domain, axes = known(node.inputs[0].spec.shape), node.attrs["axis"]
    kind = kind_of(domain, axes)
    if kind is None:
        groups.new(node)
        return
    for g in groups.near(node):
        held = groups.axes[g]
        if groups.domain[g] != domain or (held and held != axes):
            continue
        source = node.inputs[0]
        if groups.of.get(source) == g and not groups.element[source]:
            continue
        if groups.accepts(node, g):
            groups.add(node, g, element=False)
            groups.axes[g] = axes
            return
    groups.new(node, domain, axes, element=False)


def _place_view(groups: Groups, node: Node) -> None:
    """A reshape of row values to the other row shape stays in the region, where it is nothing."""
    source = node.inputs[0]
    g = groups.of.get(source)
    if g is not None and groups.domain[g] is not None and not groups.element[source]:
        if _is_row(groups, g, known(node.spec.shape)) and groups.accepts(node, g):
            groups.add(node, g, element=False)
            return
    groups.new(node)


def _used_outside(graph: Graph, groups: Groups) -> set[Node]:
    of = groups.of.get
    read = (s for n in graph.nodes for s in n.inputs if of(s) != of(n))
    return {*graph.results, *read}


def _emit(
    members: list[Node], groups: Groups, g: int, wanted: set[Node], done: dict[Node, Node]
) -> None:
    """Build the region of one group."""
    inside = set(members)
    rank = len(groups.domain[g] or ())
    inputs: dict[tuple[Node, str], Node] = {}
    inner: dict[Node, Node] = {}

    def read(source: Node, user: Node) -> Node:
        if source in inside:
            return inner[source]
        if source.op is CONSTANT and source.value.size == 1:
            return source
        # A value lies differently under elements, under squeezed rows and as a key of draws;
        # where it is read in several ways it comes in as several inputs.
        way = "element"
        if user.op is DRAWS:
            way = "key"
        elif not groups.element[user] and user.op not in REDUCTIONS:
            way = "row" if len(user.spec.shape) != rank else way
        if (source, way) not in inputs:
            inputs[source, way] = placeholder(source.spec)
        return inputs[source, way]

    with inherit(members[-1]):
        for node in members:
            inner[node] = rebuild(node, tuple([read(i, node) for i in node.inputs]))
        results = [n for n in members if n in wanted]
        body = Graph(inputs.values(), [inner[n] for n in results])
        fused = make_node(FUSED, tuple(done[i] for i, _ in inputs), {"body": body})
        for k, node in enumerate(results):
            done[node] = fused if len(results) == 1 else pick(fused, k)
