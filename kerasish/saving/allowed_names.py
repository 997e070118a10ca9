"""What a config may name, checked as a whole before anything is built from it.

`kerasish.serialization` only finds registered objects; here a file that asks for anything else is
told apart from one that merely misspells a name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kerasish.errors import UnknownNameError, UnsafeFileError, clip
from kerasish.saving.files import limits
from kerasish.saving.files.text import check_depth, children, is_list, is_object
from kerasish.serialization import MODULES, get_registered_object
from kerasish.spec import DTYPES

# The roots of module names that Keras itself has written over the years.
_PACKAGES = ("keras", "kerasish", "tf_keras", "tensorflow", "builtins")
_MODELS = ("Sequential", "Functional", "Model", "FeatureSpace")
# Words of module names under which parts of models live; the last such word counts.
_WORDS = {m.rpartition(".")[2] for m in MODULES.values()} | {
    "models",
    "ops",
    "engine",
    "dtype_policies",
    "legacy",
}

# Objects that are code, or that load something from elsewhere.
FORBIDDEN = {
    "__lambda__": "code",
    "__typespec__": "a TensorFlow type",
    "Lambda": "code",
    "TFSMLayer": "another file to load",
    "TorchModuleWrapper": "a pickled object",
    "JaxLayer": "code",
    "FlaxLayer": "code",
    "TFOpLambda": "a TensorFlow function",
    "SlicingOpLambda": "a TensorFlow function",
    "TensorFlowOpLayer": "a TensorFlow graph",
}


def check(config: Any, where: str) -> None:
    """Refuse a config that asks for more than registered objects.

    Args:
        config: plain data from a file.
        where: the file, for errors.

    Raises:
        UnsafeFileError: code, a module that no model is made of, a name like "..", or more
            objects than a model has.
        UnknownNameError: a "package>Name" that is not registered.
    """
    check_depth(config, where)
    count = 0
    for item in _objects(config):
        count += 1
        if count > limits.MAX_OBJECTS:
            raise UnsafeFileError(f"{where}: more than {limits.MAX_OBJECTS} objects in a config.")
        _check_object(item, where)


def _objects(config: Any) -> Iterator[Mapping[str, Any]]:
    """Every dict that names a class, wherever it stands."""
    pending = [config]
    while pending:
        item = pending.pop()
        if is_object(item) and "class_name" in item:
            yield item
        pending += children(item)


def _check_object(item: Mapping[str, Any], where: str) -> None:
    named = {key: item.get(key) for key in ("class_name", "module", "registered_name")}
    for key, value in named.items():
        if not isinstance(value, (str, type(None))):
            raise UnsafeFileError(f"{where}: {key}", expected="a text", received=clip(repr(value)))
    name, module, registered = named.values()
    limits.check_name(name, where)
    if name in FORBIDDEN and not _is_named_lambda(item):
        raise UnsafeFileError(
            f"{where}: {name} is {FORBIDDEN[name]}, which a file cannot bring",
            expected="registered layers only",
            fix="Write a layer class, decorate it with register_keras_serializable(), and "
            "build the model from it.",
        )
    inner = item.get("config")
    if name in ("__numpy__", "__tensor__"):
        _check_array(inner, where)
    elif name == "function":
        limits.check_name(inner, where)
    elif is_object(inner):
        if isinstance(inner.get("name"), str):
            limits.check_path(inner["name"], where)
        layers = inner.get("layers")
        if is_list(layers) and len(layers) > limits.MAX_LAYERS:
            raise UnsafeFileError(f"{where}: {len(layers)} layers in one model.")
    _check_origin(str(inner) if name == "function" else str(name), module, registered, where)


def _is_named_lambda(item: Mapping[str, Any]) -> bool:
    """Whether a Lambda holds its function by name, which is as safe as any other name."""
    inner = item.get("config")
    function = inner.get("function") if is_object(inner) else None
    named = is_object(function) and function.get("class_name") == "function"
    return item.get("class_name") == "Lambda" and (named or isinstance(function, str))


def _check_array(inner: Any, where: str) -> None:
    """An array's dtype decides how much is allocated for it: only those of tensors."""
    dtype = inner.get("dtype") if is_object(inner) else None
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise UnsafeFileError(
            f"{where}: an array of dtype {clip(repr(dtype))}",
            expected=f"one of {', '.join(DTYPES)}",
        )


def _check_origin(name: str, module: str | None, registered: str | None, where: str) -> None:
    if registered and get_registered_object(registered) is not None:
        return
    if get_registered_object(name) is not None:
        return
    if registered and registered != name:
        raise UnknownNameError(
            f"{where}: {clip(repr(registered))} is not registered, and nothing else stands for it. "
            "Decorate the class with register_keras_serializable("
            f"{registered.partition('>')[0]!r}) and import it before loading, or pass it in "
            "custom_objects."
        )
    if module and not _is_modelling(module, name):
        raise UnsafeFileError(
            f"{where}: asks for {clip(repr(name))} of the module {clip(repr(module))}",
            expected="registered names only, since a file never imports anything",
            fix="If the class is yours, decorate it with register_keras_serializable() or pass "
            "it in custom_objects; an op is entered as keras.register('activation')(op).",
        )


def _is_modelling(module: str, name: str) -> bool:
    """Whether a module is one of those whose classes and functions models are made of."""
    words = module.split(".")
    if words[0] not in _PACKAGES:
        return False
    bare = words in (["keras"], ["kerasish"], ["builtins"])
    return bare or name in _MODELS or any(word in _WORDS for word in words[1:])
