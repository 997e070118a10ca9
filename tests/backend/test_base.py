"""The choice of a backend, and what the cupy backend says and does without a GPU."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

import numpy as np
import pytest

import kerasish as keras
from kerasish.backend.base import backend, current, get, set_backend
from kerasish.backend.cupy_backend import CupyBackend, _Cupy
from kerasish.errors import BackendError

without_cupy = pytest.mark.skipif(
    importlib.util.find_spec("cupy") is not None, reason="cupy is installed"
)


def test_numpy_is_the_default() -> None:
    assert backend() == keras.config.backend() == "numpy"
    assert current().host


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(BackendError, match="Expected: one of numpy, cupy, auto"):
        set_backend("tpu")
    assert backend() == "numpy"


@without_cupy
def test_cupy_without_cupy_is_one_clear_sentence() -> None:
    with pytest.raises(BackendError, match="needs the package cupy"):
        keras.config.set_backend("cupy")
    assert backend() == "numpy"


@without_cupy
def test_auto_falls_back_to_numpy() -> None:
    assert get("auto").name == "numpy"


@without_cupy
def test_the_environment_chooses() -> None:
    program = "import kerasish; kerasish.ops.zeros((1,))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "KERASISH_BACKEND": "cupy"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "BackendError: The cupy backend needs the package cupy" in done.stderr


def test_the_arena_is_aligned() -> None:
    block = current().empty(100)
    assert block.nbytes == 100
    assert block.ctypes.data % 64 == 0


def test_the_cupy_backend_asks_its_module_for_everything() -> None:
    """Its conversions, on numpy standing in for cupy's array functions."""
    device = CupyBackend(np)
    array = device.asarray([[1, 2], [3, 4]], "float32")
    assert array.dtype == np.float32
    assert array.flags.c_contiguous
    assert device.owns(array)
    assert not device.host
    assert device.empty(10).nbytes == 10


def test_min_writes_into_out_though_cupy_cannot() -> None:
    class Module:
        def min(self, a: np.ndarray, axis: object, keepdims: bool) -> np.ndarray:
            return np.min(a, axis=axis, keepdims=keepdims)  # type: ignore[call-overload]

    xp = _Cupy(Module())
    x = np.arange(6.0)[::-1].reshape(2, 3)
    out = np.empty((2, 1))
    assert xp.min(x, axis=1, keepdims=True, out=out) is out
    assert out.tolist() == [[3], [0]]
    assert xp.min(x) == 0
