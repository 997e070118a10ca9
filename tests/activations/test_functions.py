"""Names, configs, and relu's arguments; values are compared with Keras's among the ops."""

from __future__ import annotations

import numpy as np
import pytest

from kerasish import activations, registry
from kerasish.errors import ArgumentError, UnknownNameError

X = np.array([-10, -5, -1, -0.5, 0, 0.5, 1, 5, 10], np.float32)


@pytest.mark.parametrize("name", registry.names("activation"))
def test_names_and_configs_round_trip(name):
    function = activations.get(name)
    again = activations.deserialize(activations.serialize(function))
    assert again is function
    assert getattr(activations, name) is function


def test_none_is_linear_and_a_callable_is_itself():
    assert activations.get(None) is activations.linear
    assert activations.get(np.tanh) is np.tanh


def test_unknown_names_list_the_nearest():
    with pytest.raises(UnknownNameError, match="softmax"):
        activations.get("sofmax")
    with pytest.raises(ArgumentError, match="activation"):
        activations.get(3)


@pytest.mark.parametrize("slope", [0.0, 0.1])
@pytest.mark.parametrize("top", [None, 3.0, 6])
@pytest.mark.parametrize("threshold", [0.0, 1.0])
def test_relu_is_its_definition(slope, top, threshold):
    expected = np.where(X < threshold, slope * (X - threshold), X)
    # Keras: exactly at the threshold the unit is off.
    expected = np.where((threshold != 0) & (threshold == X), 0, expected)
    if top is not None:
        expected = np.minimum(expected, top)
    got = activations.relu(X, negative_slope=slope, max_value=top, threshold=threshold).numpy()
    np.testing.assert_allclose(got, expected, rtol=1e-6)
