"""Signatures and type hints of functions and classes: the only place that reads them.

What is read is kept on the function or class itself, so it goes when that goes.
"""

from __future__ import annotations

import functools
import inspect
import sys
import typing
import weakref
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any, TypeVar

R = TypeVar("R")
Parameter = inspect.Parameter
Signature = inspect.Signature
BoundArguments = inspect.BoundArguments
MISSING = Parameter.empty


def kept(read: Callable[[Any], R]) -> Callable[[Any], R]:
    """Decorator: what `read` finds of a function or class is read once.

    It is an attribute of the function or class (of the function inside, for another callable), so
    no table holds a user's code. An attribute that `functools.wraps` copied does not count.
    """
    key = f"_kept_{read.__module__.rpartition('.')[2]}_{read.__name__}"

    @functools.wraps(read)
    def found(of: Any) -> R:
        try:
            owner, value = of.__dict__[key]
            if owner() is of:
                return value
        except (AttributeError, KeyError):
            pass
        return read_and_keep(of)

    def read_and_keep(of: Any) -> R:
        holder = of if isinstance(of, (FunctionType, type)) else getattr(of, "__wrapped__", None)
        owner, value = getattr(holder, "__dict__", {}).get(key, (None, None))
        if owner is not None and owner() is of:
            return value
        value = read(of)
        if isinstance(holder, FunctionType):
            holder.__dict__[key] = weakref.ref(of), value
        elif isinstance(holder, type) and holder.__flags__ & _HEAP_TYPE:
            type.__setattr__(holder, key, (weakref.ref(of), value))
        return value

    return found


_HEAP_TYPE = 1 << 9  # a class statement's: attributes can be set


@kept
def signature(func: Callable[..., Any]) -> Signature:
    """The signature of a function, method or class.

    Raises:
        ValueError, TypeError: it has none, as some built-in functions.
    """
    return inspect.signature(func)


def parameters(func: Callable[..., Any]) -> Mapping[str, Parameter]:
    """The parameters of a function, those of a method without self; errors of `signature`."""
    return signature(func).parameters


def takes(func: Callable[..., Any], name: str) -> bool:
    """Whether a function names a parameter `name`."""
    return name in parameters(func)


def ours(made: Any) -> bool:
    """Whether a class or function is the package's."""
    made = made.func if isinstance(made, functools.partial) else made
    return str(getattr(made, "__module__", "")).partition(".")[0] == __name__.partition(".")[0]


# --- constructors ---------------------------------------------------------------------------------


class Constructor:
    """What a class takes: the parameters of its `__init__`, without self, and where that ends in
    `**kwargs` those of the next class, to which it hands them on.

    Attributes:
        functions: the `__init__`s that add up, that of the class itself first.
        parameters: by name, in order; `*args` and `**kwargs` are none.
        is_open: whether the last `__init__` takes any keyword and is not the package's, whose own
            take any only to refuse them with a better message.
        is_known: whether no function of a user takes `**kwargs` and could want more from them.
    """

    def __init__(self, cls: type) -> None:
        found = (vars(base)["__init__"] for base in cls.__mro__ if "__init__" in vars(base))
        self.functions: list[Callable[..., Any]] = []
        self.parameters: dict[str, Parameter] = {}
        self.is_open, self.is_known = False, True
        for function in found:
            if function is object.__init__:
                break
            if hasattr(function, "fields") and any(hasattr(f, "fields") for f in self.functions):
                continue  # the one below has what this one has
            self.functions.append(function)
            rest = False
            for parameter in list(parameters(function).values())[1:]:
                if parameter.kind is Parameter.VAR_KEYWORD:
                    rest = True
                elif parameter.kind is not Parameter.VAR_POSITIONAL:
                    self.parameters.setdefault(parameter.name, parameter)
            self.is_open = rest and not ours(function)
            self.is_known &= not self.is_open
            if not rest:
                break

    @functools.cached_property
    def hints(self) -> dict[str, Any]:
        """The type hints of the parameters, `Annotated` and all; those that cannot be read lack."""
        hints: dict[str, Any] = {}
        for function in reversed(self.functions):
            read = _hints(function)
            hints |= {name: read.get(name) for name in parameters(function)}
        return {n: hints[n] for n in self.parameters if hints[n] is not None}


@kept
def constructor(cls: type) -> Constructor:
    """The `Constructor` of a class."""
    return Constructor(cls)


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    try:
        names = getattr(function, "names", None)  # of the module whose class declares it
        return typing.get_type_hints(function, names, include_extras=True)
    except (NameError, TypeError, AttributeError):
        # A hint that names something imported for type checkers only cannot be used.
        return {}


# --- annotations of a class -----------------------------------------------------------------------


def meaning(cls: type, name: str, written: Any) -> Any:
    """The type that an annotation means, as the place of the class statement knows names.

    Args:
        cls: the class, which may be just being made.
        name: what is annotated.
        written: the annotation, a text or not.

    Raises:
        NameError: it names something unknown there, or is no annotation.
    """
    holder = type(cls.__name__, (), {"__annotations__": {name: written}})
    module = dict(vars(sys.modules[cls.__module__])) if cls.__module__ in sys.modules else {}
    itself = {cls.__name__: cls}  # its name is not bound yet
    for names in ({**module, **itself}, {**module, **_around(cls), **vars(cls), **itself}):
        try:
            return typing.get_type_hints(holder, names, include_extras=True)[name]
        except (NameError, AttributeError, SyntaxError, TypeError):
            continue
    raise NameError(f"{cls.__name__}.{name}: {written}", name=name)


def _around(cls: type) -> dict[str, Any]:
    """The local names of the function in which a class is being made."""
    frame = inspect.currentframe()
    function = cls.__qualname__.rpartition(".<locals>")[0].rpartition(".")[2]
    while frame is not None:
        if function and frame.f_code.co_name == function:
            return frame.f_locals
        frame = frame.f_back
    return {}
