"""What people who write layers get wrong: each is an error that names the place and the mend."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish import registry
from kerasish.errors import (
    ArgumentError,
    DTypeError,
    ShapeError,
    UnknownNameError,
    UnsafeFileError,
)
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


@pytest.mark.parametrize("name", [*METHODS, *READ_ONLY, "name", "trainable"])
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


# --- call and build -------------------------------------------------------------------------------


def test_call_and_build_take_the_object_itself() -> None:
    with pytest.raises(ArgumentError, match=r"call\. Expected: def call\(self, inputs\)"):
        made(call=lambda: 1)
    with pytest.raises(ArgumentError, match=r"call.*Received: a staticmethod"):
        made(call=staticmethod(lambda inputs: inputs))
    with pytest.raises(ArgumentError, match=r"build\. Expected: def build\(self, input_shape\)"):
        made(build=lambda: None)
    with pytest.raises(TypeError, match=r"Write def call\(self, inputs, \.\.\.\)"):
        made(call=lambda inputs: inputs)()(ROWS)


def test_what_a_call_lacks_or_does_not_take_is_named() -> None:
    mine = made(call=lambda self, first, second, scale=1: first + second * scale)
    with pytest.raises(ArgumentError, match=r"Mine\.call\. Expected: tensors for second too"):
        mine()(ROWS)
    with pytest.raises(TypeError, match=r"'scala'.*Did you mean 'scale'"):
        mine()(ROWS, ROWS, scala=2)


def test_the_arguments_of_build_are_named_after_those_of_call() -> None:
    mine = made(build=lambda self, input_shape, other: None)
    with pytest.raises(ArgumentError, match=r"build\(input_shape, other\).*name_shape is the sha"):
        mine()(ROWS)


def test_an_error_in_build_says_in_which_layer_and_for_what_shape() -> None:
    def build(self: Any, input_shape: Any) -> None:
        input_shape.last()

    with pytest.raises(AttributeError) as caught:
        made(build=build)(name="a")(ROWS)
    assert caught.value.__notes__ == ["In layer Mine 'a', built for (2, 3)."]


NO_TENSORS = {
    "nothing": lambda x: None,
    "nothing among tensors": lambda x: (x, None),
    "a text": lambda x: "rows",
    "a set": lambda x: {x},
    "a generator": lambda x: (row for row in [x]),
}


@pytest.mark.parametrize("case", NO_TENSORS)
def test_what_a_call_gives_is_blamed_on_itself(case: str) -> None:
    mine = made(call=lambda self, inputs: NO_TENSORS[case](inputs))
    with pytest.raises(ArgumentError, match=r"Mine\.call\. Expected: tensors, or lists"):
        keras.Sequential([keras.Input((3,)), mine(), layers.Dense(1)])
    with pytest.raises(ArgumentError, match=r"Mine\.call"):
        mine().compute_output_shape((None, 3))


def test_nothing_given_to_a_layer_says_who_may_have_given_it() -> None:
    with pytest.raises(ArgumentError, match=r"Let what gives it end with `return`"):
        layers.Dense(1)(made(call=lambda self, inputs: None)()(ROWS))


@pytest.mark.parametrize("value", [2, 2.5, np.ones((2, 2), "float32"), True])
def test_numbers_and_arrays_among_the_results_are_tensors_of_a_graph(value: Any) -> None:
    x = keras.Input((3,))
    y, z = made(call=lambda self, inputs: (inputs, value))()(x)
    assert z.shape == np.shape(value)
    model = keras.Model(x, [y, z + 1])
    np.testing.assert_array_equal(model(ROWS)[1], np.add(value, 1))


# --- weights --------------------------------------------------------------------------------------


def weight(*args: Any, **kwargs: Any) -> Any:
    """What making a weight so raises, in the build of a layer."""
    mine = made(build=lambda self, shape: setattr(self, "w", self.add_weight(*args, **kwargs)))
    with pytest.raises((ArgumentError, ShapeError, UnknownNameError)) as caught:
        mine()(ROWS)
    return str(caught.value)


def test_a_weight_says_what_is_wrong_with_its_arguments() -> None:
    older = weight("w", (3,))
    assert older.startswith("Mine.add_weight. Expected: a shape, then an initializer")
    assert "add_weight(shape, name='w')" in older
    assert "Give 'w' by the name" in weight("w", shape=(3,))
    assert "Did you mean 'initializer'" in weight((3,), initialiser="zeros")
    for wrong in ("a", 3.0, -3):
        told = f"shape. Expected: an integer of 0 or more. Received: {wrong!r}."
        assert weight((2, wrong)) == f"Mine.add_weight, {told}"
    assert "Mine.add_weight: Unknown initializer" in weight((3,), "float32")
    assert "Mine.add_weight: regularizer" in weight((3,), regularizer=0.1)


def test_an_initializer_that_is_no_initializer_says_how_it_is_called() -> None:
    found = weight((3,), lambda shape: np.ones(shape))
    assert "Mine.add_weight: The initializer of the variable" in found
    assert "Expected: f(shape, dtype)" in found
    assert "end with `return`" in weight((3,), lambda shape, dtype: None)
    with pytest.raises(ArgumentError, match=r"variable 'w'\. Expected: f\(shape, dtype\)"):
        keras.Variable(lambda shape: np.ones(shape), shape=(2,), name="w")

    def broken(shape: Any, dtype: Any) -> Any:
        raise TypeError("of its own code")

    with pytest.raises(TypeError, match="of its own code"):
        keras.Variable(broken, shape=(2,))


def test_a_weight_before_the_constructor_of_the_base() -> None:
    class Mine(layers.Layer):
        def __init__(self) -> None:
            self.w = self.add_weight((3,))
            super().__init__()

    with pytest.raises(AttributeError, match=r"Mine.*super\(\).__init__\(\) called first"):
        Mine()


@pytest.mark.parametrize("where", ["kernel_regularizer", "activity_regularizer"])
def test_a_regularizer_that_gives_nothing_is_named(where: str) -> None:
    layer: Any = layers.Dense(2, **{where: lambda x: None})
    with pytest.raises(ArgumentError, match=r"(kernel'|activity_regularizer)\. Expected: a result"):
        _ = layer(ROWS), layer.losses


def test_what_is_no_number_is_shown() -> None:
    with pytest.raises(DTypeError, match=r"^convert_to_tensor\. Expected: numbers\. Received: No"):
        ops.convert_to_tensor(None)
    with pytest.raises(DTypeError, match=r"Received: \{'a': 1\}\. Take out of it"):
        ops.convert_to_tensor({"a": 1})


# --- variables ------------------------------------------------------------------------------------


def held(layer: Any, form: str) -> None:
    one, two = (keras.Variable(np.full(3, value, "float32")) for value in (1, 2))
    forms = {"bare": one, "list": [one, two], "tuple": (one, two), "dict": {"b": one, "a": [two]}}
    layer.held = forms[form]


@pytest.mark.parametrize("place", ["__init__", "build"])
@pytest.mark.parametrize("form", ["bare", "list", "tuple", "dict"])
def test_variables_that_a_layer_holds_are_its_weights(form: str, place: str, tmp_path: Any) -> None:
    class Mine(layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            if place == "__init__":
                held(self, form)

        def build(self, input_shape: Any) -> None:
            if place == "build":
                held(self, form)

        def call(self, inputs: Any) -> Any:
            return inputs * sum(keras.tree.flatten(self.held))

    def model() -> Any:
        made = keras.Sequential([keras.Input((3,)), Mine()])
        made.compile("sgd", "mse")
        return made

    first, second = model(), model()
    count = 1 if form == "bare" else 2
    assert len(first.trainable_variables) == count
    assert first.count_params() == 3 * count
    before = first.get_weights()
    first.fit(ROWS, ROWS * 5, verbose=0)
    assert not any(np.allclose(a, b) for a, b in zip(before, first.get_weights(), strict=True))
    first.save_weights(tmp_path / "w.weights.h5")
    second.load_weights(tmp_path / "w.weights.h5")
    np.testing.assert_array_equal(second(ROWS), first(ROWS))


@pytest.mark.parametrize(
    "made_of", [layers.Dense(2), keras.Sequential(), keras.Operation(name="o")]
)
def test_the_symbols_of_a_call_that_was_not_made(made_of: Any) -> None:
    for what in ("input", "output"):
        with pytest.raises((ArgumentError, AttributeError), match=rf"{what}.*symbols"):
            getattr(made_of, what)


def test_a_field_that_holds_a_dict_is_shown() -> None:
    mine = made(__annotations__={"table": "dict"}, table={})
    assert "table={'rows': 1}" in repr(mine(table={"rows": 1}))


# --- what is made in a call -----------------------------------------------------------------------


class Box:
    inner: Any = None


def anew(self: Any, inputs: Any) -> Any:
    return layers.Dense(3)(inputs)


def boxed(self: Any, inputs: Any) -> Any:
    self.box = getattr(self, "box", Box())
    self.box.inner = self.box.inner or layers.Dense(3)
    return self.box.inner(inputs)


@pytest.mark.parametrize("call", [anew, boxed])
def test_a_layer_that_is_no_part_is_told_at_the_first_call(call: Any) -> None:
    mine = made(call=call)
    with pytest.warns(UserWarning, match=r"Dense 'dense.*call\(\) of Mine .* self.inner = Dense"):
        keras.Sequential([keras.Input((4,)), mine()])
    with pytest.warns(UserWarning, match="neither trained nor saved"):
        mine()(ROWS)


def lazy(self: Any, inputs: Any) -> Any:
    if self.inner is None:
        self.inner = layers.Dense(3)
    return self.inner(inputs)


def shared(self: Any, inputs: Any) -> Any:
    return layers.Dropout(0.5)(lazy(self, inputs))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("call", [lazy, shared])
def test_a_layer_that_is_made_once_in_a_call_is_a_part(call: Any) -> None:
    model = keras.Sequential([keras.Input((4,)), made(call=call, inner=None)()])
    assert len(model.weights) == 2


def weighs(self: Any, inputs: Any) -> Any:
    return inputs * self.add_weight((4,))


def replaces(self: Any, inputs: Any) -> Any:
    self.inner = layers.Dense(4)
    return self.inner(inputs)


def forgets(self: Any, inputs: Any) -> Any:
    if not hasattr(self, "w"):
        self.w = keras.Variable(2.0)
    self.w += 1.0
    return inputs * self.w


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (weighs, r"Mine.add_weight in a call .* Make them in build\(self"),
        (forgets, r"Mine 'mine.*', w, set in a call. .* self.w.assign\(...\)"),
        (replaces, r"Unknown variable .* made once, in __init__ or build"),
    ],
)
def test_weights_that_a_call_makes_anew_are_an_error(call: Any, message: str) -> None:
    def train() -> None:
        model = keras.Sequential([keras.Input((4,)), made(call=call)()])
        model.compile("sgd", "mse")
        model.fit(np.ones((2, 4)), np.ones((2, 4)), verbose=0)

    with pytest.raises((ArgumentError, keras.errors.GraphError), match=message):
        train()


def test_a_class_that_is_called_as_a_layer_says_so() -> None:
    with pytest.raises(ArgumentError, match=r"Make a layer of it first: Dense\(...\)\(x\)"):
        layers.Dense(keras.ops.ones((2, 4)))  # type: ignore[arg-type]
