from __future__ import annotations

import itertools

import numpy as np
import pytest

from kerasish.data import ArraySource, Prefetcher, StepsSource, StreamSource
from kerasish.errors import DataError


def arrays(n: int = 10) -> ArraySource:
    return ArraySource(np.arange(n)[:, None], batch_size=1)


def stream(n: int | None = None) -> StreamSource:
    numbers = itertools.count() if n is None else range(n)
    return StreamSource(np.full((1, 1), index) for index in numbers)


def values(batches) -> list[int]:
    return [int(batch.x[0, 0]) for batch in batches]


def test_epochs_go_on_where_the_last_stopped():
    source = StepsSource(arrays(), 4)
    assert source.num_batches == 4
    found = [values(source.batches()) for _ in range(5)]
    assert found == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 0, 1], [2, 3, 4, 5], [6, 7, 8, 9]]


@pytest.mark.parametrize("steps", [5, 10, 25])
def test_no_warning_at_the_end_of_a_pass(steps):
    source = StepsSource(arrays(), steps)
    assert [len(values(source.batches())) for _ in range(4)] == [steps] * 4


def test_shuffled_passes_hold_every_sample_once():
    source, rng = StepsSource(arrays(), 5), np.random.default_rng(0)
    found = [values(source.batches(shuffle=True, rng=rng)) for _ in range(4)]
    first, second = found[0] + found[1], found[2] + found[3]
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("taken", [0, 2, 5, 6])
def test_resume_inside_an_epoch_inside_a_pass(shuffle, taken):
    source, rng = StepsSource(arrays(), 7), np.random.default_rng(0)
    for _ in range(2):
        values(source.batches(shuffle=shuffle, rng=rng))
    state, generator = source.state_dict(), rng.bit_generator.state
    expected = [values(source.batches(shuffle=shuffle, rng=rng)) for _ in range(3)]
    fresh, other = StepsSource(arrays(), 7), np.random.default_rng(99)
    fresh.load_state_dict(state)
    other.bit_generator.state = generator
    found = [values(fresh.batches(shuffle=shuffle, rng=other, start=taken))]
    found += [values(fresh.batches(shuffle=shuffle, rng=other)) for _ in range(2)]
    assert found == [expected[0][taken:], *expected[1:]]


def test_an_endless_generator():
    source = StepsSource(stream(), 3)
    source.first_batch()
    assert [values(source.batches()) for _ in range(3)] == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]


def test_nothing_is_lost_between_epochs_when_made_ahead():
    source = StepsSource(stream(), 3)
    assert [values(Prefetcher(source.batches(), 8)) for _ in range(3)] == [
        [0, 1, 2], [3, 4, 5], [6, 7, 8],
    ]  # fmt: skip


def test_a_generator_resumes():
    source = StepsSource(stream(), 3)
    values(source.batches())
    fresh = StepsSource(stream(), 3)
    fresh.load_state_dict(source.state_dict())
    assert values(fresh.batches(start=1)) == [4, 5]
    assert values(fresh.batches()) == [6, 7, 8]


def test_a_generator_that_ends_early():
    source = StepsSource(stream(5), 3)
    assert values(source.batches()) == [0, 1, 2]
    with pytest.warns(UserWarning, match="after 2 of 3 steps"):
        assert values(source.batches()) == [3, 4]


def test_steps_are_checked():
    with pytest.raises(DataError, match="steps"):
        StepsSource(arrays(), 0)
