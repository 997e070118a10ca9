"""The configs that are shipped: all of them check, and the digits are learnt."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kerasish.cli.main import main
from kerasish.declarative import schema
from kerasish.declarative.text.errors import Diagnostics
from kerasish.declarative.text.loader import load
from kerasish.declarative.text.source import plain

CONFIGS = sorted((Path(__file__).parents[2] / "configs").glob("*.yaml"))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_configs_check(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(path)]) == 0
    assert f"{path}: no findings" in capsys.readouterr().out


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_configs_fit_the_schema(path: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="checks the schema with a validator")
    data = plain(load(path.read_bytes(), path.name, Diagnostics()))
    jsonschema.Draft202012Validator(schema()).validate(data)


def test_there_are_configs() -> None:
    assert len(CONFIGS) >= 4


def accuracy(name: str, folder: Path, capsys: pytest.CaptureFixture[str], *overrides: str) -> float:
    (path,) = [one for one in CONFIGS if one.stem == name]
    sets = [part for one in overrides for part in ("--set", one)]
    assert main(["fit", str(path), "--run", str(folder / "run"), "--verbose", "0", *sets]) == 0
    found = re.search(r"test .*accuracy ([0-9.]+)", capsys.readouterr().out)
    assert found is not None
    return float(found.group(1))


def test_the_convolutional_network_learns_the_digits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert accuracy("digits_cnn", tmp_path, capsys) >= 0.97


def test_the_functional_network_learns_the_digits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert accuracy("digits_functional", tmp_path, capsys, "vars.epochs=5") >= 0.8
