"""What fields make of arguments: signatures, words in capitals, older names and values."""

from __future__ import annotations

import inspect
from typing import Any, ClassVar

import numpy as np
import pytest

import kerasish as keras
from kerasish.arguments.fields import placed, weights
from kerasish.arguments.rules import Initializer, Regularizer
from kerasish.errors import ArgumentError

layers = keras.layers


@pytest.mark.parametrize(
    ("make", "name", "kept"),
    [
        (lambda: layers.Conv1D(2, 3, padding="CAUSAL"), "padding", "causal"),
        (lambda: layers.Conv2D(2, 3, padding="SAME"), "padding", "same"),
        (lambda: layers.Conv2DTranspose(2, 3, padding="Valid"), "padding", "valid"),
        (lambda: layers.DepthwiseConv2D(3, padding="SAME"), "padding", "same"),
        (lambda: layers.SeparableConv2D(2, 3, padding="SAME"), "padding", "same"),
        (lambda: layers.MaxPooling2D(2, padding="SAME"), "padding", "same"),
        (
            lambda: layers.Conv2D(2, 3, data_format="CHANNELS_FIRST"),
            "data_format",
            "channels_first",
        ),
        (lambda: layers.Flatten(data_format="Channels_Last"), "data_format", "channels_last"),
        (lambda: layers.UpSampling2D(interpolation="BILINEAR"), "interpolation", "bilinear"),
        (lambda: layers.CategoryEncoding(3, "ONE_HOT"), "output_mode", "one_hot"),
        (lambda: layers.CategoryEncoding(3, "binary"), "output_mode", "multi_hot"),
        (lambda: layers.StringLookup(output_mode="tf-idf"), "output_mode", "tf_idf"),
        (lambda: layers.StringLookup(output_mode="binary"), "output_mode", "multi_hot"),
        (lambda: layers.TextVectorization(output_mode="tf-idf"), "output_mode", "tf_idf"),
        (lambda: layers.RandomFlip("Horizontal"), "mode", "horizontal"),
        (lambda: layers.RandomZoom(0.1, fill_mode="WRAP"), "fill_mode", "wrap"),
    ],
)
def test_words_in_capitals_and_older_ones(make: Any, name: str, kept: str) -> None:
    layer = make()
    assert getattr(layer, name) == kept
    assert layer.get_config()[name] == kept


def test_the_nearest_word() -> None:
    with pytest.raises(ArgumentError, match="'same'"):
        layers.Conv2D(2, 3, padding="SAM")
    with pytest.raises(ArgumentError):
        layers.CategoryEncoding(3, "int")
    with pytest.raises(ArgumentError):
        layers.Conv2D(2, 3, padding=1)


def test_older_names() -> None:
    with pytest.warns(UserWarning, match="negative_slope"):
        assert layers.LeakyReLU(alpha=0.2).negative_slope == 0.2
    with pytest.warns(UserWarning, match="alpha"), pytest.raises(ArgumentError, match="twice"):
        layers.LeakyReLU(0.1, alpha=0.2)
    layers.Embedding(5, 3, input_length=4)
    with pytest.warns(UserWarning, match="'input_shape' is now called 'shape'"):
        assert layers.InputLayer(input_shape=(4,)).batch_shape == (None, 4)
    assert layers.InputLayer(batch_input_shape=(2, 4)).batch_shape == (2, 4)
    assert layers.Dense(1).add_variable((2,), "ones").numpy().tolist() == [1, 1]


@pytest.mark.parametrize(
    "shape", [{"input_shape": (4,)}, {"input_dim": 4}, {"batch_input_shape": (None, 4)}]
)
def test_a_first_layer_may_know_its_input(shape: Any) -> None:
    model = keras.Sequential([layers.Dense(3, **shape), layers.Dense(2)])
    assert model.built
    assert model.input_shape == (None, 4)
    config = {**layers.Dense(3).get_config(), **shape}
    assert keras.Sequential([layers.Dense.from_config(config)]).input_shape == (None, 4)


