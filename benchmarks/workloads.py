"""The workloads, as Keras code: each runs unchanged on Keras and on kerasish.

A workload is a model, one batch of data, a loss, and how many batches an epoch has. The same
models in plain PyTorch stand in torch_workloads.py under the same names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Make = Callable[[Any, np.random.Generator], tuple[Any, np.ndarray, np.ndarray, Any]]


@dataclass(frozen=True)
class Workload:
    """One workload.

    Attributes:
        name: how the command line and the tables call it.
        kind: what it stands for, in words.
        steps: train steps of one timed epoch.
        make: `make(keras, rng) -> (model, x, y, loss)`; x and y are one batch.
    """

    name: str
    kind: str
    steps: int
    make: Make


WORKLOADS: dict[str, Workload] = {}
CLASSES = "sparse_categorical_crossentropy"


def workload(kind: str, steps: int) -> Callable[[Make], Make]:
    """Decorator: enter a workload under the function's name."""

    def decorate(make: Make) -> Make:
        WORKLOADS[make.__name__] = Workload(make.__name__, kind, steps, make)
        return make

    return decorate


def floats(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Normal float32 numbers."""
    return rng.normal(size=shape).astype("float32")


def ints(rng: np.random.Generator, high: int, *shape: int) -> np.ndarray:
    """Integers in [0, high)."""
    return rng.integers(0, high, shape).astype("int32")


# --- dense ----------------------------------------------------------------------------------------


@workload("linear regression, 13 features, batch 32: the cost of a step itself", steps=200)
def tiny(keras: Any, rng: np.random.Generator) -> Any:
    model = keras.Sequential([keras.Input((13,)), keras.layers.Dense(1)])
    return model, floats(rng, 32, 13), floats(rng, 32, 1), "mse"


def dense_stack(keras: Any, sizes: tuple[int, ...], inputs: int, classes: int) -> Any:
    """Dense layers with ReLU and dropout, then a softmax."""
    layers = keras.layers
    parts = [keras.Input((inputs,))]
    for size in sizes:
        parts += [layers.Dense(size, activation="relu"), layers.Dropout(0.2)]
    return keras.Sequential([*parts, layers.Dense(classes, activation="softmax")])


@workload("784-512-512-10 with dropout, batch 128", steps=60)
def mlp(keras: Any, rng: np.random.Generator) -> Any:
    model = dense_stack(keras, (512, 512), 784, 10)
    return model, floats(rng, 128, 784), ints(rng, 10, 128), CLASSES


@workload("the same in batches of 8", steps=100)
def mlp_small(keras: Any, rng: np.random.Generator) -> Any:
    model = dense_stack(keras, (512, 512), 784, 10)
    return model, floats(rng, 8, 784), ints(rng, 10, 8), CLASSES


@workload("1024-2048-2048-2048-1000 with dropout, batch 256", steps=4)
def wide_mlp(keras: Any, rng: np.random.Generator) -> Any:
    model = dense_stack(keras, (2048, 2048, 2048), 1024, 1000)
    return model, floats(rng, 256, 1024), ints(rng, 1000, 256), CLASSES


# --- convolutions ---------------------------------------------------------------------------------


def convnet(keras: Any) -> Any:
    """Keras's mnist_convnet example."""
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )


@workload("mnist_convnet, 28x28, batch 128", steps=15)
def cnn(keras: Any, rng: np.random.Generator) -> Any:
    return convnet(keras), floats(rng, 128, 28, 28, 1), ints(rng, 10, 128), CLASSES


@workload("mnist_convnet in batches of 4", steps=60)
def cnn_small(keras: Any, rng: np.random.Generator) -> Any:
    return convnet(keras), floats(rng, 4, 28, 28, 1), ints(rng, 10, 4), CLASSES


def residual_block(keras: Any, x: Any, filters: int, stride: int) -> Any:
    """Two 3x3 convolutions around a shortcut (He et al. 2015)."""
    layers = keras.layers
    y = layers.Conv2D(filters, 3, strides=stride, padding="same", use_bias=False)(x)
    y = layers.Activation("relu")(layers.BatchNormalization()(y))
    y = layers.Conv2D(filters, 3, padding="same", use_bias=False)(y)
    y = layers.BatchNormalization()(y)
    if stride != 1 or x.shape[-1] != filters:
        x = layers.Conv2D(filters, 1, strides=stride, use_bias=False)(x)
        x = layers.BatchNormalization()(x)
    return layers.Activation("relu")(layers.add([x, y]))


RESNET = ((16, 1), (16, 1), (16, 1), (32, 2), (32, 1), (32, 1), (64, 2), (64, 1), (64, 1))


@workload("ResNet-20, 32x32, batch 64", steps=5)
def resnet(keras: Any, rng: np.random.Generator) -> Any:
    layers = keras.layers
    inputs = keras.Input((32, 32, 3))
    x = layers.Conv2D(16, 3, padding="same", use_bias=False)(inputs)
    x = layers.Activation("relu")(layers.BatchNormalization()(x))
    for filters, stride in RESNET:
        x = residual_block(keras, x, filters, stride)
    x = layers.GlobalAveragePooling2D()(x)
    model = keras.Model(inputs, layers.Dense(10, activation="softmax")(x))
    return model, floats(rng, 64, 32, 32, 3), ints(rng, 10, 64), CLASSES


