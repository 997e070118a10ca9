"""Steps of a dataset that make several elements one: padded batches and windows."""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np

from kerasish.data.elements import SKIPPED, map_element, rebuilt, stack, summary
from kerasish.data.nodes import Node, Pass, finite
from kerasish.errors import DataError


def padded(shapes: Any, values: Any) -> Callable[[list[Any], str], Any]:
    """What makes elements of several shapes one, filled up at the end of every axis.

    Args:
        shapes: in the form of an element, the shape to fill up to, with None or -1 for that of the
            largest; None for None everywhere.
        values: in the form of an element, what to fill up with, or one for all; None for 0, False
            and "".
    """
    return functools.partial(_padded, shapes, values)


def _padded(shapes: Any, values: Any, elements: list[Any], where: str) -> Any:
    first = elements[0]
    if isinstance(first, (dict, tuple)):
        keys = list(first) if isinstance(first, dict) else range(len(first))
        _same_keys("padded_shapes", shapes, first, where)
        several = isinstance(values, (dict, tuple, list))
        _same_keys("padding_values", values if several else None, first, where)
        parts = {
            key: _padded(
                None if shapes is None else shapes[key],
                values[key] if several else values,
                [element[key] for element in elements],
                where,
            )
            for key in keys
        }
        return parts if isinstance(first, dict) else rebuilt(first, parts.values())
    if not np.ndim(first):
        return stack(elements, where)
    ranks = {np.ndim(element) for element in elements}
    rank = max(ranks)
    shape = [None] * rank if shapes is None else [None if n == -1 else n for n in shapes]
    if len(ranks) > 1 or len(shape) != rank:
        raise DataError(
            where,
            expected=f"elements of {len(shape)} dimensions, as padded_shapes says"
            if shapes is not None
            else "elements of one number of dimensions",
            received=", ".join(map(str, sorted(ranks))),
        )
    largest = [max(sizes) for sizes in zip(*(e.shape for e in elements), strict=True)]
    full = [most if size is None else size for size, most in zip(shape, largest, strict=True)]
    if any(most > size for most, size in zip(largest, full, strict=True)):
        raise DataError(
            where,
            expected=f"elements of at most {tuple(full)}, as padded_shapes says",
            received=f"{tuple(largest)}",
        )
    text = first.dtype.kind == "O"
    filler = ("" if text else 0) if values is None else values
    if text != isinstance(filler, (str, bytes)) or not (text or _holds(first.dtype, filler)):
        raise DataError(
            where,
            expected=f"padding_values of the elements' kind, {'text' if text else first.dtype}",
            received=repr(filler),
        )
    made = np.full((len(elements), *full), filler, first.dtype)
    for row, element in zip(made, elements, strict=True):
        row[tuple(slice(size) for size in element.shape)] = element
    return made


def _same_keys(what: str, given: Any, first: Any, where: str) -> None:
    """Raise where an argument has not the form of an element."""
    if given is None:
        return
    if isinstance(first, dict):
        fits = isinstance(given, dict) and given.keys() == first.keys()
    else:
        fits = isinstance(given, (tuple, list)) and len(given) == len(first)
    if not fits:
        raise DataError(
            f"{where}, {what}",
            expected=f"the form of an element, {summary(first)}",
            received=repr(given),
        )


def _holds(dtype: np.dtype[Any], value: Any) -> bool:
    """Whether a dtype has a number, to its own precision."""
    if dtype.kind not in "biu":
        return np.ndim(value) == 0
    return bool(np.asarray(value, object) == np.asarray(value).astype(dtype).item())


class Listed(Node):
    """Elements that are there already."""

    indexable = True
    batched = False
    decides = ("elements",)

    def __init__(self, elements: list[Any]) -> None:
        super().__init__()
        self.elements = elements

    def length(self) -> int:
        return len(self.elements)

    def pick(self, run: Pass, order: Iterable[int]) -> Iterator[Any]:
        return (self.elements[index] for index in order)


class Windowed(Node):
    """Datasets of elements that follow each other; a tuple or dict of them for such elements."""

    decides = ("size", "shift", "stride", "drop")

    def __init__(
        self,
        node: Node,
        make: Callable[[Node], Any],
        size: int,
        shift: int,
        stride: int,
        drop: bool,
    ) -> None:
        super().__init__(node)
        self.name = "Dataset.window"
        self.batched = None
        self.make = make
        self.size, self.shift, self.stride, self.drop = size, shift, stride, drop

    @property
    def reach(self) -> int:
        """From the first element of a window to behind its last."""
        return (self.size - 1) * self.stride + 1

    def length(self) -> int:
        total = self.input.length()
        if not finite(total):
            return total
        if self.drop:
            return max(0, (total - self.reach) // self.shift + 1)
        return -(-total // self.shift)

    def stream(self, run: Pass) -> Iterator[Any]:
        elements = (e for e in self.input.items(run) if e is not SKIPPED)
        held: deque[Any] = deque()
        while True:
            held.extend(islice(elements, max(self.reach - len(held), 0)))
            if not held or (self.drop and len(held) < self.reach):
                return
            window = list(held)[: self.reach : self.stride]
            yield map_element(lambda *column: self.make(Listed(list(column))), *window)
            for _ in range(self.shift):
                if held:
                    held.popleft()
                else:
                    next(elements, None)

    def spec(self) -> Any:
        raise DataError(self.name, expected="elements that are arrays", received="datasets")
