"""Variables: buffers, assignment, casting, budgets, operators."""

from __future__ import annotations

import copy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import kerasish as keras
from kerasish import budget, ops
from kerasish.errors import ArgumentError, GraphError, LimitError, ShapeError
from kerasish.graph import Variable, trace
from kerasish.graph.tensor import input_tensor
from kerasish.graph.variable import autocast
from kerasish.spec import TensorSpec

ROOT = Path(__file__).resolve().parents[2]


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
    with budget.opened("a file") as account:
        account.allow("variables", 40)
        Variable(lambda shape, dtype: ops.zeros(shape, dtype), (2, 4))
        with pytest.raises(LimitError, match=r"a file: the variable '\w+' of shape"):
            Variable(lambda shape, dtype: ops.zeros(shape, dtype), (3,))
        with pytest.raises(LimitError, match="variables"):
            Variable(np.ones(3, "float32"))
        Variable(np.ones(2, "float32"))
    Variable(lambda shape, dtype: ops.zeros(shape, dtype), (100,))


def test_reads_in_a_trace_are_nodes():
    v = Variable(np.ones(2))
    graph, _ = trace(lambda: v * 2, [])
    assert graph.variables == [v]


def test_initializers_by_name_config_class_and_none():
    ones = keras.initializers.Ones
    for given in ("ones", ones, ones(), {"class_name": "Ones", "config": {}}):
        np.testing.assert_array_equal(keras.Variable(given, shape=(2, 1)), [[1], [1]])
    assert keras.Variable(initializer="uniform", shape=(2, 3), dtype="float32").shape == (2, 3)
    assert not keras.Variable(None, shape=[3], dtype="int32").numpy().any()
    limit = np.sqrt(6 / 12)
    assert 0 < np.abs(keras.Variable(None, shape=(6, 6))).max() <= limit
    for given in ("ones", ones(), None, lambda shape, dtype=None: np.ones(shape)):
        with pytest.raises(keras.errors.ArgumentError, match="shape"):
            keras.Variable(given)
    with pytest.raises(keras.errors.UnknownNameError, match="'zeros'"):
        keras.Variable("zeross", shape=(2,))


def test_words_on_replicas_are_kept():
    held = keras.Variable(1.0, aggregation="mean", synchronization="on_read")
    assert (held.aggregation, held.synchronization) == ("mean", "on_read")
    with pytest.raises(keras.errors.ArgumentError, match="aggregation"):
        keras.Variable(1.0, aggregation="all")
    with pytest.raises(keras.errors.ArgumentError, match="'/'"):
        keras.Variable(1.0, name="a/b")


def test_name_scope_is_part_of_the_path():
    with keras.name_scope("outer"):
        assert keras.Variable(1.0, name="inner").path == "outer/inner"
    assert keras.Variable(1.0, name="inner").path == "inner"


def test_comparisons_and_logic_are_elementwise():
    held = keras.Variable([1.0, 0.0, 3.0])
    np.testing.assert_array_equal(held == [1.0, 2.0, 3.0], [True, False, True])
    np.testing.assert_array_equal(held != keras.Variable([1.0, 0.0, 2.0]), [False, False, True])
    np.testing.assert_array_equal(held & [1, 1, 0], [True, False, False])
    np.testing.assert_array_equal([0, 0, 0] | held, [True, False, True])
    np.testing.assert_array_equal(~held, [False, True, False])
    np.testing.assert_array_equal(+held, held)
    np.testing.assert_allclose(round(keras.Variable([1.26, 2.0]), 1), [1.3, 2.0], rtol=1e-6)
    assert f"{keras.Variable(2.5):.2f}" == "2.50"
    with pytest.raises(TypeError, match="truth value"):
        bool(held)
    assert {held: 1}[held] == 1


def test_arithmetic_before_ops_were_imported():
    code = "import kerasish as keras\nassert float(keras.Variable(2.0) * 3 + 1) == 7"
    done = subprocess.run([sys.executable, "-c", code], check=False, timeout=120, cwd=ROOT)
    assert done.returncode == 0


def test_attributes_take_fitting_values_only() -> None:
    v = Variable(np.ones(2, "float32"))
    for name, good, wrong in (
        ("constraint", lambda w: w * 0.5, "not callable"),
        ("regularizer", lambda w: w * w, 3),
        ("overwrite_with_gradient", True, "true"),
    ):
        setattr(v, name, good)
        assert getattr(v, name) is good
        with pytest.raises(ArgumentError, match=name):
            setattr(v, name, wrong)
        assert getattr(v, name) is good
    v.constraint = None
    assert v.constraint is None
    assert copy.deepcopy(v).overwrite_with_gradient is True
