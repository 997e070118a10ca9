"""What nodes and steps hold for one batch: statistics, a histogram, a small picture."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasish.compiler.plan import Plan
from kerasish.graph import interpret
from kerasish.graph.node import CONSTANT, PICK, Graph, Node
from kerasish.graph.tensor import Tensor, wrap
from kerasish.graph.trace import eagerly
from kerasish.inspect.profile import stamps
from kerasish.inspect.samples import kept_variables

BINS = 24
SIDE = 24  # pixels of a picture
Summary = list[Any]


def summary(value: Any) -> Summary:
    """[smallest, largest, mean, deviation, share of zeros, not finite, counts of bins, picture]."""
    array = np.asarray(value)
    if array.dtype.kind not in "fiub" and array.dtype.name != "bfloat16":
        return []
    flat = array.astype(np.float64).ravel()
    finite = flat[np.isfinite(flat)]
    wrong = flat.size - finite.size
    if not finite.size:
        return [None, None, None, None, 0.0, int(wrong), [], ""]
    counts, _ = np.histogram(finite, BINS)
    numbers = [finite.min(), finite.max(), finite.mean(), finite.std(), (finite == 0).mean()]
    return [*(_short(v) for v in numbers), int(wrong), counts.tolist(), picture(array)]


def _short(value: float) -> float | None:
    """A number as the page says it; None for one that JSON does not have."""
    return float(f"{value:.5g}") if np.isfinite(value) else None


def picture(array: np.ndarray) -> str:
    """The first row of a batch as "width height" and a grey byte per pixel in base64; "" if it is
    a number. Images show their first channel, the rest its last two axes."""
    one = np.nan_to_num(np.asarray(array[0] if array.ndim > 1 else array, np.float64))
    if one.ndim >= 3:
        one = one[..., 0]
    while one.ndim > 2:
        one = one[0]
    one = np.atleast_2d(one)
    if one.size < 2:
        return ""
    rows, columns = (np.linspace(0, n - 1, min(n, SIDE)).round().astype(int) for n in one.shape)
    small = one[np.ix_(rows, columns)]
    low, high = small.min(), small.max()
    grey = ((small - low) / (high - low) * 255 if high > low else small * 0).astype(np.uint8)
    coded = base64.b64encode(grey.tobytes()).decode("ascii")
    return f"{grey.shape[1]} {grey.shape[0]} {coded}"


def of_nodes(graph: Graph, values: Sequence[Any]) -> dict[Node, Summary]:
    """What every node of a graph holds, run op by op; no variable is changed."""
    found: dict[Node, Summary] = {}

    def seen(node: Node, value: Any) -> None:
        if node.op not in (PICK, CONSTANT):
            one = value[0] if isinstance(value, tuple) else value
            if isinstance(one, Tensor):
                found[node] = summary(one.numpy())

    known = {n: wrap(np.array(v)) for n, v in zip(graph.inputs, values, strict=True)}
    with eagerly(), np.errstate(all="ignore"):
        interpret.run(graph.results, known, seen)
    for node, value in known.items():
        found[node] = summary(value.numpy())
    return found


def of_steps(plan: Plan, values: Sequence[Any]) -> list[Summary]:
    """What every step of a plan leaves, read after it has run; variables hold what they held."""
    found: list[Summary] = []
    with kept_variables(plan.graph):
        for buffer, value in zip(plan.inputs, values, strict=True):
            buffer[...] = value
        with np.errstate(all="ignore"):
            for step in plan.steps:
                step.call()
                written = [a for a in step.outputs if a is not None]
                found.append(summary(plan.device.to_numpy(written[0])) if written else [])
    return found


def timed(plan: Plan, values: Sequence[Any], runs: int) -> tuple[list[float], float]:
    """(median seconds of every step, of the whole run); variables hold what they held."""
    wait = None if plan.device.host else plan.device.synchronize
    calls = [step.call for step in plan.steps]
    spent: list[list[int]] = []
    with kept_variables(plan.graph), np.errstate(all="ignore"):
        for _ in range(runs + 1):
            for buffer, value in zip(plan.inputs, values, strict=True):
                buffer[...] = value
            spent.append(stamps(calls, wait))
    clock = np.diff(np.array(spent[1:]), axis=1) / 1e9  # the first run compiles and allocates
    return np.median(clock, axis=0).tolist(), float(np.median(clock.sum(axis=1)))
