"""`predict` as a run: one pass over inputs, and the results of all batches together."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish import tree
from kerasish.callbacks import CallbackList
from kerasish.data.adapters import BATCH_SIZE, as_source
from kerasish.data.batch import Batch
from kerasish.data.source import DataSource
from kerasish.training.arguments import whole_or_none
from kerasish.training.by_name import by_name
from kerasish.training.feeders import feeder
from kerasish.training.run import Run, as_callback_list
from kerasish.training.step import Bound, Specs


class PredictRun(Run):
    """One call of `predict`."""

    mode = "predict"

    def __init__(self, model: Any, source: DataSource, callbacks: CallbackList) -> None:
        super().__init__(model, source, callbacks)
        self._collected = Collected(source.num_samples)
        self._since = 0  # batches that callbacks have not seen yet

    def _bind(self, example: Batch, specs: Specs) -> Bound:
        x = Batch(example.x)
        return self.plans.bind(self.mode, x, specs[: len(x.leaves)], own=self.own)

    def predict(self) -> Any:
        """One pass; returns the results of all batches."""
        self.callbacks.on_predict_begin()
        self.source.on_epoch_begin()
        self.one_pass(feeder(self.source, self._bind, only_x=True))
        self.source.on_epoch_end()
        self.callbacks.on_predict_end()
        return self._collected.result()

    def ran(self, bound: Bound) -> None:
        self._collected.add(bound.read(), len(bound.inputs[0]))
        self._since += 1

    def logs_of(self, bound: Bound) -> dict[str, Any]:
        """The results of a group of batches."""
        since, self._since = self._since, 0
        return {"outputs": self._collected.last(since)}


def predict(
    self: Any,
    x: Any,
    batch_size: int | None = None,
    verbose: Any = "auto",
    steps: int | None = None,
    callbacks: Any = None,
) -> Any:
    """The predictions for all samples, as numpy arrays in the structure of the outputs.

    See `fit` for the arguments.
    """
    if batch_size is not None or steps is not None:
        batch_size, steps = whole_or_none("batch_size", batch_size), whole_or_none("steps", steps)
    if type(x) is np.ndarray and verbose == 0 and callbacks is None and steps is None and x.size:
        if x.ndim and len(x) <= (BATCH_SIZE if batch_size is None else batch_size):
            return self.predict_on_batch(x)  # one batch needs no loop
    x = by_name(self, x)[0]
    source = as_source(x, batch_size=batch_size, steps=steps)
    watched = as_callback_list(self, callbacks, False, verbose, epochs=1, steps=source.num_batches)
    with source, PredictRun(self, source, watched) as run:
        return run.predict()


class Column:
    """One output of all batches, in an array for all samples where that fits, else in parts."""

    def __init__(self, samples: int | None) -> None:
        self._samples = samples
        self._whole: np.ndarray | None = None
        self._parts: list[np.ndarray] = []
        self._filled = 0
        self._lengths: list[int] = []

    def add(self, leaf: np.ndarray, rows: int) -> None:
        """Take the result of a batch of `rows` samples; it is copied."""
        leaf = np.atleast_1d(leaf)
        if self._samples is not None and not self._lengths and len(leaf) == rows:
            self._whole = np.empty((self._samples, *leaf.shape[1:]), leaf.dtype)
        self._lengths.append(len(leaf))
        whole, end = self._whole, self._filled + len(leaf)
        if whole is not None:
            alike = (leaf.dtype, leaf.shape[1:]) == (whole.dtype, whole.shape[1:])
            if alike and end <= len(whole):
                whole[self._filled : end] = leaf
                self._filled = end
                return
            self._parts, self._whole = [whole[: self._filled]], None
        self._parts.append(np.array(leaf))

    def result(self) -> np.ndarray:
        """All batches one behind the other."""
        whole = self._whole
        return np.concatenate(self._parts) if whole is None else whole[: self._filled]

    def last(self, batches: int) -> np.ndarray:
        """A copy of the results of the last batches."""
        count = sum(self._lengths[-batches:])
        if self._whole is not None:
            return np.array(self._whole[self._filled - count : self._filled])
        return np.concatenate(self._parts[-batches:])[-count:]


class Collected:
    """Results of batches, output by output.

    As in Keras, each is joined along its first axis, whether or not that is the batch.
    """

    def __init__(self, samples: int | None) -> None:
        self._samples = samples
        self._columns: list[Column] = []
        self._form: Any = None

    def add(self, result: Any, rows: int) -> None:
        """Take the result of a batch of `rows` samples; it is copied."""
        leaves = tree.flatten(result)
        if not self._columns:
            self._form = tree.map_structure(lambda _: None, result)
            self._columns = [Column(self._samples) for _ in leaves]
        for column, leaf in zip(self._columns, leaves, strict=True):
            column.add(np.asarray(leaf), rows)

    def result(self) -> Any:
        """All results, in the structure of one; they are the caller's from here on."""
        columns, self._columns = self._columns, []
        return tree.pack_sequence_as(self._form, [column.result() for column in columns])

    def last(self, batches: int) -> Any:
        """The results of the last batches, copied."""
        return tree.pack_sequence_as(self._form, [c.last(batches) for c in self._columns])
