"""Loops and branches run as plans: equal to the same ops run one by one."""

from __future__ import annotations

import numpy as np
import pytest

from kerasish import config, tree
from kerasish.compiler import control, function
from kerasish.graph import GradientTape, convert_to_tensor
from kerasish.graph.primitives import reshape, transpose
from kerasish.graph.variable import Variable
from kerasish.inspect import memory, profile
from kerasish.ops.basic import elementwise as e
from kerasish.ops.basic.matmul import matmul
from kerasish.ops.basic.reduction import sum as sum_of
from kerasish.ops.control.functions import cond, fori_loop, scan, switch, while_loop
from tests.tolerances import assert_close

RNG = np.random.default_rng(0)


def floats(*shape):
    return RNG.normal(size=shape).astype("float32")


def same(func, *arrays, kind="value"):
    """Check that a compiled function gives what it gives eagerly; returns its plan's steps."""
    made = function(func)
    for _ in range(2):  # the second run finds the buffers as the first left them
        found, wanted = made(*arrays), func(*map(convert_to_tensor, arrays))
        for a, b in zip(tree.flatten(found), tree.flatten(wanted), strict=True):
            assert_close(a, b, kind)
    return made.prepared(*arrays)[0].plan.steps


def controls(steps):
    """The steps that are loops or branches, which must run as plans."""
    found = [s for s in steps if s.node.op.name in ("scan", "switch", "while_loop")]
    assert all(s.provider == "plan" for s in found)
    return found


X, H, W, U = floats(7, 3, 4), floats(3, 5), floats(4, 5), floats(5, 5)


def cell(state, x, w, u):
    return e.tanh(e.add(matmul(x, w), matmul(state, u)))


def rnn(reverse=False):
    def run(x, h, w, u):
        def body(state, xt):
            new = cell(state, xt, w, u)
            return new, (new * 2.0, xt[0])

        return scan(body, h, x, reverse=reverse)

    return run


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("length", [1, 2, 7])
def test_scan(reverse, length):
    assert len(controls(same(rnn(reverse), X[:length], H, W, U))) == 1


def test_scan_of_nothing_gives_the_start():
    made = function(rnn())
    final, (ys, rows) = made(X[:0], H, W, U)
    assert_close(final, H)
    assert ys.shape == (0, 3, 5)
    assert rows.shape == (0, 4)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("bound", [1, 20])
def test_long_scans_repeat_a_block_of_rounds(monkeypatch, reverse, bound):
    def gradients(x, h, w, u):
        with GradientTape() as tape:
            tape.watch([x, h, w, u])
            final, (ys, _) = rnn(reverse)(x, h, w, u)
            loss = sum_of(final) + sum_of(ys * ys)
        return loss, tape.gradient(loss, [x, h, w, u])

    whole = function(gradients)(X, H, W, U)
    monkeypatch.setattr(control, "BOUND", bound)
    for a, b in zip(
        *(tree.flatten(t) for t in (function(gradients)(X, H, W, U), whole)), strict=True
    ):
        assert_close(a, b)


def test_scan_over_strided_slices_and_start():
    def run(x, h):
        return scan(lambda c, xt: (c + xt, c * xt), transpose(h, axes=(1, 0)),
                    transpose(x, axes=(1, 2, 0)))  # fmt: skip

    same(run, floats(4, 3, 5), floats(4, 5))


def test_gradients_of_scan():
    def run(x, h, w, u):
        with GradientTape() as tape:
            tape.watch([x, h, w, u])
            final, (ys, rows) = rnn()(x, h, w, u)
            loss = sum_of(final) + sum_of(ys * ys) + sum_of(rows)
        return tape.gradient(loss, [x, h, w, u])

    assert len(controls(same(run, X, H, W, U, kind="first_gradient"))) == 2


def test_a_result_twice_a_carry_as_result_and_a_passed_input():
    def body(carry, x):
        a, b = carry
        new = a + x
        return (new, a), (new, new, x, reshape(new, shape=(2, 3)), b)

    same(lambda x, a, b: scan(body, (a, b), x), floats(4, 6), floats(6), floats(6))


def test_carries_that_swap():
    def run(a, b):
        return scan(lambda c, _: ((c[1], c[0]), None), (a, b), length=3)[0]

    same(run, floats(3), floats(3))


def test_scan_in_scan():
    def run(x, h, u):
        def outer(state, row):
            def inner(s, v):
                return e.tanh(matmul(s, u)) + v, s

            state, ys = scan(inner, state, row)
            return state, (ys, state)

        return scan(outer, h, x)

    same(run, floats(3, 4, 2, 5), floats(2, 5), floats(5, 5))


