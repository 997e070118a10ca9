"""Occlusion: what the score loses where a part of the input is covered."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish.explain.altered import Altered
from kerasish.explain.attribution import Attribution
from kerasish.explain.parts import windows
from kerasish.explain.running import Explained
from kerasish.hints import hinted
from kerasish.models import Model


@hinted
def occlusion(
    model: Model,
    x: Any,
    target: Any = None,
    *,
    window: Any = None,
    stride: Any = None,
    baseline: Any = None,
    **choice: Any,
) -> Attribution:
    """By how much the score drops where a window of the input is replaced.

    Zeiler and Fergus, "Visualizing and understanding convolutional networks" (2014), section 4.2.
    Each element has the drop of its window, the mean where several cover it. The values promise no
    sum: what two windows say together is counted in both or in neither.

    Args:
        model: the model.
        x: its input, (rows, ...) or a structure of such. Of several inputs one is covered at a
            time.
        target: which element of each row's output; by default the largest of a row of classes.
        window: its size: a number for all axes but the channels, one per axis, or a dict of such
            by input. By default a column, a token, a step over all its channels, or of an image
            squares of an eighth of the sides over all channels.
        stride: from one window to the next, in the same form; by default the size of the window.
        baseline: what stands in a window: an array like x, a row of it, or a number; 0 by default,
            which for tokens is the padding.
        choice: `output` (which of several), `before_activation`, `batch_size`; see `Explained`.

    Returns:
        Values like the input; what is covered to the score's harm is positive. No residual. NaN
        where the model says NaN of what is left, such as the mean of no tokens.

    Raises:
        ArgumentError: a window or stride that does not fit, or a baseline unlike x.

    Example:
        >>> import numpy as np
        >>> import kerasish as keras
        >>> model = keras.Sequential([
        ...     keras.Input((8, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(2)
        ... ])
        >>> x = np.ones((2, 8, 8, 3), "float32")
        >>> keras.explain.occlusion(model, x, window=4, stride=2).values.shape
        (2, 8, 8, 3)
    """
    explained = Explained(model, x, target, **choice)
    leaves = explained.leaves
    base = explained.like_x("baseline", baseline) or [np.zeros_like(leaf) for leaf in leaves]
    parts = windows(explained.names, leaves, window, stride)
    altered = Altered(explained)
    score = altered.unaltered()
    total = [np.zeros(leaf.shape) for leaf in leaves]
    count = [np.zeros(leaf.shape[1:]) for leaf in leaves]
    for part in parts:
        count[part.leaf][part.at] += 1

    def make(which: np.ndarray) -> Any:
        rows, at = which % explained.rows, which // explained.rows
        given = [leaf[rows] for leaf in leaves]
        for i, (row, part) in enumerate(zip(rows, at, strict=True)):
            where = parts[part].at
            given[parts[part].leaf][(i, *where)] = base[parts[part].leaf][(row, *where)]
        return rows, given

    for which, found in altered.each(len(parts) * explained.rows, make):
        for row, at, one in zip(
            which % explained.rows, which // explained.rows, found, strict=True
        ):
            total[parts[at].leaf][(row, *parts[at].at)] += score[row] - one
    values = [(t / c).astype(np.float32) for t, c in zip(total, count, strict=True)]
    return explained.told("occlusion", values, score.astype(np.float32))
