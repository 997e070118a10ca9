"""kerasish as a machine for programs, run in every way that there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np

import kerasish as keras
from kerasish import Model, callbacks, layers, ops, optimizers
from kerasish.config import disable_provider, enable_provider
from kerasish.random import SeedGenerator, uniform
from tests.imperative.judge import Judge
from tests.imperative.language import GROUPS, LAYERS, RESULTS, VARIABLES, Program, run

STEPS = (0.7, -0.6, 0.7)
SEED = 11
WAYS = ("eagerly", "function", "fit", "fit eagerly")
MOST_ROUNDS = 3
FLOAT = "float64"


class Unit(layers.Layer):
    """tanh(scale x + shift), with scale^2 / 10 as an added loss."""

    def build(self, *_: Any) -> None:
        self.scale = self.add_weight((), "zeros", name="scale")
        self.shift = self.add_weight((), "zeros", name="shift")

    def call(self, x: Any) -> Any:
        self.add_loss(0.1 * (self.scale * self.scale))
        return ops.tanh(self.scale * x + self.shift)


def _optimizer(kind: str) -> Any:
    if kind == "adam":
        return optimizers.Adam(0.05, beta_1=0.9, beta_2=0.999, epsilon=1e-7)
    return optimizers.SGD(0.1, momentum=0.5 if kind == "momentum" else 0.0)


class Machine:
    """Variables, layers, optimizers, a seed and a metric; `step` runs a program once."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.layers = {name: Unit(dtype=FLOAT, name=name) for name in LAYERS}
        for layer in self.layers.values():
            layer.build(())
        self.variables: dict[str, Any] = {}
        for name, value in program.start.items():
            owner, _, weight = name.partition("/")
            if weight:
                self.variables[name] = getattr(self.layers[owner], weight)
                self.variables[name].assign(value)
            else:
                self.variables[name] = keras.Variable(value, dtype=FLOAT, name=name)
        for i in range(RESULTS):
            self.variables[f"result{i}"] = keras.Variable(
                0.0, dtype=FLOAT, trainable=False, name=f"result{i}"
            )
        self.optimizers = {group: _optimizer(kind) for group, kind in program.kinds.items()}
        for group, names in GROUPS.items():
            self.optimizers[group].build([self.variables[n] for n in names])
        self.seed = SeedGenerator(SEED)
        self.metric = keras.metrics.Sum(dtype=FLOAT)
        self.tapes: dict[Any, Any] = {}

    def step(self, x: Any) -> None:
        self.tapes = {}
        run(self.program, self, x)

    def state(self) -> dict[str, float]:
        found = {name: float(v.numpy()) for name, v in self.variables.items()}
        found["total"] = float(self.metric.result())
        found["drawn"] = float(self.seed.state.numpy()[1])
        return found

    # --- what programs do -------------------------------------------------------------------------

    def op(self, name: str, *args: Any) -> Any:
        first = (
            args[0] if not isinstance(args[0], float) else keras.convert_to_tensor(args[0], FLOAT)
        )
        if name == "stop":
            return ops.stop_gradient(first)
        return getattr(ops, name)(first, *args[1:])

    def read(self, name: str) -> Any:
        return self.variables[name].value

    def assign(self, name: str, value: Any) -> None:
        self.variables[name].assign(value)

    def draw(self) -> Any:
        return ops.cast(uniform((), seed=self.seed), FLOAT)

    def count(self, value: Any) -> None:
        self.metric.update_state(value)

    def above(self, value: Any, limit: float) -> Any:
        return ops.cast(value > limit, "int32")

    def tape(self, key: Any, automatic: bool, again: bool) -> Any:
        if not again:
            self.tapes[key] = keras.GradientTape(
                persistent=True, watch_accessed_variables=automatic
            )
        return self.tapes[key]

    def stopped(self, key: Any) -> Any:
        return self.tapes[key].stop_recording()

    def watch(self, key: Any, source: Any) -> None:
        self.tapes[key].watch(self.variables[source] if isinstance(source, str) else source)

    def gradient(self, key: Any, target: Any, source: Any) -> Any:
        wrt = self.variables[source] if isinstance(source, str) else source
        found = self.tapes[key].gradient(target, wrt)
        return keras.convert_to_tensor(0.0, FLOAT) if found is None else found

    def call(self, layer: str, x: Any) -> tuple[Any, Any]:
        y = self.layers[layer](x)
        return y, self.layers[layer].losses[-1]

    def update(self, group: str, kind: str, names: list[str], grads: list[Any]) -> None:
        self.optimizers[group].apply(grads, [self.variables[n] for n in names])

    def compiled(self, body: Callable[[], Any]) -> Any:
        return keras.function(body)()

    def switch(self, index: Any, branches: list[Callable[[], Any]], _: Any) -> Any:
        if len(branches) == 2 and not isinstance(index, int):
            return ops.cond(index > 0, branches[1], branches[0])
        return ops.switch(index, branches)

    def loop(self, kind: str, rounds: Any, body: Any, start: Any, _: Any) -> Any:
        if kind == "fori":
            return ops.fori_loop(0, rounds, lambda i, v: body(0.5 * ops.cast(i, FLOAT), v), start)
        if kind == "while":
            return ops.while_loop(
                lambda i, v: i < rounds,
                lambda i, v: (i + 1, body(0.5 * ops.cast(i, FLOAT), v)),
                (ops.convert_to_tensor(0), start),
                maximum_iterations=MOST_ROUNDS,
            )[1]

        def move(value: Any, i: Any) -> tuple[Any, Any]:
            value = body(i, value)
            return value, value

        last, rows = ops.scan(move, start, 0.5 * ops.arange(rounds, dtype=FLOAT))
        return last + ops.sum(rows)


