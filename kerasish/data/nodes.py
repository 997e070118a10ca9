"""What a dataset is made of: nodes, each over those it reads, and where their elements begin.

A node is asked for one pass: `items` from any position on. What is `indexable` also gives any of
its elements, in whatever order they are asked for, without making others (`pick`); what lies in
arrays gives many at once (`rows`), and what is read in blocks gives these (`blocks`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count, islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from kerasish.data.checks import is_lazy
from kerasish.data.elements import (
    SKIPPED,
    Uneven,
    as_element,
    as_leaf,
    call_with,
    leaves_of,
    map_element,
    row_of,
    rows_of,
    spec_of,
    specs_map,
    summary,
    unstacked,
)
from kerasish.errors import ArgumentError, DataError
from kerasish.hints import asked, label, noted
from kerasish.spec import TEXT, TensorSpec, input_dtype

INFINITE = -1
UNKNOWN = -2
AUTOTUNE = -1
BLOCK_ROWS = 1024
_END: Any = object()


class Pass(NamedTuple):
    """One time through: which it is, and what everything random without a seed is drawn from."""

    number: tuple[int, ...]
    seed: tuple[int, ...]

    def round(self, index: int) -> Pass:
        """The pass of round `index` of what repeats."""
        return self._replace(number=(*self.number, index))

    def branch(self, index: int) -> Pass:
        """The pass through input `index` of several."""
        return self._replace(seed=(*self.seed, index))

    def key(self, place: int, seed: int | None, *more: int) -> tuple[int, ...]:
        """What a node draws from in this pass: its own seed, or its place among the nodes."""
        own = (*self.seed, place) if seed is None else (seed,)
        return (*own, *self.number, *more)

    def rng(self, place: int, seed: int | None, *more: int) -> np.random.Generator:
        """A generator for `key`."""
        return np.random.default_rng(self.key(place, seed, *more))


# What does not depend on the pass is made as in this one.
FIXED = Pass((0,), (0,))
Rows = Callable[[np.ndarray], Any]


class Contents(NamedTuple):
    """A file that counts by its bytes, wherever it lies."""

    path: Path


class Node:
    """A step of a dataset.

    Attributes:
        name: what it is called in errors.
        indexable: whether `pick` may be asked.
        batched: whether elements are batches; None where nobody knows.
        pure: whether no code of the user's runs in it or beneath it.
        decides: the attributes that decide what its elements are.
        transparent: whether its elements are those of its input, so that it does not count.
    """

    name = ""
    indexable = False
    batched: bool | None = None
    pure = True
    decides: tuple[str, ...] = ()
    transparent = False

    def __init__(self, *inputs: Node) -> None:
        self.inputs = inputs
        self.place = (not self.transparent) + sum(node.place for node in inputs)
        self.skipped: dict[int, str] = {}  # elements left out, by position, and why
        if inputs:
            self.batched = inputs[0].batched
            self.pure = all(node.pure for node in inputs)

    @property
    def input(self) -> Node:
        """The node it reads."""
        return self.inputs[0]

    @property
    def skips(self) -> bool:
        """Whether it or one beneath may leave elements out."""
        return any(node.skips for node in self.inputs)

    def length(self) -> int:
        """Elements of a pass; INFINITE, or UNKNOWN."""
        return self.input.length()

    def items(self, run: Pass, start: int = 0) -> Iterator[Any]:
        """The elements of a pass from position `start` on."""
        if self.indexable:
            return self.pick(run, range(start, self.length()))
        return islice(self.stream(run), start, None)

    def stream(self, run: Pass) -> Iterator[Any]:
        """All elements of a pass, where no position can be gone to."""
        return unstacked(self.blocks(run, 0) or (), self.name)

    def pick(self, run: Pass, order: Iterable[int]) -> Iterator[Any]:
        """The elements at the positions that `order` gives, one by one."""
        raise NotImplementedError

    def rows(self, run: Pass) -> Rows | None:
        """What gives the elements at an array of positions stacked; None where that is no help."""
        return None

    def blocks(self, run: Pass, start: int) -> Iterator[Any] | None:
        """The elements from `start` on as stacked blocks; None where they are made one by one."""
        rows = self.rows(run)
        if rows is None:
            return None
        total = self.length()
        spans = range(start, total, BLOCK_ROWS)
        return (rows(np.arange(at, min(at + BLOCK_ROWS, total))) for at in spans)

    def spec(self) -> Any:
        """The specs of an element, None for sizes that differ from element to element."""
        if self.inputs:
            return self.input.spec()
        return specs(first_of(self))


def specs(element: Any) -> Any:
    """The specs of an element's leaves."""
    return map_element(spec_of, element)


