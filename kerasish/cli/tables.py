"""Runs side by side: metrics by name, means and deviations, and tables of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

_ORDER = ("validation", "test", "train")


def flat(metrics: Mapping[str, Any]) -> dict[str, float]:
    """The metrics of a run by `part name`: "test accuracy", and "test mae (in units)"."""
    found: dict[str, float] = {}
    for part in (*_ORDER, *metrics):
        held = metrics.get(part)
        if not isinstance(held, Mapping):
            continue
        for kind, values in held.items():
            behind = " (in units)" if kind == "in_units" else ""
            for name, value in values.items():
                number = float("nan") if value is None else float(value)
                found.setdefault(f"{part} {name}{behind}", number)
    return found


def spread(runs: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """The mean and the standard deviation (of a sample) of every metric that all runs have.

    Args:
        runs: the metrics of each by part, as metrics.json holds them.
    """
    each = [flat(one) for one in runs]
    names = [name for name in (each[0] if each else {}) if all(name in one for one in each)]
    values = {name: np.array([one[name] for one in each]) for name in names}
    return {
        "mean": {name: float(v.mean()) for name, v in values.items()},
        "deviation": {
            name: float(v.std(ddof=1)) if len(v) > 1 else 0.0 for name, v in values.items()
        },
    }


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines, the first column to the left and the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for first, *rest in rows:
        cells = [cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True)]
        lines.append("  ".join([first.ljust(widths[0]), *cells]).rstrip())
    return lines
