from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasish import tree
from kerasish.data import ArraySource
from kerasish.errors import DataError


def rows_of(batches) -> list[int]:
    return [int(value) for batch in batches for value in batch.x[:, 0]]


def column(n: int, dtype: str = "float32") -> np.ndarray:
    return np.stack([np.arange(n), -np.arange(n)], 1).astype(dtype)


def test_in_order_with_a_short_last_batch():
    source = ArraySource(column(7), np.arange(7), batch_size=3)
    batches = list(source.batches())
    assert [batch.rows for batch in batches] == [3, 3, 1]
    assert rows_of(batches) == list(range(7))
    assert (source.num_batches, source.num_samples, source.batch_size) == (3, 7, 3)
    assert [batch.y.tolist() for batch in batches] == [[0, 1, 2], [3, 4, 5], [6]]
    assert all(batch.sample_weight is None for batch in batches)


@settings(max_examples=40, deadline=None)
@given(n=st.integers(1, 50), size=st.integers(1, 60), seed=st.integers(0, 9), data=st.data())
def test_a_shuffled_pass_holds_every_sample_once_and_resumes(n, size, seed, data):
    source = ArraySource(column(n), np.arange(n), batch_size=size)
    whole = list(source.batches(shuffle=True, rng=np.random.default_rng(seed)))
    assert sorted(rows_of(whole)) == list(range(n))
    assert all((batch.x[:, 0] == batch.y).all() for batch in whole)
    start = data.draw(st.integers(0, len(whole)))
    rest = source.batches(shuffle=True, rng=np.random.default_rng(seed), start=start)
    assert rows_of(rest) == rows_of(whole[start:])


def test_passes_differ_and_a_restored_generator_repeats_them():
    source = ArraySource(column(64), batch_size=16)
    rng = np.random.default_rng(0)
    first = rows_of(source.batches(shuffle=True, rng=rng))
    state = rng.bit_generator.state
    second = rows_of(source.batches(shuffle=True, rng=rng))
    rng.bit_generator.state = state
    assert first != second == rows_of(source.batches(shuffle=True, rng=rng))


def test_shuffle_needs_a_generator():
    with pytest.raises(DataError, match="rng"):
        ArraySource(column(3)).batches(shuffle=True)


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("dtype", ["uint8", "float32", "int64"])
def test_fill_writes_into_the_buffers(shuffle, dtype):
    images = np.random.default_rng(0).integers(0, 255, (10, 2, 3)).astype(dtype)
    source = ArraySource({"image": images}, np.arange(10), np.ones(10), batch_size=4)
    one_pass = source.one_pass(shuffle=shuffle, rng=np.random.default_rng(1))
    expected = list(source.batches(shuffle=shuffle, rng=np.random.default_rng(1)))
    buffers = [np.full((4, 2, 3), 7, "float32"), np.full(4, 7, "int64"), np.full(4, 7, "float32")]
    rows = [one_pass.fill(index, buffers) for index in range(len(one_pass))]
    assert rows == [4, 4, 2]
    np.testing.assert_array_equal(buffers[0][:2], expected[2].x["image"].astype("float32"))
    np.testing.assert_array_equal(buffers[1][:2], expected[2].y)
    np.testing.assert_array_equal(buffers[1][2:], expected[1].y[2:])


def test_fill_of_equal_dtypes_makes_no_array():
    import tracemalloc

    x = np.zeros((256, 1 << 14), "float32")
    one_pass = ArraySource(x, batch_size=64).one_pass(shuffle=True, rng=np.random.default_rng(0))
    buffers = one_pass.new_buffers(64)
    tracemalloc.start()
    try:
        one_pass.fill(0, buffers)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < buffers[0].nbytes // 4


def test_structures_come_back():
    x = {"b": column(4), "a": (np.arange(4), [np.arange(4)])}
    source = ArraySource(x, {"y": np.arange(4)}, batch_size=4)
    batch = source.first_batch()
    tree.assert_same_structure(batch.x, x)
    tree.map_structure(np.testing.assert_array_equal, batch.x, x)


def test_floats_become_floatx_and_others_stay():
    source = ArraySource(
        [column(4, "float64"), column(4, "float16"), column(4, "uint8")],
        np.arange(4),
        np.arange(4),
        batch_size=2,
    )
    spec = source.spec()
    assert [leaf.dtype for leaf in spec.x] == ["float32", "float32", "uint8"]
    assert (spec.y.dtype, spec.sample_weight.dtype) == ("int64", "float32")
    assert spec.x[0].shape == (None, 2)


@pytest.mark.parametrize("shuffle", [False, True])
def test_big_arrays_are_converted_batch_by_batch(shuffle, monkeypatch):
    monkeypatch.setattr("kerasish.data.arrays.CONVERT_ONCE_BYTES", 0)
    x = np.asfortranarray(column(9, "float64"))
    source = ArraySource(x, batch_size=4)
    batches = list(source.batches(shuffle=shuffle, rng=np.random.default_rng(0)))
    assert {batch.x.dtype.name for batch in batches} == {"float32"}
    assert sorted(rows_of(batches)) == list(range(9))
    assert x.dtype == np.float64


def test_what_batches_yield_is_not_the_users_array():
    x = column(4)
    batch = ArraySource(x, batch_size=4).first_batch()
    batch.x[:] = 9
    np.testing.assert_array_equal(x, column(4))


def test_foreign_byte_order():
    source = ArraySource(column(4).astype(">f4"), np.arange(4, dtype=">i4"), batch_size=4)
    batch = source.first_batch()
    assert batch.x.dtype.isnative
    assert batch.y.dtype.isnative
    np.testing.assert_array_equal(batch.y, range(4))


def test_class_weight():
    source = ArraySource(column(3), np.array([0, 1, 0]), batch_size=3, class_weight={1: 5.0})
    np.testing.assert_array_equal(source.first_batch().sample_weight, [1, 5, 1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((column(3), np.arange(4)), "x has 3, y has 4"),
        ((column(3), np.arange(3), np.ones(2)), "sample_weight has 2"),
        ((["a", 1],), "Received: str"),
    ],
)
def test_errors(arguments, message):
    with pytest.raises(DataError, match=message):
        ArraySource(*arguments)


def test_small_batches_need_no_thread():
    assert not ArraySource(column(100)).worth_a_thread
    assert ArraySource(np.zeros((64, 1 << 16), "float32"), batch_size=64).worth_a_thread
