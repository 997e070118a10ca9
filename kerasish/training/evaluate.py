"""`evaluate` as a run: one pass over data, and the metrics after it."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from typing import Any

from kerasish.data.adapters import as_source
from kerasish.training.arguments import whole_or_none
from kerasish.training.by_name import by_name
from kerasish.training.compile_metrics import CompileMetrics
from kerasish.training.run import Measured, as_callback_list, need_compiled


class EvaluateRun(Measured):
    """One call of `evaluate`, or the validation of a `fit`, which begins anew at every epoch."""

    mode = "test"

    def evaluate(self) -> dict[str, Any]:
        """One pass, as a run of its own inside the one that asked; returns the logs."""
        with self:
            self.reset()
            self.callbacks.on_test_begin()
            self.source.on_epoch_begin()
            logs = self.measure()
            if not self.done:
                logs = {}
                warnings.warn(
                    "The data to validate with have ended: there are no logs of this epoch. A "
                    "generator runs once: let it give validation_steps batches for every epoch, "
                    "or pass what can begin anew.",
                    stacklevel=2,
                )
            self.source.on_epoch_end()
            self.callbacks.on_test_end(logs)
        return logs


def evaluate(
    self: Any,
    x: Any = None,
    y: Any = None,
    batch_size: int | None = None,
    verbose: Any = "auto",
    sample_weight: Any = None,
    steps: int | None = None,
    callbacks: Any = None,
    return_dict: bool = False,
) -> Any:
    """The loss and metrics on data; see `fit` for the arguments.

    Returns:
        A list in the order of the logs, the loss alone without metrics, or a dict.
    """
    need_compiled(self, "evaluate")
    batch_size, steps = whole_or_none("batch_size", batch_size), whole_or_none("steps", steps)
    x, y, sample_weight = by_name(self, x, y, sample_weight)
    source = as_source(x, y, sample_weight, batch_size=batch_size, steps=steps)
    watched = as_callback_list(self, callbacks, False, verbose, epochs=1, steps=source.num_batches)
    with source:
        run = EvaluateRun(self, source, watched)
        logs = run.evaluate()
    return logs if return_dict else flat_logs(run.metrics, logs)


def flat_logs(metrics: Iterable[Any], logs: Mapping[str, Any]) -> Any:
    """Logs as a list: in the order of a model's metrics, then others by name; one alone.

    As in Keras, logs that carry the name of an output count among the others.
    """
    if len(logs) == 1:
        return next(iter(logs.values()))
    names: list[str] = []
    for metric in metrics:
        compiled = isinstance(metric, CompileMetrics)
        names += [m.name for m in metric.metrics] if compiled else [metric.name]
    ordered = [name for name in dict.fromkeys(names) if name in logs]
    ordered += sorted(name for name in logs if name not in names)
    return [logs[name] for name in ordered]