class Stepping(Model):
    """A model whose training step is a step of the machine."""

    def __init__(self, machine: Machine) -> None:
        super().__init__()
        self.machine = machine
        self.held = list(machine.variables.values())
        self.parts = list(machine.layers.values())
        self.steppers = list(machine.optimizers.values())
        self.seed = machine.seed
        self.own = machine.metric

    def call(self, x: Any) -> Any:
        return x

    @property
    def metrics(self) -> list[Any]:
        return []

    def train_step(self, data: Any) -> dict[str, Any]:
        self.machine.step(ops.reshape(data[0], ()))
        return {}


def ran(program: Program, way: str) -> list[dict[str, float]]:
    """The state after every step, run in one of `WAYS`."""
    machine = Machine(program)
    states: list[dict[str, float]] = []
    if way.startswith("fit"):
        model = Stepping(machine)
        model.compile(run_eagerly=way == "fit eagerly")
        x = np.array(STEPS).reshape(-1, 1)
        watch = callbacks.LambdaCallback(
            on_train_batch_end=lambda *_: states.append(machine.state())
        )
        model.fit(x, x, batch_size=1, shuffle=False, verbose=0, callbacks=[watch])
        return states
    step = machine.step if way == "eagerly" else keras.function(machine.step)
    for x in STEPS:
        step(keras.convert_to_tensor(x, FLOAT))
        states.append(machine.state())
    return states


def judged(program: Program) -> list[dict[str, float]]:
    """The state after every step by the rule.

    Raises:
        RejectedError: rounding decides, or no rule does.
    """
    start = program.start | {f"result{i}": 0.0 for i in range(RESULTS)}
    judge = Judge(start, _draws())
    states = []
    for x in STEPS:
        judge.tapes = {}
        run(program, judge, judge.constant(x))
        names = [*VARIABLES, *(f"result{i}" for i in range(RESULTS))]
        state = {name: judge.state()[name] for name in names}
        states.append(state | {"total": judge.total, "drawn": float(judge.drawn)})
    return states


_DRAWS: list[float] = []


def _draws(count: int = 400) -> list[float]:
    if not _DRAWS:
        seed = SeedGenerator(SEED)
        _DRAWS.extend(float(uniform((), seed=seed)) for _ in range(count))
    return _DRAWS


@contextmanager
def doubles() -> Iterator[None]:
    """Context manager: floats are float64, so that nothing hangs on rounding."""
    held = keras.config.floatx()
    keras.config.set_floatx(FLOAT)
    try:
        yield
    finally:
        keras.config.set_floatx(held)


@contextmanager
def without(*providers: str) -> Iterator[None]:
    """Context manager: these providers are switched off."""
    with ExitStack() as stack:
        for name in providers:
            disable_provider(name)
            stack.callback(enable_provider, name)
        yield


def differences(program: Program, way: str, want: list[dict[str, float]]) -> str:
    """What a way gives that the rule does not: "" where all is equal."""
    try:
        got = ran(program, way)
    except Exception as error:  # a program that the rule runs must not fail
        return f"{way}: {type(error).__name__}: {error}"
    for step, (a, b) in enumerate(zip(got, want, strict=True)):
        for name in b:
            if not np.isclose(a[name], b[name], rtol=1e-6, atol=1e-7):
                return f"{way}: step {step}, {name}: {a[name]!r}, by the rule {b[name]!r}"
    return ""
