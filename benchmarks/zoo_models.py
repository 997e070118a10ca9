"""Small models of many kinds, as Keras code that runs unchanged on Keras and on kerasish.

Each function gives (model, x, y, loss), where x (an array or a list of them) and y are one batch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

MODELS: dict[str, Callable[[Any], tuple[Any, Any, np.ndarray, Any]]] = {}
RNG = np.random.default_rng(0)
BINARY = "binary_crossentropy"


def zoo(make: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Decorator: enter a model under the function's name."""
    MODELS[make.__name__] = make
    return make


def floats(*shape: int) -> np.ndarray:
    """Normal float32 numbers."""
    return RNG.normal(size=shape).astype("float32")


def units(*shape: int) -> np.ndarray:
    """float32 numbers in [0, 1)."""
    return RNG.random(shape, "float32")


def ints(high: int, *shape: int) -> np.ndarray:
    """Integers in [0, high)."""
    return RNG.integers(0, high, shape).astype("int32")


def bits(*shape: int) -> np.ndarray:
    """Zeros and ones, as float32."""
    return RNG.integers(0, 2, shape).astype("float32")


def classes(keras: Any) -> Any:
    """Cross-entropy of logits with integer labels."""
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def classifier(keras: Any, inputs: Any, features: Any, count: int = 10) -> Any:
    """A model that ends with logits of pooled features."""
    layers = keras.layers
    pool = layers.GlobalAveragePooling2D() if len(features.shape) == 4 else (
        layers.GlobalAveragePooling1D()
    )  # fmt: skip
    return keras.Model(inputs, layers.Dense(count)(pool(features)))


# --- tables and vectors ---------------------------------------------------------------------------


@zoo
def tabular(keras: Any) -> Any:
    layers = keras.layers
    numbers, ids = keras.Input((20,)), keras.Input((8,), dtype="int32")
    embedded = layers.Flatten()(layers.Embedding(10000, 16)(ids))
    x = layers.concatenate([layers.BatchNormalization()(numbers), embedded])
    for size in (256, 128, 64):
        x = layers.Dropout(0.2)(layers.Dense(size, activation="relu")(x))
    model = keras.Model([numbers, ids], layers.Dense(1, activation="sigmoid")(x))
    return model, [floats(256, 20), ints(10000, 256, 8)], bits(256, 1), BINARY


@zoo
def deep_and_cross(keras: Any) -> Any:
    layers = keras.layers
    inputs = x = keras.Input((64,))
    for _ in range(4):
        x = layers.add([layers.multiply([inputs, layers.Dense(64)(x)]), x])
    model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x))
    return model, floats(512, 64), bits(512, 1), BINARY


@zoo
def penalties(keras: Any) -> Any:
    layers, penalty = keras.layers, keras.regularizers
    inputs = x = keras.Input((200,))
    for _ in range(3):
        x = layers.Dense(
            200,
            activation="tanh",
            kernel_regularizer=penalty.L2(1e-4),
            activity_regularizer=penalty.L1(1e-5),
            kernel_constraint=keras.constraints.MaxNorm(3.0),
        )(x)
    return keras.Model(inputs, layers.Dense(3)(x)), floats(64, 200), floats(64, 3), "huber"


@zoo
def self_normalizing(keras: Any) -> Any:
    layers = keras.layers
    inputs = x = keras.Input((300,))
    for _ in range(4):
        x = layers.Dense(300, activation="selu", kernel_initializer="lecun_normal")(x)
        x = layers.AlphaDropout(0.1)(x)
    model = keras.Model(inputs, layers.Dense(4, activation="softmax")(x))
    return model, floats(128, 300), ints(4, 128), "sparse_categorical_crossentropy"


@zoo
def maxout(keras: Any) -> Any:
    layers = keras.layers
    inputs = x = keras.Input((128,))
    for _ in range(3):
        pairs = layers.Reshape((128, 2))(layers.Dense(256)(x))
        x = layers.GlobalMaxPooling1D(data_format="channels_first")(pairs)
    return keras.Model(inputs, layers.Dense(10)(x)), floats(128, 128), ints(10, 128), classes(keras)


@zoo
def autoencoder(keras: Any) -> Any:
    layers = keras.layers
    inputs = keras.Input((784,))
    code = layers.Dense(20)(layers.Dense(400, activation="relu")(inputs))
    x = layers.Dense(400, activation="relu")(layers.GaussianNoise(1.0)(code))
    x, images = layers.Dense(784, activation="sigmoid")(x), units(128, 784)
    return keras.Model(inputs, x), images, images, BINARY


@zoo
def many_classes(keras: Any) -> Any:
    layers = keras.layers
    inputs = keras.Input((20,), dtype="int32")
    x = layers.GlobalAveragePooling1D()(layers.Embedding(20000, 128)(inputs))
    model = keras.Model(inputs, layers.Dense(20000)(x))
    return model, ints(20000, 64, 20), ints(20000, 64), classes(keras)


