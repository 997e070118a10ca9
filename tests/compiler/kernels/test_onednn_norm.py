"""oneDNN's normalizations and softmax against their formulas in float64."""

from __future__ import annotations

import numpy as np
import pytest

from kerasish.compiler.kernels.onednn import library, norm
from tests.tolerances import assert_close

pytestmark = pytest.mark.skipif(
    library.unavailable() is not None, reason=f"oneDNN: {library.unavailable()}"
)

EPSILON = 1e-3
SHAPES = [(1, 2), (5, 1), (4, 3), (33, 17), (2, 3, 5, 16), (7, 64)]
each_shape = pytest.mark.parametrize("shape", SHAPES, ids=str)
each_kind = pytest.mark.parametrize("kind", ["batch", "layer"])
VIEWS = {
    "plain": lambda a: a,
    "transposed": lambda a: np.ascontiguousarray(a.T).T,
    "every other": lambda a: np.repeat(a, 2, axis=-1)[..., ::2],
    "reversed": lambda a: np.ascontiguousarray(a[::-1])[::-1],
}
each_view = pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)


def values(seed, shape):
    return np.random.default_rng(seed).standard_normal(shape, dtype="f4")


def axes_of(kind, x):
    return tuple(range(x.ndim - 1)) if kind == "batch" else (x.ndim - 1,)


def reference(kind, x, scale, shift):
    x = x.astype("f8")
    axes = axes_of(kind, x)
    mean, variance = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
    normal = (x - mean) / np.sqrt(variance + EPSILON)
    return normal * scale + shift, mean.squeeze(axes), variance.squeeze(axes), normal


def reference_grad(kind, x, scale, g):
    """dx = (gs - mean(gs) - n mean(gs n)) / sqrt(variance + epsilon), with gs = g scale."""
    _, _, _, normal = reference(kind, x, scale, 0)
    axes = axes_of(kind, x)
    root = np.sqrt(x.astype("f8").var(axes, keepdims=True) + EPSILON)
    scaled = g.astype("f8") * scale
    dx = scaled - scaled.mean(axes, keepdims=True)
    dx = (dx - normal * (scaled * normal).mean(axes, keepdims=True)) / root
    rest = tuple(range(x.ndim - 1))
    return dx, (g * normal).sum(rest), g.astype("f8").sum(rest)


@each_kind
@each_shape
@each_view
def test_normalization(kind, shape, view):
    x, scale, shift = view(values(1, shape)), values(2, shape[-1]), values(3, shape[-1])
    y = np.full(shape, np.nan, "f4")
    statistics = shape[-1:] if kind == "batch" else shape[:-1]
    mean, variance = np.full((2, *statistics), np.nan, "f4")
    norm.bind_norm(kind, x, scale, shift, y, mean, variance, EPSILON)()
    want = reference(kind, x, scale, shift)
    for got, expected in zip((y, mean, variance), want, strict=False):
        assert_close(got, expected, "first_gradient")  # 1 / sqrt(variance) amplifies rounding


@each_kind
@each_shape
@each_view
def test_normalization_gradients(kind, shape, view):
    x, scale, g = view(values(1, shape)), values(2, shape[-1]), view(values(3, shape))
    _, mean, variance, _ = (a.astype("f4") for a in reference(kind, x, scale, 0))
    dx = np.full(shape, np.nan, "f4")
    dscale, dshift = np.full((2, shape[-1]), np.nan, "f4")
    step = norm.bind_norm_grad(kind, x, scale, g, mean, variance, dx, dscale, dshift, EPSILON)
    want = reference_grad(kind, x, scale, g)
    for _ in range(2):
        step()
        # Differences of nearly equal terms over sqrt(epsilon): error relative to the terms.
        bound = 1e-5 * np.abs(g * scale).max() / np.sqrt(EPSILON)
        assert np.abs(dx - want[0]).max() <= bound
        assert_close(dscale, want[1], "first_gradient")
        assert_close(dshift, want[2], "first_gradient")


@each_kind
def test_absent_parameters(kind):
    x = values(1, (6, 5))
    y, dx = np.empty_like(x), np.empty_like(x)
    norm.bind_norm(kind, x, None, None, y, None, None, EPSILON)()
    _, mean, variance, normal = reference(kind, x, 1, 0)
    assert_close(y, normal)
    mean, variance = mean.astype("f4"), variance.astype("f4")
    norm.bind_norm_grad(kind, x, None, y, mean, variance, dx, None, None, EPSILON)()
    assert np.abs(dx - reference_grad(kind, x, np.ones(5), y)[0]).max() < 1e-4


@each_shape
@each_view
def test_softmax(shape, view):
    x, g = view(values(1, shape) * 30), view(values(2, shape))
    y, dx = np.full((2, *shape), np.nan, "f4")
    norm.bind_softmax(x, y)()
    p = np.exp(x.astype("f8") - x.max(-1, keepdims=True))
    p /= p.sum(-1, keepdims=True)
    assert_close(y, p)
    norm.bind_softmax_grad(y, g, dx)()
    assert_close(dx, p * (g - (g * p).sum(-1, keepdims=True)), "first_gradient")
