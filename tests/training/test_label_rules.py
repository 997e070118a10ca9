"""What losses ask of their targets: found before a step, told with the place and the fix."""

from __future__ import annotations

import numpy as np
import pytest

import kerasish as keras
from kerasish import layers, losses, ops
from kerasish.errors import DataError
from kerasish.training.label_rules import LabelRule, check

B = np.arange(8) % 2
X = np.linspace(-1, 1, 32, dtype="float32").reshape(8, 4)
BINARY = LabelRule(0, "binary_crossentropy", 0, 1)
SPARSE = LabelRule(0, "sparse", 0, 2, classes=3)
FINITE = LabelRule(0, "mse")


@pytest.mark.parametrize(
    ("rule", "y"),
    [
        (BINARY, B),
        (BINARY, B == 1),
        (BINARY, B.astype("uint8")),
        (BINARY, B * 0.8 + 0.1),
        (BINARY, B.astype("float32") * (1 + 1e-6)),
        (BINARY, np.zeros((0, 3))),
        (SPARSE, B + 1),
        (SPARSE, (B + 1).astype("float32")),
        (SPARSE._replace(ignored=-1), B - 1),
        (SPARSE._replace(ignored=255), np.where(B, 255.0, 2.0)),
        (SPARSE._replace(masked=True), np.where(B, -1, 2)),
        (BINARY._replace(masked=True), np.where(B, -1.0, 0.5)),
        (FINITE, B * 1e30),
    ],
)
def test_what_passes(rule, y):
    check(rule, y, None, "")


@pytest.mark.parametrize(
    ("rule", "y", "message"),
    [
        (BINARY, B * 2 - 1, r"from 0 to 1.*Received: -1 at index \(0,\), and 4 such.*\(y \+ 1\)"),
        (BINARY, B + 1, r"Received: 2 at index \(1,\).*y - 1"),
        (BINARY, B * 255, "Pass y / 255"),
        (BINARY, np.linspace(0, 255, 16).round().reshape(2, 2, 2, 2), "Pass y / 255"),
        (BINARY, B * 3 + B[::-1] * 2, "sparse_categorical_crossentropy"),
        (BINARY, B - 0.5, "Scale the targets"),
        (BINARY, B * 1.001, "1.001 at index"),
        (BINARY._replace(masked=True), B * -1.0 - B[::-1] * 2, "from 0 to 1"),
        (SPARSE, B * 3, "from 0 to 2, since the model gives 3 classes.*4 units"),
        (SPARSE, B - 1, "Received: -1.*ignore_class"),
        (SPARSE, B * 0.5, r"Received: 0\.5 at index \(1,\).*Convert the labels"),
        (SPARSE._replace(ignored=-1), np.where(B, -1, 3), "Received: 3"),
        (SPARSE._replace(masked=True), np.where(B, -1, 3), "Received: 3"),
        (SPARSE, np.where(B, np.inf, 0), "4 infinite"),
        (FINITE, np.where(B, np.nan, 0), r"4 NaN, the first at index \(1,\)"),
        (FINITE, np.array([np.inf, np.nan]), "1 NaN and 1 infinite"),
    ],
)
def test_what_is_refused(rule, y, message):
    with pytest.raises(DataError, match=message):
        check(rule, y, None, "")


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "bfloat16"])
def test_nan_of_every_dtype(dtype):
    import ml_dtypes  # noqa: F401 - registers bfloat16 with numpy

    y = np.zeros((4, 2), dtype)
    check(FINITE, y, None, "a")
    y[2, 1] = y[3, 0] = np.nan
    with pytest.raises(DataError, match=r"y of 'a'.*Received: 2 NaN, the first at index \(2, 1\)"):
        check(FINITE, y, None, "a")


def test_targets_of_weight_zero_decide_nothing():
    check(BINARY, np.where(B, -1, 1), 1 - B, "")
    check(SPARSE, np.where(B, 9, 1)[:, None], 1.0 - B, "")
    with pytest.raises(DataError, match="Received: -1"):
        check(BINARY, np.where(B, -1, 1), B, "")


def compiled(loss, units: int = 1, activation="sigmoid") -> keras.Model:
    model = keras.Sequential([keras.Input((4,)), layers.Dense(units, activation=activation)])
    model.compile("sgd", loss)
    return model


