"""Annotations read: the rule that one means, and how help shows it.

Whatever `rule_of` does not know is an error, so that no argument is lost.
"""

from __future__ import annotations

import functools
import typing
from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import replace
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union

import numpy as np

from kerasish.arguments.rules import (
    ANYTHING,
    BASIC,
    INITIALIZER,
    LAYER,
    Rule,
    enum,
    no_choice,
    optional,
    typed,
)
from kerasish.portable import STATE
from kerasish.serialization import resolve
from kerasish.spec import DTYPES, np_dtype

KNOWN = (
    "int, float, bool, str, Any, Literal, an Enum, list, tuple, dict, Sequence, Mapping, Callable, "
    "np.ndarray, a class of layers, initializers, regularizers, constraints, losses, metrics or "
    "optimizers, any of them with | None, or Annotated[type, Rule(...)]"
)


# --- single values ------------------------------------------------------------------------------


def _function(value: Any) -> Any:
    if not callable(value):
        raise ValueError
    return value


def _literal(*choices: Any) -> Rule:
    def convert(value: Any) -> Any:
        for choice in choices:  # 1 is not True
            if type(choice) is type(value) and choice == value:
                return choice
        raise no_choice(value, choices)

    return Rule(f"one of {choices}", convert, form=enum(choices))


def _member(kind: type[Enum]) -> Rule:
    """A member of an Enum, its value or its name; written as its value, or its name."""
    names = list(kind.__members__)

    def convert(value: Any) -> Enum:
        try:
            return kind(value)
        except ValueError:
            if isinstance(value, str) and value in kind.__members__:
                return kind[value]
        raise no_choice(value, names)

    def serialize(value: Enum) -> Any:
        return value.value if isinstance(value.value, (str, int, float)) else value.name

    values = [serialize(one) for one in kind]
    form = enum([*values, *(name for name in names if name not in values)])
    return Rule(f"a {kind.__name__}: one of {', '.join(names)}", convert, serialize, form=form)


def _object(kind: str, cls: type) -> Rule:
    """What a name, a config or an object stands for, of a class of the registry's `kind`."""

    def convert(value: Any) -> Any:
        found = INITIALIZER.convert(value) if kind == "initializer" else resolve(kind, value)
        if not isinstance(found, cls):
            raise TypeError
        return found

    article = "an" if cls.__name__[0] in "AEIOU" else "a"
    form = {"$ref": f"#/$defs/{kind}"}
    return Rule(f"{article} {cls.__name__}", convert, kind=kind, form=form)


def _array(value: Any) -> np.ndarray:
    """An array out of numbers in rows, or of `{value: rows, dtype: name}`, as configs say it."""
    if isinstance(value, Mapping) and value.keys() == {"value", "dtype"}:
        if value["dtype"] not in DTYPES:
            raise ValueError
        return np.array(value["value"], np_dtype(value["dtype"]))
    found = np.asarray(value)
    if isinstance(value, str) or (found.dtype == object and not isinstance(value, np.ndarray)):
        raise ValueError
    return found


# --- several values -----------------------------------------------------------------------------


def _several(kind: Callable[[Iterable[Any]], Any], each: Rule, size: int | None = None) -> Rule:
    def convert(value: Any) -> Any:
        if isinstance(value, (str, bytes, Mapping)) or (size is not None and len(value) != size):
            raise ValueError
        return kind(each.convert(item) for item in value)

    word = "list" if kind is list else "list or tuple"
    expected = f"a {word}" if each is ANYTHING else f"a {word} of which each is {each.expected}"
    return Rule(
        expected,
        convert,
        lambda value: kind(each.serialize(item) for item in value),
        each.described,
        each.kind,
        each,
        form=typed("array", **({"items": each.form} if each.form else {})),
    )


def _each_its_own(rules: list[Rule]) -> Rule:
    def convert(value: Any) -> tuple[Any, ...]:
        if isinstance(value, (str, bytes, Mapping)) or len(value) != len(rules):
            raise ValueError
        return tuple(rule.convert(item) for rule, item in zip(rules, value, strict=True))

    return Rule(
        f"a tuple of {len(rules)}: {', '.join(rule.expected for rule in rules)}",
        convert,
        lambda value: tuple(r.serialize(item) for r, item in zip(rules, value, strict=True)),
        any(rule.described for rule in rules),
        next((rule.kind for rule in rules if rule.kind), None),
        form=typed("array", minItems=len(rules), maxItems=len(rules), items=_any_form(rules)),
    )


def _mapping(keys: Rule, values: Rule) -> Rule:
    def key(value: Any) -> Any:
        # JSON has text for keys only.
        return keys.convert(int(value) if keys is BASIC[int] and type(value) is str else value)

    expected = "a dict" if values is ANYTHING else f"a dict of which each is {values.expected}"
    return Rule(
        expected,
        lambda value: {key(k): values.convert(v) for k, v in dict(value).items()},
        lambda value: {str(k): values.serialize(v) for k, v in value.items()},
        values.described,
        values.kind,
        values,
        keyed=True,
        form=typed("object", **({"additionalProperties": values.form} if values.form else {})),
    )


def _any_form(rules: Sequence[Rule]) -> Mapping[str, Any]:
    """The schema of what any of some rules takes; that of any value where one takes anything."""
    forms = [rule.form for rule in rules if rule.form]
    distinct = [form for at, form in enumerate(forms) if form not in forms[:at]]
    if len(forms) < len(rules):
        return {}
    return distinct[0] if len(distinct) == 1 else {"anyOf": distinct}


