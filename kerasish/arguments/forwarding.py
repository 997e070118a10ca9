"""Constructors of classes around a function: its arguments and those of the wrapper."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kerasish.arguments.signatures import Parameter, Signature, parameters


def wrap(cls: type, fn: Callable[..., Any], order: str, defaults: Mapping[str, Any]) -> None:
    """Give `cls` an `__init__` with the arguments of `fn` and those of its base, which gets them.

    Args:
        cls: a class whose base has `__init__(fn, **arguments)`.
        fn: a function of (y_true, y_pred, ...); its further arguments are the class's.
        order: the names of the arguments; "*" stands for those of `fn` that it does not name.
        defaults: where they are others than those of `fn` and of the base; `name` is that of `fn`.
    """
    base: Any = cls.__mro__[1]
    own = dict(list(parameters(fn).items())[2:])
    known = {**parameters(base.__init__), **own}
    before, star, after = order.partition("*")
    listed = [*before.split(), *after.split()]
    rest = [name for name in own if star and name not in listed]
    values = {"name": getattr(fn, "__name__", ""), **defaults}
    kind = Parameter.POSITIONAL_OR_KEYWORD
    taken = [
        Parameter(
            name,
            kind,
            default=values.get(name, known[name].default),
            annotation="str" if name == "name" else known[name].annotation,
        )
        for name in (*before.split(), *rest, *after.split())
    ]
    whole = Signature([Parameter("self", kind), *taken], return_annotation="None")

    usual = {p.name: p.default for p in taken}

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        if args or not kwargs.keys() <= usual.keys():
            kwargs = whole.bind(self, *args, **kwargs).arguments
            del kwargs["self"]
        base.__init__(self, fn, **{**usual, **kwargs})

    __init__.__module__, __init__.__qualname__ = cls.__module__, f"{cls.__qualname__}.__init__"
    __init__.__annotations__ = {p.name: p.annotation for p in taken}
    __init__.__dict__.update(__signature__=whole, around=fn)
    cls.__init__ = __init__  # type: ignore[misc]
