"""Loops and branches as plans of their own, inside the plan around them.

    scan(body, c, xs)   ->  [c0 -> c1, x0 | y0] [c1 -> c2, x1 | y1] ...    one flat list of steps

A body is planned once. For every round its steps are bound to that round's slices of xs and ys,
so nothing is copied and nothing is decided while it runs: the carried values go straight to where
the next round reads them, captured values are the outer arrays. Where that would be more than
`BOUND` steps, one block of rounds is bound and run again and again, its rows copied in and out.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kerasish.backend.base import Backend, current
from kerasish.compiler.aliases import Aliases, steps_of
from kerasish.compiler.plan import Step
from kerasish.compiler.providers import Array, Arrays, kernel, provider
from kerasish.compiler.subplan import BodyPlan, prepare
from kerasish.graph.node import Graph, Node
from kerasish.spec import TensorSpec, dtype_name, known

NAME = "plan"
BOUND = 8192  # steps that may be bound one by one; longer loops repeat a block of rounds

provider(NAME, lambda: None, "loops and branches as plans within plans")


def _empty(device: Backend, spec: TensorSpec, rows: int | None = None) -> Array:
    """An array of a spec, or of `rows` of them."""
    shape = known(spec.shape) if rows is None else (rows, *known(spec.shape))
    dtype = device.asarray([], spec.dtype).dtype
    count = TensorSpec(shape, spec.dtype).nbytes
    return device.empty(count).view(dtype).reshape(shape)


class Control:
    """A step that is a list of steps.

    Attributes:
        steps: all of them, in order.
        plans: the plans they come from.
        nbytes: memory beside that of the plans.
    """

    def __init__(self, steps: Sequence[Step], plans: Sequence[BodyPlan], nbytes: int) -> None:
        self.steps = list(steps)
        self.plans = list(plans)
        self.nbytes = nbytes
        self._calls = [step.call for step in self.steps]

    def __call__(self) -> None:
        for call in self._calls:
            call()


# --- scan -----------------------------------------------------------------------------------------


class _Scan:
    """A scan bound to arrays. See the module's docstring."""

    def __init__(self, node: Node, inputs: Arrays, outputs: Arrays) -> None:
        self.node, self.device = node, current()
        body: Graph = node.attrs["body"]
        c, x = node.attrs["n_carry"], node.attrs["n_carry"] + node.attrs["n_xs"]
        y = len(body.outputs)
        self.length, self.reverse = node.attrs["length"], node.attrs["reverse"]
        self.start, self.xs = inputs[:c], inputs[c:x]
        self.final, self.history = outputs[:c], outputs[y:]
        self.shared = self._rows_of_carries(body, outputs[c:y])
        kept = [k for k in range(c, y) if not any(k == at for at, _ in self.shared.values())]
        self.ys = [outputs[k] for k in kept]
        results = (*body.outputs[:c], *(body.outputs[k] for k in kept))
        self.graph = prepare(Graph(body.inputs, results), self.device, body.inputs[x:])
        self.fixed = dict(zip(self.graph.inputs[x:], inputs[x:], strict=True))
        self.plan: BodyPlan | None = None
        self.nbytes = 0

    def _rows_of_carries(self, body: Graph, ys: Arrays) -> dict[int, tuple[int, Array]]:
        """For carried values that are stacked too, and whose past is not: (output, array).

        Such a value is written into its row only, and read from there in the next round.
        """
        count = len(self.start)
        return {
            k: (at, ys[at - count])
            for at in range(count, len(body.outputs))
            for k in range(count)
            if body.outputs[at] is body.outputs[k]
            and self.history[k] is None
            and ys[at - count] is not None
        }

    def bind(self) -> Control:
        """The step that runs the scan."""
        if not self.length:
            return Control(self._copies(self.final, self.start), (), 0)
        aliases = Aliases(self.graph.nodes)
        rows = max(BOUND // max(len(steps_of(self.graph.nodes, aliases)), 1), 2)
        steps = self._whole() if self.length <= rows else self._blocks(rows)
        return Control(steps, [self.plan] if self.plan else (), self.nbytes)

    def _whole(self) -> list[Step]:
        """Every round bound to the outer arrays."""
        order = self._order(self.length)
        shared = {k: array for k, (_, array) in self.shared.items()}
        carries = self._places(order, self.history, shared)
        before: list[Step] = []
        after: list[Step] = []
        for k, (start, places, final) in enumerate(
            zip(self.start, carries, self.final, strict=True)
        ):
            if self.history[k] is None and start.flags.c_contiguous:
                places[0] = start
            else:
                before.append(self._copy(places[0], start))
            if final is not None and k in shared:
                after.append(self._copy(final, places[-1]))
            elif final is not None:
                places[-1] = final
        rounds = self._rounds(order, self.xs, self.ys, carries)
        return [*before, *(step for steps in rounds for step in steps), *after]

    def _blocks(self, rows: int) -> list[Step]:
        """One block of rounds, bound to rows of its own and run again and again."""
        order, body, count = self._order(rows), self.graph, len(self.start)
        xs = [self._room(n.spec, rows) for n in body.inputs[count : count + len(self.xs)]]
        ys = [self._rows_like(y, rows) for y in self.ys]
        history = [self._rows_like(h, rows) for h in self.history]
        shared = {k: self._rows_like(array, rows) for k, (_, array) in self.shared.items()}
        carries = self._places(order, history, shared)
        rounds = self._rounds(order, xs, ys, carries)
        wholes = [*self.ys, *self.history, *(array for _, array in self.shared.values())]
        parts = [*ys, *history, *shared.values()]
        pairs = [(w, p) for w, p in zip(wholes, parts, strict=True) if p is not None]
        firsts = [places[0] for places in carries]
        steps = self._copies(firsts, self.start)
        for done in range(0, self.length, rows):
            n = min(rows, self.length - done)
            here, there = slice(0, n), slice(done, done + n)
            if self.reverse:
                here = slice(rows - n, rows)
                there = slice(self.length - done - n, self.length - done)
            steps += self._copies([x[here] for x in xs], [x[there] for x in self.xs])
            steps += [step for part in rounds[:n] for step in part]
            steps += self._copies([w[there] for w, _ in pairs], [p[here] for _, p in pairs])
            ends = [places[n] for places in carries]
            more = done + n < self.length
            steps += self._copies(firsts, ends) if more else self._copies(self.final, ends)
        return steps

    def _rounds(
        self, order: Sequence[int], xs: Arrays, ys: Arrays, carries: Sequence[Arrays]
    ) -> list[list[Step]]:
        """The steps of every round.

        Args:
            order: the row of xs and ys of each round.
            carries: the arrays that each carried value moves through, round by round.
        """
        body, count = self.graph, len(carries)
        rounds: list[list[Step]] = []
        for i, row in enumerate(order):
            reads = [*(places[i] for places in carries), *(x[row, ...] for x in xs)]
            writes = [*(places[i + 1] for places in carries)]
            writes += [None if y is None else y[row, ...] for y in ys]
            arrays = dict(zip(body.inputs[: count + len(xs)], reads, strict=True))
            pairs = zip(body.outputs, writes, strict=True)
            arrays |= {node: array for node, array in pairs if array is not None}
            if self.plan is None:
                self.plan = BodyPlan(body, self.fixed | arrays)
                rounds.append(self.plan.steps)
            else:
                rounds.append(self.plan.rebound(arrays))
        return rounds

    def _order(self, rows: int) -> list[int]:
        return list(reversed(range(rows)) if self.reverse else range(rows))

    def _places(
        self, order: Sequence[int], history: Arrays, shared: Mapping[int, Array]
    ) -> list[list[Array]]:
        """Where each carried value stands before every round, and after the last.

        Args:
            order: the row of each round.
            history: arrays that keep a value before every round, or None.
            shared: arrays that keep a value after every round.
        """
        found = []
        for k, past in enumerate(history):
            spec = self.graph.inputs[k].spec
            spare = self._room(spec)
            if k in shared:
                found.append([spare, *(shared[k][row, ...] for row in order)])
            elif past is not None:
                found.append([*(past[row, ...] for row in order), spare])
            else:
                pair = (spare, self._room(spec))
                found.append([pair[i % 2] for i in range(len(order) + 1)])
        return found

    def _rows_like(self, array: Array | None, rows: int) -> Array | None:
        if array is None:
            return None
        return self._room(TensorSpec(array.shape[1:], dtype_name(array.dtype)), rows)

    def _room(self, spec: TensorSpec, rows: int | None = None) -> Array:
        made = _empty(self.device, spec, rows)
        self.nbytes += made.nbytes
        return made

    def _copy(self, target: Array, source: Array) -> Step:
        call = functools.partial(self.device.xp.copyto, target, source)
        return Step(self.node, NAME, call, (target,))

    def _copies(self, targets: Arrays, sources: Arrays) -> list[Step]:
        pairs = zip(targets, sources, strict=True)
        wanted = (pair for pair in pairs if pair[0] is not None and pair[0] is not pair[1])
        return [self._copy(target, source) for target, source in wanted]


@kernel("scan", provider=NAME, backend=None)
def _scan(node: Node, inputs: Arrays, outputs: Arrays) -> Control:
    return _Scan(node, inputs, outputs).bind()


# --- switch ---------------------------------------------------------------------------------------


class _Switch:
    """One of several plans, chosen by an index when it runs."""

    decides = True  # on the host: no device can record it

    def __init__(self, index: Array, plans: Sequence[BodyPlan]) -> None:
        self.index = index
        self.plans = list(plans)
        self.nbytes = 0
        self._calls = [[step.call for step in plan.steps] for plan in self.plans]

    def __call__(self) -> None:
        chosen = min(max(int(self.index), 0), len(self._calls) - 1)
        for call in self._calls[chosen]:
            call()


@kernel("switch", provider=NAME, backend=None)
def _switch(node: Node, inputs: Arrays, outputs: Arrays) -> _Switch:
    device = current()
    plans = []
    for body in node.attrs["branches"]:
        graph = prepare(body, device, body.inputs)
        arrays = dict(zip(graph.inputs, inputs[1:], strict=True))
        found = zip(graph.outputs, outputs, strict=True)
        plans.append(BodyPlan(graph, arrays | {n: y for n, y in found if y is not None}))
    return _Switch(inputs[0], plans)


# --- while_loop -----------------------------------------------------------------------------------


class _While:
    """A body bound twice, from one set of buffers to another and back, and a condition on each."""

    decides = True  # on the host: no device can record it

    def __init__(self, node: Node, inputs: Arrays, outputs: Arrays) -> None:
        device, attrs = current(), node.attrs
        count = attrs["n_carry"]
        self.limit = attrs["limit"]
        self.start, self.outputs = inputs[:count], outputs
        captured = inputs[count:]
        body = prepare(attrs["body"], device, attrs["body"].inputs[count:])
        cond = prepare(attrs["cond"], device, attrs["cond"].inputs[count:])
        a = [_empty(device, n.spec) for n in body.inputs[:count]]
        b = [_empty(device, n.spec) for n in body.inputs[:count]]
        self.truth = _empty(device, cond.outputs[0].spec)
        self.nbytes = sum(x.nbytes for x in (*a, *b, self.truth))
        self.copyto: Callable[..., Any] = device.xp.copyto

        def arrays(graph: Graph, before: Arrays, after: Arrays) -> dict[Node, Array]:
            return dict(
                zip((*graph.inputs[:count], *graph.outputs), (*before, *after), strict=True)
            )

        outer = dict(zip(body.inputs[count:], captured, strict=True))
        rounds = BodyPlan(body, outer | arrays(body, a, b))
        outer = dict(zip(cond.inputs[count:], captured, strict=True))
        test = BodyPlan(cond, outer | arrays(cond, a, [self.truth]))
        self.plans = [rounds, test]
        back = rounds.rebound(arrays(body, b, a))
        again = test.rebound(arrays(cond, b, [self.truth]))
        self.held = (a, b)
        self.tests = [[s.call for s in steps] for steps in (test.steps, again)]
        self.bodies = [[s.call for s in steps] for steps in (rounds.steps, back)]

    def __call__(self) -> None:
        self._copy(self.held[0], self.start)
        side = rounds = 0
        while self.limit is None or rounds < self.limit:
            for call in self.tests[side]:
                call()
            if not bool(self.truth):
                break
            for call in self.bodies[side]:
                call()
            side, rounds = 1 - side, rounds + 1
        self._copy(self.outputs, self.held[side])

    def _copy(self, targets: Arrays, sources: Arrays) -> None:
        for target, source in zip(targets, sources, strict=True):
            if target is not None:
                self.copyto(target, source)


@kernel("while_loop", provider=NAME, backend=None)
def _while(node: Node, inputs: Arrays, outputs: Arrays) -> _While:
    return _While(node, inputs, outputs)
