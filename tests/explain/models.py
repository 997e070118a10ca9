"""Small models of every kind of input, with weights that are no zeros, and rows for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import kerasish as keras
from kerasish import layers


def lack(found: Any) -> np.ndarray:
    """What an explanation lacks to the sum that it promises."""
    assert found.residual is not None
    return found.residual


def settled(model: Any, seed: int = 0) -> Any:
    """The model with weights drawn anew, moving variances positive."""
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        values = rng.normal(0, 0.5, weight.shape)
        weight.assign(np.abs(values) + 0.5 if "variance" in weight.path else values)
    return model


def table(bias: bool = True) -> tuple[Any, np.ndarray]:
    """Five columns, three classes."""
    model = keras.Sequential(
        [
            keras.Input((5,)),
            layers.Dense(8, "relu", use_bias=bias),
            layers.Dense(6, "tanh", use_bias=bias),
            layers.Dense(3, "softmax", use_bias=bias),
        ]
    )
    return settled(model), np.random.default_rng(1).normal(size=(5, 5)).astype("f4")


def image(bias: bool = True, activation: str = "relu") -> tuple[Any, np.ndarray]:
    """Images 8 by 8 in three colours."""
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(4, 3, padding="same", use_bias=bias),
            layers.BatchNormalization(center=bias),
            layers.Activation(activation),
            layers.MaxPooling2D(),
            layers.Conv2D(5, 3, activation=activation, use_bias=bias),
            layers.AveragePooling2D(2),
            layers.Flatten(),
            layers.Dense(3, "softmax", use_bias=bias),
        ]
    )
    model = settled(model)
    if not bias:
        model.layers[1].moving_mean.assign(np.zeros(4))
    return model, np.random.default_rng(1).normal(size=(4, 8, 8, 3)).astype("f4")


def words(cell: str = "LSTM", bias: bool = True) -> tuple[Any, np.ndarray]:
    """Five words of ten, the last ones padding, read both ways."""
    model = keras.Sequential(
        [
            keras.Input((5,), dtype="int32"),
            layers.Embedding(10, 4, mask_zero=True),
            layers.Bidirectional(getattr(layers, cell)(3, use_bias=bias)),
            layers.Dense(2, use_bias=bias),
        ]
    )
    return settled(model), np.array([[1, 2, 3, 0, 0], [4, 5, 6, 7, 8], [9, 1, 0, 0, 0]])


def attention() -> tuple[Any, np.ndarray]:
    """Five words of ten, read by a block of attention."""
    x = keras.Input((5,), dtype="int32")
    read: Any = layers.Embedding(10, 8)(x)
    normal = layers.LayerNormalization()(read)
    read = layers.MultiHeadAttention(2, 4)(normal, normal) + read
    more = layers.Dense(16, activation="gelu")(layers.LayerNormalization()(read))
    read = layers.GlobalAveragePooling1D()(read + layers.Dense(8)(more))
    model = keras.Model(x, layers.Dense(2)(read))
    return settled(model), np.array([[1, 2, 3, 4, 5], [4, 5, 6, 7, 8], [9, 1, 0, 2, 2]])


def two_towers() -> tuple[Any, dict[str, np.ndarray]]:
    """Numbers and a kind, by name; two outputs."""
    numbers, kind = keras.Input((3,), name="numbers"), keras.Input((1,), dtype="int32", name="kind")
    seen = layers.Flatten()(layers.Embedding(4, 2)(kind))
    joined = layers.Concatenate()([layers.Dense(4, "elu")(numbers), seen])
    outputs = {"price": layers.Dense(1)(joined), "class": layers.Dense(3, "softmax")(joined)}
    rng = np.random.default_rng(1)
    x = {"numbers": rng.normal(size=(4, 3)).astype("f4"), "kind": np.array([[0], [1], [2], [3]])}
    return settled(keras.Model({"numbers": numbers, "kind": kind}, outputs)), x


KINDS: dict[str, Callable[[], tuple[Any, Any]]] = {
    "table": table,
    "image": image,
    "gelu": lambda: image(activation="gelu"),
    "elu": lambda: image(activation="elu"),
    "silu": lambda: image(activation="silu"),
    "leaky": lambda: image(activation="leaky_relu"),
    "LSTM": words,
    "GRU": lambda: words("GRU"),
    "SimpleRNN": lambda: words("SimpleRNN"),
    "attention": attention,
}


def texts() -> tuple[Any, np.ndarray]:
    """Sentences, read by a layer on the host."""
    read = layers.TextVectorization(output_sequence_length=4)
    read.adapt(["a good film", "a bad film"])
    model = keras.Sequential(
        [
            keras.Input((1,), dtype="string"),
            read,
            layers.Embedding(8, 3, mask_zero=True),
            layers.GlobalAveragePooling1D(),
            layers.Dense(2),
        ]
    )
    return settled(model), np.array([["a good film"], ["bad film"]])


def kinds() -> tuple[Any, dict[str, np.ndarray]]:
    """A kind as text, which a layer on the host turns into flags, and a number, by name."""
    kind, age = keras.Input((1,), dtype="string", name="kind"), keras.Input((1,), name="age")
    flags = layers.StringLookup(vocabulary=["a", "b"], output_mode="one_hot")(kind)
    said = layers.Dense(1, "sigmoid")(layers.Concatenate()([flags, age]))
    x = {"kind": np.array([["a"], ["b"], ["z"]]), "age": np.array([[1], [2], [3]], "f4")}
    return settled(keras.Model({"kind": kind, "age": age}, said)), x
