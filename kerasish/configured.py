"""`Configured`: objects whose config is what their constructor was given."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

from kerasish import budget
from kerasish.errors import told
from kerasish.hints import refuse_unknown


@functools.cache
def parameters(cls: type) -> dict[str, inspect.Parameter]:
    """The named parameters of a constructor; `**kwargs` stands for those of the base class."""
    found: dict[str, inspect.Parameter] = {}
    for owner in cls.__mro__:
        if "__init__" not in vars(owner) or owner is object:
            continue
        rest = False
        for parameter in list(inspect.signature(vars(owner)["__init__"]).parameters.values())[1:]:
            if parameter.kind is inspect.Parameter.VAR_KEYWORD:
                rest = True
            elif parameter.kind is not inspect.Parameter.VAR_POSITIONAL:
                found.setdefault(parameter.name, parameter)
        if not rest:
            break
    return found


@functools.cache
def _refuses(cls: type) -> bool:
    """Whether a keyword that is no parameter reaches a constructor of the package's own only, and
    none that hands it on to a function."""
    if "hands_on" in vars(cls):
        return False
    takers = [c for c in cls.__mro__ if "__init__" in vars(c) and c is not object]
    return all(
        c.__module__.startswith("kerasish.")
        or all(
            p.kind is not inspect.Parameter.VAR_KEYWORD
            for p in inspect.signature(vars(c)["__init__"]).parameters.values()
        )
        for c in takers
    )


def check_keywords(cls: type, given: Mapping[str, Any], legacy: Iterable[str] = ()) -> None:
    """Raise on keywords that the constructor does not take; `legacy` are those it warns about.

    Raises:
        ArgumentError: there is one; the message has the nearest known name.
    """
    known = parameters(cls)
    if not given.keys() <= known.keys() and _refuses(cls):
        unknown = [name for name in given if name not in known and name not in legacy]
        refuse_unknown(cls.__name__, unknown, known)


class Configured:
    """Base of losses, metrics, optimizers and schedules, which need no `get_config` of their own.

    An attribute that has the name of a parameter is what the config shows; a parameter without
    such an attribute is shown as it was given, and left out where it was not given.
    """

    hands_on: ClassVar[bool] = False  # set in a class whose `**kwargs` are for a function it wraps
    legacy: ClassVar[frozenset[str]] = frozenset()  # old arguments, dropped with a warning
    _given: dict[str, Any]

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        known = parameters(cls)
        check_keywords(cls, kwargs, cls.legacy)
        made = super().__new__(cls)
        object.__setattr__(made, "_given", {**dict(zip(known, args, strict=False)), **kwargs})
        return made

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            text = f"{type(self).__name__!r} object has no attribute {name!r}"
            named = getattr(type(self), "registry_kind", None) in ("loss", "metric", "optimizer")
            if named and "name" not in vars(self):  # their constructors set it
                wanted = "super().__init__() called in its __init__"
                text = told(text, expected=wanted, received="no call")
            raise AttributeError(text, name=name, obj=self)

    def get_config(self) -> dict[str, Any]:
        """The arguments that build an equal object."""
        shown: dict[str, Any] = {}
        for name in parameters(type(self)):
            if hasattr(self, name) and not callable(getattr(type(self), name, None)):
                shown[name] = getattr(self, name)
            elif name in self._given:
                shown[name] = self._given[name]
        return shown

    @classmethod
    @budget.reads_config(budget.FREE_VARIABLES)
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The object that `get_config` described."""
        return cls(**config)
