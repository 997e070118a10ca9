"""Random imperative programs: statements on scalars, variables, tapes, layers and optimizers.

A program is a tree of tuples. `run` gives it its meaning on a machine: `judge.Judge` is the rule,
`machine.Machine` is kerasish, op by op or traced.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

FREE = ("a", "b", "c", "d")  # variables on their own
LAYERS = ("one", "two")  # layers with the variables <name>/scale and <name>/shift
GROUPS = {
    "first": ("a", "b"),
    "second": ("c", "d"),
    "one": ("one/scale", "one/shift"),
    "two": ("two/scale", "two/shift"),
}
VARIABLES = tuple(name for group in GROUPS.values() for name in group)
KINDS = ("sgd", "momentum", "adam")
RESULTS = 3  # variables in which a program leaves what it computed last

Block = list[tuple[Any, ...]]


@dataclass
class Program:
    block: Block
    kinds: dict[str, str]
    start: dict[str, float]

    def __str__(self) -> str:
        return f"{self.kinds}\n{self.start}\n" + "\n".join(_lines(self.block, ""))


def _lines(block: Block, indent: str) -> list[str]:
    lines: list[str] = []
    for statement in block:
        parts = [p for p in statement if not is_block(p)]
        lines.append(indent + " ".join(map(str, parts)))
        for part in statement:
            if is_block(part):
                lines += [*_lines(part, indent + "    "), indent + "  --"]
    return lines


def is_block(part: Any) -> bool:
    """Whether a part of a statement is a block."""
    return isinstance(part, list) and all(isinstance(s, tuple) for s in part)


# --- what a program means ------------------------------------------------------------------------


def run(program: Program, machine: Any, x: Any) -> None:
    """One step of a program on a machine; what it does is in the machine's variables."""
    scope = {"x": x}
    frozen: set[str] = set()
    _run_block(program, program.block, machine, scope, frozen)
    last = list(scope.values())[-RESULTS:]
    for i, value in enumerate(last):
        machine.assign(f"result{i}", value)


def _run_block(
    program: Program, block: Block, machine: Any, scope: dict[str, Any], frozen: set[str]
) -> None:
    for statement in block:
        _run_statement(program, statement, machine, scope, frozen)


def _run_statement(
    program: Program, statement: Any, machine: Any, scope: dict[str, Any], frozen: set[str]
) -> None:
    def inner(block: Block, result: str, **names: Any) -> Any:
        """A body: it sees what stands around it, and ends with its result."""
        own = {**scope, **names}
        _run_block(program, block, machine, own, frozen)
        return own[result]

    match statement:
        case ("let", name, op, *args):
            given = [scope[a] if isinstance(a, str) else a for a in args]
            scope[name] = machine.op(op, *given)
        case ("read", name, variable):
            scope[name] = machine.read(variable)
        case ("assign", variable, name):
            machine.assign(variable, scope[name])
        case ("give", variable, other):  # the value of another variable
            machine.assign(variable, machine.read(other))
        case ("swap", one, other):
            first, second = machine.read(one), machine.read(other)
            machine.assign(one, second)
            machine.assign(other, first)
        case ("draw", name):
            scope[name] = machine.draw()
        case ("count", name):
            machine.count(scope[name])
        case ("tape", key, automatic, again, block):
            with machine.tape(key, automatic, again):
                _run_block(program, block, machine, scope, frozen)
        case ("stopped", key, block):
            with machine.stopped(key):
                _run_block(program, block, machine, scope, frozen)
        case ("watch", key, source):
            machine.watch(key, source if source in VARIABLES else scope[source])
        case ("gradient", name, key, target, source):
            wrt = source if source in VARIABLES else scope[source]
            scope[name] = machine.gradient(key, scope[target], wrt)
        case ("update", group, key, target):
            names = [n for n in GROUPS[group] if group not in frozen]
            grads = [machine.gradient(key, scope[target], n) for n in names]
            if names:
                machine.update(group, program.kinds[group], names, grads)
        case ("freeze", layer, flag):
            (frozen.add if flag else frozen.discard)(layer)
        case ("call", name, loss, layer, given):
            scope[name], scope[loss] = _called(machine, layer, scope[given])
        case ("switch", name, source, limits, *bodies):
            blocks = bodies[::2], bodies[1::2]
            index = sum(machine.above(scope[source], limit) for limit in limits)
            branches = [
                lambda block=block, result=result: inner(block, result)
                for block, result in zip(*blocks, strict=True)
            ]
            scope[name] = machine.switch(index, branches, blocks[0])
        case ("loop", name, kind, rounds, source, start, block, result):
            count = rounds if source is None else rounds * machine.above(scope[source], 0.0)

            def body(i: Any, value: Any) -> Any:
                return inner(block, result, i=i, value=value)

            scope[name] = machine.loop(kind, count, body, scope[start], block)
        case ("compiled", name, block, result):  # a function called from within
            scope[name] = machine.compiled(lambda: inner(block, result))
        case ("fails", group, name):
            try:
                index = machine.above(scope["x"], 0.0)
                machine.switch(index, [_raises, _raises], [[], []])
            except ZeroDivisionError:
                scope[name] = machine.read(group)
        case _:
            raise ValueError(statement)


