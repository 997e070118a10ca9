"""Tensors: conversion, numpy's protocols, operators, what a symbol refuses."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest

from kerasish import ops
from kerasish.backend.base import current
from kerasish.compiler import function
from kerasish.errors import DTypeError, GraphError, ShapeError
from kerasish.graph import GradientTape, Variable, convert_to_tensor, is_tensor
from kerasish.graph.recording import alias, recording, unrecorded
from kerasish.graph.tensor import (
    input_tensor,
    node_of,
    promoted,
    tensor_of,
    wrap,
)
from kerasish.spec import TensorSpec

F3 = TensorSpec((3,), "float32")


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (1, "int32"), (2**40, "int64"), (1.5, "float32"), (True, "bool"), (1j, "complex128"),
        ([1, 2.5], "float32"), ([[True], [False]], "bool"), ([], "float32"),
        (np.float64(1), "float64"), (np.arange(2), "int64"), (np.ones(2, np.uint8), "uint8"),
        (np.ones(2, ml_dtypes.bfloat16), "bfloat16"), (np.array(2.0), "float64"),
    ],
)  # fmt: skip
def test_conversion_keeps_arrays_dtypes_and_gives_python_numbers_the_defaults(
    value: Any, dtype: str
) -> None:
    t = convert_to_tensor(value)
    assert t.dtype == dtype
    np.testing.assert_array_equal(np.asarray(t, "complex128"), np.asarray(value, "complex128"))


def test_conversion_to_a_dtype() -> None:
    assert convert_to_tensor([1, 2], "float16").numpy().dtype == np.float16
    t = convert_to_tensor([1.7])
    assert convert_to_tensor(t) is t
    assert convert_to_tensor(t, "float32") is t
    assert convert_to_tensor(t, "int32").numpy().tolist() == [1]
    assert convert_to_tensor(Variable([1.7]), "int32").numpy().tolist() == [1]


def test_lists_may_hold_tensors_and_variables() -> None:
    v = Variable(2.0)
    t = convert_to_tensor([v, convert_to_tensor(3), 4.0])
    assert t.dtype == "float32"
    assert t.numpy().tolist() == [2, 3, 4]
    with GradientTape() as tape:
        y = ops.sum(convert_to_tensor([[v, v], [1.0, v]]))
    assert float(tape.gradient(y, v)) == 3
    step = function(lambda: convert_to_tensor([v, 1.0]))
    step()
    v.assign(7.0)
    assert step().numpy().tolist() == [7, 1]  # read at every call, not frozen at the first


@pytest.mark.parametrize("value", [["a"], [None], object(), {"a": 1}, np.array(["2020"], "M8[D]")])
@pytest.mark.parametrize("dtype", [None, "float32"])
def test_what_is_no_number_is_refused(value: Any, dtype: str | None) -> None:
    with pytest.raises(DTypeError, match="Expected: numbers"):
        convert_to_tensor(value, dtype)


def test_ragged_lists_are_refused() -> None:
    with pytest.raises(ShapeError, match="rows of equal length"):
        convert_to_tensor([[1, 2], [3]])


class OnlyDLPack:
    """An array that speaks nothing but DLPack."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def __dlpack__(self, **options: Any) -> Any:
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self.array.__dlpack_device__()


def test_numpy_and_dlpack_both_ways() -> None:
    array = np.arange(3, dtype="float32")
    assert convert_to_tensor(OnlyDLPack(array)).numpy().tolist() == [0, 1, 2]
    t = convert_to_tensor(array)
    assert np.from_dlpack(t).tolist() == [0, 1, 2]
    assert np.asarray(t).tolist() == [0, 1, 2]
    assert np.asarray(t, dtype="int64").dtype == np.int64
    assert np.exp(t).tolist() == np.exp(array).tolist()


def test_attributes_and_python_protocols() -> None:
    t = convert_to_tensor([[1.0, 2.0], [3.0, 4.0]])
    assert (t.shape, t.ndim, t.size, t.dtype, len(t)) == ((2, 2), 2, 4, "float32", 2)
    assert is_tensor(t)
    assert not is_tensor(t.numpy())
    assert [row.numpy().tolist() for row in t] == [[1, 2], [3, 4]]
    one = convert_to_tensor(3.7)
    assert (float(one), int(one), bool(one), one.item()) == (
        pytest.approx(3.7),
        3,
        True,
        one.item(),
    )
    assert f"{one:.1f} {t}" == f"3.7 {t!r}"
    assert [10, 20, 30][convert_to_tensor(1)] == 20
    with pytest.raises(TypeError, match="0-d"):
        len(one)
    with pytest.raises(TypeError):
        list(one)
    assert t in {t}
    assert repr(one) == "<Tensor float32[] 3.7>"


