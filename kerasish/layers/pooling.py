"""Pooling: the maximum or mean of windows, of whole samples, or of a fixed number of parts."""

from __future__ import annotations

from typing import Any, ClassVar

from kerasish import ops
from kerasish.arguments.rules import DataFormat, IntOrTuple, PaddingMode, sized
from kerasish.graph.tensor import Tensor
from kerasish.layers.spatial import Spatial


class Pooling(Spatial):
    """One number per channel and window.

    Args:
        pool_size: size of the window.
        strides: step of the window; the window's size by default.
        padding: "valid" for windows inside the input, "same" for as many as steps fit.
        data_format: "channels_last" or "channels_first".
    """

    pool: ClassVar[Any]
    pool_size: IntOrTuple
    strides: IntOrTuple | None = None
    padding: PaddingMode = "valid"
    data_format: DataFormat = None

    def __post_init__(self) -> None:
        self.pool_size = sized(self.pool_size, self.rank, f"{type(self).__name__}.pool_size")
        strides = self.pool_size if self.strides is None else self.strides
        self.strides = sized(strides, self.rank, f"{type(self).__name__}.strides")
        super().__post_init__()

    def call(self, inputs: Tensor) -> Tensor:
        return type(self).pool(inputs, self.pool_size, self.strides, self.padding, self.data_format)


class MaxPooling(Pooling):
    pool = staticmethod(ops.max_pool)
    pool_mode: ClassVar[str] = "max"
    pool_size: IntOrTuple = 2


class AveragePooling(Pooling):
    pool = staticmethod(ops.average_pool)
    pool_mode: ClassVar[str] = "average"


class MaxPooling1D(MaxPooling):
    __doc__ = f"The maximum of each window along one axis: {Pooling.__doc__}"
    rank = 1


class MaxPooling2D(MaxPooling):
    __doc__ = f"The maximum of each window over two axes: {Pooling.__doc__}"
    rank = 2
    pool_size: IntOrTuple = (2, 2)


class MaxPooling3D(MaxPooling):
    __doc__ = f"The maximum of each window over three axes: {Pooling.__doc__}"
    rank = 3
    pool_size: IntOrTuple = (2, 2, 2)


class AveragePooling1D(AveragePooling):
    __doc__ = f"The mean of each window along one axis, padding left out: {Pooling.__doc__}"
    rank = 1


class AveragePooling2D(AveragePooling):
    __doc__ = f"The mean of each window over two axes, padding left out: {Pooling.__doc__}"
    rank = 2


class AveragePooling3D(AveragePooling):
    __doc__ = f"The mean of each window over three axes, padding left out: {Pooling.__doc__}"
    rank = 3


# --- over everything ------------------------------------------------------------------------------


class GlobalPooling(Spatial):
    """One number per channel.

    Args:
        data_format: "channels_last" or "channels_first".
        keepdims: whether the pooled axes stay, with size 1.
    """

    data_format: DataFormat = None
    keepdims: bool = False


class GlobalAverage(GlobalPooling):
    def call(self, inputs: Tensor) -> Tensor:
        return ops.mean(inputs, axis=self.spatial, keepdims=self.keepdims)


class GlobalMax(GlobalPooling):
    def call(self, inputs: Tensor) -> Tensor:
        return ops.max(inputs, axis=self.spatial, keepdims=self.keepdims)


class GlobalAveragePooling1D(GlobalAverage):
    __doc__ = f"The mean over time, of the timesteps that count: {GlobalPooling.__doc__}"
    rank = 1
    supports_masking = True

    def call(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor:
        if mask is None:
            return super().call(inputs)
        steps = self.spatial[0]
        kept = ops.expand_dims(ops.cast(mask, inputs.dtype), 2 if steps == 1 else 1)
        total = ops.sum(inputs * kept, axis=steps, keepdims=self.keepdims)
        return total / ops.sum(kept, axis=steps, keepdims=self.keepdims)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return None


class GlobalAveragePooling2D(GlobalAverage):
    __doc__ = f"The mean over two axes: {GlobalPooling.__doc__}"
    rank = 2


class GlobalAveragePooling3D(GlobalAverage):
    __doc__ = f"The mean over three axes: {GlobalPooling.__doc__}"
    rank = 3


class GlobalMaxPooling1D(GlobalMax):
    __doc__ = f"The maximum over time: {GlobalPooling.__doc__}"
    rank = 1


class GlobalMaxPooling2D(GlobalMax):
    __doc__ = f"The maximum over two axes: {GlobalPooling.__doc__}"
    rank = 2


class GlobalMaxPooling3D(GlobalMax):
    __doc__ = f"The maximum over three axes: {GlobalPooling.__doc__}"
    rank = 3


# --- over a fixed number of parts -----------------------------------------------------------------


class AdaptivePooling(Spatial):
    """One number per channel and part, whatever the size of the input.

    Args:
        output_size: into how many parts each axis is divided.
        data_format: "channels_last" or "channels_first".
    """

    pool: ClassVar[Any]
    output_size: IntOrTuple
    data_format: DataFormat = None

    def __post_init__(self) -> None:
        self.output_size = sized(self.output_size, self.rank, f"{type(self).__name__}.output_size")
        super().__post_init__()

    def call(self, inputs: Tensor) -> Tensor:
        return type(self).pool(inputs, self.output_size, self.data_format)


class AdaptiveMax(AdaptivePooling):
    pool = staticmethod(ops.adaptive_max_pool)


class AdaptiveAverage(AdaptivePooling):
    pool = staticmethod(ops.adaptive_average_pool)


class AdaptiveMaxPooling1D(AdaptiveMax):
    rank = 1


class AdaptiveMaxPooling2D(AdaptiveMax):
    rank = 2


class AdaptiveMaxPooling3D(AdaptiveMax):
    rank = 3


class AdaptiveAveragePooling1D(AdaptiveAverage):
    rank = 1


class AdaptiveAveragePooling2D(AdaptiveAverage):
    rank = 2


class AdaptiveAveragePooling3D(AdaptiveAverage):
    rank = 3
