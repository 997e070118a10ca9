"""What explains a prediction: a number per element of the input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class Attribution:
    """What each element of an input counts for the output that is explained.

    Attributes:
        method: the name of the method.
        values: (rows, ...) like the input; of several inputs in their structure.
        x: the input, in the same structure.
        score: (rows,) the number that is explained.
        target: (rows, ...) the indices of the explained element in each row of the output.
        residual: (rows,) what the values lack to the sum that the method promises: 0 where all is
            told. None where a method promises none.
        layers: what is told of layers, by path: by LRP (rows,) the relevance of each one's output,
            by Grad-CAM (rows, positions...) the map of one at its own size.
        players: of Shapley values, (rows,) the value of each player, by name.
        error: of sampled values, their standard error, in the structure of `values`; else None.
    """

    method: str
    values: Any
    x: Any
    score: np.ndarray
    target: np.ndarray
    residual: np.ndarray | None = None
    layers: Mapping[str, np.ndarray] = field(default_factory=dict[str, np.ndarray])
    players: Mapping[str, np.ndarray] = field(default_factory=dict[str, np.ndarray])
    error: Any = None

    def __len__(self) -> int:
        return len(self.score)

    def __repr__(self) -> str:
        lack = "" if self.residual is None else f", residual {np.abs(self.residual).max():.2g}"
        return f"<{self.method} of {len(self)} rows{lack}>"
