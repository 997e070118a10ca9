"""Shapley values: what each part of the input adds, averaged over all orders of adding them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasish.errors import ArgumentError
from kerasish.explain.altered import Altered
from kerasish.explain.attribution import Attribution
from kerasish.explain.parts import Players, players
from kerasish.explain.running import Explained
from kerasish.hints import hinted, whole
from kerasish.models import Model

EXACT = 12  # players of which all coalitions are looked at
WALKS = 256  # orders that are drawn at least, over the whole background


@hinted
def shapley(
    model: Model,
    x: Any,
    target: Any = None,
    *,
    background: Any,
    samples: int | None = None,
    groups: Any = None,
    seed: int = 0,
    **choice: Any,
) -> Attribution:
    """The share of each column in the score's difference from the mean score of a background.

    Shapley, "A value for n-person games" (1953); Strumbelj and Kononenko, "Explaining prediction
    models and individual predictions with feature contributions" (2014), section 3. A coalition of
    players is worth the mean score of inputs that hold the row's values at these players and those
    of a row of the background at all others (interventional). Sampled values take random orders
    of the players (Castro et al., "Polynomial calculation of the Shapley value based on sampling",
    2009) and the reverse of each (Mitchell et al., "Sampling permutations for Shapley value
    estimation", 2022, section 3).

    Args:
        model: the model.
        x: its input, (rows, ...) or a structure of such. Players are columns, steps, tokens, of
            images squares, and of several inputs those that hold one-hot rows as a whole.
        target: which element of each row's output; by default the largest of a row of classes.
        background: rows like x that stand for what is not known: a sample of the training data.
        samples: None looks at all coalitions of up to 12 players, which takes 2 ** players times
            rows of the background evaluations for each row; of more players it draws orders, at
            least 256 over the background. A number: so many orders, even, per row of the
            background.
        groups: columns that are one player: {name: columns}, or columns in lists. A column is a
            number, of several inputs (name, number), or by name a whole input.
        seed: of the orders.
        choice: `output` (which of several), `before_activation`, `batch_size` (evaluations that
            are made together, 256 by default); see `Explained`.

    Returns:
        Values like the input: what a player counts in equal shares at its elements; `players` has
        it as a whole, by name. They add up to score - mean score of the background; `residual` is
        what they lack. Sampled values have their standard error in `error`.

    Raises:
        ArgumentError: a background unlike x, an odd number of samples, or groups that share
            columns.

    Example:
        >>> import numpy as np
        >>> import kerasish as keras
        >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
        >>> x = np.arange(12, dtype="float32").reshape(4, 3)
        >>> model.set_weights([np.array([[1, 0], [2, 0], [3, 0]]), np.zeros(2)])
        >>> found = keras.explain.shapley(model, x, 0, background=x[:1], groups={"b": [1, 2]})
        >>> found.players["b"].round(4).tolist()
        [0.0, 15.0, 30.0, 45.0]
    """
    options: dict[str, Any] = {"batch_size": 256} | choice
    explained = Explained(model, x, target, **options)
    held = explained.rows_like_x("background", background)
    playing = players(explained.names, explained.leaves, groups, _one_hot(explained.leaves, held))
    if samples is not None and whole("samples", samples, least=2) % 2:
        fix = "Orders are drawn in pairs of one and its reverse."
        raise ArgumentError("samples", expected="an even number", received=samples, fix=fix)
    altered = Altered(explained)
    score = altered.unaltered()
    error: Any = None
    if samples is None and len(playing) <= EXACT:
        found, away = _exact(altered, playing, held, score)
    else:
        pairs = (samples or 2 * math.ceil(WALKS / 2 / len(held[0]))) // 2
        found, away, error = _sampled(altered, playing, held, score, pairs, seed)
    if not np.isfinite(away).all():
        raise ArgumentError(
            "background",
            expected="rows that the model says a number of, beside those of x",
            received=f"scores {away[:5]}",
            fix="A row of padding alone has no mean: give rows of the training data.",
        )
    return explained.told(
        "Shapley values",
        playing.shared(found),
        score.astype(np.float32),
        whole=score - away,
        players={n: found[:, i].astype(np.float32) for i, n in enumerate(playing.names)},
        error=None if error is None else explained.structured(playing.shared(error)),
    )


def _one_hot(leaves: Sequence[np.ndarray], held: Sequence[np.ndarray]) -> list[int]:
    """Of several inputs those that hold a kind: one 1 in every row, of x and the background."""

    def is_kind(leaf: np.ndarray) -> bool:
        flags = ((leaf == 0) | (leaf == 1)).all() and (leaf.sum(axis=1) == 1).all()
        return bool(leaf.ndim == 2 and leaf.shape[1] > 1 and flags)

    if len(leaves) < 2:
        return []
    each = zip(leaves, held, strict=True)
    return [i for i, (a, b) in enumerate(each) if a.ndim == 2 and is_kind(a) and is_kind(b)]


def _exact(
    altered: Altered, playing: Players, held: Sequence[np.ndarray], score: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(values of players, mean score of the background) by all coalitions, a bit per player."""
    n, leaves = len(playing), altered.explained.leaves
    shape = len(score), 2**n - 1, len(held[0])  # the coalition of all is the row itself
    worth = np.zeros(shape[:2])
    bits = np.arange(n)

    def make(which: np.ndarray) -> Any:
        rows, coalition, other = np.unravel_index(which, shape)
        inside = (coalition[:, None] >> bits & 1).astype(bool)
        there, away = [leaf[rows] for leaf in leaves], [leaf[other] for leaf in held]
        return rows, playing.chosen(inside, there, away)

    for which, found in altered.each(math.prod(shape), make):
        np.add.at(worth.reshape(-1), which // shape[2], found)
    worth = np.concatenate([worth / shape[2], score[:, None]], axis=1)
    every = np.arange(2**n)
    size = (every[:, None] >> bits & 1).sum(axis=1)
    weight = np.array([1 / (n * math.comb(n - 1, s)) for s in range(n)])
    values = np.empty((len(score), n))
    for player in range(n):
        without = every[(every >> player & 1) == 0]
        gain = worth[:, without | 1 << player] - worth[:, without]
        values[:, player] = gain @ weight[size[without]]
    return values, worth[:, 0]


def _sampled(
    altered: Altered,
    playing: Players,
    held: Sequence[np.ndarray],
    score: np.ndarray,
    pairs: int,
    seed: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(values of players, mean score of the background, standard error).

    `pairs` orders and their reverses for each row of the background, the same for every row of x:
    as every row of the background comes equally often, the values add up whatever is drawn.
    """
    n, leaves = len(playing), altered.explained.leaves
    block = max(1, altered.explained.batch_size // (2 * n))
    total, squares = np.zeros((2, len(score), n))
    away = np.zeros(len(score))
    drawn = pairs * len(held[0])
    for row in range(len(score)):
        rng = np.random.default_rng(seed)
        for start in range(0, drawn, block):
            count = min(block, drawn - start)
            order = np.stack([rng.permutation(n) for _ in range(count)])
            place = np.argsort(order, axis=1)
            place = np.stack([place, n - 1 - place], axis=1)  # (pair, way, player)
            shape = count, 2, n

            def make(
                which: np.ndarray, shape: Any = shape, place: Any = place,
                row: int = row, start: int = start,
            ) -> Any:  # fmt: skip
                pair, way, step = np.unravel_index(which, shape)
                inside = place[pair, way] < step[:, None]
                there = [leaf[[row]] for leaf in leaves]
                other = [leaf[(start + pair) % len(leaf)] for leaf in held]
                return np.full(len(which), row), playing.chosen(inside, there, other)

            worth = altered.scores(math.prod(shape), make).reshape(shape)
            worth = np.concatenate([worth, np.full((count, 2, 1), score[row])], axis=2)
            gain = np.take_along_axis(np.diff(worth, axis=2), place, axis=2).mean(axis=1)
            total[row] += gain.sum(axis=0)
            squares[row] += np.square(gain).sum(axis=0)
            away[row] += worth[:, 0, 0].sum()
    mean = total / drawn
    spread = np.maximum(squares / drawn - np.square(mean), 0)
    return mean, away / drawn, np.sqrt(spread / max(drawn - 1, 1))
