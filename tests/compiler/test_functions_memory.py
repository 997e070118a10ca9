"""Functions leave nothing behind: plans, cycles, and the garbage collector."""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kerasish import ops
from kerasish.compiler import Function, function
from kerasish.graph import GradientTape, Node, Variable, convert_to_tensor


def living(kind: type) -> int:
    gc.collect()
    return sum(isinstance(o, kind) for o in gc.get_objects())


def resident() -> int:
    """Bytes this process holds in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def build_and_drop(size: int) -> None:
    v = Variable(np.zeros(size, "float32"))

    @function
    def step(x: Any) -> Any:
        with GradientTape() as tape:
            loss = ops.sum(ops.tanh(v * x))
        v.assign_sub(tape.gradient(loss, v))
        return loss

    step(np.ones(size, "float32"))


def test_functions_that_are_dropped_leave_nothing() -> None:
    for _ in range(5):
        build_and_drop(20_000)
    before = living(Node), living(Function), living(np.ndarray)
    start = resident()
    for _ in range(50):
        build_and_drop(20_000)
    assert (living(Node), living(Function), living(np.ndarray)) == before
    assert resident() - start < 4 * 2**20  # each needed some 300 KB


def test_functions_and_tapes_leave_no_cycles() -> None:
    gc.collect()
    gc.disable()
    try:
        build_and_drop(100)
        x = convert_to_tensor([1.0, 2.0])
        with GradientTape() as outer:
            outer.watch(x)
            with GradientTape() as inner:
                inner.watch(x)
                y = ops.sum(x * x * x)
            g = inner.gradient(y, x)
        outer.gradient(g, x)
        del x, y, g, inner, outer
        found = [o for o in _garbage() if type(o).__module__.startswith("kerasish")]
        assert found == []
    finally:
        gc.enable()


def _garbage() -> list[Any]:
    """What only the cycle collector would find."""
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        gc.collect()
        return list(gc.garbage)
    finally:
        gc.set_debug(0)
        gc.garbage.clear()


def test_the_garbage_collector_rests_while_a_plan_is_made_and_no_longer() -> None:
    seen: list[bool] = []

    @function
    def f(x: Any) -> Any:
        seen.append(gc.isenabled())
        if x.shape == (3,):
            raise ValueError("no")
        return x + 1

    f(ops.ones(2))
    with pytest.raises(ValueError, match="no"):
        f(ops.ones(3))
    assert seen == [False, False]
    assert gc.isenabled()
