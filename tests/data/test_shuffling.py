"""Shuffled datasets: orders, seeds, and what a buffer may give."""

import numpy as np
import pytest

import kerasish as keras
from tests.data.test_dataset import blocks, flat, numbers, streamed


def test_a_shuffled_pass_is_another_one_every_time():
    shuffled = numbers(50).shuffle(50, seed=1)
    first, second = flat(shuffled), flat(shuffled)
    assert sorted(first) == sorted(second) == list(range(50))
    assert first != second != list(range(50))
    again = numbers(50).shuffle(50, seed=1)
    assert (flat(again), flat(again)) == (first, second)
    same = numbers(50).shuffle(50, seed=1, reshuffle_each_iteration=False)
    assert flat(same) == flat(same)


def test_without_a_seed_the_order_follows_the_programs():
    def order(seed):
        keras.utils.set_random_seed(seed)
        return flat(numbers(50).shuffle(50))

    assert order(1) == order(1) != order(2)


@pytest.mark.parametrize("size", [1, 3, 9, 10, 30])
def test_a_buffer_gives_no_element_before_it_could_have_read_it(size):
    order = flat(numbers(10).shuffle(size, seed=4))
    assert sorted(order) == list(range(10))
    assert all(element < place + size for place, element in enumerate(order))
    assert (
        order == flat(streamed(10).shuffle(size, seed=4)) == flat(blocks(10).shuffle(size, seed=4))
    )
    if size == 1:
        assert order == list(range(10))


def test_every_draw_of_a_buffer_is_as_likely():
    firsts = [flat(numbers(20).shuffle(4, seed=seed).take(1))[0] for seed in range(2000)]
    counts = np.bincount(firsts, minlength=4)
    assert len(counts) == 4
    assert abs(counts - 500).max() < 5 * np.sqrt(500 * 0.75)