@pytest.mark.parametrize("compiled", [False, True])
def test_operators_are_numpys(compiled: bool) -> None:
    a, b = np.array([7, 2, 5], "int32"), np.array([2, 3, 5], "int32")

    def everything(x: Any, y: Any) -> list[Any]:
        return [
            x + y, x - y, x * y, x / y, x // y, x % y, x**y, x & y, x | y, x ^ y, x << y, x >> y,
            x < y, x <= y, x > y, x >= y, x == y, x != y, -x, abs(-x), ~x, x @ y,
            2 + x, 2 - x, 2 * x, 2 / x, 20 // x, 20 % x, 2**x, 6 & x, 8 | x, 6 ^ x, 1 << x, 99 >> x,
            1 < x, 2 <= x, 2 > x, 2 >= x, 2 == x, 2 != x,
        ]  # fmt: skip

    run = function(everything) if compiled else everything
    for got, want in zip(run(*map(convert_to_tensor, (a, b))), everything(a, b), strict=True):
        assert got.numpy().tolist() == pytest.approx(np.asarray(want).tolist())


def test_methods() -> None:
    t = convert_to_tensor([[1.0, 2.0, 3.0]])
    assert t.T.shape == (3, 1)
    assert t.reshape(3, 1).shape == t.reshape((3, 1)).shape == (3, 1)
    assert t.astype("int32").dtype == "int32"
    assert t[0, 1:].numpy().tolist() == [2, 3]
    assert (np.ones((2, 1)) @ t).shape == (2, 3)
    with pytest.raises(TypeError):
        t + None


@pytest.mark.parametrize(
    ("use", "advice"),
    [
        (lambda x: x.numpy(), "kerasish.ops instead of numpy"),
        (lambda x: np.sin(x), "kerasish.ops instead of numpy"),
        (lambda x: float(x), "run_eagerly=True"),
        (lambda x: [1, 2][x], "has no value yet"),
        (lambda x: f"{x.numpy()}", "has no value yet"),
        (lambda x: x if x > 0 else -x, "kerasish.ops.where"),
        (lambda x: np.from_dlpack(x), "has no value yet"),
    ],
)
def test_a_symbol_says_what_to_use_instead(use: Any, advice: str) -> None:
    with pytest.raises(GraphError, match=advice) as caught:
        function(use)(convert_to_tensor(1.0))
    assert "symbolic>" in str(caught.value)


def test_a_symbol_prints_without_a_value() -> None:
    x = input_tensor(TensorSpec((), "float32"), "loss")
    assert f"{x}" == str(x) == "<Tensor float32[] loss symbolic>"
    assert x.is_symbolic
    assert input_tensor(TensorSpec((None, 3), "int32")).shape == (None, 3)


def test_eager_results_agree_with_infer_even_for_scalars() -> None:
    t = ops.sum(convert_to_tensor([1.0, 2.0]))
    assert isinstance(t.value, np.ndarray)
    assert t.value.shape == ()
    assert ops.transpose(convert_to_tensor(np.ones((2, 3)))).value.flags.c_contiguous


def test_warnings_of_kernels_are_quiet() -> None:
    assert np.isinf(ops.log(convert_to_tensor(0.0)).numpy())
    assert np.isnan((convert_to_tensor(0.0) / 0.0).numpy())


def test_promotion_of_weak_numbers() -> None:
    half = convert_to_tensor([1.0], "float16")
    assert [t.dtype for t in promoted((half, 2.0, 3), "same")] == ["float16"] * 3
    assert [t.dtype for t in promoted((1, 2), "float")] == ["float32"] * 2
    assert [t.dtype for t in promoted((True, np.int8(1)), "same")] == ["int8"] * 2


def test_several_outputs_and_wrap() -> None:
    values, indices = ops.top_k(convert_to_tensor([3.0, 1.0, 2.0]), 2)
    assert (values.dtype, indices.dtype) == ("float32", "int32")
    assert wrap(np.ones((2, 1), "int8")).spec == TensorSpec((2, 1), "int8")
    array = np.ones(2, "float32")
    assert wrap(array).value is array
    assert current().owns(array)


def test_nothing_is_recorded_without_a_tape() -> None:
    x = convert_to_tensor([1.0])
    with GradientTape() as tape:
        tape.watch(x)
        y = ops.exp(x)
        with unrecorded():
            z = ops.exp(x)
    assert y.node is not None
    assert z.node is None
    assert ops.exp(x).node is None
    assert node_of(z).value is z.value
    assert recording.tapes == []


def test_an_alias_has_a_gradient_of_its_own() -> None:
    x = convert_to_tensor(3.0)
    with GradientTape() as tape:
        tape.watch(x)
        other = tensor_of(alias(node_of(x)))
        y = x * other
    assert float(tape.gradient(y, other)) == 3
    assert float(tape.gradient(y, x)) == 6


@pytest.mark.parametrize("use", [len, list])
def test_a_symbol_of_unknown_length_says_that_it_cannot_be_counted(use: Any) -> None:
    with pytest.raises(TypeError, match=r"a known first size.*\[\?, 3\].*unstack"):
        use(input_tensor(TensorSpec((None, 3), "float32"), "x"))


def test_what_numpy_hands_to_methods_without_a_wish_is_left_out() -> None:
    x = convert_to_tensor([0.5, 1.5, 2.5])
    for found in (
        x.astype("int32", copy=False),
        x.astype("int32", order="K", casting="unsafe", subok=True),
        x.astype(dtype="int32"),
    ):
        assert found.dtype == "int32"
        assert found.tolist() == [0, 1, 2]
    assert int(np.searchsorted(x, 2.0)) == 2  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="safe"):
        x.astype("int32", casting="safe")
