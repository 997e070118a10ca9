"""Random small programs of ops: what eager, compiled and interpreted runs are compared on.

A program is data: instructions that take earlier values by position. It is drawn with the methods
of a `random.Random`, which hypothesis can provide too, so that failures shrink.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from kerasish import ops
from kerasish.graph import GradientTape, Variable
from kerasish.ops.basic.elementwise import sigmoid
from kerasish.spec import TensorSpec

Shape = tuple[int, ...]
Values = list[Any]
SIZES = (1, 2, 3, 4, 7, 16, 17, 33)
LARGEST = 6000  # elements of one value


@dataclass(frozen=True)
class Instruction:
    """One line of a program: `run(*values)`, where `text` says what it does."""

    text: str
    sources: tuple[int, ...]
    run: Callable[..., Any]


@dataclass
class Program:
    """A function of `inputs` (arrays) and of variables, as instructions."""

    inputs: list[np.ndarray]
    variables: list[np.ndarray]
    lines: list[Instruction] = field(default_factory=list)
    outputs: tuple[int, ...] = ()
    assigns: tuple[tuple[int, int], ...] = ()  # (variable, value)
    order: int = 0  # of the derivatives that are returned as well

    def __str__(self) -> str:
        rows = [f"v{i} = input {a.dtype}{list(a.shape)}" for i, a in enumerate(self.inputs)]
        count = len(rows)
        rows += [f"v{count + i} = variable {list(a.shape)}" for i, a in enumerate(self.variables)]
        for line in self.lines:
            rows.append(f"v{len(rows)} = {line.text} {list(line.sources)}")
        rows += [f"variable {v} <- v{i}" for v, i in self.assigns]
        rows.append(f"return {self.outputs}" + f", with derivatives of order {self.order}")
        return "\n".join(rows)

    @property
    def specs(self) -> list[TensorSpec]:
        """The specs of the inputs."""
        return [TensorSpec(a.shape, a.dtype.name) for a in self.inputs]

    def made_variables(self) -> list[Variable]:
        """Fresh variables with the program's initial values."""
        return [Variable(a, name=f"w{i}") for i, a in enumerate(self.variables)]

    def function(self, variables: Sequence[Variable]) -> Callable[..., Any]:
        """The program as a Python function of tensors that returns a list of tensors."""

        def body(*inputs: Any) -> list[Any]:
            values = self._values(inputs, variables)
            return [values[i] for i in self.outputs]

        def derived(*inputs: Any) -> list[Any]:
            sources = [*inputs, *variables]
            with GradientTape() as outer:
                outer.watch(inputs)
                with GradientTape() as tape:
                    tape.watch(inputs)
                    results = body(*inputs)
                    loss = _weighted(results)
                first = _present(tape.gradient(loss, sources))
                slope = _weighted(first)
            if self.order == 1:
                return [*results, *first]
            return [*results, *first, *_present(outer.gradient(slope, sources))]

        return derived if self.order else body

    def _values(self, inputs: Sequence[Any], variables: Sequence[Variable]) -> Values:
        values: Values = [*inputs, *(v.value for v in variables)]
        for line in self.lines:
            values.append(line.run(*(values[i] for i in line.sources)))
        for variable, value in self.assigns:
            variables[variable].assign(values[value])
        return values


def widened(program: Program) -> Program:
    """The program on float64."""
    inputs = [a.astype("float64") for a in program.inputs]
    return replace(
        program, inputs=inputs, variables=[a.astype("float64") for a in program.variables]
    )


def _weighted(results: Sequence[Any]) -> Any:
    """One number that depends on every element of every result."""
    return sum((ops.sum(ops.cast(r, "float64")) * (i + 1.0) for i, r in enumerate(results)), 0.0)


def _present(found: Sequence[Any]) -> list[Any]:
    return [g for g in found if g is not None]


# --- instructions: each maker gives one on value `at`: (text, sources, function), or None ---------

