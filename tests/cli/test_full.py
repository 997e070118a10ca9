"""show --full: every default written out, and still the same config."""

from __future__ import annotations

from pathlib import Path

import pytest

from kerasish.cli.full import full
from kerasish.cli.main import main
from kerasish.declarative.api import load_config

CONFIGS = sorted((Path(__file__).parents[2] / "configs").glob("digits*.yaml"))
CONFIGS = [path for path in CONFIGS if path.stem != "digits_even"]  # needs a run


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_the_config_stays_the_same(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", "--full", str(path)]) == 0
    text = capsys.readouterr().out
    (tmp_path / path.name).write_text(text, encoding="utf-8")
    one, other = load_config(path).build(), load_config(tmp_path / path.name).build()
    for layer, again in zip(one.layers, other.layers, strict=True):
        first, second = layer.get_config(), again.get_config()
        assert {**first, "name": ""} == {**second, "name": ""}
    assert {**one.optimizer.get_config(), "name": ""} == {
        **other.optimizer.get_config(),
        "name": "",
    }
    assert main(["show", "--full", str(tmp_path / path.name)]) == 0
    assert capsys.readouterr().out == text


def test_defaults_are_written() -> None:
    document = {
        "model": {"layers": ["Flatten", {"Dense": 3}, {"Bidirectional": {"layer": {"LSTM": 4}}}]},
        "train": {"optimizer": "adam", "loss": {"a": "mse", "b": {"Huber": 2}}, "metrics": ["mae"]},
    }
    made = full(document)
    flatten, dense, both = made["model"]["layers"]
    assert flatten == {"Flatten": {"trainable": True, "autocast": True}}
    assert (dense["Dense"]["units"], dense["Dense"]["bias_initializer"]) == (3, "zeros")
    assert both["Bidirectional"]["layer"]["LSTM"]["recurrent_activation"] == "sigmoid"
    train = made["train"]
    assert train["optimizer"]["adam"]["beta_1"] == 0.9
    assert train["loss"]["a"] == "mse"
    assert (train["loss"]["b"]["Huber"]["delta"], train["epochs"]) == (2, 1)
    assert document["model"]["layers"][1] == {"Dense": 3}


def test_what_is_no_object_stays() -> None:
    document = {"model": {"nodes": {"a": {"from": "x", "log": {}}, "b": {"from": "a", "use": "s"}}}}
    assert full(document) == document
    assert full({"kerasish": 1}) == {"kerasish": 1}