def test_a_fixed_batch_of_older_code() -> None:
    model = keras.Sequential([layers.LSTM(2, stateful=True, batch_input_shape=(2, None, 3))])
    assert model.input_shape == (2, None, 3)


def test_initial_weights() -> None:
    kernel, bias = np.ones((3, 2), "float32"), np.zeros(2, "float32")
    layer = layers.Dense(2, weights=[kernel, bias])
    np.testing.assert_array_equal(layer(np.ones((1, 3), "float32")), [[3, 3]])


def test_help_shows_plain_signatures() -> None:
    for name in layers.__all__:
        shown = str(inspect.signature(getattr(layers, name)))
        assert "0x" not in shown, name
        assert "Annotated" not in shown, name
        assert "Rule(" not in shown, name
    shown = str(inspect.signature(layers.Dense))
    assert shown.startswith("(units: int, activation=None, use_bias: bool = True, ")
    assert "seed: int | None = None" in str(inspect.signature(layers.Dropout))


@pytest.mark.parametrize(
    "make",
    [
        lambda given: layers.Normalization(mean=given, variance=np.ones(3, "float32")),
        lambda given: layers.Rescaling(scale=1.0, offset=given),
    ],
)
def test_an_array_that_was_given_stays_the_callers(make: Any) -> None:
    given = np.zeros(3, "float32")
    layer, x = make(given), np.ones((2, 3), "float32")
    before = layer(x).numpy()
    given[...] = 9
    np.testing.assert_array_equal(layer(x).numpy(), before)
    given[...] = 0
    assert layer.get_config()


class Shaped(keras.layers.Layer):
    units: int
    use_bias: bool = True
    learned = weights(kernel="glorot_uniform", bias="zeros")
    scale_initializer: Initializer = "ones"
    activity_regularizer: Regularizer = None
    seed: int | None = None


def names_of(cls: type) -> list[str]:
    return list(inspect.signature(cls).parameters)[:-1]


def test_weights_are_arguments_where_they_are_declared() -> None:
    assert (
        names_of(Shaped)
        == (
            "units use_bias kernel_initializer bias_initializer scale_initializer "
            "kernel_regularizer bias_regularizer activity_regularizer "
            "kernel_constraint bias_constraint seed"
        ).split()
    )
    layer = Shaped(2, kernel_initializer="he_normal", bias_constraint="non_neg")
    assert isinstance(layer.kernel_initializer, keras.initializers.HeNormal)
    assert isinstance(layer.bias_initializer, keras.initializers.Zeros)
    again = Shaped.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert isinstance(again.bias_constraint, keras.constraints.NonNeg)
    with pytest.raises(ArgumentError, match=r"Shaped\.kernel_regularizer"):
        Shaped(2, kernel_regularizer=3)


def test_a_placed_field_stands_where_it_says() -> None:
    class Placed(Shaped):
        groups: int = placed(behind="units", default=1)
        rank: int = placed()
        seed: int | None = placed(behind="bias_initializer", default=3)

    wanted = "rank units groups use_bias kernel_initializer bias_initializer seed".split()
    assert names_of(Placed)[: len(wanted)] == wanted
    assert Placed.seed == 3
    assert not hasattr(Placed, "rank")
    assert (Placed(2, 4).rank, Placed(2, 4).units, Placed(2, 4).seed) == (2, 4, 3)
    with pytest.raises(ArgumentError, match="rank"):
        Placed(units=4)


def test_a_class_variable_takes_an_inherited_field_away() -> None:
    class Plain(Shaped):
        use_bias: ClassVar[bool] = False

    assert "use_bias" not in names_of(Plain)
    assert Plain(2).use_bias is False
    with pytest.raises(ArgumentError, match="use_bias"):
        Plain(2, use_bias=True)
