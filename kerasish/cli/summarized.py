"""What came of a run, for the terminal and the run folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kerasish import backend
from kerasish.cli.recorder import Recorder
from kerasish.cli.text import duration, model_lines, numbers
from kerasish.models import Model
from kerasish.version import __version__

# What fits on one screen beside the results.
_MAX_LAYER_LINES = 28


def report(
    name: str,
    model: Model,
    history: Mapping[str, Sequence[float]],
    seconds: float,
    metrics: Mapping[str, Any],
    recorder: Recorder,
) -> list[str]:
    """What came of a run, in a few lines.

    Args:
        name: of the model.
        history: of every log, a value an epoch.
        seconds: that it took.
        metrics: of the parts that were measured.
        recorder: knows which epoch was best.
    """
    last = {log: float(np.mean(values[-1])) for log, values in history.items() if len(values)}
    lines = [
        f"{name}: {recorder.epochs} epoch{'s' if recorder.epochs != 1 else ''} in "
        f"{duration(seconds)}, "
        f"{model.count_params():,} parameters",
    ]
    if last:
        lines.append(f"  last epoch  {numbers(last)}")
    best = recorder.best_epoch
    if recorder.watched is not None and best:
        held_out = {
            log: float(np.mean(values[best - 1]))
            for log, values in history.items()
            if log.startswith("val_") and best <= len(values)
        }
        which = f"after {best}, averaged" if recorder.averaged else str(best)
        lines.append(f"  best epoch  {which}: {numbers(recorder.averaged or held_out)}")
    tested = metrics.get("test", {})
    for key, head in (("as_trained", "test"), ("in_units", "in units")):
        if key in tested:
            lines.append(f"  {head:11} {numbers(tested[key])}")
    lines.append(f"  kerasish {__version__}, {backend.backend()} backend")
    return lines


def layer_lines(model: Model) -> list[str]:
    """The layers of a model, as many as fit on a screen beside the results."""
    lines = model_lines(model)
    if len(lines) <= _MAX_LAYER_LINES:
        return lines
    left_out = len(lines) - _MAX_LAYER_LINES
    return [*lines[: _MAX_LAYER_LINES - 6], f"... {left_out} lines left out ...", *lines[-6:]]
