"""`get`, `serialize` and `deserialize` of a kind of object, made once for all kinds."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from kerasish import serialization

Function = Callable[..., Any]


class Forms(NamedTuple):
    """The three public functions of a kind."""

    get: Function
    serialize: Function
    deserialize: Function


def forms(kind: str, *, word: str = "", config: str = "config") -> Forms:
    """`get`, `serialize` and `deserialize` of a kind, as members of the module that calls.

    Args:
        kind: a kind of the registry, such as "loss".
        word: the name of `serialize`'s argument; by default the kind's.
        config: the name of `deserialize`'s first argument.
    """
    what = (word or kind).replace("_", " ")

    def get(identifier: Any) -> Any:
        return serialization.resolve(kind, identifier)

    def serialize(obj: Any) -> Any:
        return serialization.serialize_keras_object(obj)

    def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
        if isinstance(config, str):
            with serialization.custom_object_scope(custom_objects or {}):
                return serialization.find(config, kind)
        return serialization.deserialize_keras_object(config, custom_objects, kind=kind)

    get.__doc__ = f"""The {what} that a name, config, class, callable or instance stands for.

    Raises:
        UnknownNameError: no such name; the message lists the nearest ones.
        ArgumentError: nothing that could stand for one.

    None stands for None.
    """
    serialize.__doc__ = f"""The config of this {what}, or its name where it is a function."""
    deserialize.__doc__ = f"""The {what} that `serialize` described, or that has this name.

    Raises:
        UnknownNameError: a name that is not registered.
    """
    module = sys._getframe(1).f_globals["__name__"]
    for function, first in ((get, "identifier"), (serialize, word or kind), (deserialize, config)):
        function.__module__, function.__qualname__ = module, function.__name__
        code = function.__code__
        if first != code.co_varnames[0]:  # Keras's name, which callers may give by keyword
            kinds = {first: function.__annotations__.pop(code.co_varnames[0])}
            function.__annotations__ = {**kinds, **function.__annotations__}
            function.__code__ = code.replace(co_varnames=(first, *code.co_varnames[1:]))
    return Forms(get, serialize, deserialize)
