"""Keys: fixed for ints, moving for generators, eagerly and in traces alike."""

from __future__ import annotations

import sys
import threading

import numpy as np
import pytest

from kerasish import random
from kerasish.errors import ArgumentError
from kerasish.graph import interpret
from kerasish.graph.trace import trace
from kerasish.random import SeedGenerator, draw_key


def test_state_moves_with_each_draw():
    generator = SeedGenerator(9)
    keys = [generator.next().numpy().tolist() for _ in range(3)]
    assert keys == [[9, 0], [9, 1], [9, 2]]
    assert generator.state.numpy().tolist() == [9, 3]


def test_a_draw_in_a_trace_moves_the_state_as_an_output():
    generator = SeedGenerator(4)
    graph, _ = trace(lambda: (generator.next(), generator.next()), [])
    assert generator.state.numpy().tolist() == [4, 0]
    assert [variable for variable, _ in graph.updates] == [generator.state]
    first, second, after = interpret.run_graph(graph, [])
    assert first.numpy().tolist() == [4, 0]
    assert second.numpy().tolist() == [4, 1]
    assert after.numpy().tolist() == [4, 2]


def test_an_int_gives_the_same_draw_each_time_and_a_generator_does_not():
    np.testing.assert_array_equal(
        random.normal((3,), seed=1).numpy(), random.normal((3,), seed=1).numpy()
    )
    generator = SeedGenerator(1)
    first = random.normal((3,), seed=generator).numpy()
    np.testing.assert_array_equal(first, random.normal((3,), seed=1).numpy())
    assert not np.array_equal(first, random.normal((3,), seed=generator).numpy())


def test_set_random_seed_fixes_the_global_stream():
    random.set_random_seed(5)
    first = random.uniform((4,)).numpy(), np.random.random(), SeedGenerator().seed
    random.set_random_seed(5)
    again = random.uniform((4,)).numpy(), np.random.random(), SeedGenerator().seed
    np.testing.assert_array_equal(first[0], again[0])
    assert first[1:] == again[1:]
    assert not np.array_equal(first[0], random.uniform((4,)).numpy())


def test_config_round_trip():
    made = SeedGenerator.from_config(SeedGenerator(12).get_config())
    assert made.next().numpy().tolist() == [12, 0]


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, "a", True])
def test_bad_seeds_are_refused(seed):
    with pytest.raises(ArgumentError, match="seed"):
        SeedGenerator(seed)


def test_draw_key_refuses_what_is_no_seed():
    with pytest.raises(ArgumentError, match="SeedGenerator"):
        draw_key("a")


def test_threads_never_take_the_same_key():
    generator = SeedGenerator(1)
    taken: list[int] = []

    def take() -> None:
        taken.extend(int(generator.next().numpy()[1]) for _ in range(300))

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=take) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert sorted(taken) == list(range(1200))
