"""Arena: the memory that the plans of one function share."""

from __future__ import annotations

import contextlib
import mmap
import threading
from typing import Any

import numpy as np

from kerasish.backend.base import Backend, current

Array = Any

SMALL = 1 << 22  # bytes that are not worth a thread
STRETCH = 1 << 24  # bytes touched without looking up


class Arena:
    """One block of memory for all plans of a function, since only one of them runs at a time.

    It grows with the largest plan, and then by a quarter more, so that plans for ever larger
    shapes share blocks too; earlier plans keep the block they were bound to.
    """

    def __init__(self) -> None:
        self._block: Array = None
        self._device: Backend | None = None
        self._touch: FirstTouch | None = None

    def take(self, nbytes: int) -> Array:
        """A block of at least `nbytes`, not to be written to before `settle`."""
        device = current()
        if self._block is None or self._device is not device or self._block.size < nbytes:
            spare = 0 if self._block is None else self._block.size // 4
            self.settle()
            self._device, self._block = device, device.empty(nbytes + spare)
            if device.host and nbytes >= SMALL:
                self._touch = FirstTouch(self._block)
        return self._block

    def settle(self) -> None:
        """From now on the block belongs to whoever took it."""
        if self._touch is not None:
            self._touch.end()
            self._touch = None

    def clear(self) -> None:
        """Forget the block."""
        self.settle()
        self._block = None


class FirstTouch:
    """Writes to every page of new memory, in a thread of its own, until it is told to end.

    The system hands out memory page by page as pages are first written to, which takes 0.1 to
    2 ms per MB, the most on virtual machines. This way it happens while a plan is still being
    bound, on a core that has nothing else to do. The contents are undefined before and after.
    """

    def __init__(self, memory: np.ndarray) -> None:
        self._memory = memory
        self._ended = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        with contextlib.suppress(RuntimeError):  # no new threads while the interpreter exits
            self._thread.start()

    def _run(self) -> None:
        for start in range(0, self._memory.size, STRETCH):
            if self._ended:
                return
            self._memory[start : start + STRETCH : mmap.PAGESIZE] = 0

    def end(self) -> None:
        """Stop, at the latest after the stretch at hand."""
        self._ended = True
        if self._thread.ident is not None:
            self._thread.join()
