"""`Monitor`: which log a callback watches, and which way it improves."""

from __future__ import annotations

import math
import warnings
from typing import Annotated, Any

import numpy as np

from kerasish import ops
from kerasish.arguments.rules import offering
from kerasish.callbacks.callback import Callback
from kerasish.errors import ArgumentError, told
from kerasish.registry import hint
from kerasish.tracebacks import users_level

MODES = ("auto", "min", "max")
Mode = Annotated[str, offering(*MODES)]


class Monitor(Callback):
    """Base of callbacks that compare one log from epoch to epoch.

    Args:
        monitor: name of the log.
        mode: "min", "max", or "auto" to tell from the metric; any other counts as "auto", with a
            warning, as in Keras.
        min_delta: the least change that counts as an improvement.
    """

    best: float | None
    _warned = False

    def __init__(self, monitor: str, mode: Mode, min_delta: float = 0.0) -> None:
        super().__init__()
        if mode not in MODES:
            what = f"{type(self).__name__}: mode={mode!r} counts as 'auto'"
            warnings.warn(told(what, expected=f"one of {MODES}"), stacklevel=users_level())
            mode = "auto"
        if not isinstance(min_delta, (int, float, np.number)):
            raise ArgumentError("min_delta", expected="a number", received=repr(min_delta))
        self.monitor = monitor
        self.mode = mode
        self.min_delta = abs(min_delta)
        self._sign = {"min": 1.0, "max": -1.0}.get(mode, 0.0)

    @property
    def monitor_op(self) -> Any:
        """`ops.less` or `ops.greater`: how a better value compares; None where "auto" could not
        yet look at the model's metrics."""
        if not self._sign:
            return None
        return ops.less if self._sign > 0 else ops.greater

    def get_monitor_value(self, logs: dict[str, Any] | None) -> float | None:
        """The watched log; None, with a warning once, where it is missing.

        Raises:
            ArgumentError: it is no number, or nobody knows which way it improves.
        """
        logs = logs or {}
        if not self._sign:
            self._sign = self._direction()
        if logs.get(self.monitor) is not None:
            return self._number(logs[self.monitor])
        if not self._warned:
            self._warned = True
            warnings.warn(
                told(
                    type(self).__name__,
                    expected=f"the log {self.monitor!r}",
                    received=", ".join(sorted(logs)),
                    fix=f"{hint(self.monitor, logs)} Logs that begin with val_ need "
                    "validation_data.",
                ),
                stacklevel=users_level(),
            )
        return None

    def _number(self, value: Any) -> float:
        array = np.asarray(value)
        if array.size == 1 and array.dtype.kind in "biufV":
            return float(array.reshape(()))
        raise ArgumentError(
            f"{type(self).__name__}: {self.monitor}",
            expected="one number",
            received=repr(value),
            fix="A metric with a result per class has one for all with average='macro'.",
        )

    def improves(self, value: float, best: float | None) -> bool:
        """Whether `value` is better than `best` by more than `min_delta`; NaN never is."""
        if math.isnan(value):
            return False
        if best is None or math.isnan(best):
            return True
        sign = self._sign or self._direction()
        return sign * value < sign * best - self.min_delta

    def _direction(self) -> float:
        """1 where less is better, -1 where more is, from the metric of that name."""
        sign = direction(self.model, self.monitor.removeprefix("val_"))
        if sign is None:
            known = _directions(self.model)
            logs = [f"{part}{log}" for log in ("loss", *known) for part in ("", "val_")]
            raise ArgumentError(
                type(self).__name__,
                expected=f"mode='min' or 'max', since {self.monitor!r} is no metric whose "
                "direction is known",
                received=f"mode={self.mode!r}",
                fix=hint(self.monitor, logs),
            )
        return sign


def direction(model: Any, name: str) -> float | None:
    """1 where less of a model's log is better, -1 where more is; None where nobody knows."""
    way = "down" if name == "loss" or name.endswith("_loss") else _directions(model).get(name)
    return {"down": 1.0, "up": -1.0}.get(way or "")


def _directions(model: Any) -> dict[str, str | None]:
    """Which way each metric of a model improves, by its name in the logs."""
    found: dict[str, str | None] = {}
    for metric in getattr(model, "metrics", []):
        entries = getattr(metric, "entries", None)
        if entries is None:
            found[metric.name] = getattr(metric, "direction", None)
        else:
            found |= {entry.label: _direction_of(entry.metric) for entry in entries}
    return found


def _direction_of(metric: Any) -> str | None:
    direction = getattr(metric, "direction", None) or getattr(metric, "_direction", None)
    # A loss as a metric is better when it is smaller.
    wrapped = getattr(getattr(metric, "fn", None), "__module__", "")
    return direction or ("down" if wrapped.startswith("kerasish.losses") else None)
