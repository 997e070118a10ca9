"""Public names: where each lives, and that nothing is loaded before it is asked for."""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kerasish import registry
from kerasish._names import KINDS, PUBLIC
from kerasish.collector import resting, take_for_old
from kerasish.errors import told


def load(module: str) -> Any:
    """The module of this name in this package, imported where it is not yet."""
    if module in sys.modules:
        return importlib.import_module(module)  # waits where another thread is importing it
    with resting():
        loaded = importlib.import_module(module)
    take_for_old()
    return loaded


@functools.cache
def _table(kind: str) -> Mapping[str, tuple[str, str]]:
    return _split(KINDS[kind])


def _split(homes: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Every name of the index with its module and its own name there."""
    found: dict[str, tuple[str, str]] = {}
    for home, listed in homes.items():
        for entry in listed.split():
            name, _, own = entry.partition(":")
            found[name] = (home, own or name)
    return found


def namespace(
    module: str, names: Iterable[str] = ()
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """`__getattr__` and `__dir__` of a public namespace.

    Args:
        module: its name.
        names: what it has itself; what the index says of it is loaded when it is asked for.
    """
    homes = _split(PUBLIC.get(module, {}))
    public = sorted({*names, *homes})

    def __getattr__(name: str) -> Any:
        if name == "__all__":
            return public
        if name not in homes:
            fix = "" if name[0] == "_" else registry.hint(name, public)
            text = told(f"module {module!r} has no attribute {name!r}", fix=fix)
            raise AttributeError(text, name="")  # or Python adds a hint of its own
        home, own = homes[name]
        if home == "kerasish.graph":
            load("kerasish.ops")  # which gives tensors their operators
        if own == "*":  # the module itself, of which a namespace makes its own
            found = load(home)
        else:
            found = getattr(load(home), own) if home else load(f"{module}.{own}")
        setattr(sys.modules[module], name, found)
        return found

    def __dir__() -> list[str]:
        return list(public)

    return __getattr__, __dir__


def _enter(kind: str, name: str) -> None:
    """Enter a built-in name of a kind, if it is one."""
    if name in _table(kind):
        home, own = _table(kind)[name]
        registry.add(kind, getattr(load(home), own), name)


for _kind in KINDS:
    registry.home(_kind, functools.partial(_enter, _kind), functools.partial(_table, _kind))
registry.home("op", lambda name: load("kerasish.ops"))  # which enters all of them
