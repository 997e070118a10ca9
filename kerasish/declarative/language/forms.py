"""What a value in a file may be: words for people, and a JSON Schema for machines.

A `Form` is plain data. `whole(1)` is "an integer ≥ 1" in an error, in the reference and in the
schema. Forms of what is read in a way of its own (`objects`, `listed`, `either`) hold words and a
schema only. A text `$name` may stand in the place of any value: the schema adds that by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kerasish.errors import ArgumentError

Schema = dict[str, Any]


@dataclass(frozen=True)
class Form:
    """What a value may be.

    Attributes:
        expected: in words, as they follow "must be".
        schema: as a JSON Schema; definitions of the file's schema are named by `ref`.
        takes: whether a plain value is one; None where a reader of its own decides.
        least: the smallest number, where it is one and has a smallest.
        choices: the words, where it is one of a few.
        parts: the forms that it is made of.
    """

    expected: str
    schema: Schema
    takes: Callable[[Any], bool] | None = None
    least: int | None = None
    choices: tuple[str, ...] = ()
    parts: tuple[Form, ...] = ()

    def within(self) -> list[Any]:
        """The `Keys` that the form names, here or in its parts."""
        return [keys for part in self.parts for keys in part.within()]


def ref(name: str) -> Schema:
    """The schema that has a name: `layer`, `layers`, `optimizer`, or that of a `Keys`."""
    return {"$ref": f"#/$defs/{name}"}


# --- plain values -------------------------------------------------------------------------------


def whole(least: int = 1, most: int | None = None) -> Form:
    """An integer from `least` to `most`."""
    bounds: Schema = {"minimum": least} | ({} if most is None else {"maximum": most})

    def takes(held: Any) -> bool:
        return type(held) is int and held >= least and (most is None or held <= most)

    words = f"an integer ≥ {least}" if most is None else f"an integer from {least} to {most}"
    return Form(words, {"type": "integer", **bounds}, takes, least)


def number(
    expected: str = "a number",
    *,
    least: float | None = None,
    above: float | None = None,
    most: float | None = None,
    below: float | None = None,
) -> Form:
    """A number inside the bounds: `least` and `most` belong to them, `above` and `below` do not."""
    given = {
        "minimum": least,
        "exclusiveMinimum": above,
        "maximum": most,
        "exclusiveMaximum": below,
    }
    bounds = {key: bound for key, bound in given.items() if bound is not None}

    def takes(held: Any) -> bool:
        return (
            isinstance(held, int | float)
            and not isinstance(held, bool)
            and (least is None or held >= least)
            and (above is None or held > above)
            and (most is None or held <= most)
            and (below is None or held < below)
        )

    return Form(expected, {"type": "number", **bounds}, takes)


def flag() -> Form:
    """`true` or `false`."""
    return Form("true or false", {"type": "boolean"}, lambda held: isinstance(held, bool))


def text(expected: str = "text", pattern: str = "") -> Form:
    """A text; `pattern` is a regular expression that finds something in it."""
    made = {"type": "string", **({"pattern": pattern} if pattern else {})}
    return Form(expected, made, lambda held: isinstance(held, str))


def choice(*words: str) -> Form:
    """One of a few words."""
    shown = ", ".join(words[:-1]) + (" or " if words[1:] else "") + words[-1]
    made = {"type": "string", "enum": list(words)}
    return Form(shown, made, lambda held: held in words, choices=words)


def exactly(value: Any) -> Form:
    """This value and no other."""
    return Form(f"{value}", {"const": value}, lambda held: held == value)


def nothing() -> Form:
    """`null`."""
    return Form("null", {"type": "null"}, lambda held: held is None)


def anything(expected: str = "any value") -> Form:
    """Any value."""
    return Form(expected, {}, lambda held: True)


# --- what has readers of its own ----------------------------------------------------------------


def name() -> Form:
    """A name for a layer, node, model or run."""
    return Form("a name of letters, digits and _ . -", ref("name"))


def named(definition: str, expected: str, kind: str = "") -> Form:
    """What a definition of the schema describes: `named("layers", "a list of layers", "array")`.

    Args:
        definition: its name.
        expected: in words.
        kind: the type of JSON, where it is one only and the definition leaves it out.
    """
    return Form(expected, {**({"type": kind} if kind else {}), **ref(definition)})


def objects(kind: str) -> Form:
    """One object of a kind of the registry: `Name`, `Name: value` or `Name: {argument: value}`."""
    article = "an" if kind[0] in "aeiou" else "a"
    return Form(f"{article} {kind}", ref(kind))


def listed(form: Form, plural: str) -> Form:
    """A list; `plural` are the words for what is in it: `listed(objects("metric"), "metrics")`."""
    return Form(f"a list of {plural}", {"type": "array", "items": form.schema}, parts=(form,))


def mapped(form: Form, expected: str) -> Form:
    """A mapping from any names to values of a form."""
    return Form(expected, {"type": "object", "additionalProperties": form.schema}, parts=(form,))


def either(*forms: Form) -> Form:
    """What any of some forms takes."""
    if not forms:
        raise ArgumentError("either", expected="at least one form", received="none")
    asked = [form.takes for form in forms if form.takes is not None]

    def takes(held: Any) -> bool:
        return any(one(held) for one in asked)

    words = [form.expected for form in forms]
    shown = ", ".join(words[:-1]) + (" or " if words[1:] else "") + words[-1]
    made = {"anyOf": [form.schema for form in forms]}
    return Form(shown, made, takes if len(asked) == len(forms) else None, parts=forms)
