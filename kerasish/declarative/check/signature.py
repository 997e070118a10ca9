"""What a constructor takes, read from its signature and type hints: the one schema there is.

A constructor that ends in `**kwargs` passes them to its base class, so the base's parameters are
added; that is how `name`, `trainable` and `dtype` reach every layer.
"""

from __future__ import annotations

import functools
import inspect
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kerasish.layers.base.fields import LayerField, Rule

_KEYWORD_ONLY = inspect.Parameter.KEYWORD_ONLY
_SUFFIX_KINDS = ("activation", "initializer", "regularizer", "constraint")
_NAME_KINDS = {
    "loss": "loss",
    "metric": "metric",
    "optimizer": "optimizer",
    "inner_optimizer": "optimizer",
    "learning_rate": "schedule",
    "layer": "layer",
    "forward_layer": "layer",
    "backward_layer": "layer",
    "cell": "layer",
    "cells": "layer",
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter; `hint` is a type, or None where there is no usable hint."""

    name: str
    hint: Any
    required: bool
    default: Any

    @property
    def kind(self) -> str | None:
        """The registry kind that values of this parameter come from, by Keras's naming."""
        for kind in _SUFFIX_KINDS:
            if self.name == kind or self.name.endswith(f"_{kind}"):
                return kind
        rule = rule_of(self.hint)
        if rule is not None and rule == rule_of(LayerField):
            return "layer"
        return _NAME_KINDS.get(self.name)


@dataclass(frozen=True, slots=True)
class Signature:
    """The parameters of a constructor in order.

    `is_open` says that any other is taken too; `first` is the parameter that `Name: value` sets.
    """

    parameters: dict[str, Parameter]
    is_open: bool
    first: Parameter | None = None

    def __str__(self) -> str:
        names = list(self.parameters)
        return f"({', '.join(names[:4])}{', ...' if len(names) > 4 else ''})"


@functools.lru_cache(maxsize=1024)
def signature_of(factory: Callable[..., Any]) -> Signature:
    """The parameters of a class or function that a name in a file stands for."""
    found: dict[str, Parameter] = {}
    is_open = False
    first: str | None = None
    constructors = _constructors(factory)
    for function in constructors:
        hints = _hints(function)
        is_open = False
        for parameter in inspect.signature(function).parameters.values():
            if parameter.kind is inspect.Parameter.VAR_KEYWORD:
                is_open = True
            elif parameter.name not in ("self", "cls") and parameter.kind not in (
                inspect.Parameter.VAR_POSITIONAL,
                inspect.Parameter.POSITIONAL_ONLY,
            ):
                found.setdefault(parameter.name, _parameter(parameter, hints))
                if function is constructors[0] and parameter.kind is not _KEYWORD_ONLY:
                    first = first or parameter.name
        if not is_open:
            break
    # The package's own bases take any keyword in order to refuse it with a better message.
    is_open = is_open and not str(constructors[-1].__module__).startswith("kerasish.")
    return Signature(found, is_open, found[first] if first else None)


def _constructors(factory: Callable[..., Any]) -> list[Callable[..., Any]]:
    """The functions whose parameters add up, from the class itself to its bases.

    A loss, metric or activation that is a function is named, never called, by a file: it takes
    no arguments there.
    """
    if not isinstance(factory, type):
        return []
    own = [vars(cls)["__init__"] for cls in factory.__mro__ if "__init__" in vars(cls)]
    return [function for function in own if function is not object.__init__]


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    try:
        return typing.get_type_hints(function, include_extras=True)
    except (NameError, TypeError, AttributeError):
        # A hint that names something imported for type checkers only cannot be used.
        return {}


def _parameter(parameter: inspect.Parameter, hints: dict[str, Any]) -> Parameter:
    required = parameter.default is inspect.Parameter.empty
    return Parameter(
        parameter.name,
        hints.get(parameter.name),
        required,
        None if required else parameter.default,
    )


def rule_of(hint: Any) -> Rule | None:
    """The rule in an `Annotated` hint: how a layer's field converts and describes itself."""
    parts = typing.get_args(hint)[1:] if typing.get_origin(hint) is typing.Annotated else ()
    return next((part for part in parts if isinstance(part, Rule)), None)


def alternatives(hint: Any) -> tuple[Any, ...]:
    """The members of a union; a lone type is its own only member."""
    if typing.get_origin(hint) is typing.Annotated:
        return alternatives(typing.get_args(hint)[0])
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return tuple(one for member in typing.get_args(hint) for one in alternatives(member))
    return (hint,)
