"""Every format as a table, its options, and what is told of files that are wrong."""

from __future__ import annotations

import gzip
import hashlib
import json
import struct
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kerasish.errors import ArgumentError, DataError
from kerasish.preparation import FORMATS, Columns, Table, read_table
from kerasish.preparation.formats import KINDS

PEOPLE = "age, city ,note\n20,Ulm, ?\n30, Bath ,b\n,Ulm,c\n"


def write(folder: Path, name: str, text: str | bytes) -> None:
    raw = text.encode() if isinstance(text, str) else text
    (folder / name).write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)


def held(table: Table) -> dict[str, list[Any]]:
    return {name: table.values(name).tolist() for name in table.names}


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz"])
def test_csv_fields_are_stripped_and_gaps_kept(tmp_path: Path, name: str) -> None:
    write(tmp_path, name, PEOPLE)
    table = read_table({"csv": name, "missing": "?"}, tmp_path)
    assert held(table)["city"] == ["Ulm", "Bath", "Ulm"]
    assert held(table)["note"] == ["", "b", "c"]
    np.testing.assert_array_equal(table.values("age"), [20, 30, np.nan])
    assert table.where(2, "age") == f"{name}, line 4, column 'age'"


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        ("1,x\n2,y\n", {"names": ["a", "b"]}, {"a": [1, 2], "b": ["x", "y"]}),
        ("1,x\n2,y\n", {"header": False}, {"column_1": [1, 2], "column_2": ["x", "y"]}),
        ("a;b\n1;x\n", {"separator": ";"}, {"a": [1], "b": ["x"]}),
        (
            "a;b;c\n1,5;7;1,5\n-1.234,25;8;x\n",
            {"separator": ";", "decimal": ","},
            {"a": [1.5, -1234.25], "b": [7, 8], "c": ["1,5", "x"]},
        ),
        ("a,b\n1,'x,y'\n", {"quote": "'"}, {"a": [1], "b": ["x,y"]}),
        ('a,b\n1,"x\n', {"quote": False}, {"a": [1], "b": ['"x']}),
        ("a,b\n1,x\n", {"names": {"new": "a"}}, {"new": [1], "b": ["x"]}),
        ("a\n01\n", {"types": {"a": "text"}}, {"a": ["01"]}),
        ("a\n1\n", {"types": {"a": "float"}}, {"a": [1.0]}),
        ("a\ntrue\nFALSE\n", {}, {"a": [True, False]}),
        ("\ufeffa\n1\n", {}, {"a": [1]}),
        ("a\nNA\nx\n", {}, {"a": ["NA", "x"]}),
        ('a,b\n"1\n2",3\n', {}, {"a": ["1\n2"], "b": [3]}),
    ],
)
def test_options_of_csv(
    tmp_path: Path, text: str, options: dict[str, Any], expected: dict[str, Any]
) -> None:
    write(tmp_path, "t.csv", text)
    assert held(read_table({"csv": "t.csv", **options}, tmp_path)) == expected


def test_quotes_that_swallow_lines_are_told(tmp_path: Path) -> None:
    """In a file with tabs a text may begin with a quote that never ends."""
    rows = ["kind\ttext", 'a\t"so he said', "b\tplain", 'c\tends" here', "d\tlast"]
    write(tmp_path, "t.tsv", "\n".join(rows) + "\n")
    table = read_table({"tsv": "t.tsv"}, tmp_path)
    assert len(table) < 4
    assert any("2 lines were read as part" in note for note in table.notes), table.notes
    whole = read_table({"tsv": "t.tsv", "quote": False}, tmp_path)
    assert (len(whole), whole.notes) == (4, ())


