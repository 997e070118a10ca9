"""A value held against a type hint: the Python value, or words for what was expected."""

from __future__ import annotations

import collections.abc
import typing
from typing import Any

from kerasish.arguments.rules import Rule, alternatives, marked
from kerasish.declarative.text.source import Mapping, Scalar, Sequence, Value, plain
from kerasish.errors import ArgumentError

_LISTS = (list, tuple, collections.abc.Sequence, collections.abc.Iterable, set, frozenset)
_MAPPINGS = (dict, collections.abc.Mapping)
_WORDS: dict[Any, str] = {
    int: "an integer",
    float: "a number",
    bool: "true or false",
    str: "text",
    type(None): "null",
}


def check_type(value: Value, hint: Any, kind: str | None = None) -> tuple[Any, str]:
    """The value as the hint wants it, and "" or a description of what the hint wants.

    Args:
        value: the value as written.
        hint: a type hint; None and unknown kinds of hints accept everything.
        kind: the registry kind of the parameter, for the description only.
    """
    rule = marked(hint)
    if rule is not None:
        return _by_rule(value, rule)
    members = alternatives(hint)
    if hint is None or any(_is_open(member) for member in members):
        return plain(value), ""
    for member in members:
        fits, converted = _fit(value, member)
        if fits:
            return converted, ""
    words = [f"a name of the {kind}s"] if kind else []
    words += [_describe(member) for member in members]
    return None, _either([word for word in dict.fromkeys(words) if word]) or "another value"


def _by_rule(value: Value, rule: Rule) -> tuple[Any, str]:
    """A layer's field converts and describes itself; the layer will convert once more."""
    written = plain(value)
    try:
        rule.convert(written)
    except (ArgumentError, ValueError, TypeError):
        return None, rule.expected
    return written, ""


def _is_open(hint: Any) -> bool:
    """Whether a hint says nothing that could be checked here."""
    return hint in (Any, object, None) or isinstance(hint, typing.TypeVar)


def _fit(value: Value, hint: Any) -> tuple[bool, Any]:
    origin = typing.get_origin(hint) or hint
    if isinstance(value, Scalar):
        return _fit_scalar(value.value, hint, origin)
    if isinstance(value, Mapping):
        return _fit_mapping(value, hint, origin)
    return _fit_list(value, hint, origin)


def _fit_scalar(held: Any, hint: Any, origin: Any) -> tuple[bool, Any]:
    if origin is typing.Literal:
        matches = [one for one in typing.get_args(hint) if one == held and type(one) is type(held)]
        return bool(matches), held
    if hint is float and isinstance(held, int) and not isinstance(held, bool):
        return True, float(held)
    if hint in (int, float, str, bool, type(None)):
        return type(held) is hint, held
    return False, None


def _fit_mapping(value: Mapping, hint: Any, origin: Any) -> tuple[bool, Any]:
    if origin not in _MAPPINGS:
        return False, None
    arguments = typing.get_args(hint)
    if len(arguments) != 2:
        return True, plain(value)
    checked = {entry.key: check_type(entry.value, arguments[1]) for entry in value}
    keys = {key: _key(key, arguments[0]) for key in checked}
    fits = all(not expected for _, expected in checked.values()) and None not in keys.values()
    return fits, {keys[key]: converted for key, (converted, _) in checked.items()}


def _key(text: str, hint: Any) -> Any:
    """A mapping's key as its hint wants it: keys are text in a file, `{0: 1.5}` has an integer."""
    if str in alternatives(hint) or any(_is_open(one) for one in alternatives(hint)):
        return text
    if int in alternatives(hint) and text.lstrip("-").isdecimal() and len(text) < 20:
        return int(text)
    return None


def _fit_list(value: Sequence, hint: Any, origin: Any) -> tuple[bool, Any]:
    if origin not in _LISTS:
        return False, None
    members = typing.get_args(hint)
    if not members:
        checked = [(plain(item), "") for item in value.items]
    elif origin is tuple and members[-1] is not Ellipsis:
        if len(members) != len(value.items):
            return False, None
        checked = [check_type(i, m) for i, m in zip(value.items, members, strict=True)]
    else:
        checked = [check_type(item, members[0]) for item in value.items]
    converted = [one for one, _ in checked]
    made = tuple(converted) if origin is tuple else converted
    return all(not expected for _, expected in checked), made


def _describe(hint: Any) -> str:
    """The hint in words."""
    origin = typing.get_origin(hint) or hint
    members = typing.get_args(hint)
    if origin is typing.Literal:
        return _either([repr(one) if isinstance(one, str) else str(one) for one in members])
    if hint in _WORDS:
        return _WORDS[hint]
    if origin in _LISTS:
        return _describe_list(origin, members)
    if origin in _MAPPINGS:
        return "a mapping"
    if origin is collections.abc.Callable:
        return "a function, which a file cannot hold"
    return ""


def _describe_list(origin: Any, members: tuple[Any, ...]) -> str:
    if not members:
        return "a list"
    if origin is tuple and members[-1] is not Ellipsis:
        return f"a list of {len(members)} {_plural(members[0])}".rstrip()
    return f"a list of {_plural(members[0])}".removesuffix(" of ")


def _plural(hint: Any) -> str:
    each = _either([_describe(one) for one in alternatives(hint)])
    return {"an integer": "integers", "a number": "numbers", "text": "texts"}.get(each, each)


def _either(words: list[str]) -> str:
    if len(words) <= 1:
        return words[0] if words else ""
    return f"{', '.join(words[:-1])} or {words[-1]}"
