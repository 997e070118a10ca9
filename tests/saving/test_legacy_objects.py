from __future__ import annotations

import pytest

import kerasish as keras
from kerasish.errors import ArgumentError, UnknownNameError
from kerasish.legacy.saving import deserialize_keras_object, serialize_keras_object

LAYERS = {name: getattr(keras.layers, name) for name in ("Dense", "Dropout")}


class Mine(keras.layers.Layer):
    inner: keras.layers.Layer

    def get_config(self):
        return {"name": self.name, "inner": self.inner}


def f(x):
    return x


def test_round_trip():
    layer = keras.layers.Dense(3, "relu", name="a")
    data = serialize_keras_object(layer)
    assert data["class_name"] == "Dense"
    assert data["config"]["units"] == 3
    made = deserialize_keras_object(data, LAYERS)
    assert made.get_config() == layer.get_config()


def test_objects_in_configs():
    data = serialize_keras_object(Mine(keras.layers.Dropout(0.5)))
    assert data["config"]["inner"]["class_name"] == "Dropout"
    made = deserialize_keras_object(data, LAYERS, {"Mine": Mine})
    assert (type(made), made.inner.rate) == (Mine, 0.5)


def test_names_and_nothing():
    assert serialize_keras_object(None) is deserialize_keras_object(None) is None
    assert serialize_keras_object(f) == "f"
    assert deserialize_keras_object("f", custom_objects={"f": f}) is f
    assert deserialize_keras_object(f) is f
    assert isinstance(deserialize_keras_object("A", {"A": keras.layers.Flatten}), keras.Layer)
    assert deserialize_keras_object({"class_name": "d", "config": {"a": 1}}, {"d": dict}) == {
        "a": 1
    }
    assert keras.utils.legacy.serialize_keras_object is serialize_keras_object


def test_errors():
    with pytest.raises(UnknownNameError, match=r"Unknown layer.*Did you mean 'Dense'"):
        deserialize_keras_object("Dens", LAYERS, printable_module_name="layer")
    with pytest.raises(ArgumentError, match="class_name and config"):
        deserialize_keras_object({"config": {}}, LAYERS)
    with pytest.raises(ArgumentError, match="get_config"):
        serialize_keras_object(3)
