"""Elementary functions in float64 lanes: of float32, by widening it, and of float64.

Widened, a float32 function needs no care for overflow, denormals or the last digits: polynomials
good to 2**-28 (`SHORT`) suffice. Those good to 2**-57 (`LONG`) serve float64, where roundings that
would take a result beyond 2 ulp are put back.

Largest errors in ulps, float32 over all inputs (of two arguments: 300 million pairs;
scripts/sweep_llvm_math.py), float64 over some ten million (tests/compiler/codegen/test_llvm_math.py
samples every exponent of both):

    exp2 0.54   cosh 0.54   sinh 0.80   log2 0.50   log10 0.50   arcsinh 0.50   arccosh 0.50
    arctanh 0.50   cbrt 0.54   power 0.54   hypot 0.50
    erfc 0.56 (a sixth of all inputs)   erfinv 0.61 (some million)
    float64: exp 0.90   expm1 1.38   log 0.83   log1p 0.80   tanh 1.69   sigmoid 1.92   erf 1.50

Reductions follow Muller, Elementary Functions (3rd ed., ch. 11) and Sun's fdlibm; the polynomials
are minimax fits of our own (scripts/fit_polynomials.py).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import NamedTuple

from kerasish.compiler.codegen.llvm_number import Number, fma, polynomial, where
from kerasish.compiler.codegen.llvm_text import Emitter, Value

MAGIC = 1.5 * 2.0**52  # added to a small number, its last bits are the nearest integer
MAGIC_BITS = 0x4338 << 48
SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
LN2_HIGH = 6.93147180369123816490e-01  # 32 bits, so n * LN2_HIGH is exact
LN2_LOW = 1.90821492927058770002e-10


class Precision(NamedTuple):
    """Coefficients for one precision of results, and the range in which e**x is neither 0 nor inf.

    exp:  e**r = 1 + r + r^2 p(r)
    log:  2 atanh(s) = 2 s + s z p(z), z = s^2
    sin:  sin r = r + r s p(s), s = r^2; likewise atan
    cos:  cos r = 1 - s / 2 + s^2 p(s)
    """

    full: bool
    lowest: float
    highest: float
    exp: tuple[float, ...]
    log: tuple[float, ...]
    sin: tuple[float, ...]
    cos: tuple[float, ...]
    atan: tuple[float, ...]


SHORT = Precision(
    False, -120.0, 100.0,
    (0.49999993412609633, 0.1666652010790038, 0.0416683941910699, 0.008368780393089517,
     0.0013814467903360353),
    (0.666666656412962, 0.4000033621853278, 0.2853723836478422, 0.23583568193908455),
    (-0.16666654589979685, 0.00833215505316786, -0.0001951408504576523),
    (0.041666646268710625, -0.0013887337084985574, 2.4434846261353416e-05),
    (-0.3333331542376362, 0.19998484009438566, -0.1424373891778451, 0.10595140688880006,
     -0.06081158161614035),
)  # fmt: skip
LONG = Precision(
    True, -746.0, 710.0,
    (0.5000000000000011, 0.1666666666666641, 0.04166666666652919, 0.008333333333495636,
     0.001388888894392258, 0.0001984126950474362, 2.4801492762837325e-05, 2.755758735945193e-06,
     2.76303786100566e-07, 2.4999960406100966e-08),
    (0.6666666666666735, 0.399999999994111, 0.28571428743261235, 0.22222198476117574,
     0.1818356973371119, 0.15313903387070943, 0.147975064358777),
    (-0.1666666666666663, 0.008333333333321868, -0.00019841269829352887, 2.755731352812412e-06,
     -2.5050731613571007e-08, 1.589521371860959e-10),
    (0.041666666666666595, -0.0013888888888873387, 2.48015872890017e-05, -2.7557314208079407e-07,
     2.087570298220543e-09, -1.1358564397670582e-11),
    (-0.33333333333333326, 0.1999999999999767, -0.14285714285388143, 0.11111111088185535,
     -0.09090908144786752, 0.07692282764100437, -0.06666226832493485, 0.0587702248692976,
     -0.05218408538891392, 0.04503565185537664, -0.03347479841080132, 0.015195474747475573),
)  # fmt: skip
ERFC = (
    0.28209804418254253, 0.2819888642418755, 0.2483516019953143, 0.16365322224024997,
    0.15187455132500025, -0.2528657558947044, 0.5670126301303282, -1.1187448181083817,
    1.1715007344038704, -0.677475015109863, 0.21032087134012484, -0.027714930336626815,
)  # fmt: skip
ERF_NEAR = (
    0.1283791670955126, -0.3761263890318373, 0.1128379167095382, -0.0268661706448288,
    0.005223977621820416, -0.0008548326767348116, 0.00012055321485919762, -1.4925309920061559e-05,
    1.6455364060105984e-06, -1.62768514295794e-07, 1.4053170087718489e-08, -8.497785127787032e-10,
)  # fmt: skip
ERF_FAR = (
    0.2821183503294422, 0.2815385473593194, 0.2528332131267223, 0.13727757876404148,
    0.25373566689353455, -0.5236716192853317, 1.0725281175440016, -1.7812939506831311,
    1.769169737160806, -1.0310772211053463, 0.3339024056230402, -0.047061189985146246,
)  # fmt: skip
ERFINV_MIDDLE = (
    1.5014093595020015, 0.2466402867731324, -0.004177388200840124, -0.0012527435954117184,
    0.00021834581035562467, -4.962133149116737e-06, -3.4631153601254513e-06,
    4.658637471821621e-07, 2.327022077140862e-08, -8.765859164562297e-09,
)  # fmt: skip
ERFINV_TAIL = (
    2.832976804410116, 1.0016748971933735, 0.009445085425673624, -0.0076361765388100146,
    0.0056886513345966025, -0.003602246383211614, 0.0014810198440485252, -4.8805778948245645e-05,
    -0.00030667975004279753, 0.00011126167698651497,
)  # fmt: skip

Function = Callable[..., Number]


def widened(function: Function) -> Callable[..., Value]:
    """A rule for an op from `function(precision, *numbers)`, which computes in float64."""

    @functools.wraps(function)
    def rule(e: Emitter, *inputs: Value) -> Value:
        dtype = inputs[0].dtype
        numbers = [Number(e, e.convert(v, "float64")) for v in e.level(*inputs)]
        y = function(LONG if dtype == "float64" else SHORT, *numbers)
        return e.convert(y.value, dtype)

    return rule


def _clamped(x: Number, low: float, high: float) -> Number:
    """x within bounds; NaN stays."""
    x = where(x < low, low, x)
    return where(x > high, high, x)


def signed(magnitude: Number, like: Number) -> Number:
    """|magnitude| with the sign of `like`."""
    return magnitude.call("llvm.copysign", like)


# --- exponentials -------------------------------------------------------------------------------


def _grown(p: Precision, x: Number) -> tuple[Number, Number]:
    """(n, q) with e**x = 2**n (1 + q); n is int64."""
    shifted = fma(x, 1 / math.log(2), MAGIC)
    n = shifted - MAGIC
    high = fma(n, -LN2_HIGH, x)
    r = fma(n, -LN2_LOW, high)
    rest = r * r * polynomial(r, p.exp)
    if p.full:
        rest = rest + fma(n, -LN2_LOW, high - r)  # what rounding took from r
    return shifted.bits - MAGIC_BITS, r + rest


def two_to(n: Number) -> Number:
    """2**n for an int64 n in [-1022, 1023]."""
    return ((n + 1023) << 52).double


def _exp(p: Precision, x: Number) -> Number:
    n, q = _grown(p, _clamped(x, p.lowest, p.highest))
    if not p.full:
        return fma(two_to(n), q, two_to(n))
    half = n >> 1  # 2**n alone leaves the normal range before the product does
    return (q + 1) * two_to(half) * two_to(n - half)


def _expm1(p: Precision, x: Number) -> Number:
    """2**n q + (2**n - 1), in halves, since 2**n overflows before the result does."""
    n, q = _grown(p, _clamped(x, -60.0, p.highest))
    half = two_to(n - 1)
    return 2.0 * fma(half, q, half - 0.5)


@widened
def exp(p: Precision, x: Number) -> Number:
    """e**x = 2**n e**r with r = x - n ln 2."""
    return _exp(p, x)


@widened
def exp2(p: Precision, x: Number) -> Number:
    """2**x = e**(x ln 2)."""
    return _exp(p, x * math.log(2))


@widened
def expm1(p: Precision, x: Number) -> Number:
    """e**x - 1; the sign of zero is that of x."""
    return signed(_expm1(p, x), x)


@widened
def tanh(p: Precision, x: Number) -> Number:
    """-u / (u + 2) with u = e**(-2|x|) - 1; 1 - 2 (u + 1) / (u + 2) where that is above 1/2."""
    n, q = _grown(p, _clamped(-2.0 * abs(x), -60.0, 0.0))
    scale = two_to(n)
    u = fma(scale, q, scale - 1)
    s, far = u + 2, u < -2 / 3
    y = where(far, 2.0 * (u + 1), -u) / s
    lost = fma(y, (s - 2) - u, fma(-y, s, -u))  # by rounding u + 2 and the quotient
    lost = lost - fma(scale, q, (scale - 1) - u) * (y + 1)  # and u
    near = fma(lost, 0.5 * (y + 1), y)
    return signed(where(far, 1 - y, near), x)


@widened
def sigmoid(p: Precision, x: Number) -> Number:
    """1 / (1 + z) or, below zero, z / (1 + z) with z = e**-|x|; what 1 + z lost is put back."""
    z = _exp(p, -abs(x))
    s, below = z + 1, x < 0
    y = where(below, z, 1.0) / s
    return fma(y, ((s - 1) - z) * where(below, 1 - y, y), y)


@widened
def sinh(p: Precision, x: Number) -> Number:
    """(u + u / (u + 1)) / 2 with u = e**|x| - 1."""
    u = _expm1(p, abs(x))
    return signed(0.5 * (u + u / (u + 1)), x)


@widened
def cosh(p: Precision, x: Number) -> Number:
    """(u + 1 / u) / 2 with u = e**|x|."""
    u = _exp(p, abs(x))
    return 0.5 * (u + 1 / u)


# --- logarithms ---------------------------------------------------------------------------------


def _log(p: Precision, u: Number, less: Number | None = None) -> Number:
    """log u = k ln 2 + log(1 + f), with 1 + f in [sqrt(1/2), sqrt(2)); for u > 0, finite.

    Args:
        less: where u is this plus 1, rounded; its logarithm is then that of the exact sum.
    """
    tiny = u < 2.0**-1022
    held = where(tiny, u * 2.0**54, u) if p.full else u
    bits = held.bits
    exponent = (bits - SQRT_HALF_BITS) >> 52
    f = (bits - (exponent << 52)).double - 1
    k = (exponent + MAGIC_BITS).double - MAGIC
    if p.full:
        k = where(tiny, k - 54.0, k)
    low = k * LN2_LOW
    if less is not None:
        near = k.compare("eq", 0)
        f = where(near, less, f)
        if p.full:
            low = low + where(near, 0.0, (less - (u - 1)) / u)
    s = f / (f + 2)
    z, half = s * s, 0.5 * f * f
    rest = fma(s, fma(z, polynomial(z, p.log), half), low)
    return fma(k, LN2_HIGH, f - (half - rest))


def _at_borders(y: Number, u: Number) -> Number:
    """log's values where u is not positive and finite."""
    y = where(u < math.inf, y, u)  # inf and NaN stay
    y = where(u.compare("eq", 0), -math.inf, y)
    return where(u < 0, math.nan, y)


