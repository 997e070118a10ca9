"""Variables: buffers, assignment, casting, budgets, operators."""

from __future__ import annotations

import numpy as np
import pytest

from kerasish import ops
from kerasish.errors import GraphError, ShapeError
from kerasish.graph import Variable, trace
from kerasish.graph.tensor import input_tensor
from kerasish.graph.variable import autocast, element_budget
from kerasish.spec import TensorSpec


def test_a_value_or_an_initializer_makes_it():
    assert Variable([1.0, 2.0]).dtype == "float32"
    assert Variable(np.ones(2)).dtype == "float64"
    assert Variable(1).dtype == "int32"
    made = Variable(lambda shape, dtype: ops.ones(shape, dtype) * 3, (2, 2), "float16")
    assert (made.dtype, made.shape, made.ndim) == ("float16", (2, 2), 2)
    np.testing.assert_array_equal(made.numpy(), np.full((2, 2), 3))


def test_the_shape_must_fit_the_value():
    with pytest.raises(ShapeError, match="another shape"):
        Variable(np.ones(3), shape=(2,))


def test_the_buffer_never_moves():
    v = Variable(np.zeros(3))
    held = v.array
    v.assign([1.0, 2.0, 3.0])
    assert v.array is held
    np.testing.assert_array_equal(held, [1, 2, 3])


def test_the_buffer_is_aligned():
    assert Variable(np.zeros(5)).array.ctypes.data % 64 == 0


def test_reading_copies():
    v = Variable(np.zeros(3))
    before = v.value
    v.assign(np.ones(3))
    np.testing.assert_array_equal(before, np.zeros(3))
    copy = v.numpy()
    copy[:] = 9
    np.testing.assert_array_equal(v.numpy(), np.ones(3))


def test_assigning_casts_and_checks():
    v = Variable(np.zeros(2, "float32"))
    v.assign(np.array([1.5, 2.5]))
    assert v.dtype == "float32"
    v.assign_add([1, 1])
    v.assign_sub(np.array([0.5, 0.5]))
    np.testing.assert_array_equal(v.numpy(), [2.0, 3.0])
    with pytest.raises(ShapeError, match="cannot take"):
        v.assign(np.ones(3))


def test_it_cannot_hold_a_symbol():
    v = Variable(np.zeros(2))
    with pytest.raises(GraphError, match="symbolic"):
        v.assign(input_tensor(TensorSpec((2,), "float64")))


def test_operators_and_protocols():
    v = Variable(np.array([1.0, -2.0]), name="weight")
    np.testing.assert_array_equal(v + 1, [2, -1])
    np.testing.assert_array_equal(1 - v, [0, 3])
    np.testing.assert_array_equal(-v, [-1, 2])
    np.testing.assert_array_equal(abs(v), [1, 2])
    np.testing.assert_array_equal(v < 0, [False, True])
    np.testing.assert_array_equal(v[1:], [-2])
    assert len(v) == 2
    np.testing.assert_array_equal(np.asarray(v), [1, -2])
    np.testing.assert_array_equal(ops.exp(v), np.exp([1, -2]))
    assert "weight" in repr(v)
    assert len({v, v}) == 1


def test_autocast_reads_in_another_dtype():
    v, w = Variable(np.ones(2, "float32")), Variable(np.ones(2, "float32"), autocast=False)
    i = Variable(np.ones(2, "int32"))
    with autocast("float16"):
        assert v.value.dtype == "float16"
        assert w.value.dtype == "float32"
        assert i.value.dtype == "int32"
        v.assign_add([1.0, 1.0])
        with autocast(None):
            assert v.value.dtype == "float32"
    assert v.value.dtype == "float32"
    np.testing.assert_array_equal(v.numpy(), [2, 2])


def test_a_budget_bounds_what_is_made():
    with element_budget(10):
        Variable(lambda shape, dtype: ops.zeros(shape, dtype), (2, 4))
        with pytest.raises(MemoryError, match="budget"):
            Variable(lambda shape, dtype: ops.zeros(shape, dtype), (3,))
    Variable(lambda shape, dtype: ops.zeros(shape, dtype), (100,))


def test_reads_in_a_trace_are_nodes():
    v = Variable(np.ones(2))
    graph, _ = trace(lambda: v * 2, [])
    assert graph.variables == [v]
