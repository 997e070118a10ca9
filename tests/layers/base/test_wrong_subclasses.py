"""What people who write layers get wrong: each is an error that names the place and the mend."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish import registry
from kerasish.errors import ArgumentError, UnsafeFileError
from kerasish.ops.basic.elementwise import unary
from tests.layers.own_layers import ROWS

layers, ops = keras.layers, keras.ops


def made(**body: Any) -> Any:
    """A class of layers whose call gives back its input, with `body` in it."""
    kept = {"call": lambda self, inputs: inputs, "__module__": __name__}
    return type("Mine", (layers.Layer,), {**kept, **body})


# --- names that every layer needs -----------------------------------------------------------------

METHODS = ("add_weight", "call", "get_config", "count_params")
READ_ONLY = ("weights", "losses", "variables", "path", "compute_dtype", "trainable_variables")
SETTABLE = ("name", "dtype_policy", "trainable")


@pytest.mark.parametrize("name", [*METHODS, *READ_ONLY, *SETTABLE, "built", "autocast", "fields"])
def test_a_field_cannot_take_a_name_that_layers_need(name: str) -> None:
    with pytest.raises(ArgumentError, match=rf"Mine\.{name}\. Expected: another name"):
        made(__annotations__={name: "int"}, **{name: 1})


@pytest.mark.parametrize("name", [*METHODS, *READ_ONLY])
def test_an_annotation_alone_neither(name: str) -> None:
    with pytest.raises(ArgumentError, match=rf"Mine\.{name}\. Expected: another name"):
        made(__annotations__={name: "int"})


@pytest.mark.parametrize("name", [*METHODS, *READ_ONLY, *SETTABLE])
def test_no_attribute_of_a_class_may_hide_a_member(name: str) -> None:
    with pytest.raises(ArgumentError, match=rf"Mine\.{name}\. Expected: another name"):
        made(**{name: [1]})


def test_a_method_cannot_stand_for_a_property() -> None:
    with pytest.raises(ArgumentError, match=r"Mine\.losses"):
        made(losses=lambda self: [])
    mine = made(losses=property(lambda self: ["none"]), input_spec=layers.InputSpec(ndim=2))
    assert mine().losses == ["none"]
    assert mine()(ROWS).shape == ROWS.shape


@pytest.mark.parametrize("name", [*METHODS, "_path", "_losses", "_calls"])
def test_no_attribute_of_an_object_may_hide_what_it_needs(name: str) -> None:
    layer = made()()
    with pytest.raises(ArgumentError, match=rf"Mine\.{name}.*Call it my_{name.lstrip('_')}"):
        setattr(layer, name, [1])
    layer.call = lambda inputs: inputs + 1  # another function is one all the same
    np.testing.assert_array_equal(layer(ROWS), ROWS + 1)


def test_a_property_that_cannot_be_set_says_so() -> None:
    with pytest.raises(AttributeError, match=r"Mine\.weights\. Expected: another name"):
        made()().weights = []

    class Mine(keras.Model):
        own = property(lambda self: 1)

    with pytest.raises(AttributeError, match=r"Mine\.layers\. Expected: another name"):
        Mine().layers = []  # type: ignore[misc]
    with pytest.raises(AttributeError, match="no setter"):
        Mine().own = 2  # type: ignore[misc]


# --- defaults -------------------------------------------------------------------------------------


def test_no_object_shares_a_default_with_another() -> None:
    class Mine(layers.Layer):
        inner: layers.Layer = layers.Dense(2)
        several: list = [layers.Dense(2), {"last": layers.Dense(2)}]
        table: Any = {"rows": [1]}
        activation: Any = ops.relu

        def call(self, inputs: Any) -> Any:
            return self.inner(inputs)

    first, second = Mine(), Mine()
    first(ROWS)
    assert (first.inner.built, second.inner.built) == (True, False)
    assert len(first.weights) == 2
    first.several[1]["last"](ROWS)
    assert not second.several[1]["last"].built
    first.table["rows"].append(2)
    assert second.table == {"rows": [1]}
    assert first.activation is second.activation is ops.relu
    assert Mine.from_config(first.get_config()).inner.units == 2


def test_a_default_that_cannot_be_copied_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"Mine\.rows\..*copy.*make it in __post_init__"):
        made(__annotations__={"rows": "Any"}, rows=(i for i in range(3)))


# --- misspelt arguments ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "wrong", "meant"),
    [
        (lambda: layers.Dense(unots=3), "unots", "units"),
        (lambda: layers.Dense(activtion="relu"), "activtion", "activation"),
        (lambda: layers.Conv2D(3, kernel_sise=3, name="a"), "kernel_sise", "kernel_size"),
        (lambda: layers.LSTM(input_shape=(3, 4), unit=3), "unit", "units"),
    ],
)
def test_a_misspelt_argument_goes_before_the_one_that_is_missing(
    make: Any, wrong: str, meant: str
) -> None:
    with pytest.raises(ArgumentError, match=rf"Received: '{wrong}'\. Did you mean '{meant}'"):
        make()


def test_a_missing_argument_alone_is_told_as_that() -> None:
    with pytest.raises(ArgumentError, match=r"'units'.*Received: activation, name\.$"):
        layers.Dense(activation="relu", name="a")  # type: ignore[call-arg]
    with pytest.raises(ArgumentError, match=r"'size'.*annotate size: ClassVar"):
        made(__annotations__={"size": "int"})()


def test_a_constructor_of_ones_own_hears_of_misspelt_arguments_too() -> None:
    class Mine(layers.Layer):
        def __init__(self, units: int, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.units = units

    with pytest.raises(ArgumentError, match=r"Mine.*'unots'\. Did you mean 'units'"):
        Mine(unots=3)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'units'"):
        Mine(name="unit")  # type: ignore[call-arg]


# --- ops as arguments -----------------------------------------------------------------------------


def test_an_op_of_ones_own_is_an_activation_that_files_know_by_name(tmp_path: Any) -> None:
    op = unary("grown_here", "expm1", lambda g, y, x: g * (y + 1))
    try:
        model = keras.Sequential([keras.Input((3,)), layers.Dense(2, activation=op)])
        model.save(tmp_path / "model.keras")
        with pytest.raises(UnsafeFileError, match=r"'grown_here'.*register_keras_serializable"):
            keras.models.load_model(tmp_path / "model.keras")
        keras.saving.register_keras_serializable("tests")(op)
        model.save(tmp_path / "model.keras")
        again: Any = keras.models.load_model(tmp_path / "model.keras")
        assert again.layers[0].activation is op
        assert copy.deepcopy(model).layers[0].activation is op
        np.testing.assert_array_equal(again(ROWS), model(ROWS))
    finally:
        registry._entries["op"].pop(op.name)
