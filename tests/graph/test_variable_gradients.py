"""Gradients with respect to variables that a step assigns: eager and compiled agree."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish import ops
from kerasish.compiler import function
from kerasish.graph import GradientTape, Variable, convert_to_tensor, eagerly, grad
from kerasish.graph.node import Node
from kerasish.graph.variable import autocast


def both(step: Any, *variables: Variable) -> tuple[list[Any], list[Any]]:
    """What an eager and a compiled step return and leave behind, from the same state."""
    start = [v.numpy() for v in variables]
    found = []
    for run in (step, function(step)):
        for v, value in zip(variables, start, strict=True):
            v.assign(value)
        got = [None if g is None else float(g) for g in run()]
        found.append(got + [float(v) for v in variables])
    return found[0], found[1]


def test_a_gradient_survives_a_later_assignment() -> None:
    v = Variable(3.0)

    def step() -> Any:
        with GradientTape() as tape:
            loss = v * v
            v.assign_sub(1.0)
        return [tape.gradient(loss, v)]

    eager, compiled = both(step, v)
    assert eager == compiled == [6, 2]


def test_a_gradient_flows_through_an_assignment() -> None:
    v = Variable(3.0)

    def step() -> Any:
        with GradientTape() as tape:
            first = v * 2.0
            v.assign(v * v)
            loss = first + 5.0 * v
        return [tape.gradient(loss, v)]

    eager, compiled = both(step, v)
    assert eager == compiled == [2 + 5 * 6, 9]


def test_a_variable_assigned_before_its_first_read_is_its_own_source() -> None:
    v, w = Variable(0.0), Variable(4.0)

    def step() -> Any:
        with GradientTape() as tape:
            v.assign(w * 1.0)
            loss = v * w * w
        return tape.gradient(loss, [v, w])

    eager, compiled = both(step, v, w)
    assert eager == compiled == [16, 48, 4, 4]


def test_two_variables_assigned_the_same_value_have_two_gradients() -> None:
    v, w = Variable(0.0), Variable(0.0)

    def step() -> Any:
        v.assign(2.0)
        w.assign(2.0)
        with GradientTape() as tape:
            loss = v * 3.0 + w * 5.0 + 2.0 * v
        return tape.gradient(loss, [v, w])

    eager, compiled = both(step, v, w)
    assert eager == compiled == [5, 5, 2, 2]


def test_nested_tapes_know_a_variable_by_one_leaf() -> None:
    v = Variable(3.0)

    def step() -> Any:
        with GradientTape() as outer:
            before = v * v
            with GradientTape() as inner:
                cube = v * v * v
            slope = inner.gradient(cube, v)
            total = before + slope
        return [outer.gradient(total, v), slope]

    eager, compiled = both(step, v)
    assert eager == compiled == [6 + 18, 27, 3]


def test_assigning_under_eagerly_is_seen_by_the_tape_outside() -> None:
    v = Variable(3.0)
    with GradientTape() as tape:
        first = v * 1.0
        with eagerly():
            v.assign(10.0)
        second = v * 1.0
    assert float(second) == 10
    assert float(tape.gradient(first, v)) == 1


def test_a_low_precision_read_has_a_gradient_in_the_variables_dtype() -> None:
    v = Variable([1.0, 2.0])
    with autocast("float16"), GradientTape() as tape:
        y = ops.sum(v * v)
    assert y.dtype == "float16"
    g = tape.gradient(y, v)
    assert g.dtype == "float32"
    assert g.numpy().tolist() == [2, 4]


def test_an_argument_twice_counts_for_each_place() -> None:
    def slopes(t: Any) -> Any:
        return grad(lambda x, y: x * x * y * t, argnums=(0, 1))(t, t)

    x = convert_to_tensor(3.0)
    assert [float(g) for g in slopes(x)] == [54, 27]
    assert [float(g) for g in function(slopes)(x)] == [54, 27]


def test_a_state_carried_from_tape_to_tape_drags_no_history_along() -> None:
    w = Variable(np.ones(3, "float32"))
    h = convert_to_tensor(np.ones(3, "float32"))

    def nodes_behind(node: Node | None) -> int:
        seen: set[Node] = set()
        stack = [node] if node else []
        while stack:
            here = stack.pop()
            if here not in seen:
                seen.add(here)
                stack.extend(here.inputs)
        return len(seen)

    sizes = []
    for _ in range(5):
        with GradientTape() as tape:
            h = ops.tanh(h * w)
            loss = ops.sum(h)
        assert tape.gradient(loss, w).shape == (3,)
        sizes.append(nodes_behind(h.node))
    assert len(set(sizes)) == 1


def test_a_carried_state_may_still_be_watched() -> None:
    x = convert_to_tensor(2.0)
    with GradientTape() as first:
        first.watch(x)
        h = x * x
    with GradientTape() as second:
        second.watch(h)
        y = h * h
    assert float(second.gradient(y, h)) == 8
    assert float(first.gradient(h, x)) == 4
