"""Clones: the same architecture, weights of their own."""

from __future__ import annotations

import numpy as np
import pytest

import kerasish as keras
from kerasish import saving
from kerasish.errors import (
    ArgumentError,
)
from tests.saving.models import functional, predict, sequential


@pytest.mark.parametrize("make", [functional, sequential])
def test_a_clone_has_weights_of_its_own(make):
    model = make()
    clone = saving.clone_model(model)
    keras.utils.clear_session()
    assert clone.to_json() == make(compiled=False).to_json()
    clone.set_weights(model.get_weights())
    np.testing.assert_array_equal(predict(clone), predict(model))
    clone.set_weights([w * 0 for w in clone.get_weights()])
    assert np.abs(predict(model)).max() > 0


def test_a_clone_on_other_inputs_and_with_other_layers():
    model = functional()
    x = keras.Input((4,), name="other")

    def change(layer):
        if isinstance(layer, keras.layers.Dropout):
            return keras.layers.Dropout(0.9, name=layer.name)
        return layer

    clone = saving.clone_model(model, x, change)
    assert clone.inputs[0] is x
    rates = [la.rate for la in clone.layers if isinstance(la, keras.layers.Dropout)]
    assert rates == [0.9]
    np.testing.assert_array_equal(predict(clone), predict(model))
    with pytest.raises(ArgumentError, match="input_tensors"):
        saving.clone_model(model, [x, x])
