"""Random draws: one counter-based primitive, and distributions made of it and other ops.

Every draw is a pure function of a key, a uint32 pair (seed, counter), so it is reproducible on
every backend, can be traced, fused and computed twice instead of stored.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kerasish.errors import ArgumentError, DTypeError
from kerasish.graph.op import case, op
from kerasish.graph.tensor import Tensor, TensorLike, convert_to_tensor
from kerasish.ops.basic.elementwise import cast, log, maximum, right_shift, sqrt, where
from kerasish.ops.declare import composite
from kerasish.ops.numpy.join import slices
from kerasish.spec import HALVES, Shape, TensorSpec, dtype_name, is_float

SAMPLE_KEY = np.array([7, 3], np.uint32)
GOLDEN, MIX_1, MIX_2 = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def _bits_infer(key: TensorSpec, *, shape: Shape) -> TensorSpec:
    if key != TensorSpec((2,), "uint32"):
        raise DTypeError("random_bits", expected="a key, uint32[2]", received=key)
    return TensorSpec(tuple(shape), "uint32")


@op(
    "random_bits",
    infer=_bits_infer,
    random=True,
    cases=(
        case(SAMPLE_KEY, shape=(3, 4)),
        case(np.array([2**32 - 1, 2**31], np.uint32), shape=(2, 3, 4)),
        case(SAMPLE_KEY, shape=()),
        case(SAMPLE_KEY, shape=(0, 3)),
    ),
    flops=lambda key, *, shape: 20 * math.prod(shape),
)
def random_bits(xp: Any, key: Any, *, shape: tuple[int, ...]) -> Any:
    """Independent uniform 32-bit words: the generator squares32 keyed by splitmix64.

    All arithmetic is on unsigned 64-bit integers, modulo 2**64. From the key (seed, counter):

        s = seed * 2**32 + counter + 0x9E3779B97F4A7C15
        s = (s ^ (s >> 30)) * 0xBF58476D1CE4E5B9
        s = (s ^ (s >> 27)) * 0x94D049BB133111EB
        k = (s ^ (s >> 31)) | 1

    and for the element at flat index i (C order), where swap(v) = (v >> 32) | (v << 32):

        y = i * k
        z = y + k
        x = swap(y * y + y)
        x = swap(x * x + z)
        x = swap(x * x + y)
        bits = (x * x + z) >> 32

    Source: Widynski, "Squares: A Fast Counter-Based RNG" (2020), four rounds; Steele, Lea and
    Flood, "Fast splittable pseudorandom number generators" (2014) for the mixing of the key.
    """
    index = xp.arange(math.prod(shape), dtype=np.uint64)
    return squares(xp, mix_key(xp, key), index).reshape(shape)


def mix_key(xp: Any, key: Any) -> Any:
    """The odd 64-bit key, as an array of one element, of a (seed, counter) pair."""
    wide = key.astype(np.uint64)
    s = (wide[:1] << np.uint64(32)) + wide[1:] + np.uint64(GOLDEN)
    s = (s ^ (s >> np.uint64(30))) * np.uint64(MIX_1)
    s = (s ^ (s >> np.uint64(27))) * np.uint64(MIX_2)
    return (s ^ (s >> np.uint64(31))) | np.uint64(1)


def squares(xp: Any, key: Any, index: Any) -> Any:
    """The 32-bit words at the positions `index` (uint64, used up) of the stream `key`."""
    y = xp.multiply(index, key, out=index)
    z = y + key
    x, high = y.copy(), xp.empty_like(y)
    half = np.uint64(32)
    for addend in (y, z, y):
        xp.multiply(x, x, out=x)
        xp.add(x, addend, out=x)
        xp.right_shift(x, half, out=high)
        xp.left_shift(x, half, out=x)
        xp.bitwise_or(x, high, out=x)
    xp.multiply(x, x, out=x)
    xp.add(x, z, out=x)
    return xp.right_shift(x, half, out=x).astype(np.uint32)


# --- uniform and normal -------------------------------------------------------------------------


def float_name(dtype: Any, what: str) -> str:
    name = dtype_name(dtype)
    if not is_float(name):
        raise DTypeError(what, expected="a floating dtype", received=name)
    return name


def _unit(key: Any, shape: Shape, dtype: str) -> Any:
    """Uniform in [0, 1): 24 random bits, or 53 for float64."""
    if dtype == "float64":
        high, low = slices(random_bits(key, shape=(2, *shape)), 0, 2)
        coarse = cast(right_shift(high, 5), "float64") * 2.0**-27
        return coarse + cast(right_shift(low, 6), "float64") * 2.0**-53
    bits = random_bits(key, shape=tuple(shape))
    if dtype in HALVES:
        kept = 11 if dtype == "float16" else 8
        return cast(cast(right_shift(bits, 32 - kept), "float32") * 2.0**-kept, dtype)
    return cast(right_shift(bits, 8), dtype) * 2.0**-24


def _symmetric(key: Any, shape: Shape, dtype: str) -> Any:
    """Uniform on (k + 1/2) 2**-23 in (-1, 1), exact in float32 and never -1, 0 or 1."""
    bits = random_bits(key, shape=tuple(shape))
    return cast(right_shift(bits, 8), dtype) * 2.0**-23 - (1 - 2.0**-24)


@composite(case(SAMPLE_KEY, shape=(3, 4)), case(SAMPLE_KEY, shape=(5,), minval=-2.0, maxval=3.0))
def random_uniform(
    key: TensorLike, shape: Shape, minval: Any = 0.0, maxval: Any = 1.0, dtype: Any = None
) -> Tensor:
    """Uniform draws from [minval, maxval): (bits >> 8) * 2**-24, scaled and shifted."""
    name = float_name(dtype, "random_uniform")
    u = _unit(key, shape, name)
    if type(minval) in (int, float) and type(maxval) in (int, float):
        return u if (minval, maxval) == (0, 1) else u * (maxval - minval) + minval
    low: Any = convert_to_tensor(minval, name)
    high: Any = convert_to_tensor(maxval, name)
    return u * (high - low) + low


# Giles, "Approximating the erfinv function" (GPU Computing Gems, 2011), single precision:
# polynomials in w - 2.5 for w < 5 and in sqrt(w) - 3 beyond, w = -log(1 - x**2).
_CENTRAL = (
    2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087,
    -0.00125372503, -0.00417768164, 0.246640727, 1.50140941,
)  # fmt: skip
_TAIL = (
    -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773,
    -0.0076224613, 0.00943887047, 1.00167406, 2.83297682,
)  # fmt: skip


def _polynomial(w: Any, coefficients: tuple[float, ...]) -> Any:
    value: Any = coefficients[0]
    for c in coefficients[1:]:
        value = value * w + c
    return value


def inverse_erf(x: Any) -> Any:
    """The inverse of erf, to a relative 4e-6."""
    w = -log((1 - x) * (1 + x))
    small = w < 5.0
    t = where(small, w - 2.5, sqrt(maximum(w, 5.0)) - 3.0)
    return where(small, _polynomial(t, _CENTRAL), _polynomial(t, _TAIL)) * x


def standard_normal(key: Any, shape: Shape, dtype: str, bound: float = 1.0) -> Any:
    """Normal draws by inversion of a symmetric uniform within (-bound, bound), in float32."""
    wide = "float64" if dtype == "float64" else "float32"
    u = _symmetric(key, shape, wide)
    z = inverse_erf(u if bound == 1.0 else u * bound) * math.sqrt(2)
    return cast(z, dtype)


_NORMAL = [case(SAMPLE_KEY, shape=(3, 4)), case(SAMPLE_KEY, shape=(5,), mean=-2.0, stddev=3.0)]


@composite(*_NORMAL)
def random_normal(
    key: TensorLike, shape: Shape, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None
) -> Tensor:
    """Normal draws by the inverse error function of one uniform draw; |z| is at most 5.42."""
    name = float_name(dtype, "random_normal")
    return standard_normal(key, shape, name) * stddev + mean


@composite(*_NORMAL)
def random_truncated_normal(
    key: TensorLike, shape: Shape, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None
) -> Tensor:
    """Normal draws conditioned on lying within two standard deviations of the mean."""
    name = float_name(dtype, "random_truncated_normal")
    z = standard_normal(key, shape, name, bound=math.erf(2 / math.sqrt(2)))
    return z * stddev + mean


# --- dropout --------------------------------------------------------------------------------------


@composite(
    case(SAMPLE_KEY, (3, 4), rate=0.4),
    case(SAMPLE_KEY, (2, 3, 4), rate=0.4, noise_shape=(2, 1, 4)),
    case(SAMPLE_KEY, (3, 4), rate=0.0),
)
def random_dropout(key: TensorLike, x: TensorLike, rate: float, noise_shape: Any = None) -> Tensor:
    """x / (1 - rate) where bits >= rate * 2**32, else 0: one integer comparison an element.

    Args:
        key: uint32[2].
        x: floating tensor.
        rate: probability of zero, in [0, 1].
        noise_shape: shape of the mask, which broadcasts to that of x; None entries are taken
            from x.

    Raises:
        ArgumentError: the rate is outside [0, 1].
    """
    if not 0 <= rate <= 1:
        raise ArgumentError("dropout rate", expected="a number in [0, 1]", received=repr(rate))
    x = convert_to_tensor(x)
    if rate == 0:
        return x
    if rate == 1:
        return where(False, x, 0)  # which zeros come from x: its gradient is zero, not None
    shape = x.shape
    if noise_shape is not None:
        shape = tuple(n if d is None else d for d, n in zip(noise_shape, x.shape, strict=True))
    kept = random_bits(key, shape=shape) >= min(round(rate * 2**32), 2**32 - 1)
    return where(kept, x * (1 / (1 - rate)), 0)
