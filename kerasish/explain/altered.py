"""The score of inputs that were altered, whatever their number, one batch at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from kerasish.explain.running import Explained
from kerasish.graph.tensor import convert_to_tensor

# Numbers of altered inputs -> (the rows that they were, their leaves).
Make = Callable[[np.ndarray], tuple[np.ndarray, Sequence[np.ndarray]]]


class Altered:
    """The number that is explained, of other inputs than the rows themselves."""

    def __init__(self, explained: Explained) -> None:
        self.explained = explained
        self.size = 1  # of a batch; it grows, so that few steps are compiled
        self._step = explained.step(lambda scene: scene.score())

    def each(self, total: int, make: Make) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Pairs (numbers, scores) of altered inputs 0 to `total`, batch by batch."""
        self.size = min(self.explained.batch_size, max(self.size, total))
        for start in range(0, total, self.size):
            which = np.arange(start, start + self.size).clip(max=total - 1)
            rows, leaves = make(which)
            seed = convert_to_tensor(self.explained.seed[rows])
            found = self._step([convert_to_tensor(leaf) for leaf in leaves], [seed])
            keep = min(self.size, total - start)
            yield which[:keep], found.numpy()[:keep].astype(np.float64)

    def scores(self, total: int, make: Make) -> np.ndarray:
        """(total,): all of them."""
        return np.concatenate([found for _, found in self.each(total, make)])

    def unaltered(self) -> np.ndarray:
        """(rows,): the score of the rows themselves."""
        leaves = self.explained.leaves
        return self.scores(self.explained.rows, lambda at: (at, [leaf[at] for leaf in leaves]))
