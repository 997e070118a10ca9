"""Memory planning: lifetimes, sharing in place, and offsets in one arena."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

from kerasish.compiler.aliases import Aliases, Value
from kerasish.graph.node import PICK, PLACEHOLDER, VARIABLE, Graph, Node
from kerasish.graph.variable import Variable

ALIGN = 64
FOREVER = 1 << 60
Inplace = Callable[[Node], Sequence[tuple[int, int]]]  # node -> pairs (output, input)


@dataclass
class Lifetime:
    """When a value is written, and when it is read last; in step numbers."""

    nbytes: int
    first: int
    last: int


@dataclass
class MemoryPlan:
    """Where every value of a plan lives.

    Attributes:
        offsets: byte offset in the arena of every value that lives there.
        bound: values written straight into a variable's buffer.
        copies: (variable, node) still to be copied after the last step.
        size: bytes of the arena.
        dead: values nobody reads.
        outside: values whose arrays the owner of the plan brings.
    """

    offsets: dict[Value, int] = field(default_factory=dict)
    bound: dict[Value, Variable] = field(default_factory=dict)
    copies: list[tuple[Variable, Node]] = field(default_factory=list)
    size: int = 0
    dead: set[Value] = field(default_factory=set)
    outside: set[Value] = field(default_factory=set)


def lifetimes(graph: Graph, aliases: Aliases, steps: Sequence[Node]) -> dict[Value, Lifetime]:
    """First and last step of every value that owns memory."""
    number = {node: i for i, node in enumerate(steps)}
    found: dict[Value, Lifetime] = {}
    for node in (*graph.inputs, *steps):
        first = number.get(node, -1)
        for k, spec in enumerate(node.specs):
            found[node, k] = Lifetime(spec.nbytes, first, first)
    reads = [(source, number[node]) for node in steps for source in node.inputs]
    for source, at in (*reads, *((node, FOREVER) for node in graph.results)):
        life = found.get(aliases.owner(source))
        if life is not None:
            life.last = max(life.last, at)
    return found


def plan_memory(
    graph: Graph,
    aliases: Aliases,
    steps: Sequence[Node],
    inplace: Inplace,
    outside: Iterable[Node] = (),
    selective: Collection[Node] = (),
) -> MemoryPlan:
    """Give every value a place.

    Args:
        inplace: for a step, the (output, input) pairs that may share a buffer.
        outside: inputs and results that get no place here.
        selective: steps that leave out what nobody reads, which needs no place then.
    """
    made = MemoryPlan(outside={aliases.owner(n) for n in outside})
    lives = lifetimes(graph, aliases, steps)
    _bind_updates(graph, aliases, steps, inplace, lives, made)
    used = {aliases.owner(s) for node in steps for s in node.inputs}
    used |= {aliases.owner(n) for n in graph.results}
    made.dead = {v for v in lives if v not in used and v[0].op is not PLACEHOLDER}
    arena = _Arena()
    for node in graph.inputs:
        if (node, 0) not in made.outside:
            made.offsets[node, 0] = arena.take(lives[node, 0].nbytes)
    ending: dict[int, list[Value]] = {}
    for value, life in lives.items():
        if value not in made.bound and value not in made.dead and value not in made.outside:
            ending.setdefault(life.last, []).append(value)
    for value in ending.get(-1, ()):  # inputs that nobody reads
        arena.give(made.offsets[value], lives[value].nbytes)
    for step, node in enumerate(steps):
        dying = set(ending.get(step, ()))
        for out, source in inplace(node):
            value, held = (node, out), aliases.owner(node.inputs[source])
            placed = value in made.bound or value in made.outside or value in made.offsets
            if placed or value in made.dead or held not in dying:
                continue
            if not _alone(node, source, aliases):
                continue
            if held in made.offsets and lives[held].nbytes == lives[value].nbytes:
                made.offsets[value] = made.offsets[held]
                dying.discard(held)
        scratch = []
        for k, spec in enumerate(node.specs):
            value = (node, k)
            if value in made.bound or value in made.offsets or value in made.outside:
                continue
            if value in made.dead and node in selective:
                continue
            made.offsets[value] = arena.take(spec.nbytes)
            if value in made.dead:
                scratch.append(value)
        for value in (*dying, *scratch):
            if value in made.offsets:
                arena.give(made.offsets[value], lives[value].nbytes)
    made.size = arena.size
    return made


def _bind_updates(
    graph: Graph,
    aliases: Aliases,
    steps: Sequence[Node],
    inplace: Inplace,
    lives: dict[Value, Lifetime],
    made: MemoryPlan,
) -> None:
    """Write new values straight into variables where no later step reads the old one."""
    last_read: dict[Variable, int] = {}
    for i, node in enumerate(steps):
        for source in node.inputs:
            leaf = aliases.owner(source)[0]
            if leaf.op is VARIABLE:
                last_read[leaf.attrs["variable"]] = i
    for variable, node in graph.updates:
        value = aliases.owner(node)
        direct = node is value[0] or node.op is PICK
        free = direct and value in lives and value not in made.bound
        if free:
            at = lives[value].first
            last = last_read.get(variable, -1)
            free = last < at or (last == at and _safe(value, variable, aliases, inplace))
        if free:
            made.bound[value] = variable
        else:
            made.copies.append((variable, node))


def _safe(value: Value, variable: Variable, aliases: Aliases, inplace: Inplace) -> bool:
    """Whether the step that makes `value` may overwrite the variable that it reads."""
    node, k = value
    reads = [
        i
        for i, source in enumerate(node.inputs)
        if aliases.owner(source)[0].attrs.get("variable") is variable
    ]
    pairs = set(inplace(node))
    return all((k, i) in pairs and node.inputs[i].op is VARIABLE for i in reads)


def _alone(node: Node, source: int, aliases: Aliases) -> bool:
    """Whether input `source` is a whole buffer that no other input of `node` looks at."""
    held = aliases.owner(node.inputs[source])
    whole = held[0] is node.inputs[source] or node.inputs[source].op is PICK
    return whole and sum(aliases.owner(i) == held for i in node.inputs) == 1


class _Arena:
    """Best-fit allocation of offsets, with neighbours joined when they fall free."""

    def __init__(self) -> None:
        self.size = 0
        self._free: list[tuple[int, int]] = []  # (offset, bytes), by offset

    def take(self, nbytes: int) -> int:
        want = -(-max(nbytes, 1) // ALIGN) * ALIGN
        fits = [(size, at) for at, size in self._free if size >= want]
        if fits:
            size, at = min(fits)
            self._free.remove((at, size))
            if size > want:
                self._insert(at + want, size - want)
            return at
        if self._free and sum(self._free[-1]) == self.size:  # grow the hole at the end
            at, _ = self._free.pop()
        else:
            at = self.size
        self.size = at + want
        return at

    def give(self, at: int, nbytes: int) -> None:
        self._insert(at, -(-max(nbytes, 1) // ALIGN) * ALIGN)

    def _insert(self, at: int, size: int) -> None:
        spans = sorted([*self._free, (at, size)])
        joined: list[tuple[int, int]] = []
        for start, length in spans:
            if joined and sum(joined[-1]) == start:
                joined[-1] = (joined[-1][0], joined[-1][1] + length)
            else:
                joined.append((start, length))
        self._free = joined
