"""The OpenMP runtime that oneDNN's threads come from: loaded once, with a short wait.

Idle OpenMP threads spin for milliseconds by default, which starves every other thread pool of the
process: an OpenBLAS product right after a convolution takes ten times as long. Without any
spinning every parallel region costs some 10 us to wake the others, which doubles the time of an
LSTM. About 25 us of spinning bridges the gap between two steps of a plan and hurts nobody else.
libgomp reads its settings from the environment once, while it loads.
"""

from __future__ import annotations

import ctypes
import functools
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from kerasish.config import num_threads

_SONAME = "libgomp.so.1"
_SPINCOUNT = "1000"
_lock = threading.Lock()


def wanted_environment() -> dict[str, str]:
    """The variables libgomp is to find while it loads; what the user has set stays."""
    wanted = {}
    if "OMP_WAIT_POLICY" not in os.environ and "GOMP_SPINCOUNT" not in os.environ:
        wanted["GOMP_SPINCOUNT"] = _SPINCOUNT
    if os.environ.get("KERASISH_NUM_THREADS"):
        wanted["OMP_NUM_THREADS"] = str(num_threads())
    return wanted


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@functools.cache
def _load() -> ctypes.CDLL:
    with _environment(wanted_environment()):
        library = ctypes.CDLL(_SONAME)
    if os.environ.get("KERASISH_NUM_THREADS"):
        # Where another package loaded libgomp first, the environment came too late.
        library.omp_set_num_threads(ctypes.c_int(num_threads()))
    if hasattr(os, "register_at_fork"):
        # The threads stay with the parent; libgomp would wait for them for ever.
        alone = functools.partial(library.omp_set_max_active_levels, ctypes.c_int(0))
        os.register_at_fork(after_in_child=alone)
    return library


def load() -> ctypes.CDLL:
    """libgomp, one pool for every compiled kernel of the process.

    Raises:
        OSError: the machine has no libgomp.
    """
    with _lock:
        return _load()
