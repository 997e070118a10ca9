from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import kerasish as keras
from kerasish import naming
from kerasish.declarative import from_yaml, to_yaml
from kerasish.errors import ArgumentError
from kerasish.models import Model
from tests.declarative.helpers import block

layers = keras.layers


def assert_equal(one: Model, other: Model) -> None:
    assert other.get_config() == one.get_config()
    assert [v.path for v in other.weights] == [v.path for v in one.weights]
    assert [v.shape for v in other.weights] == [v.shape for v in one.weights]


def anew(text: str) -> Model:
    """The model of a text, read by a program that made no other."""
    naming.reset_names()
    return from_yaml(text)


def test_a_sequential_model() -> None:
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1), name="image"),
            layers.Conv2D(4, 3, padding="same", activation="relu", kernel_regularizer="l2"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(6, kernel_initializer="he_normal", use_bias=False, name="hidden"),
            layers.Dense(5),
            layers.Dropout(0.3, seed=3),
            layers.Dense(3, activation="softmax", dtype="float64"),
        ],
        name="small",
    )
    text = to_yaml(model)
    assert (
        text
        == block("""
        kerasish: 1
        name: small
        model:
          input: {shape: [8, 8, 1], name: image}
          layers:
            - Conv2D:
                filters: 4
                kernel_size: [3, 3]
                padding: same
                activation: relu
                kernel_regularizer: L2
            - MaxPooling2D
            - Flatten
            - Dense: {units: 6, use_bias: false, kernel_initializer: HeNormal, name: hidden}
            - Dense: 5
            - Dropout: {rate: 0.3, seed: 3}
            - Dense: {units: 3, activation: softmax, dtype: float64}
        """)
        + "\n"
    )
    assert_equal(model, anew(text))


def test_a_functional_model() -> None:
    image, meta = keras.Input((4, 4), name="image"), keras.Input((5,), dtype="int32", name="meta")
    embed = layers.Dense(6, activation="relu", name="embed")
    a = layers.Dense(4, name="a")(layers.Flatten(name="flat")(image))
    b = layers.Dense(4, name="b")(layers.Flatten(name="codes")(layers.Embedding(9, 2)(meta)))
    both = layers.Concatenate(axis=-1, name="both")([embed(a), embed(b)])
    model = keras.Model([image, meta], [layers.Dense(3, name="label")(both), both], name="two")
    text = to_yaml(model)
    assert (
        text
        == block("""
        kerasish: 1
        name: two
        model:
          type: functional
          inputs:
            image: {shape: [4, 4]}
            meta: {shape: [5], dtype: int32}
          layers: {embed: {Dense: {units: 6, activation: relu}}}
          nodes:
            flat: {from: image, Flatten: null}
            a: {from: flat, Dense: 4}
            embedding: {from: meta, Embedding: {input_dim: 9, output_dim: 2}}
            codes: {from: embedding, Flatten: null}
            b: {from: codes, Dense: 4}
            embed_call_1: {from: a, use: embed}
            embed_call_2: {from: b, use: embed}
            both: {from: [embed_call_1, embed_call_2], Concatenate: null}
            label: {from: both, Dense: 3}
          outputs: [label, both]
        """)
        + "\n"
    )
    assert_equal(model, anew(text))


def test_the_compile_arguments() -> None:
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3)], name="m")
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 100, 0.9)
    model.compile(
        optimizer=keras.optimizers.SGD(schedule, momentum=0.9),
        loss=keras.losses.Huber(delta=2.0),
        metrics=["mae", keras.metrics.RootMeanSquaredError()],
    )
    text = to_yaml(model)
    again = anew(text)
    assert to_yaml(again) == text
    assert again.get_compile_config()["optimizer"] == model.get_compile_config()["optimizer"]
    assert "Huber: 2.0" in text
    assert "momentum: 0.9" in text


def test_what_cannot_be_written() -> None:
    x = keras.Input((4,))
    with pytest.raises(ArgumentError, match=r"Lambda, whose function is code.*\.keras"):
        to_yaml(keras.Sequential([x, layers.Lambda(lambda t: t)]))
    with pytest.raises(ArgumentError, match=r"'reshape'\. Use a layer that does it.*\.keras"):
        to_yaml(keras.Model(x, keras.ops.reshape(x, (-1, 2, 2))))
    with pytest.raises(ArgumentError, match="input shape"):
        to_yaml(keras.Sequential([layers.Dense(2)]))

    class Mine(layers.Layer):
        def call(self, inputs: Any) -> Any:
            return inputs

    with pytest.raises(ArgumentError, match="register"):
        to_yaml(keras.Sequential([x, Mine()]))


@pytest.mark.parametrize("made_before", range(9))
def test_a_given_name_is_kept_whatever_was_made_before(made_before: int) -> None:
    naming.reset_names()
    for _ in range(made_before):
        layers.Dense(1)
    model = keras.Sequential(
        [keras.Input((6,)), layers.Dropout(0.1), layers.Dense(1, name="dense_7")]
    )
    after = naming._counts.copy()
    text = to_yaml(model)
    assert naming._counts == after  # writing draws no names
    assert anew(text).layers[-1].name == "dense_7"


INITIALIZERS = st.sampled_from(["zeros", "he_normal", "glorot_uniform", "ones", "orthogonal"])
ACTIVATIONS = st.sampled_from([None, "relu", "tanh", "softmax", "gelu", "sigmoid"])
REGULARIZERS = st.sampled_from([None, "l1", "l2", "l1_l2"])


DENSE = st.fixed_dictionaries(
    {
        "units": st.integers(1, 5),
        "activation": ACTIVATIONS,
        "use_bias": st.booleans(),
        "kernel_initializer": INITIALIZERS,
        "kernel_regularizer": REGULARIZERS,
        "kernel_constraint": st.sampled_from([None, "non_neg", "max_norm"]),
        "trainable": st.booleans(),
        "name": st.sampled_from([None, None, "mine", "dense_7", "dense"]),
    }
)
LAYERS = st.one_of(
    st.tuples(st.just("Dense"), DENSE),
    st.tuples(st.just("Dropout"), st.fixed_dictionaries({"rate": st.floats(0, 0.9)})),
    st.tuples(
        st.just("BatchNormalization"),
        st.fixed_dictionaries({"momentum": st.floats(0.1, 0.99), "scale": st.booleans()}),
    ),
    st.tuples(
        st.just("LayerNormalization"), st.fixed_dictionaries({"epsilon": st.floats(1e-6, 1e-2)})
    ),
    st.tuples(
        st.just("Activation"),
        st.fixed_dictionaries({"activation": st.sampled_from(["relu", "elu", "swish"])}),
    ),
    st.just(("Reshape", {"target_shape": (-1, 1)})),
    st.just(("Flatten", {})),
    st.tuples(st.just("GaussianNoise"), st.fixed_dictionaries({"stddev": st.floats(0, 1)})),
    st.tuples(st.just("LeakyReLU"), st.fixed_dictionaries({"negative_slope": st.floats(0, 1)})),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(LAYERS, min_size=1, max_size=6))
def test_models_come_back(stack: list[tuple[str, dict[str, Any]]]) -> None:
    names = [given["name"] for _, given in stack if given.get("name")]
    if len(names) != len(set(names)):
        return
    naming.reset_names()
    made = [getattr(layers, cls)(**given) for cls, given in stack]
    model = keras.Sequential([keras.Input((6,)), *made], name="m")
    text = to_yaml(model)
    again = anew(text)
    assert_equal(model, again)
    assert to_yaml(again) == text
