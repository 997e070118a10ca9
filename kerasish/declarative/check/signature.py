"""What a constructor takes, as a file sees it: kinds by Keras's naming, the first argument."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kerasish.arguments.rules import LayerField, Rule
from kerasish.arguments.signatures import constructor, kept, parameters

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


@kept
def signature_of(factory: Callable[..., Any]) -> Signature:
    """The parameters of a class or function that a name in a file stands for.

    A loss, metric or activation that is a function is named, never called, by a file: it takes
    no arguments there.
    """
    if not isinstance(factory, type):
        return Signature({}, is_open=False)
    taken = constructor(factory)
    found = {
        name: Parameter(name, taken.hints.get(name), p.default is p.empty, _default(p))
        for name, p in taken.parameters.items()
        if p.kind is not p.POSITIONAL_ONLY
    }
    own = list(parameters(taken.functions[0]).values())[1:] if taken.functions else []
    first = next((p.name for p in own if p.kind is p.POSITIONAL_OR_KEYWORD), None)
    return Signature(found, taken.is_open, found[first] if first else None)


def _default(parameter: Any) -> Any:
    return None if parameter.default is parameter.empty else parameter.default


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