def test_tsv_and_several_files(tmp_path: Path) -> None:
    write(tmp_path, "part-1.tsv", "a\tb\n1\tx\n")
    write(tmp_path, "part-2.tsv", "a\tb\n2.5\ty\n")
    expected = {"a": [1.0, 2.5], "b": ["x", "y"]}
    pattern = read_table({"tsv": "part-*.tsv"}, tmp_path)
    assert held(pattern) == expected
    assert held(read_table({"tsv": ["part-1.tsv", "part-2.tsv"]}, tmp_path)) == expected
    assert pattern.where(1) == "part-2.tsv, line 2"


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("a\n1\n2\n3\nnone of it\n", "a: read as text, since of 4 values 1 are no numbers"),
        ("a\n2016-07-01\n2016-07-02\n", "a: texts that look like dates"),
        ("a\n0123\n", "a: read as numbers, though some begin with 0"),
        ('a\n"1,5"\n', 'a: read as text; decimal: ","'),
        ('a\n"1,500"\n', "a: read as text; numbers are written without commas"),
        ("1,2\n3,4\n", "t.csv: the first line is read as the names of the columns"),
    ],
)
def test_doubtful_guesses_are_told(tmp_path: Path, text: str, note: str) -> None:
    write(tmp_path, "t.csv", text)
    notes = read_table({"csv": "t.csv"}, tmp_path).notes
    assert [one[: len(note)] for one in notes] == [note]
    table = read_table({"csv": "t.csv"}, tmp_path)
    again = read_table({"csv": "t.csv"}, tmp_path, like=table)
    assert not again.notes or table.spec(table.names[0]).dtype == "int64"


def test_a_second_file_has_the_types_of_the_first(tmp_path: Path) -> None:
    write(tmp_path, "train.csv", "a,b\n1.5,x\n2,y\n")
    write(tmp_path, "test.csv", "b,a,c\n7,1,8\n")
    train = read_table({"csv": "train.csv"}, tmp_path)
    test = read_table({"csv": "test.csv"}, tmp_path, like=train)
    assert held(test) == {"b": ["7"], "a": [1.0], "c": [8]}
    assert test.spec("a") == train.spec("a")


def test_whole_numbers_may_be_fractions_elsewhere(tmp_path: Path) -> None:
    write(tmp_path, "train.csv", "a\n1\n")
    write(tmp_path, "test.csv", "a\n1\n2.5\n")
    train = read_table({"csv": "train.csv"}, tmp_path)
    found = read_table({"csv": "test.csv"}, tmp_path, like=train)
    assert found.values("a").tolist() == [1, 2.5]
    write(tmp_path, "test.csv", "a\n1\nx\n")
    with pytest.raises(DataError, match=r"line 3, column 'a'.*'x'"):
        read_table({"csv": "test.csv"}, tmp_path, like=train)


