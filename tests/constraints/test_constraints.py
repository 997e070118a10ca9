"""Constraints against Keras; what they promise; names and configs."""

from __future__ import annotations

import numpy as np
import pytest

from kerasish import constraints
from kerasish.errors import UnknownNameError
from tests.golden_objects import check_object
from tests.keras_objects import CONSTRAINTS, W, key


@pytest.mark.parametrize("entry", CONSTRAINTS, ids=lambda e: key(e[0], e[1]))
def test_as_keras(entry):
    check_object(entry)


@pytest.mark.parametrize("entry", CONSTRAINTS, ids=lambda e: key(e[0], e[1]))
def test_configs_round_trip(entry):
    made = getattr(constraints, entry[0].split(".")[1])(**entry[1])
    again = constraints.deserialize(constraints.serialize(made))
    assert type(again) is type(made)
    assert again.get_config() == made.get_config()


def test_promises():
    norms = np.linalg.norm(constraints.MaxNorm(1.5)(W).numpy(), axis=0)
    assert norms.max() <= 1.5001
    np.testing.assert_allclose(np.linalg.norm(constraints.UnitNorm()(W).numpy(), axis=0), 1, 1e-5)
    assert constraints.NonNeg()(W).numpy().min() == 0
    zero = np.zeros((3, 2), np.float32)
    for made in (constraints.MaxNorm(), constraints.MinMaxNorm(), constraints.UnitNorm()):
        np.testing.assert_array_equal(made(zero).numpy(), zero)


def test_names():
    for name in ("max_norm", "MinMaxNorm", "non_neg", "UnitNorm"):
        assert isinstance(constraints.get(name), constraints.Constraint)
    assert constraints.get(None) is None
    with pytest.raises(UnknownNameError, match="max_norm"):
        constraints.get("max_nrm")
