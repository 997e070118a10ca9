"""`MetricResults`: the metrics of a run, reset and read without walking the model."""

from __future__ import annotations

from typing import Any

from kerasish.metrics import Mean, Metric
from kerasish.spec import np_dtype
from kerasish.training.compile_metrics import results
from kerasish.training.step import as_logs


class MetricResults:
    """All metrics of a model, looked up once.

    Args:
        metrics: those of a model that is built.
    """

    def __init__(self, metrics: list[Any]) -> None:
        self._metrics = metrics

    def reset(self) -> None:
        """Forget what the metrics have seen."""
        for metric in self._metrics:
            metric.reset_state()

    def logs(self) -> dict[str, Any]:
        """The results by name, as Python numbers."""
        logs: dict[str, Any] = {}
        for metric in self._metrics:
            entries = getattr(metric, "entries", None)
            if entries is None:
                logs |= _named(metric.name, metric)
            else:
                for entry in entries:
                    logs |= _named(entry.label, entry.metric)
        return logs


def _named(label: str, metric: Metric) -> dict[str, Any]:
    if type(metric).result is Mean.result:
        return {label: _quotient(metric)}
    return as_logs(results([(label, metric)]))


def _quotient(mean: Any) -> float:
    """What `Mean.result` gives, without the detour over tensors."""
    total, count = mean.total.array[()], mean.count.array[()]
    return float((total / count).astype(np_dtype(mean.compute_dtype))) if count else 0.0
