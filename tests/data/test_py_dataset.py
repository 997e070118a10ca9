from __future__ import annotations

import itertools
import os
import threading
import time

import numpy as np
import pytest

import kerasish as keras
from kerasish.data import PyDataset, PyDatasetSource
from kerasish.errors import ArgumentError, DataError


class Counted(PyDataset):
    """Batch i holds i; later batches are made faster, so that workers finish out of order."""

    def __init__(self, count: int = 6, fail_at: int = -1, delay: float = 0.0, **options) -> None:
        super().__init__(**options)
        self.count = count
        self.fail_at = fail_at
        self.delay = delay
        self.epochs_ended = 0

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int):
        if index == self.fail_at:
            raise OSError(f"cannot read batch {index}")
        time.sleep(self.delay * (self.count - index))
        return np.full((2, 1), index), np.full(2, index)

    def on_epoch_end(self) -> None:
        self.epochs_ended += 1


class Endless(PyDataset):
    @property
    def num_batches(self):
        return None

    def __getitem__(self, index: int):
        return np.full((1, 1), index)


def values(batches) -> list[int]:
    return [int(batch.x[0, 0]) for batch in batches]


WORKERS = [{}, {"workers": 0}, {"workers": 3}, {"workers": 3, "max_queue_size": 0}]


@pytest.mark.parametrize("options", WORKERS, ids=str)
def test_in_order_whatever_the_workers(options):
    source = PyDatasetSource(Counted(delay=0.002, **options))
    assert source.num_batches == 6
    assert values(source.batches()) == [0, 1, 2, 3, 4, 5]
    assert values(source.batches(start=4)) == [4, 5]
    source.close()


@pytest.mark.parametrize("options", WORKERS, ids=str)
def test_shuffles_batches(options):
    source = PyDatasetSource(Counted(20, **options))
    whole = values(source.batches(shuffle=True, rng=np.random.default_rng(0)))
    assert sorted(whole) == list(range(20)) != whole
    rest = source.batches(shuffle=True, rng=np.random.default_rng(0), start=7)
    assert values(rest) == whole[7:]
    source.close()


def test_processes():
    source = PyDatasetSource(Counted(4, workers=2, use_multiprocessing=True))
    try:
        assert values(source.batches()) == [0, 1, 2, 3]
    finally:
        source.close()


@pytest.mark.parametrize("options", WORKERS, ids=str)
def test_arrays_filled_again(options):
    class Reusing(Counted):
        def __init__(self):
            super().__init__(6, **options)
            self.held = threading.local()

        def __getitem__(self, index):
            if not hasattr(self.held, "array"):
                self.held.array = np.zeros((2, 1), "float32")
            self.held.array[:] = index
            return self.held.array

    source = PyDatasetSource(Reusing())
    assert values(source.batches()) == [0, 1, 2, 3, 4, 5]
    source.close()


@pytest.mark.parametrize("options", [{}, {"workers": 0}, {"workers": 1}], ids=str)
def test_one_worker_makes_a_batch_when_it_is_asked_for(options):
    asked: list[int] = []

    class Noted(Counted):
        def __getitem__(self, index):
            asked.append(threading.get_ident())
            return super().__getitem__(index)

    source = PyDatasetSource(Noted(**options))
    assert not source.worth_a_thread
    batches = source.batches()
    next(batches)
    next(batches)
    assert asked == [threading.get_ident()] * 2


class Ending(Counted):
    """Ends the process that asks it, as an unguarded script does."""

    def __getitem__(self, index):
        os._exit(3)


def test_a_worker_process_that_ends():
    source = PyDatasetSource(Ending(workers=1, use_multiprocessing=True))
    with pytest.raises(DataError, match="__main__"):
        list(source.batches())
    source.close()


class Shifting(Counted):
    """Another dataset in every epoch."""

    shift = 0

    def __getitem__(self, index):
        return np.full((1, 1), index + self.shift)

    def on_epoch_end(self):
        self.shift += 10


def test_processes_follow_a_change_between_epochs_but_not_inside_a_pass():
    source = PyDatasetSource(Shifting(4, workers=1, use_multiprocessing=True, max_queue_size=2))
    try:
        assert values(source.batches()) == [0, 1, 2, 3]
        source.on_epoch_end()
        batches = source.batches()
        first = values([next(batches), next(batches)])
        source.on_epoch_end()
        assert first + values(batches) == [10, 11, 12, 13]
        assert values(source.batches()) == [20, 21, 22, 23]
    finally:
        source.close()


