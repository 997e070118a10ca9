from __future__ import annotations

import ast
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasish.declarative.resolve.expressions import ExpressionError, evaluate, is_true
from kerasish.declarative.resolve.facts import as_value
from kerasish.declarative.text.source import Mapping, Mark, Scalar, Sequence, Source, Value, plain

VARIABLES: dict[str, Any] = {
    "width": 32, "lr": 1e-3, "on": True, "name": "m", "a": {"b": 7}, "none": None, "k": "b",
    "widths": [4, 8, [15, 16]], "empty": [],
}  # fmt: skip
MARK = Mark(Source.of_text("x", ""), 1, 1)


class Known:
    """The names in `VARIABLES`."""

    def value(self, root: str, steps: tuple[str | int, ...], offset: int, width: int) -> Value:
        held = VARIABLES[root]
        for step in steps:
            held = held[step]
        return as_value(held, MARK)

    def known(self, root: str, offset: int, width: int) -> None:
        VARIABLES[root]


def value_of(text: str) -> Any:
    found = evaluate(text, Known())
    return plain(found) if isinstance(found, Scalar | Sequence | Mapping) else found


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1/255", 1 / 255),
        ("width * 2**3", 256),
        ("width // 3", 10),
        ("width % 5", 2),
        ("-width + +1", -31),
        ("(1 + 2) * 3", 9),
        ("min(3, width, 7)", 3),
        ("max(3, width)", 32),
        ("int(7 / 2)", 3),
        ("round(2.567, 2)", 2.57),
        ("round(2.5)", 2),
        ("a.b - 1", 6),
        ("name", "m"),
        ("on", True),
        (" width ", 32),
        ("1e-3 * 2", 2e-3),
        ("2**63", 2**63),
        ("widths[0] * widths[-1][1]", 64),
        ("widths[len(widths) - 2]", 8),
        ("a['b']", 7),
        ("a[k] + 1", 8),
        ("len(widths)", 3),
        ("len(a)", 1),
        ("widths[2]", [15, 16]),
        ("width > 3", True),
        ("1 < 2 < 2", False),
        ("1 <= 2 != 3", True),
        ("name == 'm'", True),
        ("name != 'm'", False),
        ("'a' < 'b'", True),
        ("on == 1", False),
        ("none == null", True),
        ("none is not null", False),
        ("not width", False),
        ("not none", True),
        ("not empty", True),
        ("width and name", "m"),
        ("none or width", 32),
        ("none and 1 / 0", None),
        ("on or 1 / 0", True),
        ("1 if on else 1 / 0", 1),
        ("1 / 0 if none else 'relu'", "relu"),
        ("null if on else 3", None),
        ("true", True),
        ("8 in widths", True),
        ("9 not in widths", True),
        ("name in ['m', 'n']", True),
        ("'b' in a", True),
        ("1 > 2 > 1 / 0", False),
    ],
)
def test_values(text: str, value: Any) -> None:
    found = value_of(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        "", "   ", "1 +", "width.bit_length()", "(1).real", "__import__('os')", "open('x')",
        "().__class__", "[1]", "{1: 2}", "{1}", "lambda: 1", "'a' < 1", "on < 2", "None", "1 in 2",
        "widths == 1", "widths + 1", "len(1)", "len()", "len(widths, 2)", "widths[0:1]",
        "widths[0, 1]",
        "widths[on]", "widths[0.5]", "true.x", "1[0]", "widths[nope]", "1 if on else nope",
        "on or nope", "none and x.y", "~1", "1 @ 2", "1 << 2", "1 | 2", "1 & 2", "1 ^ 2",
        "f'{width}'", "'a' + 'b'",
        "name * 2", "on + 1", "True + 1", "True", "...", "1j", "x := 1", "[i for i in 1]",
        "min()", "min(*a)", "int(1, base=2)", "round(1, 2, 3)", "min", "yield", "await x",
        "1; 2", "import os", "b'x' * 2", "\x00", "print(1)",
    ],
)  # fmt: skip
def test_what_is_refused(text: str) -> None:
    with pytest.raises((ExpressionError, KeyError)):
        value_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "2**65", "2**64**64", "2**63 * 2", "10**64", "9" * 400, "(-8)**0.5", "1/0", "1//0", "1%0",
        "1e308 * 10 // 1", "int(1e308 * 10)", "round(5, -1000000000)", "round(5, 0.5)",
        "(" * 190 + "1" + ")" * 190 + "(", "-" * 400 + "1", "1" + "+1" * 400, "1" + "**1" * 160,
    ],
)  # fmt: skip
def test_nothing_grows_or_takes_long(text: str) -> None:
    start = time.process_time()
    with pytest.raises(ExpressionError):
        value_of(text)
    assert time.process_time() - start < 0.5


def test_the_part_at_fault_is_named() -> None:
    with pytest.raises(ExpressionError) as caught:
        value_of("width + (4 / 0)")
    assert (caught.value.offset, caught.value.width) == (9, 5)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="0123456789+-*/%().,eE mixanrowudth'\"[]{}:=\\", max_size=40))
def test_fuzz(text: str) -> None:
    try:
        found = value_of(text)
    except (ExpressionError, KeyError):
        return
    assert found is None or isinstance(found, bool | int | float | str | list | dict)


@settings(max_examples=300, deadline=None)
@given(
    st.recursive(
        st.integers(1, 9).map(str),
        lambda s: st.tuples(s, st.sampled_from(["+", "-", "*", "/", "//", "%"]), s).map(
            lambda t: f"({t[0]} {t[1]} {t[2]})"
        ),
        max_leaves=6,
    )
)
def test_arithmetic_is_pythons(text: str) -> None:
    """`ast.literal_eval` cannot do arithmetic, so the reference folds the same tree by hand."""

    def fold(node: ast.expr) -> float:
        if isinstance(node, ast.Constant):
            return node.value
        assert isinstance(node, ast.BinOp)
        left, right = fold(node.left), fold(node.right)
        name = type(node.op).__name__
        return {
            "Add": lambda: left + right,
            "Sub": lambda: left - right,
            "Mult": lambda: left * right,
            "Div": lambda: left / right,
            "FloorDiv": lambda: left // right,
            "Mod": lambda: left % right,
        }[name]()

    try:
        expected = fold(ast.parse(text, mode="eval").body)
    except ZeroDivisionError:
        with pytest.raises(ExpressionError, match="division by zero"):
            value_of(text)
        return
    assert value_of(text) == expected


def test_what_counts_as_true() -> None:
    true = [True, 1, -0.5, "a", [0], {"a": 0}]
    false = [False, 0, 0.0, "", None, [], {}]
    assert all(is_true(as_value(one, MARK)) for one in true)
    assert not any(is_true(as_value(one, MARK)) for one in false)


def test_a_name_in_a_part_that_is_not_taken() -> None:
    with pytest.raises(KeyError, match="nope"):
        value_of("1 if on else min(nope, 2)")
