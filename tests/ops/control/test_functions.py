"""Control flow means the same run in Python and traced into nodes, gradients and variables too."""

from __future__ import annotations

import numpy as np
import pytest

from kerasish import ops, tree
from kerasish.errors import ArgumentError, GradientError, ShapeError
from kerasish.graph import GradientTape, Variable, convert_to_tensor, interpret, trace
from kerasish.graph.printer import format_graph
from kerasish.graph.verify import verify
from kerasish.random import SeedGenerator, dropout, uniform
from kerasish.testing.gradients import check_grads
from tests.tolerances import tolerance

RNG = np.random.default_rng(3)
X = RNG.normal(size=(5, 3))
W = RNG.normal(size=(3, 3)) * 0.5


def traced(func, *arrays):
    """What `func` gives when it is traced into a graph, verified, and run from there."""
    tensors = [convert_to_tensor(a) for a in arrays]
    graph, structure = trace(func, [t.spec for t in tensors])
    verify(graph)
    format_graph(graph)
    values = interpret.run_graph(graph, tensors)
    assert len(values) == len(graph.outputs) + len(graph.updates)
    for (variable, _), value in zip(graph.updates, values[len(graph.outputs) :], strict=True):
        variable.assign(value)
    return tree.map_structure(lambda slot: slot if slot is None else values[slot], structure)


def assert_same(actual, expected):
    pairs = zip(tree.flatten(actual), tree.flatten(expected), strict=True)
    for a, e in pairs:
        assert (a is None) == (e is None)
        if a is not None:
            assert a.spec == e.spec
            np.testing.assert_allclose(a.numpy(), e.numpy(), **tolerance("value", "float64"))


def check(func, *arrays):
    """Traced as in Python; first and second gradients of both against differences."""
    assert_same(traced(func, *arrays), func(*map(convert_to_tensor, arrays)))

    def leaves(*xs):
        return [t for t in tree.flatten(func(*xs)) if t is not None]

    check_grads(leaves, list(arrays), 2)

    def by_tape(*xs):
        with GradientTape() as tape:
            tape.watch(list(xs))
            total = sum(ops.sum(ops.sin(y)) for y in leaves(*xs) if y.dtype == "float64")
        return zeros_for_none(tape.gradient(total, list(xs)), xs)

    def twice(*xs):
        with GradientTape() as tape:
            tape.watch(list(xs))
            total = sum(ops.sum(ops.cos(y)) for y in by_tape(*xs))
        return zeros_for_none(tape.gradient(total, list(xs)), xs)

    for gradient in (by_tape, twice):
        assert_same(traced(gradient, *arrays), gradient(*map(convert_to_tensor, arrays)))


def zeros_for_none(gradients, xs):
    return [x * 0 if g is None else g for g, x in zip(gradients, xs, strict=True)]


def cell(w):
    def step(carry, x):
        h, count = carry
        new = ops.tanh(ops.matmul(h, w) + x)
        return (new, count + 1), {"out": new * 2, "none": None}

    return step


@pytest.mark.parametrize("reverse", [False, True])
def test_scan(reverse):
    def run(h, x, w):
        start = (h, convert_to_tensor(0))
        (last, count), ys = ops.scan(cell(w), start, x, reverse=reverse)
        return last, count, ys

    check(run, X[0], X, W)
    _, count, ys = traced(run, X[0], X, W)
    assert int(count) == 5
    assert ys["none"] is None
    assert ys["out"].shape == (5, 3)


def test_scan_over_a_structure_with_a_length():
    def run(a, b):
        return ops.scan(
            lambda c, x: (c * x["a"] + x["b"][0], c), a[0], {"a": a, "b": (b,)}, length=5
        )

    check(run, X, X[::-1].copy())


def test_scan_without_xs_counts():
    def run(a):
        return ops.scan(lambda c, _: (c * a, c), a, None, length=4)

    last, ys = traced(run, np.array(2.0))
    assert float(last) == 32
    assert ys.numpy().tolist() == [2, 4, 8, 16]
    check(run, np.array(1.5))


def test_only_the_results_used_are_differentiated():
    check(lambda h, x, w: ops.scan(cell(w), (h, 0), x)[1]["out"], X[0], X, W)
    check(lambda h, x, w: ops.scan(cell(w), (h, 0), x)[0][0], X[0], X, W)


def test_scan_of_no_steps():
    def run(h, x, w):
        (last, _), ys = ops.scan(cell(w), (h, 0), x)
        return last, ys["out"]

    for found in (traced(run, X[0], X[:0], W), run(X[0], X[:0], W)):
        np.testing.assert_array_equal(found[0].numpy(), X[0])
        assert found[1].shape == (0, 3)


