"""Functional models: inputs and outputs in any structure, shared layers, sub-models, configs."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish.compiler.functions import function
from kerasish.errors import ArgumentError, DTypeError, FileFormatError, GraphError, ShapeError
from tests.tolerances import assert_close

layers, ops = keras.layers, keras.ops
RNG = np.random.default_rng(0)
A, B = (RNG.normal(size=(4, 3)).astype("float32") for _ in range(2))


def round_trip(model: Any) -> Any:
    """A model rebuilt from its config as JSON, with the same weights."""
    again = keras.Model.from_config(json.loads(json.dumps(model.get_config())))
    again.set_weights(model.get_weights())
    return again


def two_towers() -> Any:
    a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
    shared = layers.Dense(2, name="shared")
    joined = layers.Concatenate()([shared(a), ops.tanh(shared(b))])
    return keras.Model([a, b], {"sum": a + b, "out": layers.Dense(1, name="out")(joined)})


def test_shared_layers_have_one_set_of_weights() -> None:
    model = two_towers()
    assert [v.path for v in model.weights] == [
        "shared/kernel",
        "shared/bias",
        "out/kernel",
        "out/bias",
    ]
    kernel, bias, out, last = model.get_weights()
    joined = np.concatenate([A @ kernel + bias, np.tanh(B @ kernel + bias)], -1)
    found = model([A, B])
    assert_close(found["out"], joined @ out + last)
    assert_close(found["sum"], A + B)
    assert_close(function(model)([A, B])["out"], found["out"])


def test_config_round_trip() -> None:
    model = two_towers()
    again = round_trip(model)
    assert again.get_config() == model.get_config()
    for name, value in model([A, B]).items():
        np.testing.assert_array_equal(again([A, B])[name], value)


@pytest.mark.parametrize(
    ("structure", "passed"),
    [
        (lambda a, b: [a, b], [A, B]),
        (lambda a, b: [a, b], (A, B)),
        (lambda a, b: [a, b], {"b": B, "a": A}),
        (lambda a, b: (a, b), [A, B]),
        (lambda a, b: {"a": a, "b": b}, {"a": A, "b": B}),
        (lambda a, b: {"b": b, "a": a}, {"a": A, "b": B}),
        (lambda a, b: {"a": a, "b": b}, {"a": A, "b": B, "more": A}),
        (lambda a, b: {"x": [a], "y": (b,)}, {"x": [A], "y": (B,)}),
    ],
)
def test_structures_of_inputs(structure: Any, passed: Any) -> None:
    a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
    model = keras.Model(structure(a, b), a - 2 * b)
    assert_close(model(passed), A - 2 * B)
    assert_close(round_trip(model)(passed), A - 2 * B)


@pytest.mark.parametrize("passed", [[A], A, {"a": A}, [A, B, A], {"a": A, "c": B}])
def test_other_structures_are_refused(passed: Any) -> None:
    a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
    with pytest.raises(ArgumentError, match="structure"):
        keras.Model([a, b], a + b)(passed)


def test_inputs_are_fitted() -> None:
    x = keras.Input((3,), dtype="float32")
    model = keras.Model(x, x * 2)
    assert model(A.astype("float64")).dtype == "float32"
    assert model(np.ones((2, 3), "int64")).dtype == "float32"
    assert model(A[:, :, None]).shape == (4, 3)
    column = keras.Input((1,))
    assert keras.Model(column, column * 2)(np.ones(5, "float32")).shape == (5, 1)
    with pytest.raises(ShapeError, match="Expected: shape \\(None, 3\\)"):
        model(np.ones((2, 4), "float32"))


def test_single_outputs_keep_their_structure() -> None:
    x = keras.Input((3,))
    assert keras.Model(x, [x + 1])(A).shape == (4, 3)  # one output is that output, as in Keras
    assert isinstance(keras.Model(x, [x + 1, x])(A), list)
    assert isinstance(keras.Model(x, {"y": x + 1})(A), dict)
    assert keras.Model(x, x + 1).output_shape == (None, 3)
    assert keras.Model([x], [x + 1, x]).output_shape == [(None, 3), (None, 3)]


def _of_two(kind: str) -> keras.Model:
    a, b = keras.Input((2,), name="a"), keras.Input((3,), name="b")
    inputs: Any = {
        "dict": {"a": a, "b": b},
        "keys": {"x": a, "y": b},
        "nested": {"p": {"a": a}, "q": b},
        "list": [a, b],
        "tuple": (a, b),
        "unsorted": {"b": b, "a": a},
    }[kind]
    return keras.Model(inputs, layers.Concatenate()([a, b]))


@pytest.mark.parametrize("kind", ["dict", "keys", "nested", "list", "tuple"])
def test_inputs_in_any_form_that_is_certain(kind: str) -> None:
    model = _of_two(kind)
    a, b = np.ones((4, 2), "float32"), np.full((4, 3), 2, "float32")
    expected = np.concatenate([a, b], -1)
    for given in ([a, b], (a, b), {"a": a, "b": b}, {"b": b, "a": a, "more": a}):
        assert_close(model.predict(given, verbose=0), expected)
        assert_close(model(given), expected)
    for given in ([a], a, [a, b, a], {"a": a}, {"a": a, "c": b}):
        with pytest.raises(ArgumentError, match="another structure"):
            model.predict(given, verbose=0)


def test_imaginary_parts_are_not_lost() -> None:
    x = keras.Input((3,), name="wave")
    model = keras.Model(x, x * 2)
    for given in (np.ones((2, 3)) * 1j, keras.ops.convert_to_tensor(np.ones((2, 3)) * 1j)):
        with pytest.raises(DTypeError, match=r"Input 'wave'.*imaginary part would be lost"):
            model(given)
    with pytest.raises(DTypeError, match="imaginary part"):
        model.predict(np.ones((2, 3)) * 1j, verbose=0)
    z = keras.Input((3,), dtype="complex64")
    assert keras.Model(z, z * 2)(np.ones((2, 3)) * 1j).dtype == "complex64"


def test_a_list_for_a_dict_in_another_order_than_its_keys() -> None:
    a, b = np.ones((4, 2), "float32"), np.full((4, 3), 2, "float32")
    model = _of_two("unsorted")
    assert model({"a": a, "b": b}).shape == (4, 5)
    for given in ([a, b], [b, a]):
        with pytest.raises(ArgumentError, match="another structure"):
            model(given)


def test_shapes_of_inputs_and_outputs() -> None:
    assert _of_two("dict").input_shape == [(None, 2), (None, 3)]
    assert _of_two("nested").input_shape == [(None, 2), (None, 3)]
    x = keras.Input((3,))
    model = keras.Model([x], {"y": x + 1})
    assert (model.input_shape, model.output_shape) == ((None, 3), (None, 3))


def test_models_inside_models() -> None:
    inner_in = keras.Input((3,))
    inner = keras.Model(inner_in, layers.Dense(2)(layers.Dense(4)(inner_in)), name="inner")
    a, b = keras.Input((3,)), keras.Input((3,))
    model = keras.Model([a, b], layers.Subtract()([inner(a), inner(b)]))
    assert len(model.weights) == 4
    assert model.weights[0].path == "dense_1/kernel"  # the first layer that was made
    assert_close(model([A, B]), np.asarray(inner(A)) - np.asarray(inner(B)))
    again = round_trip(model)
    assert again.get_config() == model.get_config()
    assert_close(again([A, B]), model([A, B]))
    assert again.get_layer("inner").get_layer("dense_1").units == 4


def test_a_part_of_a_graph_is_a_model() -> None:
    x = keras.Input((3,))
    h = layers.Dense(4, name="h")(x)
    y = layers.Dense(2, name="y")(ops.relu(h))
    whole = keras.Model(x, y)
    front, back = keras.Model(whole.input, whole.get_layer("h").output), keras.Model(h, y)
    assert_close(back(front(A)), whole(A))
    assert [v.path for v in back.weights] == ["y/kernel", "y/bias"]
    assert back.weights[0] is whole.weights[2]
    assert_close(round_trip(back)(front(A)), whole(A))
    assert_close(whole(A), keras.Model(x, y)(A))  # making parts changed nothing


def test_what_outputs_need_must_be_an_input() -> None:
    a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
    with pytest.raises(GraphError, match="'b'"):
        keras.Model(a, a + b)
    with pytest.raises(ArgumentError, match="symbols"):
        keras.Model(a, A)
    with pytest.raises(ArgumentError, match="at least one"):
        keras.Model([], a)


def test_an_input_may_be_unused() -> None:
    a, b = keras.Input((3,)), keras.Input((2,))
    model = keras.Model([a, b], a * 2)
    assert_close(model([A, np.ones((4, 2), "float32")]), 2 * A)
    assert_close(round_trip(model)([A, np.ones((4, 2), "float32")]), 2 * A)


def test_names_count_over_the_program_and_begin_anew_in_a_new_session() -> None:
    def build() -> Any:
        x = keras.Input((3,))
        return keras.Model(x, layers.Dense(2)(layers.Dense(2)(x) + 1) + 1)

    first = ["input_layer", "dense_1", "add", "dense", "add_1"]
    assert [op.name for op in build().operations] == first
    second = ["input_layer_1", "dense_3", "add_2", "dense_2", "add_3"]
    assert [op.name for op in build().operations] == second
    keras.utils.clear_session()
    assert [op.name for op in build().operations] == first


def test_given_names_stay_and_must_differ() -> None:
    x = keras.Input((3,))
    named = layers.Dense(2, name="dense")
    model = keras.Model(x, named(layers.Dense(3)(x)))
    assert [layer.name for layer in model.layers] == ["input_layer", "dense_1", "dense"]
    with pytest.raises(ArgumentError, match="'same' twice"):
        keras.Model(x, layers.Dense(2, name="same")(layers.Dense(2, name="same")(x)))


def test_training_flags_given_in_the_graph_hold() -> None:
    x = keras.Input((200,))
    ones = np.ones((1, 200), "float32")
    always = keras.Model(x, layers.Dropout(0.5)(x, training=True))
    never = keras.Model(x, layers.Dropout(0.5)(x, training=False))
    plain = keras.Model(x, layers.Dropout(0.5)(x))
    for model, calm, wild in ((always, False, False), (never, True, True), (plain, True, False)):
        assert bool(np.all(np.asarray(model(ones, training=False)) == 1)) is calm
        assert bool(np.all(np.asarray(model(ones, training=True)) == 1)) is wild


def test_masks_are_found_again() -> None:
    words = keras.Input((None,), dtype="int32")
    x = layers.Embedding(5, 3, mask_zero=True)(words)
    model = keras.Model(words, layers.LSTM(2)(x))
    ids = np.array([[1, 2, 0, 0], [3, 0, 0, 0]])
    assert_close(np.asarray(model(ids))[0], np.asarray(model(ids[:1, :2]))[0])
    assert_close(function(model)(ids), model(ids))
    assert_close(round_trip(model)(ids), model(ids))


def test_masks_passed_to_a_model() -> None:
    x = keras.Input((4, 3))
    model = keras.Model(x, layers.GlobalAveragePooling1D()(x))
    value = RNG.normal(size=(2, 4, 3)).astype("float32")
    mask = np.array([[1, 1, 0, 0], [1, 0, 0, 0]], bool)
    assert_close(model(value, mask=mask)[0], value[0, :2].mean(0))


def test_optional_inputs() -> None:
    class Maybe(layers.Layer):
        def call(self, x: Any, y: Any = None) -> Any:
            return x if y is None else x + y

    a, b = keras.Input((3,)), keras.Input((3,), optional=True)
    model = keras.Model([a, b], Maybe()(a, b))
    assert_close(model([A, B]), A + B)
    assert_close(model([A, None]), A)
    with pytest.raises(ArgumentError, match="None"):
        model([None, B])


def test_a_subclass_made_of_symbols() -> None:
    class Double(keras.Model):
        def __init__(self, size: int) -> None:
            x = keras.Input((size,))
            super().__init__(x, layers.Dense(2)(x))
            self.extra = layers.Dense(1)
            self.size = size

    model = Double(3)
    assert type(model) is Double
    assert model(A).shape == (4, 2)
    assert [layer.name for layer in model.layers] == ["input_layer", "dense", "dense_1"]
    assert model.get_config()["size"] == 3
    again = Double.from_config({**model.get_config(), "name": "other", "trainable": False})
    assert (type(again), again.name, again.trainable) == (Double, "other", False)


def test_deep_graphs_need_no_recursion() -> None:
    x = keras.Input((1,))
    y = x
    for _ in range(1500):
        y = y + 1.0
    model = keras.Model(x, y)
    assert float(np.asarray(model(np.zeros((1, 1), "float32")))[0, 0]) == 1500


@pytest.mark.parametrize(
    "spoil",
    [
        lambda c: c["layers"][1]["inbound_nodes"][0]["args"][0]["config"].update(
            keras_history=["nothing", 0, 0]
        ),
        lambda c: c["layers"][1]["inbound_nodes"][0]["args"][0]["config"].update(
            keras_history=["dense", 0, 0]
        ),
        lambda c: c.update(output_layers=["dense", 7, 0]),
        lambda c: c.update(output_layers=["dense", 0, 3]),
    ],
)
def test_broken_configs(spoil: Any) -> None:
    x = keras.Input((3,))
    config = keras.Model(x, layers.Dense(2)(x)).get_config()
    spoil(config)
    with pytest.raises(FileFormatError):
        keras.Model.from_config(config)


def test_get_layer() -> None:
    model = two_towers()
    assert model.get_layer("shared") is model.get_layer(index=2)
    with pytest.raises(ArgumentError, match="'shared'"):
        model.get_layer("shard")
    with pytest.raises(ArgumentError, match="index"):
        model.get_layer(index=9)
    with pytest.raises(ArgumentError, match="either"):
        model.get_layer()


def test_outputs_may_be_given_by_name() -> None:
    x = keras.Input((3,))
    for model in (keras.Model(x, outputs=x + 1), keras.Model(inputs=x, outputs=x + 1)):
        assert isinstance(model, keras.Functional)
        assert model.output_shape == (None, 3)
    with pytest.raises(ArgumentError, match="inputs twice"):
        type("Own", (keras.Model,), {})(x, x + 1, inputs=x)
