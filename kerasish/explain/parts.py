"""Which elements of an input are taken together: columns, steps, squares, groups by name."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from kerasish import tree
from kerasish.backend import settings
from kerasish.errors import ArgumentError
from kerasish.hints import is_whole, whole
from kerasish.registry import hint

Index = tuple[Any, ...]


@dataclass(frozen=True)
class Part:
    """Elements of a row that are taken together.

    Attributes:
        name: what they are called.
        leaf: of which leaf of the input.
        at: where in a row of it.
    """

    name: str
    leaf: int
    at: Index


def names(x: Any) -> list[str]:
    """What each leaf of an input is called: its path, "x" where there is no other."""
    paths = [path for path, leaf in tree.flatten_with_path(x) if leaf is not None]
    if len(paths) == 1 and all(isinstance(key, int) for key in paths[0]):
        return ["x"]
    return ["/".join(map(str, path)) for path in paths]


def windows(
    called: Sequence[str],
    leaves: Sequence[np.ndarray],
    window: Any = None,
    stride: Any = None,
) -> list[Part]:
    """The windows of an input: columns of a table, steps of a sequence, squares of an image.

    Args:
        called: the names of its leaves.
        leaves: these, (rows, ...).
        window: their size: a number for all axes but the channels, one per axis (with or without
            the channels), or a dict of such by input. By default 1, and an eighth of images.
        stride: from one to the next, in the same form; by default the size.

    Raises:
        ArgumentError: a size of another form, or a stride that leaves elements out.
    """
    found: list[Part] = []
    for place, (name, leaf) in enumerate(zip(called, leaves, strict=True)):
        shape = leaf.shape[1:]
        size = _sizes("window", _of(window, name, called), shape)
        size = _usual(shape) if size is None else size
        step = _sizes("stride", _of(stride, name, called), shape) or size
        if any(s > w for s, w in zip(step, size, strict=True)):
            raise ArgumentError(
                "stride", expected=f"at most the window {size}", received=repr(step)
            )
        starts = [range(0, max(n - w, 0) + s, s) for n, w, s in zip(shape, size, step, strict=True)]
        for start in product(*starts):
            at = tuple(slice(a, a + w) for a, w in zip(start, size, strict=True))
            found.append(Part(_name(name, shape, at), place, at))
    return found


def _of(given: Any, name: str, known: Sequence[str]) -> Any:
    """What was given for an input, if by name."""
    if not isinstance(given, Mapping):
        return given
    unknown = [key for key in given if key not in known]
    if unknown:
        raise _no_such(unknown[0], known)
    return given.get(name)


def channels(shape: Sequence[int]) -> int | None:
    """The axis of a row that holds channels; None in a table."""
    if len(shape) < 2:
        return None
    return 0 if len(shape) > 2 and settings.image_data_format() == "channels_first" else -1


def _sizes(what: str, given: Any, shape: tuple[int, ...]) -> tuple[int, ...] | None:
    """One size per axis of a row, of what was given."""
    if given is None or not shape:
        return None if given is None else ()
    axis = channels(shape)
    inner = len(shape) - (axis is not None)
    each: Any = (given,) * inner if is_whole(given) else given
    if not isinstance(each, (tuple, list)) or len(each) not in (inner, len(shape)):
        raise ArgumentError(
            what, expected=f"a number, or {inner} of them for rows {shape}", received=repr(given)
        )
    found = [whole(what, n, least=1) for n in each]
    if len(found) < len(shape):
        found.insert(0 if axis == 0 else inner, shape[axis or 0])
    return tuple(min(n, size) for n, size in zip(found, shape, strict=True))


def _usual(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The size of windows where none was given."""
    axis = channels(shape)
    if axis is None:
        return (1,) * len(shape)
    several = len(shape) > 2
    found = [math.ceil(n / 8) if several else 1 for n in shape]
    found[axis] = shape[axis]
    return tuple(found)


def _name(name: str, shape: tuple[int, ...], at: Index) -> str:
    if all(s.stop - s.start >= n for s, n in zip(at, shape, strict=True)):
        return name
    axis = channels(shape)
    kept = at if axis is None else at[1:] if axis == 0 else at[:-1]
    each = (f"{s.start}" if s.stop - s.start == 1 else f"{s.start}:{s.stop}" for s in kept)
    return f"{name}[{', '.join(each)}]"


# --- by name ----------------------------------------------------------------------------------


