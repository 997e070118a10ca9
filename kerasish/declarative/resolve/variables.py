"""Values without variables: texts with `$name` and `"${expression}"`, and lists unrolled."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

from kerasish import budget
from kerasish.declarative.check.fields import Fields
from kerasish.declarative.language.model import FOR, REPEAT, WHEN
from kerasish.declarative.resolve.expressions import (
    MAX_LENGTH,
    Atom,
    ExpressionError,
    Result,
    Step,
    evaluate,
    is_true,
    with_known,
)
from kerasish.declarative.resolve.facts import STAND_IN, Fact
from kerasish.declarative.resolve.names import IDENTIFIER, NAME, Names, Scope
from kerasish.declarative.text.errors import Failed, describe, must_be
from kerasish.declarative.text.scalars import MAX_TEXT
from kerasish.declarative.text.source import Entry, Mapping, Mark, Scalar, Sequence, Value
from kerasish.declarative.text.words import arithmetic
from kerasish.errors import clip

MAX_REPEAT = 1000
PIECE = re.compile(
    rf"\$\$|\$\{{(?P<expression>[^{{}}]*)\}}|\$(?P<name>{NAME}(?:\.{NAME})*)|\$\{{(?P<open>)"
)
_STRING = r"'[^']*'|\"[^\"]*\""
_WORDS = ("and", "or", "not", "if", "else", "in", "is", "true", "false", "null", "True", "False",
          "None")  # fmt: skip
CONTROLS = {keys.name: keys for keys in (REPEAT, FOR, WHEN)}


class Resolver(Names):
    """Replaces variables in values, and unrolls lists.

    What has no value becomes a stand-in whose place is unknown, so that one mistake is one finding.
    """

    # values ------------------------------------------------------------------------------

    def resolve(self, value: Value, scope: Scope) -> Value:
        """`value` with its variables replaced."""
        if isinstance(value, Scalar):
            if not isinstance(value.value, str) or "$" not in value.value:
                return value
            return self._scalar(value, value.value, scope)
        with self.deeper(value):
            if isinstance(value, Mapping):
                return self.mapping(value, lambda one: self.resolve(one, scope))
            items = tuple(self.resolve(one, s) for one, s in self.unrolled(value.items, scope))
            return Sequence(items, value.mark)

    def mapping(self, value: Mapping, resolved: Callable[[Value], Value]) -> Mapping:
        """A mapping with its values resolved."""
        return Mapping.of([replace(e, value=resolved(e.value)) for e in value], value.mark)

    def deeper(self, value: Value) -> _Deeper:
        """Context manager: one more collection around what is resolved."""
        return _Deeper(self, value)

    def _scalar(self, scalar: Scalar, text: str, scope: Scope) -> Value:
        """A text with its variables replaced, or a stand-in where they have no value."""
        outer = self.saw_facts, self.unsure
        self.saw_facts = self.unsure = False
        try:
            value = self._text(scalar, text, scope)
            if self.saw_facts and self.in_data:
                message = "the data section cannot use facts of the data"
                self.diagnostics.fail("K302", message, scalar.mark, "it is what they come from")
        except Failed:
            self.unsure = True
            value = replace(scalar, value=0)
        if self.unsure:
            self.diagnostics.unknown(scalar.mark)
            held = value.value if isinstance(value, Scalar) else None
            if isinstance(held, int) and not isinstance(held, bool):
                name = self._later(scalar, text, scope)
                value = replace(value, value=Fact(name, held or STAND_IN))
        self.saw_facts |= outer[0]
        self.unsure |= outer[1]
        return value

    def _later(self, scalar: Scalar, text: str, scope: Scope) -> str:
        """What a stand-in stands for, by facts alone: the variables in it have their values."""
        whole = PIECE.fullmatch(text)
        plain = text.strip("${} ")
        if whole is None or len(self.diagnostics) or len(plain) > MAX_LENGTH:
            return plain
        names = _Names(self, scalar.mark, False, scope)
        with suppress(ExpressionError, Failed):
            return with_known(plain, names, lambda v: v.name if isinstance(v, Fact) else "")
        return plain

    # lists -------------------------------------------------------------------------------

    def unrolled(self, items: tuple[Value, ...], scope: Scope) -> Iterator[tuple[Value, Scope]]:
        """The items of a list, not resolved, each with its scope: `repeat`, `for` and `when` are
        replaced by what they stand for."""
        for item in items:
            if not isinstance(item, Mapping) or not any(one in item.entries for one in CONTROLS):
                yield item, scope
                continue
            try:
                body, scopes = self._control(item, scope)
            except Failed:
                continue
            with self.deeper(item):
                for inner in scopes:
                    yield from self.unrolled(body.items, inner)

    def _control(self, item: Mapping, scope: Scope) -> tuple[Sequence, list[Scope]]:
        kind = next(one for one in CONTROLS if one in item.entries)
        fields = Fields(item, kind, CONTROLS[kind], self.diagnostics)
        item = Mapping(fields.entries, item.mark)
        body = item.get("layers")
        if not isinstance(body, Sequence):
            mark = item.entries[kind].mark if body is None else body.mark
            hint = f"{{{kind}: ..., layers: [...]}}: 'layers' stands beside '{kind}'"
            self.diagnostics.fail("K202", f"{kind} needs 'layers', a list", mark, hint)
        scopes = self.turns(item, scope)
        self.charge(len(scopes) * body.size, item.mark)
        return body, scopes

    def turns(self, item: Mapping, scope: Scope) -> list[Scope]:
        """The scopes of the turns of an item with one of `CONTROLS`.

        Raises:
            Failed: it cannot be read, which is recorded.
        """
        if "repeat" in item.entries:
            index = self._index_name(item.get("index")) or "i"
            count = self._count(item.entries["repeat"].value, scope)
            return [scope.bound({index: Scalar(i, item.mark)}) for i in range(count)]
        if "for" in item.entries:
            return self._each(item.entries["for"], self._index_name(item.get("index")), scope)
        return [scope] if self.holds(item.entries["when"].value, scope) else []

    def holds(self, value: Value, scope: Scope) -> bool:
        """Whether a condition is true."""
        return is_true(self.resolve(value, scope))

    def _count(self, value: Value, scope: Scope) -> int:
        count = self.resolve(value, scope)
        number = count.value if isinstance(count, Scalar) else None
        if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= MAX_REPEAT:
            message = must_be("repeat", f"an integer from 0 to {MAX_REPEAT}", count)
            self.diagnostics.fail("K204", message, count.mark)
        return number

    def _each(self, head: Entry, index: str | None, scope: Scope) -> list[Scope]:
        """The scopes of `for: {k: list}`, of several lists side by side."""
        if not isinstance(head.value, Mapping) or not len(head.value):
            message = must_be("for", "a mapping from names to lists", head.value)
            hint = message.mend or "for: {k: [1, 2, 3]}"
            self.diagnostics.fail("K204", message, head.value.mark, hint)
        lists: dict[str, tuple[Value, ...]] = {}
        for entry in head.value:
            self.check_name(entry.key, entry.mark, "for")
            lists[entry.key] = self._items(entry, scope)
        lengths = {len(items) for items in lists.values()}
        if len(lengths) > 1:
            told = ", ".join(f"{key} has {len(items)}" for key, items in lists.items())
            message = f"lists side by side have one length, received: {told}"
            self.diagnostics.fail("K204", message, head.mark)
        (count,) = lengths
        if count > MAX_REPEAT:
            message = f"a list to loop over has at most {MAX_REPEAT} items"
            self.diagnostics.fail("K204", message, head.mark)
        number = {} if index is None else {index: head.mark}
        return [
            scope.bound(
                {key: items[turn] for key, items in lists.items()}
                | {key: Scalar(turn, mark) for key, mark in number.items()}
            )
            for turn in range(count)
        ]

    def _items(self, entry: Entry, scope: Scope) -> tuple[Value, ...]:
        value = self.resolve(entry.value, scope)
        if isinstance(value, Sequence):
            return value.items
        if isinstance(value, Mapping):
            return tuple(Scalar(one.key, one.mark) for one in value)
        if isinstance(value.value, Fact):
            return (value,)  # a stand-in for a list that is not known
        message = must_be(f"'{clip(entry.key, 40)}'", "a list to loop over", value)
        self.diagnostics.fail("K204", message, value.mark)

    def _index_name(self, value: Value | None) -> str | None:
        if value is None:
            return None
        name = value.value if isinstance(value, Scalar) else None
        if not isinstance(name, str) or not IDENTIFIER.fullmatch(name):
            self.diagnostics.fail("K204", must_be("index", "a name", value), value.mark)
        self.check_name(name, value.mark, "index")
        return name

    # text --------------------------------------------------------------------------------

    def _text(self, scalar: Scalar, text: str, scope: Scope) -> Value:
        whole = PIECE.fullmatch(text)
        if whole and whole.group("name"):
            root, *steps = whole.group("name").split(".")
            return self._used(scalar, self.named(root, tuple(steps), scalar.mark, scope))
        if whole and whole.group("expression") is not None:
            return self._expression(scalar, whole, scope)
        pieces: list[str] = []
        position = 0
        for piece in PIECE.finditer(text):
            pieces.append(text[position : piece.start()])
            pieces.append(self._piece(scalar, piece, scope))
            position = piece.end()
        joined = "".join([*pieces, text[position:]])
        if len(joined) > MAX_TEXT:
            self.diagnostics.fail("K105", f"the text grows over {MAX_TEXT} characters", scalar.mark)
        with self.diagnostics.limited(scalar.mark):
            budget.spend("characters", len(joined), "a text")
        return replace(scalar, value=joined)

    def _piece(self, scalar: Scalar, piece: re.Match[str], scope: Scope) -> str:
        if piece.group() == "$$":
            return "$"
        mark = _inside(scalar, piece.group(), piece.start())
        plain = "$$ for a plain '$'"
        if piece.group("open") is not None:
            name = re.match(NAME, str(scalar.value)[piece.end() :])
            hint = f"write ${{{name[0]}}}, or {plain}" if name else f"write {plain}"
            self.diagnostics.fail("K303", "'${' has no matching '}'", mark, hint)
        if piece.group("name"):
            name = piece.group("name")
            message = f"'${name}' inside longer text is ambiguous"
            expression = "" if scalar.quoted else arithmetic(str(scalar.value))
            if scalar.quoted and scalar.mark.text[:1] in ("|", ">"):
                message = f"'{scalar.mark.text[:1]}' makes one text of what follows"
                self.diagnostics.fail("K303", message, scalar.mark, "leave it out")
            if str(scalar.value).removeprefix("$") in self.declared.entries:
                raise Failed  # its name is none, which is a finding where it is given
            number = re.fullmatch(rf"\${NAME}\.(\d+)", str(scalar.value))
            if number:
                text = f'"${{{name}[{number[1]}]}}"'
                message = f"'{scalar.value}' takes no item of a list"
                self.diagnostics.fail("K303", message, scalar.mark, f"write {text}")
            if expression:
                message = f"'{clip(str(scalar.value), 60)}' is text, not arithmetic"
                self.diagnostics.fail("K303", message, scalar.mark, f'write "${{{expression}}}"')
            self.diagnostics.fail("K303", message, mark, f"write ${{{name}}}, or {plain}")
        value = self._expression(scalar, piece, scope)
        if not isinstance(value, Scalar):
            self.diagnostics.fail("K303", f"{describe(value)} cannot be part of a text", mark)
        return _as_text(value.value)

    def _expression(self, scalar: Scalar, piece: re.Match[str], scope: Scope) -> Value:
        text = piece.group("expression")
        mark = _inside(scalar, piece.group(), piece.start())
        names = _Names(self, mark, mark.text == piece.group(), scope)
        names.check(text)
        try:
            return self._used(scalar, evaluate(text, names))
        except ExpressionError as error:
            if error.by_value and self.unsure:
                raise Failed from None
            width = len(text) if error.width is None else error.width
            self.diagnostics.fail("K303", str(error), names.place(error.offset, width))

    def _used(self, scalar: Scalar, value: Result) -> Value:
        if isinstance(value, Scalar):
            return replace(value, mark=scalar.mark, via=value.via or value.mark)
        if isinstance(value, Sequence | Mapping):
            return value
        return replace(scalar, value=value, quoted=False)


@dataclass(frozen=True, slots=True)
class _Names:
    """The names in an expression, with their places."""

    resolver: Resolver
    mark: Mark
    exact: bool
    scope: Scope

    def place(self, offset: int, width: int) -> Mark:
        return self.mark.part(2 + offset, width) if self.exact else self.mark

    def value(self, root: str, steps: tuple[Step, ...], offset: int, width: int) -> Value:
        return self.resolver.named(root, steps, self.place(offset, width), self.scope)

    def check(self, text: str) -> None:
        """Refuse every name of an expression that stands for nothing.

        Raises:
            Failed: there are some, each of which is recorded.
        """
        found = list(re.finditer(rf"(?<![\w.$]){NAME}\b(?! *\()", re.sub(_STRING, _blank, text)))
        known = len(self.resolver.diagnostics)
        for one in found if len(found) > 1 else ():
            if one[0] not in _WORDS:
                with suppress(Failed):
                    self.known(one[0], one.start(), len(one[0]))
        if len(self.resolver.diagnostics) > known:
            raise Failed

    def known(self, root: str, offset: int, width: int) -> None:
        if root not in ("env", "data"):
            self.resolver.known(root, self.place(offset, width), self.scope)


@dataclass(frozen=True, slots=True)
class _Deeper:
    resolver: Resolver
    value: Value

    def __enter__(self) -> None:
        self.resolver.depth += 1
        self.resolver.check_height(self.value, self.value.mark)

    def __exit__(self, *_: object) -> None:
        self.resolver.depth -= 1


def _blank(found: re.Match[str]) -> str:
    return " " * len(found[0])


def _inside(scalar: Scalar, piece: str, start: int) -> Mark:
    """The mark of the part of a text; the whole text where escapes or line breaks shift it."""
    mark = scalar.mark.part(start + (1 if scalar.quoted else 0), len(piece))
    return mark if mark.text == piece else scalar.mark


def _as_text(value: Atom) -> str:
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)