def test_parquet_arrow_and_json_lines(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.feather as feather
    import pyarrow.parquet as parquet

    rows = {"n": [1, None, 3], "s": ["x", None, "z"], "l": [[1, 2], [3, 4], [5, 6]]}
    table = pa.table(rows | {"d": pa.array([0, 1, 2], pa.date32())})
    parquet.write_table(table, tmp_path / "t.parquet")
    feather.write_feather(table, tmp_path / "t.arrow")
    lines = [dict(zip(rows, row, strict=True)) for row in zip(*rows.values(), strict=True)]
    write(tmp_path, "t.jsonl.gz", "\n\n".join(json.dumps(line) for line in lines))
    for source in ({"parquet": "t.parquet"}, {"arrow": "t.arrow"}, {"jsonl": "t.jsonl.gz"}):
        found = read_table(source, tmp_path)
        np.testing.assert_array_equal(found.values("n"), [1, np.nan, 3])
        assert found.values("s").tolist() == ["x", "", "z"]
        assert found.values("l").tolist() == rows["l"]
        if "jsonl" not in source:
            assert found.values("d").tolist() == ["1970-01-01", "1970-01-02", "1970-01-03"]
    assert found.where(1, "n") == "t.jsonl.gz, line 3, column 'n'"


def test_a_value_of_json_lines_that_is_no_number_has_its_row(tmp_path: Path) -> None:
    lines = ['{"a": 1.5}', '{"a": 2}', '{"a": "NA"}']
    (tmp_path / "a.jsonl").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(DataError, match=r"row 2, column 'a'.*a number.*'NA'"):
        read_table({"jsonl": "a.jsonl", "types": {"a": "float"}}, tmp_path)


def test_json_of_other_forms(tmp_path: Path) -> None:
    write(tmp_path, "t.jsonl", '{"a": {"b": 1}, "r": [1]}\n{"a": {"b": 2.5}, "r": [1, 2]}\n')
    table = read_table({"jsonl": "t.jsonl"}, tmp_path)
    assert table.values("a.b").tolist() == [1, 2.5]
    assert table.spec("r").shape == (None,)
    write(tmp_path, "w.jsonl", '{"a": 1}\n[1]\n')
    with pytest.raises(DataError, match=r"w.jsonl', line 2.*JSON object"):
        read_table({"jsonl": "w.jsonl"}, tmp_path)


def test_lists_hold_what_all_rows_need(tmp_path: Path) -> None:
    """The first row alone does not say what the others are: 0.5 is no whole number."""
    rows = ['{"v": [], "w": [], "g": [1, null]}', '{"v": [1, 2], "w": ["a"], "g": []}',
            '{"v": [0.5], "w": ["b", "c"], "g": [2]}']  # fmt: skip
    write(tmp_path, "t.jsonl", "\n".join(rows) + "\n")
    table = read_table({"jsonl": "t.jsonl"}, tmp_path)
    dtypes = {name: table.spec(name).dtype for name in "vwg"}
    assert dtypes == {"v": "float64", "w": "string", "g": "float64"}
    assert table.spec("w").shape == (None,)
    columns = Columns(table)
    read = {"v": columns.padded("v", 2), "w": columns.padded("w", 2, value="-")}
    found = columns.run(read, table)
    assert found["v"].tolist() == [[0, 0], [1, 2], [0.5, 0]]
    assert found["w"].tolist() == [["-", "-"], ["a", "-"], ["b", "c"]]
    assert np.isnan(table.values("g")[0][1])
    assert columns.classes("w") == ["a", "b", "c"]
    write(tmp_path, "u.jsonl", '{"v": [[1, 2], [3]]}\n')
    with pytest.raises(DataError, match=r"column 'v'.*a list of numbers.*\[\[1, 2\], \[3\]\]"):
        read_table({"jsonl": "u.jsonl"}, tmp_path)
    later = read_table({"jsonl": "t.jsonl"}, tmp_path, like=table)
    assert later.spec("w") == table.spec("w")


def test_arrays(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.eye(3))
    np.save(tmp_path / "y.npy", np.arange(3))
    np.savez(tmp_path / "a.npz", v=np.arange(6), at=[0, 1, 3, 6], test=[True, False, True], one=5)
    apart = read_table({"npy": {"x": "x.npy", "y": "y.npy"}}, tmp_path)
    assert (apart.names, apart.spec("x").shape) == (["x", "y"], (3,))
    beside = read_table([{"npy": "x.npy"}, {"npy": {"label": "y.npy"}}], tmp_path)
    assert beside.names == ["x", "label"]
    found = read_table({"npz": "a.npz", "ragged": {"v": "at"}}, tmp_path)
    assert [row.tolist() for row in found.values("v")] == [[0], [1, 2], [3, 4, 5]]
    assert found.values("test").tolist() == [True, False, True]
    assert found.notes == ("a.npz: one left out, a single value where there are 3 rows",)


def test_arrays_of_two_lengths_are_chosen_by_name(tmp_path: Path) -> None:
    np.savez(tmp_path / "k.npz", x_train=np.eye(3), y_train=np.arange(3), x_test=np.eye(2, 3),
             y_test=np.arange(2))  # fmt: skip
    with pytest.raises(DataError, match="names: "):
        read_table({"npz": "k.npz"}, tmp_path)
    table = read_table({"npz": "k.npz", "names": {"x": "x_test", "y": "y_test"}}, tmp_path)
    assert (table.names, len(table)) == (["x", "y"], 2)


def test_hdf5_and_idx(tmp_path: Path) -> None:
    import h5py

    with h5py.File(tmp_path / "m.h5", "w") as file:
        file["x"] = np.eye(2)
        file["inner/y"] = np.arange(2)
    assert set(read_table({"hdf5": "m.h5"}, tmp_path).names) == {"x", "inner/y"}
    head = b"\0\0\x08\x02" + struct.pack(">2I", 2, 3)
    write(tmp_path, "i.gz", head + bytes(range(6)))
    write(tmp_path, "l", b"\0\0\x0c\x01" + struct.pack(">I2i", 2, -1, 7))
    table = read_table({"idx": {"image": "i.gz", "label": "l"}}, tmp_path)
    assert held(table) == {"image": [[0, 1, 2], [3, 4, 5]], "label": [-1, 7]}


@pytest.mark.parametrize(
    ("by", "expected"),
    [("line", ["ab", "", "c"]), ("character", list("ab\n\nc\n")), ("file", ["ab\n\nc\n"])],
)
def test_text(tmp_path: Path, by: str, expected: list[str]) -> None:
    write(tmp_path, "t.txt.gz", "ab\r\n\r\nc\n")
    table = read_table({"text": "t.txt.gz", "by": by}, tmp_path)
    assert table.values("text").tolist() == expected


def pictures(folder: Path, sizes: dict[str, tuple[int, int]]) -> None:
    from PIL import Image

    for place, (name, size) in enumerate(sizes.items()):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", size, (place, 0, 0)).save(folder / name)


def test_folders_of_images(tmp_path: Path) -> None:
    pictures(tmp_path / "p", {"cat/a.png": (3, 2), "cat/b.png": (3, 2), "dog/c.png": (3, 2)})
    table = read_table({"images": "p"}, tmp_path)
    assert table.names == ["image", "label", "path"]
    assert table.values("label").tolist() == ["cat", "cat", "dog"]
    assert table.spec("image").shape == (2, 3, 3)
    assert table.values("image")[:, 0, 0, 0].tolist() == [0, 1, 2]
    assert not table.at_hand(["image"])
    grey = read_table({"images": "p", "size": [4, 5], "color": "grayscale"}, tmp_path)
    assert grey.values("image").shape == (3, 4, 5, 1)
    flat = read_table({"images": "p/cat"}, tmp_path)
    assert flat.names == ["image", "path"]
    pictures(tmp_path / "q", {"a.png": (3, 2), "b.png": (2, 2)})
    with pytest.raises(DataError, match=r"one size.*size: \[height"):
        read_table({"images": "q"}, tmp_path)


def test_a_column_of_paths(tmp_path: Path) -> None:
    pictures(tmp_path / "p", {"a.png": (2, 2), "b.png": (2, 2)})
    write(tmp_path, "t.csv", "photo,y\na.png,1\nb.png,2\n")
    source = {"csv": "t.csv", "files": {"photo": {"images": "p"}}}
    table = read_table(source, tmp_path)
    assert table.values("photo").shape == (2, 2, 2, 3)
    write(tmp_path, "t.csv", "photo,y\na.png,1\nc.png,2\n")
    with pytest.raises(DataError, match=r"t.csv, line 3, column 'photo'"):
        read_table(source, tmp_path)


def test_folders_of_sound_and_texts(tmp_path: Path) -> None:
    for place, name in enumerate(["yes", "no"]):
        (tmp_path / "w" / name).mkdir(parents=True)
        with wave.open(str(tmp_path / "w" / name / "1.wav"), "wb") as file:
            file.setparams((1, 2, 8000, 0, "NONE", ""))
            file.writeframes(np.full(10 + place, 16384, "<i2").tobytes())
        (tmp_path / "t" / name).mkdir(parents=True)
        (tmp_path / "t" / name / "1.txt").write_text(name, encoding="utf-8")
    sound = read_table({"audio": "w"}, tmp_path)
    assert sound.spec("audio").shape == (None, 1)
    assert [len(one) for one in sound.values("audio")] == [11, 10]
    one = read_table({"audio": "w", "length": 4, "rate": 8000}, tmp_path)
    np.testing.assert_array_equal(one.values("audio"), np.full((2, 4, 1), 0.5))
    texts = read_table({"texts": "t"}, tmp_path)
    assert held(texts)["text"] == held(texts)["label"] == ["no", "yes"]


def test_files_are_found_beside_the_config_then_with_the_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    write(tmp_path / "data", "t.csv", "a\n1\n")
    monkeypatch.setenv("KERASISH_DATA", str(tmp_path / "data"))
    assert held(read_table({"csv": "t.csv"}, tmp_path)) == {"a": [1]}
    write(tmp_path, "t.csv", "a\n2\n")
    assert held(read_table({"csv": "t.csv"}, tmp_path)) == {"a": [2]}
    with pytest.raises(DataError, match=r"the file 'u.csv'"):
        read_table({"csv": "u.csv"}, tmp_path)


def test_hashes(tmp_path: Path) -> None:
    write(tmp_path, "t.csv", "a\n1\n")
    known = hashlib.sha256(b"a\n1\n").hexdigest()
    table = read_table({"csv": "t.csv", "sha256": known}, tmp_path)
    assert table.files == {str(tmp_path / "t.csv"): known}
    with pytest.raises(DataError, match="sha256 0"):
        read_table({"csv": "t.csv", "sha256": "0" * 64}, tmp_path)
    with pytest.raises(ArgumentError, match="one for each of 1 files"):
        read_table({"csv": "t.csv", "sha256": [known, known]}, tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "an empty one"),
        (b"a,b\n", "a row"),
        (b"a,b\n1\n", "line 2.*2 values"),
        (b"a,a\n1,2\n", "different names"),
        (b"a\n\xff\n", "UTF-8"),
        (b'a,b\n"x,1\n2,3\n', "csv file|2 values"),
    ],
)
def test_wrong_tables_are_told(tmp_path: Path, content: bytes, message: str) -> None:
    write(tmp_path, "t.csv", content)
    with pytest.raises(DataError, match=message):
        read_table({"csv": "t.csv"}, tmp_path)


