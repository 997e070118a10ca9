"""`Run`: one call of `fit`, `evaluate` or `predict`, what is its own, and its loop over batches.

Between two batches nothing else happens unless a callback asked for it. A batch goes into the
buffers when the hooks before it are done, and its results are read before those after it begin:
what a hook does with the model cannot reach the batch in flight.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any, ClassVar, Self

import numpy as np

from kerasish.callbacks import CallbackList
from kerasish.callbacks.callback_list import BatchHooks
from kerasish.callbacks.history import History
from kerasish.data.arrays import ArraySource
from kerasish.data.batch import Batch
from kerasish.data.headed import HeadSource
from kerasish.data.source import DataSource
from kerasish.errors import ArgumentError
from kerasish.training.arguments import verbosity
from kerasish.training.compile_metrics import MetricResults
from kerasish.training.feeders import Feeder, feeder
from kerasish.training.label_rules import check_labels
from kerasish.training.plans import Plans
from kerasish.training.step import Bound, Specs, as_logs

MODES = ("train", "test", "predict")


class Run:
    """Owns its flag, its callbacks, its place in the data and the batch in flight.

    Runs may be nested: a callback may fit, evaluate and predict with the model that is running.
    What the inner run does to weights stays; everything else of the outer run is as it was.

    Attributes:
        mode: "train", "test" or "predict".
        stopped: whether no further batch is wanted; `model.stop_training`, `stop_evaluating` and
            `stop_predicting` are this flag of the innermost run of that kind.
        measuring: whether the model's metrics are in use by this run, and hold a part of a pass.
    """

    mode: ClassVar[str]

    def __init__(self, model: Any, source: DataSource, callbacks: CallbackList) -> None:
        self.model = model
        self.source = self._headed(source)
        self.callbacks = callbacks
        self.own = model.own_function(self.mode)
        self.plans: Plans = model.plans
        self.lock = self.plans.lock
        self.group = max(1, int(model.steps_per_execution))
        self.stopped = False
        self.measuring = False

    def _headed(self, source: DataSource) -> DataSource:
        """The source, whose batches come with texts read where the model's layers read them."""
        head = self.model.head_for(lambda: source.first_batch().x)
        if head is None:
            return source
        training = self.mode == "train"
        return HeadSource(source, lambda x: head(x, training), ahead=head.ours)

    def __enter__(self) -> Self:
        self._aside = self.model.runs.metrics_aside()
        self._aside.__enter__()
        self.stopped = False
        self.model.runs.active.append(self)
        return self

    def __exit__(self, *error: Any) -> None:
        self.model.runs.ended(self)
        self._aside.__exit__(*error)

    def one_pass(self, feed: Feeder, start: int = 0) -> int:
        """Run the batches of a pass from number `start` on; returns how many there were in all."""
        hooks = self.callbacks.hooks(self.mode)
        try:
            return self._loop(feed, start, hooks)
        except TypeError:
            hooks.refuse_misfits()
            raise

    def _loop(self, feed: Feeder, start: int, hooks: BatchHooks) -> int:
        """The batches of a pass, with the hooks around every `group` of them.

        As with Keras's `steps_per_execution`, those before get the number of the first, those
        afterwards that of the last that a whole group has. `stopped` is looked at after each group.
        """
        begin, end, lock = hooks.on_begin, hooks.on_end, self.lock
        group = self.group if begin or end else 1  # nobody else would see it
        due = perf_counter() + hooks.tick_seconds if hooks.tick_seconds else math.inf
        ran, index = self.ran, start
        try:
            more = feed.has(index)
            while more:
                for call in begin:
                    call(index, {})
                while more:
                    with lock:
                        bound = feed.bind(index)
                        bound.run()
                        ran(bound)
                    index += 1
                    if index % group == 0:
                        break
                    more = feed.has(index)
                if end:
                    self.position(index)
                    with lock:
                        logs = self.logs_of(bound)
                    last = (index - 1) // group * group + group - 1
                    for call in end:
                        call(last, logs)
                if self.stopped:
                    break
                if perf_counter() > due:
                    hooks.tick(index, self.running_logs)
                    due = perf_counter() + hooks.tick_seconds
                if index % group == 0:
                    more = feed.has(index)
        finally:
            feed.close()
        return index

    def ran(self, bound: Bound) -> None:
        """A batch is done; called under the lock."""

    def logs_of(self, bound: Bound) -> dict[str, Any]:
        """The logs after a group of batches; called under the lock."""
        return as_logs(bound.read())

    def running_logs(self) -> dict[str, Any]:
        """The metrics so far, for those that see progress now and then."""
        return {}

    def position(self, done: int) -> None:
        """Told the number of batches done, before callbacks see a batch's end."""