# --- images ---------------------------------------------------------------------------------------


@zoo
def inverted_residuals(keras: Any) -> Any:
    """MobileNetV2's kind."""
    layers = keras.layers

    def unit(x: Any, layer: Any, ends: bool = False) -> Any:
        x = layers.BatchNormalization()(layer(x))
        return x if ends else layers.ReLU(6.0)(x)

    same = {"padding": "same", "use_bias": False}
    inputs = keras.Input((64, 64, 3))
    x = unit(inputs, layers.Conv2D(16, 3, strides=2, **same))
    for filters, stride in ((24, 2), (24, 1), (32, 2), (32, 1)):
        y = unit(x, layers.Conv2D(4 * x.shape[-1], 1, **same))
        y = unit(y, layers.DepthwiseConv2D(3, strides=stride, **same))
        y = unit(y, layers.Conv2D(filters, 1, **same), ends=True)
        x = layers.add([x, y]) if stride == 1 and x.shape[-1] == filters else y
    return classifier(keras, inputs, x), floats(16, 64, 64, 3), ints(10, 16), classes(keras)


@zoo
def large_depthwise(keras: Any) -> Any:
    """ConvNeXt's kind."""
    layers = keras.layers
    inputs = keras.Input((32, 32, 3))
    x = layers.LayerNormalization()(layers.Conv2D(48, 2, strides=2)(inputs))
    for _ in range(3):
        y = layers.LayerNormalization()(layers.DepthwiseConv2D(7, padding="same")(x))
        x = layers.add([x, layers.Dense(48)(layers.Dense(192, activation="gelu")(y))])
    return classifier(keras, inputs, x), floats(32, 32, 32, 3), ints(10, 32), classes(keras)


@zoo
def group_normalized(keras: Any) -> Any:
    layers = keras.layers
    inputs = x = keras.Input((32, 32, 16))
    for _ in range(3):
        y = layers.GroupNormalization(8)(layers.Conv2D(32, 3, padding="same")(x))
        x = layers.Activation("swish")(y)
    return classifier(keras, inputs, x), floats(16, 32, 32, 16), ints(10, 16), classes(keras)


@zoo
def grouped(keras: Any) -> Any:
    layers = keras.layers
    inputs = x = keras.Input((32, 32, 32))
    for _ in range(3):
        x = layers.PReLU(shared_axes=[1, 2])(layers.Conv2D(64, 3, groups=8, padding="same")(x))
    return classifier(keras, inputs, x), floats(16, 32, 32, 32), ints(10, 16), classes(keras)


@zoo
def squeeze_and_excite(keras: Any) -> Any:
    layers = keras.layers
    inputs = x = keras.Input((32, 32, 32))
    for _ in range(3):
        y = layers.Conv2D(32, 3, padding="same", activation="relu")(x)
        s = layers.Dense(8, activation="relu")(layers.GlobalAveragePooling2D(keepdims=True)(y))
        y = layers.multiply([y, layers.Dense(32, activation="hard_sigmoid")(s)])
        x = layers.add([x, y])
    return classifier(keras, inputs, x), floats(16, 32, 32, 32), ints(10, 16), classes(keras)


@zoo
def densely_connected(keras: Any) -> Any:
    layers = keras.layers
    inputs = x = keras.Input((24, 24, 16))
    for _ in range(5):
        y = layers.Activation("relu")(layers.BatchNormalization()(x))
        x = layers.concatenate([x, layers.Conv2D(12, 3, padding="same")(y)])
    return classifier(keras, inputs, x), floats(16, 24, 24, 16), ints(10, 16), classes(keras)


