"""`kerasish predict`: files in, predictions out."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish import preparation as prep
from kerasish.cli import answers
from kerasish.cli.main import main
from kerasish.preparation.way_back import Output, Target
from tests.preparation.served_cases import priced, series, several, spoken


@pytest.fixture
def priced_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A folder with a run of prices, and its data and network."""
    monkeypatch.chdir(tmp_path)
    table, data, network = priced()
    run = tmp_path / "run"
    run.mkdir()
    prep.save(network, data, run / "model.keras")
    return table, data, network


def done(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """The exit code, output and errors of a command."""
    code = main(["predict", "run", *words])
    out, err = capsys.readouterr()
    return code, out, err


CSV = "id,extra,city,age\n7,x,a,30\n8,y,z,\n9,x,b,41.5\n"


def by_hand(data: Any, network: Any, age: list[float], city: list[str]) -> np.ndarray:
    """The prices of three rows, computed from the layers' own numbers."""
    train = data.parts.train
    ages = train.values("age")
    middle = np.float32(np.nanmedian(ages))
    filled = np.where(np.isnan(ages), middle, ages)
    given = np.where(np.isnan(age), middle, age)
    scaled = (given - filled.mean()) / filled.std()
    words = [*data.columns.inputs(data.x)]
    assert words == ["age", "city"]
    lookup = next(
        layer for layer in data.columns.model(data.x).layers if hasattr(layer, "get_vocabulary")
    )
    known = lookup.get_vocabulary()
    one_hot = np.array([[float(known.index(c) == i) if c in known else float(i == 0)
                         for i in range(len(known))] for c in city])  # fmt: skip
    x = np.concatenate([scaled[:, None], one_hot], axis=1).astype(np.float32)
    price = train.values("price")
    return network.predict(x, verbose=0)[:, 0] * price.std() + price.mean()


def test_csv_with_gaps_unseen_values_and_ids(
    priced_run: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    _, data, network = priced_run
    Path("new.csv").write_text(CSV)
    code, out, err = done(capsys, "new.csv", "--keep", "id")
    assert code == 0, err
    lines = [line.split(",") for line in out.splitlines()]
    assert lines[0] == ["id", "price"]
    assert [line[0] for line in lines[1:]] == ["7", "8", "9"]
    wanted = by_hand(data, network, [30.0, float("nan"), 41.5], ["a", "z", "b"])
    np.testing.assert_allclose([float(line[1]) for line in lines[1:]], wanted, rtol=1e-4)
    assert "1 missing value of age was filled" in err
    assert "1 unseen value of city" in err


@pytest.mark.parametrize("form", ["csv", "tsv", "jsonl", "json", "npy", "npz"])
def test_what_is_written_is_what_is_printed(
    form: str, priced_run: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("new.csv").write_text(CSV)
    _, out, _ = done(capsys, "new.csv")
    wanted = [float(line) for line in out.splitlines()[1:]]
    code, out, err = done(capsys, "new.csv", "-o", f"out.{form}")
    assert (code, out) == (0, "")
    assert "wrote out" in err
    path = Path(f"out.{form}")
    if form == "npy":
        found: Any = np.load(path)[:, 0]
    elif form == "npz":
        found = np.load(path)["price"][:, 0]
    elif form == "json":
        found = [row["price"] for row in json.loads(path.read_text())]
    elif form == "jsonl":
        found = [json.loads(line)["price"] for line in path.read_text().splitlines()]
    else:
        found = [float(line) for line in path.read_text().splitlines()[1:]]
    np.testing.assert_allclose(found, wanted, rtol=1e-6)


@pytest.mark.parametrize("form", ["jsonl", "json", "json_columns", "npz", "stdin"])
def test_every_kind_of_file_says_the_same(
    form: str,
    priced_run: Any,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path("new.csv").write_text(CSV)
    _, wanted, _ = done(capsys, "new.csv")
    rows: list[dict[str, Any]] = [
        {"city": "a", "age": 30.0}, {"city": "z", "age": None}, {"city": "b", "age": 41.5}
    ]  # fmt: skip
    name = f"new.{form.partition('_')[0]}"
    if form == "jsonl":
        Path(name).write_text("\n".join(json.dumps(row) for row in rows))
    elif form == "json":
        Path(name).write_text(json.dumps(rows))
    elif form == "json_columns":
        columns = {key: [row[key] for row in rows] for key in rows[0]}
        Path(name).write_text(json.dumps(columns))
    elif form == "npz":
        np.savez(name, city=np.array(["a", "z", "b"]), age=np.array([30.0, np.nan, 41.5]))
    else:
        name = "-"
        monkeypatch.setattr("sys.stdin", io.StringIO(CSV))
    code, out, err = done(capsys, name)
    assert code == 0, err
    assert out == wanted


def test_wrong_rows_are_told_by_row_and_column(
    priced_run: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("new.csv").write_text("city,age\na,30\nb,old\n")
    code, _, err = done(capsys, "new.csv")
    assert code == 2
    assert "'old'" in err
    assert "age" in err
    assert "3" in err
    Path("less.csv").write_text("town,age\na,30\n")
    code, _, err = done(capsys, "less.csv")
    assert code == 2
    assert "'city'" in err
    assert "town, age" in err
    code, _, err = done(capsys, "absent.csv")
    assert (code, "absent.csv" in err) == (2, True)
    code, _, err = done(capsys, "less.csv", "-o", "out.txt")
    assert (code, ".csv" in err) == (2, True)
    assert "Traceback" not in err


def test_a_text_a_line_classes_and_probabilities(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    _, data, network = spoken()
    Path("run").mkdir()
    prep.save(network, data, Path("run/model.keras"))
    monkeypatch.setattr("sys.stdin", io.StringIO("win a prize, now\nsee you at home\n"))
    code, out, err = done(capsys, "-", "--probabilities", "--keep", "text", "--format", "jsonl")
    assert code == 0, err
    rows = [json.loads(line) for line in out.splitlines()]
    assert [row["text"] for row in rows] == ["win a prize, now", "see you at home"]
    for row in rows:
        assert set(row) == {"text", "label", "label=ham", "label=spam"}
        best = max(("ham", "spam"), key=lambda name: row[f"label={name}"])
        assert row["label"] == best
        assert row["label=ham"] + row["label=spam"] == pytest.approx(1, abs=1e-6)
    Path("lines.txt").write_text("win a prize, now\nsee you at home\n")
    _, whole, _ = done(capsys, "lines.txt", "--format", "json", "--keep", "text", "--probabilities")
    assert json.loads(whole) == rows
    _, again, _ = done(capsys, "lines.txt", "--format", "jsonl", "--probabilities")
    assert [json.loads(line)["label=ham"] for line in again.splitlines()] == [
        row["label=ham"] for row in rows
    ]


def test_a_series_and_what_comes_after_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    table, data, network = series()
    Path("run").mkdir()
    prep.save(network, data, Path("run/model.keras"))
    load = table.values("load")
    lines = [f"{t},{v}" for t, v in zip(table.values("hour").tolist(), load.tolist(), strict=True)]
    Path("new.csv").write_text("hour,load\n" + "\n".join(lines) + "\n")
    code, out, err = done(capsys, "new.csv")
    assert code == 0, err
    rows = [line.split(",") for line in out.splitlines()]
    assert rows[0] == ["row", "hour", "load_1", "load_2"]
    assert [int(row[0]) for row in rows[1:]] == list(range(4, len(load) + 1))
    mean, deviation = load.mean(), load.std()
    windows = np.stack([load[i - 4 : i] for i in range(4, len(load) + 1)])
    scaled = ((windows - mean) / deviation)[..., None].astype(np.float32)
    wanted = network.predict(scaled, verbose=0) * deviation + mean
    found = np.array([[float(v) for v in row[2:]] for row in rows[1:]])
    np.testing.assert_allclose(found, wanted, rtol=1e-3)
    _, out, _ = done(capsys, "new.csv", "--last")
    assert out.splitlines()[1:] == [",".join(rows[-1])]
    assert rows[-1][:2] == [str(len(load)), ""]


def test_the_last_of_every_group(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows of two groups in turn, one with a gap in time: rows, times and groups are the file's."""
    monkeypatch.chdir(tmp_path)
    hours = {"b": [0, 1, 2, 3, 4], "a": [0, 1, 2, 7, 8]}
    table = prep.Table(
        {
            "hour": prep.column_of(np.array(list(zip(*hours.values(), strict=True))).ravel()),
            "shop": prep.column_of(["b", "a"] * 5),
            "load": prep.column_of(np.arange(10.0)),
        },
        time=("hour",),
        group="shop",
    )
    columns = prep.Columns(table)
    x = {"past": columns["load"]}
    data = prep.Prepared(prep.Parts(table), columns, x, x, window=prep.Window(history=2))
    network = keras.Sequential([keras.Input((2, 1)), keras.layers.Flatten(), keras.layers.Dense(1)])
    network.compile("sgd", "mse")
    Path("run").mkdir()
    prep.save(network, data, Path("run/model.keras"))
    lines = [f"{h},{s},{i}" for i, (h, s) in enumerate(zip(table.values("hour").tolist(),
             table.values("shop").tolist(), strict=True))]  # fmt: skip
    Path("new.csv").write_text("hour,shop,load\n" + "\n".join(lines) + "\n")
    code, out, err = done(capsys, "new.csv", "--keep", "load")
    assert code == 0, err
    rows = [line.split(",")[:4] for line in out.splitlines()]
    assert rows[0] == ["row", "shop", "hour", "load"]
    assert rows[1:] == [
        ["4", "b", "2", "4"], ["6", "b", "3", "6"], ["8", "b", "4", "8"],
        ["9", "b", "", ""], ["5", "a", "2", "5"], ["6", "a", "", ""], ["10", "a", "", ""],
    ]  # fmt: skip
    _, out, _ = done(capsys, "new.csv", "--last", "--keep", "load")
    assert [line.split(",")[:4] for line in out.splitlines()[1:]] == [rows[4], rows[7]]


def test_several_inputs_and_outputs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    table, data, network = several()
    Path("run").mkdir()
    prep.save(network, data, Path("run/model.keras"))
    a, b = table.values("a"), table.values("b")
    np.savez("new.npz", b=b, a=a)
    code, out, err = done(capsys, "new.npz")
    assert code == 0, err
    rows = [line.split(",") for line in out.splitlines()]
    assert rows[0] == ["kind", "size"]
    kind, size = network.predict({"a": a, "b": b}, verbose=0).values()
    assert [row[0] for row in rows[1:]] == [("no", "yes")[int(p > 0.5)] for p in kind[:, 0]]
    np.testing.assert_allclose([float(row[1]) for row in rows[1:]], size[:, 0], rtol=1e-4)
    code, _, err = done(capsys, "new.npz", "-o", "out.npy")
    assert (code, ".npz" in err) == (2, True)


def test_last_weights_are_asked_for(priced_run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    _, data, network = priced_run
    Path("new.csv").write_text(CSV)
    code, _, err = done(capsys, "new.csv", "--weights", "last")
    assert (code, "last.keras" in err) == (2, True)
    network.set_weights([np.zeros_like(w) for w in network.get_weights()])
    prep.save(network, data, Path("run/last.keras"))
    _, out, _ = done(capsys, "new.csv", "--weights", "last")
    mean = data.parts.train.values("price").mean()
    assert [float(line) for line in out.splitlines()[1:]] == pytest.approx([mean] * 3, rel=1e-5)


def test_steps_of_several_columns_have_their_names() -> None:
    output = Output(Target("future", ("a", "b"), None, ()), "quantity")
    values = np.arange(12.0).reshape(2, 3, 2)
    found = answers.columns_of({"future": output}, {"future": values}, False)
    assert list(found) == ["a_1", "a_2", "a_3", "b_1", "b_2", "b_3"]
    assert found["b_2"] == [3.0, 9.0]
    found = answers.columns_of({"future": output}, {"future": values[:, 0]}, False)
    assert found == {"a": [0.0, 6.0], "b": [1.0, 7.0]}
