"""What a compiled function takes in memory, before it has run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kerasish.compiler.aliases import Aliases, Value, steps_of
from kerasish.compiler.functions import Function
from kerasish.compiler.memory import Lifetime, lifetimes
from kerasish.compiler.plan import Plan
from kerasish.graph.node import CONSTANT, VARIABLE, Graph
from kerasish.graph.variable import Variable
from kerasish.inspect.cost import label
from kerasish.inspect.samples import arguments


@dataclass(frozen=True)
class Held:
    """One value that is alive when most memory is in use.

    Attributes:
        name: the op that wrote it; "input" for an argument.
        layer: path of the layer that made it.
        spec: its shape and dtype.
        nbytes: its size.
    """

    name: str
    layer: str
    spec: str
    nbytes: int


@dataclass(frozen=True)
class Memory:
    """What a step of a function takes, in bytes; `print` it.

    Attributes:
        groups: variables by what they are for, such as {"parameters": ..., "optimizer": ...}.
        constants: arrays that the graph holds.
        arena: the one block in which everything lives that a run computes.
        loops: arenas of loop bodies and branches.
        live: the largest sum of the arena's values that are needed at one time; the arena is
            larger by what alignment and fragmentation cost.
        peak_step: the op that runs then.
        held: the values alive then, the largest first.
    """

    groups: Mapping[str, int]
    constants: int
    arena: int
    loops: int
    live: int
    peak_step: str
    held: tuple[Held, ...]

    @property
    def total(self) -> int:
        """Everything, in bytes."""
        return sum(self.groups.values()) + self.constants + self.arena + self.loops

    def __str__(self) -> str:
        rows = [*self.groups.items(), ("constants", self.constants), ("arena", self.arena)]
        rows += [("loops and branches", self.loops)] if self.loops else []
        rows += [("total", self.total)]
        lines = [f"{name:<20} {size:>16,} bytes" for name, size in rows]
        lines.append(
            f"at most {self.live:,} bytes of the arena in use at once, in {self.peak_step}:"
        )
        lines += [
            f"  {h.nbytes:>16,}  {h.name} {h.spec}  {h.layer}".rstrip() for h in self.held[:10]
        ]
        return "\n".join(lines)


def memory(
    func: Function,
    *args: Any,
    groups: Mapping[str, Iterable[Variable]] | None = None,
    **kwargs: Any,
) -> Memory:
    """What a call takes in memory. The plan is built, but not run.

    Args:
        func: made by `kerasish.function`.
        args, kwargs: arguments of a call; a `TensorSpec` stands for a tensor.
        groups: variables by name of group; those the function uses that are in no group count as
            "other variables". By default "parameters" (trainable ones) and "state".
    """
    return memory_of(func.prepared(*arguments(args), **arguments(kwargs))[0].plan, groups)


def memory_of(plan: Plan, groups: Mapping[str, Iterable[Variable]] | None = None) -> Memory:
    """What a plan takes in memory; see `memory`."""
    inner = list(_inner(plan))
    every = (plan, *inner)
    used = [v for p in every for v in _variables(p.graph)]
    beside = sum(getattr(step.call, "nbytes", 0) for p in every for step in p.steps)
    live, step, held = _peak(plan)
    return Memory(
        _by_group(used, groups),
        sum(sum(n.spec.nbytes for n in p.graph.nodes if n.op is CONSTANT) for p in every),
        plan.memory.size,
        sum(p.memory.size for p in inner) + beside,
        live,
        step,
        held,
    )


def _inner(plan: Plan) -> Iterator[Plan]:
    """The plans of loop bodies and branches, at any depth."""
    for step in plan.steps:
        for held in getattr(step.call, "plans", ()):
            yield held
            yield from _inner(held)


def _variables(graph: Graph) -> list[Variable]:
    read = [n.attrs["variable"] for n in graph.nodes if n.op is VARIABLE]
    return [*read, *(variable for variable, _ in graph.updates)]


def _by_group(
    used: list[Variable], groups: Mapping[str, Iterable[Variable]] | None
) -> dict[str, int]:
    found = dict.fromkeys(used)
    if groups is None:
        named = {
            "parameters": [v for v in found if v.trainable],
            "state": [v for v in found if not v.trainable],
        }
    else:
        named = {name: list(variables) for name, variables in groups.items()}
        placed = {v for variables in named.values() for v in variables}
        named["other variables"] = [v for v in found if v not in placed]
    sizes = {name: sum(v.spec.nbytes for v in dict.fromkeys(vs)) for name, vs in named.items()}
    return {name: size for name, size in sizes.items() if size or name == "parameters"}


def _ends(lives: Mapping[Value, Lifetime], offsets: Mapping[Value, int]) -> dict[Value, int]:
    """The last step of every value; a value that another overwrites in place ends before it."""
    taken = {(offsets[v], max(life.first, 0)): v for v, life in lives.items()}
    found = {}
    for value, life in lives.items():
        last = max(life.last, life.first, 0)
        heir = taken.get((offsets[value], last), value)
        found[value] = last if heir == value else last - 1
    return found


def _peak(plan: Plan) -> tuple[int, str, tuple[Held, ...]]:
    """(bytes, op, values alive) of the step at which most of the arena is in use."""
    graph = plan.graph
    aliases = Aliases(graph.nodes)
    steps = steps_of(graph.nodes, aliases)
    lives = {v: life for v, life in lifetimes(graph, aliases, steps).items()
             if v in plan.memory.offsets}  # fmt: skip
    until = _ends(lives, plan.memory.offsets)
    change = [0] * (len(steps) + 2)
    for value, life in lives.items():
        change[max(life.first, 0)] += life.nbytes
        change[min(until[value], len(steps)) + 1] -= life.nbytes
    total, best, at = 0, 0, 0
    for i, delta in enumerate(change):
        total += delta
        if total > best:
            best, at = total, i
    alive = [
        Held(
            label(node) if node.inputs else "input",
            node.scope,
            str(node.spec if k == 0 and hasattr(node.spec, "dtype") else node.spec[k]),
            life.nbytes,
        )
        for (node, k), life in lives.items()
        if max(life.first, 0) <= at <= until[node, k]
    ]
    alive.sort(key=lambda h: -h.nbytes)
    name = label(steps[at]) if at < len(steps) else "the end"
    return best, name, tuple(alive)
