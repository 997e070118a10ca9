"""Run a step right before its result is first needed, where waiting keeps nothing alive.

a = f(x); b = g(y); c = h(b); d = k(a, x, c)  ->  b = g(y); c = h(b); a = f(x); d = k(a, x, c)

The order of making starts a second computation of what `remat` did not keep before the steps
that came to wait for others, such as a region that a weight's update has joined. Every input of a
moved step is read later still, so that no value lives longer and the moved one lives less long.
"""

from __future__ import annotations

from kerasish.backend.base import Backend
from kerasish.compiler.aliases import Aliases, Value, steps_of
from kerasish.graph.node import LEAVES, Graph, Node, interning, rebuild
from kerasish.graph.watching import Replaced, watch

Key = tuple[int, ...]  # place in the order; keys end with 0, what goes before has a smaller one


def sink(graph: Graph, device: Backend) -> Graph:
    """Rebuild the graph in its new order."""
    aliases = Aliases(graph.nodes)
    keys = _keys(graph, aliases)
    done: dict[Node, Node] = {n: n for n in graph.nodes if n.op in LEAVES}
    with interning():
        for step in sorted(keys, key=keys.__getitem__):
            done[step] = rebuild(step, tuple(_viewed(i, done) for i in step.inputs))
        results = [_viewed(n, done) for n in graph.results]
    if watch.replaced is not None:
        watch.replaced += [Replaced(n, by, "") for n, by in done.items()]
    count = len(graph.outputs)
    updates = zip((v for v, _ in graph.updates), results[count:], strict=True)
    return Graph(graph.inputs, results[:count], updates)


def _viewed(node: Node, done: dict[Node, Node]) -> Node:
    """What a node has become; views of steps and of leaves are built when they are asked for."""
    path = []
    while node not in done:
        path.append(node)
        node = node.inputs[0]
    for view in reversed(path):
        done[view] = rebuild(view, (done[view.inputs[0]],))
        node = view
    return done[node]


def _keys(graph: Graph, aliases: Aliases) -> dict[Node, Key]:
    """The place of every step."""
    steps = steps_of(graph.nodes, aliases)
    last: dict[Value, Key] = {aliases.owner(n): (len(steps), 0) for n in graph.results}
    first: dict[Node, Key] = {}  # the place of a step's first reader
    keys: dict[Node, Key] = {}
    for i in reversed(range(len(steps))):
        step = steps[i]
        keys[step] = (i, 0)
        held = [aliases.owner(source) for source in step.inputs]
        needed = first.get(step)
        if needed is not None and all(last.get(value, ()) >= needed for value in held):
            keys[step] = (*needed[:-1], -1, i, 0)
        for value in held:
            last[value] = max(last.get(value, ()), keys[step])
            first[value[0]] = min(first.get(value[0], (len(steps),)), keys[step])
    return keys
