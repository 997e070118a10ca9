"""What a run saves predicts, measures and travels without its data."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish import layers
from kerasish import preparation as prep
from kerasish.errors import DataError, FileFormatError, KerasishError
from tests.preparation.served_cases import classes, priced


def test_the_file_predicts_as_by_hand_in_the_units_of_the_data(tmp_path: Path) -> None:
    table, data, network = priced()
    prep.save(network, data, tmp_path / "model.keras")
    served = prep.load(tmp_path / "model.keras")
    x = data.prepare(table).x["features"]
    train = data.parts.train.values("price")
    by_hand = network.predict(x, verbose=0) * train.std() + train.mean()
    found = served.predict(table)
    np.testing.assert_allclose(found["price"], by_hand, rtol=1e-4)
    raw: dict[str, Any] = {name: table.values(name) for name in ("age", "city")}
    whole = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(whole.predict(raw, verbose=0)["price"], by_hand, rtol=1e-4)


def test_measures_are_as_trained_and_in_units(tmp_path: Path) -> None:
    _, data, network = priced()
    prep.save(network, data, tmp_path / "model.keras")
    part = data.parts.validation
    assert part is not None
    found = prep.load(tmp_path / "model.keras").measure(part)
    x, y = data.batches("validation")
    loss, mae = network.evaluate(x, y, verbose=0)
    assert found["as_trained"] == pytest.approx({"loss": loss, "mae": mae}, rel=1e-4)
    deviation = data.parts.train.values("price").std()
    assert found["in_units"]["mae"] == pytest.approx(mae * deviation, rel=1e-4)
    assert found["in_units"]["rmse"] == pytest.approx(loss**0.5 * deviation, rel=1e-4)


def test_logits_become_probabilities_of_named_classes(tmp_path: Path) -> None:
    table, data, network = classes()
    prep.save(network, data, tmp_path / "model.keras")
    served = prep.load(tmp_path / "model.keras")
    logits = network.predict(data.prepare(table).x["x"], verbose=0)
    found = served.predict(table)["kind"]
    np.testing.assert_allclose(found, np.asarray(keras.activations.softmax(logits)), rtol=1e-4)
    output = served.outputs["kind"]
    assert (output.form, output.target.classes) == ("class", ("no", "yes"))
    assert output.label(int(output.chosen(found)[0])) in ("no", "yes")
    assert set(served.measure(table)) == {"as_trained"}


def test_saving_names_nothing_and_draws_nothing(tmp_path: Path) -> None:
    _, data, network = priced()
    before = layers.Dense(1).name, keras.random.normal((1,), seed=None)
    prep.save(network, data, tmp_path / "model.keras")
    assert int(layers.Dense(1).name.split("_")[-1]) == int(before[0].split("_")[-1]) + 1


def test_a_missing_column_names_those_that_are_there(tmp_path: Path) -> None:
    table, data, network = priced()
    prep.save(network, data, tmp_path / "model.keras")
    served = prep.load(tmp_path / "model.keras")
    less = prep.Table({"town": table.columns["city"], "age": table.columns["age"]})
    with pytest.raises(DataError, match=r"(?s)'city'.*town, age"):
        served.predict(less)


def test_a_model_alone_is_told(tmp_path: Path) -> None:
    _, _, network = priced()
    network.save(tmp_path / "alone.keras")
    with pytest.raises(FileFormatError, match="saved with its data"):
        prep.load(tmp_path / "alone.keras")


def test_columns_may_have_any_name(tmp_path: Path) -> None:
    names = ["price %", "a/b", "€", "served", "network", "..", "é@41@", "preparation"]
    rng = np.random.default_rng(5)
    table = prep.Table({name: prep.column_of(rng.normal(size=12)) for name in names})
    columns = prep.Columns(table)
    x = {"x": layers.Concatenate()([columns[name] for name in names[1:]])}
    data = prep.Prepared(prep.Parts(table), columns, x, {"y": columns["price %"]})
    network = keras.Sequential([keras.Input((7,)), layers.Dense(1)], name="network")
    network.compile("sgd", "mse")
    prep.save(network, data, tmp_path / "model.keras")
    served = prep.load(tmp_path / "model.keras")
    by_hand = network.predict(np.stack([table.values(n) for n in names[1:]], 1), verbose=0)
    np.testing.assert_allclose(served.predict(table)["y"], by_hand, rtol=1e-5)
    raw: dict[str, Any] = {name: table.values(name) for name in names[1:]}
    np.testing.assert_allclose(served.model.predict(raw, verbose=0)["y"], by_hand, rtol=1e-5)
    assert served.measure(table)["as_trained"]["loss"] > 0
    assert served.outputs["y"].target.columns == ("price %",)


def test_windows_of_two_columns_are_prepared_in_the_file(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    names = {"load": rng.normal(5, 2, 40), "wind": rng.choice(["N", "S"], 40)}
    table = prep.Table({name: prep.column_of(values) for name, values in names.items()})
    columns = prep.Columns(table)
    scaled = columns.apply(layers.Normalization(), columns["load"])
    one_hot = columns.apply(layers.StringLookup(output_mode="one_hot"), columns["wind"])
    wind = columns.apply(layers.StringLookup(), columns["wind"])
    x = {"series": layers.Concatenate()([scaled, one_hot]), "wind": wind}
    window = prep.Window(8, 3, 1, {"wind": (-4, 0)})
    data = prep.Prepared(prep.Parts(table), columns, x, {"load": scaled}, window=window)
    a, b = keras.Input((8, 4), name="series"), keras.Input((4,), name="wind", dtype="int64")
    last = layers.Flatten()(layers.Embedding(3, 2)(b))
    outputs = layers.Dense(3)(layers.Concatenate()([layers.Flatten()(a), last]))
    network = keras.Model([a, b], outputs)
    network.compile("adam", "mse")
    prep.save(network, data, tmp_path / "model.keras")
    served = prep.load(tmp_path / "model.keras")
    found = served.predict(table)["load"]
    assert found.shape == (33, 3)  # every moment with eight rows before it, the next one too
    raw = {n: np.stack([table.values(n)[i : i + 8] for i in range(33)]) for n in ("load", "wind")}
    np.testing.assert_allclose(served.model.predict(raw, verbose=0)["load"], found, rtol=1e-5)
    x_all, y_all = next(iter(data.dataset(data.part("train")).batch(30)))
    by_hand = network.evaluate(x_all, y_all, verbose=0)
    assert served.measure(table)["as_trained"]["loss"] == pytest.approx(by_hand, rel=1e-4)


def test_gaps_that_are_filled_by_the_row_before(tmp_path: Path) -> None:
    gaps = np.array([1.0, np.nan, 3.0, np.nan])
    table = prep.Table({"a": prep.column_of(gaps), "y": prep.column_of(np.arange(4.0))})
    columns = prep.Columns(table)
    data = prep.Prepared(
        prep.Parts(table), columns, {"x": columns.previous("a")}, {"y": columns["y"]}
    )
    network = keras.Sequential([keras.Input((1,)), layers.Dense(1, kernel_initializer="ones")])
    network.compile("sgd", "mse")
    prep.save(network, data, tmp_path / "model.keras")
    served = prep.load(tmp_path / "model.keras")
    assert served.needed == ["a"]
    assert served.predict(table)["y"].ravel().tolist() == [1.0, 1.0, 3.0, 3.0]
    assert served.replaced(table) == ["2 missing values of a were filled"]


def test_log_of_a_target_is_undone(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    table = prep.Table({
        "a": prep.column_of(rng.normal(size=9)), "y": prep.column_of(rng.uniform(1, 9, 9))
    })  # fmt: skip
    columns = prep.Columns(table)
    y = layers.Rescaling(0.5, 1.0)(keras.ops.log1p(columns["y"]))
    data = prep.Prepared(prep.Parts(table), columns, {"a": columns["a"]}, {"y": y})
    network = keras.Sequential([keras.Input((1,)), layers.Dense(1)])
    network.compile("sgd", "mse")
    prep.save(network, data, tmp_path / "model.keras")
    found = prep.load(tmp_path / "model.keras").predict(table)["y"]
    raw = network.predict(table.values("a"), verbose=0)
    np.testing.assert_allclose(found, np.expm1((raw - 1) * 2), rtol=1e-4)


def test_other_readers_pass_over_what_is_said_of_the_data(tmp_path: Path) -> None:
    _, data, network = priced()
    prep.save(network, data, tmp_path / "model.keras")
    assert keras.saving.load_model(tmp_path / "model.keras").name == "served"
    assert prep.network_of(tmp_path / "model.keras").count_params() == network.count_params()
    network.save(tmp_path / "alone.keras")
    assert prep.network_of(tmp_path / "alone.keras").count_params() == network.count_params()


@pytest.mark.parametrize("change", [
    lambda facts: facts.pop("columns"),
    lambda facts: facts.update(columns=3),
    lambda facts: facts.update(network="nothing"),
    lambda facts: facts["y"].update(weights=[[1]]),
    lambda facts: facts["y"].update(config={"class_name": "Lambda", "config": {}}),
    lambda facts: facts["columns"]["age"].update(dtype="evil"),
])  # fmt: skip
def test_damaged_facts_are_an_error_of_the_file(change: Any, tmp_path: Path) -> None:
    _, data, network = priced()
    prep.save(network, data, tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as whole:
        members = {name: whole.read(name) for name in whole.namelist()}
    metadata = json.loads(members["metadata.json"])
    change(metadata["data"])
    members["metadata.json"] = json.dumps(metadata).encode()
    with zipfile.ZipFile(tmp_path / "bad.keras", "w") as damaged:
        for name, content in members.items():
            damaged.writestr(name, content)
    with pytest.raises(KerasishError, match=r"bad\.keras"):
        prep.load(tmp_path / "bad.keras")
