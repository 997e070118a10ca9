"""Making items ahead of their use, in one background thread."""

from __future__ import annotations

import threading
import weakref
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any, Generic, TypeVar

import numpy as np

from kerasish import tree
from kerasish.data.workers import PREFIX, may_wait
from kerasish.errors import ArgumentError

T = TypeVar("T")


class _Channel:
    """A bounded queue between one producer and one consumer that either side can end."""

    def __init__(self, depth: int) -> None:
        self.depth = depth
        self.items: deque[Any] = deque()
        self.changed = threading.Condition()
        self.stopped = False
        self.finished = False
        self.error: BaseException | None = None

    def put(self, item: Any) -> bool:
        """Add `item` once there is room; False when nobody wants more."""
        with self.changed:
            self.changed.wait_for(lambda: self.stopped or len(self.items) < self.depth)
            if not self.stopped:
                self.items.append(item)
                self.changed.notify_all()
            return not self.stopped

    def __enter__(self) -> None:
        """Begin producing."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        """End producing; an error is kept for the consumer, who raises it."""
        with self.changed:
            self.finished, self.error = True, error
            self.changed.notify_all()
        return True

    def stop(self) -> None:
        with self.changed:
            self.stopped = True
            self.items.clear()
            self.changed.notify_all()

    def get(self) -> Any:
        """The next item; StopIteration at the end, the producer's own error where it failed."""
        with self.changed:
            self.changed.wait_for(lambda: self.items or self.finished or self.stopped)
            if self.items:
                item = self.items.popleft()
                self.changed.notify_all()
                return item
            error, self.error = self.error, None
        if error is not None:
            raise error  # with the traceback it had in the thread
        raise StopIteration


def _owned(leaf: Any) -> Any:
    return np.array(leaf) if hasattr(leaf, "__array_interface__") else leaf


def _produce(source: Iterable[Any], channel: _Channel, own: bool) -> None:
    with channel:
        iterator = iter(source)
        try:
            for item in iterator:
                if not channel.put(tree.map_structure(_owned, item) if own else item):
                    break
        finally:
            close = getattr(iterator, "close", None)
            if close is not None:
                close()


class Prefetcher(Iterator[T], Generic[T]):
    """Iterates over `source` in a thread that stays up to `depth` items ahead.

    The thread ends with the source, with `close()`, with the `with` block, or when the
    prefetcher is garbage-collected. `close` waits for it; a generator is closed in the thread.
    `fit(Prefetcher(generator))` makes a generator's batches ahead, while the model trains.
    """

    def __init__(self, source: Iterable[T], depth: int = 2, own: bool = True) -> None:
        """Args:
        source: what to iterate over; from now on only the thread touches it.
        depth: how many items may wait, 1 or more.
        own: whether numpy arrays in the items are copied before they wait; False only where
            `source` never writes to what it gave.
        """
        if depth < 1:
            raise ArgumentError("depth", expected="1 or more", received=repr(depth))
        self._channel = _Channel(depth)
        self._begun_by = threading.get_ident()
        # The thread knows the channel and not this object, so that dropping this object ends it.
        self._thread = threading.Thread(
            target=_produce,
            args=(source, self._channel, own),
            name=f"{PREFIX}prefetch",
            daemon=True,
        )
        self._finalizer = weakref.finalize(self, self._channel.stop)
        self._thread.start()

    def __next__(self) -> T:
        try:
            return self._channel.get()
        except Exception:
            self.close()
            raise
        except BaseException:
            self._finalizer()  # interrupted: what the thread waits for may never come
            raise

    def close(self) -> None:
        """End the thread and wait until it has ended."""
        self._finalizer()
        if may_wait(self._begun_by):
            self._thread.join()

    def __enter__(self) -> Prefetcher[T]:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