UNARY: dict[str, Callable[[Any], Any]] = {
    "tanh": ops.tanh,
    "sigmoid": sigmoid,
    "negative": ops.negative,
    "absolute": ops.absolute,
    "exp(-x*x)": lambda x: ops.exp(-x * x),
    "sqrt(|x|+1)": lambda x: ops.sqrt(ops.absolute(x) + 1),
    "log1p(|x|)": lambda x: ops.log1p(ops.absolute(x)),
    "square": ops.square,
    "relu": lambda x: ops.maximum(x, 0.0),
    "erf": ops.erf,
    "sin": ops.sin,
    "sign": ops.sign,
    "x*1+0": lambda x: x * 1 + 0,
    "x/4": lambda x: x / 4,
    "x/3": lambda x: x / 3,
    "x**2": lambda x: x**2,
    "2-x": lambda x: 2 - x,
    "-(-x)": lambda x: ops.negative(ops.negative(x)),
    "stop_gradient": ops.stop_gradient,
    "through float64": lambda x: ops.cast(ops.cast(x, "float64"), "float32"),
    "through float16": lambda x: ops.cast(ops.cast(x, "float16") * 2, "float32"),
    "through int32": lambda x: ops.cast(ops.cast(x * 8, "int32") // 3 % 5, "float32"),
    "through uint8": lambda x: ops.cast(ops.cast(ops.absolute(x) + 3, "uint8") * 2, "float32"),
    "x > 0 as float": lambda x: ops.cast(x > 0, "float32"),
    "where(x>0, x, 0.1x)": lambda x: ops.where(x > 0, x, 0.1 * x),
    "softmax": lambda x: ops.exp(x - _top(x)) / ops.sum(ops.exp(x - _top(x)), -1, keepdims=True),
    "normalize rows": lambda x: (
        (x - ops.mean(x, -1, keepdims=True))
        * ops.rsqrt(
            ops.mean(ops.square(x - ops.mean(x, -1, keepdims=True)), -1, keepdims=True) + 0.1
        )
    ),
    "normalize columns": lambda x: (
        (x - ops.mean(x, 0)) * ops.rsqrt(ops.mean(ops.square(x - ops.mean(x, 0)), 0) + 0.1)
    ),
    "sum of top_k": lambda x: ops.sum(ops.top_k(x, 1)[0], -1),
    "cumsum": lambda x: ops.cumsum(x, axis=-1),
    "flip": lambda x: ops.flip(x, axis=0),
}
NEEDS_AXIS = {"softmax", "normalize rows", "normalize columns", "sum of top_k", "cumsum", "flip"}
BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "add": ops.add,
    "subtract": ops.subtract,
    "multiply": ops.multiply,
    "a/(b*b+1)": lambda a, b: a / (b * b + 1),
    "maximum": ops.maximum,
    "minimum": ops.minimum,
    "where(a>b, a, b)": lambda a, b: ops.where(a > b, a, b),
    "where(a<b, a, 1)": lambda a, b: ops.where(a < b, a, 1.0),
    "a+(-b)": lambda a, b: a + (-b),
}


def _top(x: Any) -> Any:
    return ops.stop_gradient(ops.max(x, axis=-1, keepdims=True))


def _unary(r: random.Random, shapes: list[Shape], at: int) -> Any:
    names = [n for n in UNARY if shapes[at] or n not in NEEDS_AXIS]
    name = r.choice(names)
    return name, (at,), UNARY[name]


def _binary(r: random.Random, shapes: list[Shape], at: int) -> Any:
    fitting = [i for i, s in enumerate(shapes) if _broadcast(s, shapes[at])] or [at]
    other = r.choice(fitting)
    name = r.choice(list(BINARY))
    pair = (at, other) if r.random() < 0.5 else (other, at)
    return name, pair, BINARY[name]


def _broadcast(a: Shape, b: Shape) -> bool:
    """Whether two shapes broadcast to one that is not too large."""
    try:
        return math.prod(np.broadcast_shapes(a, b)) <= LARGEST
    except ValueError:
        return False


def _reduce(r: random.Random, shapes: list[Shape], at: int) -> Any:
    rank = len(shapes[at])
    axes = tuple(i for i in range(rank) if r.random() < 0.6)
    name, keep = r.choice(["sum", "mean", "max", "min"]), r.random() < 0.5
    func = getattr(ops, name)
    return f"{name} {axes} {keep}", (at,), lambda x: func(x, axis=axes, keepdims=keep)


def _reshape(r: random.Random, shapes: list[Shape], at: int) -> Any:
    size = math.prod(shapes[at])
    shape = r.choice([(-1,), (1, size), (size, 1), shapes[at][::-1], _factored(r, size)])
    return f"reshape {shape}", (at,), lambda x: ops.reshape(x, shape)


