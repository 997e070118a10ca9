"""How losses, metrics, targets and weights, given in any form, belong to the outputs of a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kerasish import tree
from kerasish.errors import ArgumentError, DataError
from kerasish.registry import hint


class Outputs:
    """The outputs of a model in flat order, each with a name where it has one.

    Args:
        y_pred: a tensor, or a structure of tensors.
        names: the model's own names of its flat outputs, or None.
        alias: what the only output may be called where it has no name.
    """

    def __init__(self, y_pred: Any, names: Sequence[str] | None, alias: str | None = None) -> None:
        pairs = tree.flatten_with_path(y_pred)
        self.nested = tree.is_nested(y_pred)
        self.count = len(pairs)
        self.paths = [path for path, _ in pairs]
        self.numbers: Any = tree.pack_sequence_as(y_pred, range(self.count))
        own = list(names) if names is not None and len(names) == self.count else None
        self._own = own or [""] * self.count
        keys = list(map(_called, self.paths, self._own))
        self.names: list[str] = keys if isinstance(y_pred, dict) else own or keys
        called = [alias] if alias is not None and keys == [""] else keys
        self.aliases: list[str] = own or called
        # As in Keras, the keys of a dict go before the model's own names, unless it is deep.
        deep = any(len(path) > 1 for path in self.paths)
        self.labels: list[str] = own if own is not None and deep else self.names

    def name_of(self, part: Any, path: tuple[Any, ...], otherwise: str) -> str:
        """What a part of the outputs, one or several, is called in the logs.

        Args:
            part: the number of an output, or a structure of numbers.
            path: where it stands in the structure of the outputs.
            otherwise: the name of an output without one.
        """
        if not tree.is_nested(part):
            return _called(path, self._own[part] or otherwise)
        if path:
            return "/".join(map(str, path))
        if isinstance(part, dict):
            return "_".join(map(str, part))
        return "_".join(self.labels[i] for i in tree.flatten(part)).strip("_") or otherwise

    @property
    def named(self) -> bool:
        """Whether the outputs have names."""
        return any(self.names)

    def find(self, key: str, what: str) -> int:
        """The position of the output called `key`."""
        for names in (self.names, self.aliases):
            if key in names:
                return names.index(key)
        known = [n for n in self.names if n] or [n for n in self.aliases if n]
        raise ArgumentError(
            what,
            expected=f"keys among the names of the outputs, {known or 'which have none'}",
            received=repr(key),
            fix=hint(key, known, 3),
        )

    def spread(self, given: Any, what: str) -> list[Any]:
        """One entry per output from a dict by name, a list in order, or one value for all."""
        if isinstance(given, Mapping):
            if self.count == 1 and len(given) == 1 and not self.named:
                return list(given.values())  # whatever the only output is called
            return self._by_name(given, what)
        if isinstance(given, (list, tuple)):
            if self.count == 1:
                return [given if len(given) != 1 else given[0]]
            if len(given) != self.count and any(len(path) > 1 for path in self.paths):
                return self._by_form(given, what)
            if len(given) != self.count:
                raise ArgumentError(
                    what,
                    expected=f"one entry per output ({self.count}: {self.names}), or a dict by "
                    "output name",
                    received=f"a list of {len(given)}",
                )
            return list(given)
        return [given] * self.count

    def _by_form(self, given: Any, what: str) -> list[Any]:
        """Entries that stand in the structure of the outputs."""
        found: list[Any] = [None] * self.count

        def put(number: int, entry: Any) -> None:
            found[number] = entry

        try:
            tree.map_structure_up_to(self.numbers, put, self.numbers, given)
        except (ValueError, TypeError) as error:
            raise ArgumentError(
                what,
                expected=f"the structure of the outputs, {self.numbers}, or a dict by output name",
                received=repr(given),
            ) from error
        return found

    def _by_name(self, given: Mapping[str, Any], what: str) -> list[Any]:
        entries: list[Any] = [None] * self.count
        for path, value in _named(given):
            entries[self.find(path, what)] = value
        return entries

    def arrange_weights(
        self, sample_weight: Any, wanted: Sequence[bool] | None = None
    ) -> list[Any]:
        """Sample weights per output; one array serves all outputs."""
        if sample_weight is not None and not isinstance(sample_weight, (list, tuple, dict)):
            return [sample_weight] * self.count
        return self.arrange(sample_weight, "sample_weight", wanted)

    def arrange(self, given: Any, what: str, wanted: Sequence[bool] | None = None) -> list[Any]:
        """Tensors of a structure, one per output; None where there is none.

        Args:
            given: y_true or sample_weight.
            what: its name, for errors.
            wanted: which outputs need one, where fewer than all are given.

        Raises:
            DataError: the structure does not fit the outputs.
        """
        if given is None:
            return [None] * self.count
        pairs = tree.flatten_with_path(given)
        flat = [leaf for _, leaf in pairs]
        if [path for path, _ in pairs] == self.paths:
            return flat
        if isinstance(given, Mapping) and not any(self.aliases):
            raise DataError(
                what,
                expected=f"{'an array' if self.count == 1 else 'a list of arrays'}, since the "
                "outputs of the model have no names",
                received=f"a dict with the keys {list(given)}",
            )
        if isinstance(given, Mapping):
            return self._by_name(given, what)
        if len(flat) == self.count:
            return flat
        if wanted is not None and len(flat) == sum(wanted):
            rest = iter(flat)
            return [next(rest) if needed else None for needed in wanted]
        received = "one array" if not tree.is_nested(given) else f"{len(flat)} arrays"
        raise DataError(
            what,
            expected="one array per output of the model "
            f"({self.count}{': ' + str(self.names) if any(self.names) else ''})",
            received=received,
        )


def _called(path: tuple[Any, ...], own: str) -> str:
    """The name of an output: its path, the model's own name in the place of a last position."""
    if path and not isinstance(path[-1], int):
        return "/".join(map(str, path))
    return "/".join([str(key) for key in path[:-1]] + [own] * bool(own))


def numbered(name: str, taken: set[str]) -> str:
    """`name`, with a number where it is among the names `taken`, which it is added to."""
    base, number = name, 1
    while name in taken:
        name = f"{base}_{number}"
        number += 1
    taken.add(name)
    return name


def _named(given: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Pairs (path, entry) of a dict; dicts inside dicts give paths with '/'."""
    pairs: list[tuple[str, Any]] = []
    for key, value in given.items():
        if isinstance(value, Mapping) and "class_name" not in value:
            pairs += [(f"{key}/{inner}", entry) for inner, entry in _named(value)]
        else:
            pairs.append((str(key), value))
    return pairs