def members(
    what: str, given: Any, called: Sequence[str], leaves: Sequence[np.ndarray]
) -> list[tuple[int, Index]]:
    """Where elements are that a user names: (leaf, where in a row).

    Args:
        what: the argument, for errors.
        given: one or several of: the number of a column or step, of the only input; the name of an
            input; (name, number).
        called, leaves: as in `windows`.

    Raises:
        ArgumentError: there is no such.
    """
    single = is_whole(given) or isinstance(given, str) or _is_pair(given)
    if not single and not isinstance(given, Iterable):
        raise ArgumentError(what, expected="numbers of columns or names", received=repr(given))
    found: list[tuple[int, Index]] = []
    listed: Any = [given] if single else given
    for one in listed:
        name, number = one if _is_pair(one) else (None, one) if is_whole(one) else (one, None)
        if name is None and len(leaves) > 1:
            fix = f'Say of which: ("{called[0]}", {number}).'
            raise ArgumentError(what, expected="(input, number)", received=repr(one), fix=fix)
        places = [0] if name is None else [i for i, n in enumerate(called) if _below(n, name)]
        if not places:
            raise _no_such(name, called, what)
        for place in places:
            found.append((place, _column(what, leaves[place].shape[1:], number)))
    return found


def _is_pair(given: Any) -> bool:
    return (
        isinstance(given, tuple)
        and len(given) == 2
        and isinstance(given[0], str)
        and is_whole(given[1])
    )


def _below(name: str, wanted: Any) -> bool:
    return name == wanted or (isinstance(wanted, str) and name.startswith(f"{wanted}/"))


def _column(what: str, shape: tuple[int, ...], number: int | None) -> Index:
    if number is None:
        return ()
    if not shape or not -shape[0] <= number < shape[0]:
        received = f"{number} of rows {shape}"
        raise ArgumentError(what, expected="the number of a column", received=received)
    return (number % shape[0],)


def _no_such(name: Any, known: Sequence[str], what: str = "window") -> ArgumentError:
    return ArgumentError(
        what,
        expected=f"an input, one of {', '.join(map(repr, known))}",
        received=repr(name),
        fix=hint(str(name), list(known)),
    )


@dataclass(frozen=True)
class Players:
    """Every element of a row in one part: what plays together, by number.

    Attributes:
        names: of the players.
        owner: per leaf, in the shape of a row, the number of the player of each element.
    """

    names: tuple[str, ...]
    owner: tuple[np.ndarray, ...]

    def __len__(self) -> int:
        return len(self.names)

    def chosen(
        self, inside: np.ndarray, there: Sequence[np.ndarray], away: Sequence[np.ndarray]
    ) -> list[np.ndarray]:
        """Rows with `there` at the players inside, (rows, players), and `away` elsewhere."""
        return [
            np.where(inside[:, owner], a, b)
            for owner, a, b in zip(self.owner, there, away, strict=True)
        ]

    def shared(self, values: np.ndarray) -> list[np.ndarray]:
        """Values of players, (rows, players), in equal shares at their elements, leaf by leaf."""
        every = np.concatenate([owner.reshape(-1) for owner in self.owner])
        size = np.bincount(every, minlength=len(self))
        each = values / size
        return [each[:, owner].astype(np.float32) for owner in self.owner]


def players(
    called: Sequence[str],
    leaves: Sequence[np.ndarray],
    groups: Any = None,
    together: Sequence[int] = (),
) -> Players:
    """What plays together: groups, whole leaves, and otherwise the usual windows.

    Args:
        called, leaves: as in `windows`.
        groups: {name: members}, or members in lists; see `members`.
        together: leaves that are one player, unless groups say otherwise.

    Raises:
        ArgumentError: groups that share an element, or of another form.
    """
    owner = [np.full(leaf.shape[1:], -1) for leaf in leaves]
    found: list[str] = []
    if groups is not None and not isinstance(groups, (Mapping, list, tuple)):
        raise ArgumentError("groups", expected="{name: columns}", received=repr(groups))
    listed = (groups or {}).items() if isinstance(groups, Mapping) else enumerate(groups or ())
    for name, given in listed:
        for leaf, at in members("groups", given, called, leaves):
            if (owner[leaf][at] >= 0).any():
                raise ArgumentError(
                    "groups",
                    expected="every column in one group",
                    received=f"one that is in {found[int(owner[leaf][at].max())]!r} too",
                )
            owner[leaf][at] = len(found)
        found.append(name if isinstance(name, str) else f"group {name}")
    parts = [Part(called[i], i, ()) for i in together]
    parts += [p for p in windows(called, leaves) if p.leaf not in together]
    for part in parts:
        free = owner[part.leaf][part.at] < 0
        if free.any():
            owner[part.leaf][part.at] = np.where(free, len(found), owner[part.leaf][part.at])
            found.append(part.name)
    return Players(tuple(found), tuple(owner))
