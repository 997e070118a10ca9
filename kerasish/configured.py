"""`Configured`: objects whose config is what their constructor was given."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Mapping
from typing import Any, Self


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


class Configured:
    """Base of losses, metrics, optimizers and schedules, which need no `get_config` of their own.

    An attribute that has the name of a parameter is what the config shows; a parameter without
    such an attribute is shown as it was given, and left out where it was not given.
    """

    _given: dict[str, Any]

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        made = super().__new__(cls)
        object.__setattr__(
            made, "_given", {**dict(zip(parameters(cls), args, strict=False)), **kwargs}
        )
        return made

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
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The object that `get_config` described."""
        return cls(**config)
