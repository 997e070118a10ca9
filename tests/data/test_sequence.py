from __future__ import annotations

import numpy as np
import pytest

from kerasish.data import pad_sequences, timeseries_dataset_from_array
from kerasish.errors import ArgumentError

RAGGED = [[1], [2, 3], [4, 5, 6]]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [[0, 0, 1], [0, 2, 3], [4, 5, 6]]),
        ({"padding": "post", "value": -1}, [[1, -1, -1], [2, 3, -1], [4, 5, 6]]),
        ({"maxlen": 2}, [[0, 1], [2, 3], [5, 6]]),
        ({"maxlen": 2, "truncating": "post"}, [[0, 1], [2, 3], [4, 5]]),
        ({"maxlen": 4, "padding": "post"}, [[1, 0, 0, 0], [2, 3, 0, 0], [4, 5, 6, 0]]),
    ],
)
def test_pad_sequences(options, expected):
    padded = pad_sequences(RAGGED, **options)
    assert padded.dtype == np.int32
    assert padded.tolist() == expected


def test_pad_sequences_of_vectors_and_of_nothing():
    padded = pad_sequences([[], [[1, 2]], [[3, 4], [5, 6]]], dtype="float32")
    assert padded.tolist() == [[[0, 0], [0, 0]], [[0, 0], [1, 2]], [[3, 4], [5, 6]]]
    assert pad_sequences([]).shape == (0, 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1, 2],), r"sequences\[0\]"),
        (([[1], [[2, 3]]],), "one shape"),
        ((RAGGED, None, "int32", "middle"), "padding"),
    ],
)
def test_pad_sequences_errors(arguments, message):
    with pytest.raises(ArgumentError, match=message):
        pad_sequences(*arguments)


def windows(dataset) -> list:
    return [batch.tolist() for batch in dataset]


def test_windows():
    # Keras's own worked example: 3 steps at a rate of 2, every 3rd start.
    dataset = timeseries_dataset_from_array(np.arange(12), None, 3, 3, 2, batch_size=2)
    assert windows(dataset) == [[[0, 2, 4], [3, 5, 7]], [[6, 8, 10]]]


def test_targets_belong_to_the_first_sample_of_a_window():
    data = np.arange(8)
    dataset = timeseries_dataset_from_array(data, data[3:], 3, batch_size=None)
    assert [(x.tolist(), int(y)) for x, y in dataset] == [
        ([i, i + 1, i + 2], i + 3) for i in range(5)
    ]


def test_start_and_end():
    data = np.arange(20)
    dataset = timeseries_dataset_from_array(data, data * 10, 2, start_index=5, end_index=9)
    ((x, y),) = list(dataset)
    assert x.tolist() == [[5, 6], [6, 7], [7, 8]]
    assert y.tolist() == [50, 60, 70]


def test_shuffled_by_seed():
    def order(seed):
        dataset = timeseries_dataset_from_array(np.arange(40), None, 1, shuffle=True, seed=seed)
        return next(iter(dataset))[:, 0].tolist()

    assert order(1) == order(1) != order(2)
    again = timeseries_dataset_from_array(np.arange(40), None, 1, shuffle=True, seed=1)
    assert windows(again) != windows(again)
    assert sorted(order(1)) == list(range(40))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sequence_length": 0}, "sequence_length"),
        ({"sequence_length": 3, "sampling_rate": 0}, "sampling_rate"),
        ({"sequence_length": 9}, "fits into 5"),
        ({"sequence_length": 2, "sequence_stride": 5}, "sequence_stride.*fewer than the 5"),
        ({"sequence_length": 2, "sampling_rate": 5}, "sampling_rate.*fewer than the 5"),
        ({"sequence_length": 1, "start_index": 5}, "start_index"),
        ({"sequence_length": 1, "format": "torch"}, "format"),
    ],
)
def test_window_errors(options, message):
    with pytest.raises(ArgumentError, match=message):
        timeseries_dataset_from_array(np.arange(5), None, **options)


def test_text_is_padded_with_objects_only():
    rows = [["a"], ["b", "c"]]
    with pytest.raises(ArgumentError, match="dtype=object"):
        pad_sequences(rows, value="pad")
    assert pad_sequences(rows, dtype=object, value="pad").tolist() == [["pad", "a"], ["b", "c"]]
