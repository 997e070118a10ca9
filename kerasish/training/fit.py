"""`fit` as a run: epochs over the training data, with validation in between; where it stands."""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any

import numpy as np

from kerasish.callbacks import CallbackList
from kerasish.config import max_epochs
from kerasish.data.adapters import as_source
from kerasish.data.batch import unpack_x_y_sample_weight
from kerasish.data.source import DataSource
from kerasish.data.splits import train_validation_split
from kerasish.errors import FileFormatError
from kerasish.hints import limited
from kerasish.training.arguments import flag, frequency, share, whole, whole_or_none
from kerasish.training.by_name import by_name
from kerasish.training.evaluate import EvaluateRun
from kerasish.training.run import Measured, as_callback_list, history_of, need_compiled


class FitState:
    """The position of a run and everything random about its data.

    Attributes:
        epoch: the epoch being run, counted from 0.
        step: batches of it that are done.
    """

    def __init__(
        self,
        run: Any,
        rng: np.random.Generator,
        epoch: int,
    ) -> None:
        self._run: Callable[[], Any] = weakref.ref(run)  # which holds this
        self.source: DataSource = run.source
        self.rng = rng
        self.epoch = epoch
        self.step = 0
        self.callbacks: CallbackList = run.callbacks
        self._at_epoch: dict[str, Any] = {}
        self.begin_epoch(epoch)

    @property
    def run(self) -> Any:
        """The run."""
        return self._run()

    def begin_epoch(self, epoch: int, step: int = 0) -> None:
        """Enter an epoch; what its order will be drawn from is kept until the next."""
        self.epoch = epoch
        self.step = step
        self._at_epoch = {
            "rng": self.rng.bit_generator.state,
            "source": dict(self.source.state_dict()),
        }

    def state_dict(self) -> dict[str, Any]:
        """The position as plain data: one inside an epoch has the state from its beginning."""
        return {
            "epoch": self.epoch,
            "step": self.step,
            "stopped": bool(self.run.stopped),
            "data": self._at_epoch,
            "callbacks": {
                f"{i}:{type(c).__name__}": c.state_dict() for i, c in enumerate(self.callbacks)
            },
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up a position.

        Raises:
            FileFormatError: another generator, or callbacks that the state does not know.
        """
        rng = state["data"]["rng"]
        if rng["bit_generator"] != self.rng.bit_generator.state["bit_generator"]:
            raise FileFormatError(
                "The state of a training run",
                expected=f"the random generator {self.rng.bit_generator.state['bit_generator']}",
                received=rng["bit_generator"],
            )
        self.rng.bit_generator.state = rng
        self.source.load_state_dict(dict(state["data"]["source"]))
        self.run.stopped = bool(state["stopped"])
        self.begin_epoch(int(state["epoch"]), int(state["step"]))
        known = dict(state["callbacks"])
        for callback in self.callbacks:
            name = type(callback).__name__
            key = next((k for k in known if k.split(":", 1)[1] == name), None)
            if key is not None:
                callback.load_state_dict(known.pop(key))


class FitRun(Measured):
    """One call of `fit`.

    Attributes:
        history: the `History` that it fills and returns.
        state: its position, as a checkpoint holds it.
    """

    mode = "train"

    def __init__(
        self, model: Any, source: DataSource, callbacks: CallbackList, initial_epoch: int
    ) -> None:
        super().__init__(model, source, callbacks)
        self.history = history_of(callbacks)
        self.validation: EvaluateRun | None = None
        self.state = FitState(self, _generator(), initial_epoch)

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        outer = self.model.runs.innermost(self.mode)
        if outer is not None and outer.history is not None:
            self.model.history = outer.history

    def epochs(self, last: int, shuffle: bool, every: int | frozenset[int]) -> Any:
        """Train until epoch number `last`, or until the data have ended; returns the history.

        Args:
            last: the epoch to stop before.
            shuffle: whether every epoch has a new order.
            every: how often, or after which epochs, counted from 1, to validate.
        """
        state, watched, source = self.state, self.callbacks, self.source
        self.measuring = True  # a checkpoint may put metrics in the middle of an epoch
        watched.on_train_begin()
        logs: dict[str, Any] = {}
        while state.epoch < last and not self.stopped and not source.exhausted:
            epoch, start = state.epoch, state.step
            if not start:
                self.reset()
            watched.on_epoch_begin(epoch)
            source.on_epoch_begin()
            measured = self.measure(start, shuffle, state.rng)
            if not self.done:
                break  # an epoch without a batch is none
            logs = measured
            source.on_epoch_end()
            if self.validation is not None and _validates(epoch, every):
                found = self.validation.evaluate()
                logs |= {f"val_{name}": value for name, value in found.items()}
            state.begin_epoch(epoch + 1)
            watched.on_epoch_end(epoch, dict(logs))  # what they enter is for each other
        if state.epoch < last and not self.stopped:
            warnings.warn(
                f"The data have ended, and so does training, after {state.epoch} of {last} epochs. "
                "A generator runs once: let it give steps_per_epoch * epochs batches, or pass "
                "what can begin anew, such as arrays or a PyDataset.",
                stacklevel=2,
            )
        optimizer = self.model.optimizer
        if optimizer is not None and optimizer.finalizes:
            optimizer.finalize_variable_values(self.model.trainable_variables)
        watched.on_train_end(logs)
        return self.history

    def position(self, done: int) -> None:
        self.state.step = done


def fit(
    self: Any,
    x: Any = None,
    y: Any = None,
    batch_size: int | None = None,
    epochs: int = 1,
    verbose: Any = "auto",
    callbacks: Any = None,
    validation_split: float = 0.0,
    validation_data: Any = None,
    shuffle: bool = True,
    class_weight: Mapping[int, float] | None = None,
    sample_weight: Any = None,
    initial_epoch: int = 0,
    steps_per_epoch: int | None = None,
    validation_steps: int | None = None,
    validation_batch_size: int | None = None,
    validation_freq: Any = 1,
) -> Any:
    """Train for a number of epochs.

    Args:
        x: inputs: arrays or a structure of them, an h5py dataset, a sparse matrix, a table of
            pandas or polars, whose columns several inputs find by their names, a generator or
            iterable of batches, or a `PyDataset`.
        y: targets, where `x` is arrays.
        batch_size: samples per update, where `x` is arrays; 32 by default.
        epochs: the epoch to stop before, counted from 0.
        verbose: 0 silent, 1 (or "auto") a progress bar, 2 a line per epoch.
        callbacks: list of callbacks.
        validation_split: fraction of the samples, taken from the end, to validate with.
        validation_data: `(x, y)`, `(x, y, sample_weight)`, or batches.
        shuffle: whether every epoch has a new order.
        class_weight: from integer label to weight.
        sample_weight: a weight per sample, where `x` is arrays.
        initial_epoch: the epoch to begin with.
        steps_per_epoch: batches per epoch; all of them by default.
        validation_steps: batches to validate with; all of them by default.
        validation_batch_size: samples per batch of validation.
        validation_freq: validate every n-th epoch, or a list of epochs counted from 1.

    Returns:
        The `History` callback: `history.history` has a list per log.

    Raises:
        DataError: the data do not fit each other, or the labels the loss.
        ArgumentError: not compiled, or arguments that exclude each other.
    """
    need_compiled(self, "fit")
    weights_of_classes = self._class_weights(class_weight)
    epochs = limited("epochs", whole("epochs", epochs, 0), max_epochs()) or 0
    initial_epoch = whole("initial_epoch", initial_epoch, 0)
    batch_size = whole_or_none("batch_size", batch_size)
    validation_batch_size = whole_or_none("validation_batch_size", validation_batch_size)
    steps_per_epoch = whole_or_none("steps_per_epoch", steps_per_epoch)
    validation_steps = whole_or_none("validation_steps", validation_steps)
    validation_freq = frequency(validation_freq)
    validation_split = share("validation_split", validation_split)
    shuffle = flag("shuffle", shuffle)
    x, y, sample_weight = by_name(self, x, y, sample_weight)
    if validation_split and validation_data is None:
        train, held = train_validation_split(x, y, sample_weight, validation_split=validation_split)
        x, y, sample_weight = train
        validation_data = tuple(held)
    source = as_source(
        x,
        y,
        sample_weight,
        batch_size=batch_size,
        class_weight=weights_of_classes,
        steps=steps_per_epoch,
    )
    watched = as_callback_list(
        self, callbacks, True, verbose, epochs=epochs, steps=source.num_batches
    )
    with source, ExitStack() as held_out:
        run = FitRun(self, source, watched, initial_epoch)
        if validation_data is not None:
            own = _validation_source(
                self, validation_data, validation_batch_size or batch_size, validation_steps
            )
            run.validation = EvaluateRun(self, held_out.enter_context(own), watched)
        with run:
            return run.epochs(epochs, shuffle, validation_freq)


def _validates(epoch: int, every: int | frozenset[int]) -> bool:
    return (epoch + 1) % every == 0 if isinstance(every, int) else epoch + 1 in every


def _validation_source(
    model: Any, data: Any, batch_size: int | None, steps: int | None
) -> DataSource:
    if isinstance(data, (tuple, list)):
        x, y, sample_weight = unpack_x_y_sample_weight(tuple(data))
    else:
        x, y, sample_weight = data, None, None
    x, y, sample_weight = by_name(model, x, y, sample_weight)
    return as_source(x, y, sample_weight, batch_size=batch_size, steps=steps, go_on=False)


def _generator() -> np.random.Generator:
    """The generator of the epochs' orders; it follows `set_random_seed`, which seeds numpy's."""
    return np.random.default_rng(np.random.randint(0, 2**31, size=4).tolist())
