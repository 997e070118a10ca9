"""From a `data:` section to what a model reads: parts, entries, facts, and what is wrong."""

from __future__ import annotations

import textwrap
from pathlib import Path

import numpy as np
import pytest

from kerasish.declarative.api import Project, load_config
from kerasish.preparation import Prepared
from tests.declarative.helpers import error_text

ROWS = """age,city,note,label,weight
20,Ulm,a good one,no,1
30,Bath,bad,yes,2
40,Ulm,a good day,no,1
,Rome,so bad,yes,1
60,Bath,good,no,1
70,Ulm,bad day,yes,1
"""
MODEL = "model: {input: [2], layers: [{Dense: 1}]}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "t.csv").write_text(ROWS, encoding="utf-8")
    return tmp_path


def project(folder: Path, data: str) -> Project:
    text = f"kerasish: 1\n{MODEL}data:\n{textwrap.indent(data, '  ')}\n"
    (folder / "c.yaml").write_text(text, encoding="utf-8")
    return load_config(folder / "c.yaml")


def prepared(folder: Path, data: str) -> Prepared:
    return project(folder, data).data()


def test_columns_texts_and_numbers(folder: Path) -> None:
    data = prepared(
        folder,
        "source: {csv: t.csv}\n"
        "x: {words: {from: note, TextVectorization: {output_sequence_length: 2}},\n"
        "    age: {from: age, seq: [{fill: 45}, {Rescaling: 0.1}]},\n"
        "    city: {from: city, string_categorical: {}}}\n"
        "y: label\n"
        "sample_weight: weight\n"
        "test: {rows: [4, 6]}",
    )
    train, test = data.part("train"), data.part("test")
    assert train.x["words"].shape == (4, 2)
    np.testing.assert_allclose(train.x["age"].ravel(), [2, 3, 4, 4.5])
    np.testing.assert_array_equal(test.x["city"], [[0, 0, 0, 1], [0, 1, 0, 0]])
    assert data.targets["label"].classes == ("no", "yes")
    np.testing.assert_array_equal(test.y["label"].ravel(), [0, 1])
    assert train.sample_weight is not None
    assert train.sample_weight.tolist() == [1, 2, 1, 1]
    facts = data.facts
    assert facts["words"] == {"shape": [2], "size": 8, "length": 2}
    assert (facts["city"]["size"], facts["label"]["classes"]) == (4, 2)
    assert (facts["rows"], facts["steps"]) == (4, 1)


def test_adapted_on_the_training_part_only(folder: Path) -> None:
    data = prepared(
        folder,
        "source: {csv: t.csv}\ntrain: {rows: [0, 3]}\ntest: {rows: [4, 6]}\n"
        "x: {from: age, Normalization: {}}\ny: label",
    )
    np.testing.assert_allclose(data.part("train").x["x"].mean(), 0, atol=1e-6)
    assert data.part("test").x["x"].min() > 2


