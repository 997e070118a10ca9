from __future__ import annotations

import numpy as np
import pytest

from kerasish.data import StreamSource
from kerasish.errors import DataError


def numbered(count: int):
    for index in range(count):
        yield np.full((2, 1), index, "float64"), np.array([index, index])


class Loader:
    """Iterable anew each time, with a length, as torch's DataLoader, giving lists."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __iter__(self):
        return ([x, y] for x, y in numbered(self.count))


def values(batches) -> list[int]:
    return [int(batch.x[0, 0]) for batch in batches]


def test_a_generator_runs_once():
    source = StreamSource(numbered(3))
    assert source.one_shot
    assert source.num_batches is None
    assert values(source.batches()) == [0, 1, 2]
    assert values(source.batches()) == []


def test_an_iterable_runs_again():
    source = StreamSource(Loader(3))
    assert (source.one_shot, source.num_batches) == (False, 3)
    assert values(source.batches()) == values(source.batches()) == [0, 1, 2]
    assert values(source.batches(start=2)) == [2]


@pytest.mark.parametrize(
    "make", [lambda: numbered(3), lambda: Loader(3)], ids=["generator", "iterable"]
)
def test_the_first_batch_is_not_lost(make):
    source = StreamSource(make())
    assert values([source.first_batch(), source.first_batch()]) == [0, 0]
    assert source.spec().x.shape == (None, 1)
    assert values(source.batches()) == [0, 1, 2]


@pytest.mark.parametrize("peek", [False, True])
def test_resume_from_a_fresh_generator(peek):
    source = StreamSource(numbered(6))
    taken = source.batches()
    assert values([next(taken), next(taken)]) == [0, 1]
    state = source.state_dict()
    fresh = StreamSource(numbered(6))
    if peek:
        fresh.first_batch()
    fresh.load_state_dict(state)
    assert values(fresh.batches(start=1)) == [3, 4, 5]
    assert fresh.state_dict() == {"taken": 6}


def filled_again(count: int):
    array = np.zeros((2, 1), "float32")
    for index in range(count):
        array[:] = index
        yield (array,)


def test_a_batch_that_waits_is_a_copy():
    given = np.zeros((2, 1), "float32")
    source = StreamSource(iter([(given,)]))
    source.first_batch()
    given[:] = 5
    assert values(source.batches()) == [0]


def test_batches_are_asked_for_one_by_one():
    asked: list[int] = []

    def noted():
        for index in range(4):
            asked.append(index)
            yield np.full((1, 1), index)

    source = StreamSource(noted())
    assert not source.worth_a_thread
    batches = source.batches()
    next(batches)
    assert asked == [0]
    next(batches)
    assert asked == [0, 1]


def test_floats_become_floatx():
    assert StreamSource(numbered(1)).first_batch().x.dtype == np.float32


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ((np.zeros(2), np.zeros(3)), "x has 2, y has 3"),
        ((np.zeros(2), "cat"), "y. Expected: a numpy array"),
        ((1, 2, 3, 4), "tuple of 4"),
    ],
)
def test_bad_batches(data, message):
    with pytest.raises(DataError, match=message):
        list(StreamSource(iter([data])).batches())


def test_no_batch():
    with pytest.raises(DataError, match="at least one batch"):
        StreamSource(iter(())).first_batch()


def test_class_weight():
    batch = StreamSource(numbered(2), class_weight={0: 4.0}).first_batch()
    np.testing.assert_array_equal(batch.sample_weight, [4, 4])
