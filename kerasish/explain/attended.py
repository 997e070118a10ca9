"""What looks at what: results of attention."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


class AttentionMaps(dict[str, np.ndarray]):
    """The weights of attention, (rows, heads, T, S), by the path of the layer.

    Attributes:
        x: the input that they belong to.
    """

    def __init__(self, maps: Mapping[str, np.ndarray], x: Any) -> None:
        super().__init__(maps)
        self.x = x

    def __repr__(self) -> str:
        return f"<attention of {', '.join(self)}>"


@dataclass(frozen=True, eq=False)
class Attended:
    """What each position knows of each other.

    Attributes:
        method: the name of the method.
        values: (rows, T, S): the share of position s in position t; those of t add up to 1.
        x: the input.
    """

    method: str
    values: np.ndarray
    x: Any

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        return f"<{self.method} of {len(self)} rows>"
