from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import pytest

from kerasish import layers
from kerasish.arguments.annotations import rule_for
from kerasish.arguments.contract import Converted, Field
from kerasish.arguments.rules import PaddingMode, PositiveInt, Rate
from kerasish.declarative.check.items import Checker
from kerasish.declarative.check.vocabulary import contains, lookup, names
from kerasish.declarative.schemas import words
from kerasish.declarative.text.errors import Diagnostics
from kerasish.declarative.text.loader import load


class Derived:
    """A derived thing
    over two lines.

    More.

    Args:
        width: how wide, in pixels,
            at most.
        size, name: of it.

    Raises:
        ValueError: never: this is no argument.
    """

    def __init__(self, width: float, size: str = "x", **kwargs: Any) -> None:
        pass


def argument(text: str, hint: Any, declared: bool = False) -> tuple[Any, str]:
    """The value of an argument with a hint, and the text of what is wrong with it."""
    diagnostics = Diagnostics()
    field = Field("x", hint, rule_for(hint), declared=declared)
    found = Checker(diagnostics).argument(field, load(text, "x", Diagnostics()))
    return found, "".join(one.message for one in diagnostics.sorted())


@pytest.mark.parametrize(
    ("text", "hint", "value"),
    [
        ("3", int, 3),
        ("3", float, 3),  # as in a program
        ("3.0", int, 3),
        ("3", bytes, 3),  # what says nothing about values takes any
        ("3", Any, 3),
        ("x", None, "x"),
        ("null", int | None, None),
        ("[1, 2]", tuple[int, int], (1, 2)),
        ("[1, 2, 3]", tuple[int, ...], (1, 2, 3)),
        ("[1, 2]", list[float], [1, 2]),
        ("[[1, 2], [3, 4]]", tuple[tuple[int, int], ...], ((1, 2), (3, 4))),
        ("[a]", list, ["a"]),
        ("{0: 1, 1: 2}", dict[int, float], {0: 1, 1: 2}),
        ("{a: 1}", dict[str, int], {"a": 1}),
        ("{a: 1}", dict, {"a": 1}),
        ("same", Literal["valid", "same"], "same"),
        ("64", PositiveInt, 64),
        ("0.5", Rate, 0.5),
        ("same", PaddingMode, "same"),
    ],
)
def test_what_fits(text: str, hint: Any, value: Any) -> None:
    found, wrong = argument(text, hint)
    assert (found, wrong) == (value, "")
    assert type(found) is type(value)
    assert argument(text, hint, declared=True) == (Converted(value), "")


@pytest.mark.parametrize(
    ("text", "hint", "words"),
    [
        ("3.5", int, "an integer"),
        ("true", int, "an integer"),
        ("true", float, "a number"),
        ("2", bool, "true or false"),
        ("1", str, "text"),
        ("null", int, "an integer"),
        ("x", int | float | None, "an integer or a number or null"),
        ("[1]", tuple[int, int], "a list of 2 integers"),
        ("[1, x]", tuple[int, ...], "a list of integers"),
        ("3", list, "a list"),
        ("3", list[str], "a list of which each is text"),
        ("3", list[int | str], "a list of integers or text"),
        ("[1]", dict[str, int], "a mapping of integers"),
        ("{a: x}", dict[str, int], "a mapping of integers"),
        ("{a: 1}", dict[int, int], "a mapping of integers"),
        ("1", Literal[2, "x"], "one of (2, 'x')"),
        ("0", PositiveInt, "a positive integer"),
        ("'64'", PositiveInt, "a positive integer"),
        ("2", Rate, "a number in [0, 1]"),
        ("x", Callable[..., float], "a function, which a file cannot hold"),
    ],
)
def test_what_does_not(text: str, hint: Any, words: str) -> None:
    found, wrong = argument(text, hint)
    assert found is None
    assert wrong.startswith(f"x must be {words}, received ")


def test_docstrings() -> None:
    assert words.summary(Derived) == "A derived thing over two lines."
    assert words.described(Derived) == {
        "width": "how wide, in pixels, at most.",
        "size": "of it.",
        "name": "of it.",
    }
    assert words.described(len) == {}


def test_a_file_cannot_name_code() -> None:
    assert contains("layer", "Dense")
    assert not contains("layer", "Lambda")
    assert not contains("layer", "lambda")
    assert "Lambda" not in names("layer")
    assert lookup("layer", "Dense") is layers.Dense
    assert "dense" not in names("layer")
