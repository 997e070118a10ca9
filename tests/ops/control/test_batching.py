"""Control flow under vectorized_map, against a loop over the rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kerasish import ops
from kerasish.compiler import function
from kerasish.graph import grad, trace
from kerasish.spec import TensorSpec
from tests.tolerances import assert_close

X = np.random.default_rng(0).normal(size=(5, 4))
N = np.array([0, 3, 1, 7, 2], np.int32)


def in_graph(func: Any) -> Any:
    """`func` with symbolic inputs, so that its control flow becomes nodes."""
    return function(func)


def check(func: Any, *stacked: Any, gradient: bool = True) -> None:
    """The map, compiled, against rows one by one; and its gradients."""
    rows = [func(*(ops.convert_to_tensor(a[i]) for a in stacked)) for i in range(len(stacked[0]))]
    wanted = np.stack([np.asarray(r) for r in rows])
    mapped = in_graph(lambda *e: ops.vectorized_map(lambda r: func(*r), e))
    assert_close(mapped(*stacked), wanted, dtype="float64")
    if not gradient:
        return

    def total(x: Any, *rest: Any) -> Any:
        return ops.sum(ops.vectorized_map(lambda r: func(*r), (x, *rest)) ** 2)

    slopes = [
        np.asarray(grad(lambda x, i=i: ops.sum(func(x, *(a[i] for a in stacked[1:])) ** 2))(x))
        for i, x in enumerate(map(ops.convert_to_tensor, stacked[0]))
    ]
    found = in_graph(grad(total))(*stacked)
    assert_close(found, np.stack(slopes), "first_gradient", "float64")
    each = in_graph(
        lambda *e: ops.vectorized_map(
            lambda r: grad(lambda x: ops.sum(func(x, *r[1:]) ** 2))(r[0]), e
        )
    )
    assert_close(each(*stacked), np.stack(slopes), "first_gradient", "float64")


@pytest.mark.parametrize("reverse", [False, True])
def test_scan_over_what_each_row_has(reverse: bool) -> None:
    def func(x: Any) -> Any:
        last, seen = ops.scan(
            lambda c, t: (c * 0.5 + ops.sin(t), c), ops.sum(x), x, reverse=reverse
        )
        return last + ops.sum(seen)

    check(func, X)


def test_scan_that_shares_its_clock() -> None:
    """A counter that all rows share stays one number; only what depends on a row is stacked."""
    clock = np.arange(4.0)

    def func(x: Any) -> Any:
        (value, _), _ = ops.scan(
            lambda c, t: ((c[0] * t + x[0], c[1] + t), None), (x[1], ops.sum(clock)), clock
        )
        return value

    check(func, X)
    graph, _ = trace(lambda x: ops.vectorized_map(func, x), [TensorSpec(X.shape, "float64")])
    (scan,) = [node for node in graph.nodes if node.op.name == "scan"]
    assert sorted(len(s.shape) for s in scan.spec[:2]) == [0, 1]


def test_one_condition_runs_one_branch() -> None:
    for flag in (np.ones(2), -np.ones(2)):

        def func(x: Any, flag: Any = flag) -> Any:
            return ops.cond(ops.sum(flag) > 0, lambda: ops.sin(x), lambda: x * 0)

        check(func, X)
    flags = TensorSpec((2,), "float64")

    def mapped(f: Any, x: Any) -> Any:
        return ops.vectorized_map(
            lambda r: ops.cond(ops.sum(f) > 0, lambda: ops.sin(r), lambda: r * 0), x
        )

    graph, _ = trace(mapped, [flags, TensorSpec(X.shape, "float64")])
    assert "switch" in [node.op.name for node in graph.nodes]


def test_a_condition_per_row_chooses() -> None:
    def func(x: Any) -> Any:
        return ops.cond(x[0] > 0, lambda: ops.sin(x), lambda: ops.flip(x) * x[0])

    check(func, X)


def test_an_index_per_row_chooses_the_nearest_branch() -> None:
    branches = (lambda x: x * 2, lambda x: ops.cos(x), lambda x: ops.cumsum(x))

    def func(x: Any, i: Any) -> Any:
        return ops.switch(i, branches, x)

    check(func, X, np.array([-3, 0, 1, 2, 9], np.int32))


def test_while_until_no_row_goes_on() -> None:
    def func(x: Any, n: Any) -> Any:
        return ops.while_loop(
            lambda i, y: i < n, lambda i, y: (i + 1, ops.sin(y) + x), (0, x), maximum_iterations=9
        )[1]

    check(func, X, N)


def test_while_without_bound_and_with_one_that_cuts() -> None:
    for limit in (None, 2):

        def func(x: Any, n: Any, limit: Any = limit) -> Any:
            return ops.while_loop(
                lambda i, y: i < n, lambda i, y: (i + 1, y * 2), (0, x), maximum_iterations=limit
            )[1]

        check(func, X, N, gradient=False)


def test_while_with_a_condition_that_all_share() -> None:
    def func(x: Any) -> Any:
        return ops.while_loop(
            lambda i, y: i < 3, lambda i, y: (i + 1, ops.sin(y)), (0, x), maximum_iterations=5
        )[1]

    check(func, X)
    graph, _ = trace(lambda x: ops.vectorized_map(func, x), [TensorSpec(X.shape, "float64")])
    (loop,) = [node for node in graph.nodes if node.op.name == "while_loop"]
    assert loop.spec[0].shape == ()


def test_fori_loop_with_a_bound_per_row() -> None:
    check(lambda x, n: ops.fori_loop(0, n, lambda i, y: y + x * i, x), X, N, gradient=False)


def test_a_custom_gradient_inside_a_scan() -> None:
    @ops.custom_gradient
    def f(x: Any) -> Any:
        e = ops.exp(x)
        return e, lambda upstream: upstream * e * 2

    def loss(x: Any) -> Any:
        return ops.scan(lambda c, t: (f(c) * 0.1 + t, None), x[0], x)[0]

    wanted = grad(loss)(ops.convert_to_tensor(X[0]))
    assert_close(in_graph(grad(loss))(X[0]), wanted, dtype="float64")
    check(loss, X)


def test_an_index_that_a_condition_keeps_in_range() -> None:
    """Rows that do not take a branch, or are done with a loop, must not run its lookups."""

    def guarded(x: Any, i: Any) -> Any:
        return ops.cond(i < 4, lambda: ops.take(x, i), lambda: x[0] * 2)

    check(guarded, X, np.array([0, 3, 4, 9, 2], np.int32))

    def summed(x: Any, n: Any) -> Any:
        return ops.while_loop(
            lambda i, y: i < n, lambda i, y: (i + 1, y + ops.take(x, i)), (0, x[0] * 0)
        )[1]

    check(summed, X, np.array([0, 4, 1, 4, 2], np.int32), gradient=False)


def test_a_matrix_that_a_condition_keeps_regular() -> None:
    def func(x: Any) -> Any:
        m = ops.outer(x[:2], x[:2]) + ops.cast(x[2] > 0, "float64") * np.eye(2)
        return ops.cond(x[2] > 0, lambda: ops.linalg.inv(m)[0, 0], lambda: x[0])

    check(func, X)
