"""Facts of the data: `$data.words.size` and its like, known once the data are read.

A file is resolved twice where it uses them: before the data are read with stand-ins (`Fact`), so
that everything else is checked at once, and afterwards with the values. A stand-in is a number that
passes for any count; what is found wrong at its place is no finding (`Diagnostics.unknown`).
"""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from collections.abc import Sequence as SequenceOf
from typing import Any, NoReturn

from kerasish.declarative.text.errors import Diagnostics, clip, did_you_mean
from kerasish.declarative.text.source import Entry, Mapping, Mark, Scalar, Sequence, Value

# What may be said of an entry of `data.x` or `data.y`, and of the data as a whole.
ENTRY_KEYS = ("size", "classes", "shape", "length")
WHOLE_KEYS = ("steps", "rows")
STAND_IN = 8
_STAND_IN_RANK = 3


class Fact(int):
    """A whole number that stands in for a fact, or for what is computed from facts.

    Attributes:
        name: what it stands for: `data.words.size`, `data.steps * 2`. As text it is `${name}`.
    """

    name: str

    def __new__(cls, name: str, value: int = STAND_IN) -> Fact:
        fact = super().__new__(cls, value)
        fact.name = name
        return fact

    def __str__(self) -> str:
        return f"${{{self.name}}}"


class Facts:
    """The facts that a document may use, and those that it uses.

    Args:
        document: what names the entries of the data; its `data:` section need not be resolved.
        known: `{"words": {"size": 2000, "shape": [60]}, "steps": 130}`, an entry that expands as
            `{"kinds.sex": {"size": 2}}`; None where the data are not read yet.
        diagnostics: receives K301.

    Attributes:
        used: the dotted names that were asked for.
    """

    def __init__(
        self, document: Mapping, known: MappingOf[str, Any] | None, diagnostics: Diagnostics
    ) -> None:
        self.known = None if known is None else _nested(known)
        self.diagnostics = diagnostics
        self.used: set[str] = set()
        self._data = document.get("data")
        self._entries = _entries(self._data)

    def value(self, path: SequenceOf[str], mark: Mark) -> Value:
        """The fact `data.PATH`, which is used at `mark`.

        Raises:
            Failed: there is no such fact, which is recorded.
        """
        name = ".".join(["data", *path])
        self.used.add(name.removeprefix("data."))
        if self.known is not None:
            return self._known(path, mark)
        if self._entries == ():
            message = f"'${clip(name, 60)}' is a fact of the data, and there is no data section"
            self.diagnostics.fail("K301", message, mark)
        if tuple(path) in {(key,) for key in WHOLE_KEYS}:
            return Scalar(Fact(name), mark)
        self._check_entry(path[0], mark)
        if len(path) < 2:
            self._fail_key(path[0], "", ENTRY_KEYS, mark)
        if path[-1] not in ENTRY_KEYS:
            self._fail_key(".".join(path[:-1]), path[-1], ENTRY_KEYS, mark)
        if path[-1] != "shape":
            return Scalar(Fact(name), mark)
        sizes = tuple(Scalar(Fact(f"{name}[{i}]"), mark) for i in range(_STAND_IN_RANK))
        return Sequence(sizes, mark)

    def inputs(self) -> list[str]:
        """The names of the entries of `data.x`, as far as they can be told."""
        written = self._data.get("x") if isinstance(self._data, Mapping) else None
        if isinstance(written, Mapping) and "from" not in written.entries:
            return list(written.entries)
        names = [] if self._data is None else _side("x", written)
        return names[:1] if names else []

    def _known(self, path: SequenceOf[str], mark: Mark) -> Value:
        held: Any = self.known
        for depth, part in enumerate(path):
            if part not in held and depth == 0:
                self._fail_entry(part, list(held), mark)
            if part not in held:
                self._fail_key(".".join(path[:depth]), part, [key for key in held if key], mark)
            held = held[part]
            if not isinstance(held, MappingOf) and depth + 1 < len(path):
                self._fail_key(".".join(path[: depth + 1]), path[depth + 1], [], mark)
        if isinstance(held, MappingOf):
            held = held.get("", held)
        if isinstance(held, MappingOf):
            self._fail_key(".".join(path), "", list(held), mark)
        return as_value(held, mark)

    def _check_entry(self, name: str, mark: Mark) -> None:
        if self._entries is not None and name not in self._entries:
            self._fail_entry(name, [*self._entries, *WHOLE_KEYS], mark)

    def _fail_entry(self, name: str, choices: SequenceOf[str], mark: Mark) -> NoReturn:
        message = f"'{clip(name, 60)}' is no entry of data.x or data.y"
        self.diagnostics.fail("K301", message, mark, did_you_mean(name, choices))

    def _fail_key(self, name: str, key: str, choices: SequenceOf[str], mark: Mark) -> NoReturn:
        if key:
            message = f"'data.{clip(name, 60)}' has no '{clip(key, 60)}'"
            self.diagnostics.fail("K301", message, mark, did_you_mean(key, choices))
        message = f"'data.{clip(name, 60)}' is no value by itself"
        said = ", ".join(f"$data.{clip(name, 60)}.{one}" for one in choices[:4])
        self.diagnostics.fail("K301", message, mark, f"write {said}")


def as_value(held: Any, mark: Mark) -> Value:
    """Plain data as values that all stand at `mark`."""
    if isinstance(held, MappingOf):
        entries = [Entry(str(key), mark, as_value(one, mark)) for key, one in held.items()]
        return Mapping.of(entries, mark)
    if isinstance(held, list | tuple):
        return Sequence(tuple(as_value(one, mark) for one in held), mark)
    return Scalar(held, mark)


def _nested(known: MappingOf[str, Any]) -> dict[str, Any]:
    """The facts with those of an entry `kinds.sex` under `kinds`; at "" what a name is itself."""
    nested: dict[str, dict[str, Any]] = {}
    for name, held in known.items():
        head, _, rest = name.partition(".")
        more = held if isinstance(held, dict) and not rest else {rest: held}
        nested[head] = {**nested.get(head, {}), **more}
    return nested


def _entries(data: Value | None) -> tuple[str, ...] | None:
    """The names of the entries of `data.x` and `data.y`; None where they cannot be told."""
    if data is None:
        return ()
    if not isinstance(data, Mapping):
        return None
    names: list[str] = []
    for side in ("x", "y"):
        found = _side(side, data.get(side))
        if found is None:
            return None
        names.extend(found)
    return tuple(names)


def _side(side: str, written: Value | None) -> list[str] | None:
    if written is None:
        return [side]
    if isinstance(written, Mapping) and "from" not in written.entries:
        return list(written.entries)
    columns = written.get("from") if isinstance(written, Mapping) else written
    items = columns.items if isinstance(columns, Sequence) else (columns,)
    names = [one.value for one in items if isinstance(one, Scalar)]
    texts = [one for one in names if isinstance(one, str) and "$" not in one and one != "rest"]
    return [*texts, side] if len(texts) == len(items) else None
