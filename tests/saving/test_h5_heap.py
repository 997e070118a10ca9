"""The heap of texts is walked before the library does, which a damaged one would keep going."""

from __future__ import annotations

import io
import struct

import h5py
import pytest

from kerasish.errors import FileFormatError
from kerasish.saving.h5_heap import Heaps
from kerasish.saving.safe_h5 import open_h5


def image(*texts):
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for i, text in enumerate(texts):
            file.attrs[f"a{i}"] = text
    return bytearray(buffer.getvalue())


def test_the_longest_text(tmp_path):
    data = image("x" * 10, "y" * 9000, "z")
    assert Heaps(bytes(data), "f").largest == 9000
    path = tmp_path / "f.h5"
    path.write_bytes(data)
    assert Heaps(path, "f").largest == 9000
    assert Heaps(bytes(image()), "f").largest == 0


@pytest.mark.parametrize("length", [0, 15, 2**63, 2**64 - 1])
def test_an_object_of_impossible_size(length):
    data = image("x" * 10)
    start = data.index(b"GCOL")
    at = start + 16  # the first object
    struct.pack_into("<H4xxQ", data, at, 0, length)
    for read in (lambda: Heaps(bytes(data), "f").largest, lambda: attribute(data)):
        with pytest.raises(FileFormatError, match="heap"):
            read()


def attribute(data):
    with open_h5(bytes(data), "f") as root:
        return root.attr_text("a0")


@pytest.mark.parametrize("size", [0, 16, 2**40])
def test_a_heap_of_impossible_size(size):
    data = image("x" * 10)
    struct.pack_into("<Q", data, data.index(b"GCOL") + 8, size)
    with pytest.raises(FileFormatError, match="heap"):
        Heaps(bytes(data), "f")


def test_other_widths_of_offsets():
    data = image("x")
    data[13] = 4
    with pytest.raises(FileFormatError, match="widths"):
        Heaps(bytes(data), "f")


def test_one_text_named_a_million_times_is_refused():
    """Each element of a list may point to the same long text: a small file, a huge list."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w", libver="latest") as file:
        file.attrs["a"] = ["x" * 20_000] + ["y"] * 60_000
    data = buffer.getvalue()
    with open_h5(data, "f") as root, pytest.raises(FileFormatError, match="attribute 'a'"):
        root.attr_texts("a")
