"""Tensors: conversion, operators, protocols, what symbols refuse."""

from __future__ import annotations

import operator

import numpy as np
import pandas
import pytest

import kerasish as keras
from kerasish import config, ops
from kerasish.errors import ArgumentError, DTypeError, GraphError, ShapeError
from kerasish.graph import GradientTape, Tensor, Variable, convert_to_tensor, is_tensor, trace
from kerasish.graph.tensor import input_tensor
from kerasish.spec import TensorSpec


@pytest.mark.parametrize(
    ("value", "dtype", "shape"),
    [
        (1, "int32", ()),
        (1.5, "float32", ()),
        (True, "bool", ()),
        (2**40, "int64", ()),
        ([1, 2], "int32", (2,)),
        ([[1.0], [2]], "float32", (2, 1)),
        ([], "float32", (0,)),
        (np.float64(1), "float64", ()),
        (np.ones((2, 3), np.int8), "int8", (2, 3)),
        (np.ones(2, np.float64), "float64", (2,)),
        (1j, "complex128", ()),
    ],
)
def test_conversion(value, dtype, shape):
    t = convert_to_tensor(value)
    assert (t.dtype, t.shape) == (dtype, shape)


def test_python_floats_follow_floatx():
    config.set_floatx("float64")
    try:
        assert convert_to_tensor(1.5).dtype == "float64"
    finally:
        config.set_floatx("float32")


def test_conversion_to_a_dtype_keeps_digits():
    assert float(convert_to_tensor(0.1, "float64")) == 0.1


def test_lists_of_tensors_and_variables_stack():
    parts = [convert_to_tensor([1, 2]), Variable(np.array([0.5, 1.5], "float32")), [3, 4]]
    t = convert_to_tensor(parts)
    assert t.dtype == "float32"
    np.testing.assert_array_equal(t, [[1, 2], [0.5, 1.5], [3, 4]])


def test_a_tensor_is_its_own_conversion():
    t = convert_to_tensor([1.0])
    assert convert_to_tensor(t) is t
    assert is_tensor(t)
    assert not is_tensor([1.0])


@pytest.mark.parametrize("value", [["a"], [object()], np.array(["2020-01-01"], "datetime64[D]")])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(DTypeError, match="Expected: numbers"):
        convert_to_tensor(value)


def test_ragged_rows_are_refused():
    with pytest.raises(ShapeError, match="equal length"):
        convert_to_tensor([[1, 2], [3]])


A, B = np.array([[5.0, -2.0], [3.0, 7.0]]), np.array([[2.0, 3.0], [-4.0, 2.0]])


@pytest.mark.parametrize("name", ["__add__", "__matmul__", "__lt__", "__sub__", "__pow__"])
def test_numpy_arrays_at_the_left_give_way(name):
    apply = getattr(operator, name)
    found = apply(A, convert_to_tensor(B))
    assert is_tensor(found)
    np.testing.assert_allclose(found, apply(A, B))


def test_python_numbers_do_not_widen():
    half = convert_to_tensor([1.0], "float16")
    assert (half * 2.5).dtype == "float16"
    assert (convert_to_tensor([1]) + 1).dtype == "int32"
    assert (convert_to_tensor([1]) * 1.5).dtype == "float32"


def test_none_is_no_operand():
    with pytest.raises(TypeError):
        convert_to_tensor(1.0) + None


def test_python_protocols():
    t = convert_to_tensor([[1.0, 2.0], [3.0, 4.0]])
    assert len(t) == 2
    assert [row.shape for row in t] == [(2,), (2,)]
    assert float(t[1, 0]) == 3.0
    assert int(t[0, 1]) == 2
    assert bool(t[0, 0] == 1)
    assert [10, 20][convert_to_tensor(1)] == 20
    assert f"{t[0, 1]:.2f}" == "2.00"
    assert t[0, 1].item() == 2.0
    assert (t.ndim, t.size) == (2, 4)
    assert "float32[2, 2]" in repr(t)
    with pytest.raises(TypeError):
        len(convert_to_tensor(1.0))