class Measured(Run):
    """A run whose steps leave their results in metrics: training and evaluation.

    Attributes:
        done: the batches of the last pass, those before its start included.
        metrics: all of the model's.
    """

    def __init__(self, model: Any, source: DataSource, callbacks: CallbackList) -> None:
        super().__init__(model, source, callbacks)
        hooks = callbacks.hooks(self.mode)
        self._each_batch = bool(hooks.on_end)
        self._logs: dict[str, Any] | None = None  # of the last batch, where someone read them
        self._last: Bound | None = None
        self.done = 0
        source = self.source
        example = source.first_batch()
        self.plans.for_batch(self.mode, example, self._each_batch, self.own)
        self.metrics: list[Any] = list(model.metrics)
        self._readout = None if model.reads_metrics_itself else MetricResults(self.metrics)
        if isinstance(source, ArraySource):  # labels that lie in memory are checked once
            self._check(source.pack(source.one_pass().arrays))

    def _check(self, batch: Batch) -> None:
        check_labels(batch, self.model)

    def _bind(self, example: Batch, specs: Specs) -> Bound:
        return self.plans.bind(self.mode, example, specs, self._each_batch, self.own)

    def measure(
        self, start: int = 0, shuffle: bool = False, rng: np.random.Generator | None = None
    ) -> dict[str, Any]:
        """One pass; returns its logs."""
        self._last = self._logs = None
        feed = feeder(self.source, self._bind, self._check, shuffle=shuffle, rng=rng, start=start)
        self.done = self.one_pass(feed, start)
        last, self._last = self._last, None
        with self.lock:
            if last is None or not last.own_logs:
                logs = self.running_logs()
            else:
                logs = self.logs_of(last) if self._logs is None else self._logs
        self.measuring = False
        return logs

    def ran(self, bound: Bound) -> None:
        self._last = bound

    def logs_of(self, bound: Bound) -> dict[str, Any]:
        self._logs = as_logs(bound.read())
        return dict(self._logs)

    def running_logs(self) -> dict[str, Any]:
        if self._readout is None:
            return as_logs(self.model.get_metrics_result())
        return self._readout.logs()

    def reset(self) -> None:
        """Begin all metrics anew."""
        self.measuring = True
        self.model.reset_metrics() if self._readout is None else self._readout.reset()


class Runs:
    """The runs of one model that are going on, and how the last of each kind ended.

    Attributes:
        active: the innermost last.
        flags: `stopped` of the last outermost run of each mode.
    """

    def __init__(self, model: Any) -> None:
        self._model: Callable[[], Any] = weakref.ref(model)  # which holds this
        self.active: list[Any] = []
        self.flags: dict[str, bool] = dict.fromkeys(MODES, False)

    def innermost(self, mode: str) -> Any:
        """The run of a mode that began last and has not ended; None where there is none."""
        return next((run for run in reversed(self.active) if run.mode == mode), None)

    def ended(self, run: Run) -> None:
        """Take a run from the active ones; of those in each other the outermost comes last."""
        self.active.remove(run)
        self.flags[run.mode] = run.stopped

    def stopped(self, mode: str) -> bool:
        """The flag of the innermost run of a mode, or how the last one ended."""
        run = self.innermost(mode)
        return self.flags[mode] if run is None else run.stopped

    def stop(self, mode: str, value: bool) -> None:
        """Set the flag of the innermost run of a mode."""
        run = self.innermost(mode)
        if run is None:
            self.flags[mode] = bool(value)
        else:
            run.stopped = bool(value)

    @contextmanager
    def metrics_aside(self) -> Iterator[None]:
        """Context manager: metrics may be used for something else, in the middle of a pass too."""
        if not any(run.measuring for run in self.active):
            yield
            return
        held = [(v, v.numpy()) for metric in self._model().metrics for v in metric.variables]
        try:
            yield
        finally:
            for variable, value in held:
                variable.assign(value)


def need_compiled(model: Any, what: str) -> None:
    """Raise unless the model was compiled."""
    if not model.compiled:
        raise ArgumentError(
            what,
            expected="model.compile(optimizer, loss) before",
            received="a model that was not compiled",
        )


def as_callback_list(
    model: Any, callbacks: Any, history: bool, verbose: Any, **params: Any
) -> CallbackList:
    """The callbacks of a run, with a progress display and a history where they are asked for."""
    shown = verbosity(verbose)
    if isinstance(callbacks, CallbackList):
        callbacks.set_model(model)
        callbacks.set_params({"verbose": shown, **params, **callbacks.params})
        return callbacks
    return CallbackList(
        callbacks,
        add_history=history,
        add_progbar=shown != 0,
        model=model,
        verbose=shown,
        **params,
    )


def history_of(callbacks: CallbackList) -> History | None:
    """The history among callbacks."""
    return next((c for c in callbacks if isinstance(c, History)), None)
