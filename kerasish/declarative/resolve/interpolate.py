"""From a composed document to one without variables, blocks and repetitions.

A whole value `$name` or `"${expr}"` keeps its type; inside longer text `${expr}` becomes text.
`$$` is a plain `$`. Names come from `vars`, from the top-level scalars (`name`, `seed`, ...), from
the index of an enclosing `repeat` or `for`, from the arguments of a block, from the environment as
`$env.NAME` where that is allowed, and from the data as `$data.NAME.KEY` (see `facts`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, replace
from typing import Any

from kerasish import budget
from kerasish.declarative.resolve.blocks import Blocks
from kerasish.declarative.resolve.facts import Facts
from kerasish.declarative.resolve.names import IDENTIFIER, NAME, RESERVED, Scope
from kerasish.declarative.resolve.variables import PIECE, Resolver
from kerasish.declarative.resolve.written import Writer
from kerasish.declarative.text.errors import Diagnostic, Diagnostics, did_you_mean, must_be
from kerasish.declarative.text.source import Entry, Mapping, Scalar, Sequence, Value
from kerasish.declarative.text.words import short


@dataclass(frozen=True, slots=True)
class Resolved:
    """A document without variables.

    Attributes:
        document: everything written out; `vars` and `blocks` have been used up.
        facts_used: the dotted names of the facts of the data that it uses; where they were not
            known, it holds a stand-in for each.
        leftovers: findings about what is never used, to be told once everything else is right:
            often they follow from what is wrong elsewhere.
    """

    document: Mapping
    facts_used: frozenset[str] = frozenset()
    leftovers: tuple[Diagnostic, ...] = ()


def interpolate(
    document: Mapping,
    diagnostics: Diagnostics,
    environment: MappingOf[str, str] | None = None,
    facts: MappingOf[str, Any] | None = None,
) -> Resolved:
    """The document with every variable replaced, and every block and repetition written out.

    What has no value is a finding, and a stand-in takes its place, so that the rest can be checked.

    Args:
        document: the composed document, overrides applied.
        diagnostics: receives K105, K202 to K206, K301 to K303, K401, K403 and K404.
        environment: what `$env.NAME` reads; None refuses it.
        facts: what `$data.NAME.KEY` reads; None where the data are not read yet.
    """
    diagnostics.begin_again()
    held = Facts(document, facts, diagnostics)
    resolver = Resolver(document, diagnostics, environment, held)
    diagnostics.variables.update(resolver.declared.entries)
    with budget.opened(document.mark.source.name):
        blocks = Blocks(document.get("blocks"), resolver)
        writer = Writer(resolver, blocks)
        entries = []
        for entry in document:
            if entry.key == "vars":
                _check_variables(entry.value, resolver)
            elif entry.key != "blocks":
                entries.append(replace(entry, value=_section(entry, resolver, writer)))
                resolver.check_height(entries[-1].value, entry.mark)
        leftovers = tuple(_unused(document, resolver, blocks))
    return Resolved(Mapping.of(entries, document.mark), frozenset(held.used), leftovers)


def _section(entry: Entry, resolver: Resolver, writer: Writer) -> Value:
    """The resolved value of a section."""
    resolver.in_data = entry.key == "data"
    if resolver.variables.get(entry.key) is entry:
        return resolver.variable(entry)
    if entry.key == "model":
        return writer.model(entry.value, Scope())
    if entry.key == "data":
        return writer.data(entry.value, Scope())
    return resolver.resolve(entry.value, Scope())


def _check_variables(value: Value, resolver: Resolver) -> None:
    """Resolve every variable, used or not."""
    resolver.in_data = False
    if not isinstance(value, Mapping):
        message = must_be("vars", "a mapping from names to values", value)
        shown = ", ".join(f"{one.key}: {short(one.value)}" for one in resolver.declared)
        hint = f"write vars: {{{shown or 'width: 64'}}}"
        resolver.diagnostics.add("K110", message, value.mark, hint)
    for entry in resolver.declared:
        if not IDENTIFIER.fullmatch(entry.key):
            message = f"a variable's name is letters, digits and '_', received {entry.key!r}"
            meant = re.sub(r"\W+", "_", entry.key).strip("_")
            meant = meant if IDENTIFIER.fullmatch(meant) else f"n{meant}"
            resolver.diagnostics.add("K404", message, entry.mark, f"write {meant}")
        if entry.key in RESERVED:
            message = f"no variable may be named '{entry.key}'"
            what = {"env": "$env.NAME reads the environment", "data": "$data.NAME.KEY is a fact"}
            hint = what.get(entry.key, "it is a constant of expressions")
            resolver.diagnostics.add("K404", message, entry.mark, hint)
        resolver.check_height(resolver.variable(entry), entry.mark)


_SET = "--set"  # the source of what the command line says

# --- what is never used -------------------------------------------------------------------------


def _unused(document: Mapping, resolver: Resolver, blocks: Blocks) -> Iterator[Diagnostic]:
    """K403 for variables and blocks of the file itself that nothing names.

    A base may define more than each of the files over it needs, and so may a file whose values are
    replaced by `--set`.
    """
    own = [_SET] if _changed(document.without("vars")) else [document.mark.source.name, _SET]
    mentioned = _mentioned(document)
    for entry in resolver.declared:
        named = bool(IDENTIFIER.fullmatch(entry.key))
        if named and entry.mark.source.name in own and entry.key not in mentioned:
            hint = did_you_mean(
                entry.key, list(resolver.declared.without(entry.key).entries), False
            )
            hint = hint or f"remove it, or write ${entry.key} where it is meant"
            yield Diagnostic("K403", f"variable '{entry.key}' is never used", entry.mark, hint)
    for block in blocks.unused():
        if block.mark.source.name in own:
            hint = f"remove it, or write {block.name}: among layers or in a node"
            yield Diagnostic("K403", f"block '{block.name}' is never used", block.mark, hint)


def _changed(value: Value) -> bool:
    """Whether `--set` has put something into a value."""
    if value.mark.source.name == _SET:
        return True
    if isinstance(value, Mapping):
        return any(entry.mark.source.name == _SET or _changed(entry.value) for entry in value)
    return isinstance(value, Sequence) and any(map(_changed, value.items))


def _mentioned(document: Mapping) -> set[str]:
    """Every name in an expression of the document."""
    found: set[str] = set()
    for text in _texts(document):
        for piece in PIECE.finditer(text):
            said = piece.group("name") or piece.group("expression") or ""
            found.update(re.findall(NAME, said))
    return found


def _texts(document: Mapping) -> Iterator[str]:
    waiting: list[Value] = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, Mapping):
            waiting.extend(entry.value for entry in value)
        elif isinstance(value, Sequence):
            waiting.extend(value.items)
        elif isinstance(value, Scalar) and isinstance(value.value, str) and "$" in value.value:
            yield value.value
