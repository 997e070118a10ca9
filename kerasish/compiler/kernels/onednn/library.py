"""Finds and loads libdnnl.so.3 at first use, once, in a thread-safe way."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import site
import sys
import sysconfig
import threading
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from kerasish.compiler import openmp
from kerasish.compiler.providers import ask_again
from kerasish.errors import BackendError
from kerasish.extras import command

NAME = "onednn"  # as settings and printed plans show it
SONAME = "libdnnl.so.3"
MAJOR = 3
# What the library keeps for plans to come, 0.1 MB each; those in use live with their plans. Its own
# default, 1024, is a growth of 100 MB where shapes are ever new.
PRIMITIVES = 32

_lock = threading.Lock()
_forks: list[int] = []  # this process, where it was forked with the library loaded
_FORKED = (
    "a forked process is without oneDNN, whose threads stay with the parent, and computes more "
    "slowly. Start processes with multiprocessing.get_context('spawn')."
)


class _Version(ctypes.Structure):
    _fields_ = [("major", ctypes.c_int), ("minor", ctypes.c_int), ("patch", ctypes.c_int)]


def candidates() -> Iterator[str]:
    """Where the library may be: where pip puts a wheel's data, then the system's linker."""
    # importlib.metadata would know exactly, but importing it takes as long as this package.
    roots = dict.fromkeys([sysconfig.get_path("data"), sys.base_prefix, site.getuserbase()])
    for root in roots:
        path = Path(root, "lib", SONAME)
        if path.exists():
            yield str(path)
    if (found := ctypes.util.find_library("dnnl")) is not None:
        yield found


def version_of(library: ctypes.CDLL) -> tuple[int, int, int]:
    """(major, minor, patch) of a loaded library."""
    library.dnnl_version.restype = ctypes.POINTER(_Version)
    found = library.dnnl_version().contents
    return found.major, found.minor, found.patch


def _attempt(path: str) -> ctypes.CDLL | str:
    try:
        openmp.load()
        library = ctypes.CDLL(path)
    except OSError as error:
        return f"{path}: {error}"
    version = version_of(library)
    if version[0] != MAJOR:
        return f"{path}: version {'.'.join(map(str, version))}, expected {MAJOR}.x"
    library.dnnl_set_primitive_cache_capacity(ctypes.c_int(PRIMITIVES))
    return library


def _stay_out_of_forks() -> None:
    """A forked process has one OpenMP thread, but primitives share their work among as many as
    there were when they were made: functions are compiled anew there, without this library."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_forked)


def _forked() -> None:
    _forks.append(os.getpid())
    ask_again(NAME)


@cache
def _load() -> ctypes.CDLL | str:
    reasons = []
    for path in candidates():
        found = _attempt(path)
        if not isinstance(found, str):
            _stay_out_of_forks()
            return found
        reasons.append(found)
    return "; ".join(reasons) or f"{SONAME} is not installed: {command('onednn')}"


def unavailable() -> str | None:
    """Why oneDNN cannot be used here, or None where it can."""
    if _forks:  # asked once, for the first plan that could use it
        warnings.warn(f"kerasish: {_FORKED}", stacklevel=2)
        return _FORKED
    with _lock:
        found = _load()
    return found if isinstance(found, str) else None


def load() -> ctypes.CDLL:
    """The loaded library.

    Raises:
        BackendError: it is absent, or not version 3.
    """
    with _lock:
        found = _load()
    if isinstance(found, str):
        raise BackendError(
            "oneDNN could not be loaded",
            expected=SONAME,
            received=found,
            fix=f"Install it with: {command('onednn')}",
        )
    return found
