"""What looks at what: results of attention."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from kerasish import tree
from kerasish.explain.attribution import Pictured
from kerasish.explain.names import Names, named
from kerasish.names import load

_NOTHING = np.zeros((0, 0), int)


class AttentionMaps(Pictured, dict[str, np.ndarray]):
    """The weights of attention, (rows, heads, T, S), by the path of the layer.

    Attributes:
        x: the input that they belong to.
        names: what pictures call things; see `with_names`.
    """

    def __init__(self, maps: Mapping[str, np.ndarray], x: Any, names: Names | None = None) -> None:
        super().__init__(maps)
        self.x, self.names = x, names or Names()

    def with_names(self, *, tokens: Any = None, vocabulary: Any = None) -> AttentionMaps:
        """The same, whose pictures have words at the positions; as `Attribution.with_names`."""
        names = named(self.names, self.x, _NOTHING, tokens=tokens, vocabulary=vocabulary)
        return AttentionMaps(self, self.x, names)

    def _picture(self) -> Any:
        return load("kerasish.explain.pictures").attention(self)

    def __repr__(self) -> str:
        return f"<attention of {', '.join(self)}>"


@dataclass(frozen=True, eq=False)
class Attended(Pictured):
    """What each position knows of each other.

    Attributes:
        method: the name of the method.
        values: (rows, T, S): the share of position s in position t; those of t add up to 1.
        x: the input.
        names: what pictures call things; see `with_names`.
    """

    method: str
    values: np.ndarray
    x: Any
    names: Names = field(default_factory=Names)

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, rows: Any) -> Attended:
        """Some rows: one by its number, several by a slice, their numbers or a mask."""
        at = np.arange(len(self))[rows].reshape(-1)
        x = tree.map_structure(lambda v: None if v is None else np.asarray(v)[at], self.x)
        return replace(self, values=self.values[at], x=x, names=self.names.at(at))

    def with_names(self, *, tokens: Any = None, vocabulary: Any = None) -> Attended:
        """The same, whose pictures have words at the positions; as `Attribution.with_names`."""
        names = named(self.names, self.x, _NOTHING, tokens=tokens, vocabulary=vocabulary)
        return replace(self, names=names)

    def _picture(self) -> Any:
        return load("kerasish.explain.pictures").attended(self)

    def __repr__(self) -> str:
        return f"<{self.method} of {len(self)} rows>"
