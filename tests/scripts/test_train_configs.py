"""The script that trains the shipped configs: every one has a number, and a missed one is said."""

from __future__ import annotations

import pytest

from kerasish.errors import ArgumentError
from scripts import train_configs
from scripts.train_configs import LIMITS, NEEDS, ROOT, main


def test_every_config_with_data_has_a_number() -> None:
    texts = {path.stem: path.read_text("utf-8") for path in (ROOT / "configs").glob("*.yaml")}
    assert set(LIMITS) == {name for name, text in texts.items() if "\ndata:" in text}
    loading = {name for name, text in texts.items() if "load: {run: " in text}
    assert loading == set(NEEDS)


def test_a_number_that_is_reached_and_one_that_is_missed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["configs/digits_autoencoder.yaml"]) == 0
    title, row = capsys.readouterr().out.splitlines()
    assert title.split() == ["config", "metric", "value", "limit", "seconds", "CPU"]
    name, metric, value, sign, _, said, wall, computed = row.split()
    assert (name, metric, sign, said) == ("digits_autoencoder", "loss", "<=", "ok")
    assert 0 < float(value) <= 0.025
    assert float(wall) > 0
    assert float(computed) > 0
    monkeypatch.setitem(LIMITS, "digits_autoencoder", "loss <= 1e-9")
    assert main(["digits_autoencoder"]) == 1
    assert capsys.readouterr().out.splitlines()[1].split()[5] == "missed"


def test_what_another_needs_comes_first(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    done: list[str] = []
    monkeypatch.setattr(train_configs, "row", lambda name, folder: not done.append(name))
    assert main(["etth1", "digits_even", "digits_cnn"]) == 0
    assert done == ["etth1", "digits_cnn", "digits_even"]


def test_a_config_that_does_not_train(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(LIMITS, "unet", "accuracy >= 0.9")  # it has no data
    assert main(["unet"]) == 1
    assert "failed with exit code 2" in capsys.readouterr().out
    with pytest.raises(ArgumentError, match="one of adult_census"):
        main(["adult"])