def test_numpy_and_dlpack_read_it():
    t = convert_to_tensor(np.arange(6.0).reshape(2, 3))
    np.testing.assert_array_equal(np.asarray(t), np.arange(6.0).reshape(2, 3))
    np.testing.assert_array_equal(np.from_dlpack(t), np.arange(6.0).reshape(2, 3))
    assert np.asarray(t, "float32").dtype == np.float32


def test_tensors_are_keys_by_identity():
    a, b = convert_to_tensor(1.0), convert_to_tensor(1.0)
    assert len({a, b, a}) == 2


def test_a_symbol_has_no_value():
    t = input_tensor(TensorSpec((None, 2), "float32"), "x")
    assert t.is_symbolic
    for read in (t.numpy, lambda: float(t), lambda: np.asarray(t), lambda: t.item()):
        with pytest.raises(GraphError, match="symbolic"):
            read()
    with pytest.raises(GraphError, match=r"ops\.cond"):
        bool(t)
    assert "symbolic" in repr(t)
    assert "symbolic" in f"{t}"


def test_ops_mix_values_and_symbols():
    graph, _ = trace(lambda x: x + np.ones(3, "float32"), [TensorSpec((3,), "float32")])
    assert [n.op.name for n in graph.nodes] == ["placeholder", "constant", "add"]


def test_shapes_are_checked_before_a_kernel_runs():
    with pytest.raises(ShapeError, match="broadcast"):
        ops.add(np.ones(3), np.ones(4))


def test_eager_results_leave_no_graph_without_a_tape():
    assert ops.exp(np.ones(2)).node is None
    with GradientTape() as tape:
        x = convert_to_tensor(np.ones(2))
        tape.watch(x)
        assert ops.exp(x).node is not None
        assert ops.exp(np.ones(2)).node is None


def test_inputs_are_never_written_to():
    x = np.ones(4)
    t = convert_to_tensor(x)
    _ = (t * 2 + 1) ** 2
    np.testing.assert_array_equal(x, np.ones(4))
    assert isinstance(t, Tensor)


def test_unknown_attributes_make_a_symbol_where_there_are_symbols():
    symbol = keras.Input((1,))
    assert ops.broadcast_to(symbol, (None, 2)).shape == (None, 2)
    with pytest.raises(ArgumentError, match="sizes that are known"):
        ops.broadcast_to(1.0, (None, 2))


def test_a_tensor_shares_no_memory_with_what_it_was_made_from() -> None:
    b = np.ones(3, "float32")
    made, copied, other = convert_to_tensor(b), ops.copy(b), convert_to_tensor(b[::2])
    b[:] = 7
    for t in (made, copied, other):
        assert (np.asarray(t) == 1).all()
    frame = pandas.DataFrame({"a": [1.0, 2.0]})
    made = convert_to_tensor(frame["a"])
    frame.loc[0, "a"] = 5.0
    assert made.tolist() == [1, 2]


def test_what_is_read_from_a_tensor_cannot_change_it() -> None:
    t = convert_to_tensor([1.0, 2.0])
    t.numpy()[:] = 5
    np.array(t)[:] = 5
    with pytest.raises(ValueError, match="read-only"):
        np.asarray(t)[:] = 5
    np.from_dlpack(t).copy()[:] = 5
    assert t.tolist() == [1, 2]


def test_results_do_not_share_memory_that_is_written_to() -> None:
    x = np.ones((2, 3), "float32")
    for f in (ops.transpose, lambda x: ops.reshape(x, (3, 2)), lambda x: ops.cast(x, "float32")):
        found = f(x)
        x[:] = 9
        assert (np.asarray(found) == 1).all()
        x[:] = 1
    doubled = keras.function(lambda x: (x, x * 2))
    same, twice = doubled(x)
    x[:] = 9
    assert (np.asarray(same) == 1).all()
    assert (np.asarray(twice) == 2).all()


def test_gradients_use_the_values_of_the_forward_pass() -> None:
    x, w = np.ones((2, 3), "float32"), keras.Variable(np.ones((3, 1), "float32"))
    with keras.GradientTape() as tape:
        y = ops.sum(ops.matmul(x, w.value))
    x[:] = 50
    assert np.asarray(tape.gradient(y, w)).ravel().tolist() == [2, 2, 2]
