"""Threads that work for data: results, errors, an end; and Ctrl-C while one of them blocks."""

import gc
import os
import subprocess
import sys
import threading
import time

import pytest

from kerasish.data import Dataset
from kerasish.data.workers import Threads


def names() -> set[str]:
    return {t.name for t in threading.enumerate()}


def test_results_and_errors():
    pool = Threads(2, "mine")
    assert [pool.submit(pow, 2, n).result(5) for n in range(4)] == [1, 2, 4, 8]
    with pytest.raises(ZeroDivisionError):
        pool.submit(lambda: 1 // 0).result(5)
    assert pool.submit(int, "11", base=2).result(5) == 3
    assert all(t.daemon for t in threading.enumerate() if t.name.startswith("mine"))
    pool.shutdown()
    assert not any(name.startswith("mine") for name in names())


def test_what_waits_can_be_cancelled():
    pool, gate, begun = Threads(1, "gated"), threading.Event(), threading.Event()

    def hold() -> bool:
        begun.set()
        return gate.wait(5)

    first, second = pool.submit(hold), pool.submit(int)
    assert begun.wait(5)
    pool.shutdown(wait=False, cancel_futures=True)
    gate.set()
    assert first.result(5)
    assert second.cancelled()


def test_threads_end_with_their_pool():
    pool = Threads(2, "dropped")
    threads = [t for t in threading.enumerate() if t.name.startswith("dropped")]
    del pool
    for thread in threads:
        thread.join(5)
        assert not thread.is_alive()


PROGRAM = """
import os, signal, sys, threading, time
import numpy as np
import kerasish as keras

signal.signal(signal.SIGINT, signal.default_int_handler)

class Blocks(keras.utils.PyDataset):
    def __len__(self):
        return 50

    def __getitem__(self, index):
        if index == 5:
            threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
            time.sleep(1000)
        return np.ones((4, 8), "f4"), np.ones((4, 2), "f4")

model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(2)])
model.compile("sgd", "mse")
how = sys.argv[1]
try:
    if how == "fit":
        model.fit(Blocks(workers=2), verbose=0)
    elif how == "steps":
        model.fit(Blocks(workers=2), steps_per_epoch=20, shuffle=False, verbose=0)
    else:
        getattr(model, how)(Blocks(workers=2), verbose=0)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.mark.parametrize("how", ["fit", "steps", "evaluate", "predict"])
def test_an_interrupted_program_ends(how: str):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, how],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ},
    )
    assert done.stdout == "interrupted\n", done.stderr
    assert done.returncode == 0


def test_the_collector_of_garbage_waits_for_no_thread_that_waits_for_it():
    def f(n):
        time.sleep(0.01)
        gc.collect()
        return n

    before = set(threading.enumerate())
    numbers = Dataset.range(1000)
    gc.disable()  # here, so that it runs in the workers
    try:
        for dataset in (
            numbers.map(f, num_parallel_calls=2).prefetch(1),
            numbers.map(f).prefetch(1).map(f).prefetch(1),
        ):
            elements = iter(dataset)
            next(elements)
            cycle: list[object] = [elements]
            cycle.append(cycle)
            del elements, cycle
        end = time.monotonic() + 20
        while set(threading.enumerate()) - before and time.monotonic() < end:
            time.sleep(0.01)
    finally:
        gc.enable()
    assert not set(threading.enumerate()) - before
