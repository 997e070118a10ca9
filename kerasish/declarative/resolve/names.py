"""Names and what they stand for: variables, arguments, facts of the data, the environment."""

from __future__ import annotations

import re
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, field, replace

from kerasish import budget
from kerasish.declarative.resolve.expressions import Step
from kerasish.declarative.resolve.facts import Fact, Facts
from kerasish.declarative.text import scalars
from kerasish.declarative.text.errors import Diagnostics, Failed, did_you_mean
from kerasish.declarative.text.scalars import MAX_DEPTH
from kerasish.declarative.text.source import Entry, Mapping, Mark, Scalar, Sequence, Value
from kerasish.errors import clip

# Collections, variables and blocks being resolved at once; far from Python's limit of recursion.
_MAX_NESTING = 100
NAME = r"[A-Za-z_][A-Za-z0-9_]*"
IDENTIFIER = re.compile(NAME)
# Heads of names that are no variables, and the constants of expressions.
RESERVED = frozenset({"env", "data", "true", "false", "null"})


@dataclass(frozen=True, slots=True)
class Scope:
    """What is bound around a value: indices, items of loops, arguments of a block.

    Attributes:
        values: by name.
        block: the block whose body this is, which sees these and `vars` only; None outside.
    """

    values: MappingOf[str, Value] = field(default_factory=dict)
    block: str | None = None

    def bound(self, values: MappingOf[str, Value]) -> Scope:
        """This scope with more values."""
        return replace(self, values={**self.values, **values})


def _declared(document: Mapping) -> Mapping:
    """The variables; those of a list of mappings, which is a finding elsewhere, too."""
    value = document.get("vars")
    items = value.items if isinstance(value, Sequence) else (value,)
    found = [entry for one in items if isinstance(one, Mapping) for entry in one]
    return Mapping.of(found, document.mark)