def test_the_way_back(folder: Path) -> None:
    data = prepared(
        folder,
        "source: {csv: t.csv}\nx: {from: weight, float: {}}\n"
        "y: {age: {from: age, seq: [{Rescaling: 0.1}, Normalization]}}",
    )
    assert len(data.part("train")) == 5
    assert data.notes == ["1 rows of the train part have no target and were left out"]
    restored = data.targets["age"].restored(data.part("train").y["age"])
    np.testing.assert_allclose(restored.ravel(), [20, 30, 40, 60, 70], rtol=1e-5)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            "source: {csv: absent.csv}\nx: age",
            "4:17: K501 The data: expected the file 'absent.csv'",
        ),
        (
            "source: {csv: t.csv, sha256: " + "0" * 64 + "}\nx: age",
            "K501 The file",
        ),
        ("source: {csv: t.csv}\nx: agee", "5:6: K502 there is no column 'agee'"),
        (
            "source: {csv: t.csv}\nx: age\ntest: {where: {town: Ulm}}",
            "6:18: K502 there is no column 'town'",
        ),
        ("source: {csv: t.csv}\nx: age\ntest: {where: {city: Ulmm}}", "K502 The part 'test'"),
        (
            "source: {csv: t.csv}\nx: age\ny: label",
            "K503 t.csv, line 5, column 'age': expected a nu",
        ),
        ("source: {csv: t.csv}\nx: city\ny: label", "K503 'city' holds texts"),
        (
            "source: {csv: t.csv}\nx: weight\ny: {from: label, map: {no: 0}}",
            "K503 t.csv, line 3, column 'label': expected one of 'no', received 'yes'",
        ),
        # All columns that are named wrongly, each where it is named.
        (
            "source: {csv: t.csv}\nx: [age, agee]\ny: lable\ntest: {split: 0.3, stratify: ctiy}",
            "5:12: K502 there is no column 'agee'",
        ),
        ("source: {csv: t.csv}\nx: [age, agee]\ny: lable", "6:6: K502 there is no column 'lable'"),
        ("source: {csv: [t.csv, absent.csv]}\nx: age", "4:25: K501 The data: expected the file"),
        ("source: {csv: tt.csv}\nx: age", "Did you mean 't.csv'?"),
        ("source: {csv: t.csv, names: {a: agee}}\nx: a", "4:35: K501 The data: expected a column"),
        ("source: {csv: t.csv, names: {city: age}}\nx: city", "4:32: K501 names: expected names"),
        ("source: {csv: t.csv, types: {agee: text}}\nx: age", "4:32: K501 t.csv: expected a col"),
        ("source: {csv: t.csv, types: {city: float}}\nx: age", "4:38: K501 t.csv, line 2, column"),
        ("source: {csv: t.csv, time: agee}\nx: age", "4:30: K501 The data: expected a column"),
        ("source: {csv: t.csv, group: agee}\nx: age", "4:31: K501 The data: expected a column"),
        ("source: {csv: t.csv, separator: ;}\nx: age", 'write separator: "," in the source'),
        ("source: {csv: t.csv, header: false}\nx: age", "leave out header: false"),
        ("source: {images: t.csv}\nx: image", "K501 The file 't.csv': expected a folder of images"),
        ("source: {csv: t.csv}\nx: all\ny: label", "write rest, which is all columns"),
        # Parts.
        ("source: {csv: t.csv}\nx: age\ntest: {rows: [9, 12]}", "6:16: K502 The part 'test', rows"),
        ("source: {csv: t.csv}\nx: age\ntest: {split: 0.99}", "6:17: K502 The part 'train'"),
        ("source: {csv: t.csv}\nx: age\ntest: {where: {city: ulm}}", "Did you mean 'Ulm'?"),
        ("source: {csv: t.csv}\nx: age\ntest: {where: {weight: {from: 2, to: 1}}}", "`from` befo"),
        ("source: {csv: t.csv}\nx: age\ntest: {split: 0.6}\nvalidation: {split: 0.5}", "0.6"),
        # Texts and numbers.
        (
            "source: {csv: t.csv}\nx: {a: {from: city, Normalization: {}}}",
            "K503 column 'city' holds",
        ),
        (
            "source: {csv: t.csv}\nx: {a: {from: city, fill: mean}}",
            "'city' holds texts, fill takes",
        ),
        (
            "source: {csv: t.csv}\nx: {a: {from: weight, StringLookup: {}}}",
            "write types: {weight: t",
        ),
        ("source: {csv: t.csv}\nx: {a: {from: weight, pad: 3}}", "'weight' has one already"),
        (
            "source: {csv: t.csv}\nx: {a: {from: b, Rescaling: 2}, b: {from: a, Rescaling: 2}}",
            "K402",
        ),
        (
            "source: {csv: t.csv}\nx: weight\ny: {from: age, fill: mean}",
            "K206 a target is not filled",
        ),
        (
            "source: {csv: t.csv}\nx: weight\nsample_weight: city",
            "6:18: K503 t.csv, line 2, column",
        ),
        (
            "source: {csv: t.csv}\nx: weight\ny: city\ntrain: {rows: [0, 1]}\ntest: {rows: [1, 6]}",
            "K503 t.csv, line 3, column 'city': expected a value that the training part has too",
        ),
        (
            "source: {csv: t.csv}\nwindow: {history: 2}\nx: [weight, age]\ny: weight",
            "6:15: K503 t.csv, line 5, column 'age': expected a number",
        ),
    ],
)
def test_what_is_wrong_is_told_at_its_line(folder: Path, data: str, message: str) -> None:
    assert message in error_text(lambda: prepared(folder, data))


def test_entries_over_entries(folder: Path) -> None:
    data = prepared(
        folder,
        "source: {csv: t.csv}\n"
        "x:\n  scaled: {from: weight, Rescaling: 0.5}\n"
        "  both: {from: [scaled, weight], Concatenate: {}}\ny: label",
    )
    assert list(data.x) == ["both"]
    np.testing.assert_allclose(data.part("train").x["both"][:2], [[0.5, 1], [1, 2]])


def test_a_name_of_a_column_means_the_column(folder: Path) -> None:
    data = prepared(
        folder,
        "source: {csv: t.csv}\n"
        "x:\n  weight: {from: weight, Rescaling: 0.5}\n"
        "  twice: {from: weight, Rescaling: 2}\ny: label",
    )
    assert list(data.x) == ["weight", "twice"]
    np.testing.assert_allclose(data.part("train").x["twice"].ravel()[:2], [2, 4])


def test_what_is_no_image_is_not_augmented(folder: Path) -> None:
    np.savez(folder / "i.npz", x=np.zeros((4, 8, 8), "f4"), y=np.arange(4))
    wrong = "source: {npz: i.npz}\naugment: [RandomFlip: horizontal]"
    text = error_text(lambda: prepared(folder, wrong))
    assert ":5:13: K503 augment: expected one input of images" in text
    right = wrong + "\nx: {image: {from: x, Reshape: [8, 8, 1]}}"
    assert prepared(folder, right).shape("image") == (8, 8, 1)


def test_a_column_is_named(folder: Path) -> None:
    wrong = "source: {csv: t.csv}\nx: weight\nvalidation: {split: 0.2, stratify: true}"
    assert "K204 stratify must be text" in error_text(lambda: prepared(folder, wrong))


def test_a_target_of_several_columns_names_them_in_order(folder: Path) -> None:
    data = prepared(
        folder,
        "source: {csv: t.csv}\nx: weight\n"
        "y: {both: {from: [age, weight], seq: [{Rescaling: 1}, Normalization]}}",
    )
    target = data.targets["both"]
    assert target.columns == ("age", "weight")
    restored = target.restored(data.part("train").y["both"])
    np.testing.assert_allclose(restored[:2], [[20, 1], [30, 2]], rtol=1e-5)
