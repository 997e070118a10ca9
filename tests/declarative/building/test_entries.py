"""Entries of data: what may be done to columns, in YAML."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.declarative.building.test_data import prepared
from tests.declarative.helpers import error_text

ROWS = """n,m,flag,city,town,y
1,4,true,Ulm,Bath,2
2,,false,Bath,Ulm,1
3,6,true,Ulm,Rome,2
4,7,false,Rome,Ulm,3
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "t.csv").write_text(ROWS, encoding="utf-8")
    return tmp_path


def x_of(folder: Path, x: str, more: str = "") -> dict[str, np.ndarray]:
    data = prepared(folder, f"source: {{csv: t.csv}}\nx: {x}\ny: y\nshuffle: false\n{more}")
    return {name: np.asarray(values) for name, values in data.part("train").x.items()}


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        ("{from: flag, map: {true: 1, false: 0}}", [1, 0, 1, 0]),
        ("{from: n, map: {1: 5, 2: 6, 3: 7, 4: 8.5}}", [5, 6, 7, 8.5]),
        ("{from: m, fill: 0}", [4, 0, 6, 7]),
        ("{from: m, fill: median}", [4, 6, 6, 7]),
        ("{from: m, fill: previous}", [4, 4, 6, 7]),
        ("{from: m, seq: [fill: previous, Rescaling: 2]}", [8, 8, 12, 14]),
        ("{from: n, log: {}}", np.log([1, 2, 3, 4])),
        ("{from: [n, y], subtract: {}}", [-1, 1, 1, 1]),
        ("{from: n, seq: [square: {}, Rescaling: 0.5]}", [0.5, 2, 4.5, 8]),
        ("{from: n, float: {}}", [1, 2, 3, 4]),
    ],
)
def test_bodies(folder: Path, x: str, expected: list[float]) -> None:
    np.testing.assert_allclose(x_of(folder, x)["x"].ravel(), expected, rtol=1e-6)


def test_columns_beside_each_other(folder: Path) -> None:
    np.testing.assert_array_equal(
        x_of(folder, "{all: {from: [n, y], float: {}}}")["all"], [[1, 2], [2, 1], [3, 2], [4, 3]]
    )


def test_kinds_of_several_columns_are_inputs_of_their_own(folder: Path) -> None:
    x = x_of(folder, "{k: {from: [city, town], string_categorical: {output_mode: int}}}")
    assert list(x) == ["k.city", "k.town"]
    one_hot = x_of(folder, "{k: {from: [city, town], string_categorical: {}}}")
    assert one_hot["k"].shape == (4, 8)


def test_use_shares_what_was_learned(folder: Path) -> None:
    x = x_of(folder, "{a: {from: city, StringLookup: {}}, b: {from: town, use: a}}")
    np.testing.assert_array_equal(x["a"][[0, 1, 3]].ravel(), x["b"][[1, 0, 2]].ravel())


def test_entries_over_entries(folder: Path) -> None:
    x = x_of(folder, "{a: {from: n, Rescaling: 2}, b: {from: a, Rescaling: 10}}")
    np.testing.assert_array_equal(x["b"].ravel(), [20, 40, 60, 80])


def test_rest_is_what_nothing_else_names(folder: Path) -> None:
    data = prepared(
        folder,
        "source: {csv: t.csv}\ntest: {where: {town: Rome}}\n"
        "x: {from: rest, FeatureSpace: auto}\ny: y",
    )
    assert [note.split(":")[0] for note in data.notes] == ["n", "m", "flag", "city"]


def test_rest_is_of_the_file(folder: Path) -> None:
    x = x_of(folder, "{a: {from: m, fill: previous}, b: {from: [n, flag], FeatureSpace: auto}, "
                     "c: {from: rest, FeatureSpace: auto}}")  # fmt: skip
    assert x["c"].shape == (4, 8)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        ("{from: n, map: {one: 1}}", "'one' is no value of a column of int64"),
        ("{from: n, seq: [Rescaling: 2, pad: 3]}", "pad reads columns, it can only be the first"),
        ("{from: [n, m], pad: 3}", "pad reads one column"),
        ("{from: n, fill: meen}", "fill must be mean, median, most_frequent or previous"),
        ("{from: n, lgo: {}}", "log"),
        ("{from: m, float: {}}", "t.csv, line 3, column 'm'"),
        ("{from: n, pad: {lenght: 3}}", "length"),
        ("{from: n, Rescaling: 2, Normalization: {}}", "seq: [Rescaling, Normalization]"),
    ],
)
def test_wrong_bodies_are_told(folder: Path, x: str, message: str) -> None:
    assert message in error_text(lambda: x_of(folder, x))


def test_ragged_rows_are_padded(tmp_path: Path) -> None:
    np.savez(tmp_path / "r.npz", v=np.arange(1, 7), at=[0, 1, 3, 6], y=[0, 1, 1])
    for at, first in (("end", [1, 0]), ("start", [0, 1])):
        data = prepared(
            tmp_path,
            "source: {npz: r.npz, ragged: {v: at}}\n"
            f"x: {{v: {{from: v, pad: {{length: 2, at: {at}}}}}}}",
        )
        assert data.part("train").x["v"][0].tolist() == first
    text = error_text(lambda: prepared(tmp_path, "source: {npz: r.npz, ragged: {v: at}}\nx: v"))
    assert "rows of different lengths" in text
    assert "pad: {length: ...}" in text


def test_one_class_in_validation_is_told(tmp_path: Path) -> None:
    lines = ["a,label", *(f"{n},{'no' if n < 8 else 'yes'}" for n in range(10))]
    (tmp_path / "s.csv").write_text("\n".join(lines), encoding="utf-8")
    data = prepared(tmp_path, "source: {csv: s.csv}\nx: a\ny: label\nvalidation: {rows: [0, 3]}")
    assert "one class of 'label' only (no)" in data.notes[-1]


@pytest.mark.parametrize("x", ["{from: a, fill: mean}", "{from: rest, FeatureSpace: auto}"])
def test_whole_numbers_may_be_missing_elsewhere(tmp_path: Path, x: str) -> None:
    (tmp_path / "a.csv").write_text("a,y\n1,2\n5,3\n3,9\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text("a,y\n,2\n2.5,1\n", encoding="utf-8")
    data = prepared(tmp_path, f"train: {{csv: a.csv}}\ntest: {{csv: b.csv}}\nx: {x}\ny: y")
    mean, half = np.ravel(data.part("test").x["x"])
    assert (mean, half < mean) == ((3 if "mean" in x else 0), True)
