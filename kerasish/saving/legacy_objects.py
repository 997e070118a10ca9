"""Objects as Keras 2 wrote them: a class name, and a config whose parts are alike."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, cast

from kerasish.errors import ArgumentError, UnknownNameError
from kerasish.registry import hint
from kerasish.saving.files import text
from kerasish.serialization import (
    custom_object_scope,
    get_registered_name,
    get_registered_object,
)
from kerasish.signatures import takes

_NESTED = "__passive_serialization__"  # marks what was an object in a config, and no dict


def serialize_keras_object(instance: Any) -> Any:
    """An object as {"class_name", "config"}, a function as its name, None as None.

    Raises:
        ArgumentError: it has neither a config nor a name.
    """
    if instance is None:
        return None
    instance = inspect.unwrap(instance) if callable(instance) else instance
    if hasattr(instance, "get_config"):
        config = {key: _serialized(part) for key, part in instance.get_config().items()}
        return {"class_name": get_registered_name(type(instance)), "config": config}
    if hasattr(instance, "__name__"):
        return get_registered_name(instance)
    raise ArgumentError(
        "serialize_keras_object", expected="an object with get_config()", received=repr(instance)
    )


def _serialized(part: Any) -> Any:
    if not (hasattr(part, "get_config") or hasattr(part, "__name__")):
        return part
    found = serialize_keras_object(part)
    return found if isinstance(found, str) else {**found, _NESTED: True}


def deserialize_keras_object(
    identifier: Any,
    module_objects: Mapping[str, Any] | None = None,
    custom_objects: Mapping[str, Any] | None = None,
    printable_module_name: str = "object",
) -> Any:
    """The object that `serialize_keras_object` described; a class that is named alone is made.

    Args:
        identifier: plain data, a name, a function (returned as it is) or None.
        module_objects: where names are looked up, after custom and registered objects.
        custom_objects: where they are looked up first.
        printable_module_name: what errors call such an object.

    Raises:
        UnknownNameError: a name that none of these has.
        ArgumentError: data of another form.
    """
    if identifier is None or inspect.isfunction(identifier):
        return identifier
    known = module_objects or {}
    if isinstance(identifier, str):
        found = _named(identifier, known, custom_objects, printable_module_name)
        return found() if inspect.isclass(found) else found
    data: dict[str, Any] = _dict(identifier)
    if not {"class_name", "config"} <= data.keys():
        raise ArgumentError(
            f"A serialized {printable_module_name}",
            expected="a dict with class_name and config",
            received=repr(identifier),
        )
    cls = _named(data["class_name"], known, custom_objects, printable_module_name)
    config: Any = data["config"]
    if not text.is_list(config):  # of layers, in the oldest files
        config = {
            key: part if key == "name" else _part(part, known, custom_objects)
            for key, part in _dict(config).items()
        }
    with custom_object_scope(dict(custom_objects or {})):
        if not hasattr(cls, "from_config"):
            return cls(**_dict(config))
        if takes(cls.from_config, "custom_objects"):
            return cls.from_config(config, custom_objects=dict(custom_objects or {}))
        return cls.from_config(config)


def _named(name: Any, known: Mapping[str, Any], custom: Any, what: str) -> Any:
    found = get_registered_object(name, custom, known)
    if found is None:
        raise UnknownNameError(
            f"Unknown {what}",
            expected="the name of a custom, registered or given object",
            received=repr(name),
            fix=hint(str(name), [*(custom or {}), *known]) or "Pass it as custom_objects.",
        )
    return found


def _dict(data: Any) -> dict[str, Any]:
    return dict(data) if text.is_mapping(data) else {}


def _part(part: Any, known: Mapping[str, Any], custom: Any) -> Any:
    if isinstance(part, str):
        found = get_registered_object(part, custom, known)
        return found if inspect.isfunction(found) else part
    if isinstance(part, Mapping) and _NESTED in part:
        return deserialize_keras_object(part, known, custom, "config_item")
    return cast(Any, part)
