"""Clones: the same architecture, weights of their own."""

from __future__ import annotations

import numpy as np
import pytest

import kerasish as keras
from kerasish import saving
from kerasish.errors import (
    ArgumentError,
)
from tests.saving.models import functional, predict, sequential


@pytest.mark.parametrize("make", [functional, sequential])
def test_a_clone_has_weights_of_its_own(make):
    model = make()
    clone = keras.models.clone_model(model)
    keras.utils.clear_session()
    assert clone.to_json() == make().to_json()
    clone.set_weights(model.get_weights())
    np.testing.assert_array_equal(predict(clone), predict(model))
    clone.set_weights([w * 0 for w in clone.get_weights()])
    assert np.abs(predict(model)).max() > 0


def test_a_clone_on_other_inputs_and_with_other_layers():
    model = functional()
    x = keras.Input((4,), name="other")

    def change(layer):
        if isinstance(layer, keras.layers.Dropout):
            return keras.layers.Dropout(0.9, name=layer.name)
        return layer

    clone = keras.models.clone_model(model, x, change)
    assert clone.inputs[0] is x
    rates = [la.rate for la in clone.layers if isinstance(la, keras.layers.Dropout)]
    assert rates == [0.9]
    np.testing.assert_array_equal(predict(clone), predict(model))
    with pytest.raises(ArgumentError, match="input_tensors"):
        keras.models.clone_model(model, [x, x])


def test_a_clone_is_compiled_alike():
    model = sequential()
    clone = keras.models.clone_model(model)
    assert clone.compiled
    assert clone.optimizer is not model.optimizer
    assert not keras.models.clone_model(sequential(compiled=False)).compiled


def nested():
    x = keras.Input((4,))
    inner = keras.Model(x, keras.layers.Dense(4, name="a")(x), name="inner")
    y = keras.Input((4,))
    return keras.Model(y, keras.layers.Dense(4, name="b")(inner(y)))


@pytest.mark.parametrize("recursive", [False, True])
def test_calls_are_replaced(recursive):
    model = nested()
    met = []

    def call(layer, *args, **kwargs):
        met.append(layer.name)
        return layer(*args, **kwargs) + 1.0

    clone = keras.models.clone_model(model, None, lambda layer: layer, call, recursive)
    assert met == (["a", "inner", "b"] if recursive else ["inner", "b"])
    x = np.ones((2, 4), "float32")
    a, b = model.get_layer("inner").get_layer("a"), model.get_layer("b")
    inner = a(x) + 1.0 if recursive else a(x)
    np.testing.assert_allclose(clone(x), b(inner + 1.0) + 1.0, rtol=1e-6)


def test_layers_of_models_inside_are_cloned_by_the_function_when_asked():
    def mark(layer):
        copy = type(layer).from_config(layer.get_config())
        copy.flag = True
        return copy

    flat = keras.models.clone_model(nested(), clone_function=mark)
    assert hasattr(flat.get_layer("inner"), "flag")
    assert not hasattr(flat.get_layer("inner").get_layer("a"), "flag")
    deep = keras.models.clone_model(nested(), clone_function=mark, recursive=True)
    assert not hasattr(deep.get_layer("inner"), "flag")
    assert hasattr(deep.get_layer("inner").get_layer("a"), "flag")


def test_inputs_of_another_form_are_refused():
    x, y = keras.Input((3,)), keras.Input((3,))
    model = keras.Model({"x": x, "y": y}, x + y)
    assert keras.models.clone_model(model, {"x": x, "y": y}).input == {"x": x, "y": y}
    with pytest.raises(ArgumentError, match="input_tensors of the form"):
        keras.models.clone_model(model, (x, y))
    with pytest.raises(ArgumentError, match="takes call_function"):
        keras.models.clone_model(sequential(), call_function=lambda layer, x: layer(x))


@keras.register_keras_serializable("clones")
class Weighed(keras.Model):
    beta: float = 1.0


@keras.register_keras_serializable("clones")
class Stacked(keras.Sequential):
    beta: float = 1.0


@keras.register_keras_serializable("clones")
class Itself(keras.Sequential):
    units: int = 3

    def __post_init__(self):
        self.add(keras.layers.Dense(self.units))


def _weighed():
    x = keras.Input((3,))
    return Weighed(x, keras.layers.Dense(4)(x), beta=2.0)


@pytest.mark.parametrize(
    "make",
    [
        _weighed,
        lambda: Stacked([keras.Input((3,)), keras.layers.Dense(4)], beta=2.0),
        lambda: Itself(4),
    ],
)
def test_fields_of_models_made_of_parts_are_kept(make, tmp_path):
    model, x = make(), np.ones((2, 3), "float32")
    expected = model.predict(x, verbose=0)
    model.save(tmp_path / "m.keras")
    for again in (
        saving.load_model(tmp_path / "m.keras"),
        keras.models.clone_model(model),
        type(model).from_config(model.get_config()),
    ):
        assert type(again) is type(model)
        assert all(getattr(again, n) == getattr(model, n) for n in type(model).fields)
        assert len(again.layers) == len(model.layers)
        again.set_weights(model.get_weights())
        np.testing.assert_array_equal(again.predict(x, verbose=0), expected)


def test_layers_added_to_those_that_a_model_makes_itself_are_kept():
    model = Itself(4)
    model.add(keras.layers.Dense(2))
    model.build((None, 3))
    for again in (keras.models.clone_model(model), Itself.from_config(model.get_config())):
        assert [layer.units for layer in again.layers] == [4, 2]
        assert again.built


def test_a_stop_iteration_in_a_layers_constructor_does_not_end_the_clone():
    class Stops(keras.layers.Layer):
        def get_config(self):
            raise StopIteration("mine")

        def call(self, inputs):
            return inputs

    with pytest.raises((StopIteration, RuntimeError), match=r"StopIteration|mine"):
        keras.models.clone_model(keras.Sequential([keras.Input((3,)), Stops()]))


def test_a_model_with_a_constructor_of_its_own_is_cloned_as_what_it_is_made_of():
    class Graph(keras.Model):
        def __init__(self, units=2):
            x = keras.Input((3,))
            super().__init__(x, keras.layers.Dense(units)(x))

    class Stack(keras.Sequential):
        def __init__(self, units=2, **kwargs):
            super().__init__([keras.Input((3,)), keras.layers.Dense(units)], **kwargs)

    for model in (Graph(5), Stack(5)):
        again = keras.models.clone_model(model)
        assert not isinstance(again, (Graph, Stack))
        assert again.output_shape == (None, 5)

    class Handed(keras.Model):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)

    x = keras.Input((3,))
    assert type(keras.models.clone_model(Handed(x, keras.layers.Dense(2)(x)))) is Handed
    with pytest.raises(ArgumentError, match="one Input"):  # not units=2 without a word
        Stack.from_config(Stack(5).get_config())
