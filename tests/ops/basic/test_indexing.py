"""gather and scatter_add: ranges, sizes, dtypes, negative positions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasish import ops
from kerasish.compiler import function
from kerasish.errors import ArgumentError, DTypeError, ShapeError
from kerasish.graph import grad
from kerasish.ops.basic.indexing import gather, scatter_add

RNG = np.random.default_rng(3)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.integers(1, 4), min_size=1, max_size=3),
    st.data(),
    st.sampled_from([(), (3,), (2, 2), (0,)]),
)
def test_gather_and_its_transpose(shape, data, index_shape):
    axis = data.draw(st.integers(0, len(shape) - 1))
    x = RNG.normal(size=shape)
    indices = RNG.integers(-shape[axis], shape[axis], index_shape)
    y = np.take(x, indices, axis)
    np.testing.assert_array_equal(gather(x, indices, axis=axis), y)
    g = RNG.normal(size=y.shape)
    expected = np.zeros(shape)
    np.add.at(expected, (*[slice(None)] * axis, indices), g)
    found = scatter_add(indices, g, shape=tuple(shape), axis=axis)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    # <y, g> == <x, transpose(g)>: what makes one the gradient of the other.
    assert np.sum(y * g) == pytest.approx(np.sum(x * np.asarray(found)))


@pytest.mark.parametrize("index", [5, -6])
def test_out_of_range_positions_are_refused(index):
    for call in (
        lambda: ops.take(np.ones(5), [0, index]),
        lambda: ops.take_along_axis(np.ones((2, 5)), np.array([[0], [index]]), 1),
        lambda: scatter_add([index], np.ones(1), shape=(5,), axis=0),
        lambda: ops.scatter_update(np.ones(5), [[index]], [1.0]),
        lambda: function(lambda i: ops.take(np.ones(5), i))(np.array([index])),
    ):
        with pytest.raises(ArgumentError, match=r"\[-5, 5\)"):
            call()


def test_indices_must_be_integers():
    with pytest.raises(DTypeError, match="integer"):
        ops.take(np.ones(3), [0.5])
    with pytest.raises(DTypeError, match="integer"):
        gather(np.ones(3), np.array([True]), axis=0)


def test_updates_must_fit():
    with pytest.raises(ShapeError, match="updates of shape"):
        scatter_add([0, 1], np.ones((3, 2)), shape=(4, 2), axis=0)


@pytest.mark.parametrize("dtype", ["int32", "float16", "float32", "float64", "complex64", "bool"])
def test_any_dtype_is_gathered(dtype):
    x = RNG.integers(0, 2, (4, 3)).astype(dtype)
    y = ops.take(x, [[1, -1]], axis=0)
    assert y.dtype == dtype
    np.testing.assert_array_equal(y, x[[[1, -1]]])


def test_an_empty_list_takes_nothing():
    assert ops.take(np.ones((3, 2)), [], axis=0).shape == (0, 2)


def test_positions_may_repeat_in_compiled_gradients():
    table, indices = RNG.normal(size=(6, 3)).astype("float32"), np.array([1, 1, 5, 1], "int32")
    found = function(lambda t, i: grad(lambda t: ops.sum(ops.take(t, i, axis=0)))(t))(
        table, indices
    )
    expected = np.zeros((6, 3))
    expected[1], expected[5] = 3, 1
    np.testing.assert_array_equal(found, expected)
