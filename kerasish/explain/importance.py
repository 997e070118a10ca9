"""Permutation importance: what a model loses where a column says nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from kerasish import tree
from kerasish.callbacks.monitor import direction
from kerasish.data.streams import standardize_batch
from kerasish.errors import ArgumentError
from kerasish.explain.attribution import Pictured
from kerasish.explain.parts import names, players
from kerasish.hints import hinted, one_of, whole
from kerasish.models import Model
from kerasish.names import load


@dataclass(frozen=True, eq=False)
class Importance(Pictured):
    """How much worse a model gets without each feature.

    Attributes:
        metric: the loss or metric that was looked at.
        score: its value on the data as they are.
        names: of the features.
        mean: (features,) how much worse it gets, the mean of all repeats; more is more important,
            0 and less is none.
        deviation: (features,) the standard deviation over the repeats.
        every: (features, repeats) all of them.
    """

    metric: str
    score: float
    names: tuple[str, ...]
    mean: np.ndarray
    deviation: np.ndarray
    every: np.ndarray

    def __repr__(self) -> str:
        width = max(map(len, self.names))
        head = f"{self.metric} {self.score:.4g}; how much worse without each feature:"
        lines = [
            f"  {self.names[i]:<{width}}  {self.mean[i]:10.4g} +- {self.deviation[i]:.2g}"
            for i in np.argsort(-self.mean, kind="stable")
        ]
        return "\n".join([head, *lines])

    def _picture(self) -> Any:
        return load("kerasish.explain.pictures").importance(self)


@hinted
def permutation_importance(
    model: Model,
    x: Any,
    y: Any,
    *,
    metric: str | None = None,
    repeats: int = 5,
    seed: int = 0,
    groups: Any = None,
    batch_size: int | None = None,
) -> Importance:
    """How much a compiled model's loss or metric gets worse where a column is shuffled.

    Breiman, "Random forests" (2001), section 10; Fisher et al., "All models are wrong, but many are
    useful" (2019), section 3. What two columns both say counts little in each: group them.

    Args:
        model: a compiled model.
        x: its input, (rows, ...) or a structure of such.
        y: what it should say.
        metric: the name of a metric whose direction is known; the loss by default.
        repeats: how often each column is shuffled.
        seed: of the shuffles.
        groups: columns that are shuffled together, as in `shapley`.
        batch_size: rows that are evaluated together.

    Raises:
        ArgumentError: no such metric, or fewer than two rows.

    Example:
        >>> import numpy as np
        >>> import kerasish as keras
        >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
        >>> x = np.arange(12, dtype="float32").reshape(4, 3)
        >>> model.compile(loss="mse", metrics=["mae"])
        >>> found = keras.explain.permutation_importance(model, x, x[:, :2], metric="mae")
        >>> found.names, found.mean.shape
        (('x[0]', 'x[1]', 'x[2]'), (3,))
    """
    repeats = whole("repeats", repeats, least=1)
    batch = standardize_batch((x, y))
    leaves = [leaf for leaf in tree.flatten(batch.x) if leaf is not None]
    rows = len(leaves[0])
    if rows < 2:
        raise ArgumentError("x", expected="two rows or more to shuffle", received=f"{rows}")
    features = players(names(batch.x), leaves, groups)

    def evaluated(given: list[np.ndarray]) -> dict[str, float]:
        rest = iter(given)
        made = tree.map_structure(lambda v: None if v is None else next(rest), batch.x)
        return model.evaluate(made, batch.y, batch_size, verbose=0, return_dict=True)

    logs = evaluated(leaves)
    name = one_of("metric", metric or "loss", tuple(logs))
    worse = direction(model, name)
    if worse is None:
        raise ArgumentError(
            "metric",
            expected="one whose direction is known",
            received=repr(name),
            fix="A metric says so by its attribute `direction`: 'up' or 'down'.",
        )
    rng = np.random.default_rng(seed)
    every = np.empty((len(features), repeats))
    for feature in range(len(features)):
        for turn in range(repeats):
            order = rng.permutation(rows)
            mixed = [
                np.where(owner == feature, leaf[order], leaf)
                for owner, leaf in zip(features.owner, leaves, strict=True)
            ]
            every[feature, turn] = worse * (evaluated(mixed)[name] - logs[name])
    return Importance(
        name, float(logs[name]), features.names, every.mean(axis=1), every.std(axis=1), every
    )
