"""`Steps`: the compiled steps of one model, made when they are needed."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from kerasish.config import settings
from kerasish.data.batch import Batch
from kerasish.graph import convert_to_tensor
from kerasish.training.checks import LabelCheck
from kerasish.training.step import Bound, Step, as_logs, everything, form_of, nothing, specs_of

MODES = {"train": "train_step", "test": "test_step", "predict": "predict_step"}


class Steps:
    """A `Step` per mode, structure of batch, and wish for logs.

    Args:
        model: what is trained; its `train_step`, `test_step` and `predict_step` are traced.
    """

    def __init__(self, model: Any) -> None:
        self._model: Callable[[], Any] = weakref.ref(model)  # which holds these steps
        self._made: dict[Any, Step] = {}
        self._own_logs: dict[str, bool] = {}
        self._variables: tuple[Any, ...] = ()
        self._metrics: list[Any] | None = None  # all of the model's, once they were looked for
        self.labels = LabelCheck()

    @property
    def model(self) -> Any:
        """The model."""
        return self._model()

    def get(self, mode: str, batch: Batch, logs: bool = False) -> Step:
        """The step for batches of this structure.

        Args:
            mode: "train", "test" or "predict".
            batch: an example.
            logs: whether the logs of every batch are wanted.
        """
        eager = bool(self.model.run_eagerly or settings.run_eagerly)
        key = (mode, form_of(batch), logs, eager)
        found = self._made.get(key)
        if found is None:
            model = self._model

            def func(data: Any) -> Any:
                return getattr(model(), MODES[mode])(data)

            found = self._made[key] = Step(func, batch, self._keep(mode, logs), eager)
        return found

    def _keep(self, mode: str, logs: bool) -> Any:
        if mode == "predict":
            return everything

        model, own_logs = self._model, self._own_logs

        def keep(result: Any) -> Any:
            """Nothing, where the metrics' variables tell it all; else the step's own logs."""
            metrics = model().get_metrics_result()
            own = isinstance(result, dict) and not _same(_flat(result), _flat(metrics))
            own_logs[mode] = own
            if own:
                return result
            return metrics if logs else nothing(result)

        return keep

    def has_own_logs(self, mode: str) -> bool:
        """Whether a custom step returns other logs than those of the metrics."""
        return self._own_logs.get(mode, False)

    def _present(self) -> tuple[Any, ...]:
        return tuple((id(v), v.trainable) for v in self.model.variables)

    def check_variables(self) -> None:
        """Trace anew if variables came, went, or changed between trainable and frozen."""
        now = self._present()
        if now != self._variables:
            self._made.clear()
            self._metrics = None
        self._variables = now

    def warm(self, mode: str, batch: Batch, logs: bool = False) -> Bound:
        """Compile the step for such a batch now: builds the model, its metrics and optimizer."""
        step, specs = self.get(mode, batch, logs), specs_of(batch.leaves)
        fresh = not step.is_bound(specs)
        bound = step.bind(specs)
        if fresh:
            self._variables = self._present()  # which walks the whole model
            self._metrics = None
        return bound

    def run(self, mode: str, batch: Batch) -> dict[str, Any]:
        """One step on one batch, with its logs: those of this batch alone."""
        self.check_variables()
        step = self.get(mode, batch, logs=True)
        with step.lock:
            self.warm(mode, batch, logs=True)
            self._forget(step)
            self.labels.check(batch, self.model)
            return as_logs(step(batch.leaves))

    def _forget(self, step: Step) -> None:
        """Begin all metrics anew, as `reset_metrics` does, but look for them only once."""
        model = self.model
        if step.eager or model.reads_metrics_itself:
            model.reset_metrics()
            return
        if self._metrics is None:
            self._metrics = list(model.metrics)
        for metric in self._metrics:
            metric.reset_state()


def _flat(logs: dict[str, Any]) -> dict[str, Any]:
    """Logs with those of inner dicts under their own names."""
    flat: dict[str, Any] = {}
    for name, value in logs.items():
        flat |= _flat(value) if isinstance(value, dict) else {name: value}
    return flat


def _same(logs: dict[str, Any], metrics: dict[str, Any]) -> bool:
    """Whether a step returned just what its metrics hold after it."""
    if logs.keys() != metrics.keys():
        return False
    return all(_equal(logs[name], metrics[name]) for name in logs)


def _equal(a: Any, b: Any) -> bool:
    a, b = convert_to_tensor(a), convert_to_tensor(b)
    if a.is_symbolic or b.is_symbolic:
        return a.node is b.node  # equal expressions of one trace are one node
    return bool(np.array_equal(a.numpy(), b.numpy(), equal_nan=True))
