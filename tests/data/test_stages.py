"""Stages of a dataset where lengths, forms and blocks of rows decide."""

import itertools

import numpy as np
import pytest

from kerasish.data import Dataset
from kerasish.data.nodes import Pass
from kerasish.errors import DataError
from kerasish.spec import TensorSpec

RUN = Pass((3,), (7, 1))


def streamed(count):
    return Dataset.from_generator(lambda: (np.int64(i) for i in range(count)))


def blocks(count):
    return streamed(count).batch(4).unbatch()


def plain(elements):
    return [np.asarray(e).tolist() for e in elements]


def failing(n):
    if n % 2:
        raise ValueError("odd")
    return n


def skipping(count):
    return Dataset.range(count).map(failing, errors="skip")


@pytest.mark.parametrize("source", [Dataset.range, streamed, blocks])
def test_repeating_nothing_ends(source):
    for dataset in (source(0).repeat(), source(0).repeat(3), source(4).repeat(0)):
        assert list(dataset) == []
        assert list(dataset.batch(2)) == []


def test_repeating_rows_in_blocks():
    for times in (2, None):
        dataset = blocks(5).repeat(times).batch(3)
        assert plain(itertools.islice(dataset, 3)) == [[0, 1, 2], [3, 4, 0], [1, 2, 3]]
    assert plain(blocks(5).repeat(2).skip(6).batch(3)) == [[1, 2, 3], [4]]


def test_lengths():
    endless, unknown = Dataset.range(2).repeat(), streamed(2)
    assert endless.concatenate(unknown).cardinality() == -1
    assert unknown.concatenate(endless).cardinality() == -1
    assert Dataset.range(2).concatenate(Dataset.range(3)).cardinality() == 5
    assert Dataset.range(0).repeat().cardinality() == 0
    assert endless.repeat(0).cardinality() == 0
    assert endless.repeat(2).cardinality() == -1
    assert unknown.repeat().cardinality() == -1
    assert unknown.repeat(2).cardinality() == -2
    assert Dataset.zip(endless, endless).cardinality() == -1
    assert Dataset.zip(unknown, endless).cardinality() == -2
    assert Dataset.zip(unknown, Dataset.range(3)).cardinality() == -2
    assert Dataset.zip(unknown, Dataset.range(0)).cardinality() == 0
    assert endless.skip(3).cardinality() == endless.shard(2, 1).cardinality() == -1
    assert endless.skip(3).take(4).cardinality() == 4
    assert endless.take(0).cardinality() == unknown.take(0).cardinality() == 0
    assert unknown.take(3).cardinality() == unknown.skip(1).cardinality() == -2
    assert Dataset.range(5).batch(2).cardinality() == 3
    assert Dataset.range(5).batch(2, drop_remainder=True).cardinality() == 2
    assert Dataset.range(5).batch(2).unbatch().cardinality() == 5
    assert Dataset.range(5).batch(2, drop_remainder=True).unbatch().cardinality() == -2
    assert skipping(5).batch(2).unbatch().cardinality() == -2
    assert Dataset.range(5).shuffle(2).batch(2).map(lambda n: n).unbatch().cardinality() == -2


def test_pairs_in_batches():
    rows = Dataset.from_tensor_slices(np.arange(10.0).reshape(5, 2))
    pairs = Dataset.zip({"x": rows, "n": Dataset.range(7)})
    first, *_, last = pairs.batch(2)
    assert first["x"].tolist() == [[0, 1], [2, 3]]
    assert first["n"].tolist() == [0, 1]
    assert (last["x"].tolist(), last["n"].tolist()) == ([[8, 9]], [4])
    endless = Dataset.zip(Dataset.range(2).repeat(), Dataset.range(3).repeat()).batch(2)
    assert plain(itertools.islice(endless, 2)) == [[[0, 1], [0, 1]], [[0, 1], [2, 0]]]
    mixed = Dataset.zip(rows, streamed(3)).batch(2)
    assert [y.tolist() for _, y in mixed] == [[0, 1], [2]]
    shuffled = Dataset.zip(Dataset.range(9).shuffle(9), Dataset.range(9).shuffle(9)).batch(9)
    ((one, other),) = shuffled
    assert one.tolist() != other.tolist()  # each part draws for itself