def _log1p(p: Precision, x: Number) -> Number:
    u = x + 1
    return _at_borders(_log(p, u, x), u)


@widened
def log(p: Precision, x: Number) -> Number:
    """The natural logarithm."""
    return _at_borders(_log(p, x), x)


@widened
def log2(p: Precision, x: Number) -> Number:
    """log x / ln 2."""
    return _at_borders(_log(p, x) * (1 / math.log(2)), x)


@widened
def log10(p: Precision, x: Number) -> Number:
    """log x / ln 10."""
    return _at_borders(_log(p, x) * (1 / math.log(10)), x)


@widened
def log1p(p: Precision, x: Number) -> Number:
    """log(1 + x), from x itself where 1 + x would lose it."""
    return where(x.compare("eq", 0), x, _log1p(p, x))


@widened
def arcsinh(p: Precision, x: Number) -> Number:
    """log(1 + a + a^2 / (1 + sqrt(1 + a^2))) with a = |x|."""
    a = abs(x)
    square = a * a
    y = _log1p(p, a + square / (1 + (square + 1).call("llvm.sqrt")))
    return signed(where(a < math.inf, y, a), x)


@widened
def arccosh(p: Precision, x: Number) -> Number:
    """log(1 + t + sqrt(t (t + 2))) with t = x - 1."""
    t = x - 1
    return where(x < 1, math.nan, _log1p(p, t + (t * (t + 2)).call("llvm.sqrt")))


