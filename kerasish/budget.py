"""The one account of what a file may make this process take, asked before anything is taken.

Whoever reads what somebody else wrote opens an account (`opened`); whoever is about to read, build
or compute on its behalf charges it (`spend`, `room`). A charge that goes over raises `LimitError`
before the memory or the time is spent. Without an account - in models written in Python - every
charge is one look at a context variable and limits nothing.

`allowance(times)` is how a program says that it trusts what it reads.
"""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any, TypeVar, cast

from kerasish.errors import (
    ArgumentError,
    BackendError,
    KerasishError,
    KindError,
    LimitError,
    UnsafeFileError,
)

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")
MIB = 2**20

# kind -> (what is allowed to any file, and that much more for each byte of the file, in words)
KINDS: Mapping[str, tuple[int, float, str]] = MappingProxyType(
    {
        "read": (16 * MIB, 20.0, "bytes out of the file"),
        "variables": (8 * 1000**3, 8.0, "bytes of weights and other variables"),
        "tables": (64 * MIB, 1.0, "bytes of arrays held besides the weights"),
        "download": (4096 * MIB, 0.0, "bytes of a download"),
        "work": (50_000, 1 / 256, "steps of work"),
        "objects": (200_000, 1 / 8, "lists and objects in a config"),
        "values": (100_000, 0.0, "values in a declarative file"),
        "characters": (4 * MIB, 0.0, "characters of text that variables make"),
        "hints": (10_000, 0.0, "comparisons for suggestions"),
    }
)
# Besides the arrays that a file holds: seeds, metrics, slots of an optimizer that made no step.
FREE_VARIABLES = 64 * MIB
_STEP_BYTES = 64 * 1024  # of results that are computed in about the time of one step of work
_STEP_FLOPS = 2**17
_DEPTH = 256  # of lists and dicts in a config, as in a file
_OBJECTS = 4_000_000  # in a config that is there already: they cost the time of looking at them


class Account:
    """What may still be taken for one file.

    Args:
        where: what errors call the file.
        size: its bytes, where the account grows with it.
        times: how many times the usual limits.
    """

    def __init__(self, where: str, size: int = 0, times: float = 1.0) -> None:
        self.where = where
        self.times = times
        self.left: dict[str, float] = {}
        self.limits: dict[str, float] = {}
        self._held: dict[int, Any] = {}
        for kind, (base, share, _) in KINDS.items():
            self.allow(kind, base + share * size)

    def allow(self, kind: str, amount: float) -> None:
        """Set what may be taken of a kind from here on, were the allowance 1."""
        self.limits[kind] = self.left[kind] = amount * self.times

    def spend(self, kind: str, amount: float, what: str) -> None:
        """Take `amount`, or raise before it is taken."""
        self.check(kind, amount, what)
        self.left[kind] -= amount

    def check(self, kind: str, amount: float, what: str) -> None:
        """Raise where `amount` is more than is left."""
        if not amount <= self.left[kind]:
            raise LimitError(
                f"{self.where}: {what} takes more than a file may",
                kind,
                expected=f"at most {int(self.left[kind]):,} more {KINDS[kind][2]}, of "
                f"{int(self.limits[kind]):,}",
                received=f"{amount:,.0f}",
                fix="Load what you trust with a larger allowance=, or inside "
                "kerasish.saving.allowance(...).",
            )

    def hold(self, *arrays: Any) -> None:
        """Count the memory of arrays for as long as they live."""
        for array in arrays:
            self._hold(array)

    def _hold(self, array: Any) -> None:
        while hasattr(getattr(array, "base", None), "base"):
            array = array.base  # which owns the memory
        key = id(array)
        if key in self._held:
            return
        size = array.nbytes
        self.check("tables", size, "an array that it asks for")
        self.left["tables"] -= size

        def release(_: Any) -> None:
            self._held.pop(key, None)
            self.left["tables"] += size

        self._held[key] = weakref.ref(array, release)

    def compute(self, op: Any, tensors: Any, specs: Any, attrs: Mapping[str, Any]) -> None:
        """Charge what an op on values computes and what its results take, before it runs."""
        size = sum(spec.nbytes for spec in specs)
        if op.view:
            size = max(0, size - sum(t.spec.nbytes for t in tensors))
        flops = op.flops(*(t.spec for t in tensors), **attrs) if op.flops else 0
        self.room(size, f"the op {op.name}", flops)

    def room(self, size: float, what: str, flops: float = 0) -> None:
        """Charge the making of `size` bytes, and check that they may be held."""
        self.check("tables", size, what)
        self.spend("work", size / _STEP_BYTES + flops / _STEP_FLOPS, what)


_account: ContextVar[Account | None] = ContextVar("account", default=None)
_times: ContextVar[float] = ContextVar("allowance", default=1.0)
_own: ContextVar[bool] = ContextVar("own", default=False)

current = _account.get


@contextmanager
def opened(where: str, size: int = 0, times: float | None = None) -> Iterator[Account]:
    """Context manager: the account of what is read inside; the one that is open already, if any.

    Args:
        where: what errors call the file.
        size: bytes of the file, with which some limits grow.
        times: how many times the usual limits; by default what `allowance` says.
    """
    held = _account.get()
    if held is not None:
        yield held
        return
    chosen = checked_times(times) if times is not None else _times.get()
    account = Account(where, size, chosen)
    with holding(_account, account):
        yield account