class Names:
    """What names stand for; `Resolver` resolves the values.

    Args:
        document: the composed document; its `vars` and top-level scalars are the variables.
        diagnostics: receives the findings.
        environment: what `$env.NAME` reads; None refuses it.
        facts: what `$data.NAME.KEY` reads.

    Attributes:
        in_data: whether the section is being resolved that the facts come from.
        depth: collections around what is resolved.
        saw_facts: what is being resolved depends on facts of the data.
        unsure: what is being resolved depends on what is not known.
    """

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
        self.in_data = False
        self.depth = 0
        self.saw_facts = False
        self.unsure = False
        self.variables: dict[str, Entry] = {
            entry.key: entry
            for entry in document
            if entry.key != "vars" and isinstance(entry.value, Scalar)
        }
        self.declared = _declared(document)
        held = document.get("vars")
        self._unread = isinstance(held, Scalar) and held.value is not None
        self.variables.update(self.declared.entries)
        self._known: dict[str, tuple[Value, bool, bool]] = {}
        self._active: list[str] = []

    def resolve(self, value: Value, scope: Scope) -> Value:
        """`value` with its variables replaced."""
        raise NotImplementedError

    def check_height(self, value: Value, mark: Mark) -> None:
        """Stop where references nest deeper than a file may."""
        if self.depth + len(self._active) > _MAX_NESTING or value.height > MAX_DEPTH:
            self.diagnostics.stop("K105", f"nesting is deeper than {MAX_DEPTH} levels", mark)

    def charge(self, values: int, mark: Mark) -> None:
        """Count values brought in by reference, so that variables cannot multiply like aliases."""
        with self.diagnostics.limited(mark):
            budget.spend("values", values, "what variables stand for")

    def check_name(self, name: str, mark: Mark, what: str) -> None:
        """Refuse what cannot be the name of a variable."""
        if not IDENTIFIER.fullmatch(name) or name in RESERVED:
            expected = "a name of letters, digits and '_'"
            taken = f", which '{name}' is not: it is taken" if name in RESERVED else ""
            message = f"{what} needs {expected}{taken or f', received {clip(name, 40)!r}'}"
            self.diagnostics.fail("K204", message, mark)

    def named(self, root: str, steps: tuple[Step, ...], mark: Mark, scope: Scope) -> Value:
        """The value of a name with the items taken of it, used at `mark`."""
        if root in ("env", "data") and steps:
            value, steps = self._from_outside(root, steps, mark, scope)
        else:
            self.known(root, mark, scope)
            held = scope.values.get(root)
            value = self._variable(root, mark) if held is None else held
        path = root
        for step in steps:
            value, path = self._part(value, step, path, mark), f"{path}.{step}"
        self.charge(value.size, mark)
        self.check_height(value, mark)
        return value

    def known(self, root: str, mark: Mark, scope: Scope) -> None:
        """Refuse a name that stands for nothing here."""
        seen = self.variables if scope.block is None else self.declared.entries
        if root in scope.values or root in seen:
            return
        if self._unread:
            raise Failed  # `vars` is no mapping, which is a finding
        if scope.block is not None and root in self.variables:
            hint = f"give it as an argument: {scope.block}: {{{root}: ${root}}}"
            message = f"block '{scope.block}' sees its arguments and vars only, not '{root}'"
            self.diagnostics.fail("K301", message, mark, hint)
        where = "an argument of the block, or under 'vars:'" if scope.block else "under 'vars:'"
        hint = did_you_mean(root, sorted([*seen, *scope.values])) or f"define it {where}"
        self.diagnostics.fail("K301", f"variable '{clip(root, 60)}' is unknown", mark, hint)

    def _part(self, value: Value, step: Step, path: str, mark: Mark) -> Value:
        shown = f"variable '{clip(path, 60)}'"
        if isinstance(value, Scalar) and isinstance(value.value, Fact):
            return value  # a stand-in
        if isinstance(value, Sequence) and isinstance(step, int):
            if -len(value.items) <= step < len(value.items):
                return value.items[step]
            if self.unsure:
                raise Failed
            message = f"{shown} has {len(value.items)} items, there is no [{step}]"
            self.diagnostics.fail("K303", message, mark, "counted from 0")
        found = value.get(str(step)) if isinstance(value, Mapping) else None
        if found is None:
            choices = list(value.entries) if isinstance(value, Mapping) else []
            message = f"{shown} has no '{clip(str(step), 60)}'"
            self.diagnostics.fail("K301", message, mark, did_you_mean(str(step), choices))
        return found

    def _variable(self, name: str, mark: Mark) -> Value:
        if name not in self._known:
            entry = self.variables[name]
            self.check_height(entry.value, mark)
            if name in self._active:
                cycle = [*self._active[self._active.index(name) :], name]
                defined = [f"{one}: {self.variables[one].mark}" for one in cycle[:-1]]
                self.diagnostics.fail(
                    "K302", f"variables form a cycle: {' -> '.join(cycle)}", mark, details=defined
                )
            self._known[name] = self._defined(name, entry)
        value, facts, unsure = self._known[name]
        self.saw_facts |= facts
        self.unsure |= unsure
        return value

    def _defined(self, name: str, entry: Entry) -> tuple[Value, bool, bool]:
        self._active.append(name)
        outer = self.saw_facts, self.unsure, self.in_data
        self.saw_facts = self.unsure = self.in_data = False
        try:
            return self.resolve(entry.value, Scope()), self.saw_facts, self.unsure
        finally:
            self._active.pop()
            self.saw_facts, self.unsure, self.in_data = outer

    def variable(self, entry: Entry) -> Value:
        """The resolved value of a variable where it is defined."""
        return self._variable(entry.key, entry.value.mark)

    def _from_outside(
        self, root: str, steps: tuple[Step, ...], mark: Mark, scope: Scope
    ) -> tuple[Value, tuple[Step, ...]]:
        """A fact of the data or a variable of the environment, and the steps that are left."""
        name = ".".join(map(str, steps))
        if scope.block is not None:
            message = f"block '{scope.block}' sees its arguments and vars only, not '{root}.{name}'"
            self.diagnostics.fail("K301", message, mark, "give it as an argument")
        if root == "env":
            return self._from_environment(name, mark), ()
        texts = [one for one in steps if isinstance(one, str)]
        self.saw_facts = True
        self.unsure |= self.facts.known is None
        return self.facts.value(texts, mark), tuple(one for one in steps if isinstance(one, int))

    def _from_environment(self, name: str, mark: Mark) -> Value:
        if self.environment is None:
            message = f"'$env.{name}' reads the environment, which is not allowed here"
            allow = self.diagnostics.told("Options(allow_env=True)", "--allow-env")
            self.diagnostics.fail("K303", message, mark, f"pass {allow} to allow it")
        if name not in self.environment:
            self.diagnostics.fail("K301", f"the environment variable '{name}' is not set", mark)
        text = self.environment[name]
        if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
            return Scalar(text[1:-1], mark, quoted=True)
        return Scalar(scalars.resolve(text), mark)