def test_unrolled_scan_has_no_scan_node():
    def run(h, x, w):
        return ops.scan(cell(w), (h, 0), x, unroll=True)[0][0]

    graph, _ = trace(run, [convert_to_tensor(a).spec for a in (X[0], X, W)])
    assert not [n for n in graph.nodes if n.op.name == "scan"]
    check(run, X[0], X, W)


def test_loop_invariant_work_stays_outside():
    def run(x, w):
        return ops.scan(lambda c, v: (c + ops.sum(ops.exp(w)) * v, None), x[0], x)[0]

    graph, _ = trace(run, [convert_to_tensor(a).spec for a in (X, W)])
    assert "exp" in [n.op.name for n in graph.nodes]
    check(run, X, W)


def test_nested_scans():
    def run(x, w):
        def row(c, v):
            inner, ys = ops.scan(lambda d, e: (ops.sin(d + e) * w[0, 0], d), c[0], v)
            return c + inner, ys

        return ops.scan(row, x[0], x)

    check(run, X, W)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda x: ops.scan(lambda c, v: (c, v), x, None), ArgumentError),
        (lambda x: ops.scan(lambda c, v: (c, v), x[0], x, length=4), ArgumentError),
        (lambda x: ops.scan(lambda c, v: (v, c), 0.0, x), ShapeError),
        (lambda x: ops.scan(lambda c, v: ((c, c), v), x[0], x), ArgumentError),
        (lambda x: ops.while_loop(lambda c: c < 3, lambda c: (c * 1.5,), (1,)), ShapeError),
        (lambda x: ops.while_loop(lambda c: c < 3, lambda c: c + 1, x), ShapeError),
        (lambda x: ops.cond(x, lambda: 1, lambda: 2), ShapeError),
        (lambda x: ops.associative_scan(ops.add, (x, x[0])), ShapeError),
    ],
)
@pytest.mark.parametrize("how", [traced, lambda f, x: f(convert_to_tensor(x))])
def test_what_does_not_fit_is_refused(call, error, how):
    with pytest.raises((error, ValueError)):
        how(call, X)


def test_cond():
    def run(x, w):
        return ops.cond(
            ops.sum(x) > 0,
            lambda: {"a": ops.sin(x) * w, "b": ops.sum(w)},
            lambda: {"a": x * 2 + w, "b": ops.sum(x)},
        )

    for sign in (1.0, -1.0):
        check(run, np.abs(W) * sign, W)


def test_a_branch_not_taken_is_not_run():
    def run(x):
        return ops.cond(x > 0, lambda: ops.exp(x), lambda: ops.log(-x))

    graph, _ = trace(run, [convert_to_tensor(1.0).spec])
    names = [n.op.name for n in graph.nodes]
    assert "exp" not in names
    assert "log" not in names
    check(run, np.array(2.0))
    check(run, np.array(-2.0))


def test_branches_must_return_alike():
    with pytest.raises(ShapeError, match="branches"):
        traced(lambda x: ops.cond(ops.sum(x) > 0, lambda: x, lambda: x[0]), X)


@pytest.mark.parametrize("index", [-1, 0, 1, 2, 7])
def test_switch(index):
    def run(i, x):
        return ops.switch(i, [ops.sin, ops.cos, lambda a: a * a], x)

    i = convert_to_tensor(index)
    expected = [np.sin, np.cos, np.square][min(max(index, 0), 2)](X)
    for found in (run(i, X), traced(run, i, X)):
        np.testing.assert_allclose(found.numpy(), expected)


@pytest.mark.parametrize("limit", [0, 2, 20])
def test_while_loop(limit):
    def run(x, w):
        return ops.while_loop(
            lambda i, v: (i < 6) & (ops.sum(v * v) < 50),
            lambda i, v: (i + 1, ops.sin(v) + v * w),
            (0, x),
            maximum_iterations=limit,
        )

    check(run, X[0], np.array([1.1, 0.9, 1.2]))
    assert int(traced(run, X[0], X[1])[0]) == min(limit, 6)


def test_an_unbounded_while_loop_runs_but_has_no_gradient():
    def run(x):
        return ops.while_loop(lambda v: v < 100, lambda v: v * 2, x)

    assert float(traced(run, np.array(3.0))) == float(run(np.array(3.0))) == 192

    def gradient(x):
        with GradientTape() as tape:
            tape.watch(x)
            y = run(x)
        return tape.gradient(y, x)

    assert float(gradient(convert_to_tensor(3.0))) == 64  # in Python the rounds are known
    with pytest.raises(GradientError, match="maximum_iterations"):
        traced(gradient, np.array(3.0))


