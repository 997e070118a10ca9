"""`kerasish init`: configs from files of data and from templates."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from kerasish.cli.drafting.templates import TEMPLATES
from kerasish.cli.main import main
from kerasish.config import settings
from kerasish.declarative.api import load_config
from kerasish.declarative.text.source import plain

RNG = np.random.default_rng(0)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(settings, "backend", settings.backend)
    monkeypatch.delenv("KERASISH_DATA", raising=False)
    return tmp_path


def table(rows: int = 300, seed: int = 0) -> list[list[Any]]:
    """Rows of age, income, city, constant, id, day, wage class; the class follows from two."""
    rng = np.random.default_rng(seed)
    found = []
    for row in range(rows):
        age, income = int(rng.integers(18, 80)), round(float(rng.lognormal(8, 2)), 2)
        city = str(rng.choice(["Ulm", "Bath", "Oslo"]))
        rich = "high" if age > 45 or city == "Oslo" else "low"
        day = f"2024-0{1 + row % 9}-11"
        found.append([age, income, city, "same", 1000 + row, day, rich])
    return found


HEAD = ["age", "income", "city", "fixed", "id", "day", "wage"]


def write(path: Path, rows: list[list[Any]], head: list[str] | None, separator: str = ",") -> None:
    lines = [head, *rows] if head else rows
    path.write_text("\n".join(separator.join(map(str, row)) for row in lines), encoding="utf-8")


def drafted(*arguments: str) -> dict[str, Any]:
    """The config that `init` writes, checked, as plain data; it says `run.yaml`."""
    assert main(["init", *arguments, "-o", "run.yaml", "--force"]) == 0
    found: dict[str, Any] = plain(load_config("run.yaml").config.document)  # type: ignore[assignment]
    return found


def test_a_table_is_said_column_by_column(folder: Path) -> None:
    write(folder / "t.csv", table(), HEAD)
    found = drafted("t.csv", "--target", "wage")
    assert found["data"]["source"] == {"csv": "t.csv"}
    assert found["data"]["x"] == {
        "numbers": {"from": "age", "seq": [{"fill": "median"}, "float_normalized"]},
        "skewed": {"from": "income", "seq": [{"fill": "median"}, "log1p", "float_normalized"]},
        "kinds": {"from": "city", "string_categorical": {}},
        "dates": {"from": "day", "DateFeatures": {"parts": ["elapsed", "month", "weekday"]}},
    }
    assert found["data"]["y"] == "wage"
    assert found["data"]["validation"] == {"split": 0.2, "stratify": "wage"}
    text = Path("run.yaml").read_text(encoding="utf-8")
    assert "left out: fixed (the same in every row)" in text
    assert "left out: id (whole numbers that go up" in text
    assert max(map(len, text.splitlines())) <= 100


def test_it_trains_as_it_is_and_learns(folder: Path) -> None:
    write(folder / "t.csv", table(400), HEAD)
    drafted("t.csv", "--target", "wage")
    assert main(["fit", "run.yaml", "--quiet", "--run", "r"]) == 0
    metrics = json.loads(Path("r/metrics.json").read_text(encoding="utf-8"))
    assert metrics["validation"]["as_trained"]["accuracy"] > 0.9


def test_without_header_the_target_is_a_position(folder: Path) -> None:
    rows = [[row[0], f" {row[2]}", f" {row[6]}"] for row in table()]
    rows[3][1] = " ?"
    write(folder / "a-train.csv", rows, None)
    other = [[row[0], f" {row[2]}", f" {row[6]}."] for row in table(100, 1)]
    write(folder / "a-test.csv", other, None)
    found = drafted("a-train.csv", "--target", "-1")
    data = found["data"]
    assert data["source"]["names"] == ["column_1", "column_2", "column_3"]
    assert data["source"]["missing"] == "?"
    assert data["test"] == {"csv": "a-test.csv"}
    kinds = {"high": 0, "low": 1, "high.": 0, "low.": 1}
    assert data["y"] == {"target": {"from": "column_3", "map": kinds}}
    assert drafted("a-train.csv", "--target", "1")["data"]["y"] == {
        "target": {"from": "column_1", "Normalization": {}}
    }
    load_config("run.yaml").data()


@pytest.mark.parametrize(("values", "kind"), [
    ([0, 1], "label"),
    ([1, 2, 5], {"label": {"from": "label", "map": {"1": 0, "2": 1, "5": 2}}}),
    ([0.5, 1.5], {"label": {"from": "label", "Normalization": {}}}),
    (["no", "yes"], "label"),
])  # fmt: skip
def test_the_target_says_the_task(folder: Path, values: list[Any], kind: Any) -> None:
    rows = [[i * 0.37, values[i % len(values)]] for i in range(60)]
    write(folder / "t.csv", rows, ["x1", "label"])
    found = drafted("t.csv")
    y = found["data"]["y"]
    said = json.loads(json.dumps(y))
    assert said == kind
    loss = "mse" if "Normalization" in str(kind) else "sparse_categorical_crossentropy"
    assert found["train"]["loss"] == loss
    load_config("run.yaml").data()


def test_a_task_may_be_said(folder: Path) -> None:
    write(folder / "t.csv", [[i * 0.37, i % 3] for i in range(60)], ["x1", "label"])
    assert drafted("t.csv", "--task", "quantity")["train"]["loss"] == "mse"


def test_texts_are_read_as_words_and_a_split_column_cuts(folder: Path) -> None:
    words = "good fine bad awful nice poor".split()
    rows = []
    for i in range(120):
        first = RNG.choice(words, 5)
        label = "pos" if sum(w in ("good", "fine", "nice") for w in first) > 2 else "neg"
        rows.append([("train", "train", "test")[i % 3], label, f"{' '.join(first)} {i}"])
    write(folder / "t.csv", rows, ["split", "label", "text"])
    found = drafted("t.csv")
    assert found["data"]["train"] == {"where": {"split": "train"}}
    assert found["data"]["test"] == {"where": {"split": "test"}}
    assert list(found["data"]["x"]) == ["words"]
    assert "input_dim: $data.words.size" in Path("run.yaml").read_text(encoding="utf-8")
    load_config("run.yaml").build()


def test_a_series_is_windows_and_parts_in_order(folder: Path) -> None:
    rows = [[f"2024-01-{1 + i // 24:02} {i % 24:02}:00", round(np.sin(i / 4), 4)]
            for i in range(24 * 28)]  # fmt: skip
    write(folder / "t.csv", rows, ["date", "load"])
    found = drafted("t.csv", "--target", "load", "--window", "12:2")
    data = found["data"]
    assert data["window"] == {"history": 12, "horizon": 2}
    assert data["source"]["time"] == "date"
    assert data["validation"] == data["test"] == {"split": 0.1}
    assert load_config("run.yaml").build().output_shape == (None, 2)


def test_a_series_of_groups(folder: Path) -> None:
    """Shop after shop in one file: the dates are found by their values, and what tells rows of one
    date apart."""
    rows = [[f"{1 + i // 24}.3.2024 {i % 24}:00", shop, i % 3, i % 2, round(np.sin(i / 4), 4)]
            for shop in ("b", "a") for i in range(24 * 20)]  # fmt: skip
    write(folder / "t.csv", rows, ["clock time", "shop", "kind", "holiday", "load"])
    data = drafted("t.csv", "--target", "load", "--window", "12:2")["data"]
    assert (data["source"]["time"], data["source"]["group"]) == ("clock time", "shop")
    parts = load_config("run.yaml").data().parts
    for part in parts.given().values():
        assert set(part.values("shop").tolist()) == {"a", "b"}


def test_flags_are_not_taken_for_skewed_amounts(folder: Path) -> None:
    rows = [[int(i % 40 == 0), i % 7 ** (1 + 3 * (i % 50 == 0)), "yn"[i % 2]] for i in range(400)]
    write(folder / "t.csv", rows, ["holiday", "sum", "label"])
    x = drafted("t.csv", "--target", "label")["data"]["x"]
    assert {name: held["from"] for name, held in x.items()} == {
        "numbers": "holiday",
        "skewed": "sum",
    }


def test_a_skewed_quantity_is_trained_on_its_logarithm(folder: Path) -> None:
    rng = np.random.default_rng(3)
    rows = [[a, round(float(np.exp(2 * a)), 4)] for a in rng.normal(size=100).round(4).tolist()]
    write(folder / "t.csv", rows, ["a", "cost"])
    y = drafted("t.csv", "--target", "cost")["data"]["y"]
    assert y == {"cost": {"from": "cost", "seq": ["log1p", "Normalization"]}}
    (target,) = load_config("run.yaml").data().targets.values()
    assert target.undo


def test_codes_arrays_and_patterns(folder: Path) -> None:
    """Digits with zeros before them are texts; pictures are made flat; several files are one."""
    for part in "ab":
        rows = [[f"{i % 9:03}", i, "yn"[i % 2]] for i in range(60)]
        write(folder / f"t-{part}.csv", rows, ["zip", "sum", "label"])
    source = drafted("t-*.csv", "--target", "label")["data"]["source"]
    assert source == {"csv": "t-*.csv", "types": {"zip": "text"}}
    assert len(load_config("run.yaml").data().parts.train) > 60
    image, digit = np.random.default_rng(1).random((60, 4, 4)), np.arange(60) % 3
    np.savez(folder / "t.npz", image=image, digit=digit)
    with h5py.File(folder / "t.h5", "w") as file:
        file["image"], file["digit"] = image, digit
        file["inside/other"] = digit
    for name in ("t.npz", "t.h5"):
        data = drafted(name, "--target", "digit")["data"]
        assert data["x"]["image"] == {"from": "image", "Normalization": {"axis": None}}
        assert main(["fit", "run.yaml", "--dry-run"]) == 0
    assert set(data["source"]["names"]) == {"image", "digit", "inside per other"}


def test_decimal_commas(folder: Path) -> None:
    rng = np.random.default_rng(2)
    rows = [[f"{v:.3f}".replace(".", ","), i % 7, f"1.{i:03},5"]
            for i, v in enumerate(rng.normal(size=60))]  # fmt: skip
    write(folder / "t.csv", rows, ["a", "b", "price"], ";")
    data = drafted("t.csv", "--target", "price")["data"]
    assert data["source"] == {"csv": "t.csv", "separator": ";", "decimal": ","}
    found = load_config("run.yaml").data().parts.train.values("price")
    assert found.min() >= 1000.5
    assert found.max() <= 1059.5
    quoted = [['"1,234"', 1], ['"2,345,678"', 2]] * 20
    write(folder / "q.csv", quoted, ["a", "label"])
    assert "decimal" not in drafted("q.csv", "--target", "label")["data"]["source"]


@pytest.mark.parametrize("case", ["wide", "tiny", "many", "odd names", "semicolons", "bools"])
def test_tables_of_several_shapes(folder: Path, case: str) -> None:
    rng = np.random.default_rng(1)
    head, separator, target = ["a", "b", "label"], ",", "label"
    rows: list[list[Any]] = [[round(float(v), 3), str(rng.integers(3)) + "k", "yn"[int(v > 0)]]
                             for v in rng.normal(size=80)]  # fmt: skip
    if case == "wide":
        head = [f"f{i}" for i in range(300)] + ["label"]
        rows = [[*map(float, rng.normal(size=300).round(3)), i % 2] for i in range(60)]
    elif case == "tiny":
        rows = rows[:12]
    elif case == "many":
        rows = [[row[0], f"kind {min(int(rng.exponential(40)), 150)}", row[2]] for row in rows * 12]
    elif case == "odd names":
        head, target = ["price %", "a/b €", "to y: [z]"], "to y: [z]"
    elif case == "semicolons":
        separator = ";"
    elif case == "bools":
        rows = [[row[0], "true" if row[0] > 0.5 else "false", row[2]] for row in rows]
    write(folder / "t.csv", rows, head, separator)
    drafted("t.csv", "--target", target)
    project = load_config("run.yaml")
    model = project.build()
    assert all(model.count_params() for _ in "1")
    model.fit(**project.fit_arguments(model, project.data()) | {"epochs": 1, "verbose": 0})


@pytest.mark.parametrize(("arguments", "said"), [
    (["init"], "a file of data, or --template"),
    (["init", "none.csv", "--target", "a"], "none.csv"),
    (["init", "t.csv", "--target", "lable"], "label"),
    (["init", "t.csv", "--target", "9"], "a position"),
    (["init", "t.csv", "--target", "a", "--window", "x"], "96:24"),
    (["init", "t.png", "--target", "a"], "a name that ends in .png"),
    (["init", "--template", "imge"], "image"),
    (["init", "t.csv", "--target", "label", "-o", "t.csv"], "--force"),
])  # fmt: skip
def test_what_is_wrong_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    write(folder / "t.csv", [[i % 7, i % 2] for i in range(30)], ["a", "label"])
    (folder / "t.png").write_bytes(b"\x89PNG")
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error


@pytest.mark.parametrize("name", TEMPLATES)
def test_templates_check_clean(folder: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "--template", name]) == 0
    assert main(["check", f"{name}.yaml"]) == 0
    assert "no findings" in capsys.readouterr().out
    assert main(["init", "--list"]) == 0
    assert f"{name} " in capsys.readouterr().out


@pytest.mark.parametrize(("values", "parts", "others"), [
    (["train", "val", "test", "oos_train", "oos_test"],
     {"train": "train", "validation": "val", "test": "test"}, "oos_test, oos_train"),
    (["my_train", "my_test"], {"train": "my_train", "test": "my_test"}, ""),
    (["train", "other"], {}, ""),
])  # fmt: skip
def test_the_words_of_a_split_column(
    folder: Path, values: list[str], parts: dict[str, str], others: str
) -> None:
    """Rows of values that name no part beside such as do are in none, and the config says so."""
    rows = [[values[i % len(values)], i % 7, "ab"[i // 9 % 2]] for i in range(120)]
    write(folder / "t.csv", rows, ["split", "size", "label"])
    data = drafted("t.csv", "--target", "label")["data"]
    for part, one in parts.items():
        assert data[part] == {"where": {"split": one}}
    assert ("test" in data) == ("test" in parts)
    text = Path("run.yaml").read_text(encoding="utf-8")
    assert f"no part has {others}" in text if others else "no part has" not in text
    assert sum(map(len, load_config("run.yaml").data().parts.given().values())) == (
        72 if others else 120
    )


def test_of_many_columns_and_few_rows_those_that_tell_are_found(folder: Path) -> None:
    """Ten of 200 columns tell the class of 240 rows: better than their columns alike would say."""
    rng = np.random.default_rng(3)
    values = rng.normal(size=(440, 200))
    weights = np.zeros(200)
    weights[:10] = rng.choice([-1, 1], 10) * 1.5
    labels = (values @ weights + rng.normal(size=440) > 0).astype(int)
    rows = [[*np.round(v, 3), "ab"[y]] for v, y in zip(values, labels, strict=True)]
    head = [*(f"g{i}" for i in range(200)), "label"]
    write(folder / "t-train.csv", rows[:240], head)
    write(folder / "t-test.csv", rows[240:], head)
    drafted("t-train.csv", "--target", "label")
    assert "{L1: 0.01}" in Path("run.yaml").read_text(encoding="utf-8")
    assert main(["fit", "run.yaml", "--quiet", "--run", "r"]) == 0
    metrics = json.loads(Path("r/metrics.json").read_text(encoding="utf-8"))
    assert metrics["test"]["as_trained"]["accuracy"] > 0.75  # 0.63 without L1