def _raises() -> Any:
    raise ZeroDivisionError


def _called(machine: Any, layer: str, x: Any) -> tuple[Any, Any]:
    """tanh(scale x + shift), and the loss the layer adds, scale^2 / 10."""
    if hasattr(machine, "call"):
        return machine.call(layer, x)
    scale, shift = machine.read(f"{layer}/scale"), machine.read(f"{layer}/shift")
    y = machine.op("tanh", machine.op("add", machine.op("multiply", scale, x), shift))
    return y, machine.op("multiply", 0.1, machine.op("multiply", scale, scale))


def reads(block: Block) -> set[str]:
    """The variables that a block may read."""
    found: set[str] = set()
    for statement in block:
        found |= {part for part in statement[1:] if isinstance(part, str) and part in VARIABLES}
        if statement[0] == "update":
            found |= set(GROUPS[statement[1]])
        if statement[0] == "call":
            found |= set(GROUPS[statement[3]])
        for part in statement:
            if is_block(part):
                found |= reads(part)
    return found


def writes(block: Block) -> set[str]:
    """The variables that a block may assign."""
    found: set[str] = set()
    for statement in block:
        if statement[0] in ("assign", "give"):
            found.add(statement[1])
        elif statement[0] in ("swap", "update"):
            found |= {*statement[1:3], *GROUPS.get(statement[1], ())} & set(VARIABLES)
        for part in statement:
            if is_block(part):
                found |= writes(part)
    return found


# --- drawing one ---------------------------------------------------------------------------------


@dataclass
class Known:
    """What is worth asking a tape for."""

    targets: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    variables: list[str] = field(default_factory=list)


@dataclass
class Drawing:
    r: random.Random
    kinds: dict[str, str]
    names: int = 0
    keys: int = 0
    depth: int = 0  # of bodies
    opened: int = 0  # tapes open around, also outside of the present body
    closed: list[int] = field(default_factory=list)  # tapes that may be asked here
    open: list[int] = field(default_factory=list)  # those opened in the present body
    known: dict[int, Known] = field(default_factory=dict)
    made: list[tuple[Any, ...]] = field(default_factory=list)
    plain: set[str] = field(default_factory=set)  # names of what ops made

    def name(self, scope: list[str], plain: bool = True) -> str:
        self.names += 1
        scope.append(f"t{self.names}")
        if plain:
            self.plain.add(scope[-1])
        return scope[-1]


def draw_program(r: random.Random, length: int = 10) -> Program:
    """A program of about `length` statements beside those in its bodies."""
    kinds = {group: r.choice(KINDS) for group in GROUPS}
    start = {name: round(r.uniform(-1, 1), 2) for name in VARIABLES}
    d = Drawing(r, kinds, plain={"x"})
    return Program(_block(d, ["x"], length), kinds, start)


def _block(d: Drawing, scope: list[str], length: int) -> Block:
    """Statements; the names they make are added to `scope`."""
    block: Block = []
    for _ in range(length):
        block += _statement(d, scope, length)
    return block


