"""CUDA graphs: what calls launch, recorded once and launched as one piece from then on.

A recording may hold addresses of temporaries that cupy gave out while it was made. They come from a
pool of their own, which nothing else uses and which is never emptied; recordings run one after the
other on one stream, so they can share it.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Sequence
from typing import Any

from kerasish.backend.base import Call

SHORTEST = 2  # calls that are worth a recording


class Recorded:
    """A recording, launched on the current stream.

    Attributes:
        count: how many calls it stands for.
    """

    def __init__(self, graph: Any, count: int) -> None:
        self._launch = graph.launch
        self.count = count

    def __call__(self) -> None:
        self._launch()


class Recorder:
    """Makes recordings with cupy."""

    def __init__(self, xp: Any) -> None:
        self._xp = xp
        self._lock = threading.Lock()

    @property
    def _cuda(self) -> Any:
        return self._xp.cuda

    @functools.cached_property
    def _pool(self) -> Any:
        return self._cuda.MemoryPool()

    @functools.cached_property
    def _stream(self) -> Any:
        return self._cuda.Stream(non_blocking=True)  # the default stream cannot be captured

    def recorded(self, calls: Sequence[Call]) -> list[Call]:
        """The calls as recordings and, between them, calls that must stay."""
        made: list[Call] = []
        part: list[Call] = []
        with self._lock:
            for call in calls:
                if getattr(call, "decides", False):
                    made += [*self._parts(part), call]
                    part = []
                else:
                    part.append(call)
            return [*made, *self._parts(part)]

    def _parts(self, calls: list[Call]) -> list[Call]:
        made: list[Call] = []
        while len(calls) >= SHORTEST:
            found, at = self._attempt(calls)
            if found is not None:
                return [*made, found]
            before = calls[:at]  # all of which could be recorded
            whole, _ = self._attempt(before) if at >= SHORTEST else (None, 0)
            made += [*(before if whole is None else [whole]), calls[at]]
            calls = calls[at + 1 :]
        return [*made, *calls]

    def _attempt(self, calls: Sequence[Call]) -> tuple[Recorded | None, int]:
        """A recording of all calls, or None and the first call that cannot be recorded."""
        at = 0
        stream = self._stream
        with stream, self._cuda.using_allocator(self._pool.malloc):
            stream.begin_capture()
            try:
                for at, call in enumerate(calls):  # noqa: B007
                    call()
            except RuntimeError:  # cupy's and CUDA's errors, and NotImplementedError
                self._abandon()
                return None, at
            except BaseException:
                self._abandon()  # the stream serves the next recording too
                raise
            try:
                graph = stream.end_capture()
            except RuntimeError:
                return None, at
        return Recorded(graph, len(calls)), at

    def _abandon(self) -> None:
        try:
            self._stream.end_capture()
        except RuntimeError:
            return  # the error had ended it