def _factored(r: random.Random, size: int) -> Shape:
    divisors = [d for d in range(1, size + 1) if size % d == 0]
    first = r.choice(divisors)
    return (first, size // first)


def _transpose(r: random.Random, shapes: list[Shape], at: int) -> Any:
    axes = list(range(len(shapes[at])))
    r.shuffle(axes)
    return f"transpose {axes}", (at,), lambda x: ops.transpose(x, axes)


def _slice(r: random.Random, shapes: list[Shape], at: int) -> Any:
    if not shapes[at]:
        return None
    key = []
    for size in shapes[at]:
        kind = r.choice(["all", "int", "head", "step", "back"])
        key.append({
            "all": slice(None), "int": r.randrange(size), "head": slice(0, (size + 1) // 2),
            "step": slice(None, None, 2), "back": slice(None, None, -1),
        }[kind])  # fmt: skip
    return f"slice {key}", (at,), lambda x: x[tuple(key)]


def _broadcast_to(r: random.Random, shapes: list[Shape], at: int) -> Any:
    shape = (r.choice((2, 3)), *(r.choice((2, 5)) if d == 1 else d for d in shapes[at]))
    return f"broadcast_to {shape}", (at,), lambda x: ops.broadcast_to(x, shape)


def _expand(r: random.Random, shapes: list[Shape], at: int) -> Any:
    axis = r.randrange(len(shapes[at]) + 1)
    return f"expand_dims {axis}", (at,), lambda x: ops.expand_dims(x, axis)


def _matmul(r: random.Random, shapes: list[Shape], at: int) -> Any:
    left = shapes[at]
    if len(left) < 2 or math.prod(left[:-1]) * left[-2] > LARGEST:
        return None
    right = [i for i, s in enumerate(shapes) if len(s) == 2 and s[0] == left[-1]]
    other = r.choice([*right, at])
    if other == at:
        return "x@xT/n", (at,), lambda x: ops.matmul(x, ops.swapaxes(x, -1, -2)) / left[-1]
    return "a@b/n", (at, other), lambda a, b: ops.matmul(a, b) / left[-1]


def _concatenate(r: random.Random, shapes: list[Shape], at: int) -> Any:
    if not shapes[at]:
        return None
    axis = r.randrange(len(shapes[at]))
    rest = _without(shapes[at], axis)
    fit = [i for i, s in enumerate(shapes) if len(s) > axis and _without(s, axis) == rest]
    sources = (at, *(r.choice(fit) for _ in range(r.choice((1, 2)))))
    return f"concatenate {axis}", sources, lambda *xs: ops.concatenate(xs, axis=axis)


def _without(shape: Shape, axis: int) -> Shape:
    return shape[:axis] + shape[axis + 1 :]


def _take(r: random.Random, shapes: list[Shape], at: int) -> Any:
    if not shapes[at]:
        return None
    index = [r.randrange(shapes[at][0]) for _ in range(3)]
    return f"take {index}", (at,), lambda x: ops.take(x, np.array(index, "int32"), axis=0)


def _choose(r: random.Random, shapes: list[Shape]) -> int:
    """Mostly recent values, so that programs grow deep."""
    recent = range(max(len(shapes) - 4, 0), len(shapes))
    return r.choice(list(recent) if r.random() < 0.7 else list(range(len(shapes))))


MAKERS = (
    _unary, _unary, _unary, _binary, _binary, _binary, _binary, _reduce, _reduce, _reshape,
    _transpose, _slice, _broadcast_to, _expand, _matmul, _concatenate, _take,
)  # fmt: skip


def draw_program(r: random.Random, length: int = 12) -> Program:
    """A random program whose values stay small and whose shapes stay known."""
    base = tuple(r.choice(SIZES) for _ in range(r.choice((1, 2, 2, 2, 3))))
    inputs = [_array(r, _related(r, base)) for _ in range(r.choice((1, 2, 3)))]
    variables = [_array(r, _related(r, base)) for _ in range(r.choice((0, 0, 1, 2)))]
    program = Program(inputs, variables)
    shapes: list[Shape] = [a.shape for a in (*inputs, *variables)]
    values: Values = [ops.convert_to_tensor(a) for a in (*inputs, *variables)]
    for _ in range(r.randrange(1, length + 1)):
        made = r.choice(MAKERS)(r, shapes, _choose(r, shapes))
        if made is None:
            continue
        text, sources, run = made
        value = run(*(values[i] for i in sources))
        array = value.numpy()
        if array.size > LARGEST or np.abs(array).max(initial=0) > 50:
            continue
        program.lines.append(Instruction(text, tuple(sources), run))
        values.append(value)
        shapes.append(array.shape)
    last = len(values) - 1
    program.outputs = (last, *(r.randrange(len(values)) for _ in range(r.choice((0, 1, 2)))))
    program.assigns = _assigns(r, program, shapes)
    program.order = r.choice((0, 1, 1, 2))
    return program


def _related(r: random.Random, base: Shape) -> Shape:
    """`base`, or a shape that broadcasts against it."""
    kind = r.random()
    if kind < 0.5:
        return base
    if kind < 0.75:
        return base[r.randrange(len(base)) :] if len(base) > 1 else ()
    return tuple(1 if r.random() < 0.5 else d for d in base)


def _assigns(r: random.Random, program: Program, shapes: list[Shape]) -> Any:
    found = []
    for v, array in enumerate(program.variables):
        fitting = [i for i, s in enumerate(shapes) if s == array.shape]
        if r.random() < 0.8:
            found.append((v, r.choice(fitting[-4:])))
    return tuple(found)


def _array(r: random.Random, shape: Shape) -> np.ndarray:
    rng = np.random.default_rng(r.randrange(1 << 30))
    return rng.uniform(-1.5, 1.5, shape).astype("float32")
