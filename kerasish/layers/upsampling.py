"""UpSampling: every element of the spatial axes several times, or interpolated."""

from __future__ import annotations

from kerasish import ops
from kerasish.arguments.rules import DataFormat, Interpolation, IntOrTuple, PositiveInt, sized
from kerasish.graph.tensor import Tensor
from kerasish.layers.base.input_spec import InputSpec
from kerasish.layers.base.layer import Layer
from kerasish.layers.spatial import Spatial


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
        self.size = sized(self.size, self.rank, f"{self.name}.size")
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
