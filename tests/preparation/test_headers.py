"""Headers of files: what the reader of rows gives, without a row."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kerasish.errors import DataError
from kerasish.preparation.headers import header
from kerasish.preparation.sources import read_table
from kerasish.spec import TensorSpec

ROWS = "age, town,note\n41,Ulm,a\n39,Bonn,b\n"


def agrees(source: dict[str, Any], folder: Path) -> None:
    """A header says of columns and rows what reading says, as far as it says anything."""
    held, table = header(source, folder), read_table(source, folder)
    assert held is not None
    assert list(held.columns) == table.names
    assert held.rows in (None, len(table))
    for name, spec in held.columns.items():
        if spec is not None:
            assert spec == table.spec(name)


@pytest.mark.parametrize(
    ("text", "options"),
    [
        (ROWS, {}),
        (ROWS.replace(",", ";"), {"separator": ";"}),
        ("﻿" + ROWS, {}),
        (ROWS, {"header": False}),
        ("41,Ulm\n39,Bonn\n", {"names": ["age", "town"]}),
        (ROWS, {"names": {"years": "age"}}),
        ('"the age","a, b"\n1,2\n', {}),
        ("'the age','a, b'\n1,2\n", {"quote": "'"}),
    ],
)
def test_csv(text: str, options: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(text)
    agrees({"csv": "a.csv", **options}, tmp_path)


def test_packed_and_tabs(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "a.csv.gz", "wt") as file:
        file.write(ROWS)
    agrees({"csv": "a.csv.gz"}, tmp_path)
    (tmp_path / "a.tsv").write_text(ROWS.replace(",", "\t"))
    agrees({"tsv": "a.tsv"}, tmp_path)


def test_no_row_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"a,b\n\xff\xfe damaged")
    held = header({"csv": "a.csv"}, tmp_path)
    assert held is not None
    assert list(held.columns) == ["a", "b"]


def test_arrays(tmp_path: Path) -> None:
    x, y = np.zeros((5, 8, 8), np.uint8), np.arange(5)
    np.savez(tmp_path / "a.npz", x=x, y=y)
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "y.npy", y)
    agrees({"npz": "a.npz"}, tmp_path)
    agrees({"npz": ["a.npz", "a.npz"]}, tmp_path)
    agrees({"npy": {"image": "x.npy", "digit": "y.npy"}}, tmp_path)
    agrees({"npy": "x.npy"}, tmp_path)
    held = header({"npz": "a.npz"}, tmp_path)
    assert held is not None
    assert (held.rows, held.columns["x"]) == (5, TensorSpec((8, 8), "uint8"))


def test_ragged_rows(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", values=np.arange(6.0), begins=np.array([0, 2, 6]), y=np.arange(2))
    source = {"npz": "a.npz", "ragged": {"values": "begins"}}
    agrees(source, tmp_path)


def test_parquet(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow", reason="writes a parquet file")
    pq = pytest.importorskip("pyarrow.parquet", reason="writes a parquet file")
    pq.write_table(pa.table({"a": [1, 2, 3], "b": ["x", "y", "z"]}), tmp_path / "a.parquet")
    agrees({"parquet": "a.parquet"}, tmp_path)


def test_formats_that_say_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"a": 1}\n')
    assert header({"jsonl": "a.jsonl"}, tmp_path) is None


@pytest.mark.parametrize("name", ["a.npz", "a.npy", "a.csv.gz", "a.parquet"])
def test_damaged_files(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"no such thing")
    kind = name.split(".")[1]
    if kind == "parquet":
        pytest.importorskip("pyarrow", reason="reads parquet files")
    with pytest.raises(DataError, match=rf"{name}.*a whole {kind} file"):
        header({kind: name}, tmp_path)


def test_absent_files(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"the file 'none\.csv'"):
        header({"csv": "none.csv"}, tmp_path)
