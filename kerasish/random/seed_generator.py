"""SeedGenerator: a random key that moves on with every draw; the global one; seeding it all."""

from __future__ import annotations

import os
import random as python_random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ClassVar

import numpy as np

from kerasish import budget, naming
from kerasish.backend.base import backend
from kerasish.errors import ArgumentError
from kerasish.graph.tensor import Tensor, convert_to_tensor
from kerasish.graph.trace import current_trace
from kerasish.graph.variable import Variable
from kerasish.hints import is_whole
from kerasish.portable import STATE

_STEP = np.array([0, 1], np.uint32)
_moving = threading.RLock()  # held while a key is taken, so that no two threads take the same


def _unlock() -> None:
    """A forked process does not have the thread that may have held the lock."""
    global _moving
    _moving = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_unlock)


class _Keys:
    """The keys of the draws inside `keyed`, which depend on nothing that happens elsewhere."""

    def __init__(self, key: tuple[int, ...]) -> None:
        self.key = key
        self.counts: dict[int, tuple[int, SeedGenerator]] = {}  # by generator: place, itself
        self.drawn = 0

    def next(self, generator: SeedGenerator) -> Tensor:
        """The key of the next draw: of the scope's, the seed that was given, and the place."""
        place, _ = self.counts.setdefault(id(generator), (len(self.counts), generator))
        own = (place, 0) if generator.given is None else (generator.given, 1)
        mixed = np.random.SeedSequence((*self.key, *own)).generate_state(1)[0]
        self.drawn += 1
        return convert_to_tensor(np.array([mixed, self.drawn - 1], np.uint32))


_keys: ContextVar[_Keys | None] = ContextVar("kerasish_keys", default=None)


@contextmanager
def keyed(key: tuple[int, ...]) -> Iterator[None]:
    """Context manager: draws come from `key`, and no generator moves on.

    What is drawn inside is the same in every thread and process, whatever was drawn before: of
    two generators, the one that draws first counts as the first, but for seeds that were given.

    Args:
        key: whole numbers of 0 or more.
    """
    token = _keys.set(_Keys(key))
    try:
        yield
    finally:
        _keys.reset(token)


def check_seed(seed: Any) -> int:
    """`seed` as an int in [0, 2**32).

    Raises:
        ArgumentError: it is none.
    """
    if not is_whole(seed) or not 0 <= seed < 2**32:
        raise ArgumentError("seed", expected="an int in [0, 2**32)", received=repr(seed))
    return int(seed)


class SeedGenerator:
    """A source of random keys: uint32 pairs (seed, counter).

    Its state is a variable, so draws made in a traced function move it on as eager ones do, and
    a checkpoint that holds it resumes the same stream.

    Args:
        seed: int in [0, 2**32), or None for one drawn from the machine's entropy (after
            `set_random_seed`, from Python's generator).
        name: name of the generator.

    Example:
        >>> from kerasish import random
        >>> generator = random.SeedGenerator(1)
        >>> x = random.normal((2, 3), seed=generator)
    """

    registry_kind: ClassVar[str] = STATE

    def __init__(self, seed: int | None = None, name: str | None = None, **kwargs: Any) -> None:
        if kwargs:
            raise ArgumentError(
                "SeedGenerator", expected="seed and name", received=f"also {sorted(kwargs)}"
            )
        self.name = name or naming.auto_name("SeedGenerator")
        self.given = None if seed is None else check_seed(seed)
        self.seed = python_random.getrandbits(31) if seed is None else check_seed(seed)
        with naming.opened(self.name, self):
            self.state = Variable(
                np.array([self.seed, 0], np.uint32), trainable=False, name="seed_generator_state"
            )

    def __repr__(self) -> str:
        seed, drawn = self.state.numpy().tolist()
        return f"<SeedGenerator {self.name}, seed={seed}, counter={drawn}>"

    def next(self, ordered: bool = True) -> Tensor:
        """The present key; the counter moves on by one.

        Args:
            ordered: accepted for compatibility; draws are always ordered.
        """
        keys = _keys.get()
        if keys is not None and current_trace() is None:  # what is traced runs elsewhere too
            return keys.next(self)
        with _moving:
            key = self.state.value
            self.state.assign(key + _STEP)
        return key

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"seed": self.seed, "name": self.name}

    @classmethod
    @budget.reads_config()
    def from_config(cls, config: dict[str, Any]) -> SeedGenerator:
        """The generator of a `get_config`."""
        return cls(**config)


_global: dict[str, SeedGenerator] = {}  # by the backend that its state lives on


def global_seed_generator() -> SeedGenerator:
    """The generator of draws that are given no seed."""
    name = backend()
    if name not in _global:
        _global[name] = SeedGenerator(name="global_seed_generator")
    return _global[name]


def set_random_seed(seed: int) -> None:
    """Seed Python's and numpy's generators and the global generator of this package.

    Args:
        seed: int in [0, 2**32).
    """
    number = check_seed(seed)
    held = global_seed_generator()
    python_random.seed(number)
    np.random.seed(number)
    held.seed = number
    held.state.assign(np.array([number, 0], np.uint32))


def draw_key(seed: Any) -> Tensor:
    """The key of one draw: a fixed one for an int, the next one of a generator, global for None.

    A key that was drawn before is that key, for the same draw once more.

    Raises:
        ArgumentError: `seed` is none of these.
    """
    if seed is None:
        return global_seed_generator().next()
    if isinstance(seed, SeedGenerator):
        return seed.next()
    if isinstance(seed, (int, np.integer)):
        return convert_to_tensor(np.array([check_seed(seed), 0], np.uint32))
    if isinstance(seed, Tensor) and (seed.shape, seed.dtype) == ((2,), "uint32"):
        return seed
    raise ArgumentError(
        "seed", expected="an int, a SeedGenerator or None", received=type(seed).__name__
    )
