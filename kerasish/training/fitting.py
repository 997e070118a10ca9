"""`fit`, `evaluate` and `predict`: data, callbacks and the loop brought together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from kerasish import tree
from kerasish.callbacks import CallbackList
from kerasish.data.adapters import BATCH_SIZE, as_source
from kerasish.data.arrays import ArraySource
from kerasish.data.batch import Batch, unpack_x_y_sample_weight
from kerasish.data.source import DataSource
from kerasish.data.splits import train_validation_split
from kerasish.errors import ArgumentError
from kerasish.training.compile_metrics import CompileMetrics
from kerasish.training.loop import feeder, run_epoch
from kerasish.training.progress import FitState
from kerasish.training.readout import Readout
from kerasish.training.step import Bound, as_logs


def need_compiled(model: Any, what: str) -> None:
    """Raise unless the model was compiled."""
    if not model.compiled:
        raise ArgumentError(
            f"{what}. Expected: model.compile(optimizer, loss) before. Received: a model that was "
            "not compiled."
        )


def as_callback_list(
    model: Any, callbacks: Any, history: bool, verbose: Any, **params: Any
) -> CallbackList:
    """The callbacks of a run, with a progress display and a history where they are asked for."""
    shown = 1 if verbose == "auto" else int(verbose)
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


class Phase:
    """One pass after another over a source in one mode: "train" or "test"."""

    def __init__(self, model: Any, mode: str, source: DataSource, callbacks: CallbackList) -> None:
        self.model = model
        self.mode = mode
        self.source = source
        self.callbacks = callbacks
        self.hooks = callbacks.hooks(mode)
        self.each_batch = bool(self.hooks.on_end)
        self.steps: int | None = source.num_batches
        self._readout: Readout | None = None

    def warm(self) -> None:
        """Build and compile for the first batch, and check labels that lie in memory."""
        example = self.source.first_batch()
        self.model.steps.check_variables()
        self.model.steps.warm(self.mode, example, self.each_batch)
        if not self.model.reads_metrics_itself:
            self._readout = Readout(self.model)
        if isinstance(self.source, ArraySource):
            whole = self.source.pack(self.source.one_pass().arrays)
            self.model.steps.labels.check(whole, self.model)

    def run(
        self,
        start: int = 0,
        shuffle: bool = False,
        rng: np.random.Generator | None = None,
        position: Any = None,
    ) -> dict[str, Any]:
        """One pass; returns the logs."""
        steps = self.model.steps

        def step(batch: Batch) -> Any:
            return steps.get(self.mode, batch, self.each_batch)

        def check(batch: Batch) -> None:
            steps.labels.check(batch, self.model)

        feed = feeder(self.source, step, check, shuffle=shuffle, rng=rng, start=start)
        remembered = _Remember(feed)
        self.steps = run_epoch(
            remembered,
            start,
            self.hooks,
            self._batch_logs,
            self._running,
            lambda: self.model.stop_training,
            position,
        )
        return self._final(remembered.last)

    def _batch_logs(self, bound: Bound) -> dict[str, Any]:
        return as_logs(bound.read())

    def reset(self) -> None:
        """Begin all metrics anew."""
        self.model.reset_metrics() if self._readout is None else self._readout.reset()

    def _running(self) -> dict[str, Any]:
        if self._readout is None:
            return as_logs(self.model.get_metrics_result())
        return self._readout.logs()

    def _final(self, last: Bound | None) -> dict[str, Any]:
        if last is not None and self.model.steps.has_own_logs(self.mode):
            return as_logs(last.read())
        return self._running()


class _Remember:
    """A feeder that remembers what it handed out last, whose results are still there."""

    def __init__(self, feed: Any) -> None:
        self._feed = feed.feed
        self.close = feed.close
        self.last: Bound | None = None

    def feed(self, index: int) -> Bound | None:
        bound = self._feed(index)
        if bound is not None:
            self.last = bound
        return bound


def fit(
    model: Any,
    x: Any,
    y: Any,
    sample_weight: Any,
    *,
    batch_size: int | None,
    epochs: int,
    verbose: Any,
    callbacks: Any,
    validation_split: float,
    validation_data: Any,
    shuffle: bool,
    class_weight: Mapping[int, float] | None,
    initial_epoch: int,
    steps_per_epoch: int | None,
    validation_steps: int | None,
    validation_batch_size: int | None,
    validation_freq: Any,
) -> Any:
    """See `Trainer.fit`."""
    need_compiled(model, "fit")
    if validation_split and validation_data is None:
        train, held = train_validation_split(x, y, sample_weight, validation_split=validation_split)
        x, y, sample_weight = train
        validation_data = tuple(held) if held.sample_weight is not None else tuple(held[:2])
    source = as_source(
        x,
        y,
        sample_weight,
        batch_size=batch_size,
        class_weight=class_weight,
        steps=steps_per_epoch,
        epochs=epochs - initial_epoch,
    )
    watched = as_callback_list(
        model, callbacks, True, verbose, epochs=epochs, steps=source.num_batches
    )
    training = Phase(model, "train", source, watched)
    training.warm()
    validation: Phase | None = None
    if validation_data is not None:
        held_out = _validation_source(
            validation_data,
            validation_batch_size or batch_size,
            validation_steps,
            epochs - initial_epoch,
        )
        validation = Phase(model, "test", held_out, watched)
        validation.warm()
    state = FitState(model, source, _generator(), initial_epoch, watched)
    model.fit_state = state
    model.stop_training = False
    try:
        return _epochs(model, state, training, validation, epochs, bool(shuffle), validation_freq)
    finally:
        model.fit_state = None  # it holds the data
        source.close()
        if validation is not None:
            validation.source.close()


def _epochs(
    model: Any,
    state: FitState,
    training: Phase,
    validation: Phase | None,
    epochs: int,
    shuffle: bool,
    frequency: Any,
) -> Any:
    watched, source = training.callbacks, training.source
    watched.on_train_begin()
    logs: dict[str, Any] = {}
    while state.epoch < epochs and not model.stop_training:
        epoch, start = state.epoch, state.step
        if not start:
            training.reset()
        watched.on_epoch_begin(epoch)
        source.on_epoch_begin()

        def position(done: int) -> None:
            state.step = done

        logs = training.run(start, shuffle, state.rng, position)
        source.on_epoch_end()
        if validation is not None and _validates(epoch, frequency):
            logs |= {f"val_{name}": value for name, value in _evaluate(model, validation).items()}
        state.begin_epoch(epoch + 1)
        watched.on_epoch_end(epoch, logs)
    if model.optimizer is not None:
        model.optimizer.finalize_variable_values(model.trainable_variables)
    watched.on_train_end(logs)
    return model.history


def _evaluate(model: Any, phase: Phase) -> dict[str, Any]:
    phase.reset()
    phase.callbacks.on_test_begin()
    phase.source.on_epoch_begin()
    logs = phase.run()
    phase.source.on_epoch_end()
    phase.callbacks.on_test_end(logs)
    return logs


def _validates(epoch: int, frequency: Any) -> bool:
    if isinstance(frequency, int):
        return (epoch + 1) % frequency == 0
    if isinstance(frequency, (list, tuple, set)):
        return epoch + 1 in frequency
    raise ArgumentError(
        f"validation_freq. Expected: an int, or a list of epochs. Received: {frequency!r}."
    )


def _validation_source(
    data: Any, batch_size: int | None, steps: int | None, epochs: int
) -> DataSource:
    if isinstance(data, (tuple, list)):
        x, y, sample_weight = unpack_x_y_sample_weight(tuple(data))
        return as_source(x, y, sample_weight, batch_size=batch_size, steps=steps, epochs=epochs)
    return as_source(data, steps=steps, epochs=epochs)


def _generator() -> np.random.Generator:
    """The generator of the epochs' orders; it follows `set_random_seed`, which seeds numpy's."""
    return np.random.default_rng(np.random.randint(0, 2**31, size=4).tolist())


def evaluate(
    model: Any,
    x: Any,
    y: Any,
    sample_weight: Any,
    *,
    batch_size: int | None,
    verbose: Any,
    steps: int | None,
    callbacks: Any,
    return_dict: bool,
) -> Any:
    """See `Trainer.evaluate`."""
    need_compiled(model, "evaluate")
    source = as_source(x, y, sample_weight, batch_size=batch_size, steps=steps)
    watched = as_callback_list(model, callbacks, False, verbose, epochs=1, steps=source.num_batches)
    phase = Phase(model, "test", source, watched)
    phase.warm()
    model.stop_training = False
    try:
        logs = _evaluate(model, phase)
    finally:
        source.close()
    return logs if return_dict else flat_logs(model, logs)


def flat_logs(model: Any, logs: Mapping[str, Any]) -> Any:
    """Logs as a list: in the order of the model's metrics, then others by name; one alone.

    As in Keras, logs that carry the name of an output count among the others.
    """
    if len(logs) == 1:
        return next(iter(logs.values()))
    names: list[str] = []
    for metric in model.metrics:
        compiled = isinstance(metric, CompileMetrics)
        names += [m.name for m in metric.metrics] if compiled else [metric.name]
    ordered = [name for name in dict.fromkeys(names) if name in logs]
    ordered += sorted(name for name in logs if name not in names)
    return [logs[name] for name in ordered]


def predict(
    model: Any,
    x: Any,
    *,
    batch_size: int | None,
    verbose: Any,
    steps: int | None,
    callbacks: Any,
) -> Any:
    """See `Trainer.predict`."""
    if type(x) is np.ndarray and verbose == 0 and callbacks is None and steps is None and x.size:
        if x.ndim and len(x) <= (BATCH_SIZE if batch_size is None else batch_size):
            return model.predict_on_batch(x)  # one batch needs no loop
    source = as_source(x, batch_size=batch_size, steps=steps)
    watched = as_callback_list(model, callbacks, False, verbose, epochs=1, steps=source.num_batches)
    collected = _Collected(source.num_samples)

    def step(batch: Batch) -> Any:
        return model.steps.get("predict", Batch(batch.x))

    model.stop_training = False
    watched.on_predict_begin()
    with step(source.first_batch()).lock:
        run_epoch(
            _Collecting(feeder(source, step, only_x=True), collected),
            0,
            watched.hooks("predict"),
            lambda bound: {"outputs": bound.read()},
            dict,
            lambda: model.stop_training,
        )
    watched.on_predict_end()
    source.close()
    return collected.result()


class _Collecting:
    """A feeder whose steps hand their results to a collection."""

    def __init__(self, feed: Any, collected: _Collected) -> None:
        self._feed = feed.feed
        self.close = feed.close
        self._collected = collected

    def feed(self, index: int) -> Bound | None:
        bound: Bound | None = self._feed(index)
        if bound is None:
            return None
        rows = len(bound.inputs[0])

        def run() -> None:
            bound.run()
            self._collected.add(bound.read(), rows)

        return bound._replace(run=run)


class _Collected:
    """Results of batches, put straight into arrays for all samples where their number is known."""

    def __init__(self, samples: int | None) -> None:
        self._samples = samples
        self._whole: list[np.ndarray] | None = None
        self._parts: list[list[np.ndarray]] = []
        self._form: Any = None
        self._begun = False
        self._filled = 0

    def add(self, result: Any, rows: int) -> None:
        """Take the result of a batch of `rows` samples; it is copied."""
        leaves = [np.asarray(leaf) for leaf in tree.flatten(result)]
        if not self._begun:
            self._begun = True
            self._form = tree.map_structure(lambda _: None, result)
            by_row = all(leaf.ndim and len(leaf) == rows for leaf in leaves)
            if self._samples is not None and by_row:
                self._whole = [
                    np.empty((self._samples, *leaf.shape[1:]), leaf.dtype) for leaf in leaves
                ]
        if self._whole is not None:
            end = self._filled + rows
            for target, leaf in zip(self._whole, leaves, strict=True):
                target[self._filled : end] = leaf
            self._filled = end
        else:
            self._parts.append([np.array(leaf, ndmin=1) for leaf in leaves])

    def result(self) -> Any:
        """All results, in the structure of one; they are the caller's from here on."""
        whole, parts = self._whole, self._parts
        self._whole, self._parts = None, []
        if whole is not None:
            leaves = [array[: self._filled] for array in whole]
        else:
            leaves = [np.concatenate(column) for column in zip(*parts, strict=True)]
        return tree.pack_sequence_as(self._form, leaves)