def _any_of(hints: Sequence[Any], rules: Sequence[Rule]) -> Rule:
    """The rule of a union: that of the very type of a value, else the first that takes it."""

    def pick(value: Any) -> tuple[Rule, Any]:
        first = [rule for hint, rule in zip(hints, rules, strict=True) if hint is type(value)]
        for rule in (*first, *rules):
            try:
                return rule, rule.convert(value)
            except (ValueError, TypeError):
                continue
        raise ValueError

    return Rule(
        " or ".join(rule.expected for rule in rules),
        lambda value: pick(value)[1],
        lambda value: pick(value)[0].serialize(value),
        any(rule.described for rule in rules),
        next((rule.kind for rule in rules if rule.kind), None),
        form=_any_form(rules),
    )


# --- annotations --------------------------------------------------------------------------------


def marked(hint: Any) -> Rule | None:
    """The rule that stands in an `Annotated` hint."""
    parts = hint.__metadata__ if typing.get_origin(hint) is Annotated else ()
    return next((part for part in parts if isinstance(part, Rule)), None)


def rule_of(hint: Any) -> Rule | None:
    """The rule of an annotation; None for what no constructor takes: a Variable, a Tensor.

    Raises:
        TypeError: an annotation that says nothing about values.
    """
    if isinstance(hint, Rule):
        return hint
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        return _annotated(marked(hint), inner[0])
    if origin is Literal:
        return _literal(*inner)
    if hint is typing.Self:
        return LAYER
    if isinstance(hint, typing.TypeVar):
        return rule_of(hint.__bound__ or Any)
    if hasattr(hint, "__supertype__"):  # a NewType
        return rule_of(hint.__supertype__)
    if typing.is_typeddict(hint):
        return rule_of(dict)
    if origin in (Union, UnionType):
        return _union(inner)
    kind = hint if origin is None else origin
    if kind in (list, tuple, dict, Sequence, Mapping, MutableMapping):
        return _container(kind, inner)
    if kind is Callable or kind is typing.Callable:
        return Rule("a function", _function, described=True, form={"not": {}})
    if isinstance(hint, type) or origin is np.ndarray:
        return _of_class(kind)
    if hint is Any:
        return ANYTHING
    raise TypeError(hint)


def _annotated(rule: Rule | None, hint: Any) -> Rule | None:
    """The rule in an annotation, which takes what plain data the annotated type takes."""
    inner = rule_of(hint) if rule is None else rule_for(hint) if rule.form is None else None
    if rule is None or inner is None or inner.form is None:
        return rule or inner
    return replace(rule, form=inner.form)


def rule_for(hint: Any) -> Rule:
    """The rule of a parameter's hint; that of anything where the hint says nothing about values."""
    try:
        return ANYTHING if hint is None else rule_of(hint) or ANYTHING
    except TypeError:
        return ANYTHING


def _of_class(cls: type) -> Rule | None:
    if cls in BASIC:
        return BASIC[cls]
    if issubclass(cls, Enum):
        return _member(cls)
    if issubclass(cls, np.ndarray):
        form = typed("array", "number", "object")
        return Rule("an array", _array, described=True, form=form)
    kind = getattr(cls, "registry_kind", None)
    if kind is None:
        raise TypeError(cls)
    return None if kind == STATE else _object(kind, cls)


def _union(members: tuple[Any, ...]) -> Rule | None:
    hints = [member for member in members if member is not NoneType]
    found = [rule_of(hint) for hint in hints]
    rules = [rule for rule in found if rule is not None]
    if len(rules) < len(found):
        return None
    rule = ANYTHING if ANYTHING in rules else _any_of(hints, rules)
    if len(rules) == 1:
        rule = rules[0]
    return optional(rule) if len(hints) < len(members) else rule


def _container(kind: Any, inner: tuple[Any, ...]) -> Rule | None:
    hints = [hint for hint in inner if hint is not Ellipsis] or [Any]
    found = [rule_of(hint) for hint in hints]
    rules = [rule for rule in found if rule is not None]
    if len(rules) < len(found):
        return None
    if kind in (dict, Mapping, MutableMapping):
        return _mapping(rules[0], rules[-1])
    if kind is tuple and inner and Ellipsis not in inner:
        return _each_its_own(rules)
    return _several(list if kind is list else tuple, rules[0])


def alternatives(hint: Any) -> tuple[Any, ...]:
    """The members of a union; a lone type is its own only member."""
    if typing.get_origin(hint) is Annotated:
        return alternatives(typing.get_args(hint)[0])
    if typing.get_origin(hint) in (Union, UnionType):
        return tuple(one for member in typing.get_args(hint) for one in alternatives(member))
    return (hint,)


def readable(hint: Any) -> Any:
    """An annotation without rules, as `help()` and editors show it; Any where it says nothing."""
    if typing.get_origin(hint) is Annotated:
        return readable(typing.get_args(hint)[0])
    if typing.get_origin(hint) in (Union, UnionType):
        members = [readable(member) for member in typing.get_args(hint)]
        return Any if Any in members else functools.reduce(lambda a, b: a | b, members)
    return Any if isinstance(hint, Rule) else hint