@widened
def arctanh(p: Precision, x: Number) -> Number:
    """log(1 + 2 a / (1 - a)) / 2 with a = |x|."""
    a = abs(x)
    return signed(0.5 * _log1p(p, 2.0 * a / (1 - a)), x)


@widened
def cbrt(p: Precision, x: Number) -> Number:
    """e**(log|x| / 3) with the sign of x."""
    a = abs(x)
    return signed(_exp(p, _at_borders(_log(p, a), a) * (1 / 3)), x)


@widened
def power(p: Precision, x: Number, y: Number) -> Number:
    """e**(y log|x|), signed where y is odd; C99's values (annex F.10.4.4) for special arguments."""
    a, held = abs(x), _clamped(y, -1e40, 1e40)  # so that 1**inf is 1
    z = _exp(p, held * _at_borders(_log(p, a), a))
    whole, half = y.compare("eq", y.call("llvm.rint")), 0.5 * y
    odd = whole & half.compare("ne", half.call("llvm.rint"))
    z = where(odd, signed(z, x), z)
    z = where((x < 0) & (x > -math.inf) & (whole ^ True), math.nan, z)
    return where(y.compare("eq", 0) | x.compare("eq", 1), 1.0, z)


# --- others -------------------------------------------------------------------------------------


@widened
def hypot(p: Precision, x: Number, y: Number) -> Number:
    """sqrt(x^2 + y^2); infinite where one is, even beside NaN."""
    infinite = abs(x).compare("eq", math.inf) | abs(y).compare("eq", math.inf)
    length = fma(x, x, y * y).call("llvm.sqrt")
    return where(infinite, math.inf, length)


