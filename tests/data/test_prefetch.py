from __future__ import annotations

import gc
import itertools
import threading
import time

import numpy as np
import pytest

from kerasish.data import Prefetcher
from kerasish.errors import ArgumentError


def prefetching() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "kerasish-prefetch"]


@pytest.fixture(autouse=True)
def no_thread_is_left():
    yield
    gc.collect()
    deadline = time.monotonic() + 5
    while prefetching() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert prefetching() == []


@pytest.mark.parametrize("depth", [1, 2, 100])
def test_same_items_in_the_same_order(depth):
    assert list(Prefetcher(range(50), depth)) == list(range(50))


def filled_again():
    array = np.zeros(3)
    for index in range(20):
        array[:] = index
        yield {"x": (array, "kept")}


def test_what_waits_is_owned():
    found = [item["x"][0][0] for item in Prefetcher(filled_again(), depth=20)]
    assert found == list(range(20))


def test_nothing_is_copied_where_the_source_gives_its_own_memory():
    array = np.zeros(3)
    assert next(Prefetcher([array], own=False)) is array


def test_runs_in_another_thread():
    def where():
        yield threading.current_thread()

    assert list(Prefetcher(where())) != [threading.current_thread()]


def test_stays_only_depth_ahead():
    made: list[int] = []

    def source():
        for index in itertools.count():
            made.append(index)
            yield index

    with Prefetcher(source(), depth=2) as items:
        assert next(items) == 0
        time.sleep(0.1)
        assert len(made) <= 4  # one taken, two waiting, one in the producer's hand


def test_the_error_comes_with_its_traceback_after_the_items():
    def failing():
        yield 1
        raise KeyError("lost")

    items = Prefetcher(failing())
    assert next(items) == 1
    with pytest.raises(KeyError, match="lost") as caught:
        next(items)
    assert "failing" in [entry.name for entry in caught.traceback]
    assert list(items) == []


def test_close_ends_the_thread_and_the_generator():
    closed = threading.Event()

    def source():
        try:
            yield from itertools.count()
        finally:
            closed.set()

    items = Prefetcher(source())
    next(items)
    items.close()
    assert closed.is_set()
    assert prefetching() == []
    items.close()
    assert list(items) == []


def test_dropping_it_ends_the_thread():
    items = Prefetcher(itertools.count())
    next(items)
    del items  # the fixture waits for the thread to end


def test_depth_is_checked():
    with pytest.raises(ArgumentError, match="depth"):
        Prefetcher([], 0)
