"""oneDNN convolutions against a loop over kernel positions in float64."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from kerasish.compiler.kernels.geometry import Problem
from kerasish.compiler.kernels.onednn import conv, library
from kerasish.compiler.kernels.onednn.api import UnsupportedError
from kerasish.ops.nn.windows import Windows

pytestmark = pytest.mark.skipif(
    library.unavailable() is not None, reason=f"oneDNN: {library.unavailable()}"
)

# Error of a float32 sum, relative to the sum of the magnitudes of its terms.
SUM_ERROR = 1e-5


def positions(x_shape, w_shape, y_shape, window):
    """For every kernel position: the slices of padded x that meet all of y."""
    for k in itertools.product(*(range(n) for n in w_shape[:-2])):
        yield (
            k,
            tuple(
                slice(p * d, p * d + s * (n - 1) + 1, s)
                for p, d, s, n in zip(
                    k, window.dilation, window.strides, y_shape[1:-1], strict=True
                )
            ),
        )


def padded(x, window):
    return np.pad(x, [(0, 0), *window.padding, (0, 0)])


def split(a, groups):
    """The last axis in equal parts, one per group."""
    return np.split(a, groups, axis=-1)


def reference_conv(x, w, y_shape, window, groups):
    x = padded(x, window)
    out = np.zeros(y_shape)
    for k, where in positions(x.shape, w.shape, y_shape, window):
        part = x[(slice(None), *where)]
        out += np.concatenate(
            [a @ b for a, b in zip(split(part, groups), split(w[k], groups),
                                   strict=True)], axis=-1,
        )  # fmt: skip
    return out


def reference_input_grad(g, w, x_shape, window, groups):
    dx = padded(np.zeros(x_shape), window)
    for k, where in positions(x_shape, w.shape, g.shape, window):
        dx[(slice(None), *where)] += np.concatenate(
            [a @ b.T for a, b in zip(split(g, groups), split(w[k], groups),
                                     strict=True)], axis=-1,
        )  # fmt: skip
    inner = (slice(lo, lo + n) for (lo, _), n in zip(window.padding, x_shape[1:-1], strict=True))
    return dx[(slice(None), *inner)]


def reference_weight_grad(x, g, w_shape, window, groups):
    x = padded(x, window)
    dw = np.zeros(w_shape)
    for k, where in positions(x.shape, w_shape, g.shape, window):
        part = x[(slice(None), *where)]
        dw[k] = np.concatenate(
            [np.tensordot(a, b, axes=(range(a.ndim - 1),) * 2)
             for a, b in zip(split(part, groups), split(g, groups), strict=True)],
            axis=-1,
        )  # fmt: skip
    return dw


def check(got, reference, *args):
    """`got` against the reference, within the rounding of its own sums."""
    want = reference(*(np.asarray(a, "f8") if isinstance(a, np.ndarray) else a for a in args))
    size = reference(*(np.abs(a, dtype="f8") if isinstance(a, np.ndarray) else a for a in args))
    assert np.all(np.abs(got - want) <= SUM_ERROR * (size + 1e-30))


# batch, spatial, channels in, channels out, kernel, strides, padding, dilation, groups
CASES = [
    (1, (7,), 1, 1, (3,), (1,), "valid", (1,), 1),
    (3, (9,), 3, 17, (2,), (2,), "same", (1,), 1),
    (2, (11,), 17, 3, (3,), (1,), "same", (2,), 1),
    (1, (5, 6), 1, 1, (1, 1), (1, 1), "valid", (1, 1), 1),
    (2, (7, 5), 3, 17, (3, 3), (1, 1), "same", (1, 1), 1),
    (1, (7, 9), 17, 3, (3, 2), (2, 2), "same", (1, 1), 1),
    (2, (9, 8), 16, 32, (3, 3), (2, 2), "valid", (1, 1), 1),
    (2, (9, 8), 16, 16, (3, 3), (1, 1), "same", (2, 2), 1),
    (3, (8, 7), 6, 4, (3, 3), (1, 1), "same", (1, 1), 2),
    (2, (8, 7), 32, 32, (3, 3), (1, 1), "valid", (1, 1), 2),
    (2, (8, 7), 5, 5, (3, 3), (1, 1), "same", (1, 1), 5),
    (2, (8, 9), 17, 17, (3, 3), (2, 2), "same", (1, 1), 17),
    (2, (8, 9), 4, 8, (3, 3), (1, 1), "same", (1, 1), 4),
    (2, (6, 6), 8, 8, (1, 1), (3, 3), "valid", (1, 1), 1),
    (1, (6, 6), 4, 5, (3, 3), (1, 1), ((0, 3), (2, 0)), (1, 1), 1),
    (2, (4, 5, 6), 3, 4, (3, 2, 3), (1, 1, 1), "same", (1, 1, 1), 1),
    (1, (5, 5, 5), 17, 3, (2, 2, 2), (2, 2, 2), "valid", (1, 1, 1), 1),
]


class Case:
    def __init__(self, n, spatial, ci, co, kernel, strides, padding, dilation, groups):
        self.window = Windows.of(spatial, kernel, strides, dilation, padding)
        self.groups = groups
        self.x = self.values(1, (n, *spatial, ci))
        self.w = self.values(2, (*kernel, ci // groups, co))
        self.g = self.values(3, (n, *self.window.output, co))
        shapes = self.x.shape, self.w.shape, self.g.shape
        self.problem = Problem(*shapes, "float32", self.window, groups)

    @staticmethod
    def values(seed, shape):
        return np.random.default_rng(seed).standard_normal(shape, dtype="f4")


def bind(function, *args, **kwargs):
    """The step, or a skip where oneDNN leaves the case to another provider."""
    try:
        return function(*args, **kwargs)
    except UnsupportedError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_convolution(case):
    c = Case(*case)
    y = np.full_like(c.g, np.nan)
    bind(conv.bind_conv, c.problem, "y", {"x": c.x, "w": c.w}, y)()
    check(y, reference_conv, c.x, c.w, y.shape, c.window, c.groups)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_input_gradient(case):
    c = Case(*case)
    dx = np.full_like(c.x, np.nan)
    bind(conv.bind_conv, c.problem, "x", {"y": c.g, "w": c.w}, dx)()
    check(dx, reference_input_grad, c.g, c.w, c.x.shape, c.window, c.groups)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_weight_gradient(case):
    c = Case(*case)
    dw = np.full_like(c.w, np.nan)
    step = bind(conv.bind_conv, c.problem, "w", {"x": c.x, "y": c.g}, dw)
    for _ in range(2):  # a second run overwrites, it does not accumulate
        step()
        check(dw, reference_weight_grad, c.x, c.g, c.w.shape, c.window, c.groups)


VIEWS = {
    "transposed": lambda a: np.ascontiguousarray(a.swapaxes(1, 2)).swapaxes(1, 2),
    "every other": lambda a: np.repeat(a, 2, axis=-1)[..., ::2],
    "reversed": lambda a: np.ascontiguousarray(a[:, ::-1])[:, ::-1],
    "broadcast": lambda a: np.broadcast_to(a[:1], a.shape),
}


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_strided_inputs_are_read_in_place(view):
    c = Case(2, (7, 7), 6, 4, (3, 3), (1, 1), "same", (1, 1), 2)
    x, w, g = view(c.x), view(c.w), view(c.g)
    assert not x.flags.c_contiguous
    y, dx, dw = np.empty_like(c.g), np.empty_like(c.x), np.empty_like(c.w)
    steps = [
        bind(conv.bind_conv, c.problem, "y", {"x": x, "w": w}, y),
        bind(conv.bind_conv, c.problem, "x", {"y": g, "w": w}, dx),
        bind(conv.bind_conv, c.problem, "w", {"x": x, "y": g}, dw),
    ]
    for _ in range(2):
        for step in steps:
            step()
        check(y, reference_conv, x, w, y.shape, c.window, c.groups)
        check(dx, reference_input_grad, g, w, dx.shape, c.window, c.groups)
        check(dw, reference_weight_grad, x, g, dw.shape, c.window, c.groups)
        x.base[...] = x.base[::-1].copy()  # the next run must see new values


def test_negative_padding_is_left_to_others():
    c = Case(1, (6, 6), 2, 2, (3, 3), (1, 1), "valid", (1, 1), 1)
    problem = c.problem._replace(windows=c.window._replace(padding=((-1, 0), (0, 0))))
    y = np.empty((1, 3, 4, 2), "f4")
    with pytest.raises(UnsupportedError, match="padding >= 0"):
        conv.bind_conv(problem, "y", {"x": c.x, "w": c.w}, y)
