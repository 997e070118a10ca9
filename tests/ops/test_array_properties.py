"""Functions that move elements mean what they mean in numpy, for any shape."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from kerasish import ops
from kerasish.errors import KerasishError
from kerasish.graph import trace
from kerasish.spec import TensorSpec

shapes = hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=4)
full = hnp.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=4)


def counted(shape):
    """Every element another number."""
    return np.arange(1.0, np.prod(shape, dtype=int) + 1).reshape(shape)


def traced_shape(func, *specs):
    return trace(func, [TensorSpec(s, "float64") for s in specs])[0].outputs[0].spec.shape


@settings(max_examples=150, deadline=None)
@given(hnp.mutually_broadcastable_shapes(num_shapes=3, max_dims=4, max_side=3))
def test_broadcasting(found):
    x, y, z = (counted(s) for s in found.input_shapes)
    actual = ops.add(ops.multiply(x, y), z)
    np.testing.assert_array_equal(actual, x * y + z)
    assert actual.shape == found.result_shape
    assert ops.broadcast_to(x, found.result_shape).shape == found.result_shape
    known = traced_shape(lambda *a: ops.add(ops.multiply(*a[:2]), a[2]), *found.input_shapes)
    assert known == found.result_shape


@settings(max_examples=100, deadline=None)
@given(shapes, shapes)
def test_shapes_that_numpy_does_not_broadcast_are_refused(a, b):
    try:
        expected = np.broadcast_shapes(a, b)
    except ValueError:
        with pytest.raises(KerasishError, match="broadcast"):
            ops.add(counted(a), counted(b))
    else:
        assert ops.add(counted(a), counted(b)).shape == expected


@settings(max_examples=150, deadline=None)
@given(full, st.data())
def test_reshape(shape, data):
    x = counted(shape)
    order = data.draw(st.permutations(shape))
    cut = data.draw(st.integers(0, len(order)))
    target = [*order[:cut], *([int(np.prod(order[cut:]))] if cut < len(order) else [])]
    hidden = data.draw(st.integers(0, len(target) - 1))
    target[hidden] = -1
    np.testing.assert_array_equal(ops.reshape(x, target), x.reshape(target))
    unknown = (None, *shape[1:])
    made = traced_shape(lambda t: ops.reshape(t, target), unknown)
    expected = x.reshape(target).shape
    assert len(made) == len(expected)
    assert all(m is None or m == e for m, e in zip(made, expected, strict=True))


@settings(max_examples=150, deadline=None)
@given(full, st.data())
def test_slice_and_slice_update(shape, data):
    x = counted(shape)
    starts = [data.draw(st.integers(0, n - 1)) for n in shape]
    sizes = [data.draw(st.integers(1, n - s)) for n, s in zip(shape, starts, strict=True)]
    place = tuple(slice(s, s + n) for s, n in zip(starts, sizes, strict=True))
    np.testing.assert_array_equal(ops.slice(x, starts, sizes), x[place])
    moved = ops.slice(x, np.array(starts, "int32"), sizes)
    np.testing.assert_array_equal(moved, x[place])
    update = -counted(sizes)
    expected = x.copy()
    expected[place] = update
    np.testing.assert_array_equal(ops.slice_update(x, starts, update), expected)
    np.testing.assert_array_equal(x, counted(shape))


REDUCTIONS = {None: None, "add": np.add, "mul": np.multiply, "max": np.maximum, "min": np.minimum}


@settings(max_examples=150, deadline=None)
@given(full, st.data(), st.sampled_from(sorted(REDUCTIONS, key=str)))
def test_scatter_update(shape, data, reduction):
    x = counted(shape)
    depth = data.draw(st.integers(1, len(shape)))
    rows = data.draw(st.integers(1, 4))
    at = np.array(
        [[data.draw(st.integers(0, n - 1)) for n in shape[:depth]] for _ in range(rows)], "int32"
    )
    if reduction is None:  # of several updates of one place, which one stays is not said
        at = np.unique(at, axis=0)
    updates = 30 - counted((len(at), *shape[depth:]))
    expected = x.copy()
    if reduction is None:
        expected[tuple(at.T)] = updates
    else:
        REDUCTIONS[reduction].at(expected, tuple(at.T), updates)
    found = ops.scatter_update(x, at, updates, reduction=reduction)
    np.testing.assert_array_equal(found, expected)


@settings(max_examples=150, deadline=None)
@given(full, st.data())
def test_pad(shape, data):
    x = counted(shape)
    mode = data.draw(st.sampled_from(["constant", "reflect", "symmetric", "edge", "wrap"]))
    widths = [(data.draw(st.integers(0, 3)), data.draw(st.integers(0, 3))) for _ in shape]
    np.testing.assert_array_equal(ops.pad(x, widths, mode), np.pad(x, widths, mode))


@settings(max_examples=150, deadline=None)
@given(full, st.data())
def test_take_along_axis(shape, data):
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    dims = [1 if data.draw(st.booleans()) else n for n in shape]
    dims[axis] = data.draw(st.integers(0, 4))
    size = shape[axis]
    at = data.draw(hnp.arrays("int64", tuple(dims), elements=st.integers(-size, size - 1)))
    x = counted(shape)
    found = ops.take_along_axis(x, at, axis=axis)
    np.testing.assert_array_equal(found, np.take_along_axis(x, at, axis=axis))


@settings(max_examples=150, deadline=None)
@given(shapes, st.data())
def test_joining_and_parting(shape, data):
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    sizes = data.draw(st.lists(st.integers(0, 3), min_size=1, max_size=3))
    parts = []
    for n in sizes:
        dims = list(shape)
        dims[axis] = n
        parts.append(counted(dims))
    whole = ops.concatenate(parts, axis=axis)
    np.testing.assert_array_equal(whole, np.concatenate(parts, axis=axis))
    cuts = [int(c) for c in np.cumsum(sizes)[:-1]]
    for again, part in zip(ops.split(whole, cuts, axis=axis), parts, strict=True):
        np.testing.assert_array_equal(again, part)
    count = data.draw(st.integers(1, 4))
    expected = np.array_split(np.asarray(whole), count, axis=axis)
    for mine, theirs in zip(ops.array_split(whole, count, axis=axis), expected, strict=True):
        np.testing.assert_array_equal(mine, theirs)


@settings(max_examples=100, deadline=None)
@given(shapes, st.data())
def test_stack_and_unstack(shape, data):
    axis = data.draw(st.integers(-len(shape) - 1, len(shape)))
    parts = [counted(shape) + i for i in range(data.draw(st.integers(1, 3)))]
    whole = ops.stack(parts, axis=axis)
    np.testing.assert_array_equal(whole, np.stack(parts, axis=axis))
    for again, part in zip(ops.unstack(whole, axis=axis), parts, strict=True):
        np.testing.assert_array_equal(again, part)


@settings(max_examples=100, deadline=None)
@given(full, st.data())
def test_argpartition(shape, data):
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    kth = data.draw(st.integers(-shape[axis], shape[axis] - 1))
    x = np.random.default_rng(len(shape)).permutation(counted(shape).ravel()).reshape(shape)
    y = np.moveaxis(np.take_along_axis(x, ops.argpartition(x, kth, axis).numpy(), axis), axis, -1)
    kth %= shape[axis]
    np.testing.assert_array_equal(y[..., kth], np.moveaxis(np.sort(x, axis), axis, -1)[..., kth])
    assert (y[..., :kth] < y[..., kth : kth + 1]).all()
    assert (y[..., kth + 1 :] > y[..., kth : kth + 1]).all()
