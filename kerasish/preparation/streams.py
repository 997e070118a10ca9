"""Columns that do not fit in memory: read from their files block by block, as often as needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from kerasish.data.nodes import FIXED, Node

Arrays = dict[str, np.ndarray]


class Stream:
    """Columns of files, in one order.

    Args:
        node_of: the node that reads some columns, block by block.
        first: a column, by which the rows are counted.
    """

    def __init__(self, node_of: Callable[[list[str]], Node], first: str) -> None:
        self._node_of = node_of
        self._held: Arrays = {}
        self.rows = sum(len(block[first]) for block in self._blocks([first]))

    def _blocks(self, names: list[str]) -> Iterator[Arrays]:
        return iter(self._node_of(names).blocks(FIXED, 0) or ())

    def load(self, names: Sequence[str]) -> None:
        """Hold some columns in memory, read in one pass."""
        wanted = [name for name in names if name not in self._held]
        if wanted:
            self._held |= gathered(self._blocks(wanted))

    def column(self, name: str) -> np.ndarray:
        """A whole column, which is held from now on."""
        self.load([name])
        return self._held[name]

    def blocks(self, names: Sequence[str], size: int) -> Iterator[Arrays]:
        """Blocks of `size` rows, the last one shorter."""
        held: list[Arrays] = []
        count = 0
        for block in self._blocks(list(names)):
            held.append(block)
            count += len(block[names[0]])
            while count >= size:
                whole = gathered(held)
                yield {name: values[:size] for name, values in whole.items()}
                held = [{name: values[size:] for name, values in whole.items()}]
                count -= size
        if count:
            yield gathered(held)


class Streamed:
    """The values of a column of a stream: read whole where rows are asked for by number."""

    def __init__(self, stream: Stream, name: str) -> None:
        self.stream = stream
        self.name = name

    def __len__(self) -> int:
        return self.stream.rows

    def __getitem__(self, rows: Any) -> np.ndarray:
        return self.stream.column(self.name)[rows]


def gathered(blocks: Any) -> Arrays:
    """The columns of blocks, one behind the other."""
    parts: dict[str, list[np.ndarray]] = {}
    for block in blocks:
        for name, values in block.items():
            parts.setdefault(name, []).append(values)
    return {name: _joined(held) for name, held in parts.items()}


def _joined(held: Sequence[np.ndarray]) -> np.ndarray:
    """Arrays one behind the other; where their rows have different shapes, an array of arrays."""
    if len(held) == 1:
        return held[0]
    if len({part.shape[1:] for part in held}) == 1 and len({p.dtype == object for p in held}) == 1:
        return np.concatenate(held)
    found = np.empty(sum(map(len, held)), object)
    found[:] = [row for part in held for row in part]
    return found


def chunks(
    columns: Mapping[str, Any], rows: np.ndarray | None, total: int, size: int
) -> Iterator[Arrays]:
    """The values of columns in ascending rows, at most `size` at a time.

    Args:
        columns: arrays, or `Streamed`.
        rows: which rows; None for all.
        total: how many there are.
        size: of a chunk.
    """
    by_stream: dict[int, tuple[Stream, list[tuple[str, str]]]] = {}
    for name, values in columns.items():
        if isinstance(values, Streamed):
            by_stream.setdefault(id(values.stream), (values.stream, []))[1].append(
                (name, values.name)
            )
    plain = {name: v for name, v in columns.items() if not isinstance(v, Streamed)}
    readers = [
        (stream.blocks(list(dict.fromkeys(old for _, old in pairs)), size), pairs)
        for stream, pairs in by_stream.values()
    ]
    for begin in range(0, total, size):
        end = min(begin + size, total)
        blocks = [(next(reader), pairs) for reader, pairs in readers]
        if rows is None:
            at = np.arange(end - begin)
        else:
            first, last = np.searchsorted(rows, [begin, end])
            at = rows[first:last] - begin
        if len(at):
            found = {name: block[old][at] for block, pairs in blocks for name, old in pairs}
            yield found | {name: values[at + begin] for name, values in plain.items()}
