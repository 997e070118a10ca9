"""What users do wrong with datasets is told in words; full batches where elements are left out."""

import numpy as np
import pytest

import kerasish as keras
from kerasish.data import Dataset
from kerasish.data.nodes import INFINITE
from kerasish.data.resampling import UNCHANGED, resample
from kerasish.data.shuffling import buffered
from kerasish.errors import ArgumentError, DataError, DTypeError


def numbers(count=6):
    return Dataset.range(count)


def given(*elements):
    return Dataset.from_generator(lambda: elements)


@pytest.mark.parametrize(
    ("dataset", "error", "message"),
    [
        (numbers().map(lambda n: None), ArgumentError, r"map\(<lambda>\).*Received: None"),
        (numbers().map(lambda n: 2**70), DataError, "numbers or text"),
        (numbers().map(lambda n: np.datetime64("2020-01-01")), DTypeError, "datetime|M8"),
        (given(1, "a").batch(2), DataError, "one form, as the first"),
        (given("a", 1.5).batch(2), DataError, "one form, as the first"),
        (given(np.array(["a"], object), [1]).batch(2), DataError, "one form, as the first"),
        (given(np.ones((2, 2)), np.ones((2, 3))).unbatch().batch(4), DataError, "one shape"),
        (
            numbers().concatenate(Dataset.from_tensor_slices(["a"])).batch(9),
            DataError,
            "one form, as the first",
        ),
        (given([1], [1, 2]).padded_batch(2, padding_values=1.5), DataError, "kind, int32.*1.5"),
        (given(["a"], ["b", "c"]).padded_batch(2, padding_values=0), DataError, "kind, text"),
        (
            given(([1], 2.0), ([1, 2], 3.0)).padded_batch(2, padded_shapes=[None]),
            DataError,
            "padded_shapes.*form of an element",
        ),
        (
            given({"a": [1]}).padded_batch(2, padding_values={"b": 0}),
            DataError,
            "padding_values.*form of an element",
        ),
        (Dataset.from_generator(lambda: None), ArgumentError, "from_generator.*None"),
    ],
)
def test_what_makes_no_elements(dataset, error, message):
    with pytest.raises(error, match=message):
        list(dataset)


def test_a_generator_that_fails_is_told_by_its_element():
    def broken():
        yield 1
        raise OSError

    with pytest.raises(OSError) as caught:  # noqa: PT011
        list(Dataset.from_generator(broken))
    assert caught.value.__notes__ == ["In Dataset.from_generator(broken), element 1."]


def test_nothing_to_zip():
    with pytest.raises(ArgumentError, match=r"zip.*none"):
        Dataset.zip()


def test_full_batches_stay_full_where_elements_are_left_out():
    def some(n):
        if n % 3 == 0:
            raise ValueError
        return n

    dataset = numbers(11).map(some, errors="skip")
    batches = dataset.batch(2, drop_remainder=True)
    assert [b.tolist() for b in batches] == [[1, 2], [4, 5], [7, 8]]
    assert [b.tolist() for b in batches.skip(1).cache()] == [[4, 5], [7, 8]]
    assert [b.tolist() for b in batches.shuffle(1)] == [[1, 2], [4, 5], [7, 8]]


def test_what_is_repeated_without_end_has_none():
    assert numbers().filter(lambda n: n > 2).repeat().cardinality() == INFINITE
    assert list(numbers().filter(lambda n: n > 9).repeat()) == []


def test_arguments_of_tf_data_are_taken():
    turns = numbers(2).interleave(
        lambda n: numbers(2).map(lambda m: (n, m)), 2, 1, num_parallel_calls=2, deterministic=True
    )
    assert [(int(n), int(m)) for n, m in turns] == [(0, 0), (1, 0), (0, 1), (1, 1)]
    assert [int(n) for n in numbers(2).take(2**70)] == [0, 1]


def test_the_order_of_a_buffer_in_pieces():
    draws, rest = np.random.default_rng(1), np.random.default_rng(2)
    order = buffered(10_000, 7, draws, rest)
    assert sorted(order) == list(range(10_000))
    assert all(at >= index - 6 for at, index in enumerate(order.tolist()))
    assert np.mean(np.abs(order - np.arange(10_000)) > 0) > 0.5


@pytest.mark.parametrize(
    "layer", [keras.layers.Normalization(), keras.layers.Discretization(num_bins=2)]
)
def test_nothing_adapts_to_what_has_no_end(layer):
    with pytest.raises(DataError, match="an end"):
        layer.adapt(Dataset.from_tensor_slices(np.ones((4, 2))).batch(2).repeat())


def test_words_without_end_need_steps():
    words = Dataset.from_tensor_slices(["a", "b"]).batch(2).repeat()
    with pytest.raises(DataError, match="an end"):
        keras.layers.StringLookup().adapt(words)
    lookup = keras.layers.StringLookup()
    lookup.adapt(words, steps=3)
    assert len(lookup.get_vocabulary()) == 3


@pytest.mark.parametrize("method", UNCHANGED)
def test_images_of_the_size_are_what_resampling_makes_of_them(method):
    plane = np.random.default_rng(0).integers(0, 256, (5, 7), np.uint8)
    out = np.zeros((5, 7, 1), np.float32)
    resample([plane], out, method)
    np.testing.assert_allclose(out[..., 0], plane, atol=1e-12)