@contextmanager
def described(config: Any, variables: float | None = None, what: str = "") -> Iterator[None]:
    """Context manager: what is made inside is described by data, which a file may have held.

    Args:
        config: the data; large ones may take more work.
        variables: bytes of variables that it may ask for; None for those of a whole model.
        what: what errors call the data; by default by the class that they name.

    Raises:
        ArgumentError: the data are no such description, whatever it was that went wrong.
    """
    if _own.get() or _account.get() is not None:
        yield  # who opened the account names the file
        return
    with opened("a config") as account:
        if variables is not None:
            account.allow("variables", variables)
        with typed(what or f"The config of {_class_in(config)}"):
            grant("work", 4 * _values_in(config, account))
            yield


@contextmanager
def typed(what: str) -> Iterator[None]:
    """Context manager: what a description gives rise to inside is an error of this package.

    Args:
        what: what errors call the description.
    """
    try:
        yield
    except KerasishError:
        raise
    except MemoryError as error:
        raise BackendError(
            f"{what}: this machine has not enough memory for what it describes",
            received=error or "MemoryError",
        ) from error
    except Exception as error:
        raise KindError(
            what,
            expected="a config as get_config() and its like give it",
            received=f"one that gives {type(error).__name__}: {error}",
        ) from error


def reads_config(variables: float | None = None) -> Callable[[F], F]:
    """Decorator of a `from_config`: it reads `described` data.

    Args:
        variables: as in `described`.
    """

    def decorate(method: F) -> F:
        @functools.wraps(method)
        def from_config(cls: Any, config: Any, *args: Any, **kwargs: Any) -> Any:
            with described(config, variables, f"{cls.__name__}.from_config"):
                if not isinstance(config, Mapping):
                    raise ArgumentError(
                        f"{cls.__name__}.from_config",
                        expected="a dict, as get_config() gives it",
                        received=type(config).__name__,
                    )
                return method(cls, config, *args, **kwargs)

        return cast(F, from_config)

    return decorate


def _class_in(config: Any) -> str:
    name = config.get("class_name") if isinstance(config, Mapping) else None
    return repr(name[:80]) if isinstance(name, str) else "an object"


def _values_in(config: Any, account: Account) -> int:
    """How many values stand in lists and dicts; refuses what nothing could read to its end."""
    account.allow("objects", _OBJECTS)
    level, count, seen = [config], 0, {id(config)}
    for _ in range(_DEPTH + 1):
        account.spend("objects", len(level), "what stands in lists and dicts")
        pending: list[Any] = []
        for item in level:
            inner = item.values() if isinstance(item, Mapping) else item
            if isinstance(inner, (list, tuple)) or inner is not item:
                count += len(inner)
                new = [i for i in inner if isinstance(i, (Mapping, list, tuple))]
                pending.extend(i for i in new if id(i) not in seen)
                seen.update(map(id, new))
        if not pending:
            return count
        level = pending
    raise UnsafeFileError(
        f"{account.where}: nested deeper than {_DEPTH}", expected="the config of a model"
    )


@contextmanager
def holding(variable: ContextVar[T], value: T) -> Iterator[None]:
    """Context manager: a context variable has this value inside."""
    token = variable.set(value)
    try:
        yield
    finally:
        variable.reset(token)


def own() -> AbstractContextManager[None]:
    """Context manager: descriptions inside were made by this program a moment ago (clones)."""
    return holding(_own, True)


def charged() -> AbstractContextManager[None]:
    """Context manager: what is taken inside was charged as a whole before."""
    return holding(_account, None)


def allowance(times: float) -> AbstractContextManager[None]:
    """Context manager: files that are read inside may take `times` as much as usual.

    Args:
        times: a factor over 0; `math.inf` takes every limit away.

    Raises:
        ArgumentError: not a positive number.
    """
    return holding(_times, checked_times(times))


def checked_times(times: Any) -> float:
    """An allowance as a number.

    Raises:
        ArgumentError: not a positive number.
    """
    if isinstance(times, bool) or not isinstance(times, (int, float)) or not times > 0:
        raise ArgumentError(
            "allowance",
            expected="a number over 0, how many times the usual limits a file may take",
            received=repr(times),
        )
    return float(times)


# --- charges ------------------------------------------------------------------------------------


def spend(kind: str, amount: float, what: str) -> None:
    """Take `amount` from the open account, if there is one.

    Raises:
        LimitError: it is more than is left.
    """
    held = _account.get()
    if held is not None:
        held.spend(kind, amount, what)


def afford(kind: str, amount: float) -> bool:
    """Take `amount` where it is left, and say whether it was: for what can be left out."""
    held = _account.get()
    if held is None:
        return True
    if amount > held.left[kind]:
        return False
    held.left[kind] -= amount
    return True


def grant(kind: str, amount: float) -> None:
    """Add to what may be taken, because what the file holds is longer by that much."""
    held = _account.get()
    if held is not None:
        held.left[kind] += amount * held.times
        held.limits[kind] += amount * held.times


def room(size: float, what: str) -> None:
    """Raise unless `size` bytes may be allocated; `hold` then counts what was."""
    held = _account.get()
    if held is not None:
        held.room(size, what)


def hold(array: Any) -> None:
    """Count an array for as long as it lives."""
    held = _account.get()
    if held is not None:
        held.hold(array)
