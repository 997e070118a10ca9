"""Dates as numbers, held to Python's calendar."""

from __future__ import annotations

import datetime
import math

import numpy as np
import pytest

import kerasish as keras
from kerasish.errors import ArgumentError, DataError
from kerasish.layers import DateFeatures


def ring(value: float, whole: float) -> list[float]:
    return [math.sin(2 * math.pi * value / whole), math.cos(2 * math.pi * value / whole)]


@pytest.mark.parametrize("text", ["2024-02-29 13:45:00", "1969-12-31T23:00:00", "2000-01-01 00:00"])
def test_parts_are_those_of_the_calendar(text):
    when = datetime.datetime.fromisoformat(text)
    parts = ["elapsed", "year", "month", "day", "weekday", "hour", "minute"]
    days = (when - datetime.datetime(2000, 1, 1)).total_seconds() / 86400
    expected = [
        days / 3652.5, (when.year - 2000) / 10, *ring(when.month - 1, 12), *ring(when.day - 1, 31),
        *ring(when.weekday(), 7), *ring(when.hour + when.minute / 60, 24), *ring(when.minute, 60),
    ]  # fmt: skip
    np.testing.assert_allclose(DateFeatures(parts)([text]).numpy()[0], expected, atol=1e-5)


def test_columns_empty_texts_and_symbols():
    layer = DateFeatures(["year", "month"])
    found = layer(np.array([["2010-01-01", ""], ["01.07.2020", "2010-1-1"]])).numpy()
    assert found.shape == (2, 6)
    np.testing.assert_array_equal(found[0, 3:], 0)
    np.testing.assert_allclose(found[1], [2, 0, -1, 1, 0, 1], atol=1e-6)
    symbol = layer(keras.Input((2,), dtype="string"))
    assert symbol.shape == (None, 6)
    again = DateFeatures.from_config(layer.get_config())
    np.testing.assert_array_equal(again(np.array([["2010-01-01", ""]])).numpy(), found[:1])


def test_what_is_no_date_and_no_part():
    with pytest.raises(DataError, match=r"row 1.*a date such as.*'soon'"):
        DateFeatures()(["2010-01-01", "soon"])
    with pytest.raises(ArgumentError, match="elapsed, year, month"):
        DateFeatures(["decade"])
