"""Objects in their serialized form -> items as a file writes them: `Dense: {units: 3}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kerasish.config import floatx
from kerasish.declarative import vocabulary
from kerasish.declarative.signature import Parameter, rule_of, signature_of
from kerasish.errors import ArgumentError, KerasishError
from kerasish.layers import Layer
from kerasish.serialization import get_registered_name, serialize_keras_object, snake_case


def layer_item(layer: Layer, name: str | None) -> Any:
    """The item of a layer; `name` is written where it is not None.

    Raises:
        ArgumentError: the layer cannot be named in a file.
    """
    label = _class_label("layer", type(layer))
    config = {**layer.get_config(), "name": name}
    return _item(label, _changed(type(layer), config))


def object_item(serialized: Any, kind: str) -> Any:
    """The item of a serialized object, a bare name where nothing differs from the defaults."""
    if not isinstance(serialized, Mapping) or "class_name" not in serialized:
        return serialized
    if serialized["class_name"] == "function":
        return serialized["config"]
    label = serialized.get("registered_name") or ""
    label = label if ">" in label else serialized["class_name"]
    if not vocabulary.contains(kind, label):
        raise ArgumentError(
            f"to_yaml. Expected: a registered {kind}. Received: {label!r}. Decorate its class with "
            "register_keras_serializable()."
        )
    cls = vocabulary.lookup(kind, label)
    config = dict(serialized["config"])
    if config.get("name") == snake_case(label) or config.get("name") == label:
        del config["name"]
    return _item(label, _changed(cls, config))


def _class_label(kind: str, cls: type) -> str:
    """The name under which a file finds the class."""
    for label in (cls.__name__, get_registered_name(cls)):
        if vocabulary.contains(kind, label) and vocabulary.lookup(kind, label) is cls:
            return label
    raise ArgumentError(
        f"to_yaml. Expected: a {kind} that a file may name. Received: {cls.__name__}, which is not "
        "registered, or is code. Decorate its class with register_keras_serializable()."
    )


def _item(label: str, arguments: dict[str, Any]) -> Any:
    return {label: arguments} if arguments else label


def _changed(cls: type, config: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments in a config that differ from the constructor's defaults, as a file has them."""
    found = {}
    for parameter in signature_of(cls).parameters.values():
        if parameter.name not in config:
            continue
        value = config[parameter.name]
        if not parameter.required and _is_default(parameter, value):
            continue
        found[parameter.name] = _written(parameter, value)
    return found


def _written(parameter: Parameter, value: Any) -> Any:
    kind = parameter.kind
    if parameter.name == "dtype" and isinstance(value, Mapping):
        return value["config"]["name"]
    if isinstance(value, list | tuple):
        return [_written(parameter, one) for one in value]
    return object_item(value, kind) if kind else value


def _is_default(parameter: Parameter, value: Any) -> bool:
    """Whether a serialized value is what the constructor makes of its default."""
    default = parameter.default
    if value == default:
        return True
    if parameter.name == "dtype":
        return _written(parameter, value) == floatx()
    rule = rule_of(parameter.hint)
    if rule is not None:
        try:
            return value == rule.serialize(rule.convert(default))
        except (KerasishError, ValueError, TypeError):
            return False
    if isinstance(default, list | tuple):
        return value == serialize_keras_object(default)
    if parameter.kind and isinstance(default, str) and isinstance(value, Mapping):
        written = object_item(value, parameter.kind)
        return isinstance(written, str) and snake_case(written) == snake_case(default)
    return False
