"""Reverse mode: accumulation, un-broadcasting, tapes on tensors and variables."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

from kerasish import ops
from kerasish.errors import ArgumentError, GradientError, UnknownNameError
from kerasish.graph import (
    GradientTape,
    Variable,
    convert_to_tensor,
    scope,
    stop_gradient,
    trace,
)
from kerasish.graph.op import overridden_gradient, register_gradient
from kerasish.spec import TensorSpec


def watched(value):
    return convert_to_tensor(np.asarray(value, "float64"))


def gradient(func, *values):
    tensors = [watched(v) for v in values]
    with GradientTape() as tape:
        tape.watch(tensors)
        y = func(*tensors)
    return tape.gradient(y, tensors)


def test_product_and_chain_rule():
    a, b = gradient(lambda a, b: ops.sin(a * b), 0.3, 0.7)
    assert float(a) == pytest.approx(0.7 * np.cos(0.21))
    assert float(b) == pytest.approx(0.3 * np.cos(0.21))


def test_contributions_of_several_uses_add_up():
    (g,) = gradient(lambda x: x * x + 3 * x + x, 2.0)
    assert float(g) == 8.0


def test_a_diamond_is_walked_once_per_node():
    def deep(x):
        for _ in range(60):  # 2**60 paths
            x = x + x
        return x

    (g,) = gradient(deep, 1.0)
    assert float(g) == 2.0**60


@pytest.mark.parametrize(
    ("left", "right"),
    [((3, 4), (4,)), ((3, 4), (3, 1)), ((2, 3, 4), (1, 4)), ((3, 4), ()), ((1, 4), (3, 1))],
)
def test_broadcast_inputs_get_summed_gradients(left, right):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=left), rng.normal(size=right)
    a, b = gradient(lambda a, b: ops.sum(a * b), x, y)
    full = np.broadcast_shapes(left, right)

    def summed(array, shape):
        lead = array.ndim - len(shape)
        array = array.sum(axis=tuple(range(lead)))
        ones = tuple(i for i, d in enumerate(shape) if d == 1)
        return array.sum(axis=ones, keepdims=True)

    np.testing.assert_allclose(a, summed(np.broadcast_to(y, full), left))
    np.testing.assert_allclose(b, summed(np.broadcast_to(x, full), right))


def test_nothing_flows_through_integers_and_stops():
    assert gradient(lambda x: ops.cast(ops.cast(x, "int32"), "float64"), 2.5) == [None]
    assert gradient(lambda x: stop_gradient(x), 2.5) == [None]
    assert float(gradient(lambda x: x * stop_gradient(x), 3.0)[0]) == 3.0


def test_what_is_not_used_has_no_gradient():
    assert gradient(lambda a, b: a * 2, 1.0, 1.0)[1] is None


def test_several_targets_and_weights():
    x = watched([1.0, 2.0])
    with GradientTape() as tape:
        tape.watch(x)
        y = {"square": x * x, "cube": x * x * x}
    both = tape.gradient(y, x)
    np.testing.assert_allclose(both, [2 + 3, 4 + 12])
    weights = {"square": np.array([1.0, 0.0]), "cube": np.array([0.0, 1.0])}
    np.testing.assert_allclose(tape.gradient(y, x, output_gradients=weights), [2, 12])


def test_wrong_weights_are_refused():
    x = watched([1.0, 2.0])
    with GradientTape() as tape:
        tape.watch(x)
        y = x * x
    with pytest.raises(GradientError, match="shape"):
        tape.gradient(y, x, output_gradients=np.ones(3))
    with pytest.raises(GradientError, match="sources"):
        tape.gradient(y, "x")


def test_outputs_of_one_op_get_their_gradients_together():
    x = watched([[3.0, 1.0], [0.5, 2.0]])

    def parts(x):
        w, v = ops.linalg.eigh(x)
        return ops.sum(w * np.array([1.0, 2.0])) + ops.sum(v * v * np.array([1.0, 3.0]))

    with GradientTape() as tape:
        tape.watch(x)
        y = parts(x)
    assert np.isfinite(np.asarray(tape.gradient(y, x))).all()


def test_variables_are_followed_by_themselves():
    v = Variable(np.array([1.0, 2.0]))
    with GradientTape() as tape:
        y = ops.sum(v * v)
    np.testing.assert_allclose(tape.gradient(y, v), [2.0, 4.0])


def test_a_variable_that_was_not_read_has_no_gradient():
    v, w = Variable(1.0), Variable(1.0)
    with GradientTape() as tape:
        y = v * 2
    assert tape.gradient(y, w) is None


def test_gradients_flow_through_assignments():
    v = Variable(np.array(3.0))
    with GradientTape() as tape:
        before = v * v
        v.assign(before)
        y = v * 2
    assert float(tape.gradient(y, v)) == 12.0


def test_a_structure_of_sources():
    a, b = Variable(np.array(2.0)), Variable(np.array(5.0))
    with GradientTape() as tape:
        y = a * b
    found = tape.gradient(y, {"a": a, "rest": [b]})
    assert (float(found["a"]), float(found["rest"][0])) == (5.0, 2.0)


def test_nested_tapes_give_higher_derivatives():
    x = watched(1.5)
    with GradientTape() as outer:
        outer.watch(x)
        with GradientTape() as inner:
            inner.watch(x)
            y = x**4
        first = inner.gradient(y, x)
    assert float(first) == pytest.approx(4 * 1.5**3)
    assert float(outer.gradient(first, x)) == pytest.approx(12 * 1.5**2)


def test_third_derivative():
    def derivative(func):
        def wrapped(x):
            with GradientTape() as tape:
                tape.watch(x)
                y = func(x)
            return tape.gradient(y, x)

        return wrapped

    x = watched(0.4)
    third = derivative(derivative(derivative(ops.sin)))(x)
    assert float(third) == pytest.approx(-np.cos(0.4))


def test_a_tape_works_while_a_function_is_traced():
    def func(x):
        with GradientTape() as tape:
            tape.watch(x)
            y = ops.sum(x * x)
        return tape.gradient(y, x)

    graph, _ = trace(func, [TensorSpec((3,), "float32")])
    assert graph.outputs[0].spec == TensorSpec((3,), "float32")
    assert not any(n.op.name == "sin" for n in graph.nodes)


def test_gradient_nodes_belong_to_the_layer_they_come_from():
    def func(x):
        with GradientTape() as tape:
            tape.watch(x)
            with scope("dense"):
                y = ops.sum(ops.exp(x))
        return tape.gradient(y, x)

    graph, _ = trace(func, [TensorSpec((3,), "float32")])
    assert "grad/dense" in {n.scope for n in graph.nodes}


def test_a_gradient_of_the_wrong_shape_is_refused():
    with overridden_gradient("exp", lambda g, y, x: ops.ones((7,), "float64")):
        with pytest.raises(GradientError, match="wrong shape"):
            gradient(ops.exp, [1.0, 2.0])


def test_a_gradient_per_input_is_needed():
    with overridden_gradient("add", lambda g, y, a, b: (g,)):
        with pytest.raises(GradientError, match="one entry per input"):
            gradient(lambda x: x + x, 1.0)


def test_overriding_ends():
    with overridden_gradient("exp", lambda g, y, x: g * 0):
        assert float(gradient(ops.exp, 1.0)[0]) == 0.0
    assert float(gradient(ops.exp, 0.0)[0]) == 1.0


def test_registering_over_a_gradient_needs_override():
    with pytest.raises(ArgumentError, match="override=True"):
        register_gradient("exp")
    with pytest.raises(UnknownNameError, match="Did you mean"):
        register_gradient("expp")


def test_dead_tapes_free_what_they_recorded():
    x = watched(np.ones(1000))
    with GradientTape() as tape:
        tape.watch(x)
        y = ops.exp(x)
    node = weakref.ref(y.node)
    del tape, y
    gc.collect()
    assert node() is None
