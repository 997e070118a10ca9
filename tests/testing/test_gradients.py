"""The checks of gradients: they pass what is right and catch what is not."""

from __future__ import annotations

import numpy as np
import pytest

from kerasish import ops
from kerasish.graph import stop_gradient
from kerasish.graph.op import overridden_gradient
from kerasish.testing import check_grads, numeric_grad

X = np.array([0.3, -0.7, 1.1])


def test_numeric_grad():
    found = numeric_grad(lambda x: np.sum(np.sin(x) * X), np.ones((3,)))
    np.testing.assert_allclose(found, np.cos(1.0) * X, rtol=1e-9)
    assert numeric_grad(lambda x: float(x**2), 3.0) == pytest.approx(6.0)


def test_numeric_grad_of_tensors():
    found = numeric_grad(lambda x: ops.sum(ops.exp(ops.convert_to_tensor(x))), np.zeros((2, 2)))
    np.testing.assert_allclose(found, np.ones((2, 2)), rtol=1e-9)


def test_right_gradients_pass():
    check_grads(lambda x, y: {"a": ops.sin(x * y), "b": [x]}, [X, X + 1], order=3)


@pytest.mark.parametrize("error", [1e-4, 1e-2])
def test_small_errors_are_caught(error):
    with overridden_gradient("sin", lambda g, y, x: g * ops.cos(x) * (1 + error)):
        with pytest.raises(AssertionError, match="directional"):
            check_grads(ops.sin, [X], order=1)


def test_an_error_in_one_element_is_caught():
    def wrong(g, y, x):
        return g * ops.cos(x) * np.array([1.0, 1.0, 1.001])

    with overridden_gradient("sin", wrong), pytest.raises(AssertionError):
        check_grads(ops.sin, [X], order=1)


def test_an_error_in_the_second_derivative_only_is_caught():
    def wrong(g, y, x):
        return g * stop_gradient(ops.cos(x))

    with overridden_gradient("sin", wrong):
        check_grads(ops.sin, [X], order=1)
        with pytest.raises(AssertionError):
            check_grads(ops.sin, [X], order=2)


def test_a_missing_second_input_is_caught():
    with overridden_gradient("multiply", lambda g, y, a, b: (g * b, None)):
        with pytest.raises(AssertionError):
            check_grads(ops.multiply, [X, X + 2], order=1)
        check_grads(ops.multiply, [X, X + 2], order=1, wrt=[0])


def test_complex_gradients():
    z = X + 1j * X[::-1]
    check_grads(lambda z: ops.abs(z) + ops.real(z * z), [z])
    with overridden_gradient("conj", lambda g, y, x: g), pytest.raises(AssertionError):
        check_grads(ops.conj, [z], order=1)


def test_integers_are_left_alone():
    check_grads(lambda x, i: ops.take(x, i), [X, np.array([0, 2])])
    check_grads(lambda i: i + 1, [np.arange(3)])


def test_inputs_are_taken_in_double_precision():
    check_grads(ops.exp, [X.astype("float32")])
