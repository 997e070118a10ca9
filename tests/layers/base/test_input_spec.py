"""`InputSpec`: what it lets pass, and what it says of the rest."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish.errors import DTypeError, ShapeError

layers = keras.layers


def called(given: tuple[int, ...], /, **spec: Any) -> None:
    layer = layers.Identity()
    layer.input_spec = layers.InputSpec(**spec)
    layer(np.zeros(given, "float32"))


def test_a_last_axis_of_one_may_be_there_or_not() -> None:
    spec = {"shape": (None, 3), "allow_last_axis_squeeze": True}
    called((2, 3), **spec)
    called((2, 3, 1), **spec)
    called((2,), shape=(None, 1), allow_last_axis_squeeze=True)
    for shape in ((2, 3, 2), (2,), (2, 4, 1), (2, 3, 1, 1)):
        with pytest.raises(ShapeError, match="Expected: an input of"):
            called(shape, **spec)
    with pytest.raises(ShapeError, match="Expected: an input of"):
        called((2, 3, 1), shape=(None, 3))


@pytest.mark.parametrize(
    ("shape", "spec", "said"),
    [
        ((2, 3), {"ndim": 3}, "rank 3"),
        ((2, 3, 4), {"max_ndim": 2}, "rank at most 2"),
        ((2,), {"min_ndim": 2}, "rank at least 2"),
        ((2, 3), {"axes": {-1: 4}}, "size 4 on axis -1"),
        ((2, 3), {"shape": (None, 4)}, r"shape \(None, 4\)"),
    ],
)
def test_what_is_refused(shape: tuple[int, ...], spec: dict[str, Any], said: str) -> None:
    with pytest.raises(ShapeError, match=said):
        called(shape, **spec)


def test_bounds_are_included() -> None:
    called((2, 3), min_ndim=2, max_ndim=2, ndim=2, axes={-1: 3, 0: None}, shape=(None, 3))
    with pytest.raises(DTypeError, match="dtype int32"):
        called((2, 3), dtype="int32")
