"""oneDNN convolutions against a loop over kernel positions in float64."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from kerasish.compiler.kernels.onednn import conv, library
from kerasish.compiler.kernels.onednn.api import UnsupportedError
from kerasish.spec import window_output, window_padding

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


def reference_conv(x, w, y_shape, window):
    x = padded(x, window)
    out = np.zeros(y_shape)
    for k, where in positions(x.shape, w.shape, y_shape, window):
        part = x[(slice(None), *where)]
        out += np.concatenate(
            [a @ b for a, b in zip(split(part, window.groups), split(w[k], window.groups),
                                   strict=True)], axis=-1,
        )  # fmt: skip
    return out


def reference_input_grad(g, w, x_shape, window):
    dx = padded(np.zeros(x_shape), window)
    for k, where in positions(x_shape, w.shape, g.shape, window):
        dx[(slice(None), *where)] += np.concatenate(
            [a @ b.T for a, b in zip(split(g, window.groups), split(w[k], window.groups),
                                     strict=True)], axis=-1,
        )  # fmt: skip
    inner = (slice(lo, lo + n) for (lo, _), n in zip(window.padding, x_shape[1:-1], strict=True))
    return dx[(slice(None), *inner)]


def reference_weight_grad(x, g, w_shape, window):
    x = padded(x, window)
    dw = np.zeros(w_shape)
    for k, where in positions(x.shape, w_shape, g.shape, window):
        part = x[(slice(None), *where)]
        dw[k] = np.concatenate(
            [np.tensordot(a, b, axes=(range(a.ndim - 1),) * 2)
             for a, b in zip(split(part, window.groups), split(g, window.groups), strict=True)],
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
        explicit = window_padding(spatial, kernel, strides, dilation, padding)
        out = window_output(spatial, kernel, strides, dilation, padding)
        self.window = conv.Geometry(strides, explicit, dilation, groups)
        self.x = self.values(1, (n, *spatial, ci))
        self.w = self.values(2, (*kernel, ci // groups, co))
        self.g = self.values(3, (n, *out, co))
        self.bias = self.values(4, (co,))

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
@pytest.mark.parametrize("relu", [False, True])
def test_conv_with_bias(case, relu):
    c = Case(*case)
    y = np.full_like(c.g, np.nan)
    bind(conv.bind_conv, c.x, c.w, y, c.window, c.bias, relu)()

    def reference(x, w, bias):
        out = reference_conv(x, w, y.shape, c.window) + bias
        return np.maximum(out, 0) if relu else out

    want = reference(*(a.astype("f8") for a in (c.x, c.w, c.bias)))
    size = reference_conv(*(np.abs(a, dtype="f8") for a in (c.x, c.w)), y.shape, c.window)
    assert np.all(np.abs(y - want) <= SUM_ERROR * (size + np.abs(c.bias)))
    assert not relu or (y >= 0).all()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_input_gradient(case):
    c = Case(*case)
    dx = np.full_like(c.x, np.nan)
    bind(conv.bind_conv_input_grad, c.g, c.w, dx, c.window)()
    check(dx, reference_input_grad, c.g, c.w, c.x.shape, c.window)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_weight_gradient_and_bias_gradient(case):
    c = Case(*case)
    dw, dbias = np.full_like(c.w, np.nan), np.full_like(c.bias, np.nan)
    step = bind(conv.bind_conv_weight_grad, c.x, c.g, dw, c.window, dbias)
    for _ in range(2):  # a second run overwrites, it does not accumulate
        step()
        check(dw, reference_weight_grad, c.x, c.g, c.w.shape, c.window)
        check(dbias, lambda g: g.sum(axis=tuple(range(g.ndim - 1))), c.g)


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
        bind(conv.bind_conv, x, w, y, c.window),
        bind(conv.bind_conv_input_grad, g, w, dx, c.window),
        bind(conv.bind_conv_weight_grad, x, g, dw, c.window),
    ]
    for _ in range(2):
        for step in steps:
            step()
        check(y, reference_conv, x, w, y.shape, c.window)
        check(dx, reference_input_grad, g, w, dx.shape, c.window)
        check(dw, reference_weight_grad, x, g, dw.shape, c.window)
        x.base[...] = x.base[::-1].copy()  # the next run must see new values


def test_negative_padding_is_left_to_others():
    c = Case(1, (6, 6), 2, 2, (3, 3), (1, 1), "valid", (1, 1), 1)
    window = c.window._replace(padding=((-1, 0), (0, 0)))
    with pytest.raises(UnsupportedError, match="padding >= 0"):
        conv.bind_conv(c.x, c.w, np.empty((1, 3, 4, 2), "f4"), window)
