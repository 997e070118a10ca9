"""The safetensors format: round trips, and every rule of it broken once."""

from __future__ import annotations

import json
import struct

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from kerasish import budget
from kerasish.errors import DTypeError, FileFormatError, LimitError
from kerasish.saving.files import safetensors

DTYPES = ["bool", "int8", "uint16", "int32", "uint64", "float16", "float32", "float64", ">f4"]


def built(header, buffer=b"", length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + buffer


def entry(dtype="F32", shape=(1,), offsets=(0, 4)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


@settings(max_examples=50, deadline=None)
@given(
    st.dictionaries(
        st.text(min_size=1, max_size=20).filter(lambda n: n != "__metadata__"),
        st.sampled_from(DTYPES).flatmap(
            lambda d: hnp.arrays(d, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0))
        ),
        max_size=5,
    )
)
def test_round_trip(tmp_path_factory, arrays):
    path = tmp_path_factory.mktemp("st") / "a.safetensors"
    safetensors.write(path, arrays, {"format": "kerasish"})
    found, metadata = safetensors.read(path)
    assert metadata == {"format": "kerasish"}
    assert set(found) == set(arrays)
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype.newbyteorder("=")
        assert found[name].shape == array.shape
        np.testing.assert_array_equal(found[name], array)


def test_bfloat16_keeps_its_bits(tmp_path):
    array = np.array([[1.5, -2.25], [3e38, 0]], ml_dtypes.bfloat16)
    safetensors.write(tmp_path / "a", {"x": array})
    found, _ = safetensors.read(tmp_path / "a")
    assert found["x"].dtype == array.dtype
    np.testing.assert_array_equal(found["x"].view("u2"), array.view("u2"))


def test_a_file_is_the_one_the_format_describes(tmp_path):
    safetensors.write(tmp_path / "a", {"x": np.arange(3, dtype="f4")})
    data = (tmp_path / "a").read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    assert (8 + length) % 8 == 0
    header = json.loads(data[8 : 8 + length])
    assert list(header.pop("__metadata__")) == ["kerasish_sha256"]
    assert header == {"x": entry(shape=(3,), offsets=(0, 12))}
    assert data[8 + length :] == np.arange(3, dtype="<f4").tobytes()


def test_a_header_padded_with_blanks_is_read():
    found, _ = safetensors.read_bytes(
        built(json.dumps({"x": entry()}).encode() + b"   ", b"1234"), "f"
    )
    assert found["x"].shape == (1,)


BROKEN = {
    "empty": b"",
    "short": b"1234567",
    "header longer than the file": built({}, length=1000),
    "header over the limit": built({}, length=100_000_001),
    "header length of 2**64 - 1": built({}, length=2**64 - 1),
    "not an object": built(b"[]"),
    "leading blank": built(b" {}"),
    "not JSON": built(b"{nothing"),
    "not UTF-8": built(b'{"\xff": 1}'),
    "nested too deep": built(b'{"a":' * 100_000),
    "a name twice": built(b'{"x":' + json.dumps(entry()).encode() + b',"x":1}', b"1234"),
    "an entry that is a number": built({"x": 3}),
    "no offsets": built({"x": {"dtype": "F32", "shape": [1]}}),
    "one more key": built({"x": entry() | {"more": 1}}, b"1234"),
    "unknown dtype": built({"x": entry("Q4")}, b"1234"),
    "dtype that is a list": built({"x": entry(["F32"])}, b"1234"),
    "size that is a fraction": built({"x": entry(shape=[1.0])}, b"1234"),
    "size that is true": built({"x": entry(shape=[True])}, b"1234"),
    "negative size": built({"x": entry(shape=(-1, -1))}, b"1234"),
    "offsets the wrong way": built({"x": entry(offsets=(4, 0))}, b"1234"),
    "offset beyond the file": built({"x": entry(offsets=(0, 4))}, b"12"),
    "shape and size differ": built({"x": entry(shape=(2,))}, b"1234"),
    "product over 64 bits": built({"x": entry(shape=(2**32, 2**32, 2**32))}, b"1234"),
    "a hole": built({"x": entry(offsets=(0, 4)), "y": entry(offsets=(8, 12))}, bytes(12)),
    "a hole at the start": built({"x": entry(offsets=(4, 8))}, bytes(8)),
    "an overlap": built({"x": entry(offsets=(0, 4)), "y": entry(offsets=(2, 6))}, bytes(6)),
    "bytes after the last tensor": built({"x": entry()}, b"12345"),
    "metadata that is no text": built({"__metadata__": {"a": 1}}),
    "metadata that is a list": built({"__metadata__": []}),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_files(name):
    with pytest.raises(FileFormatError, match=r"f\.safetensors"):
        safetensors.read_bytes(BROKEN[name], "f.safetensors")


def test_a_missing_file(tmp_path):
    with pytest.raises(FileFormatError, match="absent"):
        safetensors.read(tmp_path / "absent")


def test_what_cannot_be_stored(tmp_path):
    with pytest.raises(DTypeError):
        safetensors.write(tmp_path / "a", {"x": np.array(["text"])})


@pytest.mark.parametrize("shape", [(0, 2**62), (2**62, 0, 5), (2**40, 0, 2**40)])
def test_empty_tensors_of_impossible_shapes(shape):
    with pytest.raises(FileFormatError, match="an array can have"):
        safetensors.read_bytes(built({"a": entry(shape=shape, offsets=(0, 0))}), "f")


def test_a_header_of_many_lists_is_limited():
    header = b'{"a": [' + b",".join([b"[]"] * 100) + b"]}"
    with budget.opened("f") as account:
        account.allow("objects", 101)
        with pytest.raises(LimitError, match="the header"):
            safetensors.read_bytes(built(header), "f")
