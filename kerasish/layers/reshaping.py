"""Layers that move elements: flatten, reshape, permute, repeat, pad, crop, upsample."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

from kerasish import config, ops
from kerasish.arguments.fields import Deferred
from kerasish.arguments.rules import (
    DataFormat,
    Interpolation,
    IntOrTuple,
    IntTuple,
    PositiveInt,
    sized,
)
from kerasish.errors import ArgumentError, ShapeError
from kerasish.graph.tensor import Tensor
from kerasish.layers.base.input_spec import InputSpec
from kerasish.layers.base.layer import Layer
from kerasish.layers.spatial import Spatial
from kerasish.spec import Shape, known


class Flatten(Layer):
    """All axes but the batch in one.

    Args:
        data_format: "channels_first" moves the channels last before flattening.
    """

    data_format: DataFormat = None

    def __post_init__(self) -> None:
        self.data_format = config.standardize_data_format(self.data_format)
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs: Tensor) -> Tensor:
        if self.data_format == "channels_first" and inputs.ndim > 2:
            inputs = ops.transpose(inputs, axes=(0, *range(2, inputs.ndim), 1))
        return ops.reshape(inputs, (inputs.shape[0], math.prod(inputs.shape[1:])))


class Reshape(Layer):
    """The same elements of every sample in another shape.

    Args:
        target_shape: shape without the batch; one entry may be -1.
    """

    target_shape: IntTuple

    def __post_init__(self) -> None:
        if min(self.target_shape, default=0) < -1 or self.target_shape.count(-1) > 1:
            wanted = "sizes of 0 or more, at most one of them -1"
            raise self._refusal(wanted, self.target_shape, of="target_shape")

    def call(self, inputs: Tensor) -> Tensor:
        return ops.reshape(inputs, (inputs.shape[0], *self._resolved(inputs.shape[1:])))

    def _resolved(self, shape: Shape) -> tuple[int | None, ...]:
        target = self.target_shape
        if None in shape:
            return tuple(None if d == -1 else d for d in target)
        size, held = math.prod(known(shape)), math.prod(d for d in target if d != -1)
        fits = size == held if -1 not in target else held and size % held == 0
        if not fits:
            raise self._refusal(
                f"{'a multiple of ' if -1 in target else ''}{held} elements per sample, as "
                f"target_shape={target} asks",
                f"{size}, from shape {shape}",
                kind=ShapeError,
            )
        return tuple(size // held if d == -1 else d for d in target)


class Permute(Layer):
    """Axes in another order; the batch stays first.

    Args:
        dims: permutation of 1..n, the axes after the batch.
    """

    dims: IntTuple

    def __post_init__(self) -> None:
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise self._refusal(f"a permutation of 1..{len(self.dims)}", self.dims, of="dims")
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)

    def call(self, inputs: Tensor) -> Tensor:
        return ops.transpose(inputs, axes=(0, *self.dims))


class RepeatVector(Layer):
    """(batch, features) n times over: (batch, n, features).

    Args:
        n: number of repetitions.
    """

    n: PositiveInt

    def __post_init__(self) -> None:
        self.input_spec = InputSpec(ndim=2)

    def call(self, inputs: Tensor) -> Tensor:
        batch, size = inputs.shape
        return ops.broadcast_to(ops.expand_dims(inputs, axis=1), (batch, self.n, size))


# --- padding and cropping -------------------------------------------------------------------------


def _pairs(value: Any, rank: int, what: str) -> tuple[tuple[int, int], ...]:
    """(before, after) of every axis, from an int, one int per axis, or pairs.

    Raises:
        ArgumentError: another form.
    """
    parts = (value,) * rank if isinstance(value, int) else tuple(value)
    if rank == 1 and not isinstance(value, int):
        parts = (parts,)
    pairs: Any = tuple((p, p) if isinstance(p, int) else tuple(p) for p in parts)
    if len(pairs) != rank or any(len(p) != 2 or not _ends(p) for p in pairs):
        raise ArgumentError(
            what,
            expected=f"an int, or an int or (before, after) for each of {rank} axes",
            received=repr(value),
        )
    return pairs


def _ends(pair: tuple[Any, ...]) -> bool:
    return all(isinstance(end, int) and end >= 0 for end in pair)


class Bordered(Spatial):
    """A layer that adds or removes elements at both ends of the spatial axes."""

    field: ClassVar[str]
    if TYPE_CHECKING:
        _pairs = Deferred[tuple[tuple[int, int], ...]]()

    def __post_init__(self) -> None:
        value = getattr(self, self.field)
        pairs = _pairs(value, self.rank, f"{type(self).__name__}.{self.field}")
        setattr(self, self.field, pairs[0] if self.rank == 1 else pairs)
        self._pairs = pairs
        super().__post_init__()


class ZeroPadding(Bordered):
    """Zeros around the spatial axes.

    Args:
        padding: an int, or an int or (before, after) for each axis.
        data_format: "channels_last" or "channels_first".
    """

    field = "padding"
    padding: IntOrTuple
    data_format: DataFormat = None

    def call(self, inputs: Tensor) -> Tensor:
        widths = [(0, 0)] * inputs.ndim
        for axis, pair in zip(self.spatial, self._pairs, strict=True):
            widths[axis] = pair
        return ops.pad(inputs, widths)


class ZeroPadding1D(ZeroPadding):
    rank = 1
    padding: IntOrTuple = 1


class ZeroPadding2D(ZeroPadding):
    rank = 2
    padding: IntOrTuple = (1, 1)


class ZeroPadding3D(ZeroPadding):
    rank = 3
    padding: IntOrTuple = ((1, 1), (1, 1), (1, 1))


class Cropping(Bordered):
    """The spatial axes without some elements at both ends.

    Args:
        cropping: an int, or an int or (before, after) for each axis.
        data_format: "channels_last" or "channels_first".
    """

    field = "cropping"
    cropping: IntOrTuple
    data_format: DataFormat = None

    def call(self, inputs: Tensor) -> Tensor:
        key = [slice(None)] * inputs.ndim
        for axis, (before, after) in zip(self.spatial, self._pairs, strict=True):
            size = inputs.shape[axis]
            if size is not None and before + after >= size:
                raise self._misfit(
                    f"more than {before + after} elements on axis {axis}", inputs.shape
                )
            key[axis] = slice(before, -after if after else None)
        return inputs[tuple(key)]


class Cropping1D(Cropping):
    rank = 1
    cropping: IntOrTuple = (1, 1)
    data_format: ClassVar[str] = "channels_last"


class Cropping2D(Cropping):
    rank = 2
    cropping: IntOrTuple = ((0, 0), (0, 0))


class Cropping3D(Cropping):
    rank = 3
    cropping: IntOrTuple = ((1, 1), (1, 1), (1, 1))


# --- upsampling: every element several times, or interpolated -------------------------------------


class UpSampling1D(Layer):
    """Every timestep `size` times.

    Args:
        size: how often.
    """

    size: PositiveInt = 2

    def __post_init__(self) -> None:
        self.input_spec = InputSpec(ndim=3)

    def call(self, inputs: Tensor) -> Tensor:
        return ops.repeat(inputs, self.size, axis=1)


class UpSampling(Spatial):
    """Every element of the spatial axes several times."""

    size: IntOrTuple
    data_format: DataFormat = None

    def __post_init__(self) -> None:
        self.size = sized(self.size, self.rank, f"{type(self).__name__}.size")
        super().__post_init__()

    def _repeated(self, x: Tensor, sizes: tuple[int, ...]) -> Tensor:
        for axis, size in zip(self.spatial, sizes, strict=True):
            x = ops.repeat(x, size, axis=axis) if size > 1 else x
        return x


class UpSampling2D(UpSampling):
    """Rows and columns several times, or images resized by whole factors.

    Args:
        size: factor of rows and of columns.
        data_format: "channels_last" or "channels_first".
        interpolation: "nearest" repeats; "bilinear", "bicubic", "lanczos3" and "lanczos5" resize.
    """

    rank = 2
    size: IntOrTuple = (2, 2)
    interpolation: Interpolation = "nearest"

    def call(self, inputs: Tensor) -> Tensor:
        if self.interpolation == "nearest":
            return self._repeated(inputs, self.size)
        shape = [inputs.shape[a] for a in self.spatial]
        if None in shape:
            raise self._refusal("known rows and columns to interpolate", f"shape {inputs.shape}")
        size = tuple(d * s for d, s in zip(shape, self.size, strict=True))
        return ops.image.resize(
            inputs, size, interpolation=self.interpolation, data_format=self.data_format
        )


class UpSampling3D(UpSampling):
    """Every element of three spatial axes several times.

    Args:
        size: factor of each axis.
        data_format: "channels_last" or "channels_first".
    """

    rank = 3
    size: IntOrTuple = (2, 2, 2)

    def call(self, inputs: Tensor) -> Tensor:
        return self._repeated(inputs, self.size)
