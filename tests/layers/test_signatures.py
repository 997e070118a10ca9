"""Constructors take Keras's arguments: same names, same order, same defaults."""

from __future__ import annotations

import inspect
import json
from typing import Any

import pytest

import kerasish as keras
from tests.golden_values import FOLDER

SIGNATURES: dict[str, dict[str, Any]] = json.loads(
    (FOLDER / "layer_signatures.json").read_text(encoding="utf-8")
)
SHARED = sorted(set(SIGNATURES) & set(keras.layers.__all__))
# Every layer takes these, whether its own signature lists them or not.
COMMON = {"weights", "name", "dtype", "trainable", "autocast", "activity_regularizer"}


def plain(value: Any) -> Any:
    if value is inspect.Parameter.empty:
        return "<required>"
    return list(map(plain, value)) if isinstance(value, tuple) else value


def same(ours: Any, theirs: Any) -> bool:
    """Equal defaults, one int standing for a tuple of that int."""
    if isinstance(theirs, list) and isinstance(ours, int) and not isinstance(ours, bool):
        return all(item == ours for item in theirs)
    return plain(ours) == plain(theirs)


@pytest.mark.parametrize("name", SHARED)
def test_arguments(name: str) -> None:
    cls = getattr(keras.layers, name)
    ours = dict(list(inspect.signature(cls.__init__).parameters.items())[1:])
    theirs = {k: v for k, v in SIGNATURES[name].items() if k not in COMMON | set(cls.ignored)}
    order = [k for k in ours if k in theirs]
    assert theirs.keys() - set(order) == set()
    assert order == list(theirs), "another order"
    for key, default in theirs.items():
        assert same(ours[key].default, default), key


def test_most_of_keras_is_there() -> None:
    missing = set(SIGNATURES) - set(keras.layers.__all__)
    assert len(SHARED) >= 95
    assert {
        "Dense",
        "Conv2D",
        "LSTM",
        "MultiHeadAttention",
        "BatchNormalization",
    } & missing == set()


def test_the_comparison_sees_differences() -> None:
    assert not same(0.5, 0.25)
    assert not same((1, 2), [1, 1])
    assert not same(True, [1, 1])
    assert same(1, [1, 1])
    assert same((2, 2), [2, 2])
