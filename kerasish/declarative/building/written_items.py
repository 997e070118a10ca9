"""Layers and other objects as items of a file: `Dense: {units: 3}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kerasish import registry
from kerasish.arguments.contract import Field, contract_of
from kerasish.declarative.check import vocabulary
from kerasish.errors import ArgumentError, KerasishError
from kerasish.layers import Layer
from kerasish.naming import is_automatic, snake_case, uncounted
from kerasish.serialization import get_registered_name


def layer_item(layer: Layer, name: str | None) -> Any:
    """The item of a layer; `name` is written where it is not None.

    Raises:
        ArgumentError: the layer cannot be named in a file.
    """
    label = _class_label("layer", type(layer))
    config = {**layer.get_config(), "name": name}
    return _item(label, type(layer), _changed(type(layer), config))


def written(value: Any, kind: str) -> Any:
    """The items in serialized lists and mappings; a bare name where nothing differs from the
    defaults."""
    if isinstance(value, list | tuple):
        return [written(one, kind) for one in value]
    if not isinstance(value, Mapping):
        return value
    if "class_name" not in value or "config" not in value:
        return {key: written(one, kind) for key, one in value.items()}
    is_function = value["class_name"] == "function"
    label = value["config"] if is_function else value.get("registered_name") or ""
    label = label if is_function or ">" in label else value["class_name"]
    if not vocabulary.contains(kind, label):
        raise ArgumentError(
            "to_yaml",
            expected=f"a registered {kind}",
            received=repr(label),
            fix="Save as .keras, .h5 or to_json(), which hold models inside models."
            if registry.contains("model", label)
            else f"Write @kerasish.register({kind!r}) above it.",
        )
    if is_function:
        return label
    cls = vocabulary.lookup(kind, label)
    config = dict(value["config"])
    name = str(config.get("name"))
    if is_automatic(name, snake_case(cls.__name__)) or name == label:
        del config["name"]
    return _item(_shortest(kind, cls, label), cls, _changed(cls, config))


def _shortest(kind: str, cls: type, label: str) -> str:
    """The class's own name where a file finds it by that."""
    name = cls.__name__
    return (
        name if vocabulary.contains(kind, name) and vocabulary.lookup(kind, name) is cls else label
    )


def _class_label(kind: str, cls: type) -> str:
    """The name under which a file finds the class."""
    label = _shortest(kind, cls, get_registered_name(cls))
    if vocabulary.contains(kind, label) and vocabulary.lookup(kind, label) is cls:
        return label
    if cls in vocabulary.REFUSED:
        raise ArgumentError(
            "to_yaml",
            expected="layers of which each is a class and plain arguments",
            received=f"{cls.__name__}, whose function is code",
            fix=(
                "Write a layer class and decorate it with register_keras_serializable(), or "
                "save as .keras, .h5 or to_json(), which hold the name of a registered "
                "function."
            ),
        )
    raise ArgumentError(
        "to_yaml",
        expected=f"a {kind} that a file may name",
        received=f"{cls.__name__}, which is not registered",
        fix="Decorate its class with register_keras_serializable().",
    )


def _item(label: str, cls: type, arguments: dict[str, Any]) -> Any:
    """A bare name, `Name: value` where only the first argument is given, else a mapping."""
    first = contract_of(cls).first
    if first is not None and list(arguments) == [first.name]:
        value = arguments[first.name]
        several = isinstance(value, list | tuple)
        flat = several and not any(isinstance(one, list | tuple | dict) for one in value)
        if flat or (isinstance(value, int | float | str) and not isinstance(value, bool)):
            return {label: value}
    return {label: arguments} if arguments else label


def _changed(cls: Any, config: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that the constructor would not come to by itself, as a file has them."""
    found = {}
    for parameter in contract_of(cls).fields.values():
        value = config.get(parameter.name)
        if parameter.name in config and (
            parameter.required or not _follows(cls, config, parameter)
        ):
            found[parameter.name] = _argument(cls, parameter, value)
    return found


def _follows(cls: Any, config: Mapping[str, Any], parameter: Field) -> bool:
    """Whether an object made without this argument has the same value in its config."""
    value = config[parameter.name]
    if value == parameter.default or parameter.name == "name":
        return value == parameter.default  # an automatic name counts over the program
    rest = {key: one for key, one in config.items() if key != parameter.name and one is not None}
    try:
        with uncounted():
            return cls.from_config(rest).get_config().get(parameter.name) == value
    except (KerasishError, ValueError, TypeError):
        return False


def _argument(cls: type, field: Field, value: Any) -> Any:
    if field.name == "dtype" and isinstance(value, Mapping):
        return value["config"]["name"]
    if field.kind is not None:
        return written(value, field.kind)
    if not _names_an_object(value):
        return value
    if value.get("class_name") == "__numpy__":
        rows, array = value["config"]["value"], value["config"]
        for form in (rows, array):
            if field.rule.serialize(field.rule.convert(form)) == value:
                return form
    raise ArgumentError(
        "to_yaml",
        expected="arguments whose annotations say what they hold",
        received=f"{cls.__name__}.{field.name}, which holds an object",
        fix=f"Annotate it, such as {field.name}: keras.layers.Layer, Sequence[keras.layers.Layer], "
        "keras.Initializer or np.ndarray.",
    )


def _names_an_object(value: Any) -> bool:
    """Whether a part of a config stands for something that is no plain data."""
    if isinstance(value, Mapping):
        named = "class_name" in value and "config" in value
        return named or any(map(_names_an_object, value.values()))
    return isinstance(value, list | tuple) and any(map(_names_an_object, value))
