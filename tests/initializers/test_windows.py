"""Windows are those of scipy.signal."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal

import kerasish as keras
from kerasish.errors import ArgumentError
from kerasish.initializers.windows import NAMES, window_of


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("periodic", [True, False])
@pytest.mark.parametrize("length", [1, 2, 7, 64])
def test_windows(name: str, periodic: bool, length: int) -> None:
    wanted = scipy.signal.get_window(name, length, periodic)
    np.testing.assert_allclose(window_of(name, length, periodic), wanted, atol=1e-12)


def test_other_windows() -> None:
    given = np.arange(4.0)
    np.testing.assert_array_equal(window_of(given, 4, True), given)
    with pytest.raises(ArgumentError, match="5 weights"):
        window_of(given, 5, True)
    with pytest.raises(ArgumentError, match="window"):
        keras.initializers.STFT(window="blackmann")


def test_no_window_is_not_scaled() -> None:
    kernel = keras.initializers.STFT("real", window=None, scaling="density")((4, 1, 3))
    np.testing.assert_allclose(kernel[:, 0, 0], np.ones(4))
