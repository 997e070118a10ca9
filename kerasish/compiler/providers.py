"""Providers: libraries whose kernels replace reference kernels, tried in order per node."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from kerasish import registry
from kerasish.config import settings
from kerasish.errors import UnknownNameError
from kerasish.graph.node import Node
from kerasish.hints import function
from kerasish.registry import hint

Array = Any
BoundKernel = Callable[[], None]
Inplace = tuple[int, ...] | Callable[[Node], Sequence[tuple[int, int]]]
Bind = Callable[[Node, Sequence[Array], Sequence[Array | None]], BoundKernel]

PROVIDERS: dict[str, Callable[[], str | None]] = {}  # name -> why it cannot run here, or None
ADDS: dict[str, str] = {}  # name -> what it brings, in words
_kernels: dict[str, list[Kernel]] = {}
_available: dict[str, bool] = {}


@dataclass(frozen=True)
class Kernel:
    """One way to run one op.

    Attributes:
        provider: the library's name, as settings and printed plans show it.
        supports: whether it can run this node, judged by specs and attributes alone.
        bind: `bind(node, inputs, outputs) -> step`, called once per plan with fixed arrays
            (inputs may be strided views; an output that nobody reads is None).
        backend: the backend whose arrays it takes; None for all.
        inplace: the inputs whose buffer output 0 may share, where they die at this node; or
            `inplace(node)`, the (output, input) pairs that may share one.
    """

    provider: str
    supports: Callable[[Node], bool]
    bind: Bind
    backend: str | None = "numpy"
    inplace: Inplace = ()


def provider(name: str, unavailable: Callable[[], str | None], adds: str) -> None:
    """Announce a provider.

    Args:
        name: as settings and printed plans show it.
        unavailable: gives the reason why it cannot run on this machine, or None where it can.
        adds: what it brings, in words, for `kerasish info`.
    """
    PROVIDERS[name] = function(f"provider({name!r}), unavailable", unavailable)
    ADDS[name] = adds


def kernel(
    op_name: str,
    *,
    provider: str,
    supports: Callable[[Node], bool] = lambda node: True,
    backend: str | None = "numpy",
    inplace: Inplace = (),
    first: bool = False,
) -> Callable[[Bind], Bind]:
    """Decorator: register `bind(node, inputs, outputs) -> step` for an op.

    Kernels registered first are tried first. What was compiled before is compiled anew.

    Args:
        first: whether this one is tried before those that are there already.

    Raises:
        UnknownNameError: no such op, or no such provider.
    """
    registry.lookup("op", op_name)
    if provider not in PROVIDERS:
        raise UnknownNameError(
            f"A kernel for {op_name!r}",
            expected=f"a provider that was announced with provider(): {', '.join(PROVIDERS)}",
            received=repr(provider),
            fix=hint(provider, PROVIDERS),
        )

    def decorate(bind: Bind) -> Bind:
        made = Kernel(provider, supports, bind, backend, inplace)
        held = _kernels.setdefault(op_name, [])
        held.insert(0 if first else len(held), made)
        settings.generation += 1
        return bind

    return decorate


def active(name: str) -> bool:
    """Whether a provider can run here and is not switched off."""
    if name in settings.disabled_providers or name not in PROVIDERS:
        return False
    if name not in _available:
        _available[name] = PROVIDERS[name]() is None
    return _available[name]


def ask_again(name: str) -> None:
    """Forget whether a provider can run here, and the plans that were built on it."""
    _available.pop(name, None)
    settings.generation += 1


def find(node: Node, backend: str) -> Kernel | None:
    """The first kernel of an active provider that supports `node`, or None."""
    for candidate in _kernels.get(node.op.name, ()):
        here = candidate.backend is None or candidate.backend == backend
        if here and active(candidate.provider) and candidate.supports(node):
            return candidate
    return None


def describe() -> list[tuple[str, str]]:
    """Pairs (provider, "active: what it does", or why not and what it would add)."""
    rows: list[tuple[str, str]] = []
    for name, unavailable in PROVIDERS.items():
        reason = "switched off" if name in settings.disabled_providers else unavailable()
        state = "active" if reason is None else f"{reason.rstrip('.')}; it would add"
        rows.append((name, f"{state}: {ADDS[name]}"))
    return rows