def test_pairs_with_one_that_was_left_out():
    assert plain(Dataset.zip(skipping(4), Dataset.range(4))) == [[0, 0], [2, 2]]
    assert plain(skipping(4).enumerate()) == [[0, 0], [2, 2]]
    dataset = Dataset.zip(Dataset.range(4), skipping(4)).batch(2)
    assert [[part.tolist() for part in element] for element in dataset] == [
        [[0], [0]],
        [[2], [2]],
    ]


@pytest.mark.parametrize("head", [Dataset.range, blocks])
def test_joined_rows_in_blocks(head):
    dataset = head(5).concatenate(blocks(6)).batch(4)
    whole = [[0, 1, 2, 3], [4, 0, 1, 2], [3, 4, 5]]
    assert plain(dataset) == whole
    for start in range(4):
        assert plain(dataset.node.items(RUN, start)) == whole[start:]


def test_parts_that_are_joined_draw_for_themselves():
    rows = Dataset.range(20).shuffle(20)
    found = plain(rows.concatenate(rows))
    assert sorted(found[:20]) == sorted(found[20:]) == list(range(20))
    assert found[:20] != found[20:]
    both = rows.concatenate(rows)
    in_batches = both.batch(7).node.items(RUN)
    assert [n for batch in in_batches for n in batch.tolist()] == plain(both.node.items(RUN))


def test_batches_are_batches_if_both_parts_are():
    batches = Dataset.range(4).batch(2)
    assert batches.concatenate(batches).node.batched is True
    assert batches.concatenate(Dataset.range(3)).node.batched is None
    assert batches.unbatch().node.batched is False
    assert Dataset.range(3).batch(2).node.batched is True


def test_specs():
    rows = Dataset.from_tensor_slices((np.zeros((4, 3), "float32"), None, ["x"] * 4))
    spec = TensorSpec((3,), "float32"), None, TensorSpec((), "string")
    number = TensorSpec((), "int64")
    assert rows.element_spec == spec
    assert Dataset.zip({"a": Dataset.range(3), "b": rows}).element_spec == {"a": number, "b": spec}
    assert rows.enumerate().element_spec == (number, spec)
    assert rows.batch(2).unbatch().element_spec == spec
    assert rows.batch(2).element_spec == (
        TensorSpec((None, 3), "float32"),
        None,
        TensorSpec((None,), "string"),
    )
    padded = rows.padded_batch(2, drop_remainder=True).element_spec
    assert padded[0] == TensorSpec((2, None), "float32")
    assert rows.concatenate(rows).element_spec == rows.shuffle(3).element_spec == spec


def test_parts_that_are_not_there():
    rows = Dataset.from_tensor_slices((np.arange(6), None))
    for dataset in (rows, rows.batch(4), rows.batch(4).unbatch(), rows.batch(2).unbatch().batch(3)):
        found = list(dataset)
        assert all(part is None for _, part in found)
        assert np.ravel(np.concatenate([np.atleast_1d(x) for x, _ in found])).tolist() == [
            *range(6)
        ]
    shuffled = list(rows.batch(2).unbatch().shuffle(3).batch(4))
    assert sorted(np.concatenate([x for x, _ in shuffled]).tolist()) == [*range(6)]
    assert all(part is None for _, part in shuffled)
    ((first, none),) = rows.shuffle(6).batch(6)
    assert (sorted(first.tolist()), none) == ([*range(6)], None)


def test_shuffling_nothing():
    assert list(blocks(0).shuffle(3)) == []
    assert list(blocks(0).shuffle(3).batch(2)) == []
    assert list(streamed(0).shuffle(3)) == []


def test_a_dataset_without_elements_has_no_spec():
    with pytest.raises(DataError, match="at least one element"):
        Dataset.from_generator(lambda: iter(())).element_spec  # noqa: B018


def test_unbatch_needs_rows():
    with pytest.raises(DataError, match=r"Dataset\.unbatch.*one length"):
        list(Dataset.from_tensors((np.zeros(2), np.zeros(3))).unbatch())
    with pytest.raises(DataError, match=r"Dataset\.unbatch"):
        list(Dataset.range(3).unbatch())


def test_what_a_dataset_says_of_itself():
    assert repr(Dataset.range(3)) == "<Dataset: 3 elements>"
    assert repr(streamed(3)) == "<Dataset: unknown length>"
    assert repr(Dataset.range(3).repeat()) == "<Dataset: without end>"
    assert plain(Dataset.range(3).as_numpy_iterator()) == [0, 1, 2]
    assert next(Dataset.range(3).as_numpy_iterator()) == 0
