"""Functions that are called with elements: what is left out, what they give, where they end."""

import threading

import numpy as np
import pytest

from kerasish.data import Dataset
from kerasish.errors import ArgumentError
from kerasish.spec import TensorSpec


def streamed(count):
    return Dataset.from_generator(lambda: (np.int64(i) for i in range(count)))


def plain(elements):
    return [np.asarray(e).tolist() for e in elements]


def failing(n):
    if n % 2:
        raise ValueError("odd")
    return n


@pytest.mark.parametrize("parallel", [None, 1, 3])
def test_what_was_left_out_is_left_out_of_all_that_follows(parallel):
    kept = Dataset.range(7).map(failing, parallel, errors="skip")
    assert plain(kept.map(lambda n: n * 10, parallel)) == [0, 20, 40, 60]
    assert plain(kept.filter(lambda n: n > 0)) == [2, 4, 6]
    assert plain(kept.take_while(lambda n: n < 5)) == [0, 2, 4]
    assert plain(kept.flat_map(lambda n: Dataset.from_tensors(n).repeat(2))) == [
        0, 0, 2, 2, 4, 4, 6, 6,
    ]  # fmt: skip
    assert kept.skipped == 3
    (reason,) = {kept.node.skipped[index] for index in (1, 3, 5)}
    assert reason.startswith("ValueError: odd")


def test_elements_of_several_datasets_in_turns():
    def three(n):
        return Dataset.range(3).map(lambda i: n * 10 + i)

    rows = Dataset.range(3)
    assert plain(rows.interleave(three, 1, 1)) == [0, 1, 2, 10, 11, 12, 20, 21, 22]
    assert plain(rows.interleave(three, 2, 1)) == [0, 10, 1, 11, 2, 12, 20, 21, 22]
    assert plain(rows.interleave(three, 3, 2)) == [0, 1, 10, 11, 20, 21, 2, 12, 22]
    turns = rows.interleave(three, 2)
    assert turns.cardinality() == -2
    assert turns.element_spec == TensorSpec((), "int64")
    assert turns.node.batched is None
    with pytest.raises(ArgumentError, match=r"interleave.*a Dataset.*int"):
        list(rows.interleave(lambda n: 3, 2))


def test_datasets_made_of_elements_draw_for_themselves():
    made = plain(Dataset.range(2).flat_map(lambda n: Dataset.range(30).shuffle(30)))
    assert sorted(made[:30]) == sorted(made[30:])
    assert made[:30] != made[30:]


def test_how_many_rows_a_batch_has_stays_open():
    batches = Dataset.from_tensor_slices(np.zeros((5, 3), "float32")).batch(2)
    assert batches.map(lambda x: x).element_spec == TensorSpec((None, 3), "float32")
    assert batches.map(lambda x: x.sum(0)).element_spec == TensorSpec((3,), "float32")
    assert batches.map(lambda x: (x[:1], None)).element_spec == (
        TensorSpec((1, 3), "float32"),
        None,
    )
    closed = Dataset.from_tensor_slices(np.zeros((5, 3), "float32")).batch(2, drop_remainder=True)
    assert closed.map(lambda x: x).element_spec == TensorSpec((2, 3), "float32")
    two = batches.map(lambda x: (x, np.zeros(7, "float32")))
    assert two.map(lambda x, y: x).element_spec == TensorSpec((2, 3), "float32")  # which, is open


def test_threads_read_no_further_than_they_must():
    read = []

    def source():
        for n in range(100):
            read.append(n)
            yield n

    elements = iter(Dataset.from_generator(source).map(lambda n: n, num_parallel_calls=2))
    assert [int(next(elements)) for _ in range(3)] == [0, 1, 2]
    assert len(read) <= 3 + 2 * 2 + 1
    elements.close()


def test_who_interrupts_waits_for_no_thread():
    never, begun = threading.Event(), threading.Event()

    def source():
        yield 0
        yield 1
        assert begun.wait(10)
        raise KeyboardInterrupt

    def waits(n):
        begun.set()
        never.wait(20)
        return n

    caught = threading.Event()

    def read():
        try:
            list(Dataset.from_generator(source).map(waits, num_parallel_calls=2))
        except KeyboardInterrupt:
            caught.set()

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        assert caught.wait(10)
    finally:
        never.set()
        reader.join(10)


def test_filtered_lengths_are_open():
    assert Dataset.range(3).filter(lambda n: True).cardinality() == -2
    assert Dataset.range(3).take_while(lambda n: True).cardinality() == -2
    assert plain(streamed(4).map(lambda n: (n, n + 1)).filter(lambda a, b: b == 2)) == [[1, 2]]
