from __future__ import annotations

import itertools

import numpy as np
import pytest

from kerasish.data import (
    ArraySource,
    Prefetcher,
    PyDataset,
    PyDatasetSource,
    StepsSource,
    StreamSource,
)
from kerasish.errors import DataError


def arrays(n: int = 10) -> ArraySource:
    return ArraySource(np.arange(n)[:, None], batch_size=1)


def stream(n: int | None = None) -> StreamSource:
    numbers = itertools.count() if n is None else range(n)
    return StreamSource(np.full((1, 1), index) for index in numbers)


def values(batches) -> list[int]:
    return [int(batch.x[0, 0]) for batch in batches]


class Iterable:
    """Begins anew at every pass; its length is known if wanted."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __iter__(self):
        return (np.full((1, 1), index) for index in range(self.count))


class Sized(Iterable):
    def __len__(self) -> int:
        return self.count


class Dataset(PyDataset):
    def __len__(self):
        return 10

    def __getitem__(self, index):
        return np.full((1, 1), index)


RESTARTING = {
    "arrays": arrays,
    "iterable": lambda: StreamSource(Iterable(10)),
    "sized": lambda: StreamSource(Sized(10)),
    "PyDataset": lambda: PyDatasetSource(Dataset()),
}


@pytest.mark.parametrize("kind", RESTARTING)
def test_epochs_go_on_where_the_last_stopped_and_the_rest_is_shorter(kind):
    source = StepsSource(RESTARTING[kind](), 4)
    assert source.num_batches == 4
    found = [values(source.batches()) for _ in range(2)]
    with pytest.warns(UserWarning, match="after 2 of 4 steps"):
        found.append(values(source.batches()))
    found += [values(source.batches()) for _ in range(2)]
    assert found == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9], [0, 1, 2, 3], [4, 5, 6, 7]]
    assert not source.exhausted


@pytest.mark.parametrize("kind", RESTARTING)
@pytest.mark.parametrize("steps", [5, 10])
def test_no_warning_where_steps_divide_the_data(kind, steps):
    source = StepsSource(RESTARTING[kind](), steps)
    found = [values(source.batches()) for _ in range(4)]
    assert [len(epoch) for epoch in found] == [steps] * 4
    assert [index for epoch in found for index in epoch] == [i % 10 for i in range(4 * steps)]


@pytest.mark.parametrize("kind", RESTARTING)
def test_steps_beyond_the_data_end_with_them(kind):
    source = StepsSource(RESTARTING[kind](), 25)
    for _ in range(3):
        with pytest.warns(UserWarning, match="after 10 of 25 steps"):
            assert values(source.batches()) == list(range(10))


@pytest.mark.parametrize("kind", RESTARTING)
def test_every_epoch_begins_anew_where_none_goes_on(kind):
    source = StepsSource(RESTARTING[kind](), 4, go_on=False)
    assert [values(source.batches()) for _ in range(4)] == [[0, 1, 2, 3]] * 4


def test_what_runs_once_goes_on_at_any_rate():
    source = StepsSource(stream(), 2, go_on=False)
    assert [values(source.batches()) for _ in range(2)] == [[0, 1], [2, 3]]


def test_a_generator_that_ends_with_an_epoch():
    source = StepsSource(stream(6), 3)
    assert [values(source.batches()) for _ in range(2)] == [[0, 1, 2], [3, 4, 5]]
    assert not source.exhausted  # nobody asked for more
    assert values(source.batches()) == []
    assert source.exhausted


def test_a_dataset_that_changes_its_length():
    class Growing(Dataset):
        count = 3

        def __len__(self):
            return self.count

    dataset = Growing()
    source = StepsSource(PyDatasetSource(dataset), 3)
    assert values(source.batches()) == [0, 1, 2]
    dataset.count = 4
    assert values(source.batches()) == [0, 1, 2]
    with pytest.warns(UserWarning, match="after 1 of 3"):
        assert values(source.batches()) == [3]


@pytest.mark.parametrize(("steps", "samples"), [(2, 8), (9, 10)])
def test_samples_are_no_more_than_there_are(steps, samples):
    source = StepsSource(ArraySource(np.zeros((10, 1)), batch_size=4), steps)
    assert source.num_samples == samples


def test_shuffled_passes_hold_every_sample_once():
    source, rng = StepsSource(arrays(), 5), np.random.default_rng(0)
    found = [values(source.batches(shuffle=True, rng=rng)) for _ in range(4)]
    first, second = found[0] + found[1], found[2] + found[3]
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("taken", [0, 2, 3, 6])
@pytest.mark.parametrize("before", [0, 1, 2])
@pytest.mark.filterwarnings("ignore:The data ended after 3 of 7")
def test_resume_inside_an_epoch_inside_a_pass(shuffle, taken, before):
    source, rng = StepsSource(arrays(), 7), np.random.default_rng(0)
    for _ in range(before):
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
    assert source.exhausted


def test_steps_are_checked():
    with pytest.raises(DataError, match="steps"):
        StepsSource(arrays(), 0)
