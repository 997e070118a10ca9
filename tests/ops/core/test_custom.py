"""custom_gradient: the value of the function, the gradient of its own, in Python and traced."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kerasish import ops, tree
from kerasish.errors import GradientError
from kerasish.graph import GradientTape, convert_to_tensor, grad, interpret, trace

X = np.array([0.5, 3.0])


def total(func):
    return lambda *xs: sum(ops.sum(t) for t in tree.flatten(func(*xs)))


def both(func, *arrays):
    """The result in Python, which must be that of the traced graph."""
    tensors = [convert_to_tensor(a) for a in arrays]
    found = func(*tensors)
    graph, _ = trace(func, [t.spec for t in tensors])
    for a, b in zip(tree.flatten(found), interpret.run_graph(graph, tensors), strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy())
    return found


@ops.custom_gradient
def log1pexp(x):
    e = ops.exp(x)

    def pull(*args, upstream=None):
        if upstream is None:
            (upstream,) = args
        return upstream * (1.0 - 1.0 / (1 + e))

    return ops.log(1 + e), pull


def test_value_and_gradients_of_two_orders():
    s = 1 / (1 + np.exp(-X))
    np.testing.assert_allclose(both(log1pexp, X).numpy(), np.log1p(np.exp(X)))
    first = grad(total(log1pexp))
    np.testing.assert_allclose(both(first, X).numpy(), s)
    np.testing.assert_allclose(both(grad(total(first)), X).numpy(), s * (1 - s))


def test_the_function_given_is_not_differentiated():
    @ops.custom_gradient
    def straight(x):
        return ops.round(x) * 5, lambda upstream: upstream

    np.testing.assert_array_equal(grad(total(straight))(X).numpy(), [1, 1])


def test_several_arguments_and_results():
    @ops.custom_gradient
    def f(pair, c, flag):
        def pull(upstream):
            return {"a": upstream["s"] * 2}["a"], upstream["p"] * 3, None

        assert flag is True
        return {"s": pair[0] + pair[1], "p": c * 4}, pull

    def gradients(a, b, c):
        with GradientTape() as tape:
            tape.watch([a, b, c])
            y = f((a, b), c, True)
            value = ops.sum(y["s"]) + ops.sum(y["p"])
        return [t for t in tape.gradient(value, [a, b, c]) if t is not None]

    ga, gb = both(gradients, X, X + 1, X + 2)
    np.testing.assert_array_equal(ga.numpy(), [2, 2])
    np.testing.assert_array_equal(gb.numpy(), [3, 3])


def test_a_required_upstream_gets_the_arguments_too():
    @ops.custom_gradient
    def f(x):
        return x * 2, lambda *args, upstream: args[0] * upstream

    np.testing.assert_array_equal(grad(total(f))(X).numpy(), X)


def test_a_wrong_number_of_gradients_is_refused():
    @ops.custom_gradient
    def f(x, y):
        return x * y, lambda upstream: upstream

    with pytest.raises(GradientError, match="2 gradients"):
        grad(total(f))(X, X)


def test_a_custom_gradient_that_gives_no_pair_is_told() -> None:
    rounded: Any = ops.custom_gradient(ops.round)
    with pytest.raises(GradientError, match=r"custom_gradient, round. Expected: \(output, grad\)"):
        rounded(ops.ones(2))
