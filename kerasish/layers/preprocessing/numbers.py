"""Layers that prepare numbers and categories: rescaling, normalization, bins, encodings."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Annotated, Any, Self

import numpy as np

from kerasish import budget, config, ops, tables
from kerasish.arguments.rules import (
    IntOrTuple,
    NumberList,
    Numbers,
    PositiveInt,
    as_axes,
    one_of,
)
from kerasish.errors import ArgumentError, DataError
from kerasish.graph.tensor import Tensor, convert_to_tensor
from kerasish.layers.base import call as _call
from kerasish.layers.base.layer import Layer
from kerasish.layers.preprocessing.adapting import check_end, number_batches
from kerasish.ops.symbolic import finding
from kerasish.spec import Shape, normalize_axis, np_dtype


class Rescaling(Layer):
    """x * scale + offset.

    Args:
        scale: a number, or one per channel.
        offset: a number, or one per channel.

    Example:
        >>> import kerasish as keras
        >>> float(keras.layers.Rescaling(1 / 255)(keras.ops.ones((1, 1)) * 255)[0, 0])
        1.0
    """

    scale: Numbers
    offset: Numbers = 0.0
    supports_masking = True

    def call(self, inputs: Tensor) -> Tensor:
        dtype = self.compute_dtype
        scale, offset = (convert_to_tensor(x, dtype) for x in (self.scale, self.offset))
        if scale.ndim and config.image_data_format() == "channels_first":
            scale, offset = (ops.reshape(x, _first(x.shape)) for x in (scale, offset))
        return ops.cast(inputs, dtype) * scale + offset


def _first(shape: Shape) -> Shape:
    """One number per channel, for images whose channels come first."""
    return (*shape, *(1,) * (3 - len(shape))) if shape else shape


class Normalization(Layer):
    """(x - mean) / sqrt(variance), with moments that are given or learned by `adapt`.

    Args:
        axis: the axes with moments of their own, None for one mean and variance overall.
        mean: given means.
        variance: given variances.
        invert: whether to undo the normalization instead.

    Once the layer is built, `mean` and `variance` are the tensors it computes with, (1, d) for
    rows of d.
    """

    axis: IntOrTuple | None = -1
    mean: Numbers = None
    variance: Numbers = None
    invert: bool = False
    supports_masking = True

    def __post_init__(self) -> None:
        given = self.axis
        axes = () if given is None else as_axes(given)
        self.axis = axes
        if (self.mean is None) != (self.variance is None):
            raise self._refusal(
                "both mean and variance, or neither",
                f"mean={self.mean}, variance={self.variance}",
            )
        means, variances = np.shape(self.mean), np.shape(self.variance)
        if means != variances:
            raise self._refusal(
                "mean and variance of one shape", f"mean of {means}, variance of {variances}"
            )
        if len(means) > len(axes):
            raise self._refusal(
                f"mean and variance of at most {len(axes)} axes, as axis={given} says",
                f"some of shape {means}",
                "Give one number for each entry of the axes in axis=.",
            )

    def build(self, input_shape: Shape) -> None:
        rank = len(input_shape)
        self._kept = tuple(sorted(normalize_axis(a, rank) for a in as_axes(self.axis)))
        sizes = tuple(input_shape[a] for a in self._kept)
        if None in sizes:
            raise self._misfit(f"known sizes on axes {self._kept}", input_shape)
        self._along = tuple(input_shape[a] if a in self._kept else 1 for a in range(rank))
        self._adapted = None
        if vars(self)["mean"] is None:
            self._adapted = (
                self.add_weight(sizes, "zeros", trainable=False, name="mean"),
                self.add_weight(sizes, "ones", trainable=False, name="variance"),
            )
            self.count = self.add_weight((), "zeros", "int32", trainable=False, name="count")

    def adapt(self, data: Any) -> None:
        """Learn mean and variance from an array, or from an iterable of batches.

        Raises:
            DataError: there are no data.
            ShapeError: batches of different sizes.
        """
        if vars(self)["mean"] is not None:
            raise ArgumentError(
                "Normalization.adapt", expected="a layer without given mean and variance"
            )
        count, mean, square = 0, tables.zeros(()), tables.zeros(())
        check_end(data, "Normalization.adapt")
        for batch in map(np.atleast_1d, number_batches(data, "Normalization.adapt")):
            if not batch.size:
                continue
            if not self.built:
                self.build((None, *batch.shape[1:]))
            self._check(batch.shape)
            rows = np.asarray(batch, np.float64)
            axes = tuple(a for a in range(rows.ndim) if a not in self._kept)
            # Chan, Golub and LeVeque (1979): merging the moments of two sets.
            size = rows.size // max(int(np.prod([rows.shape[a] for a in self._kept])), 1)
            total, here = count + size, rows.mean(axis=axes)
            apart = here - mean
            square = square + rows.var(axis=axes) * size + apart**2 * count * size / total
            mean = mean + apart * size / total
            count = total
        if not count or self._adapted is None:
            raise DataError("Normalization.adapt", expected="at least one batch", received="none")
        self._adapted[0].assign(mean)
        self._adapted[1].assign(square / count)
        self.count.assign(count)
        self.finalize_state()

    def _check(self, shape: Shape) -> None:
        """Raise unless data have the sizes that the layer was built for."""
        along = self._along
        fits = len(shape) == len(along) and all(shape[a] == along[a] for a in self._kept)
        if not fits:
            wanted = tuple(along[a] if a in self._kept else None for a in range(len(along)))
            raise self._misfit(f"shape {wanted}", shape)

    def finalize_state(self) -> None:
        """Nothing: the moments are the layer's weights, and are read when it is called."""

    def _moments(self) -> tuple[Tensor, Tensor]:
        if self._adapted is not None:
            pair: Any = tuple(v.value for v in self._adapted)
        else:
            given = vars(self)
            pair = (convert_to_tensor(given["mean"]), convert_to_tensor(given["variance"]))
        dtype = self.compute_dtype
        mean, variance = (ops.cast(self._spread(p), dtype) for p in pair)
        return mean, variance

    def _spread(self, p: Tensor) -> Tensor:
        """Moments with the rank of the input."""
        if p.ndim == 0:
            return p
        sizes = dict(zip(reversed(self._kept), reversed(p.shape), strict=False))
        return ops.reshape(p, tuple(sizes.get(a, 1) for a in range(len(self._along))))

    def call(self, inputs: Tensor) -> Tensor:
        x = ops.cast(inputs, self.compute_dtype)
        mean, variance = self._moments()
        spread = ops.maximum(ops.sqrt(variance), config.epsilon())
        return mean + x * spread if self.invert else (x - mean) / spread


