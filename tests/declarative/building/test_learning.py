"""Layers of `model:` that learn from the training part."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import kerasish as keras
from kerasish.declarative.api import load_config
from tests.declarative.helpers import error_text

TRAIN = "train: {optimizer: sgd, loss: mse}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = [f"{n},{n % 3},{['good day', 'bad'][n % 2]},{n % 2}" for n in range(20)]
    (tmp_path / "t.csv").write_text("\n".join(["a,b,note,y", *rows]), encoding="utf-8")
    return tmp_path


def built(folder: Path, model: str, x: str, train: str = TRAIN) -> keras.Model:
    text = (
        f"kerasish: 1\nmodel: {model}\ndata:\n  source: {{csv: t.csv}}\n"
        f"  test: {{rows: [10, 20]}}\n  x: {x}\n  y: y\n{train}"
    )
    (folder / "c.yaml").write_text(text, encoding="utf-8")
    project = load_config(folder / "c.yaml")
    model_ = project.build()
    if train:
        model_.fit(**project.fit_arguments(model_, project.data()), verbose=0)
    return model_


def test_a_scale_is_learned_from_the_training_part(folder: Path) -> None:
    model = built(folder, "{layers: [Normalization, Dense: 1]}", "{from: a, float: {}}")
    assert np.ravel(model.layers[0].mean).tolist() == [4.5]


def test_behind_layers_without_weights(folder: Path) -> None:
    model = built(folder, "{layers: [Rescaling: 2, Normalization, Dense: 1]}", "a")
    assert np.ravel(model.layers[1].mean).tolist() == [9]


def test_a_model_that_reads_texts(folder: Path) -> None:
    words = "TextVectorization: {output_mode: multi_hot}"
    model = built(folder, f"{{layers: [{words}, Dense: 1]}}", "note")
    assert sorted(model.layers[0].get_vocabulary()) == ["[UNK]", "bad", "day", "good"]


def test_in_a_graph(folder: Path) -> None:
    model = built(
        folder,
        "{nodes: {n: {from: a, Normalization: {}}, "
        "o: {from: [n, b], seq: [Concatenate, Dense: 1]}}, outputs: o}",
        "{a: {from: a, float: {}}, b: {from: b, float: {}}}",
    )
    assert np.ravel(model.get_layer("n").mean).tolist() == [4.5]


def test_behind_trained_weights_it_is_refused(folder: Path) -> None:
    text = error_text(lambda: built(folder, "{layers: [Dense: 2, Normalization, Dense: 1]}", "a"))
    assert "2:28: K503" in text
    assert "reads what 'dense" in text


def test_without_data_it_is_refused(folder: Path) -> None:
    text = f"kerasish: 1\nmodel: {{input: [1], layers: [Normalization, Dense: 1]}}\n{TRAIN}"
    found = error_text(lambda: load_config(text).build())
    assert "K503 Normalization" in found
    assert "has learned nothing" in found
    given = text.replace("Normalization", "Normalization: {mean: 1, variance: 2}")
    assert load_config(given).build().built
    assert load_config(text.replace(TRAIN, "")).build().built
