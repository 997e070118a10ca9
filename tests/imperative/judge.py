"""The rule for what a program means, in plain Python floats: the judge of all modes.

It knows nothing of kerasish. A value is a cell: what it was computed by, from what, and when. A
tape is the spans of time in which it was open, what it watches since when, and, for every variable
read under it, the cell of the first read. A derivative is computed forward, on dual numbers that
are carried only along the edges which the tape sees; so derivatives nest without a rule of their
own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.imperative.language import Block, reads, writes

Number = Any  # a float or a Dual
LATE = math.inf
READ = "what a tape read as a tensor to differentiate by: kerasish may give all reads one node"


class RejectedError(Exception):
    """The program hangs on rounding, or on what no rule decides."""


class Dual:
    """primal + tangent * epsilon(tag); the largest tag is outermost."""

    def __init__(self, tag: int, primal: Number, tangent: Number) -> None:
        self.tag, self.primal, self.tangent = tag, primal, tangent


def _dual(tag: int, primal: Number, tangent: Number) -> Number:
    zero = not isinstance(tangent, Dual) and tangent == 0
    return primal if zero else Dual(tag, primal, tangent)


def _tag(x: Number) -> int:
    return x.tag if isinstance(x, Dual) else 0


def _parts(x: Number, tag: int) -> tuple[Number, Number]:
    return (x.primal, x.tangent) if _tag(x) == tag else (x, 0.0)


def _strip(x: Number, tag: int) -> Number:
    if _tag(x) < tag:
        return x
    if _tag(x) == tag:
        return x.primal
    return _dual(x.tag, _strip(x.primal, tag), _strip(x.tangent, tag))


def add(x: Number, y: Number) -> Number:
    tag = max(_tag(x), _tag(y))
    if not tag:
        return x + y
    (a, da), (b, db) = _parts(x, tag), _parts(y, tag)
    return _dual(tag, add(a, b), add(da, db))


def multiply(x: Number, y: Number) -> Number:
    tag = max(_tag(x), _tag(y))
    if not tag:
        return x * y
    (a, da), (b, db) = _parts(x, tag), _parts(y, tag)
    return _dual(tag, multiply(a, b), add(multiply(a, db), multiply(da, b)))


def negative(x: Number) -> Number:
    return multiply(-1.0, x)


def _function(of: Callable[[float], float], slope: Callable[[Number], Number]) -> Any:
    def call(x: Number) -> Number:
        if not isinstance(x, Dual):
            return of(x)
        return _dual(x.tag, call(x.primal), multiply(slope(x.primal), x.tangent))

    return call


sin = _function(math.sin, lambda x: cos(x))
cos = _function(math.cos, lambda x: negative(sin(x)))
tanh = _function(math.tanh, lambda x: add(1.0, negative(multiply(tanh(x), tanh(x)))))
reciprocal = _function(lambda x: 1 / x, lambda x: negative(multiply(reciprocal(x), reciprocal(x))))
sqrt = _function(math.sqrt, lambda x: multiply(0.5, reciprocal(sqrt(x))))

FUNCTIONS: dict[str, Callable[..., Number]] = {
    "add": add,
    "multiply": multiply,
    "subtract": lambda x, y: add(x, negative(y)),
    "sin": sin,
    "tanh": tanh,
    "sqrt": sqrt,
    "reciprocal": reciprocal,
    "same": lambda x: x,
    "given": lambda x: x,
    "spared": lambda x: x,
    "read": lambda x: x,
    "part": lambda x: x,
    "stop": lambda x: x,
}


class Cell:
    """One value: what it was computed by, from what, when."""

    def __init__(self, op: str, args: tuple[Any, ...], time: int, value: float) -> None:
        self.op, self.args, self.time, self.value = op, args, time, value


class Tape:
    def __init__(self, automatic: bool) -> None:
        self.automatic = automatic
        self.spans: list[list[float]] = []
        self.watched: dict[Cell, int] = {}
        self.reads: dict[str, Cell] = {}
        self.depth = 0
        self.unsure: set[str] = set()  # variables that a part not taken would have read first

    def sees(self, cell: Cell) -> bool:
        return any(start < cell.time < stop for start, stop in self.spans)


class Judge:
    """A machine that runs programs (see `language.run`) by the rule."""

    def __init__(self, variables: dict[str, float], draws: list[float]) -> None:
        self.time = 0
        self.depth = 0
        self.held = {name: self.constant(value) for name, value in variables.items()}
        self.given_at = dict.fromkeys(variables, 0)  # the depth of the body that gave the value
        self.tapes: dict[Any, Tape] = {}
        self.open: list[Tape] = []
        self.draws = draws
        self.drawn = 0
        self.total = 0.0
        self.steps: dict[str, int] = {}
        self.tags = 0

    # --- values -----------------------------------------------------------------------------------

    def _now(self) -> int:
        self.time += 1
        return self.time

    def constant(self, value: float) -> Cell:
        return Cell("constant", (), self._now(), float(value))

    def op(self, name: str, *args: Any) -> Cell:
        cells = tuple(a if isinstance(a, Cell) else self.constant(a) for a in args)
        value = FUNCTIONS[name](*(c.value for c in cells))
        if not abs(value) < 1e4:
            raise RejectedError("large")
        return Cell(name, cells, self._now(), value)

    def number(self, cell: Cell) -> float:
        return cell.value

    def above(self, cell: Cell, limit: float) -> bool:
        if abs(cell.value - limit) < 1e-4:
            raise RejectedError("a condition that hangs on rounding")
        return cell.value > limit

    def draw(self) -> Cell:
        self.drawn += 1
        return self.constant(self.draws[self.drawn - 1])

    def count(self, cell: Cell) -> None:
        self.total += cell.value

    # --- variables --------------------------------------------------------------------------------

    def read(self, name: str) -> Cell:
        cell = self.held[name]
        if cell.op in ("same", "spared") and any(
            name in t.reads and not t.sees(cell) for t in self.open
        ):
            raise RejectedError("what a tape read that was closed since, and others used meanwhile")
        able = [t for t in self.open if t.automatic and t.depth >= self.given_at[name]]
        new = [t for t in able if name not in t.reads]
        if new:
            cell = self.held[name] = self.op("same", cell)
        for tape in new:
            tape.reads[name] = cell
        return self.op("read", cell)  # every read is a tensor of its own

    def assign(self, name: str, cell: Cell) -> None:
        self.held[name] = self.op("given", cell)
        self.given_at[name] = self.depth

    def state(self) -> dict[str, float]:
        return {name: cell.value for name, cell in self.held.items()}

    def pass_by(self, block: Block) -> None:
        """A part of the program that is not run now."""
        for tape in self.open:
            tape.unsure |= reads(block) - set(tape.reads)
        for name in writes(block):
            self.held[name] = self.op("spared", self.held[name])

    @contextmanager
    def _body(self) -> Iterator[None]:
        self.depth += 1
        try:
            yield
        finally:
            self.depth -= 1
            for name, depth in self.given_at.items():
                self.given_at[name] = min(depth, self.depth)

    # --- tapes ------------------------------------------------------------------------------------

    @contextmanager
    def tape(self, key: Any, automatic: bool, again: bool) -> Iterator[None]:
        if not again:
            self.tapes[key] = Tape(automatic)
        tape = self.tapes[key]
        self._enter(tape)
        try:
            yield
        finally:
            self._leave(tape)

    @contextmanager
    def stopped(self, key: Any) -> Iterator[None]:
        self._leave(self.tapes[key])
        try:
            yield
        finally:
            self._enter(self.tapes[key])

    def _enter(self, tape: Tape) -> None:
        tape.depth = self.depth
        tape.spans.append([self._now(), LATE])
        self.open.append(tape)

    def _leave(self, tape: Tape) -> None:
        tape.spans[-1][1] = self._now()
        self.open.remove(tape)

    def watch(self, key: Any, source: Any) -> None:
        tape = self.tapes[key]
        if isinstance(source, str):
            held, tape.automatic = tape.automatic, True
            self.read(source)
            tape.automatic = held
        else:
            if source.op == "read" and any(t.sees(source) for t in self.open):
                raise RejectedError(READ)
            tape.watched.setdefault(source, self._now())

    def gradient(self, key: Any, target: Cell, source: Any) -> Cell:
        tape = self.tapes[key]
        if isinstance(source, str):
            if source in tape.unsure:
                raise RejectedError("a variable whose first read depends on what is run")
            leaf = tape.reads.get(source)
            sure: float | None = 0 if leaf else LATE
        else:
            leaf = source
            if source.op == "read" and source not in tape.watched:
                raise RejectedError(READ)
            sure = self._since(tape, source, {})
        if sure is None:
            raise RejectedError("a source that may be linked to what is watched")
        if leaf is None or sure == LATE:
            return self.constant(0.0)
        made = Cell("gradient", (tape, target, leaf), self._now(), 0.0)
        value = self._value(made, (), {})
        if not abs(value) < 1e4:
            raise RejectedError("large")
        made.value = value
        return made

    def _since(self, tape: Tape, cell: Cell, known: dict[Cell, float | None]) -> float | None:
        """From when the uses of a value count: LATE for never, None where it is not sure."""
        if cell in known:
            return known[cell]
        found: float | None = tape.watched.get(cell, LATE)
        if any(cell is leaf for leaf in tape.reads.values()):
            found = 0
        if found != 0 and tape.sees(cell) and cell.op != "stop":
            sources = cell.args[1:] if cell.op == "gradient" else cell.args
            came = [self._since(tape, arg, known) for arg in sources]
            came = [since for since in came if since is None or since < cell.time]
            if came:
                surely = cell.op != "gradient" and any(s is not None for s in came)
                found = 0 if surely else None
            elif cell.op == "part":
                found = None  # as a node, it has other inputs, too
        known[cell] = found
        return found

    def _value(self, cell: Cell, moved: tuple[Any, ...], known: dict[Cell, Number]) -> Number:
        """A value while sources are moved, each by its own epsilon: (tag, tape, source)."""
        if cell in known:
            return known[cell]
        seen = tuple(m for m in moved if m[1].sees(cell))
        if cell.op == "gradient":
            tape, target, source = cell.args
            self.tags += 1
            tag = self.tags
            whole = self._value(target, (*seen, (tag, tape, source)), {})
            found = _parts(whole, tag)[1]
        elif cell.op == "stop" or not seen or not cell.args:
            found = cell.value
        else:
            args = []
            for arg in cell.args:
                value = self._value(arg, moved, known)
                for tag, tape, source in moved:
                    early = arg is source and tape.watched.get(arg, 0) > cell.time
                    if early and self._since(tape, arg, {}) != 0:
                        value = _strip(value, tag)
                    elif not tape.sees(cell):
                        value = _strip(value, tag)
                args.append(value)
            found = FUNCTIONS[cell.op](*args)
        for tag, _, source in moved:
            if cell is source:
                found = add(_strip(found, tag), Dual(tag, 0.0, 1.0))
        known[cell] = found
        return found

    # --- control flow -----------------------------------------------------------------------------

    def compiled(self, body: Callable[[], Cell]) -> Cell:
        return body()

    def switch(self, index: int, branches: list[Callable[[], Any]], blocks: list[Block]) -> Any:
        for other, block in enumerate(blocks):
            if other != index:
                self.pass_by(block)
        with self._body():
            found = branches[index]()
        return self.op("part", found)

    def loop(self, kind: str, rounds: int, body: Any, start: Cell, block: Block) -> Cell:
        """`value = body(i, value)`; for "scan" the sum of all values is added."""
        if not rounds:
            self.pass_by(block)
        value, results = start, []
        with self._body():
            for i in range(rounds):
                value = body(self.constant(0.5 * i), self.op("same", value))
                results.append(value)
        if kind == "scan":
            total = self.constant(0.0)
            for result in results:
                total = self.op("add", total, result)
            value = self.op("add", value, total)
        return self.op("part", value)

    # --- optimizers -------------------------------------------------------------------------------

    def update(self, group: str, kind: str, names: list[str], grads: list[Cell]) -> None:
        """One step of an optimizer; `steps` counts them, slots are variables."""
        if kind == "adam" and self.open:
            raise RejectedError("the square root of a slot that may be zero, under a tape")
        step = self.steps[group] = self.steps.get(group, 0) + 1
        for name, g in zip(names, grads, strict=True):
            if kind == "adam" and 1e-12 < abs(g.value) < 1e-5:
                raise RejectedError("a gradient that is zero up to rounding, under Adam")
            now = self.read(name)
            if kind == "sgd":
                self.assign(name, self.op("subtract", now, self.op("multiply", 0.1, g)))
            elif kind == "momentum":
                slot = self._slot(f"{name}/velocity")
                kept = self.op("multiply", 0.5, slot)
                speed = self.op("subtract", kept, self.op("multiply", 0.1, g))
                self.assign(f"{name}/velocity", speed)
                self.assign(name, self.op("add", now, speed))
            else:
                m, v = self._slot(f"{name}/m"), self._slot(f"{name}/v")
                m = self._toward(m, g, 0.1)
                v = self._toward(v, self.op("multiply", g, g), 0.001)
                self.assign(f"{name}/m", m)
                self.assign(f"{name}/v", v)
                rate = 0.05 * math.sqrt(1 - 0.999**step) / (1 - 0.9**step)
                below = self.op("add", self.op("sqrt", v), 1e-7)
                moved = self.op(
                    "multiply", self.op("multiply", rate, m), self.op("reciprocal", below)
                )
                self.assign(name, self.op("subtract", now, moved))

    def _toward(self, slot: Cell, goal: Cell, rate: float) -> Cell:
        return self.op("add", slot, self.op("multiply", rate, self.op("subtract", goal, slot)))

    def _slot(self, name: str) -> Cell:
        if name not in self.held:
            self.assign(name, self.constant(0.0))
            self.given_at[name] = 0
        return self.read(name)
