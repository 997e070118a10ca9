"""x[key] against numpy over random keys, in values and in gradients."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from kerasish import ops
from kerasish.errors import ArgumentError, DTypeError
from kerasish.graph import Variable, convert_to_tensor, grad, trace
from kerasish.graph.interpret import run_graph
from kerasish.spec import TensorSpec

SHAPE = (3, 4, 2)
X = np.arange(24.0).reshape(SHAPE) + 1


@st.composite
def keys(draw):
    """Keys of slices, ints, None, Ellipsis and integer arrays that broadcast together."""
    basic = draw(hnp.basic_indices(SHAPE, allow_newaxis=True, max_dims=5))
    if draw(st.booleans()):
        return basic
    lead = draw(st.sampled_from([(), (2,), (2, 3), (1,)]))
    items = []
    for size in SHAPE:
        kind = draw(st.sampled_from(["array", "slice", "int", "all"]))
        if kind == "array":
            shape = draw(st.sampled_from([lead, lead[-1:], (1,) * len(lead)]))
            items.append(draw(hnp.arrays(np.int32, shape, elements=st.integers(-size, size - 1))))
        elif kind == "slice":
            items.append(draw(st.slices(size)))
        elif kind == "int":
            items.append(draw(st.integers(-size, size - 1)))
        else:
            items.append(slice(None))
        if draw(st.integers(0, 5)) == 0:
            items.append(None)
    return tuple(items)


def symbolic(key):
    """The graph of x[key] with the arrays of the key as symbols, and its value."""
    arrays = [k for k in key if isinstance(k, np.ndarray)] if isinstance(key, tuple) else []
    specs = [TensorSpec(a.shape, str(a.dtype)) for a in arrays]

    def func(x, *given):
        rest = iter(given)
        made = tuple(next(rest) if isinstance(k, np.ndarray) else k for k in key) if given else key
        return x[made]

    graph, _ = trace(func, [TensorSpec(SHAPE, "float64"), *specs])
    inputs = [convert_to_tensor(a) for a in (X, *arrays)]
    return graph.outputs[0].spec.shape, np.asarray(run_graph(graph, inputs)[0])


@settings(max_examples=300, deadline=None)
@given(keys())
def test_any_key_means_what_it_means_in_numpy(key):
    expected = X[key]
    actual = convert_to_tensor(X)[key]
    np.testing.assert_array_equal(actual, expected)
    shape, value = symbolic(key)
    assert shape == expected.shape
    np.testing.assert_array_equal(value, expected)


@settings(max_examples=60, deadline=None)
@given(keys())
def test_the_gradient_counts_how_often_an_element_was_taken(key):
    counts = np.zeros(SHAPE)
    np.add.at(counts, key, 1.0)
    np.testing.assert_array_equal(grad(lambda x: ops.sum(x[key]))(X), counts)


@pytest.mark.parametrize("mask", [X > 5, X[0, 0] > 1, X[:, :, 0] > 9, np.zeros(SHAPE, bool)])
def test_masks_of_values(mask):
    key = (Ellipsis, mask) if mask.shape == (2,) else mask
    np.testing.assert_array_equal(convert_to_tensor(X)[key], X[key])


def test_masks_beside_slices():
    mask = np.array([True, False, True])
    np.testing.assert_array_equal(convert_to_tensor(X)[mask, 1:], X[mask, 1:])


def test_a_symbolic_mask_is_refused():
    with pytest.raises(ArgumentError, match=r"ops\.where"):
        trace(lambda x: x[x > 0], [TensorSpec(SHAPE, "float64")])


def test_lists_and_variables():
    v = Variable(X)
    np.testing.assert_array_equal(v[[0, -1]], X[[0, -1]])
    np.testing.assert_array_equal(v[0, convert_to_tensor(2)], X[0, 2])
    np.testing.assert_array_equal(v[Variable(np.array([1, 0]))], X[[1, 0]])


@pytest.mark.parametrize(
    ("key", "error"),
    [
        (3, IndexError),
        (-4, IndexError),
        ((0, 0, 0, 0), ArgumentError),
        ((Ellipsis, Ellipsis), ArgumentError),
        ("a", ArgumentError),
        (1.5, ArgumentError),
        (np.array([3]), ArgumentError),
        ((np.array([0]), np.array([4])), ArgumentError),
        (np.array([0.5]), DTypeError),
    ],
)
def test_wrong_keys(key, error):
    with pytest.raises(error, match="Expected"):
        _ = convert_to_tensor(X)[key]


def test_unknown_dimensions():
    def shape(func):
        return trace(func, [TensorSpec((None, 4, 2), "float32")])[0].outputs[0].spec.shape

    assert shape(lambda x: x[:, 1]) == (None, 2)
    assert shape(lambda x: x[0]) == (4, 2)
    assert shape(lambda x: x[-1]) == (4, 2)
    assert shape(lambda x: x[1:, ::2]) == (None, 2, 2)
    assert shape(lambda x: x[None, ..., None, 0]) == (1, None, 4, 1)
    assert shape(lambda x: x[:, np.array([0, 1, 1])]) == (None, 3, 2)
    assert shape(lambda x: x[:, np.array([0, 1]), np.array([1, 0])]) == (None, 2)
