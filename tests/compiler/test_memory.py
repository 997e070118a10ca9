"""The memory planner: nothing that is still needed is overwritten, in theory and while it runs."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasish import ops
from kerasish.backend.base import current
from kerasish.compiler import Plan
from kerasish.compiler.aliases import Aliases, Value, steps_of
from kerasish.compiler.memory import ALIGN, FOREVER, MemoryPlan, _Arena, lifetimes, plan_memory
from kerasish.compiler.passes import optimize
from kerasish.config import disable_provider, enable_provider
from kerasish.graph import Graph, Node, Variable, trace
from kerasish.graph.node import PICK, VARIABLE
from kerasish.spec import TensorSpec
from kerasish.testing.programs import Program, draw_program

F = TensorSpec((64,), "float32")


@pytest.fixture(params=["llvm", "blocks"])
def renderer(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "blocks":
        disable_provider("llvm")
    yield request.param
    if request.param == "blocks":
        enable_provider("llvm")


def compiled(program: Program) -> Plan:
    graph, _ = trace(program.function(program.made_variables()), program.specs)
    return Plan(optimize(graph, current()))


# --- in theory ------------------------------------------------------------------------------------


def source_of(node: Node) -> Value:
    """The value a node's memory belongs to, found independently of the planner's lifetimes."""
    index = 0
    while True:
        if node.op is PICK:
            return node.inputs[0], node.attrs["index"]
        if node.op.view:
            node = node.inputs[0]
            continue
        return node, index


def uses(graph: Graph, layout: Aliases, steps: list[Node]) -> dict[Value, tuple[int, int]]:
    """(written, read last) of every value, by looking at every step."""
    number = {n: i for i, n in enumerate(steps)}
    spans = {(n, 0): (-1, -1) for n in graph.inputs}
    for node in steps:
        for k in range(len(node.specs)):
            spans[node, k] = (number[node], number[node])
    for node in steps:
        for i in node.inputs:
            value = layout.owner(i)
            if value in spans:
                spans[value] = (spans[value][0], max(spans[value][1], number[node]))
    for node in graph.results:
        value = layout.owner(node)
        if value in spans:
            spans[value] = (spans[value][0], FOREVER)
    return spans


def check_places(
    graph: Graph, layout: Aliases, steps: list[Node], made: MemoryPlan, pairs: Callable[[Node], Any]
) -> None:
    spans = uses(graph, layout, steps)
    sizes = {(n, k): s.nbytes for n, _ in spans for k, s in enumerate(n.specs)}
    placed = [v for v in spans if v in made.offsets]
    assert set(made.offsets) | set(made.bound) >= {v for v in spans if v not in made.dead}
    for value in placed:
        assert made.offsets[value] % ALIGN == 0
        assert made.offsets[value] + sizes[value] <= made.size
    for i, a in enumerate(placed):
        for b in placed[:i]:
            apart = (
                made.offsets[a] + sizes[a] <= made.offsets[b]
                or made.offsets[b] + sizes[b] <= made.offsets[a]
            )
            (first, second) = sorted((a, b), key=lambda v: spans[v][0])
            if apart or spans[first][1] < spans[second][0]:
                continue
            # They overlap in space and time: only in place, where one is made from the other.
            node, out = second
            assert spans[first][1] == spans[second][0], (a, b)
            assert made.offsets[a] == made.offsets[b]
            sources = [k for k, s in enumerate(node.inputs) if layout.owner(s) == first]
            assert len(sources) == 1
            assert (out, sources[0]) in pairs(node)
    for value, variable in made.bound.items():
        at = spans[value][0]
        for i, node in enumerate(steps):
            for k, s in enumerate(node.inputs):
                leaf = layout.owner(s)[0]
                if leaf.op is VARIABLE and leaf.attrs["variable"] is variable:
                    assert i <= at, "the old value is read after it was overwritten"
                    assert i < at or ((value[1], k) in pairs(node) and s is leaf)
    assert {id(v) for v, _ in made.copies}.isdisjoint(id(v) for v in made.bound.values())
    assert len(made.copies) + len(made.bound) == len(graph.updates)


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False), st.booleans())
def test_no_place_is_given_twice(r: random.Random, generous: bool) -> None:
    program = draw_program(r, 14)
    graph, _ = trace(program.function(program.made_variables()), program.specs)
    graph = optimize(graph, current())
    layout = Aliases(graph.nodes)
    steps = steps_of(graph.nodes, layout)

    def pairs(node: Node) -> list[tuple[int, int]]:
        """Every pair that could be in place, or none."""
        if not generous:
            return []
        return [
            (k, i)
            for k, spec in enumerate(node.specs)
            for i, s in enumerate(node.inputs)
            if s.spec == spec
        ]

    check_places(graph, layout, steps, plan_memory(graph, layout, steps, pairs), pairs)


def test_the_checker_finds_a_planted_overlap() -> None:
    graph, _ = trace(lambda x: ops.matmul(ops.exp(x), ops.sin(x)), [TensorSpec((8, 8), "float32")])
    layout = Aliases(graph.nodes)
    steps = steps_of(graph.nodes, layout)
    made = plan_memory(graph, layout, steps, lambda n: [])
    first, second = [v for v in made.offsets if v[0] in steps][:2]
    made.offsets[second] = made.offsets[first]
    with pytest.raises(AssertionError):
        check_places(graph, layout, steps, made, lambda n: [])


# --- while it runs --------------------------------------------------------------------------------


def watch(plan: Plan, program: Program) -> None:
    """Run step by step; whatever is still needed must stay bit for bit what it was."""
    graph, layout = plan.graph, Aliases(plan.graph.nodes)
    plan._arena[...] = 0xFF  # NaN wherever nothing was written
    for buffer, array in zip(plan.inputs, program.inputs, strict=True):
        buffer[...] = array
    steps = [s.node for s in plan.steps[: len(plan.steps) - len(plan.memory.copies)]]
    last = {value: span[1] for value, span in uses(graph, layout, steps).items()}
    kept = {(n, 0): plan._values[n].copy() for n in graph.inputs}
    for i, step in enumerate(plan.steps):
        step.call()
        if i < len(steps):
            for k, array in enumerate(step.outputs):
                if array is not None:
                    kept[step.node, k] = array.copy()
        for value, array in kept.items():
            if i < last[value]:
                now = plan._values[value[0]] if value[0] in graph.inputs else plan._owned[value]
                assert now.tobytes() == array.tobytes(), f"step {i} overwrote {value}"


@pytest.mark.parametrize("seed", range(40))
def test_what_is_still_needed_is_never_overwritten(seed: int, renderer: str) -> None:
    program = draw_program(random.Random(seed + 1000), 14)
    watch(compiled(program), program)


# --- what it saves --------------------------------------------------------------------------------


def planned(func: Callable[..., Any], *specs: TensorSpec) -> MemoryPlan:
    graph, _ = trace(func, specs)
    return Plan(optimize(graph, current())).memory


def test_memory_of_dead_values_is_used_again() -> None:
    square = TensorSpec((64, 64), "float32")

    def chain(x: Any, w: Any) -> Any:
        for _ in range(10):
            x = ops.matmul(x, w)
        return x

    assert planned(chain, square, square).size == 3 * square.nbytes  # x, w, and one to write to


def test_an_elementwise_chain_runs_in_place(renderer: str) -> None:
    def chain(x: Any) -> Any:
        return ops.sin(ops.exp(ops.sin(ops.exp(x))))

    assert planned(chain, F).size == F.nbytes


def test_an_update_is_written_into_its_variable() -> None:
    v = Variable(np.zeros(64, "float32"))
    made = planned(lambda x: [v.assign(v * 0.9 + x)][:0], F)
    assert list(made.bound.values()) == [v]
    assert made.copies == []


def test_unread_outputs_take_no_lasting_place() -> None:
    made = planned(lambda x: ops.top_k(x, 32)[0] * 2 + 1, F)
    assert len(made.dead) == 1
    assert made.size <= 2 * F.nbytes


def test_lifetimes_count_steps() -> None:
    graph, _ = trace(lambda x: ops.matmul(ops.matmul(x, x), x), [TensorSpec((4, 4), "float32")])
    layout = Aliases(graph.nodes)
    steps = steps_of(graph.nodes, layout)
    lives = lifetimes(graph, layout, steps)
    assert [(v.first, v.last) for v in lives.values()] == [(-1, 1), (0, 1), (1, FOREVER)]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 1000)), max_size=40))
def test_the_arena_never_hands_out_what_is_taken(moves: list[tuple[bool, int]]) -> None:
    arena = _Arena()
    taken: list[tuple[int, int]] = []
    for give, number in moves:
        if give and taken:
            arena.give(*taken.pop(number % len(taken)))
            continue
        at = arena.take(number)
        end = at + max(number, 1)
        assert at % ALIGN == 0
        assert end <= arena.size
        assert all(end <= a or a + max(n, 1) <= at for a, n in taken)
        taken.append((at, number))
    for span in taken:
        arena.give(*span)
    assert arena._free == ([(0, arena.size)] if arena.size else [])


def test_no_place_is_lost_where_several_inputs_could_be_written_over() -> None:
    def rounds(h: Any, w: Any) -> Any:
        for _ in range(20):
            h = ops.tanh(ops.matmul(h, w)) * ops.matmul(w, h)
        return h

    spec = TensorSpec((32, 32), "float32")
    graph, _ = trace(rounds, [spec, spec])
    plan = Plan(optimize(graph, current()))
    assert plan.memory.size <= 5 * spec.nbytes
