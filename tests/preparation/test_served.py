"""What a run saves predicts, measures and travels without its data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish import layers
from kerasish import preparation as prep
from kerasish.errors import DataError, FileFormatError
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
