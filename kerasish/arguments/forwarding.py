"""Constructors that are declared: of a class that annotates its arguments, or around a function."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

from kerasish.signatures import MISSING, Parameter, Signature, constructor, parameters

KIND = Parameter.POSITIONAL_OR_KEYWORD
Make = Callable[[Any, dict[str, Any]], None]


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
    usual = {"name": getattr(fn, "__name__", ""), **defaults}
    taken = _ordered(parameters(base.__init__), own, order, usual)
    if "name" in taken:
        taken["name"] = taken["name"].replace(annotation="str")
    _constructor(cls, taken, lambda self, given: base.__init__(self, fn, **given))
    vars(cls.__init__)["around"] = fn
    above = vars(sys.modules[base.__module__]) if base.__module__ in sys.modules else {}
    vars(cls.__init__)["names"] = {**getattr(fn, "__globals__", {}), **above}


def declare(cls: Any, order: str, defaults: Mapping[str, Any]) -> None:
    """Give `cls` an `__init__` with the arguments that it annotates, which become attributes, and
    those of the constructor above that is written out, which gets them.

    What bases annotate comes first, but what has no default before what has one. What a class
    sets without an annotation is the same for all its objects, and no argument any more.

    Args:
        cls: a class without an `__init__` of its own.
        order: the names of the arguments; "*" stands for those annotated, and "**" at the end
            says that others of the constructor above are taken by name.
        defaults: where they are others than those of the constructor above.
    """
    before = getattr(cls.__init__, "fields", {})
    fields = dict(before)
    usual = {**getattr(cls.__init__, "defaults", {}), **defaults}
    written = vars(cls).get("__annotations__", {})
    for name in vars(cls).keys() & fields.keys() - written.keys():
        del fields[name]
    for name, text in written.items():
        if name[0] != "_" and not text.startswith("ClassVar"):
            default = vars(cls).get(name, MISSING)
            fields[name] = Parameter(name, KIND, default=default, annotation=text)
    if fields == before and not defaults:
        return
    fields = dict(sorted(fields.items(), key=lambda item: item[1].default is not MISSING))
    inits = ((c, vars(c)["__init__"]) for c in cls.__mro__ if "__init__" in vars(c))
    owner: Any = next(c for c, init in inits if not hasattr(init, "fields"))
    above = constructor(owner)
    taken = _ordered(above.parameters, fields, order.removesuffix("**"), usual)
    kept = [name for name in taken if name not in above.parameters]

    def make(self: Any, given: dict[str, Any]) -> None:
        values = [given.pop(name) for name in kept]
        owner.__init__(self, **given)
        for name, value in zip(kept, values, strict=True):
            setattr(self, name, value)
        self.__post_init__()

    _constructor(cls, taken, make, order.endswith("**"))
    cls.__init__.__annotations__.update((n, h) for n, h in above.hints.items() if n in taken)
    names = vars(sys.modules[cls.__module__])
    vars(cls.__init__).update(fields=fields, defaults=usual, order=order, names=names)


def _ordered(
    above: Mapping[str, Parameter],
    own: Mapping[str, Parameter],
    order: str,
    defaults: Mapping[str, Any],
) -> dict[str, Parameter]:
    """The parameters of a constructor in order, `own` where "*" stands."""
    before, star, after = order.partition("*")
    listed = [*before.split(), *after.split()]
    known = {**above, **own}
    rest = [name for name in own if star and name not in listed]
    return {
        name: Parameter(
            name,
            KIND,
            default=defaults.get(name, known[name].default),
            annotation=known[name].annotation,
        )
        for name in (*before.split(), *rest, *after.split())
        if name in known
    }


def _constructor(
    cls: Any, taken: Mapping[str, Parameter], make: Make, is_open: bool = False
) -> None:
    """Give `cls` an `__init__` with these parameters; `make(self, arguments)` does the work.

    Args:
        is_open: whether it takes others by name too.
    """
    shown = [Parameter("self", KIND), *taken.values()]
    if is_open:
        shown.append(Parameter("options", Parameter.VAR_KEYWORD, annotation="Any"))
    whole = Signature(shown, return_annotation="None")
    usual = {name: p.default for name, p in taken.items() if p.default is not MISSING}
    needed = [name for name in taken if name not in usual]
    names = tuple(taken)

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        if args:
            if len(args) > len(names):
                many = f"{len(names)} positional arguments, {len(args)} were given"
                raise TypeError(f"{cls.__qualname__}.__init__() takes at most {many}")
            if not kwargs.keys().isdisjoint(names[: len(args)]):
                whole.bind_partial(self, *args, **kwargs)  # raises
            kwargs = {**dict(zip(names, args, strict=False)), **kwargs}
        if not is_open and not kwargs.keys() <= taken.keys():
            whole.bind_partial(self, **kwargs)  # raises
        if needed and (lacking := [name for name in needed if name not in kwargs]):
            *first, last = map(repr, lacking)
            comma = "," if len(first) > 1 else ""
            lacks = f"s: {', '.join(first)}{comma} and {last}" if first else f": {last}"
            what = f"{cls.__qualname__}.__init__() missing {len(lacking)} required positional"
            raise TypeError(f"{what} argument{lacks}")
        make(self, {**usual, **kwargs})

    __init__.__module__, __init__.__qualname__ = cls.__module__, f"{cls.__qualname__}.__init__"
    __init__.__annotations__ = {p.name: p.annotation for p in taken.values()}
    vars(__init__)["__signature__"] = whole
    cls.__init__ = __init__