def _moment(name: str, place: int) -> property:
    """What was given, and once the layer is built what it computes with, in its shape."""

    def read(layer: Normalization) -> Any:
        if not layer.built:
            return vars(layer)[name]
        return ops.broadcast_to(layer._moments()[place], layer._along)

    def write(layer: Normalization, value: Any) -> None:
        vars(layer)[name] = value

    return property(read, write)


Normalization.mean, Normalization.variance = _moment("mean", 0), _moment("variance", 1)


def encode(indices: Any, depth: int, mode: str, dtype: str, weights: Any = None) -> Any:
    """Integers as vectors of `depth`: one each, or all of a row in one (0 or 1, or counted).

    A row is what lies along axis 1, as in Keras, whatever axes follow it; of a single axis it is
    the whole. An array gives an array, a tensor a tensor.
    """
    if isinstance(indices, np.ndarray):
        return _encode_array(indices, depth, mode, dtype)
    indices = indices if indices.ndim > 0 else ops.reshape(indices, (1,))
    if mode == "one_hot":
        if indices.ndim > 1 and indices.shape[-1] == 1:
            indices = ops.squeeze(indices, axis=-1)
        return ops.one_hot(indices, depth, dtype=dtype)
    hits = ops.one_hot(indices, depth, dtype=dtype)
    along = min(indices.ndim - 1, 1)
    if mode == "multi_hot":
        return ops.max(hits, axis=along, initial=0)
    if weights is not None:
        hits = hits * ops.expand_dims(ops.cast(weights, dtype), -1)
    return ops.sum(hits, axis=along)


def _encode_array(indices: np.ndarray, depth: int, mode: str, dtype: str) -> np.ndarray:
    shape = encoded_shape(indices.shape, depth, mode)
    known: Any = shape
    flat = tables.zeros(known, np_dtype(dtype)).reshape(-1, depth)
    indices = indices if mode == "one_hot" or indices.ndim < 3 else np.moveaxis(indices, 1, -1)
    within = 1 if mode == "one_hot" or not indices.ndim else indices.shape[-1]
    row = np.repeat(np.arange(len(flat)), within)
    column = indices.reshape(-1)
    inside = (column >= 0) & (column < depth)
    row, column = row[inside], column[inside]
    if mode == "count":
        np.add.at(flat, (row, column), 1)
    else:
        flat[row, column] = 1
    return flat.reshape(known)


def encoded_shape(shape: Shape, depth: int, mode: str) -> Shape:
    """The shape that `encode` gives for indices of a shape."""
    if mode == "one_hot":
        return (*(shape[:-1] if len(shape) > 1 and shape[-1] == 1 else shape or (1,)), depth)
    return (*shape[:1], *shape[2:], depth) if len(shape) > 1 else (depth,)


def _merged(a: np.ndarray, b: np.ndarray, share: float) -> np.ndarray:
    """Two samples of values, each (values, how many each stands for), as one."""
    both = np.concatenate([a, b], axis=1)
    return _compressed(both[:, np.argsort(both[0])], share)


def _compressed(sample: np.ndarray, share: float) -> np.ndarray:
    """A sample at its quantiles share, 2 share, ..., unless it has fewer values than those."""
    if sample.shape[1] * share < 1:
        return sample
    wanted = share + np.arange(0.0, 1.0, share)
    count = np.cumsum(sample[1])
    reached = count / count[-1]
    values = np.interp(wanted, reached, sample[0])
    count = np.interp(wanted, reached, count)
    return np.stack([values, np.diff(count, prepend=0.0)]).astype("float32")


