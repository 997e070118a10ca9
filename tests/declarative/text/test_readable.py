"""What is mended in a text that is almost YAML; a text that is YAML is never mended."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import assume, given, settings

from kerasish.declarative.text.errors import Diagnostics
from kerasish.declarative.text.loader import load
from kerasish.declarative.text.source import plain
from tests.declarative.text.test_format import documents


def is_yaml(text: str) -> bool:
    """Whether PyYAML reads a text."""
    try:
        yaml.safe_load(text)
    except yaml.YAMLError:
        return False
    return True


def said(text: str) -> str:
    """The findings of reading a text."""
    diagnostics = Diagnostics()
    load(text, "x", diagnostics)
    return str(diagnostics.error()) if len(diagnostics) else ""


@settings(max_examples=200, deadline=None)
@given(documents())
def test_what_is_yaml_is_read_without_findings(text: str) -> None:
    assume(is_yaml(text))
    assert said(text) == ""


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a:\n- one\n   two\n", {"a": ["one two"]}),
        ("a:\n  one\n   two\n   three\n", {"a": "one two three"}),
        ("a: one\n  two\n", {"a": "one two"}),
        ("a:\n  - one\n\n    two # note\n  - b: 1\n", {"a": ["one\ntwo", {"b": 1}]}),
        ("a:\n  - one\n  - two: 1\n", {"a": ["one", {"two": 1}]}),
        ("a:\n- one\nb:\n  c: 1\n", {"a": ["one"], "b": {"c": 1}}),
    ],
)
def test_a_text_may_go_on_in_the_next_line(text: str, value: object) -> None:
    diagnostics = Diagnostics()
    assert plain(load(text, "x", diagnostics)) == value
    assert len(diagnostics) == 0


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("model\n  layers: 1\n", "model"),
        ("a: 1\nmodel\n  layers\n    - Dense: 3\n", "layers"),
        ("a: 1\nmodel\n  layers\n    - Dense: 3\n", "model"),
        ("a:\n  - Dense\n      units: 3\n", "Dense"),
        ("a:\n  - Dense\n      units : 3\n", "Dense"),
    ],
)
def test_a_key_without_colon_owns_what_is_below_it(text: str, key: str) -> None:
    assert f"K101 a ':' is missing after '{key}'" in said(text)
