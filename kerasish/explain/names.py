"""What the elements of inputs and outputs are called, for the pictures of explanations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kerasish import tree
from kerasish.errors import ArgumentError
from kerasish.hints import one_of

KINDS = ("image", "spectrogram", "sequence", "text", "table")


@dataclass(frozen=True)
class Names:
    """Names, each None where there are none; see `Attribution.with_names`."""

    features: Any = None
    tokens: Any = None
    vocabulary: Any = None
    classes: Any = None
    kind: Any = None

    def of(self, what: str, name: str, only: bool) -> Any:
        """What was given for an input.

        Args:
            what: which of the fields.
            name: of the input.
            only: whether it is the only one, for which names need no dict by input.
        """
        given = getattr(self, what)
        if isinstance(given, Mapping) and (what != "vocabulary" or name in given):
            return given.get(name)
        return given if only or what == "vocabulary" else None

    def at(self, rows: np.ndarray) -> Names:
        """The names of some rows, by number."""
        if self.tokens is None:
            return self
        if isinstance(self.tokens, Mapping):
            tokens: Any = {k: [v[i] for i in rows] for k, v in self.tokens.items()}
        else:
            tokens = [self.tokens[i] for i in rows]
        return replace(self, tokens=tokens)

    def target(self, index: np.ndarray) -> str:
        """What the element of the output that is explained is called."""
        place = [int(i) for i in index]
        if len(place) == 1 and self.classes is not None:
            return str(self.classes[place[0]])
        if not place:
            return ""
        return str(place[0]) if len(place) == 1 else str(tuple(place))


def named(held: Names, x: Any, target: np.ndarray, **given: Any) -> Names:
    """Names with others that were given.

    Args:
        held: what there was before.
        x: the input.
        target: (rows, axes).

    Raises:
        ArgumentError: they do not fit.
    """
    made = replace(held, **{key: value for key, value in given.items() if value is not None})
    paths = [(name_of(path), leaf) for path, leaf in tree.flatten_with_path(x) if leaf is not None]
    only = len(paths) == 1
    for what in ("features", "tokens", "kind"):
        given_ = getattr(made, what)
        if isinstance(given_, Mapping):
            for key in given_:
                one_of(f"{what}, input", key, [name for name, _ in paths])
        elif given_ is not None and not only:
            raise ArgumentError(
                what, expected="a dict by the name of the input", received=repr(given_)
            )
    for name, leaf in paths:
        kind, features = made.of("kind", name, only), made.of("features", name, only)
        tokens = made.of("tokens", name, only)
        if kind is not None:
            one_of("kind", kind, KINDS)
        if features is not None and (np.ndim(leaf) < 2 or len(features) != leaf.shape[-1]):
            raise ArgumentError(
                "features",
                expected=f"a name for each of the last axis of {leaf.shape}",
                received=f"{len(features)} names",
            )
        most = leaf.shape[1] if np.ndim(leaf) > 1 else 1
        if tokens is not None and [len(row) <= most for row in tokens] != [True] * len(leaf):
            raise ArgumentError(
                "tokens",
                expected=f"for each of {len(leaf)} rows a list of at most {most}",
                received=f"lists of {[len(row) for row in tokens]}",
            )
    if made.classes is not None and target.shape[1:] == (1,) and len(target):
        if len(made.classes) <= int(target.max()):
            raise ArgumentError(
                "classes",
                expected=f"a name for each class, {int(target.max()) + 1} or more",
                received=f"{len(made.classes)} names",
            )
    return made


def name_of(path: Sequence[Any]) -> str:
    """What an input is called, by its place among the inputs."""
    return "/".join(map(str, path))
