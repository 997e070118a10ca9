"""Methods of tensors mean what numpy's mean."""

from __future__ import annotations

import numpy as np
import pytest

import kerasish as keras
from kerasish import ops
from kerasish.ops.methods import METHODS

X = np.array([[3.0, -1.5, 2.25], [0.5, 4.0, -2.0]], "float32")
CALLS = {
    "all": {}, "any": {"axis": 1}, "argmax": {"axis": 1}, "argmin": {}, "argsort": {},
    "astype": {"dtype": "int32"}, "clip": {"min": -1.0}, "conj": {}, "conjugate": {}, "copy": {},
    "cumprod": {"axis": 1}, "cumsum": {"axis": 0}, "diagonal": {}, "dot": {"b": X.T},
    "flatten": {}, "max": {"axis": 0}, "mean": {"axis": (0, 1)}, "min": {"keepdims": True},
    "nonzero": {}, "prod": {"axis": 1}, "ravel": {}, "repeat": {"repeats": 2, "axis": 0},
    "reshape": {"shape": (3, 2)}, "round": {}, "searchsorted": {}, "sort": {"axis": 1},
    "squeeze": {}, "std": {"axis": 0}, "sum": {"axis": 1, "keepdims": True}, "swapaxes": {},
    "take": {"indices": [0, 2], "axis": 1}, "trace": {}, "transpose": {}, "var": {},
}  # fmt: skip
POSITIONAL = {"dot", "repeat", "reshape", "take"}


@pytest.mark.parametrize("name", METHODS)
def test_as_numpy(name: str) -> None:
    x, kwargs = X, dict(CALLS[name])
    args: tuple = (kwargs.pop(next(iter(kwargs))),) if name in POSITIONAL else ()
    if name == "swapaxes":
        args = (0, 1)
    if name == "searchsorted":
        x, args = np.sort(X[0]), (np.array([0.0, 2.5], "float32"),)
    # numpy's own sort works in place.
    expected = np.sort(x, **kwargs) if name == "sort" else getattr(x, name)(*args, **kwargs)
    got = getattr(keras.ops.convert_to_tensor(x), name)(*args, **kwargs)
    for ours, theirs in zip(
        got if isinstance(got, tuple) else (got,),
        expected if isinstance(expected, tuple) else (expected,),
        strict=True,
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def test_arguments_one_by_one() -> None:
    x = keras.ops.convert_to_tensor(X)
    assert x.reshape(3, 2).shape == x.reshape((3, 2)).shape == x.reshape(-1, 2).shape == (3, 2)
    assert x.transpose(1, 0).shape == x.transpose((1, 0)).shape == x.transpose().shape == (3, 2)
    assert x.T.shape == (3, 2)


def test_of_symbols_and_in_traces() -> None:
    assert keras.Input((3,)).mean(axis=1).shape == (None,)
    double = keras.function(lambda x: x.sum(axis=1).round() + x.max())
    np.testing.assert_allclose(double(X), X.sum(axis=1).round() + X.max(), rtol=1e-6)


def test_values() -> None:
    x = keras.ops.convert_to_tensor(X)
    assert x.tolist() == X.tolist()
    assert x.nbytes == X.nbytes
    np.testing.assert_array_equal(+x, X)
    np.testing.assert_array_equal(round(x, 1), X.round(1))


NUMPY_CALLS = [
    *((name, {}) for name in ("all", "any", "argmin", "prod", "round", "cumsum", "ravel", "var")),
    *((name, {"axis": 1}) for name in ("argmax", "sum", "mean", "max", "min", "std", "argsort")),
    ("sum", {"axis": 0, "keepdims": True, "initial": 1.0}), ("mean", {"dtype": "float64"}),
    ("std", {"axis": 0, "ddof": 1}), ("sum", {"dtype": "float64"}), ("max", {"initial": 9.0}),
    ("clip", {"a_min": 0, "a_max": 1}), ("sum", {"where": X > 0}),
    ("reshape", {"shape": (3, 2)}), ("take", {"indices": [1], "axis": 1}), ("transpose", {}),
    ("argsort", {"axis": 0, "kind": "stable"}), ("repeat", {"repeats": 2, "axis": 0}),
    ("cumsum", {"axis": 1, "dtype": "float64"}), ("reshape", {"shape": (3, 2), "order": "F"}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "kwargs"), NUMPY_CALLS)
def test_functions_of_numpy_take_tensors(name: str, kwargs: dict) -> None:
    function, given = getattr(np, name), dict(kwargs)
    args = (given.pop("shape"),) if name == "reshape" else ()
    got = function(keras.ops.convert_to_tensor(X), *args, **given)
    np.testing.assert_allclose(got, function(X, *args, **given), rtol=1e-6)


def test_functions_of_numpy_write_into_no_tensor() -> None:
    x = keras.ops.convert_to_tensor(X)
    for out in (np.zeros(2, "float32"), x):
        with pytest.raises(ValueError, match="a tensor is a value"):
            np.sum(x, axis=1, out=out)


def test_a_numpy_array_of_a_tensor_may_be_written_to() -> None:
    x = keras.ops.ones((2,))
    array = keras.ops.convert_to_numpy(x)
    array[0] = 5
    assert keras.ops.convert_to_numpy(x).tolist() == [1, 1]


def test_operators_count_booleans_as_their_functions_do() -> None:
    x = ops.convert_to_tensor([True, True])
    for made in (x // x, x % x, x**x, ops.floor_divide(x, x), ops.mod(x, x), ops.power(x, x)):
        assert made.dtype == "int32"
    assert (x**x).numpy().tolist() == [1, 1]
