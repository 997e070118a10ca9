"""Random programs give one answer eagerly, compiled by every renderer, and interpreted."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from kerasish.compiler import function
from kerasish.compiler.codegen import llvm_jit
from kerasish.config import disable_provider, enable_provider
from kerasish.graph import convert_to_tensor, interpret, trace
from kerasish.graph.verify import verify
from kerasish.testing.programs import Program, draw_program, widened
from tests.tolerances import tolerance

STEPS = 2  # the second run sees the arena and the variables as the first one left them
WAYS = ("eager", "interpreted", "llvm", "blocks")


@contextmanager
def without_llvm() -> Iterator[None]:
    disable_provider("llvm")
    try:
        yield
    finally:
        enable_provider("llvm")


def run(program: Program, how: str) -> list[np.ndarray]:
    """What every step returns, and what the variables hold after it."""
    variables = program.made_variables()
    func = program.function(variables)
    if how == "interpreted":
        graph, _ = trace(func, program.specs)
        verify(graph)

        def call(*xs):
            results = interpret.run_graph(graph, xs)
            for (variable, _), value in zip(
                graph.updates, results[len(graph.outputs) :], strict=True
            ):
                variable.assign(value)
            return results[: len(graph.outputs)]

    else:
        call = func if how == "eager" else function(func)
    found = []
    for step in range(STEPS):
        arrays = [convert_to_tensor(a * (1 - 0.25 * step)) for a in program.inputs]
        found += [t.numpy().copy() for t in call(*arrays)]
        found += [v.numpy() for v in variables]
    return found


def same(program: Program, got: list[np.ndarray], want: list[np.ndarray], how: str) -> None:
    rtol = 20 * tolerance("first_gradient")["rtol"]
    for k, (a, b) in enumerate(zip(got, want, strict=True)):
        about = f"{how}, result {k} of\n{program}"
        assert (a.shape, a.dtype) == (b.shape, b.dtype), about
        largest = max(np.abs(b).max(initial=0), 1)
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol * largest, err_msg=about)


def check(r: random.Random, length: int) -> bool:
    """Compare all ways on one program; False where rounding alone decides what it gives."""
    program = draw_program(r, length)
    want = run(program, "eager")
    # A step function right at its jump differs between roundings; float64 tells such programs.
    exact = run(widened(program), "eager")
    if not all(np.allclose(a, b, 1e-3, 1e-3) for a, b in zip(want, exact, strict=True)):
        return False
    for how in WAYS[1:]:
        if how == "llvm" and llvm_jit.unavailable():
            continue
        if how == "blocks":
            with without_llvm():
                got = run(program, how)
        else:
            got = run(program, how)
        same(program, got, want, how)
    return True


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(st.randoms(use_true_random=False))
def test_short_programs(r: random.Random) -> None:
    assume(check(r, 5))


@pytest.mark.parametrize("batch", range(6))
def test_long_programs(batch: int) -> None:
    compared = [check(random.Random(20 * batch + i), 16) for i in range(20)]
    assert sum(compared) >= 15