def test_a_torn_archive_is_told(tmp_path: Path) -> None:
    raw = gzip.compress(b"a,b\n" + b"".join(b"%d,x\n" % n for n in range(9999)))
    (tmp_path / "t.csv.gz").write_bytes(raw[: len(raw) // 2])
    with pytest.raises(DataError, match="csv file"):
        read_table({"csv": "t.csv.gz"}, tmp_path)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"cvs": "t.csv"}, "csv"),
        ({"csv": "t.csv", "seperator": ";"}, "separator"),
        ({"csv": "t.csv", "separator": ";;"}, "one character"),
        ({"csv": "t.csv", "types": {"a": "flaot"}}, "int, float, bool or text"),
        ({"images": "p", "size": 3}, r"\[height, width\]"),
    ],
)
def test_wrong_sources_are_told(tmp_path: Path, source: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        read_table(source, tmp_path)


def test_a_type_that_does_not_fit_names_the_line(tmp_path: Path) -> None:
    write(tmp_path, "t.csv", "a\n1\nx\n")
    with pytest.raises(DataError, match=r"line 3, column 'a'.*'x'"):
        read_table({"csv": "t.csv", "types": {"a": "int"}}, tmp_path)


def test_formats_are_declared_whole() -> None:
    for name, made in FORMATS.items():
        assert made.text.endswith("."), name
        assert made.files, name
        assert all(option.kind in KINDS and option.text for option in made.keys.values()), name


def test_types_go_by_the_new_names_or_those_of_the_file(tmp_path: Path) -> None:
    write(tmp_path, "t.csv", "a\n01\n02\n")
    np.savez(tmp_path / "t.npz", a=np.arange(3))
    np.save(tmp_path / "a.npy", np.arange(3))
    for name in ("a", "new"):
        found = read_table(
            {"csv": "t.csv", "names": {"new": "a"}, "types": {name: "text"}}, tmp_path
        )
        assert found.values("new").tolist() == ["01", "02"]
        found = read_table(
            {"npz": "t.npz", "names": {"new": "a"}, "types": {name: "float32"}}, tmp_path
        )
        assert found.spec("new").dtype == "float32"
    found = read_table({"npy": {"x": "a.npy"}, "types": {"x": "text"}}, tmp_path)
    assert found.values("x").tolist() == ["0", "1", "2"]
    for source in ({"npz": "t.npz"}, {"npy": {"x": "a.npy"}}):
        with pytest.raises(DataError, match="a column 'b'"):
            read_table({**source, "types": {"b": "text"}}, tmp_path)


def test_several_arrays_of_one_a_file_are_one_column(tmp_path: Path) -> None:
    for number in range(2):
        np.save(tmp_path / f"x{number}.npy", np.full(2, number))
    assert read_table({"npy": "x*.npy"}, tmp_path).values("x0").tolist() == [0, 0, 1, 1]
    assert read_table({"npy": {"x": "x*.npy"}}, tmp_path).values("x").tolist() == [0, 0, 1, 1]