def first_of(node: Node) -> Any:
    """The first element of a pass, which is none of those that count.

    Raises:
        DataError: there is none.
    """
    for element in node.items(FIXED):
        if element is not SKIPPED:
            return element
    raise DataError("A dataset", expected="at least one element", received="none")


def walk(node: Node) -> Iterator[Node]:
    """A node and all beneath it."""
    yield node
    for below in node.inputs:
        yield from walk(below)


def finite(length: int) -> bool:
    """Whether a length is a number of elements."""
    return length >= 0


class Slices(Node):
    """The rows of arrays of one length."""

    indexable = True
    batched = False
    decides = ("arrays",)

    def __init__(self, tensors: Any) -> None:
        super().__init__()
        self.name = "Dataset.from_tensor_slices"
        self.arrays = map_element(_sliceable, tensors)
        lengths = {len(leaf) if leaf.shape else -1 for leaf in leaves_of(self.arrays)}
        if len(lengths) != 1 or -1 in lengths:
            raise DataError(
                self.name,
                expected="arrays of one length",
                received=summary(self.arrays) if lengths else "no array",
            )
        self._length = lengths.pop()
        self.lazy = any(isinstance(a, Uneven) or is_lazy(a) for a in leaves_of(self.arrays))

    def length(self) -> int:
        return self._length

    def pick(self, run: Pass, order: Iterable[int]) -> Iterator[Any]:
        return (row_of(self.arrays, index) for index in order)

    def rows(self, run: Pass) -> Rows | None:
        return None if self.lazy else self._rows

    def _rows(self, indices: np.ndarray) -> Any:
        count = len(indices)
        if count and indices[-1] - indices[0] == count - 1 and (np.diff(indices) == 1).all():
            return rows_of(self.arrays, slice(int(indices[0]), int(indices[-1]) + 1))
        return map_element(lambda a: None if a is None else a.take(indices, 0), self.arrays)

    def spec(self) -> Any:
        def one(leaf: Any) -> Any:
            if leaf is None:
                return None
            return TensorSpec(tuple(leaf.shape[1:]), input_dtype(leaf.dtype))

        return map_element(one, self.arrays)


def _sliceable(leaf: Any) -> Any:
    if leaf is None or is_lazy(leaf):
        return leaf
    try:
        array = np.asarray(as_leaf(leaf))
    except DataError:
        if not isinstance(leaf, list):
            raise
        uneven = Uneven(leaf)
        uneven.rows = [*map(read_only, uneven.rows)]
        return uneven
    return read_only(array) if array.ndim else np.empty((), np.int8)


def read_only(array: np.ndarray) -> np.ndarray:
    """A view that nobody writes through: what a function changes in place would stay changed."""
    view = array.view()
    view.flags.writeable = False
    return view


class Paths(Slices):
    """Paths of files, with labels beside them or without; a file counts by its bytes."""

    decides = ("contents", "labels")

    def __init__(self, name: str, paths: Sequence[Any], labels: Any = None) -> None:
        """Args:
        name: what it is called in errors.
        paths: the files.
        labels: an array or text for each, or None.
        """
        self.paths = [str(path) for path in paths]
        super().__init__(self.paths if labels is None else (self.paths, labels))
        self.name = name

    @property
    def contents(self) -> list[Contents]:
        """The files."""
        return [Contents(Path(path)) for path in self.paths]

    @property
    def labels(self) -> Any:
        """What stands beside the paths."""
        return self.arrays[1:] if isinstance(self.arrays, tuple) else None


