"""JSON that is too large, too deep or says two things at once."""

from __future__ import annotations

import pytest

from kerasish.errors import FileFormatError, UnsafeFileError
from kerasish.saving.files import limits
from kerasish.saving.files.text import check_depth, parse_json


def test_a_plain_object():
    assert parse_json(b'{"a": [1, 2.5, null, true, "x"]}', "f") == {"a": [1, 2.5, None, True, "x"]}
    assert parse_json('{"a": "\u00e4"}', "f") == {"a": "\u00e4"}


@pytest.mark.parametrize("depth", [300, 10_000, 1_000_000])
@pytest.mark.parametrize(("begin", "end"), [("[", "]"), ('{"a":', "}")])
def test_deep_nesting_is_a_clean_error(depth, begin, end):
    text = '{"x":' + begin * depth + "1" + end * depth + "}"
    with pytest.raises(UnsafeFileError, match="nested deeper"):
        parse_json(text, "f")


def test_depth_of_structures_made_here():
    value: list = []
    for _ in range(limits.MAX_NESTING - 2):
        value = [value, {"a": 1}]
    check_depth(value, "f")
    with pytest.raises(UnsafeFileError):
        check_depth([[[[value]]]], "f")


def test_size_is_limited():
    with pytest.raises(UnsafeFileError, match="bytes"):
        parse_json(b'{"a": "' + b"x" * limits.MAX_CONFIG_BYTES + b'"}', "f")


def test_a_name_twice():
    with pytest.raises(UnsafeFileError, match="'a' occurs twice"):
        parse_json('{"b": {"a": 1, "a": 2}}', "f")


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "null", "{'a': 1}", b"\xff{}", '{"a": 1}x'])
def test_what_is_no_object(text):
    with pytest.raises(FileFormatError, match="f: "):
        parse_json(text, "f")


def test_a_number_of_many_digits():
    with pytest.raises(FileFormatError):
        parse_json('{"a": ' + "9" * 100_000 + "}", "f")


@pytest.mark.parametrize("name", ["dense", "dense_1", "block1/conv", "a.b-c", "вход", "my>Layer"])
def test_names_that_models_have(name):
    assert limits.check_path(name, "f") == name.split("/")


@pytest.mark.parametrize(
    "name", ["", ".", "..", "...", "a/../b", "a\\b", "a\nb", "x" * 513, 3, None]
)
def test_names_that_no_model_has(name):
    with pytest.raises(UnsafeFileError):
        limits.check_path(name, "f")
