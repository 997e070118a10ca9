"""`resting`: the garbage collector rests while much is made that lives on."""

from __future__ import annotations

import gc


class resting:  # a context manager, read as a word
    """Context manager: no garbage collection inside.

    Nearly all that an import, a trace or a plan makes lives on. To look through it over and over
    while it grows takes a quarter of the time, and brings the first look at everything, 20 ms,
    into somebody's first step.
    """

    def __enter__(self) -> None:
        self._enabled = gc.isenabled()
        try:
            gc.disable()
        except BaseException:  # an interrupt comes when a call is done: nobody would leave then
            self.__exit__()
            raise

    def __exit__(self, *error: object) -> None:
        if self._enabled:
            gc.enable()
