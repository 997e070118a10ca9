"""Automatic names, paths and keys."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import kerasish as keras
from kerasish import naming
from kerasish.errors import ArgumentError
from tests.golden.name_cases import CASES

GOLDEN = json.loads((Path(__file__).parent / "golden" / "names.json").read_text())


@pytest.mark.parametrize("name", sorted(CASES))
def test_names_and_paths_are_those_of_keras(name: str) -> None:
    assert json.loads(json.dumps(CASES[name](keras))) == GOLDEN[name]


def test_keys_hold_no_count_of_the_program() -> None:
    members = [("dense_7", "dense"), ("mine", "dense"), ("dense_9", "dense"), ("re_lu", "re_lu")]
    assert naming.member_keys(members) == ["dense", "mine", "dense_1", "re_lu"]
    # A given name that looks like one of another class stays, and the automatic ones avoid it.
    members = [("dense", "conv2d"), ("dense_3", "dense"), ("conv2d_1", "conv2d")]
    assert naming.member_keys(members) == ["dense", "dense_1", "conv2d"]


def test_a_scope_is_entered_once_by_the_same_caller() -> None:
    caller = object()
    with naming.opened("a"), naming.opened("b", caller), naming.opened("b", caller):
        assert naming.current_path() == "a/b"
        with naming.opened("c", None, "elsewhere"):
            assert naming.current_path() == "elsewhere/c"
    assert naming.current_path() == ""


def test_a_scope_is_left_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), naming.opened("a"):
        raise ZeroDivisionError
    assert naming.current_path() == ""
    with pytest.raises(ArgumentError, match="without '/'"):
        naming.opened("a/b")
