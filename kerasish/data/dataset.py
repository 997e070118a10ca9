"""`Dataset`: elements that are made when they are asked for, and the steps that make them."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

import numpy as np

from kerasish.data.caching import MEMORY_BYTES, InMemory, Kept
from kerasish.data.dataset_source import source_of
from kerasish.data.elements import SKIPPED, map_element
from kerasish.data.folder_cache import FOLDER_BYTES, InFolder
from kerasish.data.grouping import Windowed, padded
from kerasish.data.mapping import Filtered, Interleaved, Mapped, WhileTrue
from kerasish.data.nodes import (
    AUTOTUNE,
    INFINITE,
    UNKNOWN,
    Node,
    Pass,
    finite,
    walk,
)
from kerasish.data.shuffling import Shuffled
from kerasish.data.source import Batches, DataSource
from kerasish.data.sources import Sources
from kerasish.data.stages import (
    Ahead,
    Batched,
    Joined,
    Numbered,
    Repeated,
    Taken,
    Unbatched,
    Zipped,
)
from kerasish.errors import ArgumentError, DataError
from kerasish.hints import function, hinted_methods, one_of, whole
from kerasish.tracebacks import shorten


@hinted_methods
class Dataset(Sources, Batches):
    """A series of elements, made when they are asked for; every method gives a new one.

    An element is an array, a number or text, or a tuple or dict of these. A function that is given
    an element that is a tuple is called with its parts: `map(lambda x, y: ...)`.

    Attributes:
        class_names: the names of the classes, where what made the dataset knows them.
        file_paths: the files it is made of, where it is.

    Example:
        >>> from kerasish.data import Dataset
        >>> ds = Dataset.range(6).map(lambda n: n * n).batch(4)
        >>> [batch.tolist() for batch in ds]
        [[0, 1, 4, 9], [16, 25]]
    """

    AUTOTUNE: ClassVar[int] = AUTOTUNE

    def __init__(self, node: Node, like: Dataset | None = None) -> None:
        """Args:
        node: what makes the elements.
        like: a dataset whose names and paths this one keeps.
        """
        super().__init__(node)
        self.passes = 0  # begun so far; each shuffles anew
        self.class_names: Any = None
        if like is not None:
            self.class_names, self.file_paths = like.class_names, like.file_paths

    # --- what is in an element ----------------------------------------------------------------

    def map(
        self,
        map_func: Callable[..., Any],
        num_parallel_calls: int | None = None,
        deterministic: bool | None = None,
        *,
        errors: str = "raise",
    ) -> Dataset:
        """What a function, layer or model makes of every element.

        Args:
            map_func: called with numpy arrays; tensors that it returns become arrays.
            num_parallel_calls: threads that call it; AUTOTUNE: one per processor.
            deterministic: accepted for compatibility; the order is always kept.
            errors: "raise", or "skip": an element for which it fails is left out and counted
                (`skipped`).

        Random layers and ops draw from a key of the pass and the element's position: what they
        give does not depend on the number of threads, and a run that is resumed sees the same.

        Raises:
            DataError: when the element is asked for: the function failed; its number is told.
        """
        one_of("Dataset.map, errors", errors, ("raise", "skip"))
        parallel = num_parallel_calls
        if parallel not in (None, AUTOTUNE):
            parallel = whole("Dataset.map, num_parallel_calls", parallel, 1)
        return self._then(
            Mapped(self.node, function("Dataset.map", map_func), parallel, errors == "skip")
        )

    def filter(self, predicate: Callable[..., Any]) -> Dataset:
        """The elements for which a function is true."""
        return self._then(Filtered(self.node, function("Dataset.filter", predicate)))

    def take_while(self, predicate: Callable[..., Any]) -> Dataset:
        """The elements before the first for which a function is false."""
        return self._then(WhileTrue(self.node, function("Dataset.take_while", predicate)))

    def flat_map(self, map_func: Callable[..., Any]) -> Dataset:
        """The elements of the datasets that a function makes of elements, one after the other."""
        return self.interleave(map_func, 1, 1)

    def interleave(
        self,
        map_func: Callable[..., Any],
        cycle_length: int | None = None,
        block_length: int | None = None,
        num_parallel_calls: int | None = None,
        deterministic: bool | None = None,
    ) -> Dataset:
        """The elements of the datasets that a function makes of elements, in turns.

        Args:
            map_func: gives a `Dataset`.
            cycle_length: how many are read in turns; 1 by default.
            block_length: elements of one turn; 1 by default.
            num_parallel_calls: accepted for compatibility.
            deterministic: accepted for compatibility; the order is always that of the turns.
        """
        one = (None, AUTOTUNE)
        cycle = 1 if cycle_length in one else cycle_length
        turn = 1 if block_length in one else block_length
        cycle = whole("Dataset.interleave, cycle_length", cycle, 1)
        turn = whole("Dataset.interleave, block_length", turn, 1)
        return self._then(
            Interleaved(self.node, function("Dataset.interleave", map_func), cycle, turn)
        )

    def enumerate(self, start: int = 0) -> Dataset:
        """Pairs (number, element), counted from `start`."""
        return self._then(Numbered(self.node, int(start)))

    def apply(self, transformation_func: Callable[[Dataset], Any]) -> Any:
        """What a function makes of this dataset."""
        return transformation_func(self)

    def reduce(self, initial_state: Any, reduce_func: Callable[..., Any]) -> Any:
        """The last of the states, each of which a function makes of the one before and an element.

        Args:
            initial_state: the first.
            reduce_func: called with (state, element).
        """
        state = initial_state
        for element in self:
            state = reduce_func(state, element)
        return state

    # --- how many go together -----------------------------------------------------------------

    def batch(
        self,
        batch_size: int,
        drop_remainder: bool = False,
        num_parallel_calls: int | None = None,
        deterministic: bool | None = None,
    ) -> Dataset:
        """Elements that follow each other as one, with a first axis more.

        Args:
            batch_size: how many; the last batch may be shorter.
            drop_remainder: whether a shorter last one is left out.
            num_parallel_calls: accepted for compatibility.
            deterministic: accepted for compatibility.

        Raises:
            DataError: when it is asked for: the elements have other shapes.
        """
        size = whole("Dataset.batch, batch_size", batch_size, 1)
        return self._then(Batched(self.node, size, bool(drop_remainder)))

    def padded_batch(
        self,
        batch_size: int,
        padded_shapes: Any = None,
        padding_values: Any = None,
        drop_remainder: bool = False,
    ) -> Dataset:
        """Batches of elements of several shapes, filled up at the end of every axis.

        Args:
            batch_size: how many; the last batch may be shorter.
            padded_shapes: in the form of an element, the shape to fill up to, None or -1 where it
                is that of the batch's largest element; None: everywhere.
            padding_values: in the form of an element, what to fill up with, or one for all; 0,
                False and "" by default.
            drop_remainder: whether a shorter last batch is left out.

        Raises:
            DataError: when it is asked for: an element is larger than its shape.
        """
        size = whole("Dataset.padded_batch, batch_size", batch_size, 1)
        form = padded(padded_shapes, padding_values)
        return self._then(Batched(self.node, size, bool(drop_remainder), form))

    def window(
        self, size: int, shift: int | None = None, stride: int = 1, drop_remainder: bool = False
    ) -> Dataset:
        """Datasets of `size` elements each; tuples or dicts of datasets for such elements.

        Args:
            size: elements of a window.
            shift: from the first element of a window to that of the next; `size` by default.
            stride: from an element of a window to the next.
            drop_remainder: whether shorter windows at the end are left out.

        Example:
            >>> from kerasish.data import Dataset
            >>> windows = Dataset.range(5).window(3, shift=1, drop_remainder=True)
            >>> [w.tolist() for w in windows.flat_map(lambda w: w.batch(3))]
            [[0, 1, 2], [1, 2, 3], [2, 3, 4]]
        """
        size = whole("Dataset.window, size", size, 1)
        step = size if shift is None else whole("Dataset.window, shift", shift, 1)
        stride = whole("Dataset.window, stride", stride, 1)
        return self._then(Windowed(self.node, Dataset, size, step, stride, bool(drop_remainder)))

    def unbatch(self) -> Dataset:
        """The rows of every element, one by one."""
        return self._then(Unbatched(self.node))

    # --- which come, and when -----------------------------------------------------------------

    def shuffle(
        self, buffer_size: int, seed: int | None = None, reshuffle_each_iteration: bool = True
    ) -> Dataset:
        """The elements in random order: each is drawn from the `buffer_size` that come next.

        Args:
            buffer_size: as many as there are for a permutation. Where elements can be asked for by
                number (arrays, files, and what `map`, `take` and `skip` make of them), only
                numbers wait in the buffer.
            seed: of the order; otherwise it is another one every time.
            reshuffle_each_iteration: whether every pass has another order. If not, and without a
                seed, the order is that of the seed 0, in this program and in the next.
        """
        size = whole("Dataset.shuffle, buffer_size", buffer_size, 1)
        if seed is None and not reshuffle_each_iteration:
            seed = 0
        if seed is not None:
            seed = whole("Dataset.shuffle, seed", seed, 0)
        return self._then(Shuffled(self.node, size, seed, bool(reshuffle_each_iteration)))

    def take(self, count: int) -> Dataset:
        """The first `count` elements; -1: all."""
        count = whole("Dataset.take, count", count, -1)
        return self._then(Taken(self.node, 0, None if count == -1 else min(count, sys.maxsize)))

    def skip(self, count: int) -> Dataset:
        """All but the first `count` elements; -1: none."""
        count = whole("Dataset.skip, count", count, -1)
        return self._then(Taken(self.node, 0, 0) if count == -1 else Taken(self.node, count, None))

    def shard(self, num_shards: int, index: int) -> Dataset:
        """Every `num_shards`-th element, from number `index` on."""
        number = whole("Dataset.shard, num_shards", num_shards, 1)
        first = whole("Dataset.shard, index", index, 0)
        if first >= number:
            raise ArgumentError(
                "Dataset.shard, index", expected=f"0 to {number - 1}", received=first
            )
        return self._then(Taken(self.node, first, None, number))

    def repeat(self, count: int | None = None) -> Dataset:
        """All elements `count` times; None or -1: without end."""
        times = None if count is None or count == -1 else whole("Dataset.repeat, count", count, 0)
        return self._then(Repeated(self.node, times))

    def concatenate(self, dataset: Dataset) -> Dataset:
        """These elements and then those of another dataset."""
        return self._then(Joined(self.node, _checked("Dataset.concatenate", dataset).node))

    def cache(self, path: Any = None, *, limit: int | None = None) -> Dataset:
        """The same elements, each made once and kept, in memory or in a folder.

        Beneath a cache everything random is as in the first pass, whichever pass makes an element.
        A folder may be shared: what is kept has a key, made of the bytes of the sources and of how
        they are prepared (code and constants of functions, config and weights of layers). Where
        one of these is another, so is the key. What is kept counts for later programs once all of
        it is there.

        Args:
            path: the folder, made if needed; None or "": in memory.
            limit: how many bytes may be kept, in memory or in the folder; 4 GiB and 16 GiB by
                default. What was not read for the longest time makes room in a folder.

        Raises:
            DataError: when an element is made: there are more; or the sources are a generator, or
                a function uses what cannot be told by its content, and there is a folder.
        """
        default = FOLDER_BYTES if path else MEMORY_BYTES
        size = default if limit is None else whole("Dataset.cache, limit", limit, 1)
        store = InFolder(path, size) if path else InMemory(size)
        return self._then(Kept(self.node, store))

    @staticmethod
    def zip(*args: Any) -> Dataset:
        """Elements of several datasets side by side, as long as the shortest.

        Args:
            *args: datasets, or one tuple or dict of datasets.
        """
        if not args:
            raise ArgumentError("Dataset.zip", expected="datasets", received="none")
        given = args[0] if len(args) == 1 else tuple(args)
        first: list[Dataset] = []

        def node(part: Any) -> Node:
            first.append(_checked("Dataset.zip", part))
            return part.node

        return Dataset(Zipped(map_element(node, given)), like=first[0])

    def prefetch(self, buffer_size: int = AUTOTUNE) -> Dataset:
        """The same elements, made ahead in a thread.

        Args:
            buffer_size: how many may wait; AUTOTUNE: 2.
        """
        depth = whole("Dataset.prefetch, buffer_size", buffer_size, -1)
        return self._then(Ahead(self.node, 2 if depth == AUTOTUNE else depth)) if depth else self

    # --- what is known of it ------------------------------------------------------------------

    def __iter__(self) -> Iterator[Any]:
        """A pass, with an order and draws of its own; they follow `set_random_seed`."""
        seed = tuple(np.random.randint(0, 2**31, size=2).tolist())
        run = Pass((self.passes,), seed)
        self.passes += 1
        return _told(element for element in self.node.items(run) if element is not SKIPPED)

    def as_numpy_iterator(self) -> Iterator[Any]:
        """The elements, which are numpy arrays anyway."""
        return iter(self)

    def get_single_element(self, name: str | None = None) -> Any:
        """The one element of a dataset.

        Args:
            name: accepted for compatibility.

        Raises:
            DataError: there is none, or more than one.
        """
        found = [*itertools.islice(self, 2)]
        if len(found) == 1:
            return found[0]
        raise DataError(
            "Dataset.get_single_element",
            expected="a dataset of one element",
            received="several" if found else "none",
            fix="Take one first: ds.take(1).get_single_element()." if found else "",
        )

    def _training_source(self, class_weight: Mapping[int, float] | None) -> DataSource:
        return source_of(self, class_weight)

    def cardinality(self) -> int:
        """Elements of a pass; -1 (INFINITE) for no end, -2 (UNKNOWN) where only a pass can tell.

        Elements that are left out because they failed are counted.
        """
        return self.node.length()

    def __len__(self) -> int:
        length = self.node.length()
        if not finite(length):
            told = "no end" if length == INFINITE else "a number of elements that is not known"
            raise TypeError(f"A Dataset with {told} has no length: see cardinality().")
        return length

    def __bool__(self) -> bool:
        return True

    @property
    def element_spec(self) -> Any:
        """The `TensorSpec` of every part of an element, None for sizes that are open."""
        return self.node.spec()

    @property
    def skipped(self) -> int:
        """How many elements were left out because they failed, in all passes so far."""
        return sum(len(node.skipped) for node in walk(self.node))

    def __repr__(self) -> str:
        length = self.node.length()
        told = {INFINITE: "without end", UNKNOWN: "unknown length"}.get(
            length, f"{length} elements"
        )
        return f"<Dataset: {told}>"

    def _then(self, node: Node) -> Dataset:
        return Dataset(node, like=self)


def _told(elements: Iterator[Any]) -> Iterator[Any]:
    """Elements whose errors show users' lines alone."""
    try:
        yield from elements
    except Exception as error:
        shorten(error)
        raise


def _checked(what: str, given: Any) -> Dataset:
    if not isinstance(given, Dataset):
        raise ArgumentError(what, expected="datasets", received=type(given).__name__)
    return given
