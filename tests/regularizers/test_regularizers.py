"""Regularizers against Keras; gradients; names and configs."""

from __future__ import annotations

import numpy as np
import pytest

from kerasish import regularizers
from kerasish.errors import ArgumentError, ShapeError, UnknownNameError
from kerasish.testing.gradients import check_grads
from tests.golden_objects import check_object
from tests.keras_objects import REGULARIZERS, W, key


@pytest.mark.parametrize("entry", REGULARIZERS, ids=lambda e: key(e[0], e[1]))
def test_as_keras(entry):
    check_object(entry)


@pytest.mark.parametrize("entry", REGULARIZERS, ids=lambda e: key(e[0], e[1]))
def test_gradients(entry):
    made = getattr(regularizers, entry[0].split(".")[1])(**entry[1])
    if made.get_config() != {"l1": 0.0, "l2": 0.0}:
        check_grads(made, [W.astype(np.float64)], 2)


@pytest.mark.parametrize("entry", REGULARIZERS, ids=lambda e: key(e[0], e[1]))
def test_configs_round_trip(entry):
    made = getattr(regularizers, entry[0].split(".")[1])(**entry[1])
    again = regularizers.deserialize(regularizers.serialize(made))
    assert type(again) is type(made)
    assert again.get_config() == made.get_config()


def test_names():
    for name in ("l1", "l2", "L1L2", "l1_l2", "orthogonal_regularizer"):
        assert isinstance(regularizers.get(name), regularizers.Regularizer)
    assert regularizers.get(None) is None
    assert regularizers.get(abs) is abs
    with pytest.raises(UnknownNameError, match="l1"):
        regularizers.get("l11")


def test_errors():
    for build in (
        lambda: regularizers.L1(-1),
        lambda: regularizers.L1L2(l1=[]),
        lambda: regularizers.L2(float("nan")),
    ):
        with pytest.raises(ArgumentError, match=">= 0"):
            build()
    with pytest.raises(ArgumentError, match="mode"):
        regularizers.OrthogonalRegularizer(mode="both")
    with pytest.raises(ShapeError, match="rank 2"):
        regularizers.OrthogonalRegularizer()(np.ones(3, np.float32))
