from __future__ import annotations

import h5py
import numpy as np
import pytest

from kerasish.data import BlockSource
from kerasish.data.blocks import Rows
from kerasish.errors import DataError


@pytest.fixture
def small_blocks(monkeypatch):
    """Blocks of about 16 rows and windows of about 4 blocks for rows of 8 bytes."""
    monkeypatch.setattr("kerasish.data.blocks.BLOCK_BYTES", 128)
    return 512


@pytest.fixture
def file(tmp_path):
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file["x"] = np.arange(203, dtype="float32")[:, None]
        file.create_dataset("chunked", data=np.arange(203, dtype="int32"), chunks=(10,))
        file["text"] = ["a"] * 203
        file["one"] = 3.0
        yield file


def source_of(file, buffer_bytes, **options) -> BlockSource:
    return BlockSource(
        file["x"], file["chunked"], batch_size=12, buffer_bytes=buffer_bytes, **options
    )


def values(batches) -> list[int]:
    return [int(value) for batch in batches for value in batch.x[:, 0]]


def test_in_order(file, small_blocks):
    source = source_of(file, small_blocks)
    batches = list(source.batches())
    assert values(batches) == list(range(203))
    assert [batch.rows for batch in batches] == [12] * 16 + [11]
    assert (source.num_batches, source.num_samples) == (17, 203)


def test_shuffled_once_each_with_full_batches_and_targets_alongside(file, small_blocks):
    batches = list(
        source_of(file, small_blocks).batches(shuffle=True, rng=np.random.default_rng(0))
    )
    found = values(batches)
    assert sorted(found) == list(range(203)) != found
    assert [batch.rows for batch in batches] == [12] * 16 + [11]
    assert all((batch.x[:, 0] == batch.y).all() for batch in batches)


def test_well_mixed(file, small_blocks):
    found = values(
        source_of(file, small_blocks).batches(shuffle=True, rng=np.random.default_rng(0))
    )
    correlation = np.corrcoef(found, np.arange(203))[0, 1]
    neighbours = np.mean(np.abs(np.diff(found)) == 1)
    assert abs(correlation) < 0.5
    assert neighbours < 0.1


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("start", [0, 1, 5, 16, 17])
def test_resumes_at_any_batch(file, small_blocks, shuffle, start):
    def run(first):
        rng = np.random.default_rng(3)
        return values(source_of(file, small_blocks).batches(shuffle=shuffle, rng=rng, start=first))

    assert run(start) == run(0)[start * 12 :]


def test_passes_differ(file, small_blocks):
    source, rng = source_of(file, small_blocks), np.random.default_rng(0)
    assert values(source.batches(shuffle=True, rng=rng)) != values(
        source.batches(shuffle=True, rng=rng)
    )


class Counting:
    """An array on disk that notes what is read."""

    chunks = None

    def __init__(self, rows: int) -> None:
        self.array = np.arange(rows, dtype="float64")[:, None]
        self.shape, self.dtype = self.array.shape, self.array.dtype
        self.reads: list[tuple[int, int]] = []

    def __getitem__(self, rows: slice) -> np.ndarray:
        self.reads.append((rows.start, rows.stop))
        return self.array[rows]


def test_reads_stay_within_the_buffer_and_go_forward(small_blocks):
    array = Counting(1000)
    source = BlockSource(array, batch_size=8, buffer_bytes=small_blocks)
    batches = source.batches(shuffle=True, rng=np.random.default_rng(0))
    next(batches)
    rows = sum(stop - start for start, stop in array.reads)
    assert rows * 4 <= small_blocks  # float64 on disk, float32 in the buffer
    assert array.reads == sorted(array.reads)
    assert len(list(batches)) == 124
    assert sum(stop - start for start, stop in array.reads) == 1000


def test_skipped_windows_are_not_read(small_blocks):
    array = Counting(1000)
    source = BlockSource(array, batch_size=8, buffer_bytes=small_blocks)
    list(source.batches(shuffle=True, rng=np.random.default_rng(0), start=120))
    assert sum(stop - start for start, stop in array.reads) <= 2 * small_blocks // 4


def test_floats_and_weights_become_floatx(file):
    source = BlockSource(Counting(9), np.arange(9), np.arange(9), batch_size=3)
    batch = source.first_batch()
    assert [leaf.dtype.name for leaf in batch.leaves] == ["float32", "int64", "float32"]


def test_class_weight():
    x = Counting(4)
    weighted = BlockSource(x, np.array([0, 1, 0, 1]), batch_size=4, class_weight={1: 2.0})
    np.testing.assert_array_equal(weighted.first_batch().sample_weight, [1, 2, 1, 2])


@pytest.mark.parametrize(("name", "message"), [("text", "numbers"), ("one", "first dimension")])
def test_datasets_that_are_no_samples(file, name, message):
    with pytest.raises(DataError, match=message):
        BlockSource(file[name])


def test_rows_view(file):
    view = Rows(file["x"], 100, 110)
    assert view.shape == (10, 1)
    np.testing.assert_array_equal(view[2:4][:, 0], [102, 103])
    np.testing.assert_array_equal(view[8:99][:, 0], [108, 109])
