"""What explains a prediction: a number per element of the input."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from kerasish import tree
from kerasish.explain.names import Names, named
from kerasish.names import load


class Pictured:
    """What draws itself; the code that draws is loaded when it is asked for."""

    def _picture(self) -> Any:
        """A `pictures.Picture`."""
        raise NotImplementedError

    def _repr_html_(self) -> str:
        return self._picture().html()

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture into a file that stands alone; returns its path.

        Args:
            path: ends in ".svg", ".png" (drawn by Pillow) or ".html". The first 12 rows are drawn;
                others are taken by index: `found[12:24].save(...)`.

        Raises:
            ArgumentError: another ending, or a folder that is not there.
            MissingPackageError: a PNG without Pillow.
        """
        return self._picture().write(path)


@dataclass(frozen=True, eq=False)
class Attribution(Pictured):
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
        names: what pictures call things; see `with_names`.
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
    names: Names = field(default_factory=Names)

    def __len__(self) -> int:
        return len(self.score)

    def __getitem__(self, rows: int | slice | Sequence[int] | np.ndarray) -> Attribution:
        """Some rows: one by its number, several by a slice, their numbers or a mask."""
        at = np.arange(len(self))[rows].reshape(-1)

        def of(array: Any) -> Any:
            return None if array is None else np.asarray(array)[at]

        return replace(
            self,
            values=tree.map_structure(of, self.values),
            x=tree.map_structure(of, self.x),
            score=self.score[at],
            target=self.target[at],
            residual=of(self.residual),
            layers={path: found[at] for path, found in self.layers.items()},
            players={name: found[at] for name, found in self.players.items()},
            error=tree.map_structure(of, self.error),
            names=self.names.at(at),
        )

    def with_names(
        self,
        *,
        features: Any = None,
        tokens: Any = None,
        vocabulary: Any = None,
        classes: Sequence[Any] | Mapping[int, Any] | None = None,
        kind: Any = None,
    ) -> Attribution:
        """The same, whose pictures call things by their names.

        Of several inputs all but `classes` are dicts by the name of the input; one vocabulary alone
        is that of all.

        Args:
            features: names of the columns of a table, of the channels of a sequence.
            tokens: the words of each row, a list of lists.
            vocabulary: the words by their numbers, as `TextVectorization.get_vocabulary()` gives
                them, or a dict.
            classes: names of the elements of the output.
            kind: how an input is drawn where its shape does not say it: "image", "spectrogram",
                "sequence", "text" or "table".

        Returns:
            A new attribution of the same values.

        Raises:
            ArgumentError: names that do not fit, or an unknown input or kind.

        Example:
            >>> import numpy as np
            >>> import kerasish as keras
            >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
            >>> found = keras.explain.lrp(model, np.ones((3, 2), "float32"))
            >>> named = found.with_names(features=["age", "income"])
            >>> len(named[1:])
            2
            >>> "income" in named._repr_html_()
            True
        """
        names = named(self.names, self.x, self.target, features=features, tokens=tokens,
                      vocabulary=vocabulary, classes=classes, kind=kind)  # fmt: skip
        return replace(self, names=names)

    def _picture(self) -> Any:
        return load("kerasish.explain.pictures").attribution(self)

    def __repr__(self) -> str:
        lack = "" if self.residual is None else f", residual {np.abs(self.residual).max():.2g}"
        return f"<{self.method} of {len(self)} rows{lack}>"