class Single(Node):
    """One element."""

    indexable = True
    decides = ("element",)

    def __init__(self, tensors: Any) -> None:
        super().__init__()
        self.name = "Dataset.from_tensors"
        self.element = as_element(tensors, own=True)

    def length(self) -> int:
        return 1

    def pick(self, run: Pass, order: Iterable[int]) -> Iterator[Any]:
        return (self.element for _ in order)


class Range(Node):
    """Whole numbers."""

    indexable = True
    batched = False
    decides = ("numbers", "dtype")

    def __init__(self, numbers: range, dtype: np.dtype[Any]) -> None:
        super().__init__()
        self.name = "Dataset.range"
        self.numbers = numbers
        self.dtype = dtype

    def length(self) -> int:
        return len(self.numbers)

    def pick(self, run: Pass, order: Iterable[int]) -> Iterator[Any]:
        return (self.dtype.type(self.numbers[index]) for index in order)

    def rows(self, run: Pass) -> Rows | None:
        first, step = self.numbers.start, self.numbers.step
        return lambda indices: (first + step * indices).astype(self.dtype)


class Generated(Node):
    """What a generator gives; every pass calls for a new one."""

    pure = False
    decides = ("content",)

    def __init__(
        self, make: Callable[..., Iterable[Any]], args: tuple[Any, ...], form: Any
    ) -> None:
        super().__init__()
        self.name = "Dataset.from_generator"
        if not callable(make):
            raise ArgumentError(
                self.name,
                expected="a function that returns a new iterable for every pass",
                received=type(make).__name__,
                fix="Pass the function itself, without calling it: from_generator(make).",
            )
        self.make = make
        self.args = args
        self.form = form

    def length(self) -> int:
        return UNKNOWN

    @property
    def content(self) -> Any:
        """Nobody can tell.

        Raises:
            DataError: always.
        """
        raise DataError(
            f"Dataset.cache(path), behind {self.name}",
            expected="sources whose content can be told before it is read: arrays or files",
            received="a generator",
            fix="Keep its elements in memory, `cache()`, or begin with arrays or files and `map`.",
        )

    def stream(self, run: Pass) -> Iterator[Any]:
        name = f"{self.name}({label(self.make)})"
        made = iter(asked(self.name, "generator()", call_with, self.make, self.args))
        for index in count():
            place = f"In {name}, element {index}."
            given = noted(lambda place=place: place, next, made, _END)
            if given is _END:
                return
            element = as_element(given, own=True)
            yield element if self.form is None else self._as_told(element, index)

    def _as_told(self, element: Any, index: int) -> Any:
        """The element in the dtypes of the signature.

        Raises:
            DataError: it has another form, or other shapes.
        """

        def leaf_as(leaf: Any, spec: TensorSpec) -> Any:
            found = np.asarray(leaf)
            fits = spec.shape is None or (
                found.ndim == len(spec.shape)
                and all(a in (None, b) for a, b in zip(spec.shape, found.shape, strict=True))
            )
            text = spec.dtype == TEXT
            if not fits or text != (found.dtype.kind in "OUS"):
                raise ValueError
            return leaf if text else found.astype(spec.dtype, copy=False)[()]

        if isinstance(element, np.ndarray) and isinstance(self.form, tuple):
            element = tuple(element)  # a list was given for a tuple
        try:
            return specs_map(lambda spec, leaf: leaf_as(leaf, spec), self.form, element)
        except (ValueError, TypeError, KeyError):
            told = specs_map(lambda spec: f"{spec.dtype}{spec.shape or ''}", self.form)
            raise DataError(
                f"{self.name}, element {index}",
                expected=f"{told}, as output_signature says",
                received=summary(element),
            ) from None

    def spec(self) -> Any:
        shapes: list[Any] = []
        specs_map(lambda spec: shapes.append(spec and spec.shape), self.form)
        return specs(first_of(self)) if None in shapes else self.form
