"""Plan: a graph turned into a flat list of steps on fixed buffers."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import length_hint
from typing import Any

import numpy as np

from kerasish.backend.base import Backend, current
from kerasish.compiler.aliases import Aliases, Value, steps_of
from kerasish.compiler.codegen.renderer import Region, renderer
from kerasish.compiler.memory import MemoryPlan, plan_memory
from kerasish.compiler.numerics import looked_at
from kerasish.compiler.passes.rows import UPDATE_ROWS
from kerasish.compiler.providers import REFERENCE, Array, Kernel, find, tried, watched
from kerasish.compiler.region import FUSED
from kerasish.config import settings
from kerasish.graph.node import CONSTANT, LEAVES, PICK, VARIABLE, Graph, Node
from kerasish.graph.printer import names_of
from kerasish.spec import TensorSpec, known


@dataclass(frozen=True)
class Step:
    """One entry of a plan.

    Attributes:
        node: what it computes.
        provider: who computes it: a library, a renderer, or "reference".
        call: runs it.
        outputs: the arrays it writes.
    """

    node: Node
    provider: str
    call: Callable[[], Any]
    outputs: tuple[Array, ...]


class Plan:
    """A graph bound to buffers. Not reentrant: whoever runs it holds its Function's lock.

    Args:
        arena: gives the memory for everything, by default a new block of the device's.
        outside: arrays to use for these inputs and results instead of places in the arena.

    Attributes:
        inputs: fixed arrays to fill before `run`.
        outputs: arrays that hold the results after `run`, until the next one.
        steps: what runs, in order.
        memory: where everything lives.
    """

    def __init__(
        self,
        graph: Graph,
        arena: Callable[[int], Array] | None = None,
        outside: Mapping[Node, Array] | None = None,
    ) -> None:
        self.graph = graph
        self.device: Backend = current()
        self._renderer = renderer(self.device)
        self._pending: dict[int, Region] = {}
        aliases = self._aliases = Aliases(graph.nodes)
        self._outside = {aliases.owner(n): a for n, a in (outside or {}).items()}
        nodes = steps_of(graph.nodes, aliases)
        self.kernels = {node: find(node, self.device.name) for node in nodes}
        selective = {node for node, kernel in self.kernels.items() if kernel is not None}
        self.memory: MemoryPlan = plan_memory(
            graph, aliases, nodes, functools.cache(self._inplace), outside or (), selective
        )
        self._arena = (arena or self.device.empty)(self.memory.size)
        self._values: dict[Node, Array] = {}
        self._owned: dict[Value, Array] = {}
        self._bind_leaves()
        self.steps: list[Step] = []
        for node in graph.nodes:
            if node.op in LEAVES:
                continue
            if aliases.is_view(node):
                self._values[node] = self._view(node)
            else:
                self.steps.append(self._bind(node))
        self._compile_regions()
        for variable, node in graph.updates:
            writer = node.inputs[0] if node.op is PICK else node
            variable.swept |= writer.op is not UPDATE_ROWS  # which keeps account of moving rows
        for variable, node in self.memory.copies:
            copy = functools.partial(variable.array.__setitem__, ..., self._values[node])
            self.steps.append(Step(node, REFERENCE, copy, (variable.array,)))
        self.inputs = [self._values[n] for n in graph.inputs]
        self.outputs = [self._values[n] for n in graph.outputs]
        self._flat = list(opened(self.steps))
        self._calls = [step.call for step in self._flat]
        self._settled = False

    def run(self) -> None:
        """Run every step once.

        The first run goes step by step, since kernels may compile and allocate there; from the
        second on, a device that can repeats what it has recorded.

        Raises:
            NumericsError: `check_numerics` is on and a step gave NaN or infinity.
        """
        if settings.check_numerics:
            given = [np.array(self.device.to_numpy(a)) for a in self.inputs]  # steps write over it
            look = functools.partial(self._checked, given)
            self._run([functools.partial(look, step) for step in self.steps], self.steps)
            return
        self._run(self._calls, self._flat)
        if not self._settled:
            self._calls = self.device.recorded([tried(call) for call in self._calls])
            self._settled = True

    def _run(self, calls: Sequence[Callable[[], Any]], steps: Sequence[Step]) -> None:
        remaining = iter(calls)
        try:
            with np.errstate(all="ignore"):
                for call in remaining:
                    call()
        except Exception as error:
            at = len(calls) - length_hint(remaining) - 1
            same = [s for s in steps if s.call is calls[at]] or steps[at : at + 1]
            error.add_note(self._where(same[0].node))
            raise

    def _where(self, node: Node) -> str:
        return (
            f"in op {node.op.name!r} of {node.scope or 'the graph'}, made at {node.source or '?'}"
        )

    def _checked(self, given: Sequence[np.ndarray], step: Step) -> None:
        """Run a step and look at what it wrote."""
        inputs = [self._values[i] for i in step.node.inputs]
        looked_at(step, inputs, self.device, given, settings.check_numerics == "full")

    # --- building -----------------------------------------------------------------------------

    def _inplace(self, node: Node) -> Sequence[tuple[int, int]]:
        """The (output, input) pairs of a step that may share a buffer."""
        kernel = self.kernels.get(node)
        if kernel is not None:
            if callable(kernel.inplace):
                return kernel.inplace(node)
            return [(0, i) for i in kernel.inplace if i < len(node.inputs)]
        if node.op is FUSED and self._renderer is not None:
            return self._renderer.inplace_pairs(node.attrs["body"])
        if node.op.elementwise and node.op.ufunc:
            return [(0, i) for i, s in enumerate(node.inputs) if s.spec == node.spec]
        return ()

    def _bind_leaves(self) -> None:
        for node in self.graph.nodes:
            if node.op is CONSTANT:
                self._values[node] = node.value
            elif node.op is VARIABLE:
                self._values[node] = node.attrs["variable"].array
        for node in self.graph.inputs:
            self._values[node] = self._buffer((node, 0), node.spec)

    def _buffer(self, value: Value, spec: TensorSpec) -> Array:
        if value in self._outside:
            return self._outside[value]
        if value in self.memory.bound:
            return self.memory.bound[value].array
        offset = self.memory.offsets[value]
        dtype = self.device.asarray(np.empty(0), spec.dtype).dtype
        flat = self._arena[offset : offset + spec.nbytes]
        return flat.view(dtype).reshape(known(spec.shape))

    def _view(self, node: Node) -> Array:
        if node.op is PICK:
            return self._owned[node.inputs[0], node.attrs["index"]]
        return node.op.kernel(self.device.xp, self._values[node.inputs[0]], **node.attrs)

    def _bind(self, node: Node) -> Step:
        kernel = self.kernels[node]
        outputs = []
        for k, spec in enumerate(node.specs):
            value = (node, k)
            unread = value in self.memory.dead and kernel is not None
            array = None if unread else self._buffer(value, spec)
            self._owned[value] = array
            outputs.append(array)
        self._values[node] = outputs[0]
        inputs = [self._values[i] for i in node.inputs]
        provider, call = self._choose(node, kernel, inputs, outputs)
        return Step(node, provider, call, tuple(outputs))

    def _choose(
        self, node: Node, kernel: Kernel | None, inputs: list[Array], outputs: list[Array]
    ) -> tuple[str, Callable[[], Any]]:
        if kernel is not None:
            return kernel.provider, kernel.step(node, inputs, outputs)
        if node.op is FUSED and self._renderer is not None:
            region = self._renderer.Uncompiled(node.attrs["body"], inputs, outputs)
            self._pending[len(self.steps)] = region
            return self._renderer.NAME, _not_bound
        return REFERENCE, watched(node, self.device.xp, inputs, outputs, node.spec)

    def _compile_regions(self) -> None:
        """Compile all regions of the plan as one module, then bind them."""
        if self._renderer is not None:
            self._renderer.compile_all(list(self._pending.values()))
        for at, pending in self._pending.items():
            self.steps[at] = dataclasses.replace(self.steps[at], call=pending.bind())
        self._pending = {}

    # --- looking at it ------------------------------------------------------------------------

    def __str__(self) -> str:
        names = names_of(self.graph)
        width = max((len(s.provider) for s in self.steps), default=0)
        rows = []
        for step in self.steps:
            what = f"{step.node.op.name}({', '.join(names[i] for i in step.node.inputs)})"
            specs = ", ".join(map(str, step.node.specs))
            rows.append(f"{step.provider:<{width}}  {names[step.node]} = {what} : {specs}")
        rows.append(f"arena: {self.memory.size:,} bytes, {len(self.steps)} steps")
        if len(self._calls) < len(self._flat):
            left = {id(call) for call in self._calls}
            alone = sorted({s.node.op.name for s in self._flat if id(s.call) in left})
            rows.append(
                f"recorded: {len(self._flat)} calls as {len(self._calls)}"
                + (f"; not recorded: {', '.join(alone)}" if alone else "")
            )
        return "\n".join(rows)


def opened(steps: Iterable[Step]) -> Iterator[Step]:
    """The steps, with those inside a scan in its place."""
    for step in steps:
        inner = getattr(step.call, "steps", None)
        if inner is None:
            yield step
        else:
            yield from opened(inner)


def _not_bound() -> None:
    raise AssertionError("a region runs only after its module is compiled")
