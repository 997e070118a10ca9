"""What a layer holds: weights in and out, freezing, values in the place of variables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish.errors import ArgumentError, ShapeError
from kerasish.layers.base.policy import DTypePolicy, as_policy

layers = keras.layers
X = np.arange(6, dtype="float32").reshape(2, 3)


def built() -> Any:
    layer = layers.Dense(2, kernel_initializer="ones")
    layer.build((None, 3))
    return layer


@pytest.mark.parametrize("wrong", ["ab", 7, None, {"kernel": 1}], ids=repr)
def test_weights_are_a_list(wrong: Any) -> None:
    with pytest.raises(ArgumentError, match="a list of 2 arrays"):
        built().set_weights(wrong)


def test_a_wrong_number_or_shape_changes_nothing() -> None:
    layer = built()
    for wrong in ([], [np.zeros((3, 2))], [np.zeros((3, 2)), np.zeros(2), np.zeros(2)]):
        with pytest.raises(ArgumentError, match=rf"2 arrays.*Received: {len(wrong)}"):
            layer.set_weights(wrong)
    with pytest.raises(ShapeError, match="bias"):
        layer.set_weights([np.zeros((3, 2)), np.zeros(3)])
    np.testing.assert_array_equal(layer.kernel, np.ones((3, 2)))


def test_own_variables_through_a_store() -> None:
    layer, other, store = built(), built(), {}
    layer.set_weights([X.T[:, :2], np.array([5.0, 6.0])])
    layer.save_own_variables(store)
    other.load_own_variables(store)
    for a, b in zip(layer.weights, other.weights, strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(ArgumentError, match=r"2 variables.*Received: 1"):
        other.load_own_variables({"0": store["0"]})


def test_what_is_frozen_is_not_among_the_trainable() -> None:
    layer = layers.BatchNormalization()
    layer.build((None, 3))
    assert [v.name for v in layer.trainable_weights] == ["gamma", "beta"]
    assert [v.name for v in layer.non_trainable_weights] == ["moving_mean", "moving_variance"]
    assert [v.name for v in layer.trainable_variables] == ["gamma", "beta"]
    assert [v.name for v in layer.non_trainable_variables] == ["moving_mean", "moving_variance"]
    layer.trainable = False
    assert layer.trainable_weights == layer.trainable_variables == []
    assert len(layer.non_trainable_weights) == len(layer.non_trainable_variables) == 4


def test_a_frozen_layer_of_trainable_variables_has_none_to_train() -> None:
    layer = built()
    layer.trainable = False
    layer.kernel.trainable = True
    assert layer.trainable_weights == layer.trainable_variables == []
    assert len(layer.non_trainable_variables) == 2


def test_freezing_what_has_no_weights_reaches_compiled_steps() -> None:
    class Frozen(layers.Layer):
        def call(self, x: Any) -> Any:
            return x * (1.0 if self.trainable else 0.0)

    layer = Frozen()
    model = keras.Sequential([keras.Input((3,)), layer])
    assert model.predict(X, verbose=0).any()
    layer.trainable = False
    assert not model.predict(X, verbose=0).any()


class Counting(layers.Layer):
    """x times a weight; counts its calls and adds a loss."""

    def build(self, input_shape: Any) -> None:
        self.gain = self.add_weight((), "ones", name="gain")
        self.calls = self.add_weight((), "zeros", trainable=False, name="calls")

    def call(self, x: Any) -> Any:
        self.calls.assign(self.calls + 1)
        self.add_loss(keras.ops.sum(x) * self.gain)
        return x * self.gain


def test_a_call_with_values_in_the_place_of_variables() -> None:
    layer = Counting()
    layer.build((None, 3))
    y, states = layer.stateless_call([3.0], [4.0], X)
    np.testing.assert_array_equal(y, 3 * X)
    assert [float(s) for s in states] == [5.0]
    y, states, losses = layer.stateless_call([3.0], [4.0], X, return_losses=True)
    assert [float(loss) for loss in losses] == [45.0]
    assert (float(layer.gain), float(layer.calls)) == (1.0, 0.0)
    for given in (([3.0], []), ([], [4.0]), ([3.0, 1.0], [4.0])):
        with pytest.raises(ArgumentError, match="stateless_call"):
            layer.stateless_call(*given, X)


def test_a_policy_as_plain_data() -> None:
    policy = as_policy({"class_name": "DTypePolicy", "config": {"name": "mixed_float16"}})
    assert isinstance(policy, DTypePolicy)
    assert (policy.compute_dtype, policy.variable_dtype) == ("float16", "float32")
    assert as_policy(policy) is policy
    assert layers.Dense(1, dtype=keras.saving.serialize_keras_object(policy)).compute_dtype == (
        "float16"
    )


def test_a_name_that_a_constructor_does_not_take() -> None:
    class Short(layers.Layer):
        def __init__(self, factor: float = 2.0) -> None:
            super().__init__()
            self.factor = factor

        def call(self, x: Any) -> Any:
            return x * self.factor

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "factor": self.factor}

    layer = Short(3.0)
    layer.name = "mine"
    again = Short.from_config(layer.get_config())
    assert (again.name, again.factor) == ("mine", 3.0)


def test_shapes_of_a_layer_that_its_first_call_builds() -> None:
    class Outer(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.inner = layers.Dense(2)

        def call(self, x: Any) -> Any:
            return self.inner(x)

    model = Outer()
    model(X)
    assert model.get_build_config() == {"input_shape": (2, 3)}
