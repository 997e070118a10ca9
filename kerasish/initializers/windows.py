"""Windows of the short Fourier transform, by the names that scipy.signal has for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kerasish import tables
from kerasish.errors import ArgumentError
from kerasish.hints import one_of

# Sums of (-1)**k a[k] cos(2 pi k t), t from 0 to 1.
COSINES = {
    "boxcar": (1.0,),
    "hann": (0.5, 0.5),
    "hamming": (0.54, 0.46),
    "blackman": (0.42, 0.5, 0.08),
    "nuttall": (0.3635819, 0.4891775, 0.1365995, 0.0106411),
    "blackmanharris": (0.35875, 0.48829, 0.14128, 0.01168),
    "flattop": (0.21557895, 0.41663158, 0.277263158, 0.083578947, 0.006947368),
}


def _bohman(t: np.ndarray) -> np.ndarray:
    x = abs(2 * t - 1)
    return np.where(x < 1, (1 - x) * np.cos(np.pi * x) + np.sin(np.pi * x) / np.pi, 0.0)


def _parzen(t: np.ndarray) -> np.ndarray:
    count = len(t)
    x = abs(t - 0.5) * (count - 1) / (count / 2)
    inner = 1 - 6 * x**2 * (1 - x)
    return np.where(abs(t - 0.5) <= 0.25, inner, 2 * (1 - x) ** 3)


def _tukey(t: np.ndarray) -> np.ndarray:
    """Half of it flat."""
    x = np.minimum(t, 1 - t)
    return np.where(x < 0.25, 0.5 * (1 - np.cos(4 * np.pi * x)), 1.0)


def _triangle(t: np.ndarray) -> np.ndarray:
    count = len(t)
    steps = np.minimum(t, 1 - t) * (count - 1)
    return (2 * steps + 1) / count if count % 2 == 0 else (2 * steps + 2) / (count + 1)


def _barthann(t: np.ndarray) -> np.ndarray:
    x = abs(t - 0.5)
    return 0.62 - 0.48 * x + 0.38 * np.cos(2 * np.pi * x)


OTHERS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "bartlett": lambda t: 1 - abs(2 * t - 1),
    "triang": _triangle,
    "cosine": lambda t: np.sin(np.pi * (t * (len(t) - 1) + 0.5) / len(t)),
    "bohman": _bohman,
    "parzen": _parzen,
    "barthann": _barthann,
    "tukey": _tukey,
    "exponential": lambda t: np.exp(-abs(t - 0.5) * (len(t) - 1)),
    "lanczos": lambda t: np.sinc(2 * t - 1),
}
NAMES = (*COSINES, *OTHERS)


def check_window(what: str, window: Any) -> Any:
    """`window`, if it is a name that is known, or no name.

    Raises:
        ArgumentError: another name.
    """
    return one_of(what, window, NAMES) if isinstance(window, str) else window


def window_of(window: Any, length: int, periodic: bool) -> np.ndarray:
    """The weights of a window.

    Args:
        window: a name, or the weights themselves.
        length: how many.
        periodic: whether the window is one period, and not symmetric.

    Raises:
        ArgumentError: an unknown name, or another number of weights.
    """
    if not isinstance(check_window("window", window), str):
        weights = np.asarray(window, np.float64)
        if weights.shape != (length,):
            raise ArgumentError("window", expected=f"{length} weights", received=weights.shape)
        return weights
    count = length + 1 if periodic and length > 1 else length
    t = tables.arange(count) / max(count - 1, 1)
    if count == 1:
        found = tables.ones(1)
    elif window in OTHERS:
        found = OTHERS[window](t)
    else:
        found = sum(
            (-1) ** k * a * np.cos(2 * np.pi * k * t) for k, a in enumerate(COSINES[window])
        )
    return np.asarray(found)[:length]