@zoo
def twins(keras: Any) -> Any:
    """Siamese networks."""
    layers = keras.layers
    body = keras.Sequential(
        [
            layers.Conv2D(32, 5, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 5, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(64),
        ]
    )
    a, b = keras.Input((28, 28, 1)), keras.Input((28, 28, 1))
    x = layers.Dot(-1, normalize=True)([body(a), body(b)])
    model = keras.Model([a, b], layers.Dense(1, activation="sigmoid")(x))
    return model, [floats(32, 28, 28, 1), floats(32, 28, 28, 1)], bits(32, 1), BINARY


@zoo
def segmentation(keras: Any) -> Any:
    """Dilated convolutions, and a class for every pixel."""
    layers = keras.layers
    inputs = x = keras.Input((48, 48, 8))
    for rate in (1, 2, 4):
        x = layers.Conv2D(24, 3, dilation_rate=rate, padding="same", activation="elu")(x)
    model = keras.Model(inputs, layers.Conv2D(3, 1)(x))
    return model, floats(8, 48, 48, 8), ints(3, 8, 48, 48), classes(keras)


@zoo
def image_to_image(keras: Any) -> Any:
    layers = keras.layers
    inputs = x = keras.Input((32, 32, 3))
    for filters in (32, 64):
        x = layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(x)
    for filters in (64, 32):
        x = layers.Conv2DTranspose(filters, 3, strides=2, padding="same", activation="relu")(x)
    x = layers.Conv2D(3, 3, padding="same", activation="sigmoid")(x)
    return keras.Model(inputs, x), units(32, 32, 32, 3), units(32, 32, 32, 3), "mse"


@zoo
def augmented(keras: Any) -> Any:
    layers = keras.layers
    inputs = keras.Input((48, 48, 3))
    x = layers.RandomRotation(0.1)(layers.RandomFlip()(inputs))
    x = layers.RandomContrast(0.2)(layers.RandomZoom(0.1)(x))
    x = layers.Conv2D(16, 3, activation="relu")(x)
    return classifier(keras, inputs, x), units(32, 48, 48, 3), ints(10, 32), classes(keras)


@zoo
def volumes(keras: Any) -> Any:
    layers = keras.layers
    inputs = x = keras.Input((16, 32, 32, 1))
    for filters in (16, 32):
        x = layers.Conv3D(filters, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling3D()(x)
    x = layers.Dense(4)(layers.GlobalAveragePooling3D()(x))
    return keras.Model(inputs, x), floats(4, 16, 32, 32, 1), ints(4, 4), classes(keras)


@zoo
def vision_transformer(keras: Any) -> Any:
    layers = keras.layers
    inputs = keras.Input((32, 32, 3))
    x = layers.Reshape((64, 96))(layers.Conv2D(96, 4, strides=4)(inputs))
    for _ in range(3):
        y = layers.LayerNormalization()(x)
        x = layers.add([x, layers.MultiHeadAttention(3, 32)(y, y)])
        y = layers.Dense(192, activation="gelu")(layers.LayerNormalization()(x))
        x = layers.add([x, layers.Dense(96)(y)])
    return classifier(keras, inputs, x), floats(32, 32, 32, 3), ints(10, 32), classes(keras)


@zoo
def mixer(keras: Any) -> Any:
    layers = keras.layers
    inputs = x = keras.Input((64, 64))
    for _ in range(3):
        y = layers.Permute((2, 1))(layers.LayerNormalization()(x))
        y = layers.Dense(64)(layers.Dense(128, activation="gelu")(y))
        x = layers.add([x, layers.Permute((2, 1))(y)])
        y = layers.Dense(256, activation="gelu")(layers.LayerNormalization()(x))
        x = layers.add([x, layers.Dense(64)(y)])
    return classifier(keras, inputs, x), floats(32, 64, 64), ints(10, 32), classes(keras)


# --- sequences ------------------------------------------------------------------------------------


@zoo
def signals(keras: Any) -> Any:
    layers = keras.layers
    inputs = x = keras.Input((1000, 2))
    for filters in (32, 64, 64):
        x = layers.Conv1D(filters, 9, padding="same", activation="relu")(x)
        x = layers.MaxPooling1D(4)(x)
    x = layers.Dense(5)(layers.GlobalMaxPooling1D()(x))
    return keras.Model(inputs, x), floats(32, 1000, 2), ints(5, 32), classes(keras)


@zoo
def gated_convolutions(keras: Any) -> Any:
    """WaveNet's kind."""
    layers = keras.layers
    inputs = keras.Input((512, 1))
    x, skips = layers.Conv1D(32, 1)(inputs), []
    for rate in (1, 2, 4, 8, 16, 32):
        both = [
            layers.Conv1D(32, 2, dilation_rate=rate, padding="causal", activation=name)(x)
            for name in ("tanh", "sigmoid")
        ]
        skips.append(layers.Conv1D(32, 1)(layers.multiply(both)))
        x = layers.add([x, skips[-1]])
    x = layers.Conv1D(64, 1)(layers.Activation("relu")(layers.add(skips)))
    return keras.Model(inputs, x), floats(8, 512, 1), ints(64, 8, 512), classes(keras)


@zoo
def masked_lstm(keras: Any) -> Any:
    layers = keras.layers
    inputs = keras.Input((60,), dtype="int32")
    x = layers.Embedding(5000, 64, mask_zero=True)(inputs)
    x = layers.Bidirectional(layers.LSTM(64, return_sequences=True))(x)
    x = layers.Dense(1, activation="sigmoid")(layers.Bidirectional(layers.LSTM(32))(x))
    return keras.Model(inputs, x), ints(5000, 32, 60), bits(32, 1), BINARY


@zoo
def dropped_lstm(keras: Any) -> Any:
    layers = keras.layers
    inputs = keras.Input((60, 16))
    x = layers.Dense(1)(layers.LSTM(64, dropout=0.2, recurrent_dropout=0.2)(inputs))
    return keras.Model(inputs, x), floats(32, 60, 16), floats(32, 1), "mse"


@zoo
def gru_stack(keras: Any) -> Any:
    layers = keras.layers
    inputs = x = keras.Input((50, 20))
    for _ in range(2):
        x = layers.GRU(96, return_sequences=True)(x)
    x = layers.TimeDistributed(layers.Dense(20))(x)
    return keras.Model(inputs, x), floats(32, 50, 20), floats(32, 50, 20), "mse"


@zoo
def simple_rnn(keras: Any) -> Any:
    layers = keras.layers
    inputs = keras.Input((50, 20))
    x = layers.Dense(1)(layers.SimpleRNN(96)(inputs))
    return keras.Model(inputs, x), floats(32, 50, 20), floats(32, 1), "mse"


@zoo
def conv_lstm(keras: Any) -> Any:
    layers = keras.layers
    inputs = keras.Input((8, 24, 24, 1))
    x = layers.Conv2D(1, 3, padding="same")(layers.ConvLSTM2D(16, 3, padding="same")(inputs))
    return keras.Model(inputs, x), floats(8, 8, 24, 24, 1), floats(8, 24, 24, 1), "mse"


@zoo
def video(keras: Any) -> Any:
    layers = keras.layers
    inputs = keras.Input((6, 24, 24, 3))
    x = layers.TimeDistributed(layers.Conv2D(16, 3, activation="relu"))(inputs)
    x = layers.GRU(32)(layers.TimeDistributed(layers.GlobalAveragePooling2D())(x))
    model = keras.Model(inputs, layers.Dense(5)(x))
    return model, floats(8, 6, 24, 24, 3), ints(5, 8), classes(keras)


@zoo
def translation(keras: Any) -> Any:
    layers = keras.layers
    source, target = keras.Input((30,), dtype="int32"), keras.Input((25,), dtype="int32")
    embed = layers.Embedding(3000, 64)
    encoder = layers.LSTM(96, return_sequences=True, return_state=True)
    seen, *states = encoder(embed(source))
    said = layers.LSTM(96, return_sequences=True)(embed(target), initial_state=states)
    x = layers.concatenate([said, layers.Attention()([said, seen])])
    model = keras.Model([source, target], layers.Dense(3000)(x))
    return model, [ints(3000, 16, 30), ints(3000, 16, 25)], ints(3000, 16, 25), classes(keras)


@zoo
def encoder(keras: Any) -> Any:
    """BERT's kind, with padding."""
    layers = keras.layers
    inputs = keras.Input((64,), dtype="int32")
    x = layers.Embedding(2000, 128, mask_zero=True)(inputs)
    for _ in range(2):
        x = layers.LayerNormalization()(layers.add([x, layers.MultiHeadAttention(4, 32)(x, x)]))
        y = layers.Dense(128)(layers.Dense(512, activation="relu")(x))
        x = layers.LayerNormalization()(layers.add([x, y]))
    return classifier(keras, inputs, x, 2), ints(2000, 32, 64), ints(2, 32), classes(keras)


@zoo
def decoder(keras: Any) -> Any:
    """GPT's kind, with dropout everywhere."""
    layers = keras.layers
    inputs = keras.Input((64,), dtype="int32")
    x = layers.Dropout(0.1)(layers.Embedding(2000, 128)(inputs))
    for _ in range(2):
        y = layers.MultiHeadAttention(4, 32, dropout=0.1)(x, x, use_causal_mask=True)
        x = layers.LayerNormalization()(layers.add([x, layers.Dropout(0.1)(y)]))
        y = layers.Dense(128)(layers.Dense(512, activation="gelu")(x))
        x = layers.LayerNormalization()(layers.add([x, layers.Dropout(0.1)(y)]))
    model = keras.Model(inputs, layers.Dense(2000)(x))
    return model, ints(2000, 16, 64), ints(2000, 16, 64), classes(keras)


@zoo
def long_decoder(keras: Any) -> Any:
    """Llama's kind, over 512 tokens."""
    layers = keras.layers
    inputs = keras.Input((512,), dtype="int32")
    x = layers.Embedding(1000, 128)(inputs)
    for _ in range(2):
        y = layers.RMSNormalization()(x)
        x = layers.add([x, layers.MultiHeadAttention(4, 32)(y, y, use_causal_mask=True)])
        y = layers.RMSNormalization()(x)
        y = layers.multiply([layers.Dense(384, activation="silu")(y), layers.Dense(384)(y)])
        x = layers.add([x, layers.Dense(128)(y)])
    model = keras.Model(inputs, layers.Dense(1000)(layers.RMSNormalization()(x)))
    return model, ints(1000, 4, 512), ints(1000, 4, 512), classes(keras)
