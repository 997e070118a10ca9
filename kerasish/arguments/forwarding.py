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
    _constructor(cls, taken, lambda self, given: base.__init__(self, fn, **given))
    cls.__init__.__dict__["around"] = fn


def derive(
    cls: type, renamed: Mapping[str, str], fixed: Mapping[str, Any], defaults: Mapping[str, Any]
) -> None:
    """Give `cls` an `__init__` with the arguments of its base, which gets them.

    Args:
        renamed: what arguments of the base are called here.
        fixed: arguments of the base that are none here, with their values.
        defaults: where they are others than those of the base.
    """
    base: Any = cls.__mro__[1]
    back = {new: old for old, new in renamed.items()}
    taken = [
        one.replace(name=renamed.get(name, name), default=defaults.get(name, one.default))
        for name, one in list(parameters(base.__init__).items())[1:]
        if name not in fixed
    ]

    def make(self: Any, given: Mapping[str, Any]) -> None:
        base.__init__(self, **fixed, **{back.get(name, name): v for name, v in given.items()})

    _constructor(cls, taken, make)


def _constructor(
    cls: Any, taken: list[Parameter], make: Callable[[Any, Mapping[str, Any]], None]
) -> None:
    """Give `cls` an `__init__` with these parameters; `make(self, arguments)` does the work."""
    whole = Signature(
        [Parameter("self", Parameter.POSITIONAL_OR_KEYWORD), *taken], return_annotation="None"
    )
    usual = {p.name: p.default for p in taken if p.default is not p.empty}
    needed = [p.name for p in taken if p.default is p.empty]

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        if args or not kwargs.keys() <= usual.keys():
            kwargs = whole.bind_partial(self, *args, **kwargs).arguments
            del kwargs["self"]
        if lacking := [name for name in needed if name not in kwargs]:
            many = "s" if len(lacking) > 1 else ""
            names = " and ".join(map(repr, lacking))
            what = f"{cls.__qualname__}.__init__() missing {len(lacking)} required positional"
            raise TypeError(f"{what} argument{many}: {names}")
        make(self, {**usual, **kwargs})

    __init__.__module__, __init__.__qualname__ = cls.__module__, f"{cls.__qualname__}.__init__"
    __init__.__annotations__ = {p.name: p.annotation for p in taken}
    __init__.__dict__["__signature__"] = whole
    cls.__init__ = __init__
