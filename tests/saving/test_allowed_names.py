"""Configs that try to make a loader run, read or import something."""

from __future__ import annotations

import copy

import pytest

from kerasish.errors import KerasishError, UnknownNameError, UnsafeFileError
from kerasish.saving import allowed_names
from kerasish.saving.files import limits
from kerasish.serialization import custom_object_scope


def dense(**changes):
    item = {
        "module": "keras.layers",
        "class_name": "Dense",
        "config": {"name": "a", "units": 3, "activation": "relu"},
        "registered_name": None,
    }
    return item | changes


def model(*layers):
    return {
        "module": "keras",
        "class_name": "Sequential",
        "config": {"name": "m", "layers": list(layers)},
        "registered_name": None,
    }


def test_what_keras_writes_passes():
    policy = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}}
    function = {
        "module": "builtins",
        "class_name": "function",
        "config": "relu",
        "registered_name": "relu",
    }
    nested = {
        "module": "keras.src.models.functional",
        "class_name": "Functional",
        "config": {"name": "n", "layers": []},
        "registered_name": "Functional",
    }
    operation = {
        "module": "keras.src.ops.numpy",
        "class_name": "NotEqual",
        "config": {"name": "not_equal"},
        "registered_name": "NotEqual",
    }
    allowed_names.check(model(dense(), policy, function, nested, operation), "f")
    allowed_names.check({"class_name": "Dense", "config": {"name": "block1/conv"}}, "f")


CODE = {
    "__lambda__": {"value": "4wEAAAA="},
    "Lambda": {"function": ["4wEAAAA=", None, None]},
    "__typespec__": [],
    "TFSMLayer": {"filepath": "/etc"},
    "TorchModuleWrapper": {"module": "gASV"},
    "JaxLayer": {},
}


@pytest.mark.parametrize("name", CODE)
@pytest.mark.parametrize("place", ["layer", "activation", "initializer", "kwargs", "deep", "tuple"])
def test_code_is_refused_wherever_it_hides(name, place):
    evil = {"module": "keras.layers", "class_name": name, "config": CODE[name]}
    configs = {
        "layer": model(dense(), evil),
        "activation": model(dense(config={"activation": evil})),
        "initializer": model(dense(config={"kernel_initializer": evil})),
        "kwargs": model(dense(inbound_nodes=[{"args": [], "kwargs": {"mask": evil}}])),
        "deep": model(model(model(dense(config={"x": [[{"y": evil}]]})))),
        "tuple": {"class_name": "__tuple__", "items": [evil]},
    }
    with pytest.raises(UnsafeFileError, match=name):
        allowed_names.check(configs[place], "f")


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("os", "system"),
        ("os", "function"),
        ("subprocess", "Popen"),
        ("builtins.open", "x"),
        ("kerasish.saving.files.atomic", "write_bytes"),
        ("keras.utils", "get_file"),
        ("keras.config", "enable_unsafe_deserialization"),
        ("keras.src.utils.file_utils", "get_file"),
        ("keras.datasets.mnist", "load_data"),
        ("my_package", "Dense"),
        ("kerasx.layers", "Dense"),
    ],
)
@pytest.mark.parametrize("place", ["layer", "activation", "kwargs"])
def test_modules_that_no_model_is_made_of(module, name, place):
    evil = {"module": module, "class_name": name, "config": "system", "registered_name": None}
    configs = {
        "layer": model(evil),
        "activation": model(dense(config={"activation": evil})),
        "kwargs": model(dense(inbound_nodes=[{"args": [evil], "kwargs": {}}])),
    }
    before = copy.deepcopy(configs[place])
    with pytest.raises(UnsafeFileError):
        allowed_names.check(configs[place], "f.keras")
    assert configs[place] == before


def test_a_registered_name_never_falls_back_to_a_built_in():
    for name in ("mine>Dense", "Other"):
        with pytest.raises(UnknownNameError, match="not registered"):
            allowed_names.check(model(dense(registered_name=name)), "f")


def test_objects_of_the_caller_pass_whatever_their_module():
    class Mine:
        pass

    item = dense(module="some.where", class_name="Mine", registered_name="pkg>Mine")
    with pytest.raises(KerasishError):
        allowed_names.check(item, "f")
    for objects in ({"Mine": Mine}, {"pkg>Mine": Mine}):
        with custom_object_scope(objects):
            allowed_names.check(item, "f")


@pytest.mark.parametrize("name", ["..", "../x", "a\0", "x" * 600, ""])
def test_names_that_are_paths(name):
    with pytest.raises(UnsafeFileError):
        allowed_names.check(model(dense(config={"name": name})), "f")


@pytest.mark.parametrize("key", ["class_name", "module", "registered_name"])
@pytest.mark.parametrize("value", [3, ["os"], {"a": 1}, True])
def test_names_that_are_no_text(key, value):
    with pytest.raises(UnsafeFileError):
        allowed_names.check(model(dense(**{key: value})), "f")


@pytest.mark.parametrize("dtype", ["S1000000000", "O", "f4,f4", "U99999999", None, 3])
def test_arrays_of_dtypes_that_are_no_numbers(dtype):
    for name in ("__numpy__", "__tensor__"):
        array = {"class_name": name, "config": {"value": [0], "dtype": dtype}}
        with pytest.raises(UnsafeFileError, match="dtype"):
            allowed_names.check(model(dense(config={"x": array})), "f")
        allowed_names.check({"class_name": name, "config": {"value": [0], "dtype": "float32"}}, "f")


def test_too_many_and_too_deep():
    many = [dense()] * (limits.MAX_LAYERS + 1)
    with pytest.raises(UnsafeFileError, match="layers"):
        allowed_names.check(model(*many), "f")
    deep = dense()
    for _ in range(200):
        deep = model(deep)
    with pytest.raises(UnsafeFileError, match="deeper"):
        allowed_names.check(deep, "f")
    wide = [[{"class_name": "Dense"}] * 1000] * 201
    with pytest.raises(UnsafeFileError, match="objects"):
        allowed_names.check(wide, "f")
