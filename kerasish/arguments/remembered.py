"""What a constructor was given: arguments remembered for `get_config`, foreign ones let through."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kerasish.errors import ArgumentError
from kerasish.hints import refuse_unknown
from kerasish.registry import nearest
from kerasish.serialization import deserialize_keras_object
from kerasish.signatures import parameters, signature

ANY: Any = object()  # in `ignored`: whatever is given changes nothing


def ignore(cls: type, name: str, value: Any, harmless: Any) -> None:
    """Let an argument through that means nothing here, if it asks for nothing either."""
    if harmless is not ANY and _asks(value, harmless):
        raise ArgumentError(
            cls.__name__,
            expected=f"{name}={harmless!r}, the only value supported",
            received=f"{name}={value!r}",
        )


def _asks(value: Any, harmless: Any) -> bool:
    """Whether it says something else; 0 or an empty dict says no more than None or False."""
    if getattr(value, "ndim", 0):
        return True
    return value != harmless if harmless else bool(value)


def from_fields(cls: type) -> bool:
    return getattr(cls.__init__, "from_fields", False)


def captured(cls: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """The constructor's arguments by name, defaults included; {} where they do not bind.

    Raises:
        ArgumentError: they do not, and one of them looks like a misspelt one.
    """
    try:
        bound = signature(cls.__init__).bind(None, *args, **kwargs)
    except TypeError:
        known = list(parameters(cls.__init__))[1:]
        others = [name for name in kwargs if name not in {*known, *cls.keywords()}]
        refuse_unknown(cls.__name__, [n for n in others if nearest(n, known, 1)], known)
        return {}
    bound.apply_defaults()
    found: dict[str, Any] = {}
    for name, parameter in list(bound.signature.parameters.items())[1:]:
        value = bound.arguments[name]
        if parameter.kind is parameter.VAR_KEYWORD:
            found.update(value)
        elif parameter.kind is not parameter.VAR_POSITIONAL:
            found[name] = value
    return found


def fields_of(layer: Any) -> dict[str, Any]:
    """The values of a layer's fields, as plain data."""
    return {
        name: one.rule.serialize(layer._argument(name))
        for name, one in type(layer).fields.items()
        if name != "activity_regularizer"
    }


def fields_in(cls: Any, config: Mapping[str, Any], custom_objects: Any = None) -> dict[str, Any]:
    """What a config says of the fields of a class, with the objects that it describes made."""
    return {
        name: deserialize_keras_object(config[name], custom_objects)
        if one.rule.described
        else config[name]
        for name, one in cls.fields.items()
        if name in config
    }


def untaken(cls: type, config: Mapping[str, Any]) -> list[str]:
    """Which of name, dtype and trainable a constructor without **kwargs does not take."""
    taken = parameters(cls.__init__)
    if any(p.kind is p.VAR_KEYWORD for p in taken.values()):
        return []
    return [n for n in ("name", "dtype", "trainable") if n in config and n not in taken]
