from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from kerasish.declarative.schemas.file import schema
from kerasish.declarative.text.errors import Diagnostics
from kerasish.declarative.text.loader import load
from kerasish.declarative.text.source import plain
from scripts.make_yaml_reference import PAGE, all_keys

ROOT = Path(__file__).parents[2]
KEYS = [(keys, key) for keys in all_keys() for key in keys.records()]


def test_the_page_is_what_the_script_makes() -> None:
    # A program of its own: other tests register classes.
    made = "from scripts.make_yaml_reference import page; print(page(), end='')"
    found = subprocess.run(
        [sys.executable, "-c", made], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert found.stdout == PAGE.read_text(encoding="utf-8")


def test_names_of_mappings_are_their_own_and_every_key_has_words() -> None:
    names = [keys.name for keys in all_keys()]
    assert len(set(names)) == len(names)
    assert [key.name for keys, key in KEYS if not key.text or key.text.endswith(".")] == []


@pytest.mark.parametrize(
    ("keys", "key"), KEYS, ids=[f"{keys.name}.{key.name}" for keys, key in KEYS]
)
def test_examples_are_valid(keys, key) -> None:
    if not key.example:
        return
    value = plain(load(f"{key.name}: {key.example}\n".encode(), "x.yaml", Diagnostics()))[key.name]
    whole = schema()
    table = whole if keys.name == "file" else whole["$defs"][keys.name]
    against = {**table["properties"][key.name], "$defs": whole["$defs"]}
    jsonschema.Draft202012Validator(against).validate(value)