_MODES = Annotated[str, one_of("int", "one_hot", "multi_hot", "count")]


class Discretization(Layer):
    """The bin that a number falls into: 0 below the first boundary.

    Args:
        bin_boundaries: increasing boundaries; or
        num_bins: number of bins of equal counts, whose boundaries `adapt` finds.
        epsilon: how finely `adapt` looks: it keeps every (epsilon * n)-th of n sorted values.
        output_mode: "int", "one_hot", "multi_hot" or "count".
        sparse: only False is supported.
    """

    bin_boundaries: NumberList = None
    num_bins: PositiveInt | None = None
    epsilon: float = 0.01
    output_mode: _MODES = "int"

    ignored = {"sparse": False}
    written = ("sparse",)
    unwritten = ("trainable",)

    def __post_init__(self) -> None:
        if (self.bin_boundaries is None) == (self.num_bins is None):
            raise ArgumentError("Discretization", expected="either bin_boundaries or num_bins")
        if self.bin_boundaries is not None:
            self.bin_boundaries = [float(b) for b in self.bin_boundaries]
        self.reset_state()

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Find the boundaries that put equally many numbers into every bin.

        Args:
            data: an array, or an iterable of batches.
            steps: how many batches of an iterable to take; None for all.

        Raises:
            DataError: there are no data.
        """
        if self.num_bins is None:
            raise ArgumentError("Discretization.adapt", expected="num_bins", received="boundaries")
        self.reset_state()
        check_end(data, "Discretization.adapt", steps)
        for batch in itertools.islice(number_batches(data, "Discretization.adapt"), steps):
            self.update_state(batch)
        if not self.summary.size:
            raise DataError("Discretization.adapt", expected="numbers", received="none")
        self.finalize_state()

    def reset_state(self) -> None:
        """Forget the numbers that were seen; the boundaries stay."""
        self.summary = tables.zeros((2, 0), "float32")

    def update_state(self, data: Any) -> None:
        """Take a batch of numbers into the sample from which boundaries are found."""
        values = np.sort(np.asarray(data, "float32"), axis=None)
        step = max(values.size * self.epsilon, 1)
        kept = values[int(step - 1) :: int(step)]
        here = np.stack([kept, np.full_like(kept, step)])
        self.summary = _merged(here, self.summary, self.epsilon)

    def finalize_state(self) -> None:
        """Find the boundaries of what was seen."""
        if self.num_bins is not None:
            edges = _compressed(self.summary, 1 / self.num_bins)[0, :-1]
            self.bin_boundaries = [float(edge) for edge in edges]

    @property
    def output_dtype(self) -> str:
        """The dtype of what comes out: int32 for bins, the compute dtype for vectors."""
        return "int32" if self.output_mode == "int" else self.compute_dtype

    def _converted(self, values: dict[str, Any]) -> dict[str, Any]:
        return _call.as_given(values)

    def call(self, inputs: Tensor) -> Tensor:
        boundaries = self.bin_boundaries
        if boundaries is None and not finding.active:
            raise self._refusal("boundaries", "none", fix="Call adapt(data) first.")
        if boundaries is None:  # only the shape is being found
            boundaries = [0.0] * ((self.num_bins or 1) - 1)
        bins = ops.digitize(inputs, np.asarray(boundaries, "float32"))
        if self.output_mode == "int":
            return ops.cast(bins, "int32")
        depth = len(boundaries) + 1
        return encode(bins, depth, self.output_mode, self.compute_dtype)

    @classmethod
    @budget.reads_config()
    def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> Self:
        """The layer of a `get_config`, boundaries that `adapt` found included."""
        kept = dict(config)
        found = kept.pop("bin_boundaries", None)
        if found is not None and kept.get("num_bins") is not None:
            made = super().from_config(kept, custom_objects)
            made.bin_boundaries = found
            return made
        return super().from_config(config, custom_objects)


class CategoryEncoding(Layer):
    """Integers in [0, num_tokens) as vectors of that size.

    Args:
        num_tokens: number of categories.
        output_mode: "one_hot" (each integer), "multi_hot" (which are in a row) or "count".
        sparse: only False is supported.
    """

    num_tokens: PositiveInt | None = None
    output_mode: Annotated[str, one_of("one_hot", "multi_hot", "count", binary="multi_hot")] = (
        "multi_hot"
    )

    ignored = {"sparse": False}

    def __post_init__(self) -> None:
        if self.num_tokens is None:
            raise ArgumentError("CategoryEncoding", expected="num_tokens", received="None")

    def _converted(self, values: dict[str, Any]) -> dict[str, Any]:
        return _call.as_given(values)

    def call(self, inputs: Tensor, count_weights: Any = None) -> Tensor:
        if count_weights is not None and self.output_mode != "count":
            given = repr(self.output_mode)
            raise self._refusal("output_mode='count'", given, of="count_weights")
        indices = ops.cast(inputs, "int32")
        depth = self.num_tokens or 0
        return encode(indices, depth, self.output_mode, self.dtype, count_weights)
