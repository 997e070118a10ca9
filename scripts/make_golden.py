"""Write `tests/golden/` with Keras itself: files, predictions, gradients and training runs.

    pip install 'kerasish[conformance]' && KERAS_BACKEND=jax python scripts/make_golden.py

Each folder holds `model.keras`, `model.h5`, `before.weights.h5` (all before training),
`after.keras` (after STEPS full batches, with the optimizer's state) and `golden.npz`: inputs
`x0..`, targets `y0..`, predictions `out0..`, `loss0` and `grad0..` in training mode, the loss
history `hist`, weights before and after `w0..`, `v0..`, and predictions after `after0..`.
The folder `nested` has no training part: its dropout draws Keras's own random numbers.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import keras
import numpy as np
from keras import layers

STEPS = 6
OUT = Path(__file__).resolve().parents[1] / "tests" / "golden"
CROSSENTROPY = keras.losses.SparseCategoricalCrossentropy

Data = tuple[Any, Any]


def mlp(rng: np.random.Generator) -> tuple[keras.Model, Data]:
    """A Sequential with normalizations, a regularizer and four activations."""
    model = keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(16, activation="relu", kernel_regularizer=keras.regularizers.L2(0.01)),
            layers.BatchNormalization(),
            layers.Dense(12, activation="tanh"),
            layers.LayerNormalization(),
            layers.Dense(8, activation="gelu"),
            layers.Dense(3, activation="softmax"),
        ],
        name="mlp",
    )
    model.compile(
        keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model, (_normal(rng, 10, 6), rng.integers(0, 3, 10).astype("int32"))


def cnn(rng: np.random.Generator) -> tuple[keras.Model, Data]:
    """Convolutions of all kinds, a residual sum, two branches and a layer they share."""
    image = keras.Input((12, 12, 3), name="image")
    x = layers.Conv2D(8, 3, padding="same", use_bias=False, name="stem")(image)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    y = layers.DepthwiseConv2D(3, padding="same")(x)
    y = layers.Conv2D(8, 1, activation="relu")(y)
    x = layers.Add()([x, y])
    left = layers.SeparableConv2D(12, 3, strides=2, padding="same", activation="silu")(x)
    right = layers.Conv2D(12, 1)(layers.MaxPooling2D()(x))
    x = layers.AveragePooling2D(3, strides=1, padding="same")(layers.Concatenate()([left, right]))
    shared = layers.Dense(5, activation="relu", name="shared")
    x = layers.Concatenate()(
        [shared(layers.GlobalAveragePooling2D()(x)), shared(layers.GlobalMaxPooling2D()(x))]
    )
    model = keras.Model(image, layers.Dense(4, name="logits")(x), name="cnn")
    model.compile(keras.optimizers.SGD(0.05, 0.9, nesterov=True), CROSSENTROPY(from_logits=True))
    return model, (_normal(rng, 6, 12, 12, 3), rng.integers(0, 4, 6).astype("int32"))


def rnn(rng: np.random.Generator) -> tuple[keras.Model, Data]:
    """Masked sequences through a bidirectional LSTM and a GRU."""
    words = keras.Input((None,), dtype="int32")
    x = layers.Embedding(20, 6, mask_zero=True)(words)
    x = layers.Bidirectional(layers.LSTM(5, return_sequences=True))(x)
    model = keras.Model(words, layers.Dense(1, activation="sigmoid")(layers.GRU(4)(x)), name="rnn")
    model.compile(keras.optimizers.RMSprop(0.01), "binary_crossentropy")
    ids = rng.integers(1, 20, (7, 9)).astype("int32")
    for row, length in enumerate(rng.integers(3, 10, 7)):
        ids[row, length:] = 0
    return model, (ids, rng.integers(0, 2, (7, 1)).astype("float32"))


def transformer(rng: np.random.Generator) -> tuple[keras.Model, Data]:
    """One causal block, trained by AdamW with a schedule and clipped gradients."""
    words = keras.Input((8,), dtype="int32")
    x = layers.Embedding(15, 12)(words)
    x = layers.Add()([x, layers.MultiHeadAttention(3, 4)(x, x, use_causal_mask=True)])
    x = layers.LayerNormalization(epsilon=1e-6)(x)
    back = layers.Dense(12)
    x = layers.Add()([x, back(layers.Dense(24, activation="gelu")(x))])
    x = layers.LayerNormalization(epsilon=1e-6)(x)
    model = keras.Model(words, layers.Dense(15)(x), name="transformer")
    rate = keras.optimizers.schedules.CosineDecay(0.01, 20)
    model.compile(
        keras.optimizers.AdamW(rate, weight_decay=0.01, clipnorm=1.0),
        CROSSENTROPY(from_logits=True),
    )
    ids = rng.integers(0, 15, (5, 9)).astype("int32")
    return model, (ids[:, :-1], ids[:, 1:])


def nested(rng: np.random.Generator) -> tuple[keras.Model, Data]:
    """Models inside a model, one of them called twice; named inputs and outputs; dropout."""
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    c = keras.Input((3, 2), name="c")
    inner = keras.Input((4,), name="inner_in")
    tower = keras.Model(inner, layers.Dense(3, activation="elu")(inner), name="tower")
    head = keras.Sequential([layers.Dropout(0.5), layers.Dense(2)], name="head")
    steps = layers.TimeDistributed(layers.Dense(3))(c)
    x = layers.Subtract()([tower(a), tower(b)])
    x = layers.Concatenate()([x, layers.GlobalAveragePooling1D()(steps)])
    outputs = {"class": layers.Softmax()(head(x)), "size": layers.Dense(1, name="size")(x)}
    model = keras.Model({"a": a, "b": b, "c": c}, outputs, name="nested")
    model.compile("adam", {"class": "categorical_crossentropy", "size": "mse"})
    x_in = {"a": _normal(rng, 5, 4), "b": _normal(rng, 5, 4), "c": _normal(rng, 5, 3, 2)}
    return model, (x_in, None)


def _normal(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.normal(size=shape).astype("float32")


def _flat(value: Any) -> list[np.ndarray]:
    return [np.asarray(leaf) for leaf in keras.tree.flatten(value)]


def _numbered(name: str, values: list[np.ndarray]) -> dict[str, np.ndarray]:
    return {f"{name}{i}": value for i, value in enumerate(values)}


def _gradients(model: keras.Model, x: Any, y: Any) -> tuple[np.ndarray, list[np.ndarray]]:
    """Loss and gradients in training mode, from the step that Keras's own `fit` takes."""
    step: Any = jax.value_and_grad(model.compute_loss_and_updates, has_aux=True)
    model._symbolic_build(data_batch=(x, y))
    (loss, _), grads = step(
        [v.value for v in model.trainable_variables],
        [v.value for v in model.non_trainable_variables],
        [v.value for v in model.metrics_variables],
        x,
        y,
        None,
        training=True,
        optimizer_variables=[v.value for v in model.optimizer.variables],
    )
    return np.asarray(loss), [np.asarray(g) for g in grads]