@pytest.mark.parametrize("options", WORKERS, ids=str)
def test_errors_reach_the_caller(options):
    source = PyDatasetSource(Counted(fail_at=3, **options))
    batches = source.batches()
    assert [int(next(batches).x[0, 0]) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(OSError, match="batch 3") as caught:
        next(batches)
    assert "__getitem__" in [entry.name for entry in caught.traceback]
    source.close()


def test_close_ends_the_workers():
    before = set(threading.enumerate())
    source = PyDatasetSource(Counted(50, delay=0.0001, workers=3))
    batches = source.batches()
    next(batches)
    assert set(threading.enumerate()) - before
    batches.close()
    source.close()
    assert set(threading.enumerate()) == before


@pytest.mark.parametrize("options", WORKERS, ids=str)
def test_without_end(options):
    dataset = Endless(**options)
    source = PyDatasetSource(dataset)
    assert source.num_batches is None
    batches = source.batches(start=5)
    assert values([next(batches) for _ in range(3)]) == [5, 6, 7]
    batches.close()
    source.close()


def test_hooks_and_iteration():
    dataset = Counted(3)
    source = PyDatasetSource(dataset)
    source.on_epoch_begin()
    source.on_epoch_end()
    assert dataset.epochs_ended == 1
    assert [int(x[0, 0]) for x, _ in dataset] == [0, 1, 2]


def test_class_weight():
    batch = PyDatasetSource(Counted(), class_weight={0: 7.0}).first_batch()
    np.testing.assert_array_equal(batch.sample_weight, [7, 7])


def test_a_subclass_without_super():
    class Bare(PyDataset):
        def __init__(self):
            pass

        def __len__(self):
            return 1

        def __getitem__(self, index):
            return np.zeros((1, 1))

    assert values(PyDatasetSource(Bare()).batches()) == [0]


def test_refusals():
    for options in ({"workers": -1}, {"workers": True}, {"max_queue_size": 1.5}):
        with pytest.raises(ArgumentError, match=f"{next(iter(options))}.*Expected: an integer"):
            Counted(**options)
    with pytest.raises(DataError, match="length 0"):
        PyDatasetSource(Counted(0)).first_batch()
    with pytest.raises(TypeError, match="__getitem__"):
        PyDataset()  # pyright: ignore[reportAbstractUsage]

    class NoLength(PyDataset):
        def __getitem__(self, index):
            return index

    with pytest.raises(DataError, match="__len__"):
        NoLength().num_batches  # noqa: B018
    assert list(itertools.islice(NoLength(), 3)) == [0, 1, 2]


@pytest.mark.parametrize("count", ["a", 2.0, -1, True, None])
def test_a_length_is_an_integer(count):
    class Wrong(Counted):
        def __len__(self):
            return count

    with pytest.raises(DataError, match=r"Wrong.*number of batches.*math\.ceil"):
        PyDatasetSource(Wrong()).num_batches  # noqa: B018


class Prepared(PyDataset):
    """Its batches are made from what it does before an epoch."""

    def __init__(self, **options):
        super().__init__(**options)
        self.log = []

    def __len__(self):
        return 2

    def on_epoch_begin(self):
        self.log.append("begin")
        self.scale = 1.0

    def on_epoch_end(self):
        self.log.append("end")

    def __getitem__(self, index):
        self.log.append(index)
        return np.full((2, 3), self.scale, "float32"), np.zeros((2, 1))


@pytest.mark.parametrize("workers", [1, 3])
def test_an_epoch_begins_before_any_batch_is_asked_for(workers):
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    for run, rounds in ((lambda d: model.fit(d, epochs=2, verbose=0), 2), (evaluated(model), 1)):
        dataset = Prepared(workers=workers)
        run(dataset)
        hooks = [entry for entry in dataset.log if isinstance(entry, str)]
        assert dataset.log[0] == "begin"
        assert hooks == ["begin", "end"] * rounds
    dataset = Prepared(workers=workers)
    assert model.predict(dataset, verbose=0).shape == (4, 1)
    assert dataset.log[0] == "begin"
    assert dataset.log[-1] == "end"
    assert len(dataset.log) == 4


def evaluated(model):
    return lambda dataset: model.evaluate(dataset, verbose=0)
