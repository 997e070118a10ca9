"""Sequences: bringing them to one length, and cutting windows out of a time series."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from kerasish.data.dataset import Dataset
from kerasish.data.nodes import Node, Pass, Rows
from kerasish.errors import ArgumentError
from kerasish.hints import one_of


def pad_sequences(
    sequences: Sequence[Any],
    maxlen: int | None = None,
    dtype: Any = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: Any = 0.0,
) -> np.ndarray:
    """Sequences of different lengths as one array (n, maxlen, ...).

    Args:
        sequences: n lists or arrays (steps, ...), equal in all but `steps`.
        maxlen: steps of the result; the longest sequence's by default.
        dtype: of the result.
        padding: "pre" or "post", the side that short sequences are filled up on.
        truncating: "pre" or "post", the side that long sequences lose.
        value: what to fill up with.

    Raises:
        ArgumentError: no list of sequences, different trailing shapes, or an unknown side.
    """
    for name, side in (("padding", padding), ("truncating", truncating)):
        if side not in ("pre", "post"):
            raise ArgumentError(name, expected="'pre' or 'post'", received=repr(side))
    if isinstance(value, str) and np.dtype(dtype).kind not in "OSU":
        raise ArgumentError(
            "value",
            expected=f"a number, for a result of dtype {dtype}",
            received=repr(value),
            fix="Text takes dtype=object.",
        )
    arrays = []
    for at, sequence in enumerate(sequences):
        if not hasattr(sequence, "__len__"):
            raise ArgumentError(f"sequences[{at}]", expected="a sequence", received=repr(sequence))
        arrays.append(np.asarray(sequence))
    tails = {array.shape[1:] for array in arrays if len(array)}
    if len(tails) > 1:
        raise ArgumentError(
            "sequences", expected="one shape behind the steps", received=sorted(tails)
        )
    length = max(map(len, arrays), default=0) if maxlen is None else maxlen
    padded = np.full((len(arrays), length, *next(iter(tails), ())), value, dtype)
    for row, array in zip(padded, arrays, strict=True):
        kept = array[max(len(array) - length, 0) :] if truncating == "pre" else array[:length]
        if len(kept):
            row[length - len(kept) if padding == "pre" else 0 :][: len(kept)] = kept
    return padded


class Cut(NamedTuple):
    """Rows of a series around a moment: `offsets` from it, or the moment's own row alone.

    Attributes:
        series: array (time, ...).
        offsets: integers (steps,); None for the row itself, without an axis of steps.
    """

    series: np.ndarray
    offsets: np.ndarray | None = None

    def at(self, moments: Any) -> np.ndarray:
        """The rows around one moment or several."""
        if self.offsets is None:
            return self.series[moments]
        return self.series[np.add.outer(moments, self.offsets)]


class Windows(Node):
    """Windows of time series, cut out when they are asked for.

    Args:
        cuts: `Cut`s in the form of an element, a tuple or dict of them nested as one likes.
        moments: integers (windows,), where each window is.
    """

    indexable = True
    batched = False
    decides = ("cuts", "moments")

    def __init__(self, cuts: Any, moments: np.ndarray) -> None:
        super().__init__()
        self.name = "timeseries_dataset_from_array"
        self.cuts = cuts
        self.moments = moments

    def length(self) -> int:
        return len(self.moments)

    def pick(self, run: Pass, order: Iterable[int]) -> Iterator[Any]:
        return map(self._windows, order)

    def rows(self, run: Pass) -> Rows:
        return self._windows

    def _windows(self, which: Any) -> Any:
        return _at(self.cuts, self.moments[which])


def _at(cuts: Any, moments: Any) -> Any:
    if isinstance(cuts, Cut):
        return cuts.at(moments)
    if isinstance(cuts, dict):
        return {name: _at(cut, moments) for name, cut in cuts.items()}
    return tuple(_at(cut, moments) for cut in cuts)


def timeseries_dataset_from_array(
    data: Any,
    targets: Any,
    sequence_length: int,
    sequence_stride: int = 1,
    sampling_rate: int = 1,
    batch_size: int | None = 128,
    shuffle: bool = False,
    seed: int | None = None,
    start_index: int | None = None,
    end_index: int | None = None,
    format: str = "tf",
) -> Dataset:
    """Windows data[i], data[i + rate], ... of `sequence_length` samples, with targets[i].

    Args:
        data: array (time, ...).
        targets: array (time, ...) whose row i belongs to the window that starts at i, or None.
        sequence_length: samples per window.
        sequence_stride: distance between the starts of windows.
        sampling_rate: distance between the samples of one window.
        batch_size: windows per batch; None for single windows without a batch dimension.
        shuffle: whether to put the windows into a random order, with the format "tf" another one
            in every pass.
        seed: of that order.
        start_index: first row of `data` to use.
        end_index: row of `data` to stop before.
        format: "tf" or "grain"; with the latter all passes have one order.

    Returns:
        Windows (batch, sequence_length, ...), or pairs of them and their targets.

    Raises:
        ArgumentError: a count below 1, indices out of range, or no whole window.
    """
    one_of("timeseries_dataset_from_array, format", format, ("tf", "grain"))
    counts = {"sequence_length": sequence_length, "sequence_stride": sequence_stride,
              "sampling_rate": sampling_rate}  # fmt: skip
    if batch_size is not None:
        counts["batch_size"] = batch_size
    for name, count in counts.items():
        if count < 1:
            raise ArgumentError(name, expected="1 or more", received=count)
    data = np.asarray(data)
    for name in ("sequence_stride", "sampling_rate"):
        if counts[name] >= len(data):
            raise ArgumentError(
                name, expected=f"fewer than the {len(data)} samples", received=counts[name]
            )
    first = 0 if start_index is None else start_index
    last = len(data) if end_index is None else end_index
    if not 0 <= first < last <= len(data):
        raise ArgumentError(
            "start_index, end_index",
            expected=f"0 <= start < end <= {len(data)}",
            received=f"{first}, {last}",
        )
    # As in Keras, the last start is the last whole window's, and no further than the targets go.
    count = last - first - (sequence_length - 1) * sampling_rate
    if targets is not None:
        targets = np.asarray(targets)[first:last]
        count = min(count, len(targets))
    starts = np.arange(0, count, sequence_stride)
    if not len(starts):
        raise ArgumentError(
            "sequence_length",
            expected=f"a window that fits into {last - first} samples",
            received=f"{sequence_length} samples at a rate of {sampling_rate}",
        )
    offsets = np.arange(sequence_length) * sampling_rate
    windows = Cut(data[first:last], offsets)
    dataset = Dataset(Windows(windows if targets is None else (windows, Cut(targets)), starts))
    if shuffle:
        dataset = dataset.shuffle(len(starts), seed, format == "tf")
    return dataset if batch_size is None else dataset.batch(batch_size)
