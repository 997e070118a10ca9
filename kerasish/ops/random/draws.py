"""Draws of integers, classes, permutations, and of the gamma family."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish.graph.op import case, no_gradient, op
from kerasish.graph.primitives import broadcast_to, expand_dims
from kerasish.graph.tensor import Tensor, TensorLike, convert_to_tensor
from kerasish.ops.basic.elementwise import cast, log, right_shift, sqrt, where
from kerasish.ops.basic.indexing import along, gather
from kerasish.ops.basic.reduction import argmax, sum
from kerasish.ops.declare import composite
from kerasish.ops.random.distributions import (
    SAMPLE_KEY,
    float_name,
    mix_key,
    random_bits,
    squares,
    standard_normal,
)
from kerasish.spec import Shape, TensorSpec, broadcast, dtype_name


def split_key(key: Any, count: int) -> list[Any]:
    """`count` keys drawn from one."""
    rows = random_bits(key, shape=(count, 2))
    return [rows[i] for i in range(count)]


def open_unit(key: Any, shape: Shape) -> Any:
    """Uniform on (k + 1/2) 2**-23 in (0, 1), exact in float32: safe under a logarithm."""
    bits = random_bits(key, shape=tuple(shape))
    return cast(right_shift(bits, 9), "float32") * 2.0**-23 + 2.0**-24


@composite(
    case(SAMPLE_KEY, shape=(3, 4), minval=-5, maxval=5),
    case(SAMPLE_KEY, shape=(), minval=0, maxval=9),
)
def random_randint(
    key: TensorLike, shape: Shape, minval: Any, maxval: Any, dtype: Any = "int32"
) -> Tensor:
    """Uniform integers in [minval, maxval): the high word of bits * (maxval - minval).

    The span may be at most 2**32; each value's probability is off by less than span * 2**-32
    of itself.
    """
    name = dtype_name(dtype)
    low = cast(minval, "int64")
    span = cast(cast(maxval, "int64") - low, "uint64")
    bits = cast(random_bits(key, shape=tuple(shape)), "uint64")
    return cast(low + cast(right_shift(bits * span, 32), "int64"), name)


@composite(case(SAMPLE_KEY, (3, 4), differentiate=(), num_samples=5))
def random_categorical(
    key: TensorLike, logits: TensorLike, num_samples: int, dtype: Any = "int32"
) -> Tensor:
    """Class indices (batch, num_samples) drawn with probabilities softmax(logits).

    The maximum of logits + Gumbel noise is such a draw (Gumbel-max).
    """
    logits = convert_to_tensor(logits)
    batch, classes = logits.shape
    noise = -log(-log(open_unit(key, (batch, num_samples, classes))))
    return cast(argmax(expand_dims(logits, axis=1) + noise, axis=-1), dtype_name(dtype))


@op(
    "random_permutation",
    infer=lambda key, *, size: TensorSpec((size,), "int32"),
    random=True,
    cases=(case(SAMPLE_KEY, size=7), case(SAMPLE_KEY, size=0)),
)
def random_permutation(xp: Any, key: Any, *, size: int) -> Any:
    """The integers below `size` in random order: the stable order of as many random words."""
    words = squares(xp, mix_key(xp, key), xp.arange(size, dtype=np.uint64))
    return xp.argsort(words, kind="stable").astype(np.int32)


@composite(case(SAMPLE_KEY, (5, 2)), case(SAMPLE_KEY, (2, 5), axis=-1))
def random_shuffle(key: TensorLike, x: TensorLike, axis: int = 0) -> Tensor:
    """The slices of `x` along `axis` in random order."""
    x, at = along(x, axis)
    return gather(x, random_permutation(key, size=x.shape[at]), axis=at)


# --- gamma, beta, binomial ----------------------------------------------------------------------

_TRIES = 8


def _gamma(key: Any, alpha: Any, shape: Shape) -> Any:
    """Gamma draws in float32; see `random_gamma`."""
    alpha = broadcast_to(convert_to_tensor(alpha, "float32"), shape=tuple(shape))
    z_key, u_key, boost_key = split_key(key, 3)
    small = alpha < 1
    d = where(small, alpha + 1, alpha) - 1 / 3
    z = standard_normal(z_key, (_TRIES, *shape), "float32")
    v = 1 + z / sqrt(9 * d)
    v = v * v * v
    safe = where(v > 0, v, 1.0)
    bound = 0.5 * z * z + d * (1 - safe + log(safe))
    accepted = (v > 0) & (log(open_unit(u_key, (_TRIES, *shape))) < bound)
    chosen = argmax(cast(accepted, "int32"), axis=0, keepdims=True)
    tries = np.arange(_TRIES, dtype=np.int32).reshape(-1, *(1,) * len(shape))
    x = d * sum(where(chosen == tries, safe, 0.0), axis=0)
    return where(small, x * open_unit(boost_key, shape) ** (1 / alpha), x)


@composite(
    case(SAMPLE_KEY, (3, 4), differentiate=(), domain=(0.2, 3.0), shape=(3, 4)),
    case(SAMPLE_KEY, (4,), differentiate=(), domain=(0.2, 3.0), shape=(2, 4)),
)
def random_gamma(key: TensorLike, alpha: TensorLike, shape: Shape, dtype: Any = None) -> Tensor:
    """Gamma draws with shape parameter `alpha` and scale 1.

    Marsaglia and Tsang, "A simple method for generating gamma variables" (2000): the first
    accepted of eight proposals (all are rejected with a probability below 1e-10; then the first
    counts). alpha < 1 goes through gamma(alpha + 1) * u ** (1 / alpha).
    """
    return cast(_gamma(key, alpha, tuple(shape)), float_name(dtype, "random_gamma"))


@composite(case(SAMPLE_KEY, (3, 4), (4,), differentiate=(), domain=(0.2, 3.0), shape=(3, 4)))
def random_beta(key: TensorLike, alpha: Any, beta: Any, shape: Shape, dtype: Any = None) -> Tensor:
    """Beta draws: a / (a + b) of two gamma draws."""
    name = float_name(dtype, "random_beta")
    left, right = split_key(key, 2)
    a, b = _gamma(left, alpha, tuple(shape)), _gamma(right, beta, tuple(shape))
    return cast(a / (a + b), name)


def _binomial_infer(
    key: TensorSpec, counts: TensorSpec, probabilities: TensorSpec, *, shape: Shape
) -> TensorSpec:
    broadcast(shape, counts.shape, probabilities.shape)
    return TensorSpec(tuple(shape), "float64")


@op(
    "random_binomial_draw",
    infer=_binomial_infer,
    vjp=no_gradient,
    random=True,
    cases=(
        case(SAMPLE_KEY, np.full((3, 4), 10.0), np.full((4,), 0.3), shape=(3, 4)),
        case(SAMPLE_KEY, np.full((4,), 200.0), np.linspace(0.1, 0.9, 4), shape=(3, 4)),
    ),
)
def binomial_draw(
    xp: Any, key: Any, counts: Any, probabilities: Any, *, shape: tuple[int, ...]
) -> Any:
    """Binomial draws in float64: inversion where the mean is below 10, else BTRS.

    Hoermann, "The generation of binomial random variates" (1993).
    """
    n = xp.broadcast_to(counts.astype(np.float64), shape).reshape(-1)
    q = xp.broadcast_to(probabilities.astype(np.float64), shape).reshape(-1)
    p = xp.minimum(q, 1 - q)
    stream = mix_key(xp, key)
    k = xp.zeros(n.shape, np.float64)
    low = xp.nonzero(n * p < 10)[0]
    high = xp.nonzero(n * p >= 10)[0]
    k[low] = _by_inversion(xp, n[low], p[low], _uniform64(xp, stream, low, 0))
    k[high] = _by_rejection(xp, n[high], p[high], stream, high)
    return xp.where(q > 0.5, n - k, k).reshape(shape)


def _uniform64(xp: Any, stream: Any, index: Any, draw: int) -> Any:
    """(k + 1/2) 2**-32 at the elements `index`, of the draw-th stretch of 2**40 words."""
    bits = squares(xp, stream, index.astype(np.uint64) + np.uint64(draw << 40))
    return (bits + 0.5) * 2.0**-32


def _by_inversion(xp: Any, n: Any, p: Any, u: Any) -> Any:
    """The smallest k with P(X <= k) >= u, by summing the probabilities."""
    k = xp.zeros_like(u)
    term = xp.exp(n * xp.log1p(-p))
    ratio = p / (1 - p)
    rest = u - term
    while bool(xp.any((rest > 0) & (k < n))):
        more = (rest > 0) & (k < n)
        term = xp.where(more, term * ratio * (n - k) / (k + 1), term)
        rest = xp.where(more, rest - term, rest)
        k = xp.where(more, k + 1, k)
    return k


def _by_rejection(xp: Any, n: Any, p: Any, stream: Any, index: Any) -> Any:
    spread = xp.sqrt(n * p * (1 - p))
    b = 1.15 + 2.53 * spread
    a = -0.0873 + 0.0248 * b + 0.01 * p
    mode = xp.floor((n + 1) * p)
    alpha = (2.83 + 5.1 / b) * spread
    result, done, draw = mode.copy(), xp.zeros(n.shape, bool), 1
    while not bool(xp.all(done)):
        u = _uniform64(xp, stream, index, draw) - 0.5
        v = _uniform64(xp, stream, index, draw + 1)
        us = 0.5 - xp.abs(u)
        k = xp.floor((2 * a / us + b) * u + n * p + 0.5)
        inside = (k >= 0) & (k <= n)
        safe = xp.where(inside, k, mode)
        bound = (
            log_factorial(xp, mode)
            + log_factorial(xp, n - mode)
            - log_factorial(xp, safe)
            - log_factorial(xp, n - safe)
            + (safe - mode) * xp.log(p / (1 - p))
        )
        squeezed = (us >= 0.07) & (v <= 0.92 - 4.2 / b)
        exact = xp.log(v * alpha / (a / (us * us) + b)) <= bound
        accepted = inside & (squeezed | exact) & ~done
        result = xp.where(accepted, safe, result)
        done, draw = done | accepted, draw + 2
    return result


def log_factorial(xp: Any, k: Any) -> Any:
    """The logarithm of k!: Stirling's series at k + 10, carried back by the product in between."""
    x = k + 10.0
    product = xp.ones_like(x)
    for i in range(1, 10):
        product = product * (k + i)
    series = 1 / (12 * x) - 1 / (360 * x**3) + 1 / (1260 * x**5)
    return (x - 0.5) * xp.log(x) - x + 0.9189385332046727 + series - xp.log(product)


@composite(case(SAMPLE_KEY, np.full((4,), 9.0), np.full((3, 1), 0.3), shape=(3, 4)))
def random_binomial(
    key: TensorLike, counts: TensorLike, probabilities: TensorLike, shape: Shape, dtype: Any = None
) -> Tensor:
    """Numbers of successes in `counts` trials of the given probabilities."""
    name = float_name(dtype, "random_binomial")
    n, p = convert_to_tensor(counts, "float64"), convert_to_tensor(probabilities, "float64")
    return cast(binomial_draw(key, n, p, shape=tuple(shape)), name)