MOBILE = ((32, 1), (64, 2), (64, 1), (128, 2), (128, 1), (256, 2), (256, 1))


@workload("depthwise and 1x1 convolutions (MobileNet's kind), 64x64, batch 32", steps=5)
def mobile(keras: Any, rng: np.random.Generator) -> Any:
    layers = keras.layers
    inputs = keras.Input((64, 64, 3))
    x = layers.Conv2D(16, 3, padding="same", use_bias=False)(inputs)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    for filters, stride in MOBILE:
        x = layers.DepthwiseConv2D(3, strides=stride, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
        x = layers.Conv2D(filters, 1, use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.GlobalAveragePooling2D()(x)
    model = keras.Model(inputs, layers.Dense(10, activation="softmax")(x))
    return model, floats(rng, 32, 64, 64, 3), ints(rng, 10, 32), CLASSES


@workload("U-shaped net with transposed convolutions, 64x64 to 64x64, batch 8", steps=5)
def unet(keras: Any, rng: np.random.Generator) -> Any:
    layers = keras.layers
    inputs = keras.Input((64, 64, 3))
    x, held = inputs, []
    for filters in (16, 32, 64):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        held.append(x)
        x = layers.MaxPooling2D()(x)
    x = layers.Conv2D(128, 3, padding="same", activation="relu")(x)
    for filters, skip in zip((64, 32, 16), reversed(held), strict=True):
        x = layers.Conv2DTranspose(filters, 2, strides=2)(x)
        x = layers.concatenate([x, skip])
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    model = keras.Model(inputs, layers.Conv2D(1, 1)(x))
    return model, floats(rng, 8, 64, 64, 3), floats(rng, 8, 64, 64, 1), "mse"


@workload("dilated causal convolutions over 1024 steps (WaveNet's kind), batch 8", steps=5)
def wave(keras: Any, rng: np.random.Generator) -> Any:
    layers = keras.layers
    inputs = keras.Input((1024, 8))
    x = layers.Conv1D(32, 1)(inputs)
    for dilation in (1, 2, 4, 8, 16, 32):
        y = layers.Conv1D(32, 3, padding="causal", dilation_rate=dilation, activation="tanh")(x)
        x = layers.add([x, y])
    model = keras.Model(inputs, layers.Conv1D(1, 1)(x))
    return model, floats(rng, 8, 1024, 8), floats(rng, 8, 1024, 1), "mse"


# --- sequences ------------------------------------------------------------------------------------


@workload("two bidirectional LSTM layers of 64 units, 200 steps, batch 32", steps=3)
def lstm(keras: Any, rng: np.random.Generator) -> Any:
    layers = keras.layers
    inputs = keras.Input((200,), dtype="int32")
    x = layers.Embedding(20000, 128)(inputs)
    x = layers.Bidirectional(layers.LSTM(64, return_sequences=True))(x)
    x = layers.Bidirectional(layers.LSTM(64))(x)
    model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x))
    labels = ints(rng, 2, 32, 1).astype("float32")
    return model, ints(rng, 20000, 32, 200), labels, "binary_crossentropy"


@workload("two GRU layers of 128 units, 100 steps, batch 32", steps=4)
def gru(keras: Any, rng: np.random.Generator) -> Any:
    layers = keras.layers
    inputs = keras.Input((100, 32))
    x = layers.GRU(128, return_sequences=True)(inputs)
    x = layers.GRU(128)(x)
    model = keras.Model(inputs, layers.Dense(10, activation="softmax")(x))
    return model, floats(rng, 32, 100, 32), ints(rng, 10, 32), CLASSES


def transformer(keras: Any, length: int, width: int, heads: int, vocabulary: int) -> Any:
    """A decoder of two blocks, normalized after each sum (Vaswani et al. 2017)."""
    layers = keras.layers
    inputs = keras.Input((length,), dtype="int32")
    x = layers.Embedding(vocabulary, width)(inputs)
    for _ in range(2):
        attend = layers.MultiHeadAttention(heads, width // heads)
        a = attend(x, x, use_causal_mask=True)
        x = layers.LayerNormalization(epsilon=1e-6)(layers.add([x, a]))
        h = layers.Dense(4 * width, activation="gelu")(x)
        h = layers.Dense(width)(h)
        x = layers.LayerNormalization(epsilon=1e-6)(layers.add([x, h]))
    return keras.Model(inputs, layers.Dense(vocabulary)(x))


@workload("decoder of 2 blocks, width 256, 80 tokens, vocabulary 5000, batch 16", steps=4)
def gpt(keras: Any, rng: np.random.Generator) -> Any:
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model = transformer(keras, 80, 256, 4, 5000)
    return model, ints(rng, 5000, 16, 80), ints(rng, 5000, 16, 80), loss


@workload("decoder of 2 blocks, width 128, 512 tokens, vocabulary 256, batch 4", steps=4)
def attention(keras: Any, rng: np.random.Generator) -> Any:
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model = transformer(keras, 512, 128, 4, 256)
    return model, ints(rng, 256, 4, 512), ints(rng, 256, 4, 512), loss
