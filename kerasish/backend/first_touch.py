"""First touches: the system gives memory page by page, when a page is first written to."""

from __future__ import annotations

import mmap
import threading

import numpy as np

SMALL = 1 << 22  # bytes that are not worth a thread
STRETCH = 1 << 24  # bytes touched without looking up


class FirstTouch:
    """Writes to every page of new memory in a thread of its own, until it is told to end.

    What a page takes, 0.1 to 2 ms per MB on virtual machines, is then spent while the owner does
    something else. The contents are undefined before and after.

    Args:
        memory: flat bytes that nobody else writes to until `end` has returned.
    """

    def __init__(self, memory: np.ndarray) -> None:
        self._memory = memory
        self._ended = memory.size < SMALL
        self._thread = threading.Thread(target=self._touch, daemon=True)
        if not self._ended:
            self._thread.start()

    def _touch(self) -> None:
        for start in range(0, self._memory.size, STRETCH):
            if self._ended:
                return
            self._memory[start : start + STRETCH : mmap.PAGESIZE] = 0

    def end(self) -> None:
        """Stop; the memory is its owner's again."""
        self._ended = True
        if self._thread.ident is not None:
            self._thread.join()
