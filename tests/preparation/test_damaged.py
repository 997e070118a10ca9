"""Files that are damaged, or other than they are said to be, are refused in words or read."""

from __future__ import annotations

import gzip
import io
import json
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kerasish.errors import KerasishError
from kerasish.preparation import read_table

ROWS = 'a,b,note\n1,x,"one, two"\n2.5,,three\n,z,vier\n' * 3


def _npz() -> bytes:
    file = io.BytesIO()
    np.savez(file, x=np.arange(6), at=[0, 2, 6], y=[1, 2])
    return file.getvalue()


def _npy() -> bytes:
    file = io.BytesIO()
    np.save(file, np.eye(4))
    return file.getvalue()


def _wav() -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(64))
    return file.getvalue()


def _png() -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.new("RGB", (4, 4)).save(file, "png")
    return file.getvalue()


def _parquet() -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as parquet

    file = io.BytesIO()
    parquet.write_table(pa.table({"a": [1, None], "s": ["x", "y"]}), file)
    return file.getvalue()


def _arrow() -> bytes:
    import pyarrow as pa
    import pyarrow.feather as feather

    file = io.BytesIO()
    feather.write_feather(pa.table({"a": [1, None], "s": ["x", "y"]}), file)
    return file.getvalue()


def _h5() -> bytes:
    import h5py

    file = io.BytesIO()
    with h5py.File(file, "w") as held:
        held["x"] = np.eye(3)
    return file.getvalue()


FILES: dict[str, tuple[dict[str, Any], Callable[[], bytes]]] = {
    "t.csv": ({"csv": "t.csv"}, ROWS.encode),
    "s.csv": ({"csv": "s.csv", "stream": True}, ROWS.encode),
    "t.csv.gz": ({"csv": "t.csv.gz"}, lambda: gzip.compress(ROWS.encode())),
    "t.tsv": ({"tsv": "t.tsv", "header": False}, ROWS.replace(",", "\t").encode),
    "t.jsonl": ({"jsonl": "t.jsonl"}, (json.dumps({"a": 1, "b": [1, 2], "c": "x"}) + "\n").encode),
    "t.parquet": ({"parquet": "t.parquet"}, _parquet),
    "t.arrow": ({"arrow": "t.arrow"}, _arrow),
    "t.npy": ({"npy": "t.npy"}, _npy),
    "t.npz": ({"npz": "t.npz", "ragged": {"x": "at"}}, _npz),
    "t.h5": ({"hdf5": "t.h5"}, _h5),
    "t.idx": ({"idx": "t.idx"}, lambda: b"\0\0\x08\x01\0\0\0\x03abc"),
    "t.txt": ({"text": "t.txt"}, "Zeile\nlíne\n".encode),
    "t.png": ({"images": "t.png"}, _png),
    "t.wav": ({"audio": "t.wav"}, _wav),
}


def read(folder: Path, name: str, content: bytes) -> None:
    """Read a file; an error of this package is fine, any other fails the test."""
    (folder / name).write_bytes(content)
    try:
        table = read_table(FILES[name][0], folder)
        for column in table.names:
            assert len(table.values(column)) == len(table)
        table.where(len(table) - 1, table.names[0])
    except KerasishError:
        pass


@pytest.mark.parametrize("name", FILES)
def test_what_is_whole_is_read(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(FILES[name][1]())
    table = read_table(FILES[name][0], tmp_path)
    assert len(table) >= 1
    assert all(len(table.values(column)) == len(table) for column in table.names)


@pytest.mark.parametrize("name", FILES)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_damaged_files(tmp_path: Path, name: str, data: st.DataObject) -> None:
    content = bytearray(FILES[name][1]())
    kind = data.draw(st.sampled_from(["cut", "change", "put", "swap"]))
    at = data.draw(st.integers(0, len(content) - 1))
    if kind == "cut":
        content = content[:at]
    elif kind == "change":
        content[at] = data.draw(st.integers(0, 255))
    elif kind == "put":
        more = data.draw(st.sampled_from([b"\0", b'"', b"\n", b",", b"\xff\xfe", b"\xef\xbb\xbf"]))
        content[at:at] = more
    else:
        content = bytearray(data.draw(st.sampled_from(list(FILES.values())))[1]())
    read(tmp_path, name, bytes(content))


@pytest.mark.parametrize(
    "text",
    ["", "\n", "a", "a\n", "a,a\n1,2\n", "a\n\0\n", "\ufeffa\n1\n", 'a\n"', "a\n" + "x" * 3_000_000,
     "a;b\n1;2\n", "a\n1\n\n\n2\n", ",\n1,2\n", "a,\n1,2\n"],
)  # fmt: skip
def test_odd_tables(tmp_path: Path, text: str) -> None:
    for name in ("t.csv", "s.csv"):
        read(tmp_path, name, text.encode())
    read(tmp_path, "t.csv", text.encode("utf-16"))
    read(tmp_path, "t.csv", text.encode("latin-1", "replace"))