def test_gradients_of_scan_in_scan():
    def run(x, h, u):
        with GradientTape() as tape:
            tape.watch([x, h, u])

            def outer(state, row):
                return scan(lambda s, v: (e.tanh(matmul(s, u)) + v, None), state, row)[0], None

            loss = sum_of(scan(outer, h, x)[0])
        return tape.gradient(loss, [x, h, u])

    same(run, floats(3, 4, 2, 5), floats(2, 5), floats(5, 5), kind="first_gradient")


def test_branch_in_scan():
    def run(x, h):
        def body(state, xt):
            new = cond(sum_of(xt) > 0, lambda: state + xt, lambda: state * 0.5)
            return new, new

        return scan(body, h, x)

    same(run, floats(9, 4), floats(4))


@pytest.mark.parametrize("index", [-3, 0, 1, 2, 9])
def test_switch(index):
    def run(i, x, w):
        branches = [
            lambda: (matmul(x, w), x),
            lambda: (matmul(x, w) * 2.0, x + 1.0),
            lambda: (e.tanh(matmul(x, w)), x),
        ]
        return switch(i, branches)

    assert len(controls(same(run, np.int32(index), floats(3, 4), floats(4, 2)))) == 1


def test_a_result_of_a_branch_that_nobody_reads():
    same(lambda p, x: cond(p, lambda: (x * 2.0, x + 1.0), lambda: (x, x))[1], np.True_, floats(3))


@pytest.mark.parametrize("bound", [0, 1, 2, 5, 6])
def test_while_loop(bound):
    def run(n, x, w):
        return while_loop(lambda i, v: i < n, lambda i, v: (i + 1, matmul(v, w)), (0, x))

    assert len(controls(same(run, np.int32(bound), floats(2, 3), floats(3, 3) / 2))) == 1


@pytest.mark.parametrize("limit", [0, 1, 4])
def test_while_loop_stops_at_its_limit(limit):
    def run(x):
        return while_loop(lambda v: sum_of(v) > -1.0, lambda v: (v + 1.0,), (x,), limit)

    same(run, np.ones(3, "float32"))


def test_gradient_of_a_bounded_while_loop():
    def run(x):
        with GradientTape() as tape:
            tape.watch(x)
            (y,) = while_loop(lambda v: sum_of(v) < 100.0, lambda v: (v * v + 1.0,), (x,), 6)
        return y, tape.gradient(y, x)

    same(run, np.full(3, 0.5, "float32"), kind="first_gradient")


def test_loops_with_bounds_that_are_values():
    same(lambda n, x: fori_loop(0, n, lambda i, v: v * 2.0 + i, x), np.int32(5), floats(3))


def test_variables_assigned_in_a_loop():
    total = Variable(np.zeros(3, "float32"), name="total")

    @function
    def run(x):
        def body(c, xt):
            total.assign_add(xt)
            return c + total.value, None

        return scan(body, x[0] * 0.0, x)[0]

    x = np.arange(12, dtype="float32").reshape(4, 3)
    assert_close(run(x), np.cumsum(x, 0).sum(0))
    assert_close(total.numpy(), x.sum(0))


def test_plans_switched_off_fall_back_to_the_reference():
    config.disable_provider("plan")
    try:
        made = function(rnn())
        final, _ = made(X, H, W, U)
        assert "reference" in {s.provider for s in made.prepared(X, H, W, U)[0].plan.steps}
    finally:
        config.enable_provider("plan")
    assert_close(function(rnn())(X, H, W, U)[0], final)


def test_profile_and_memory_look_inside():
    made = function(rnn())
    entries = profile(made, X, H, W, U, runs=2).entries
    inner = [e for e in entries if e.name == "matmul" and e.calls == 7]
    assert inner
    assert {e.flops for e in inner} >= {7 * 2 * 3 * 5 * 5}
    assert memory(made, X, H, W, U).loops > 0


@pytest.mark.parametrize("bound", [8192, 1])
def test_a_carry_that_is_stacked_is_written_once(monkeypatch, bound):
    """h is carried and stacked: its rows are where the next round reads it."""
    monkeypatch.setattr(control, "BOUND", bound)

    def run(x, h, w, u):
        def body(state, xt):
            new = cell(state, xt, w, u)
            return new, (new, new)

        return scan(body, h, x, reverse=True)

    (step,) = controls(same(run, X, H, W, U))
    assert "copy" not in {s.node.op.name for s in step.call.steps}
