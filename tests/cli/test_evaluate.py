"""`kerasish evaluate` on other data, for classes and quantities."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kerasish import preparation as prep
from kerasish.cli.main import main
from tests.preparation.served_cases import Case, priced, series, several, spoken


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def saved(case: Case) -> Case:
    """A run of a case."""
    Path("run").mkdir(exist_ok=True)
    prep.save(case[2], case[1], Path("run/model.keras"))
    return case


def told(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """The exit code, output and errors of a command."""
    code = main(["evaluate", "run", *words])
    out, err = capsys.readouterr()
    return code, out, err


def test_classes_of_other_data(capsys: pytest.CaptureFixture[str]) -> None:
    table, data, network = saved(spoken())
    texts, labels = table.values("text").tolist(), table.values("label").tolist()
    rows = [
        {"label": b, "text": a, "id": i} for i, (a, b) in enumerate(zip(texts, labels, strict=True))
    ]
    Path("new.jsonl").write_text("\n".join(map(json.dumps, rows)))
    code, out, err = told(capsys, "--data", "new.jsonl", "--json")
    assert code == 0, err
    found = json.loads(out)
    part = data.prepare(table)
    predicted = network.predict(part.x["words"], verbose=0)[:, 0] > 0.5
    true = part.y["label"].reshape(-1) > 0.5
    one = found["outputs"]["label"]
    assert one["accuracy"] == pytest.approx((predicted == true).mean())
    assert one["confusion"][1][1] == int((predicted & true).sum())
    assert one["per_class"]["spam"]["support"] == int(true.sum())
    loss, accuracy = network.evaluate(part.x["words"], part.y["label"], verbose=0)
    assert found["as_trained"] == pytest.approx({"loss": loss, "accuracy": accuracy}, rel=1e-4)
    assert (found["rows"], found["weights"]) == (len(rows), "best (model.keras)")
    code, out, _ = told(capsys, "--data", "new.jsonl")
    assert code == 0
    assert f"new.jsonl: {len(rows)} rows, weights: best (model.keras)" in out
    for word in ("precision", "ham", "spam", "true \\ predicted"):
        assert word in out


def test_quantities_in_units_and_rows_without_a_target(
    capsys: pytest.CaptureFixture[str],
) -> None:
    saved(priced())
    Path("new.csv").write_text("age,price,city\n30,900,a\n40,,b\n50,1100,c\n")
    code, out, err = told(capsys, "--data", "new.csv", "--json")
    assert code == 0, err
    found = json.loads(out)
    assert found["rows"] == 2
    assert "1 row" in err
    served = prep.load("run/model.keras")
    rows = prep.Table({
        "age": prep.column_of(np.array([30.0, 50.0])),
        "city": prep.column_of(np.array(["a", "c"])),
    })  # fmt: skip
    errors = served.predict(rows)["price"][:, 0] - np.array([900, 1100])
    assert found["in_units"]["mae"] == pytest.approx(np.abs(errors).mean(), rel=1e-4)
    assert found["outputs"]["price"]["rmse"] == pytest.approx(np.sqrt((errors**2).mean()), rel=1e-4)
    assert set(found["as_trained"]) == {"loss", "mae"}
    _, out, _ = told(capsys, "--data", "new.csv")
    assert "in units" in out
    assert "price, in the units of the data" in out


def test_a_series(capsys: pytest.CaptureFixture[str]) -> None:
    table, _, _ = saved(series())
    served = prep.load("run/model.keras")
    np.savez("new.npz", hour=table.values("hour"), load=table.values("load"))
    code, out, err = told(capsys, "--data", "new.npz", "--json")
    assert code == 0, err
    found = json.loads(out)
    load = table.values("load")
    predicted = served.predict(table)["load"]
    at = np.arange(4, len(load) - 1)
    true = np.stack([load[i : i + 2] for i in at])
    assert found["in_units"]["mae"] == pytest.approx(np.abs(predicted[: len(at)] - true).mean())


def test_several_outputs(capsys: pytest.CaptureFixture[str]) -> None:
    table, _, _ = saved(several())
    values: dict[str, Any] = {name: table.values(name) for name in table.names}
    values["kind"] = values["kind"].astype(str)
    np.savez("new.npz", **values)
    code, out, err = told(capsys, "--data", "new.npz", "--json")
    assert code == 0, err
    outputs = json.loads(out)["outputs"]
    assert set(outputs) == {"kind", "size"}
    assert outputs["kind"]["classes"] == ["no", "yes"]


def test_what_cannot_be_measured(capsys: pytest.CaptureFixture[str]) -> None:
    saved(priced())
    Path("new.csv").write_text("age,city\n30,a\n")
    code, _, err = told(capsys, "--data", "new.csv")
    assert (code, "'price'" in err, "Traceback" in err) == (2, True, False)
    code, _, err = told(capsys, "--data", "new.csv", "--part", "test")
    assert (code, "--part" in err) == (2, True)
