"""The heap of texts is walked before the library does, which a damaged one would keep going."""

from __future__ import annotations

import io
import struct

import h5py
import pytest

from kerasish import budget
from kerasish.errors import FileFormatError, LimitError
from kerasish.saving.files.h5_heap import Heaps
from kerasish.saving.files.safe_h5 import open_h5


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


@pytest.mark.parametrize("libver", ["earliest", "latest"])
def test_a_reference_longer_than_any_text_is_found_out(tmp_path, libver):
    """The library allocates what a reference says before it looks at the text."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w", libver=libver) as file:
        file.create_group("g").attrs["names"] = ["ab", "cdef", ""]
    data = bytearray(buffer.getvalue())
    with open_h5(bytes(data), "f") as root:
        group = root.group("g")
        assert group.attr_texts("names") == ["ab", "cdef", ""]
        assert Heaps(bytes(data), "f").text_bytes(group.address()[1], "names", 3) == 6
    heap = struct.pack("<Q", data.index(b"GCOL"))
    at = data.index(struct.pack("<I", 4) + heap)
    data[at + 3] = 0x41
    with (
        open_h5(bytes(data), "f") as root,
        pytest.raises(FileFormatError, match=r"a text of|checksum"),
    ):
        root.group("g").attr_texts("names")


def test_heaps_that_overlap_are_work():
    """Heaps in heaps, each walked to the end: many small objects from many starts."""
    count = 4000
    size = 16 + 16 * count
    head = struct.pack("<4sB3xQ", b"GCOL", 1, size)
    objects = b"".join(struct.pack("<HH4xQ", 1, 0, 0) for _ in range(count))
    data = bytes(image()) + head + objects
    with budget.opened("f") as account:
        account.allow("work", count // 32 + 1)
        assert Heaps(data, "f").largest == 0
        account.allow("work", count // 32 - 1)
        with pytest.raises(LimitError, match="a heap of texts"):
            Heaps(data, "f")