def make(build: Callable[[np.random.Generator], tuple[keras.Model, Data]], seed: int) -> None:
    """Build, record and train one model, and write its folder."""
    keras.utils.set_random_seed(seed)
    model, (x, y) = build(np.random.default_rng(seed))
    folder = OUT / build.__name__
    folder.mkdir(parents=True, exist_ok=True)
    model.save(folder / "model.keras")
    # Saving as .h5 takes the optimizer out of what Keras saves later, so a copy does it.
    keras.models.load_model(folder / "model.keras").save(folder / "model.h5")
    model.save_weights(folder / "before.weights.h5")
    record: dict[str, Any] = _numbered("x", _flat(x))
    record |= _numbered("out", _flat(model.predict(x, verbose=0)))
    record |= _numbered("w", model.get_weights())
    if y is not None:
        record |= _numbered("y", _flat(y))
        loss, grads = _gradients(model, x, y)
        record |= {"loss0": loss} | _numbered("grad", grads)
        size = len(_flat(x)[0])
        history = model.fit(x, y, batch_size=size, epochs=STEPS, shuffle=False, verbose=0)
        record |= {"hist": np.asarray(history.history["loss"])}
        record |= _numbered("v", model.get_weights())
        record |= _numbered("after", _flat(model.predict(x, verbose=0)))
        model.save(folder / "after.keras")
    np.savez(folder / "golden.npz", **record)


if __name__ == "__main__":
    if keras.backend.backend() != "jax":
        sys.exit("Set KERAS_BACKEND=jax: the gradients are taken through its step.")
    for number, builder in enumerate((mlp, cnn, rnn, transformer, nested)):
        make(builder, number)