@pytest.mark.parametrize("static", [True, False])
def test_fori_loop(static):
    def run(x, n):
        upper = 5 if static else n
        return ops.fori_loop(2, upper, lambda i, v: v * ops.cast(i, v.dtype) + 1, x)

    for upper in (convert_to_tensor(5),):
        for found in (traced(run, X, upper), run(X, upper)):
            np.testing.assert_allclose(found.numpy(), ((X * 2 + 1) * 3 + 1) * 4 + 1)
    if static:
        check(lambda x: run(x, None), X)


def test_an_empty_fori_loop_gives_the_initial_value():
    np.testing.assert_array_equal(ops.fori_loop(3, 1, lambda i, v: v + 1, X).numpy(), X)


def test_map():
    check(lambda x, w: ops.map(lambda row: (ops.sin(row) * w, ops.sum(row)), x), X, W)
    check(lambda x: ops.vectorized_map(lambda r: r["a"] * r["b"], {"a": x, "b": x + 1}), X)


@pytest.mark.parametrize("size", [1, 2, 5, 8])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("axis", [0, 1])
def test_associative_scan(size, reverse, axis):
    a = RNG.normal(size=(size, 4)) if axis == 0 else RNG.normal(size=(4, size))
    b = RNG.normal(size=a.shape)

    def combine(first, second):  # composition of x -> a x + b: associative, not commutative
        return first[0] * second[0], first[1] * second[0] + second[1]

    found = ops.associative_scan(combine, (a, b), reverse=reverse, axis=axis)
    rows = [tuple(np.take(t, i, axis) for t in (a, b)) for i in range(size)]
    rows = rows[::-1] if reverse else rows
    for i in range(1, size):
        rows[i] = combine(rows[i - 1], rows[i])
    rows = rows[::-1] if reverse else rows
    for k in range(2):
        expected = np.stack([row[k] for row in rows], axis)
        np.testing.assert_allclose(found[k].numpy(), expected, rtol=1e-12, atol=1e-12)


# --- variables ------------------------------------------------------------------------------------


def both_ways(make):
    """What a step does to fresh variables, in Python and traced: (results, states)."""
    found = []
    for how in (lambda f: f(), traced):
        step, variables = make()
        results = [np.asarray(t) for _ in range(2) for t in tree.flatten(how(step))]
        found.append(results + [v.numpy() for v in variables])
    for python, graph in zip(*found, strict=True):
        np.testing.assert_allclose(python, graph, rtol=1e-6)
    return found[0]


def test_a_variable_assigned_in_a_scan_is_carried():
    def make():
        total, other = Variable(0.0), Variable(2.0)

        def step(c, x):
            total.assign_add(x * other)
            return c + total, total.value

        return lambda: ops.scan(step, 1.0, np.arange(4, dtype=np.float32)), [total, other]

    assert both_ways(make)[-2] == 24


def test_random_draws_in_a_scan_differ_from_step_to_step():
    def make():
        generator = SeedGenerator(5)

        def step(c, x):
            return c, (dropout(x, 0.5, seed=generator), uniform((2,), seed=generator))

        return lambda: ops.scan(step, 0, np.ones((3, 8), np.float32)), [generator.state]

    results = both_ways(make)
    draws = results[2]
    assert len(np.unique(draws)) == draws.size
    assert results[-1].tolist() == [5, 12]


def test_a_variable_assigned_in_a_while_loop_is_carried():
    def make():
        count = Variable(0)

        def body(v):
            count.assign_add(1)
            return v * 2

        return lambda: ops.while_loop(lambda v: v < 20, body, 1.0), [count]

    assert both_ways(make)[-1] == 10


@pytest.mark.parametrize("flag", [True, False])
def test_a_variable_assigned_in_one_branch_keeps_its_value_in_the_other(flag):
    def make():
        chosen, other, switch = Variable(1.0), Variable(5.0), Variable(flag, dtype="bool")

        def act():
            chosen.assign(chosen * 2)
            other.assign_add(1.0)

        def step():
            ops.cond(switch.value, act, lambda: None)
            return chosen.value

        return step, [chosen, other]

    results = both_ways(make)
    assert results[-2:] == ([4.0, 7.0] if flag else [1.0, 5.0])


def test_variables_used_in_bodies_get_gradients():
    w = Variable(W)

    def gradient(x):
        with GradientTape() as tape:
            y = ops.scan(lambda c, v: (ops.tanh(ops.matmul(c, w) + v), None), x[0], x)[0]
            y = ops.cond(ops.sum(y) > 100, lambda: y, lambda: ops.matmul(y, w))
            total = ops.sum(y)
        return tape.gradient(total, w)

    assert_same(traced(gradient, X), gradient(convert_to_tensor(X)))