@pytest.mark.parametrize(
    "loss",
    ["binary_crossentropy", "binary_focal_crossentropy", losses.BinaryCrossentropy(), "bce"],
)
def test_binary_losses(loss):
    assert np.isfinite(compiled(loss).fit(X, B, verbose=0).history["loss"][0])
    for y in (B * 2 - 1, B + 1, B * 255):
        for run in ("fit", "evaluate"):
            with pytest.raises(DataError, match="targets from 0 to 1"):
                getattr(compiled(loss), run)(X, y, verbose=0)


@pytest.mark.parametrize("loss", ["categorical_crossentropy", "categorical_focal_crossentropy"])
def test_categorical_losses(loss):
    hot = np.eye(2)[B]
    compiled(loss, 2, "softmax").fit(X, hot * 0.9 + 0.05, verbose=0)
    for y in (hot * 2 - 1, hot * 255):
        with pytest.raises(DataError, match="targets from 0 to 1"):
            compiled(loss, 2, "softmax").fit(X, y, verbose=0)


def test_batches_and_validation_data():
    with pytest.raises(DataError, match="targets from 0 to 1"):
        compiled("bce").fit(iter([(X, B), (X, B * 2)]), verbose=0)
    with pytest.raises(DataError, match="targets from 0 to 1"):
        compiled("bce").fit(X, B, validation_data=(X, B * 2), verbose=0)
    with pytest.raises(DataError, match="targets from 0 to 1"):
        compiled("bce").train_on_batch(X, B * 2)


def masked(y_true, y_pred):
    known = ops.logical_not(ops.isnan(y_true))
    off = ops.where(known, ops.where(known, y_true, 0.0) - y_pred, 0.0)
    return ops.mean(ops.square(off), axis=-1)


class Masked(losses.Loss):
    def call(self, y_true, y_pred):
        return masked(y_true, y_pred)


class Shifted(losses.BinaryCrossentropy):
    def call(self, y_true, y_pred):
        return super().call((y_true + 1) / 2, y_pred)


@pytest.mark.parametrize("loss", [masked, Masked()], ids=["function", "class"])
def test_a_loss_of_ones_own_takes_what_it_likes(loss):
    y = np.where(B, np.nan, 0.5)[:, None]
    model = compiled(loss, activation=None)
    assert np.isfinite(model.fit(X, y, verbose=0).history["loss"][0])
    assert np.isfinite(model.evaluate(X, y, verbose=0))
    assert np.isfinite(model.evaluate(iter([(X, y)]), verbose=0))
    assert np.isfinite(compiled(Shifted()).fit(X, B * 2 - 1, verbose=0).history["loss"][0])


def test_a_step_of_ones_own_takes_what_it_likes():
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1)

        def call(self, x):
            return self.dense(x)

        def train_step(self, data):
            x, y = data
            return {"missing": ops.sum(ops.cast(ops.isnan(y), "int32")), "out": ops.sum(self(x))}

    model = Own()
    model.compile("sgd", "mse")
    assert model.fit(X, np.where(B, np.nan, 0), verbose=0).history["missing"] == [4]


def test_padded_steps_of_a_masked_output():
    model = keras.Sequential(
        [
            keras.Input((3,)),
            layers.Embedding(5, 4, mask_zero=True),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    x, y = np.array([[1, 2, 0], [3, 0, 0]]), np.array([[0, 2, -1], [1, -1, -1]])
    assert np.isfinite(model.fit(x, y, verbose=0).history["loss"][0])
    with pytest.raises(DataError, match="from 0 to 2"):
        model.fit(x, y + 2, verbose=0)


def test_outputs_without_a_loss_are_not_checked():
    x = keras.Input((4,))
    a, b = layers.Dense(1, name="a")(x), layers.Dense(1, activation="sigmoid", name="b")(x)
    model = keras.Model(x, {"a": a, "b": b})
    model.compile("sgd", {"b": "bce"})
    y = {"a": np.full((8, 1), np.nan), "b": B[:, None]}
    with pytest.warns(UserWarning, match="Gradients do not exist"):
        model.fit(X, y, verbose=0)
    with pytest.raises(DataError, match=r"y of 'b'.*from 0 to 1"):
        model.evaluate(X, {**y, "b": y["b"] * 2}, verbose=0)
