"""Variables: `$name` and `"${expression}"` replaced by their values, eagerly and once.

A whole value `$name` or `"${expr}"` keeps its type; inside longer text `${expr}` becomes text.
`$$` is a plain `$`. Names come from `vars`, from the top-level scalars (`name`, `seed`, ...), from
the index of an enclosing `repeat`, from the environment as `$env.NAME` where that is allowed, and
from the data as `$data.NAME.KEY` (see `facts`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, replace
from typing import Any

from kerasish import budget
from kerasish.declarative.resolve.expressions import Atom, ExpressionError, evaluate
from kerasish.declarative.resolve.facts import Fact, Facts
from kerasish.declarative.text.errors import Diagnostics, Failed, describe, did_you_mean, must_be
from kerasish.declarative.text.scalars import MAX_DEPTH, MAX_TEXT
from kerasish.declarative.text.source import Entry, Mapping, Mark, Scalar, Sequence, Value
from kerasish.errors import clip

MAX_REPEAT = 1000
# Collections and variables being resolved at once; keeps recursion far from Python's limit.
_MAX_NESTING = 100

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_PIECE = re.compile(
    rf"\$\$|\$\{{(?P<expression>[^{{}}]*)\}}|\$(?P<name>{_NAME}(?:\.{_NAME})*)|\$\{{(?P<open>)"
)
_IDENTIFIER = re.compile(_NAME)

Locals = MappingOf[str, int]


@dataclass(frozen=True, slots=True)
class Resolved:
    """A document without variables.

    Attributes:
        document: everything written out.
        facts_used: the dotted names of the facts of the data that it uses; where they were not
            known, it holds a stand-in for each.
    """

    document: Mapping
    facts_used: frozenset[str] = frozenset()


def interpolate(
    document: Mapping,
    diagnostics: Diagnostics,
    environment: MappingOf[str, str] | None = None,
    facts: MappingOf[str, Any] | None = None,
) -> Resolved:
    """The document with every variable replaced and every `repeat` written out.

    Args:
        document: the composed document, overrides applied.
        diagnostics: receives K204, K301, K302 and K303.
        environment: what `$env.NAME` reads; None refuses it.
        facts: what `$data.NAME.KEY` reads; None where the data are not read yet.
    """
    held = Facts(document, facts, diagnostics)
    resolver = _Resolver(document, diagnostics, environment, held)
    entries = []
    with budget.opened(document.mark.source.name):
        for entry in document:
            entries.append(resolver.entry(entry, resolver.top_level))
            resolver.check_height(entries[-1].value, entry.mark)
    return Resolved(Mapping.of(entries, document.mark), frozenset(held.used))


class _Resolver:
    def __init__(
        self,
        document: Mapping,
        diagnostics: Diagnostics,
        environment: MappingOf[str, str] | None,
        facts: Facts,
    ) -> None:
        self.diagnostics = diagnostics
        self.environment = environment
        self.facts = facts
        self.in_data = False  # the section that the facts come from
        self.saw_facts = False  # what is being resolved depends on facts
        self.depth = 0
        self.variables: dict[str, Entry] = {
            entry.key: entry
            for entry in document
            if entry.key != "vars" and isinstance(entry.value, Scalar)
        }
        declared = document.get("vars")
        if isinstance(declared, Mapping):
            self.variables.update(declared.entries)
        self.known: dict[str, Value] = {}
        self.from_facts: set[str] = set()  # variables whose values depend on facts
        self.failed: set[str] = set()
        self.active: list[str] = []

    def top_level(self, entry: Entry) -> Value:
        """The resolved value of a section; `vars` shares the values that uses see."""
        self.in_data = entry.key == "data"
        if entry.key == "vars" and isinstance(entry.value, Mapping):
            entries = [self.entry(variable, self._declared) for variable in entry.value]
            return Mapping.of(entries, entry.value.mark)
        if self.variables.get(entry.key) is entry:
            return self._declared(entry)
        return self.resolve(entry.value, {})

    def entry(self, entry: Entry, resolved: Callable[[Entry], Value]) -> Entry:
        """An entry with its value resolved; one that fails stays as it was written."""
        try:
            return replace(entry, value=resolved(entry))
        except Failed:
            return entry

    def _declared(self, entry: Entry) -> Value:
        return self._variable(entry.key, entry.value.mark)

    def resolve(self, value: Value, local: Locals) -> Value:
        """`value` with its variables replaced; a part that fails stays as it was written."""
        if isinstance(value, Scalar):
            if not isinstance(value.value, str) or "$" not in value.value:
                return value
            return self._scalar(value, value.value, local)
        self.depth += 1
        try:
            return self._collection(value, local)
        finally:
            self.depth -= 1

    def _scalar(self, scalar: Scalar, text: str, local: Locals) -> Value:
        """A text with its variables replaced, and what depends on facts marked as such."""
        outer, self.saw_facts = self.saw_facts, False
        try:
            value = self._text(scalar, text, local)
            if not self.saw_facts:
                return value
            if self.in_data:
                message = "the data section cannot use facts of the data"
                self.diagnostics.fail("K302", message, scalar.mark, "it is what they come from")
            return value if self.facts.known is not None else self._stand_in(value, scalar, text)
        finally:
            self.saw_facts |= outer

    def _stand_in(self, value: Value, scalar: Scalar, text: str) -> Value:
        self.diagnostics.unknown(scalar.mark)
        if not isinstance(value, Scalar) or type(value.value) is not int:
            return value
        return replace(value, value=Fact(text.strip("${} "), value.value))

    def check_height(self, value: Value, mark: Mark) -> None:
        """Stop where references nest deeper than a file may."""
        if self.depth + len(self.active) > _MAX_NESTING or value.height > MAX_DEPTH:
            self.diagnostics.stop("K105", f"nesting is deeper than {MAX_DEPTH} levels", mark)

    def _collection(self, value: Sequence | Mapping, local: Locals) -> Value:
        if isinstance(value, Mapping):
            entries = [self.entry(e, lambda e: self.resolve(e.value, local)) for e in value]
            return Mapping.of(entries, value.mark)
        items: list[Value] = []
        for item in value.items:
            items.extend(self._item(item, local))
        return Sequence(tuple(items), value.mark)

    def _item(self, item: Value, local: Locals) -> list[Value]:
        try:
            if isinstance(item, Mapping) and "repeat" in item.entries:
                return self._repeat(item, local)
            return [self.resolve(item, local)]
        except Failed:
            return [item]

    # repeat ------------------------------------------------------------------------------

    def _repeat(self, item: Mapping, local: Locals) -> list[Value]:
        """The items that `{repeat: n, layers: [...]}` stands for; `index` renames `$i`."""
        for entry in item:
            if entry.key not in ("repeat", "layers", "index"):
                hint = did_you_mean(entry.key, ["repeat", "layers", "index"])
                self.diagnostics.add("K203", f"repeat has no '{entry.key}'", entry.mark, hint)
        head = item.entries["repeat"]
        body = item.get("layers")
        if not isinstance(body, Sequence):
            mark = head.mark if body is None else body.mark
            self.diagnostics.fail("K202", "repeat needs 'layers', a list", mark)
        count = self.resolve(head.value, local)
        number = count.value if isinstance(count, Scalar) else None
        if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= MAX_REPEAT:
            message = must_be("repeat", f"an integer from 0 to {MAX_REPEAT}", count)
            self.diagnostics.fail("K204", message, count.mark)
        index = self._index_name(item.get("index"))
        self._charge(number * body.size, item.mark)
        items: list[Value] = []
        for turn in range(number):
            for one in body.items:
                items.extend(self._item(one, {**local, index: turn}))
        return items

    def _index_name(self, value: Value | None) -> str:
        if value is None:
            return "i"
        name = value.value if isinstance(value, Scalar) else None
        if not isinstance(name, str) or not _IDENTIFIER.fullmatch(name):
            self.diagnostics.fail("K204", must_be("index", "a name", value), value.mark)
        return name

    # text --------------------------------------------------------------------------------

    def _text(self, scalar: Scalar, text: str, local: Locals) -> Value:
        whole = _PIECE.fullmatch(text)
        if whole and whole.group("name"):
            return self._used(scalar, whole.group("name"), scalar.mark, local)
        if whole and whole.group("expression") is not None:
            return self._expression(scalar, whole, local)
        pieces, position = [], 0
        for piece in _PIECE.finditer(text):
            with self.diagnostics.limited(scalar.mark):
                budget.spend("work", 2, "the expressions in a text")
            pieces.append(text[position : piece.start()])
            pieces.append(self._piece(scalar, piece, local))
            position = piece.end()
        joined = "".join([*pieces, text[position:]])
        if len(joined) > MAX_TEXT:
            self.diagnostics.fail("K105", f"the text grows over {MAX_TEXT} characters", scalar.mark)
        with self.diagnostics.limited(scalar.mark):
            budget.spend("characters", len(joined), "a text")
        return replace(scalar, value=joined)

    def _piece(self, scalar: Scalar, piece: re.Match[str], local: Locals) -> str:
        if piece.group() == "$$":
            return "$"
        mark = _inside(scalar, piece.group(), piece.start())
        plain = "$$ for a plain '$'"
        if piece.group("open") is not None:
            self.diagnostics.fail("K303", "'${' has no matching '}'", mark, f"write {plain}")
        if piece.group("name"):
            name = piece.group("name")
            message = f"'${name}' inside longer text is ambiguous"
            self.diagnostics.fail("K303", message, mark, f"write ${{{name}}}, or {plain}")
        value = self._expression(scalar, piece, local)
        if not isinstance(value, Scalar):
            self.diagnostics.fail("K303", f"{describe(value)} cannot be part of a text", mark)
        return _as_text(value.value)

    def _expression(self, scalar: Scalar, piece: re.Match[str], local: Locals) -> Value:
        text = piece.group("expression")
        mark = _inside(scalar, piece.group(), piece.start())
        exact = mark.text == piece.group()
        if re.fullmatch(rf"\s*{_NAME}(\.{_NAME})*\s*", text):
            return self._used(scalar, text.strip(), mark, local)

        def variable(name: str, offset: int, width: int) -> Atom:
            place = mark.part(2 + offset, width) if exact else mark
            value = self._named(name, place, local)
            if not isinstance(value, Scalar):
                self.diagnostics.fail("K303", f"'{name}' is {describe(value)}, not a number", place)
            return value.value

        try:
            return replace(scalar, value=evaluate(text, variable), quoted=False)
        except ExpressionError as error:
            if error.by_value and self.saw_facts and self.facts.known is None:
                return Scalar(Fact(text.strip()), scalar.mark)
            width = len(text) if error.width is None else error.width
            place = mark.part(2 + error.offset, width) if exact else mark
            self.diagnostics.fail("K303", str(error), place)

    def _used(self, scalar: Scalar, name: str, mark: Mark, local: Locals) -> Value:
        value = self._named(name, mark, local)
        if isinstance(value, Scalar):
            return replace(value, mark=scalar.mark, via=value.via or value.mark)
        return value

    # names -------------------------------------------------------------------------------

    def _named(self, name: str, mark: Mark, local: Locals) -> Value:
        """The value of a dotted name used at `mark`."""
        head, *rest = name.split(".")
        if head == "env" and rest:
            return self._from_environment(".".join(rest), mark)
        if head == "data" and rest:
            self.saw_facts = True
            return self.facts.value(rest, mark)
        if head in local:
            value: Value = Scalar(local[head], mark)
        elif head in self.variables:
            value = self._variable(head, mark)
        else:
            known = sorted([*self.variables, *local])
            hint = did_you_mean(head, known) or "define it under 'vars:'"
            self.diagnostics.fail("K301", f"variable '{clip(head, 60)}' is unknown", mark, hint)
        path = head
        for part in rest:
            found = value.get(part) if isinstance(value, Mapping) else None
            if found is None:
                choices = list(value.entries) if isinstance(value, Mapping) else []
                message = f"variable '{clip(path, 60)}' has no '{clip(part, 60)}'"
                self.diagnostics.fail("K301", message, mark, did_you_mean(part, choices))
            value, path = found, f"{path}.{part}"
        self._charge(value.size, mark)
        self.check_height(value, mark)
        return value

    def _variable(self, name: str, mark: Mark) -> Value:
        if name in self.known:
            self.saw_facts |= name in self.from_facts
            return self.known[name]
        if name in self.failed:
            raise Failed
        entry = self.variables[name]
        self.check_height(entry.value, mark)
        if name in self.active:
            cycle = [*self.active[self.active.index(name) :], name]
            self.failed.update(cycle)
            defined = [f"{one}: {self.variables[one].mark}" for one in cycle[:-1]]
            self.diagnostics.fail(
                "K302", f"variables form a cycle: {' -> '.join(cycle)}", mark, details=defined
            )
        self.active.append(name)
        outer = self.saw_facts, self.in_data
        self.saw_facts = self.in_data = False
        try:
            value = self.resolve(entry.value, {})
            if self.saw_facts:
                self.from_facts.add(name)
        except Failed:
            self.failed.add(name)
            raise
        finally:
            self.active.pop()
            self.saw_facts, self.in_data = self.saw_facts or outer[0], outer[1]
        self.known[name] = value
        return value

    def _from_environment(self, name: str, mark: Mark) -> Value:
        if self.environment is None:
            message = f"'$env.{name}' reads the environment, which is not allowed here"
            allow = self.diagnostics.told("Options(allow_env=True)", "--allow-env")
            self.diagnostics.fail("K303", message, mark, f"pass {allow} to allow it")
        if name not in self.environment:
            self.diagnostics.fail("K301", f"the environment variable '{name}' is not set", mark)
        return Scalar(self.environment[name], mark)

    def _charge(self, values: int, mark: Mark) -> None:
        """Count values brought in by reference, so that variables cannot multiply like aliases."""
        with self.diagnostics.limited(mark):
            budget.spend("values", values, "what variables stand for")


def _inside(scalar: Scalar, piece: str, start: int) -> Mark:
    """The mark of the part of a text; the whole text where escapes or line breaks shift it."""
    mark = scalar.mark.part(start + (1 if scalar.quoted else 0), len(piece))
    return mark if mark.text == piece else scalar.mark


def _as_text(value: Atom) -> str:
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)
