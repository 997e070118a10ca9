"""The reference kernels of convolution: against loops, in blocks, cropping; what is refused."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from kerasish import ops
from kerasish.errors import ArgumentError, ShapeError
from kerasish.graph import convert_to_tensor
from kerasish.ops.nn import convolution, windows
from kerasish.ops.nn.windows import Windows
from kerasish.ops.symbol import KerasTensor
from tests.tolerances import assert_close

RNG = np.random.default_rng(4)
GEOMETRIES = [
    # spatial, window, strides, dilation, padding, groups
    ((7, 6), (3, 2), (2, 1), (1, 2), ((1, 2), (0, 1)), 1),
    ((7, 6), (3, 3), (1, 1), (1, 1), ((-1, 1), (2, -2)), 2),
    ((6, 5), (2, 2), (2, 2), (1, 1), ((0, 0), (0, 0)), 4),
    ((9,), (4,), (3,), (2,), ((3, 0),), 1),
    ((4, 3, 5), (2, 3, 1), (1, 2, 2), (1, 1, 1), ((0, 1), (1, 1), (0, 0)), 2),
    ((8, 9), (3, 2), (2, 3), (2, 4), ((2, 1), (3, 2)), 1),  # strides and dilation share factors
    ((9, 7), (2, 1), (4, 2), (1, 1), ((0, 0), (0, 0)), 1),  # strides beyond the window
    ((7, 5), (1, 1), (1, 1), (1, 1), ((0, 0), (0, 0)), 1),
    ((5,), (3,), (1,), (2,), ((5, -3),), 1),  # windows that see padding only
    ((6, 5), (2, 3), (1, 2), (1, 1), ((1, 0), (1, 1)), 4),
]


def by_loops(x, w, g: Windows, groups: int):
    y = np.zeros((len(x), *g.output, w.shape[-1]))
    per_group, filters = w.shape[-2], w.shape[-1] // groups
    for place in itertools.product(*map(range, g.output)):
        for tap in itertools.product(*map(range, g.window)):
            at = [
                p * s + t * d - lo
                for p, s, t, d, (lo, _) in zip(
                    place, g.strides, tap, g.dilation, g.padding, strict=True
                )
            ]
            if any(not 0 <= a < n for a, n in zip(at, g.spatial, strict=True)):
                continue
            for k in range(groups):
                ins = slice(k * per_group, (k + 1) * per_group)
                outs = slice(k * filters, (k + 1) * filters)
                y[:, *place, outs] += x[:, *at, ins] @ w[*tap][:, outs]
    return y


@pytest.mark.parametrize("cached", [1, 150, windows.CACHED])
@pytest.mark.parametrize("product", [1, 500, 5000])
@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_against_loops(geometry, cached, product, monkeypatch):
    monkeypatch.setattr(windows, "CACHED", cached)
    monkeypatch.setattr(windows, "POSITIONS", min(cached, windows.POSITIONS))
    monkeypatch.setattr(convolution, "PRODUCT", product)
    spatial, window, strides, dilation, padding, groups = geometry
    x = RNG.normal(size=(3, *spatial, 4))
    w = RNG.normal(size=(*window, 4 // groups, 8))
    g = Windows.of(spatial, window, strides, dilation, padding)
    attrs = {"strides": strides, "padding": padding, "dilation": dilation, "groups": groups}
    expected = by_loops(x, w, g, groups)
    y = convolution.conv_(x, w, **attrs).numpy()
    assert_close(y, expected, dtype="float64")
    # The two gradients are its transposes: <conv(x, w), u> whichever way it is summed.
    u = RNG.normal(size=y.shape)
    dx = convolution.conv_input_grad(u, w, input_shape=x.shape, **attrs).numpy()
    dw = convolution.conv_weight_grad(x, u, kernel_shape=w.shape, **attrs).numpy()
    total = (expected * u).sum()
    np.testing.assert_allclose([(dx * x).sum(), (dw * w).sum()], total, rtol=1e-10)
    other = RNG.normal(size=x.shape)
    np.testing.assert_allclose((dx * other).sum(), (by_loops(other, w, g, groups) * u).sum())


def test_causal_sees_the_past_only():
    x = np.zeros((1, 6, 1), np.float32)
    x[0, 3] = 1
    y = ops.conv(x, np.ones((3, 1, 1), np.float32), padding="causal", dilation_rate=2).numpy()
    assert y[0, :, 0].tolist() == [0, 0, 0, 1, 0, 1]


@pytest.mark.parametrize("name", ["conv", "conv_transpose", "separable_conv", "depthwise_conv"])
def test_unknown_sizes_stay_unknown(name):
    kernels = [np.ones((3, 3, 4, 4), np.float32)]
    if name == "separable_conv":
        kernels.append(np.ones((1, 1, 16, 2), np.float32))
    y = getattr(ops, name)(KerasTensor((None, None, 8, 4)), *kernels, strides=2, padding="same")
    assert y.shape[:2] == (None, None)
    assert y.shape[2] == (16 if name == "conv_transpose" else 4)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: ops.conv(x, np.ones((2, 2, 4, 1))), ShapeError, "divisible"),
        (lambda x: ops.conv(x, np.ones((9, 2, 3, 1))), ShapeError, "does not fit"),
        (lambda x: ops.conv(x, np.ones((2, 3, 1))), ShapeError, "axes"),
        (lambda x: ops.conv(x, np.ones((2, 2, 3, 1)), padding="full"), ArgumentError, "padding"),
        (lambda x: ops.conv(x, np.ones((2, 2, 3, 1)), padding="causal"), ArgumentError, "same"),
        (lambda x: ops.conv(x, np.ones((2, 2, 3, 1)), strides=0), ArgumentError, "strides"),
        (lambda x: ops.conv(x, np.ones((2, 2, 1, 4))), ShapeError, "divisible by groups=3"),
    ],
)
def test_what_does_not_fit_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call(convert_to_tensor(np.ones((2, 5, 6, 3))))
