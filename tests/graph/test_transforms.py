"""grad, value_and_grad, vjp, jvp, hvp against closed forms, eager and traced."""

from __future__ import annotations

import numpy as np
import pytest

from kerasish import ops
from kerasish.compiler import function
from kerasish.errors import ArgumentError, GradientError
from kerasish.graph import (
    grad,
    hvp,
    jacfwd,
    jacobian,
    jvp,
    stop_gradient,
    trace,
    value_and_grad,
    vjp,
)
from kerasish.graph.interpret import run_graph
from kerasish.graph.tensor import convert_to_tensor
from kerasish.spec import TensorSpec
from kerasish.testing import numeric_grad

X = np.array([0.3, -0.7, 1.1])
M = np.array([[2.0, 0.5, 0.1], [0.5, 1.0, -0.3], [0.1, -0.3, 3.0]])


def quadratic(x):
    return ops.sum(x * ops.matmul(M, x)) / 2


def test_grad_of_a_quadratic():
    np.testing.assert_allclose(grad(quadratic)(X), M @ X)


def test_value_and_grad():
    value, g = value_and_grad(quadratic)(X)
    assert float(value) == pytest.approx(X @ M @ X / 2)
    np.testing.assert_allclose(g, M @ X)


def test_auxiliary_values_pass():
    (value, aux), g = value_and_grad(lambda x: (ops.sum(x * x), "kept"), has_aux=True)(X)
    assert aux == "kept"
    assert float(value) == pytest.approx(X @ X)
    np.testing.assert_allclose(g, 2 * X)


def test_argnums():
    def func(a, b):
        return ops.sum(a * a * b)

    np.testing.assert_allclose(grad(func, 1)(X, M[0]), X * X)
    np.testing.assert_allclose(grad(func, -1)(X, M[0]), X * X)
    both = grad(func, (1, 0))(X, M[0])
    np.testing.assert_allclose(both[0], X * X)
    np.testing.assert_allclose(both[1], 2 * X * M[0])
    with pytest.raises(ArgumentError):
        grad(func, 2)(X, M[0])


def test_arguments_may_be_structures():
    found = grad(lambda p: ops.sum(p["w"] * X) + p["b"])({"w": X * 0, "b": np.float64(1)})
    np.testing.assert_allclose(found["w"], X)
    assert float(found["b"]) == 1.0


def test_unused_arguments_get_zeros():
    np.testing.assert_array_equal(grad(lambda a, b: ops.sum(a), 1)(X, M), np.zeros((3, 3)))


NOWHERE = {
    "not read": lambda x: ops.sum(ops.ones(3)),
    "stopped": lambda x: ops.sum(stop_gradient(x)),
    "whole numbers": lambda x: ops.sum(ops.cast(ops.cast(x, "int32"), "float64")),
    "no gradient": lambda x: ops.sum(ops.floor(x)),
    "a number": lambda x: 3.0,
    "one output of two": lambda x: ops.custom_gradient(lambda x: (x, lambda g: None))(x)[0],
}


@pytest.mark.parametrize("f", NOWHERE.values(), ids=NOWHERE)
def test_no_gradient_is_zero_whatever_the_argument_holds(f):
    x, zeros = np.array([np.inf, -1.0, np.nan]), np.zeros(3)
    with np.errstate(all="ignore"):
        found = [grad(f)(x), function(grad(f))(x), vjp(f, x)[1](np.ones(()))[0]]
        found += [grad(lambda x: ops.sum(grad(f)(x)))(x), jacobian(f)(x), jacfwd(f)(x)]
        assert float(jvp(f, [x], [x])[1]) == 0
    for g in found:
        np.testing.assert_array_equal(g, zeros)
        assert not np.signbit(g).any()


def test_a_function_of_numbers_has_gradients():
    assert float(grad(lambda a, b: a * 2, argnums=1)(1.0, 2.0)) == 0.0
    (value, aux), _ = value_and_grad(lambda a, b: (a * 2, "aux"), 1, has_aux=True)(1.0, 2.0)
    assert (float(value), aux) == (2.0, "aux")


def test_the_value_must_be_a_scalar():
    with pytest.raises(GradientError, match="scalar"):
        grad(ops.exp)(X)


def test_integers_have_no_gradient():
    with pytest.raises(GradientError, match="floating"):
        grad(lambda x: ops.sum(x) * 1.0)(np.arange(3))


def test_two_arguments_that_are_one_object_are_told_apart():
    x = convert_to_tensor(X)
    a, b = grad(lambda a, b: ops.sum(a * a * b), (0, 1))(x, x)
    np.testing.assert_allclose(a, 2 * X * X)
    np.testing.assert_allclose(b, X * X)


def test_a_closure_over_the_argument_does_not_count():
    x = convert_to_tensor(X)
    np.testing.assert_allclose(grad(lambda a: ops.sum(a * x))(x), X)


def test_vjp():
    out, pull = vjp(lambda x: ops.sin(x), X)
    np.testing.assert_allclose(out, np.sin(X))
    np.testing.assert_allclose(pull(np.array([1.0, 0.0, 2.0]))[0], np.cos(X) * [1, 0, 2])


def test_jvp():
    out, moved = jvp(lambda x: ops.sin(x), [X], [M[0]])
    np.testing.assert_allclose(out, np.sin(X))
    np.testing.assert_allclose(moved, np.cos(X) * M[0])


def test_jvp_of_structures_and_several_arguments():
    out, moved = jvp(lambda a, b: {"p": a * b, "s": a + b}, [X, M[1]], [M[0], M[2]])
    np.testing.assert_allclose(out["p"], X * M[1])
    np.testing.assert_allclose(moved["p"], M[0] * M[1] + X * M[2])
    np.testing.assert_allclose(moved["s"], M[0] + M[2])


def test_jvp_of_a_constant_is_zero():
    _, moved = jvp(lambda x: ops.ones((2,), "float64"), [X], [X])
    np.testing.assert_array_equal(moved, [0, 0])


def test_jvp_wants_tangents_of_the_right_shape():
    with pytest.raises(GradientError, match="tangents"):
        jvp(ops.sin, [X], [np.ones(2)])


def test_hvp_of_a_quadratic_is_the_matrix():
    (found,) = hvp(quadratic, [X], [M[0]])
    np.testing.assert_allclose(found, M @ M[0])


def test_hvp_against_differences():
    def func(x):
        return ops.sum(ops.exp(x) * ops.sin(x[::-1]))

    (found,) = hvp(func, [X], [M[1]])
    expected = numeric_grad(lambda t: np.sum(np.asarray(grad(func)(t)) * M[1]), X)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_grad_inside_a_trace():
    graph, _ = trace(lambda x: grad(quadratic)(x), [TensorSpec((3,), "float64")])
    (found,) = run_graph(graph, [convert_to_tensor(X)])
    np.testing.assert_allclose(found, M @ X)


def test_stop_gradient_function():
    np.testing.assert_allclose(grad(lambda x: ops.sum(x * stop_gradient(x)))(X), X)
