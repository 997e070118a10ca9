"""Layers that show sound by its frequencies: spectrograms that learn, and mel scales."""

from __future__ import annotations

import math
import warnings
from typing import Annotated, Any

import numpy as np

from kerasish import config, ops, tables
from kerasish.arguments.rules import (
    PaddingMode,
    PositiveInt,
    Window,
    offering,
    one_of,
    optional,
)
from kerasish.errors import DTypeError, told
from kerasish.graph.tensor import Tensor, convert_to_tensor
from kerasish.initializers.fixed import STFT
from kerasish.initializers.windows import check_window
from kerasish.layers.base.layer import Layer
from kerasish.layers.spatial import Spatial
from kerasish.spec import Shape, is_float
from kerasish.tracebacks import users_level

Mode = Annotated[str, one_of("log", "magnitude", "psd", "real", "imag", "angle", "stft")]
Format = Annotated[str | None, offering("channels_last", "channels_first", None)]
Scaling = Annotated[str | None, optional(one_of("density", "spectrum"))]


class STFTSpectrogram(Spatial):
    """The short Fourier transform of signals, by a convolution whose kernels may be trained.

    Args:
        mode: what is given of the spectrum: "log" (of magnitudes), "magnitude", "psd" (power),
            "real", "imag", "angle", or "stft" (real parts, then imaginary ones).
        frame_length: samples of a window.
        frame_step: samples from one window to the next; half a window by default.
        fft_length: of the transform; the next power of two by default.
        window: a window's name in scipy.signal ("hann", "hamming", "blackman", ...), an array, or
            None.
        periodic: whether the window is periodic rather than symmetric.
        scaling: "density", "spectrum" or None, as in scipy.signal.
        padding: "valid" or "same".
        expand_dims: whether channels have an axis of their own; else the frequencies of each
            follow those of the one before.
        data_format: "channels_last" or "channels_first".

    Takes (batch, samples, channels), gives (batch, windows, channels * frequencies), or (batch,
    windows, frequencies, channels). Floats only.
    """

    mode: Mode = "log"
    frame_length: PositiveInt = 256
    frame_step: PositiveInt | None = None
    fft_length: PositiveInt | None = None
    window: Window = "hann"
    periodic: bool = False
    scaling: Scaling = "density"
    padding: PaddingMode = "valid"
    expand_dims: bool = False
    data_format: Format = None

    rank = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        length = self.frame_length
        if (self.frame_step or 1) > length:
            raise self._refusal(f"at most frame_length={length}", self.frame_step, of="frame_step")
        given = self.fft_length
        if (given or length) < length:
            raise self._refusal(f"at least frame_length={length}", given, of="fft_length")
        if given and given & (given - 1):
            said = told(
                f"{type(self).__name__}, fft_length", expected="a power of two", received=given
            )
            warnings.warn(said, stacklevel=users_level())
        check_window(f"{type(self).__name__}.window", self.window)

    def build(self, input_shape: Shape) -> None:
        size = self.fft_length or 2 ** math.ceil(math.log2(self.frame_length))
        shape = (self.frame_length, 1, size // 2 + 1)

        def kernel(side: str) -> Any:
            first = STFT(side, self.window, self.scaling, self.periodic)
            return self.add_weight(shape, first, name=f"{side}_kernel")

        self.real_kernel = None if self.mode == "imag" else kernel("real")
        self.imag_kernel = None if self.mode == "real" else kernel("imag")

    def _transformed(self, signals: Tensor, kernel: Any) -> Tensor:
        """(batch, channels, windows, frequencies) of (batch, channels, samples)."""
        _, channels, samples = signals.shape
        step = self.frame_step or max(self.frame_length // 2, 1)
        rows = ops.reshape(signals, (-1, samples, 1))
        y = ops.conv(rows, ops.cast(kernel, rows.dtype), step, self.padding, "channels_last")
        return ops.reshape(y, (-1, channels, *y.shape[1:]))

    def call(self, inputs: Tensor) -> Tensor:
        if not is_float(inputs.dtype):
            raise self._refusal("signals of floats", inputs.dtype, kind=DTypeError)
        last = self.data_format == "channels_last"
        signals = ops.transpose(inputs, (0, 2, 1)) if last else inputs
        y = self._shown(
            *(
                None if kernel is None else self._transformed(signals, kernel)
                for kernel in (self.real_kernel, self.imag_kernel)
            )
        )
        if self.expand_dims:
            return ops.transpose(y, (0, 2, 3, 1)) if last else y
        y = ops.transpose(y, (0, 1, 3, 2))
        y = ops.reshape(y, (-1, y.shape[1] * y.shape[2], y.shape[3]))
        return ops.transpose(y, (0, 2, 1)) if last else y

    def _shown(self, real: Any, imag: Any) -> Tensor:
        if self.mode in ("real", "imag"):
            return real if self.mode == "real" else imag
        if self.mode == "angle":
            return ops.arctan2(imag, real)
        if self.mode == "stft":
            return ops.concatenate([real, imag], axis=-1)
        power = ops.square(real) + ops.square(imag)
        if self.mode == "psd":
            # Half of the spectrum stands for all of it, but for both ends.
            twice = tables.full(power.shape[-1], 2.0)
            twice[[0, -1]] = 1.0
            return power * convert_to_tensor(twice, power.dtype)
        tiny = config.epsilon()
        size = ops.sqrt(ops.maximum(power, tiny))
        return size if self.mode == "magnitude" else ops.log(ops.maximum(size, tiny))


class MelSpectrogram(Layer):
    """How loud signals are over time, by frequencies as they are heard, in decibels.

    Args:
        fft_length: of the transform.
        sequence_stride: samples from one window to the next.
        sequence_length: samples of a window; `fft_length` by default.
        window: "hann", "hamming", an array, or None.
        sampling_rate: samples a second.
        num_mel_bins: number of frequencies.
        min_freq, max_freq: lowest and highest of them, in hertz; at most half of the sampling rate.
        power_to_db: whether powers are given in decibels.
        top_db: how far below the loudest of all decibels end.
        mag_exp: power of the magnitudes, 1 for energy, 2 for power.
        min_power: the least power that counts.
        ref_power: the power of 0 decibels.

    Takes (samples,) or (batch, samples), gives (bins, windows) or (batch, bins, windows).
    """

    fft_length: PositiveInt = 2048
    sequence_stride: PositiveInt = 512
    sequence_length: PositiveInt | None = None
    window: Window = "hann"
    sampling_rate: PositiveInt = 16000
    num_mel_bins: PositiveInt = 128
    min_freq: float = 20.0
    max_freq: float | None = None
    power_to_db: bool = True
    top_db: float = 80.0
    mag_exp: float = 2.0
    min_power: float = 1e-10
    ref_power: float = 1.0

    floats_only = True

    def __post_init__(self) -> None:
        self.sequence_length = self.sequence_length or self.fft_length
        self.max_freq = self.max_freq or int(self.sampling_rate / 2)
        if self.fft_length < self.sequence_length:
            expected = f"at least sequence_length={self.sequence_length}"
            raise self._refusal(expected, self.fft_length, of="fft_length")

    def call(self, inputs: Tensor) -> Tensor:
        wide = self.compute_dtype if self.compute_dtype == "float64" else "float32"
        real, imag = ops.stft(
            ops.cast(inputs, wide),
            self.sequence_length or self.fft_length,
            self.sequence_stride,
            self.fft_length,
            self.window,
        )
        size = ops.power(ops.square(real) + ops.square(imag), self.mag_exp / 2)
        matrix = self.linear_to_mel_weight_matrix(
            self.num_mel_bins,
            self.fft_length // 2 + 1,
            self.sampling_rate,
            self.min_freq,
            self.max_freq or self.sampling_rate / 2,
        )
        y = ops.matmul(size, ops.cast(matrix, wide))
        if self.power_to_db:
            y = self._decibels(y)
        return ops.cast(ops.swapaxes(y, -1, -2), self.compute_dtype)

    def _decibels(self, power: Tensor) -> Tensor:
        zero = max(abs(self.ref_power), self.min_power)
        y = 10.0 * ops.log10(ops.maximum(power, self.min_power)) - 10.0 * math.log10(zero)
        return ops.maximum(y, ops.max(y) - self.top_db)

    def linear_to_mel_weight_matrix(
        self,
        num_mel_bins: int = 20,
        num_spectrogram_bins: int = 129,
        sampling_rate: float = 8000,
        lower_edge_hertz: float = 125.0,
        upper_edge_hertz: float = 3800.0,
        dtype: str = "float32",
    ) -> Tensor:
        """What each frequency of a spectrogram counts for each mel frequency, by triangles.

        Returns:
            (num_spectrogram_bins, num_mel_bins); mel is 1127 log(1 + hertz / 700).
        """

        def mel(hertz: Any) -> Any:
            return 1127.0 * np.log1p(np.asarray(hertz, np.float64) / 700.0)

        bins = mel(tables.linspace(0.0, sampling_rate / 2, num_spectrogram_bins))[1:, None]
        edges = tables.linspace(mel(lower_edge_hertz), mel(upper_edge_hertz), num_mel_bins + 2)
        lower, middle, upper = edges[:-2], edges[1:-1], edges[2:]
        rising, falling = (bins - lower) / (middle - lower), (upper - bins) / (upper - middle)
        found = np.maximum(0.0, np.minimum(rising, falling))
        return convert_to_tensor(tables.pad(found, ((1, 0), (0, 0)), "constant"), dtype)
