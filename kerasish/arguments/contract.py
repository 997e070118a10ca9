"""The contract of a class: its arguments by name, and how what is given is bound to them.

`bind` is the one way in. What does not fit goes to a report: that of constructors raises, that of
a file collects what it finds, each with its place.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from kerasish.arguments.annotations import rule_for
from kerasish.arguments.remembered import from_fields
from kerasish.arguments.rules import ANYTHING, Rule
from kerasish.errors import ArgumentError, KerasishError, KindError
from kerasish.hints import refuse_unknown
from kerasish.registry import nearest
from kerasish.signatures import MISSING, constructor, kept, ours, parameters

_SUFFIX_KINDS = ("activation", "initializer", "regularizer", "constraint")
_SHARED = frozenset((str, int, float, bool, type(None)))  # what copying would only take time for
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


@dataclass(frozen=True)
class Field:
    """One argument.

    Attributes:
        name: as it is given and kept.
        hint: its type, `Annotated` and all; None where there is no usable one.
        rule: how values are converted.
        default: MISSING where it must be given.
        declared: whether it is a field of a class, which converts by the rule, and by it alone.
        behind: the field after which it stands, "" for none; None for where it is declared.
    """

    name: str
    hint: Any = None
    rule: Rule = ANYTHING
    default: Any = MISSING
    declared: bool = False
    behind: str | None = None

    @property
    def required(self) -> bool:
        """Whether it must be given."""
        return self.default is MISSING

    def fresh(self) -> Any:
        """The default, a copy for every object: none shares a list or a layer with another."""
        value = self.default
        return value if type(value) in _SHARED else copy.deepcopy(value)

    @property
    def kind(self) -> str | None:
        """The registry kind that values come from: the rule's, else by Keras's naming."""
        if self.rule.kind or (self.declared and self.rule is not ANYTHING):
            return self.rule.kind
        for kind in _SUFFIX_KINDS:
            if self.name == kind or self.name.endswith(f"_{kind}"):
                return kind
        return _NAME_KINDS.get(self.name)

    def convert(self, value: Any, owner: str) -> Any:
        """The value as the object keeps it.

        Raises:
            ArgumentError: the rule does not allow it.
        """
        try:
            return self.rule.convert(value)
        except (KerasishError, ValueError, TypeError) as error:
            raise self.refusal(value, owner, error) from None

    def refusal(self, value: Any, owner: str, error: Exception) -> Exception:
        """What a constructor raises where its rule raised `error`."""
        called = f"Make a layer of it first: {owner}(...)(x)." if getattr(value, "ndim", 0) else ""
        if isinstance(error, KerasishError):
            error.begin(f"{owner}.{self.name}: ")
            error.fix = called or error.fix
            return error
        return KindError(
            f"{owner}.{self.name} must be {self.rule.expected}",
            received=f"{self.name}={value!r}",
            fix=called,
        )


@dataclass(frozen=True)
class Contract:
    """The arguments of a class in order.

    Attributes:
        fields: by name.
        is_open: whether any other is taken too.
        first: the one that a lone value sets.
    """

    fields: dict[str, Field]
    is_open: bool = False
    first: Field | None = None

    @functools.cached_property
    def required(self) -> tuple[Field, ...]:
        """Those that must be given."""
        return tuple(field for field in self.fields.values() if field.required)

    def __str__(self) -> str:
        names = list(self.fields)
        return f"({', '.join(names[:4])}{', ...' if len(names) > 4 else ''})"


@kept
def contract_of(factory: Callable[..., Any]) -> Contract:
    """What a class takes; nothing where it is a function, which is named and never called."""
    if not isinstance(factory, type):
        return Contract({})
    taken = constructor(factory)
    fields = getattr(factory, "fields", {}) if from_fields(factory) else {}
    found = {
        name: fields.get(name)
        or Field(name, hint := taken.hints.get(name), rule_for(hint), p.default)
        for name, p in taken.parameters.items()
        if p.kind is not p.POSITIONAL_ONLY
    }
    own = list(parameters(taken.functions[0]).values())[1:] if taken.functions else []
    first = next((p.name for p in own if p.kind is p.POSITIONAL_OR_KEYWORD), None)
    return Contract(found, taken.is_open, found[first] if first else None)


# --- binding --------------------------------------------------------------------------------------


class Report(Protocol):
    """Who converts values and hears of what does not fit."""

    def value(self, field: Field, value: Any) -> Any:
        """The value as it is bound."""

    def unknown(self, name: str, value: Any) -> None:
        """A value was given under a name that is no argument."""

    def missing(self, field: Field, given: Mapping[str, Any]) -> None:
        """An argument that must be given was not."""


def bind(contract: Contract, given: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """What is given by name, every value converted once, in the order in which it was given."""
    for field in contract.required:
        if field.name not in given:
            report.missing(field, given)
    bound: dict[str, Any] = {}
    for name, value in given.items():
        field = contract.fields.get(name)
        if field is not None:
            bound[name] = report.value(field, value)
        elif contract.is_open:
            bound[name] = report.value(Field(name, default=None), value)
        else:
            report.unknown(name, value)
    return bound


@dataclass(frozen=True, slots=True)
class Converted:
    """A value that another report has converted already: a constructor takes it as it is."""

    value: Any


class Raising:
    """The report of a constructor: values go by their rules, and the first that is wrong raises.

    Args:
        owner: the class as errors name it.
        contract: its arguments.
        cls: the class, which knows what its base takes besides; None where that is nothing.
    """

    __slots__ = ("cls", "contract", "names", "owner")

    def __init__(self, owner: str, contract: Contract, cls: Any = None) -> None:
        self.owner, self.contract, self.cls = owner, contract, cls
        self.names: tuple[str, ...] = ()  # what is given, fields or not

    def given(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """The arguments of a call by name, in order, defaults among them; out of `kwargs` are taken
        those that are fields.

        Raises:
            ArgumentError: too many positional ones, or one that is given twice.
        """
        fields = self.contract.fields
        if len(args) > len(fields):
            raise ArgumentError(
                self.owner,
                expected=f"at most {len(fields)} positional arguments ({', '.join(fields)})",
                received=len(args),
            )
        found = dict(zip(fields, args, strict=False))
        self.names = (*found, *kwargs)
        for name, field in fields.items():
            if name in kwargs:
                if name in found:
                    raise ArgumentError(f"{self.owner}. The argument {name!r} was given twice.")
                found[name] = kwargs.pop(name)
            elif name not in found and field.default is not MISSING:
                found[name] = field.fresh()
        return found

    def value(self, field: Field, value: Any) -> Any:
        """The value by the rule of its field."""
        if type(value) is Converted:
            return value.value
        return field.convert(value, self.owner)

    def unknown(self, name: str, value: Any) -> None:
        """Raises: there is no such argument."""
        raise ArgumentError(self.owner, expected=f"one of {self.contract}", received=repr(name))

    def missing(self, field: Field, given: Mapping[str, Any]) -> None:
        """Raises: the argument must be given."""
        fields = list(self.contract.fields)
        taken = {*fields, *(self.cls.keywords() if self.cls else ())}
        others = [name for name in self.names if name not in taken]
        refuse_unknown(self.owner, [n for n in others if nearest(n, fields, 1)], fields)
        raise ArgumentError(
            self.owner,
            expected=f"the argument {field.name!r} ({field.rule.expected})",
            received=", ".join(self.names) or "nothing",
            fix=""
            if ours(self.cls)
            else f"If it is no argument, annotate {field.name}: ClassVar[...] in the class, "
            f"call it _{field.name}, or write an __init__.",
        )
