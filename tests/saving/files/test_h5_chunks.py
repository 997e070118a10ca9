"""Compressed HDF5 arrays whose chunks hold more than they say, or are more than they hold."""

from __future__ import annotations

import io
import tracemalloc
import zlib

import h5py
import numpy as np
import pytest

from kerasish.errors import FileFormatError, LimitError, UnsafeFileError
from kerasish.saving.files.safe_h5 import open_h5

X = np.arange(12.0, dtype="f4").reshape(4, 3)


def read(build):
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        build(file)
    with open_h5(buffer.getvalue(), "f.h5") as root:
        return root.dataset("x").read()


@pytest.mark.parametrize("chunks", [(4, 3), (2, 2), (1, 1), (3, 2)])
@pytest.mark.parametrize("shuffle", [False, True])
def test_chunks_that_hold_what_they_say_are_read(chunks, shuffle):
    found = read(
        lambda f: f.create_dataset("x", data=X, chunks=chunks, compression="gzip", shuffle=shuffle)
    )
    np.testing.assert_array_equal(found, X)


def test_a_chunk_stored_without_its_filter_is_read():
    def build(file):
        made = file.create_dataset("x", shape=X.shape, dtype="f4", chunks=X.shape, compression=9)
        made.id.write_direct_chunk((0, 0), X.tobytes(), filter_mask=1)

    np.testing.assert_array_equal(read(build), X)


@pytest.mark.parametrize("raw", [b"\0", X.tobytes()[:-1], X.tobytes() + b"\0"])
@pytest.mark.parametrize("packed", [False, True])
def test_a_chunk_of_another_size(raw, packed):
    def build(file):
        made = file.create_dataset("x", shape=X.shape, dtype="f4", chunks=X.shape, compression=9)
        data = zlib.compress(raw) if packed else raw
        made.id.write_direct_chunk((0, 0), data, filter_mask=int(not packed))

    with pytest.raises(FileFormatError, match=r"Expected: 48 bytes|declares 48 bytes"):
        read(build)


def test_a_chunk_that_unpacks_to_more_than_it_says():
    packed = zlib.compress(bytes(2**28), 9)

    def build(file):
        made = file.create_dataset("x", shape=X.shape, dtype="f4", chunks=X.shape, compression=9)
        made.id.write_direct_chunk((0, 0), packed)

    tracemalloc.start()
    with pytest.raises(UnsafeFileError, match="Received: more"):
        read(build)
    assert tracemalloc.get_traced_memory()[1] < 8 * len(packed)
    tracemalloc.stop()


def test_a_chunk_whose_stream_is_damaged():
    def build(file):
        made = file.create_dataset("x", shape=X.shape, dtype="f4", chunks=X.shape, compression=9)
        made.id.write_direct_chunk((0, 0), b"no stream of deflate")

    with pytest.raises(FileFormatError, match="damaged"):
        read(build)


def test_what_is_compressed_twice():
    def build(file):
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_chunk(X.shape)
        plist.set_deflate(9)
        plist.set_deflate(9)
        space, kind = h5py.h5s.create_simple(X.shape), h5py.h5t.IEEE_F32LE
        h5py.Dataset(h5py.h5d.create(file.id, b"x", kind, space, plist))[...] = X

    with pytest.raises(UnsafeFileError, match="more than once"):
        read(build)


def test_chunks_are_counted_before_they_are_read():
    """Of 3 million chunks of one number each, one is in the file."""

    def build(file):
        made = file.create_dataset("x", shape=(3_000_000,), dtype="u1", chunks=(1,), compression=9)
        made.id.write_direct_chunk((0,), bytes(5000), filter_mask=1)

    with pytest.raises(LimitError, match="3,000,000 chunks"):
        read(build)
