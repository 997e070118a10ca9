"""oneDNN pooling against a loop over windows."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from kerasish.compiler.kernels.onednn import library, pool
from kerasish.compiler.kernels.onednn.api import Alg, UnsupportedError
from kerasish.ops.nn.windows import Windows

pytestmark = pytest.mark.skipif(
    library.unavailable() is not None, reason=f"oneDNN: {library.unavailable()}"
)

# shape of x, window, strides, padding
CASES = [
    ((1, 7, 1), (2,), (2,), "valid"),
    ((3, 9, 17), (3,), (2,), "same"),
    ((2, 7, 5, 3), (2, 2), (2, 2), "valid"),
    ((2, 7, 5, 3), (2, 2), (2, 2), "same"),
    ((1, 8, 9, 17), (3, 3), (2, 2), "same"),
    ((2, 6, 7, 16), (3, 2), (1, 1), "same"),
    ((2, 6, 7, 16), (3, 3), (1, 2), ((1, 1), (2, 0))),
    ((1, 9, 9, 4), (2, 2), (3, 3), "valid"),
    ((2, 20, 18, 3), (17, 16), (1, 1), "valid"),  # positions beyond one byte
    ((2, 5, 6, 4, 3), (2, 3, 2), (2, 1, 2), "same"),
    ((1, 4, 4, 4, 17), (2, 2, 2), (2, 2, 2), "valid"),
    ((2, 5, 5, 8), (1, 1), (2, 2), "same"),
]
MAX, MEAN = Alg.POOLING_MAX, Alg.POOLING_AVG_EXCLUDE_PADDING
each_case = pytest.mark.parametrize("case", CASES, ids=str)


class Case:
    def __init__(self, shape, size, strides, padding):
        self.size = size
        self.window = Windows.of(shape[1:-1], size, strides, (1,) * len(size), padding)
        rng = np.random.default_rng(0)
        self.x = rng.standard_normal(shape, dtype="f4")
        self.g = rng.standard_normal((shape[0], *self.window.output, shape[-1]), dtype="f4")

    def windows(self):
        """For every output position, (where in y, list of (position in window, where in x))."""
        spatial = self.x.shape[1:-1]
        for out in itertools.product(*(range(n) for n in self.g.shape[1:-1])):
            inside = []
            for number, k in enumerate(itertools.product(*(range(n) for n in self.size))):
                at = tuple(
                    o * s - lo + i
                    for o, s, (lo, _), i in zip(
                        out, self.window.strides, self.window.padding, k, strict=True
                    )
                )
                if all(0 <= a < n for a, n in zip(at, spatial, strict=True)):
                    inside.append((number, (slice(None), *at)))
            yield (slice(None), *out), inside

    def max_pool(self, x):
        y, index = np.empty_like(self.g), np.empty(self.g.shape, "i4")
        for out, inside in self.windows():
            values = np.stack([x[at] for _, at in inside])
            y[out] = values.max(axis=0)
            index[out] = np.array([n for n, _ in inside])[values.argmax(axis=0)]
        return y, index

    def max_pool_scatter(self, g, index):
        dx = np.zeros(self.x.shape)
        for out, inside in self.windows():
            for number, at in inside:
                dx[at] += np.where(index[out] == number, g[out], 0)
        return dx

    def avg_pool(self, x):
        y = np.empty(self.g.shape)
        for out, inside in self.windows():
            y[out] = np.mean([x[at] for _, at in inside], axis=0, dtype="f8")
        return y

    def avg_pool_grad(self, g):
        dx = np.zeros(self.x.shape)
        for out, inside in self.windows():
            for _, at in inside:
                dx[at] += g[out] / len(inside)
        return dx


@each_case
@pytest.mark.parametrize("with_index", [True, False])
def test_max_pool(case, with_index):
    c = Case(*case)
    y = np.full_like(c.g, np.nan)
    index = np.full(y.shape, -1, "i4") if with_index else None
    pool.bind_pool(MAX, c.x, y, c.window, index)()
    want, where = c.max_pool(c.x)
    np.testing.assert_array_equal(y, want)
    if with_index:
        np.testing.assert_array_equal(index, where)


@each_case
def test_the_first_of_equal_maxima_wins(case):
    c = Case(*case)
    c.x[...] = np.random.default_rng(1).integers(-1, 1, c.x.shape)
    y, index = np.empty_like(c.g), np.empty(c.g.shape, "i4")
    pool.bind_pool(MAX, c.x, y, c.window, index)()
    np.testing.assert_array_equal(index, c.max_pool(c.x)[1])


@each_case
def test_max_pool_scatter(case):
    c = Case(*case)
    index = c.max_pool(c.x)[1]
    dx = np.full_like(c.x, np.nan)
    step = pool.bind_pool_grad(MAX, c.g, dx, c.window, index)
    for _ in range(2):
        step()
        np.testing.assert_allclose(dx, c.max_pool_scatter(c.g, index), rtol=1e-5, atol=1e-5)


@each_case
def test_avg_pool(case):
    c = Case(*case)
    y, dx = np.full_like(c.g, np.nan), np.full_like(c.x, np.nan)
    pool.bind_pool(MEAN, c.x, y, c.window)()
    np.testing.assert_allclose(y, c.avg_pool(c.x), rtol=1e-5, atol=1e-6)
    pool.bind_pool_grad(MEAN, c.g, dx, c.window)()
    np.testing.assert_allclose(dx, c.avg_pool_grad(c.g), rtol=1e-5, atol=1e-5)


def test_strided_inputs():
    c = Case((2, 6, 6, 5), (2, 2), (2, 2), "same")
    x = np.ascontiguousarray(c.x.swapaxes(1, 2)).swapaxes(1, 2)
    g = np.broadcast_to(c.g[:, :1, :1], c.g.shape)
    y, index, dx = np.empty_like(c.g), np.empty(c.g.shape, "i4"), np.empty_like(c.x)
    pool.bind_pool(MAX, x, y, c.window, index)()
    np.testing.assert_array_equal(y, c.max_pool(x)[0])
    wide = np.repeat(index, 2, axis=-1)[..., ::2]
    pool.bind_pool_grad(MAX, g, dx, c.window, wide)()
    np.testing.assert_allclose(dx, c.max_pool_scatter(g, index), rtol=1e-5, atol=1e-5)
    pool.bind_pool_grad(MEAN, g, dx, c.window)()
    np.testing.assert_allclose(dx, c.avg_pool_grad(g), rtol=1e-5, atol=1e-5)


def test_a_window_lying_wholly_in_padding_is_left_to_others():
    x, y = np.ones((1, 4, 4, 1), "f4"), np.empty((1, 8, 4, 1), "f4")
    windows = Windows.of((4, 4), (3, 1), (1, 1), (1, 1), ((3, 3), (0, 0)))
    with pytest.raises(UnsupportedError, match="padding smaller"):
        pool.bind_pool(MEAN, x, y, windows)
