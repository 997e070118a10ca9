"""Calls of layers: the training flag, losses, masks, dtypes, shapes; registration."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish.errors import ArgumentError, UnknownNameError
from kerasish.graph import GradientTape
from kerasish.graph.trace import trace
from kerasish.spec import TensorSpec
from tests.layers.own_layers import ROWS, Scale
from tests.tolerances import assert_close

layers, ops = keras.layers, keras.ops


# --- training flag --------------------------------------------------------------------------------


class Outer(layers.Layer):
    def __init__(self, given: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.inner = Scale(1.0)
        self.given = given

    def call(self, inputs: Any) -> Any:
        return self.inner(inputs, training=self.given)


@pytest.mark.parametrize(
    ("inner", "outer", "factor"),
    [(None, None, 1), (None, True, 2), (None, False, 1), (False, True, 1), (True, False, 2)],
)
def test_explicit_training_goes_before_inherited(inner: Any, outer: Any, factor: int) -> None:
    layer = Outer(inner)
    np.testing.assert_array_equal(layer(ROWS, training=outer), factor * ROWS)


def test_training_defaults_to_that_of_call() -> None:
    class Always(layers.Layer):
        def call(self, inputs: Any, training: bool = True) -> Any:
            return inputs * (2.0 if training else 1.0)

    np.testing.assert_array_equal(Always()(ROWS), 2 * ROWS)
    np.testing.assert_array_equal(Always()(ROWS, training=False), ROWS)
    np.testing.assert_array_equal(Always()(ROWS, training=None), 2 * ROWS)


def test_a_default_of_training_reaches_what_is_inside() -> None:
    class Trains(layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.inner = Scale(1.0)

        def call(self, inputs: Any, training: bool = True) -> Any:
            return self.inner(inputs)

    np.testing.assert_array_equal(Trains()(ROWS), 2 * ROWS)
    np.testing.assert_array_equal(Trains()(ROWS, training=False), ROWS)


# --- losses ---------------------------------------------------------------------------------------


def test_losses_of_the_last_call() -> None:
    class Adds(layers.Layer):
        def call(self, inputs: Any) -> Any:
            self.add_loss(ops.sum(inputs))
            return inputs

    layer = Adds()
    layer(ROWS)
    layer(2 * ROWS)
    assert [float(x) for x in layer.losses] == [30.0]
    trace(layer, [TensorSpec((2, 3), "float32")])
    assert layer.losses == []  # what a trace added is gone with it


def test_regularizers_and_activity() -> None:
    layer = layers.Dense(
        2, kernel_regularizer=keras.regularizers.L2(0.5), activity_regularizer="l1"
    )
    y = layer(ROWS)
    activity, kernel = layer.losses
    assert_close(activity, np.abs(np.asarray(y)).sum() * 0.01 / 2)
    assert_close(kernel, 0.5 * (layer.kernel.numpy() ** 2).sum())
    layer.trainable = False
    assert len(layer.losses) == 1


# --- masks ----------------------------------------------------------------------------------------

IDS = np.array([[1, 2, 0], [3, 0, 0]])


def test_masks_travel_through_layers_that_carry_them() -> None:
    x = layers.Embedding(4, 3, mask_zero=True)(IDS)
    np.testing.assert_array_equal(x.mask, IDS != 0)
    y = layers.Dense(2)(layers.Dropout(0.5)(x))
    np.testing.assert_array_equal(y.mask, IDS != 0)
    assert layers.LSTM(2)(y).mask is None
    z = layers.LSTM(2, return_sequences=True)(y)
    np.testing.assert_array_equal(z.mask, IDS != 0)


def test_a_lost_mask_warns_once() -> None:
    x = layers.Embedding(4, 3, mask_zero=True)(IDS)
    layer = layers.Conv1D(2, 2)
    with pytest.warns(UserWarning, match="mask"):
        assert layer(x).mask is None
    layer(x)  # a second warning would be an error here


def test_a_mask_can_be_read_and_set() -> None:
    x = layers.Embedding(4, 3, mask_zero=True)(IDS)
    np.testing.assert_array_equal(x._keras_mask, IDS != 0)
    symbol = layers.Embedding(4, 3, mask_zero=True)(keras.Input((2,), dtype="int32"))
    assert symbol._keras_mask.shape == (None, 2)
    y = ops.convert_to_tensor(np.ones((2, 3, 1), "float32"))
    y._keras_mask = ops.convert_to_tensor(IDS != 0)
    found = layers.GlobalAveragePooling1D()(y)
    np.testing.assert_array_equal(found, [[1], [1]])
    assert layers.LSTM(2, return_sequences=True)(y).mask is y.mask


def test_attention_counts_its_activity_once_per_projection() -> None:
    layer = layers.MultiHeadAttention(1, 2, activity_regularizer="l2")
    layer(ROWS[None], ROWS[None])
    assert len(layer.losses) == 4


def test_a_mask_reaches_call() -> None:
    class Sees(layers.Layer):
        supports_masking = True

        def call(self, inputs: Any, mask: Any = None) -> Any:
            self.seen = mask
            return inputs

    x = layers.Embedding(4, 3, mask_zero=True)(IDS)
    layer = Sees()
    np.testing.assert_array_equal(layer(x).mask, IDS != 0)
    np.testing.assert_array_equal(layer.seen, IDS != 0)
    other = np.ones((2, 3), bool)
    layer(x, mask=other)
    np.testing.assert_array_equal(layer.seen, other)


def test_a_mask_of_ones_own() -> None:
    class Halves(layers.Layer):
        def call(self, inputs: Any) -> Any:
            return inputs[:, ::2]

        def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
            return None if mask is None else mask[:, ::2]

    x = layers.Embedding(4, 3, mask_zero=True)(IDS)
    np.testing.assert_array_equal(Halves()(x).mask, (IDS != 0)[:, ::2])


def test_attention_does_not_see_masked_values() -> None:
    table = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
    x = layers.Embedding(4, 3, mask_zero=True, weights=[table])(IDS[1:])
    attend = layers.MultiHeadAttention(1, 2)
    y = attend(x, x)
    np.testing.assert_array_equal(y.mask, (IDS != 0)[1:])
    alone = layers.Embedding(4, 3, weights=[table])(IDS[1:, :1])
    assert_close(y[:, 0], attend(alone, alone)[:, 0])


# --- dtypes ---------------------------------------------------------------------------------------


def test_mixed_precision() -> None:
    layer = layers.Dense(2, dtype="mixed_float16", bias_initializer="ones")
    with GradientTape() as tape:
        y = layer(ROWS)
        loss = ops.sum(ops.cast(y, "float32"))
    assert (y.dtype, layer.kernel.dtype, layer.dtype, layer.compute_dtype) == (
        "float16",
        "float32",
        "float32",
        "float16",
    )
    (grad,) = tape.gradient(loss, [layer.kernel])
    assert grad.dtype == "float32"


def test_inputs_are_cast_unless_told_otherwise() -> None:
    assert layers.Identity()(ROWS.astype("float64")).dtype == "float32"
    assert layers.Identity(autocast=False)(ROWS.astype("float64")).dtype == "float64"
    assert layers.Identity()(np.arange(3)).dtype == "int64"


def test_the_default_policy() -> None:
    keras.mixed_precision.set_dtype_policy("mixed_bfloat16")
    try:
        assert layers.Dense(1).compute_dtype == "bfloat16"
    finally:
        keras.mixed_precision.set_dtype_policy(None)
    assert layers.Dense(1).compute_dtype == "float32"


def test_statistics_stay_in_full_precision() -> None:
    layer = layers.BatchNormalization(dtype="mixed_float16", momentum=0.5)
    layer(1e4 * ROWS, training=True)  # the variance is beyond float16
    assert layer.moving_mean.dtype == "float32"
    assert np.isfinite(layer.moving_variance.numpy()).all()


# --- shapes, repr, registration -------------------------------------------------------------------


def test_output_shapes_without_data() -> None:
    layer = layers.Conv2D(4, 3, strides=2)
    assert layer.compute_output_shape((None, 9, None, 2)) == (None, 4, None, 4)
    assert layers.Concatenate()([keras.Input((2,)), keras.Input((3,))]).shape == (None, 5)
    spec = layers.Dense(2).compute_output_spec(keras.Input((3,)))
    assert (spec.shape, spec.dtype) == ((None, 2), "float32")


def test_shapes_of_code_that_needs_numbers() -> None:
    class Rows(layers.Layer):
        def call(self, inputs: Any) -> Any:
            steps = inputs.shape[1]
            return inputs * ops.ones((1, steps, 1)) + sum(range(steps))

    assert Rows()(keras.Input((None, 3))).shape == (None, None, 3)


def test_repr_shows_what_is_not_default() -> None:
    shown = repr(layers.Dense(2, activation="relu", name="d"))
    assert shown == "<Dense name=d, units=2, activation=relu, built=False>"


def test_fields_convert_on_assignment() -> None:
    layer = layers.Dense(2)
    layer.activation = "relu"
    assert layer.activation is keras.activations.relu
    with pytest.raises(ArgumentError):
        layer.units = 0


def test_registered_classes_come_back_from_files() -> None:
    @keras.saving.register_keras_serializable("tests", "Halved")
    class Halved(layers.Layer):
        def call(self, inputs: Any) -> Any:
            return inputs / 2

    config = json.loads(json.dumps(layers.serialize(Halved(name="h"))))
    assert config["registered_name"] == "tests>Halved"
    assert type(layers.deserialize(config)) is Halved


def test_unregistered_classes_do_not() -> None:
    class Private(layers.Layer):
        def call(self, inputs: Any) -> Any:
            return inputs

    config = layers.serialize(Private())
    with pytest.raises(UnknownNameError, match="Private"):
        layers.deserialize(config)
    assert type(layers.deserialize(config, {"Private": Private})) is Private


def test_a_training_flag_without_a_default_is_not_made_up() -> None:
    class Flagged(layers.Layer):
        def call(self, x: Any, training: Any) -> Any:
            return x * (2.0 if training else 1.0)

    assert float(Flagged()(np.float32(3), training=True)) == 6.0
    assert float(Flagged()(np.float32(3), training=False)) == 3.0
    with pytest.raises(TypeError, match="training"):
        Flagged()(np.float32(3))
