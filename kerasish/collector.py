"""The garbage collector rests while much is made that lives on, and takes it for old."""

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


def take_for_old() -> None:
    """What was made so far is looked at when everything is, and not as what is new.

    Modules stay; the first look at what is new would otherwise go through all of them, 16 ms, in
    somebody's first step. Objects that the program has frozen itself stay frozen.
    """
    if not gc.get_freeze_count():
        gc.freeze()
        gc.unfreeze()