PLAIN = "use use use let let repeat repeat repeat assign give give swap draw count".split()
BINARY = ("add", "multiply", "multiply", "subtract")


def _statement(d: Drawing, scope: list[str], length: int) -> Block:
    r = d.r
    kinds = [*PLAIN]
    if d.depth < 2:
        kinds += ["tape"] * 5 + ["switch"] * 2 + ["loop"] * 2 + ["fails", "compiled"]
    if d.closed or d.open:
        kinds += ["gradient"] * 4 + ["update"] * 3
    if d.open:
        kinds += ["watch", "stopped"]
    kinds += ["call"] * (2 - min(d.depth, 1))
    if d.depth == 0:
        kinds += ["freeze"]
        kinds += ["again"] * 2 if d.closed and not d.opened else []
    recent = scope[-4:]
    match r.choice(kinds):
        case "use":
            return _use(d, scope)
        case "let":
            op = r.choice([*BINARY, "sin", "tanh", "stop"])
            args: list[Any] = [r.choice(recent) for _ in range(2 if op in BINARY else 1)]
            if op in BINARY and r.random() < 0.3:
                args[r.randrange(2)] = round(r.uniform(-1.5, 1.5), 2)
            d.made.append((op, *args))
            return [("let", d.name(scope), op, *args)]
        case "repeat":  # what was computed before, once more
            again = [m for m in d.made if all(a in scope for a in m[1:] if isinstance(a, str))]
            return [("let", d.name(scope), *r.choice(again))] if again else []
        case "assign":
            return [("assign", r.choice(FREE), r.choice(recent))]
        case "give":
            return [("give", r.choice(FREE), r.choice(FREE))]
        case "swap":
            return [("swap", *r.sample(FREE, 2))]
        case "draw":
            return [("draw", d.name(scope))]
        case "count":
            return [("count", r.choice(recent))]
        case "call":
            given = r.choice(recent)
            return [("call", d.name(scope), d.name(scope), r.choice(LAYERS), given)]
        case "freeze":
            return [("freeze", r.choice(LAYERS), r.random() < 0.5)]
        case "fails":
            return [("fails", r.choice(FREE), d.name(scope, plain=False))]
        case "watch":
            if d.opened > 1:
                return []
            source = r.choice([*FREE, "x", *(n for n in recent if n in d.plain)])
            if source not in FREE:
                d.known[d.open[-1]].sources.append(source)
            return [("watch", d.open[-1], source)]
        case "stopped":
            key = d.open.pop()
            d.opened -= 1
            block = _block(d, scope, max(1, length // 4))
            d.open.append(key)
            d.opened += 1
            return [("stopped", key, block)]
        case "tape":
            d.keys += 1
            return _tape(d, scope, d.keys, length)
        case "again":
            return _tape(d, scope, r.choice(d.closed), length, again=True)
        case "gradient":
            return [_gradient(d, scope, r.choice([*d.closed, *d.open]))]
        case "update":
            return _update(d, scope, r.choice([*d.closed, *d.open]))
        case "compiled":
            block, result = _body(d, scope, length, True)
            block.append(("let", f"{result}r", "sin", result))  # no tensor from outside
            return [("compiled", d.name(scope), block, f"{result}r")]
        case "switch":
            return _switch(d, scope, length)
        case _:
            return _loop(d, scope, length)


def _use(d: Drawing, scope: list[str]) -> Block:
    """A variable read and used."""
    other = d.r.choice(scope[-3:])
    read = ("read", d.name(scope, plain=False), d.r.choice(VARIABLES))
    op = d.r.choice(BINARY)
    args = d.r.sample([read[1], other], 2)
    d.made.append((op, *args))
    block: Block = [read, ("let", d.name(scope), op, *args)]
    if d.r.random() < 0.6:
        result = scope[-1]
        block.append(("let", d.name(scope), d.r.choice(["sin", "tanh"]), result))
    return block


def _gradient(d: Drawing, scope: list[str], key: int) -> tuple[Any, ...]:
    known = d.known[key]
    sources = [s for s in known.sources if s in scope]
    chosen = [*sources * 2, *known.variables] if d.r.random() < 0.9 else []
    source = d.r.choice(chosen or VARIABLES)
    target = _target(d, scope, key)
    return ("gradient", d.name(scope, plain=False), key, target, source)


def _target(d: Drawing, scope: list[str], key: int) -> str:
    made = [t for t in d.known[key].targets if t in scope]
    return d.r.choice(made[-4:] if made and d.r.random() < 0.8 else scope[-3:])


def _update(d: Drawing, scope: list[str], key: int) -> Block:
    used = [g for g, names in GROUPS.items() if set(names) & set(d.known[key].variables)]
    group = d.r.choice(used or list(GROUPS))
    if d.opened and d.kinds[group] == "adam":
        return []
    return [("update", group, key, _target(d, scope, key))]


def _tape(d: Drawing, scope: list[str], key: int, length: int, again: bool = False) -> Block:
    r = d.r
    known = d.known.setdefault(key, Known())
    automatic = r.random() < 0.85
    watched: Block = []
    if r.random() < 0.7:
        # Any earlier result may be watched: what it came from is then older than the tape.
        source = r.choice(["x", *(n for n in scope[-5:] if n in d.plain)])
        watched.append(("watch", key, source))
        known.sources.append(source)
    if not automatic:
        watched.append(("watch", key, r.choice(FREE)))
    if again:
        d.closed.remove(key)
    before = len(scope)
    d.open.append(key)
    d.opened += 1
    block = [*_use(d, scope), *_block(d, scope, max(2, length // 2))]
    d.open.remove(key)
    d.opened -= 1
    d.closed.append(key)
    made = [name for name in scope[before:] if name in d.plain]
    known.targets += made
    known.sources += r.sample(made, min(2, len(made)))
    known.variables += sorted(reads(block))
    after = [_gradient(d, scope, key)] if r.random() < 0.7 else []
    after += _update(d, scope, key) if r.random() < 0.5 else []
    return [("tape", key, automatic, again, [*watched, *block]), *after]


def _body(d: Drawing, scope: list[str], length: int, looping: bool) -> tuple[Block, str]:
    """A block with a scope of its own and its result; tapes from outside are asked in no loop."""
    held = d.closed, d.open
    d.closed, d.open = ([], []) if looping else ([*d.closed, *d.open], [])
    d.depth += 1
    own = list(scope)
    block = _block(d, own, max(1, length // 3))
    result = d.r.choice(own[-6:])  # maybe what stands around it, or what it got
    if d.r.random() < 0.6:
        last = own[-1]
        block.append(("let", d.name(own), "sin", last))
        result = own[-1]
    d.depth -= 1
    d.closed, d.open = held
    return block, result


def _before(d: Drawing, scope: list[str], block: Block) -> Block:
    """Reads of what a body reads: under a tape, a first read must not hang on what is run."""
    if not d.opened or d.r.random() < 0.2:
        return []
    return [("read", d.name(scope, plain=False), name) for name in sorted(reads(block))]


def _switch(d: Drawing, scope: list[str], length: int) -> Block:
    limits = sorted(round(d.r.uniform(-0.8, 0.8), 3) for _ in range(d.r.choice([1, 1, 2])))
    source = d.r.choice(scope[-6:])
    bodies = [_body(d, scope, length, False) for _ in range(len(limits) + 1)]
    flat = [part for body in bodies for part in body]
    first = _before(d, scope, [s for block, _ in bodies for s in block])
    return [*first, ("switch", d.name(scope), source, limits, *flat)]


def _loop(d: Drawing, scope: list[str], length: int) -> Block:
    r = d.r
    kind = r.choice(["fori", "while", "scan"])
    rounds = r.choice([0, 1, 2, 3])
    source = r.choice(scope[-6:]) if kind == "while" and r.random() < 0.6 else None
    start = r.choice(scope[-6:])
    block, result = _body(d, [*scope, "i", "value"], length, True)
    first = _before(d, scope, block)
    return [*first, ("loop", d.name(scope), kind, rounds, source, start, block, result)]
