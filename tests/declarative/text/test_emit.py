from __future__ import annotations

import math
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kerasish.declarative.resolve.document import read_text
from kerasish.declarative.text.emit import WIDTH, emit
from kerasish.declarative.text.errors import Diagnostics
from kerasish.declarative.text.source import plain
from tests.declarative.helpers import block


def again(data: dict[str, Any]) -> Any:
    return plain(read_text(emit(data), Diagnostics()))


def test_layout() -> None:
    data = {
        "kerasish": 1,
        "name": "a b",
        "model": {
            "input": {"shape": [28, 28, None], "dtype": "float32"},
            "layers": [
                {"Conv2D": {"filters": 32, "kernel_size": [3, 3], "activation": "relu"}},
                "Flatten",
                {"Dense": {"units": 10, "regularizer": {"L2": {"l2": 1e-4}}, "name": "x" * 60}},
            ],
        },
        "empty": {},
        "texts": ["1e-4", "yes", "null", "12", "a: b", "#x", "", "$x", "é", "a\n", "[", "-", "~"],
    }  # fmt: skip
    assert (
        emit(data)
        == block(r"""
        kerasish: 1
        name: a b
        model:
          input: {shape: [28, 28, null], dtype: float32}
          layers:
            - Conv2D: {filters: 32, kernel_size: [3, 3], activation: relu}
            - Flatten
            - Dense:
                units: 10
                regularizer: {L2: {l2: 0.0001}}
                name: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
        empty: {}
        texts: ["1e-4", yes, "null", "12", "a: b", "#x", "", "$$x", "é", "a\n", "[", "-", "~"]
        """)
        + "\n"
    )
    assert again(data) == data


def test_numbers_come_back_exactly() -> None:
    numbers = [0.1, 1e-300, 1e22, -0.0, 3.0, 1 / 3, 5e-324, math.inf, -math.inf, 2**63, -7, True]
    found = again({"x": numbers})["x"]
    assert found == numbers
    assert [type(one) for one in found] == [type(one) for one in numbers]
    assert math.copysign(1, found[3]) == -1
    assert math.isnan(again({"x": math.nan})["x"])


# What YAML cannot hold at all: surrogates and the characters it calls non-printable.
TEXT = st.text(
    st.characters(
        exclude_categories=("Cs",),
        exclude_characters="".join(map(chr, [*range(32), *range(127, 160), 0xFFFE, 0xFFFF])),
    ),
    max_size=12,
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | TEXT
    | st.sampled_from(["1e-4", "0x1F", "true", "~", "-", "a: b", "- a", "<<", "\t", "\n a", "---"]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(TEXT.filter(lambda key: key not in ("", "repeat")), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(["a", "b", "c d", "1", "e:f"]), VALUES, min_size=1))
def test_what_is_written_is_read_back(data: dict[str, Any]) -> None:
    assert again(data) == data


def test_long_lists_are_wrapped() -> None:
    text = emit({"x": {"y": list(range(100))}})
    assert max(len(line) for line in text.splitlines()) <= WIDTH
