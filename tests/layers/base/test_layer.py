"""The contract of a layer: both styles, errors, sublayers, weights, building."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish.errors import ArgumentError, DTypeError, ShapeError, UnknownNameError
from kerasish.graph.trace import trace
from kerasish.spec import TensorSpec
from tests.layers.own_layers import ROWS, Declared, Scale

layers, ops = keras.layers, keras.ops


@pytest.mark.parametrize("cls", [Scale, Declared])
def test_both_styles(cls: Any) -> None:
    layer = cls(3.0, name="mine")
    assert not layer.built
    np.testing.assert_array_equal(layer(ROWS), 3 * ROWS)
    assert layer.built
    assert [v.path for v in layer.weights] == ["mine/variable"]
    assert layer.count_params() == 3
    config = json.loads(json.dumps(layer.get_config()))
    assert config["factor"] == 3.0
    again = cls.from_config(config)
    assert (again.name, again.factor) == ("mine", 3.0)
    np.testing.assert_array_equal(again(ROWS), 3 * ROWS)


def test_declared_config_holds_what_was_given() -> None:
    assert Scale(2.0, start="zeros").get_config()["start"] == "zeros"
    written = Declared(2.0, "zeros").get_config()["start"]
    assert (written["module"], written["class_name"]) == ("keras.initializers", "Zeros")


def test_a_subclass_with_its_own_init_keeps_its_arguments() -> None:
    class Doubled(layers.Dense):
        def __init__(self, half: int, **kwargs: Any) -> None:
            super().__init__(2 * half, **kwargs)
            self.half = half

    layer = Doubled(2, activation="relu", name="d")
    assert layer.units == 4
    config = layer.get_config()
    assert (config["half"], config["activation"]) == (2, "relu")
    assert Doubled.from_config(config).units == 4


def test_get_config_of_ones_own_adds_to_the_base() -> None:
    class Own(layers.Layer):
        def __init__(self, n: int, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.n = n

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "n": self.n + 1}

    config = Own(1).get_config()
    assert config["n"] == 2
    assert set(config) == {"name", "trainable", "dtype", "n"}


# --- errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "error", "parts"),
    [
        (lambda: layers.Dense(-1), ArgumentError, ["Dense.units", "positive", "-1"]),
        (lambda: layers.Dense(2.5), ArgumentError, ["Dense.units", "2.5"]),
        (lambda: layers.Dense(), ArgumentError, ["units"]),
        (lambda: layers.Dense(2, unit=3), ArgumentError, ["'unit'", "Did you mean 'units'"]),
        (lambda: layers.Dense(2, units=3), ArgumentError, ["twice"]),
        (lambda: layers.Dense(2, activation="rellu"), UnknownNameError, ["'relu'"]),
        (lambda: layers.Dropout(1.5), ArgumentError, ["Dropout.rate", "[0, 1]", "1.5"]),
        (lambda: layers.Conv2D(4, 3, padding="sam"), ArgumentError, ["padding", "'same'"]),
        (lambda: layers.Conv2D(4, (3, 3, 3)), ArgumentError, ["kernel_size", "(3, 3, 3)"]),
        (lambda: layers.Dense(2, lora_rank=4), ArgumentError, ["lora_rank", "4"]),
        (lambda: Scale(1.0, nme="x"), ArgumentError, ["'nme'", "'name'"]),
        (lambda: layers.Dense(2, name="a/b"), ArgumentError, ["a/b"]),
        (lambda: layers.Dense(2, trainable="no"), ArgumentError, ["trainable", "'no'"]),
    ],
)
def test_wrong_arguments(make: Any, error: type, parts: list[str]) -> None:
    with pytest.raises(error) as raised:
        make()
    for part in parts:
        assert part in str(raised.value)


def test_wrong_input() -> None:
    layer = layers.Dense(2)
    with pytest.raises(ShapeError, match="rank at least 2"):
        layer(np.ones(3, "float32"))
    layer(ROWS)
    with pytest.raises(ShapeError, match="size 3 on axis -1"):
        layer(np.ones((2, 4), "float32"))
    with pytest.raises(ArgumentError, match="without a tensor"):
        layer("text")
    with pytest.raises(TypeError, match="call"):
        layer(ROWS, wrong=1)
    with pytest.raises(ShapeError, match="last dimension is known"):
        layers.Dense(2)(keras.Input((None,)))


def test_an_error_in_call_says_where() -> None:
    class Broken(layers.Layer):
        def call(self, inputs: Any) -> Any:
            return ops.matmul(inputs, inputs)

    with pytest.raises(ShapeError) as raised:
        Broken(name="b")(ROWS)
    assert raised.value.__notes__ == ["In layer Broken 'b', called with inputs (2, 3)."]


def test_a_forgotten_super_init() -> None:
    class Forgetful(layers.Layer):
        def __init__(self) -> None:
            self.a = 1

    with pytest.raises(RuntimeError, match="super"):
        Forgetful()(ROWS)


def test_a_layer_without_call() -> None:
    class Empty(layers.Layer):
        pass

    with pytest.raises(NotImplementedError, match="call"):
        Empty()(ROWS)


# --- sublayers and weights ------------------------------------------------------------------------


class Nest(layers.Layer):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.first = layers.Dense(3)
        self.more = [layers.Dense(2), {"last": layers.Dense(1, name="named")}]
        self.extra = keras.Variable(np.zeros(2, "float32"), trainable=False)

    def call(self, inputs: Any) -> Any:
        return self.more[1]["last"](self.more[0](self.first(inputs)))


def test_sublayers_in_lists_and_dicts() -> None:
    layer = Nest(name="nest")
    layer(ROWS)
    assert [v.path for v in layer.weights] == [
        "variable",
        "nest/dense/kernel",
        "nest/dense/bias",
        "nest/dense_1/kernel",
        "nest/dense_1/bias",
        "nest/named/kernel",
        "nest/named/bias",
    ]
    assert len(layer.trainable_weights) == 6
    assert len(layer.non_trainable_weights) == 1
    layer.more.append(layers.Dense(1))
    layer.more[-1].build((None, 1))
    assert len(layer.weights) == 9


def test_names_are_unique_inside_a_layer() -> None:
    layer = Nest()
    layer(ROWS)
    assert [sub.name for sub in layer._flatten_layers(include_self=False)] == [
        "dense",
        "dense_1",
        "named",
    ]


def test_trainable_reaches_sublayers_and_comes_back() -> None:
    layer = Nest()
    layer(ROWS)
    layer.trainable = False
    assert layer.trainable_weights == []
    assert len(layer.non_trainable_weights) == 7
    assert not layer.first.trainable
    layer.trainable = True
    assert len(layer.trainable_weights) == 6
    layer.first.trainable = False
    assert len(layer.trainable_weights) == 4


def test_frozen_before_it_is_built() -> None:
    layer = layers.Dense(2, trainable=False)
    layer(ROWS)
    assert layer.trainable_weights == []
    layer.trainable = True
    assert len(layer.trainable_weights) == 2


def test_set_weights_checks_everything_first() -> None:
    layer = layers.Dense(2)
    layer(ROWS)
    held = layer.get_weights()
    with pytest.raises(ArgumentError, match="2 arrays"):
        layer.set_weights(held[:1])
    with pytest.raises(ShapeError, match="kernel"):
        layer.set_weights([np.ones((2, 2)), np.ones(2)])
    with pytest.raises(ShapeError, match="bias"):
        layer.set_weights([np.ones((3, 2)), np.ones(3)])
    np.testing.assert_array_equal(layer.get_weights()[0], held[0])


def test_initial_weights() -> None:
    table = np.arange(6.0).reshape(3, 2)
    layer = layers.Embedding(3, 2, weights=[table])
    np.testing.assert_array_equal(layer(np.array([2, 0])), table[[2, 0]])


def test_delete_a_weight() -> None:
    layer = layers.Dense(2)
    layer(ROWS)
    del layer.bias
    assert [v.name for v in layer.weights] == ["kernel"]


def test_weights_of_unknown_size_are_refused() -> None:
    with pytest.raises(ShapeError, match="unknown"):
        layers.Layer().add_weight((None, 3))


# --- building -------------------------------------------------------------------------------------


def test_build_config_builds_again() -> None:
    layer = layers.Dense(2)
    assert layer.get_build_config() is None
    layer(ROWS)
    config = json.loads(json.dumps(layer.get_build_config()))
    assert config == {"input_shape": [2, 3]}
    again = layers.Dense(2)
    again.build_from_config(config)
    assert [v.shape for v in again.weights] == [(3, 2), (2,)]


def test_shapes_reach_build_by_name() -> None:
    class Two(layers.Layer):
        def build(self, left_shape: Any, right_shape: Any) -> None:
            self.seen = left_shape, right_shape

        def call(self, left: Any, right: Any) -> Any:
            return left + right

    layer = Two()
    layer(ROWS, right=ROWS[:1])
    assert layer.seen == ((2, 3), (1, 3))
    assert layer.get_build_config() == {
        "shapes_dict": {"left_shape": (2, 3), "right_shape": (1, 3)}
    }


def test_build_without_a_build_method_makes_the_sublayers() -> None:
    layer = Nest(name="n")
    layer.build((None, 5))
    assert layer.first.kernel.shape == (5, 3)
    assert layer.built


def test_super_build_counts_as_one_build() -> None:
    class Wide(layers.Dense):
        def build(self, input_shape: Any) -> None:
            super().build(input_shape)
            self.more = self.add_weight((2,), "zeros", name="more")

        def call(self, inputs: Any) -> Any:
            return super().call(inputs) + self.more

    layer = Wide(2)
    layer(ROWS)
    assert [v.name for v in layer.weights] == ["kernel", "bias", "more"]
    assert layer.get_build_config() == {"input_shape": (2, 3)}


def test_what_has_nothing_to_build_is_built_when_it_is_made() -> None:
    assert layers.Dropout(0.5).built
    assert layers.Reshape((3, 1)).built
    assert not layers.Dense(2).built
    assert not layers.TimeDistributed(layers.Dense(2)).built

    class More(layers.Dropout):
        def __init__(self) -> None:
            super().__init__(0.5)
            self.inner = layers.Dense(2)

        def call(self, inputs: Any, training: bool | None = None) -> Any:
            return self.inner(super().call(inputs, training))

    layer = More()
    assert not layer.built
    layer(ROWS)
    assert len(layer.weights) == 2
    assert all(v.path.startswith("more/") for v in layer.weights)


def test_super_build_may_come_first() -> None:
    class First(layers.Layer):
        def build(self, input_shape: Any) -> None:
            super().build(input_shape)
            self.w = self.add_weight((input_shape[-1], 2), "ones", name="w")

        def call(self, inputs: Any) -> Any:
            return ops.matmul(inputs, self.w)

    layer = First()
    np.testing.assert_array_equal(layer(np.ones((1, 3))), [[3, 3]])
    assert layer.built
    assert layer.get_build_config() == {"input_shape": (1, 3)}


def test_a_policy_can_be_set() -> None:
    layer = layers.Dense(2)
    layer.dtype_policy = "mixed_float16"
    assert (layer.compute_dtype, layer.dtype) == ("float16", "float32")
    assert layer(ROWS).dtype == "float16"
    layer.dtype_policy = keras.DTypePolicy("float32")
    assert layer(ROWS).dtype == "float32"
    with pytest.raises(DTypeError, match="flaot32"):
        layer.dtype_policy = "flaot32"


def test_a_convolution_of_ones_own() -> None:
    class Centred(layers.Conv2D):
        def convolution_op(self, inputs: Any, kernel: Any) -> Any:
            return super().convolution_op(inputs, kernel - ops.mean(kernel))

    layer = Centred(1, 2, kernel_initializer="ones", bias_initializer="ones")
    np.testing.assert_array_equal(layer(np.ones((1, 3, 3, 1))), np.ones((1, 2, 2, 1)))


def test_weights_made_inside_a_trace_are_real() -> None:
    layer = layers.Dense(2)
    trace(layer, [TensorSpec((4, 3), "float32")])
    assert layer.built
    assert np.abs(layer.kernel.numpy()).sum() > 0


def test_a_shape_with_its_batch_goes_before_one_without() -> None:
    first = layers.Dense(1, input_shape=(3,), batch_input_shape=(5, 3))
    assert keras.Sequential([first]).input_shape == (5, 3)
    assert keras.Sequential([layers.Dense(1, input_shape=(3,))]).input_shape == (None, 3)


def test_a_layer_of_no_inputs_is_built_by_its_call() -> None:
    class Constant(layers.Layer):
        def call(self) -> Any:
            return ops.ones(2)

    layer = Constant()
    layer()
    assert layer.built


def test_a_layer_built_by_hand_remembers_the_shape() -> None:
    class Same(layers.Layer):
        def call(self, inputs: Any) -> Any:
            return inputs

    layer = Same()
    layer.build((2, 3))
    assert layer.get_build_config() == {"input_shape": (2, 3)}
