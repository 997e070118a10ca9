"""bfloat16 operands: oneDNN sums in float32 and rounds once, so results are held to float64's."""

from __future__ import annotations

import numpy as np
import pytest

from kerasish.compiler.kernels.geometry import Problem
from kerasish.compiler.kernels.onednn import conv, library, matmul, pool
from kerasish.compiler.kernels.onednn.api import Alg, UnsupportedError
from kerasish.ops.nn.windows import Windows
from kerasish.spec import np_dtype
from tests.tolerances import assert_close

BFLOAT16 = np_dtype("bfloat16")


def can() -> bool:
    """Whether oneDNN computes in bfloat16 on this processor: it needs AVX-512 or AMX."""
    x = np.zeros((8, 8), BFLOAT16)
    try:
        matmul.bind_matmul(x, x, x.copy())
    except UnsupportedError:
        return False
    return True


# Elsewhere it says so, and another kernel computes.
unsupported = pytest.mark.xfail(
    library.unavailable() is None and not can(), raises=UnsupportedError, strict=True,
    reason="oneDNN has no bfloat16 on this processor, and must say so",
)  # fmt: skip

pytestmark = pytest.mark.skipif(
    library.unavailable() is not None, reason=f"oneDNN: {library.unavailable()}"
)


def values(seed: int, *shape: int) -> np.ndarray:
    """Multiples of 1/8 in [-1, 1]: bfloat16 holds them, and float32 their sums, exactly."""
    return (np.random.default_rng(seed).integers(-8, 9, shape) / 8).astype(BFLOAT16)


def poisoned(*shape: int) -> np.ndarray:
    return np.full(shape, np.nan, BFLOAT16)


@unsupported
@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize(("a", "b"), [((33, 65), (65, 70)), ((2, 3, 40, 7), (2, 3, 7, 9))])
def test_product(a: tuple[int, ...], b: tuple[int, ...], transposed: bool) -> None:
    x, w = values(1, *a), values(2, *b)
    if transposed:
        x = np.ascontiguousarray(x.swapaxes(-1, -2)).swapaxes(-1, -2)
    want = x.astype("f8") @ w.astype("f8")
    y = poisoned(*want.shape)
    matmul.bind_matmul(x, w, y)()
    assert_close(y, want.astype("f4"), dtype="bfloat16")


@unsupported
def test_product_with_bias_and_sum() -> None:
    x, w, bias = values(1, 32, 64), values(2, 64, 48), values(3, 48)
    y = poisoned(32, 48)
    matmul.bind_matmul(x, w, y, bias=bias)()
    want = x.astype("f4") @ w.astype("f4")
    assert_close(y, want + bias.astype("f4"), dtype="bfloat16")
    y[...] = before = values(4, 32, 48)
    matmul.bind_matmul(x, w, y, accumulate=True)()
    assert_close(y, want + before.astype("f4"), dtype="bfloat16")


@unsupported
@pytest.mark.parametrize("groups", [1, 4])
def test_convolution(groups: int) -> None:
    windows = Windows.of((8, 9), (3, 3), (1, 1), (1, 1), "same")
    x, w, g = values(1, 2, 8, 9, 16), values(2, 3, 3, 16 // groups, 32), values(3, 2, 8, 9, 32)
    held = {"x": x, "w": w, "y": g}
    wide = {name: v.astype("f4") for name, v in held.items()}
    problem = Problem(x.shape, w.shape, g.shape, "bfloat16", windows, groups)
    for result in held:
        y, want = poisoned(*held[result].shape), np.empty(held[result].shape, "f4")
        for problem_, arrays, out in (
            (problem, held, y),
            (problem._replace(dtype="float32"), wide, want),
        ):
            given = {name: v for name, v in arrays.items() if name != result}
            conv.bind_conv(problem_, result, given, out)()
        assert_close(y, want, dtype="bfloat16")


@unsupported
def test_depthwise_in_strides() -> None:
    """Its first choice for the input's gradient is 75 times slower than the one taken."""
    windows = Windows.of((8, 8), (3, 3), (2, 2), (1, 1), ((0, 1), (0, 1)))
    g, w = values(1, 2, 4, 4, 16), values(2, 3, 3, 1, 16)
    dx, want = poisoned(2, 8, 8, 16), np.empty((2, 8, 8, 16), "f4")
    problem = Problem(dx.shape, w.shape, g.shape, "bfloat16", windows, 16)
    conv.bind_conv(problem, "x", {"y": g, "w": w}, dx)()
    given = {"y": g.astype("f4"), "w": w.astype("f4")}
    conv.bind_conv(problem._replace(dtype="float32"), "x", given, want)()
    assert_close(dx, want, dtype="bfloat16")
    assert not conv.primitive(problem, "x").implementation.startswith("brgconv")


@unsupported
def test_pooling() -> None:
    windows = Windows.of((8, 8), (2, 2), (2, 2), (1, 1), "valid")
    most, mean = Alg.POOLING_MAX, Alg.POOLING_AVG_EXCLUDE_PADDING
    x, g = values(1, 2, 8, 8, 16), values(2, 2, 4, 4, 16)
    y, dx, index = poisoned(2, 4, 4, 16), poisoned(2, 8, 8, 16), np.empty((2, 4, 4, 16), "i4")
    pool.bind_pool(most, x, y, windows, index)()
    blocks = x.astype("f4").reshape(2, 4, 2, 4, 2, 16)
    assert_close(y, blocks.max((2, 4)), dtype="bfloat16")
    pool.bind_pool_grad(most, g, dx, windows, index)()
    assert_close(dx.astype("f4").reshape(2, 4, 2, 4, 2, 16).sum((2, 4)), g.astype("f4"))
    pool.bind_pool(mean, x, y, windows)()
    assert_close(y, blocks.mean((2, 4)), dtype="bfloat16")
    pool.bind_pool_grad(mean, g, dx, windows)()
    assert_close(dx.astype("f4").reshape(2, 4, 2, 4, 2, 16).sum((2, 4)), g.astype("f4"))


@pytest.mark.parametrize("bad", [np.nan, -np.inf])
def test_max_pooling_keeps_nan_and_minus_infinity(bad: float) -> None:
    import kerasish as keras

    x = values(1, 1, 4, 4, 16)
    x[0, :2, :2, 3] = bad
    pooled = keras.function(lambda t: keras.ops.max_pool(t, 2))(keras.ops.convert_to_tensor(x))
    assert pooled.dtype == "bfloat16"
    got = pooled.numpy().astype("f4")[0, 0, 0, 3]
    assert np.isnan(got) if np.isnan(bad) else got == bad
