"""Plans of the bodies of loops and branches: bound to arrays of the plan around them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kerasish.backend.base import Backend
from kerasish.compiler.aliases import Aliases
from kerasish.compiler.codegen.renderer import Region
from kerasish.compiler.passes import optimize
from kerasish.compiler.passes.own_results import COPY
from kerasish.compiler.plan import Plan, Step
from kerasish.compiler.providers import Array
from kerasish.graph.node import LEAVES, PICK, Graph, Node, interning, make_node, rebuild, rewrite
from kerasish.ops.control.primitives import scan_op, switch_op, while_op

CONTROL = (scan_op, switch_op, while_op)


class BodyPlan(Plan):
    """A plan whose inputs and results are arrays from outside, and which can be bound again.

    Args:
        graph: from `prepare`.
        outside: an array for every input and for the results that are wanted.
        arena: gives the memory of everything else.
    """

    def __init__(
        self,
        graph: Graph,
        outside: Mapping[Node, Array],
        arena: Callable[[int], Array] | None = None,
    ) -> None:
        self._regions: dict[Node, Region] = {}
        super().__init__(graph, arena, outside)
        self._by_node = {step.node: step for step in self.steps}

    def _compile_regions(self) -> None:
        self._regions = {self.steps[at].node: p for at, p in self._pending.items()}
        super()._compile_regions()

    def rebound(self, arrays: Mapping[Node, Array]) -> list[Step]:
        """The steps with other arrays for some inputs and results; untouched steps are shared.

        Args:
            arrays: of the same shapes and strides as those that the plan was made with.
        """
        values = dict(arrays)
        owned = {self._aliases.owner(n): a for n, a in arrays.items()}
        steps: list[Step] = []
        for node in self.graph.nodes:
            if node.op in LEAVES:
                continue
            if not self._aliases.is_view(node):
                steps.append(self._rebound_step(node, values, owned))
            elif node.op is PICK:
                value = self._aliases.owner(node)
                if value in owned:
                    values[node] = owned[value]
            elif node.inputs[0] in values:
                source = values[node.inputs[0]]
                values[node] = node.op.kernel(self.device.xp, source, **node.attrs)
        return steps

    def _rebound_step(self, node: Node, values: dict[Node, Array], owned: dict[Any, Array]) -> Step:
        step = self._by_node[node]
        places = [(node, k) for k in range(len(node.specs))]
        if places[0] in owned:
            values[node] = owned[places[0]]
        if not any(i in values for i in node.inputs) and not any(p in owned for p in places):
            return step
        inputs = [values[i] if i in values else self._values[i] for i in node.inputs]
        outputs = [owned.get(p, self._owned[p]) for p in places]
        region = self._regions.get(node)
        if region is not None:
            again = copy.copy(region)
            again.inputs, again.outputs = inputs, outputs
            call = again.bind()
        else:
            _, call = self._choose(node, self.kernels[node], inputs, outputs)
        return Step(node, step.provider, call, tuple(outputs))


def prepare(body: Graph, device: Backend, fixed: Iterable[Node] = ()) -> Graph:
    """A body as `BodyPlan` wants it: optimized, each result in a buffer of its own.

    Args:
        fixed: inputs whose arrays stay the same from round to round. Loops and branches inside
            the body would be costly to bind again, so they get copies of the other inputs and
            of results, and their own results are copied out.
    """
    graph = _isolated(optimize(body, device), set(fixed))
    aliases = Aliases(graph.nodes)
    inner = {aliases.owner(i) for n in graph.nodes if n.op in CONTROL for i in n.inputs}
    taken: set[Node] = set()

    def own(node: Node) -> Node:
        value = aliases.owner(node)
        whole = node is value[0] or node.op is PICK
        held = value in inner or value[0].op in CONTROL or value[0].op in LEAVES
        if whole and not held and node not in taken:
            taken.add(node)
            return node
        return make_node(COPY, (node,), {}, node.spec, like=node)

    with interning() as table:
        outputs = []
        for node in graph.outputs:
            outputs.append(own(node))
            table.clear()  # a node that is a result twice is copied twice
        return Graph(graph.inputs, outputs)


def _isolated(graph: Graph, fixed: set[Node]) -> Graph:
    """Copies of moving inputs in front of the loops and branches inside."""
    if not any(node.op in CONTROL for node in graph.nodes):
        return graph
    aliases = Aliases(graph.nodes)
    moving = set(graph.inputs) - fixed

    def rule(node: Node, inputs: tuple[Node, ...]) -> Node | None:
        if node.op not in CONTROL:
            return None
        own = (
            make_node(COPY, (new,), {}, new.spec, like=node)
            if aliases.owner(old)[0] in moving
            else new
            for old, new in zip(node.inputs, inputs, strict=True)
        )
        return rebuild(node, tuple(own))

    return rewrite(graph, rule)
