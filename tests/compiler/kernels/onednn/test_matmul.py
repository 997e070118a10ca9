"""oneDNN products against numpy's in float64."""

from __future__ import annotations

import numpy as np
import pytest

from kerasish.compiler.kernels.onednn import library, matmul
from tests.tolerances import assert_close

pytestmark = pytest.mark.skipif(
    library.unavailable() is not None, reason=f"oneDNN: {library.unavailable()}"
)

# Error of a float32 sum, relative to the sum of the magnitudes of its terms.
SUM_ERROR = 1e-5


def values(seed, shape):
    return np.random.default_rng(seed).standard_normal(shape, dtype="f4")


def check(got, a, b, before=0.0):
    a, b = a.astype("f8"), b.astype("f8")
    size = np.abs(a) @ np.abs(b) + np.abs(before)
    assert got.shape == size.shape
    assert np.all(np.abs(got - (a @ b + before)) <= SUM_ERROR * size)


SHAPES = [
    ((1, 1), (1, 1)),
    ((1, 17), (17, 3)),
    ((33, 65), (65, 1)),
    ((128, 31), (31, 129)),
    ((2, 5, 7), (7, 3)),
    ((2, 3, 5, 7), (7, 4)),
    ((6, 5, 7), (6, 7, 3)),
    ((6, 5, 7), (1, 7, 3)),
    ((5, 7), (6, 7, 3)),
    ((2, 3, 5, 7), (2, 3, 7, 4)),
    ((2, 1, 5, 7), (1, 3, 7, 4)),
    ((2, 3, 5, 7), (3, 7, 4)),
]


@pytest.mark.parametrize(("a", "b"), SHAPES, ids=str)
@pytest.mark.parametrize("transposed", ["neither", "a", "b", "both"])
def test_product(a, b, transposed):
    a, b = values(1, a), values(2, b)
    if transposed in ("a", "both"):
        a = np.ascontiguousarray(a.swapaxes(-1, -2)).swapaxes(-1, -2)
    if transposed in ("b", "both"):
        b = np.ascontiguousarray(b.swapaxes(-1, -2)).swapaxes(-1, -2)
    y = np.full(np.matmul(a, b).shape, np.nan, "f4")
    step = matmul.bind_matmul(a, b, y)
    for _ in range(2):
        step()
        check(y, a, b)
        a *= 0.5


VIEWS = {
    "heads": lambda v: np.ascontiguousarray(v.swapaxes(1, 2)).swapaxes(1, 2),
    "cut": lambda v: np.pad(v, [(0, 0), (0, 0), (1, 2), (3, 1)])[:, :, 1:-2, 3:-1],
    "every other": lambda v: np.repeat(np.repeat(v, 2, -1), 2, -2)[..., ::2, ::2],
    "reversed": lambda v: np.ascontiguousarray(v[..., ::-1])[..., ::-1],
    "one batch": lambda v: np.broadcast_to(v[:1, :1], v.shape),
    "one row": lambda v: np.broadcast_to(v[..., :1, :], v.shape),
}


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
@pytest.mark.parametrize("side", ["a", "b", "both"])
def test_strided_views(view, side):
    a, b = values(1, (2, 3, 5, 7)), values(2, (2, 3, 7, 4))
    a = view(a) if side != "b" else a
    b = view(b) if side != "a" else b
    y = np.full((2, 3, 5, 4), np.nan, "f4")
    matmul.bind_matmul(a, b, y)()
    check(y, a, b)
    flat = np.full((2, 3, 5, 4), np.nan, "f4")
    matmul.bind_matmul(a, b[0, 0], flat)()
    check(flat, a, b[0, 0])


@pytest.mark.parametrize("shape", [(9, 7), (2, 9, 7), (2, 1, 3, 7)], ids=str)
def test_bias(shape):
    a, b, bias = values(1, shape), values(2, (7, 5)), values(3, 5)
    y = np.full((*shape[:-1], 5), np.nan, "f4")
    matmul.bind_matmul(a, b, y, bias)()
    assert_close(y, a.astype("f8") @ b.astype("f8") + bias)


@pytest.mark.parametrize("shape", [(9, 7), (2, 9, 7)], ids=str)
def test_accumulation_adds_to_what_is_there(shape):
    a, b = values(1, shape), values(2, (7, 5))
    y = values(3, (*shape[:-1], 5))
    before = y.astype("f8")
    step = matmul.bind_matmul(a, b, y, accumulate=True)
    step()
    check(y, a, b, before)
    before = y.astype("f8")
    step()
    check(y, a, b, before)
