"""Initializers that do not draw."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from kerasish import registry, tables
from kerasish.arguments.rules import Numbers, Window, offering
from kerasish.errors import ShapeError
from kerasish.graph.primitives import broadcast_to
from kerasish.graph.tensor import Tensor, convert_to_tensor
from kerasish.hints import one_of
from kerasish.initializers.initializer import Initializer, Shape
from kerasish.initializers.windows import check_window, window_of
from kerasish.ops.numpy.axes import as_shape
from kerasish.spec import dtype_name, np_dtype

Side = Annotated[str, offering("real", "imag")]
Scaling = Annotated[str | None, offering("density", "spectrum", None)]


class Constant(Initializer):
    """One value everywhere, or a given array.

    Args:
        value: number, or array that broadcasts to the shape.
    """

    value: Numbers = 0.0

    def __call__(self, shape: Shape, dtype: Any = None) -> Tensor:
        return broadcast_to(convert_to_tensor(self.value, dtype_name(dtype)), shape=as_shape(shape))


@registry.entry("initializer", "zero")
class Zeros(Initializer):
    """0 everywhere."""

    def __call__(self, shape: Shape, dtype: Any = None) -> Tensor:
        return Constant(0)(shape, dtype)


@registry.entry("initializer", "one")
class Ones(Initializer):
    """1 everywhere."""

    def __call__(self, shape: Shape, dtype: Any = None) -> Tensor:
        return Constant(1)(shape, dtype)


@registry.entry("initializer", "IdentityInitializer")
class Identity(Initializer):
    """The identity matrix times `gain`; for rectangles, ones on the diagonal.

    Args:
        gain: factor.
    """

    gain: float = 1.0

    def __call__(self, shape: Shape, dtype: Any = None) -> Tensor:
        if len(shape) != 2:
            raise ShapeError("Identity", expected="a shape of 2 dimensions", received=shape)
        name = dtype_name(dtype)
        return convert_to_tensor(self.gain * tables.eye(*shape), name)


@registry.entry("initializer", "STFTInitializer")
class STFT(Initializer):
    """The windowed Fourier basis as a convolution kernel, shape (length, 1, bins).

    Args:
        side: "real" (cosines) or "imag" (sines).
        window: a window's name in scipy.signal that needs no parameter ("hann", "hamming",
            "blackman", "tukey" ...), an array of the kernel's length, or None.
        scaling: None, "density" or "spectrum", as in scipy.signal; of windows.
        periodic: whether the window is periodic rather than symmetric.
    """

    side: Side = "real"
    window: Window = "hann"
    scaling: Scaling = "density"
    periodic: bool = False

    def __post_init__(self) -> None:
        one_of("side", self.side, ("real", "imag"))
        if self.scaling is not None:
            one_of("scaling", self.scaling, ("density", "spectrum"))
        check_window("window", self.window)

    def __call__(self, shape: Shape, dtype: Any = None) -> Tensor:
        length, _, bins = shape
        window, scale = tables.ones(length), 1.0
        if self.window is not None:
            window = window_of(self.window, length, self.periodic)
            if self.scaling == "density":
                scale = 1 / np.sqrt(np.sum(window**2))
            elif self.scaling == "spectrum":
                scale = 1 / np.sum(abs(window))
        fft_length = (bins - 1) * 2
        angle = (
            2
            * np.pi
            * tables.outer(np.multiply, tables.arange(length), tables.arange(bins))
            / fft_length
        )
        basis = np.cos(angle) if self.side == "real" else -np.sin(angle)
        values = (basis * window[:, None] * scale)[:, None, :]
        return convert_to_tensor(values.astype(np_dtype(dtype_name(dtype))))