@widened
def erf(p: Precision, x: Number) -> Number:
    """x + x q(x^2) below 0.9, 1 - e**(-a^2) t p(t) above, with t = 1 / (1 + a/2), a = |x|."""
    a = _clamped(abs(x), 0.0, 6.0)
    t = 1 / fma(a, 0.5, 1.0)
    far = 1 - _exp(p, -(a * a)) * t * polynomial(t, ERF_FAR)
    return signed(where(a < 0.9, fma(a, polynomial(a * a, ERF_NEAR), a), far), x)


@widened
def erfc(p: Precision, x: Number) -> Number:
    """e**(-a^2) t q(t) with t = 1 / (1 + a/2), a = |x|; 2 minus that below zero."""
    a = _clamped(abs(x), 0.0, 11.0)
    t = 1 / fma(a, 0.5, 1.0)
    y = _exp(p, -(a * a)) * t * polynomial(t, ERFC)
    return where(x < 0, 2.0 - y, y)


@widened
def erfinv(p: Precision, x: Number) -> Number:
    """x q(w) with w = -log(1 - x^2) (Giles, GPU Computing Gems 2, 2011)."""
    u = (1 - x) * (x + 1)
    w = -_at_borders(_log(p, u), u)
    tail = polynomial(w.call("llvm.sqrt") - 3.0, ERFINV_TAIL)
    y = where(w > 5.0, tail, polynomial(w - 2.5, ERFINV_MIDDLE))
    return where(w < math.inf, x * y, w * x)
