from __future__ import annotations

import math

import pytest

from kerasish.declarative.text.scalars import resolve


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("64", 64),
        ("-3", -3),
        ("+7", 7),
        ("017", 17),
        ("0x1F", 31),
        ("9223372036854775808", 2**63),
        ("1e-4", 1e-4),
        ("1E3", 1000.0),
        ("-.5", -0.5),
        ("2.", 2.0),
        (".inf", math.inf),
        ("-.Inf", -math.inf),
        ("true", True),
        ("False", False),
        ("", None),
        ("~", None),
        ("null", None),
    ],
)
def test_core_schema_values(text: str, value: object) -> None:
    found = resolve(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "text",
    ["yes", "no", "on", "off", "y", "12:30", "1:30:00", "0o17", "0b11", "2024-01-01", "1_000",
     "1e", "e5", ".", "-", "0x", "nan", "inf", "1.2.3", "$x", "tRue"],
)  # fmt: skip
def test_what_yaml_1_1_would_convert_stays_text(text: str) -> None:
    assert resolve(text) == text


def test_nan() -> None:
    found = resolve(".nan")
    assert isinstance(found, float)
    assert math.isnan(found)


@pytest.mark.parametrize("text", ["9223372036854775809", "9" * 100_000, "0x" + "f" * 17, "1e999"])
def test_numbers_out_of_range_stay_text(text: str) -> None:
    assert resolve(text) == text
