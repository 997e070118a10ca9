"""`CompileMetrics`: what `compile(metrics=..., weighted_metrics=...)` asks for, per output; and
`MetricResults`, which resets and reads the metrics of a run without walking the model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from kerasish import metrics as _metrics
from kerasish import tree
from kerasish.errors import ArgumentError
from kerasish.graph.node import scope
from kerasish.hints import called, function
from kerasish.metrics import Mean, MeanMetricWrapper, Metric
from kerasish.naming import object_name
from kerasish.ops.stateful import one_tensor
from kerasish.signatures import ours
from kerasish.spec import np_dtype
from kerasish.training.compile_loss import target_kind, warn_of_pairs
from kerasish.training.outputs import Outputs, numbered
from kerasish.training.step import as_logs


class Entry(NamedTuple):
    """One metric of one output, under its name in the logs."""

    output: int
    metric: Metric
    label: str
    weighted: bool


_ACCURACY = {
    "binary": _metrics.BinaryAccuracy,
    "sparse": _metrics.SparseCategoricalAccuracy,
    "categorical": _metrics.CategoricalAccuracy,
}


def as_metric(identifier: Any, y_true: Any, y_pred: Any) -> Metric:
    """The metric that `identifier` stands for, for targets and predictions of these shapes.

    "accuracy" becomes binary, sparse or categorical accuracy by the shapes.
    """
    if isinstance(identifier, str) and identifier.lower() in ("accuracy", "acc"):
        return _ACCURACY[target_kind(y_true, y_pred)](name=identifier)
    found = _metrics.get(identifier)
    if not isinstance(found, Metric):
        found = MeanMetricWrapper(found, name=object_name(found))
    if isinstance(identifier, str):
        found.name = identifier
    return found


class CompileMetrics(Metric):
    """All metrics of `compile`, updated together.

    Args:
        metrics: a list; with several outputs a list per output, or a dict by output name.
        weighted_metrics: the same, for metrics that sample weights reach.
        output_names: the model's names of its outputs.
    """

    def __init__(
        self,
        metrics: Any,
        weighted_metrics: Any = None,
        output_names: Sequence[str] | None = None,
    ) -> None:
        super().__init__(name="compile_metrics")
        for what, given in (("metrics", metrics), ("weighted_metrics", weighted_metrics)):
            if given and not isinstance(given, (list, tuple, dict)):
                raise ArgumentError(
                    what,
                    expected="a list, tuple or dict",
                    received=repr(given),
                    fix=f"Write [{given!r}].",
                )
        self.given = (metrics, weighted_metrics)
        self.output_names = output_names
        self.built = False
        self.entries: list[Entry] = []

    @property
    def metrics(self) -> list[Metric]:
        """The single metrics."""
        return [entry.metric for entry in self.entries]

    @property
    def variables(self) -> list[Any]:
        return [v for metric in self.metrics for v in metric.variables]

    def build(self, y_true: Any, y_pred: Any) -> None:
        """Resolve names and forms for targets and predictions of these structures."""
        outputs = Outputs(y_pred, self.output_names)
        predictions = tree.flatten(y_pred)
        taken: set[str] = set()
        entries: list[Entry] = []
        for given, weighted in zip(self.given, (False, True), strict=True):
            if not given:
                continue
            what = "weighted_metrics" if weighted else "metrics"
            spread = _per_output(outputs, given, what)
            wanted = [entry is not None for entry in spread]
            targets = outputs.arrange(y_true, "y", wanted)
            for i, listed in enumerate(spread):
                for one in _listed(listed):
                    target = _target(targets[i], outputs, i)
                    metric = as_metric(one, target, predictions[i])
                    if isinstance(metric, MeanMetricWrapper) and not ours(metric.fn):
                        warn_of_pairs(metric.name, metric.fn, target, predictions[i])
                    named = outputs.count > 1 and outputs.labels[i]
                    prefix = f"{outputs.labels[i]}_" if named else ""
                    label = _label(metric.name, prefix, weighted, taken)
                    entries.append(Entry(i, metric, label, weighted))
        self.entries = entries
        self.built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        if not self.built:
            self.build(y_true, y_pred)
        outputs = Outputs(y_pred, self.output_names)
        used = {entry.output for entry in self.entries}
        wanted = [i in used for i in range(outputs.count)]
        targets = outputs.arrange(y_true, "y", wanted)
        weights = outputs.arrange_weights(sample_weight, wanted)
        predictions = tree.flatten(y_pred)
        for output, metric, _, weighted in self.entries:
            weight = weights[output] if weighted else None
            extra = {} if weight is None else {"sample_weight": weight}
            with scope(metric.name):
                called(
                    "",
                    "update_state(y_true, y_pred, sample_weight=None)",
                    metric.update_state,
                    targets[output],
                    predictions[output],
                    **extra,
                )

    def reset_state(self) -> None:
        for metric in self.metrics:
            metric.reset_state()

    def result(self) -> dict[str, Any]:
        """The results by name; a metric whose result is a dict adds its own names."""
        return results((entry.label, entry.metric) for entry in self.entries)


def results(metrics: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """The results of metrics under these labels; one that is a dict comes under its own names.

    Raises:
        ArgumentError: a metric gives none.
    """
    found: dict[str, Any] = {}
    for label, metric in metrics:
        result = function(f"{type(metric).__name__}.result", metric.result)()
        if result is None or isinstance(result, str):
            one_tensor(f"{type(metric).__name__}.result", "a number, a tensor or a dict", result)
        found |= result if isinstance(result, dict) else {label: result}
    return found


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


def _per_output(outputs: Outputs, given: Any, what: str) -> list[Any]:
    if outputs.count == 1 and not (isinstance(given, dict) and outputs.named):
        return [[one for one in tree.flatten(given) if one is not None]]
    return outputs.spread(given, what)


def _listed(entry: Any) -> list[Any]:
    if entry is None:
        return []
    return list(tree.flatten(entry)) if isinstance(entry, (list, tuple)) else [entry]


def _target(target: Any, outputs: Outputs, output: int) -> Any:
    if target is None:
        name = outputs.names[output] or f"number {output}"
        raise ArgumentError("metrics", expected=f"targets y for the output {name}", received="none")
    return target


def _label(name: str, prefix: str, weighted: bool, taken: set[str]) -> str:
    """The name in the logs: with the output's, and numbered where it is taken."""
    label = f"{prefix}{name}"
    if label in taken and weighted:
        label = f"{prefix}weighted_{name}"
    return numbered(label, taken)
