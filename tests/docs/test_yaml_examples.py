"""Every example of docs/yaml trains, and as a program to the same numbers."""

from __future__ import annotations

import json
import runpy
import shutil
import sys
from pathlib import Path

import pytest

from kerasish.cli.main import main
from kerasish.registry import _entries
from scripts.make_yaml_reference import all_keys, examples
from tests.cli.test_to_python import history_of, same, same_weights
from tests.docs.yaml_data import MAKERS

EXAMPLES = examples()
EXTRAS = {"parquet": "pyarrow", "photos": "PIL"}


@pytest.fixture(autouse=True)
def _registered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What a plugin of an example registers is gone after it."""
    monkeypatch.chdir(tmp_path)
    before = {kind: dict(held) for kind, held in _entries.items()}
    yield
    for kind, held in before.items():
        _entries[kind].clear()
        _entries[kind].update(held)
    sys.modules.pop("mine", None)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_trains(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    example = EXAMPLES[name]
    for needed in example.data:
        if needed in EXTRAS:
            pytest.importorskip(EXTRAS[needed], reason="the extra is not installed")
        MAKERS[needed](tmp_path)
    shutil.copy(example.path, tmp_path)
    changes = ("--set", "seed=1", *example.arguments)
    assert main(["to-python", example.path.name, "-o", "program.py", *changes]) == 0
    made = runpy.run_path("program.py")
    code = main(["fit", example.path.name, "--quiet", *changes])
    told = capsys.readouterr()
    assert code == 0, told.err + told.out
    state = json.loads((tmp_path / "runs" / name / "run.json").read_text(encoding="utf-8"))
    assert state["state"] == "finished"
    same(history_of(f"runs/{name}"), made)
    same_weights(tmp_path / "runs" / name, made["model"])


def test_examples_name_data_that_are_made_and_headings_that_are_there() -> None:
    headings = {keys.name for keys in all_keys()}
    for example in EXAMPLES.values():
        assert {*example.data} <= {*MAKERS}, example.path
        assert example.under, example.path
        assert {*example.under} <= headings, example.path


def test_no_maker_is_left_over() -> None:
    assert {name for example in EXAMPLES.values() for name in example.data} == {*MAKERS}
