"""Elementwise primitives: arithmetic, comparison, selection, exponentials, trigonometry.

Each is one declaration. The vjp is written in ops; broadcasting is undone by autodiff.
"""

from __future__ import annotations

import functools
import math
from typing import Any

from kerasish.graph.op import case, no_gradient, op
from kerasish.graph.primitives import add as add
from kerasish.graph.primitives import cast_ as cast_
from kerasish.graph.primitives import multiply as multiply
from kerasish.graph.primitives import stop_gradient as stop_gradient
from kerasish.graph.tensor import Tensor, convert_to_tensor, is_weak, promoted
from kerasish.ops.basic import special
from kerasish.ops.declare import bools, complexes, elementwise, ints
from kerasish.spec import (
    BOOL,
    COMPLEX,
    INTS,
    NUMBERS,
    REALS,
    TensorSpec,
    broadcast,
    complex_dtype,
    dtype_name,
    np_dtype,
    promote_float,
    real_dtype,
)

unary = functools.partial(elementwise, arity=1, promote="float")
binary = functools.partial(elementwise, arity=2)
compare = functools.partial(elementwise, arity=2, vjp=None, result="bool")
real_unary = functools.partial(unary, dtypes=REALS)
real_binary = functools.partial(binary, dtypes=REALS)
_part = functools.partial(unary, promote="same", result=real_dtype)
_POSITIVE = (case((3, 4), domain=(0.5, 2.0)),)
_POSITIVE_PAIR = (
    case((3, 4), (3, 4), domain=(0.5, 2.0)),
    case((2, 3, 4), (1, 4), domain=(0.5, 2.0)),
)
_APART = (case((3, 4), (3, 4), domain=(1.1, 1.9)),)
_SIGNED = (case((3, 4), domain=(0.3, 2.0)), case((3, 4), domain=(-2.0, -0.3)))

_of_floats = functools.partial(binary, promote="float", cases=_POSITIVE_PAIR)

# --- arithmetic -----------------------------------------------------------------------------

subtract = binary("subtract", "subtract", lambda g, y, a, b: (g, -g), dtypes=NUMBERS)
divide = _of_floats("divide", "true_divide", lambda g, y, a, b: (g / b, -g * y / b))
negative = unary("negative", "negative", lambda g, y, x: -g, promote="same", dtypes=NUMBERS)
_COMPLEX = (case(complexes((3, 4), 0.3, 2.0)),)


def _absolute_vjp(g: Any, y: Any, x: Any) -> Any:
    if x.dtype not in COMPLEX:
        return g * sign(x)
    return cast_like(g / where(equal(y, 0), 1.0, y), x) * conj(x)


absolute = _part("absolute", "absolute", _absolute_vjp, cases=_SIGNED + _COMPLEX)
sign = unary("sign", "sign", no_gradient, promote="same", cases=_SIGNED, dtypes=NUMBERS)
square = unary("square", "square", lambda g, y, x: g * (2 * x), promote="same")
reciprocal = unary("reciprocal", "reciprocal", lambda g, y, x: -g * y * y, cases=_POSITIVE)
floor_divide = real_binary("floor_divide", "floor_divide", no_gradient, cases=_POSITIVE_PAIR)
mod = real_binary("mod", "remainder", lambda g, y, a, b: (g, -g * floor_divide(a, b)), cases=_APART)


def _power_vjp(g: Any, y: Any, a: Any, b: Any) -> Any:
    # d/db uses log(a), which is wrong only where a <= 0; there y = a**b is constant in b or nan.
    safe = where(a > 0, a, 1.0)
    # b * 0 ** (b - 1) is 0 for b = 0, not 0 * inf.
    return g * b * power(a, where(equal(b, 0), 1.0, b - 1)), g * y * log(safe)


power = binary("power", "power", _power_vjp, cases=_POSITIVE_PAIR, flops=20)


def _maximum_vjp(g: Any, y: Any, a: Any, b: Any) -> Any:
    # Ties share the gradient, as in Keras on every backend.
    left = cast_like(a >= b, g) - 0.5 * cast_like(equal(a, b), g)
    return g * left, g * (1 - left)


maximum = binary("maximum", "maximum", _maximum_vjp)
minimum = binary(
    "minimum", "minimum", lambda g, y, a, b: _maximum_vjp(g, y, negative(a), negative(b))
)


def _hypot_vjp(g: Any, y: Any, a: Any, b: Any) -> Any:
    slope = g / where(equal(y, 0), 1.0, y)  # 0 at the origin: see `root`
    return slope * a, slope * b


hypot = _of_floats("hypot", "hypot", _hypot_vjp, dtypes=REALS, flops=4)
fmod = real_binary("fmod", "fmod", lambda g, y, a, b: (g, -g * trunc(a / b)), cases=_APART)
_UNSLOPED = (case((3, 4), (3, 4), differentiate=()),)
nextafter = real_binary("nextafter", "nextafter", no_gradient, promote="float", cases=_UNSLOPED)
_WHOLE = (case(ints((3, 4), 50, 1), ints((3, 4), 50, 1)),)
_of_ints = functools.partial(binary, vjp=None, dtypes=INTS)
gcd = _of_ints("gcd", "gcd", cases=_WHOLE)
lcm = _of_ints("lcm", "lcm", cases=_WHOLE)

# --- comparison and logic -------------------------------------------------------------------

_PAIR = (case(ints((3, 4), 3), ints((3, 4), 3)), case((2, 3, 4), (1, 4)))
equal = compare("equal", "equal", cases=_PAIR)
not_equal = compare("not_equal", "not_equal", cases=_PAIR)
less = compare("less", "less", cases=_PAIR)
less_equal = compare("less_equal", "less_equal", cases=_PAIR)
greater = compare("greater", "greater", cases=_PAIR)
greater_equal = compare("greater_equal", "greater_equal", cases=_PAIR)
_LOGIC = (case(bools((3, 4)), bools((3, 4))), case(bools((2, 3, 4)), bools((1, 4))))
logical_and = compare("logical_and", "logical_and", cases=_LOGIC)
logical_or = compare("logical_or", "logical_or", cases=_LOGIC)
logical_xor = compare("logical_xor", "logical_xor", cases=_LOGIC)
_test = functools.partial(unary, vjp=None, promote=None, result="bool")
logical_not = _test("logical_not", "logical_not", cases=(case(bools((3, 4))),))
isnan = _test("isnan", "isnan")
isinf = _test("isinf", "isinf")
isfinite = _test("isfinite", "isfinite")
_BITS = (case(ints((3, 4), 100), ints((3, 4), 100)), case(ints((3, 4), 100), ints((1, 4), 100)))
_of_bits = functools.partial(elementwise, vjp=None, dtypes=BOOL + INTS)
bitwise_and = _of_bits("bitwise_and", "bitwise_and", arity=2, cases=_BITS)
bitwise_or = _of_bits("bitwise_or", "bitwise_or", arity=2, cases=_BITS)
bitwise_xor = _of_bits("bitwise_xor", "bitwise_xor", arity=2, cases=_BITS)
bitwise_not = _of_bits("bitwise_not", "invert", arity=1, cases=(case(ints((3, 4), 100)),))
_SHIFTS = (case(ints((3, 4), 100), ints((3, 4), 7)),)
left_shift = _of_ints("left_shift", "left_shift", cases=_SHIFTS)
right_shift = _of_ints("right_shift", "right_shift", cases=_SHIFTS)

# --- exponentials and logarithms --------------------------------------------------------------

exp = unary("exp", "exp", lambda g, y, x: g * y, flops=10)
expm1 = unary("expm1", "expm1", lambda g, y, x: g * (y + 1), flops=15)
log = unary("log", "log", lambda g, y, x: g / x, cases=_POSITIVE, flops=10)
log1p = unary("log1p", "log1p", lambda g, y, x: g / (1 + x), domain=(-0.5, 2.0), flops=15)
exp2 = unary("exp2", "exp2", lambda g, y, x: g * (math.log(2) * y), flops=10)
log2 = unary("log2", "log2", lambda g, y, x: g / (math.log(2) * x), cases=_POSITIVE, flops=10)
log10 = unary("log10", "log10", lambda g, y, x: g / (math.log(10) * x), cases=_POSITIVE, flops=10)
cbrt = real_unary("cbrt", "cbrt", lambda g, y, x: g / (3 * y * y), cases=_SIGNED, flops=20)
sqrt = unary("sqrt", "sqrt", lambda g, y, x: g * (0.5 / y), cases=_POSITIVE, flops=2)


def root(total: Any, degree: float = 2.0) -> Any:
    """The root of a sum of powers: what norms and deviations end with.

    At 0 the slope of a root is infinite and that of the powers 0; the gradient of their
    composition is taken as 0, a subgradient there, as PyTorch does. NaN stays NaN.
    """
    nothing = equal(total, 0)
    inside = where(nothing, 1, total)
    found = sqrt(inside) if degree == 2 else power(inside, 1 / degree)
    return where(nothing, 0, found)


@special.in_single
def _rsqrt(xp: Any, x: Any, out: Any = None) -> Any:
    return xp.reciprocal(xp.sqrt(x, out=out), out=out)


rsqrt = unary("rsqrt", _rsqrt, lambda g, y, x: g * (-0.5 * y * y * y), cases=_POSITIVE, flops=3)
tanh = unary("tanh", "tanh", lambda g, y, x: g * (1 - y * y), flops=15)


@special.in_single
def _sigmoid(xp: Any, x: Any, out: Any = None) -> Any:
    # 1 / (1 + exp(-x)) in place; exp overflows to inf for very negative x, and 1 / inf is 0.
    t = xp.asarray(xp.exp(xp.negative(x, out=out), out=out))  # a scalar cannot be written to
    return xp.reciprocal(xp.add(t, 1, out=t), out=t)


sigmoid = unary("sigmoid", _sigmoid, lambda g, y, x: g * (y * (1 - y)), flops=12)

_SLOPE = 2 / math.sqrt(math.pi)
erf = real_unary("erf", special.erf, lambda g, y, x: g * (_SLOPE * exp(-(x * x))), flops=20)
erfc = real_unary("erfc", special.erfc, lambda g, y, x: g * (-_SLOPE * exp(-(x * x))), flops=20)
erfinv = real_unary(
    "erfinv",
    special.erfinv,
    lambda g, y, x: g * (exp(y * y) / _SLOPE),
    domain=(-0.9, 0.9),
    flops=40,
)
i0 = real_unary("i0", functools.partial(special.bessel_i, 0), lambda g, y, x: g * i1(x), flops=60)


def _i1_vjp(g: Any, y: Any, x: Any) -> Any:
    zero = equal(x, 0)  # where I1(x) / x is 1/2
    return g * (i0(x) - where(zero, 0.5, y / where(zero, 1.0, x)))


i1 = unary("i1", functools.partial(special.bessel_i, 1), _i1_vjp, flops=60)

# --- trigonometry ---------------------------------------------------------------------------

sin = unary("sin", "sin", lambda g, y, x: g * cos(x), flops=15)
cos = unary("cos", "cos", lambda g, y, x: -g * sin(x), flops=15)
tan = unary("tan", "tan", lambda g, y, x: g * (1 + y * y), domain=(-1.0, 1.0), flops=20)
_within = functools.partial(unary, domain=(-0.8, 0.8), flops=30)
arcsin = _within("arcsin", "arcsin", lambda g, y, x: g * rsqrt(1 - x * x))
arccos = _within("arccos", "arccos", lambda g, y, x: -g * rsqrt(1 - x * x))
arctan = unary("arctan", "arctan", lambda g, y, x: g / (1 + x * x), flops=20)
sinh = unary("sinh", "sinh", lambda g, y, x: g * cosh(x), flops=20)
cosh = unary("cosh", "cosh", lambda g, y, x: g * sinh(x), flops=20)
arcsinh = unary("arcsinh", "arcsinh", lambda g, y, x: g * rsqrt(x * x + 1), flops=30)
arccosh = unary(
    "arccosh", "arccosh", lambda g, y, x: g * rsqrt(x * x - 1), domain=(1.2, 3.0), flops=30
)
arctanh = _within("arctanh", "arctanh", lambda g, y, x: g / (1 - x * x))
arctan2 = _of_floats(
    "arctan2",
    "arctan2",
    lambda g, y, a, b: (g * b / (a * a + b * b), -g * a / (a * a + b * b)),
    dtypes=REALS,
    flops=30,
)

# --- complex numbers; <g, dy> is Re(sum(g * dy)), so holomorphic rules need no conjugation --------


complex_ = op(
    "complex",
    infer=lambda a, b: TensorSpec(broadcast(a.shape, b.shape), complex_dtype(a.dtype)),
    promote="float",
    elementwise=True,
    vjp=lambda g, y, a, b: (real(g), -imag(g)),
    cases=(case((3, 4), (3, 4)), case((2, 3, 4), (1, 4))),
    doc="a + i b.",
)(lambda xp, a, b: (a + 1j * b).astype(np_dtype(complex_dtype(a.dtype.name))))
_EITHER = (case(complexes((3, 4))), case((3, 4)))
real = _part(
    "real",
    lambda xp, x, out=None: xp.positive(x.real, out=out),
    lambda g, y, x: cast_like(g, x),
    cases=_EITHER[:1],
)
imag = _part(
    "imag",
    lambda xp, x, out=None: xp.positive(x.imag, out=out),
    lambda g, y, x: complex_(zero_like(g), -g) if x.dtype in COMPLEX else None,
    cases=_EITHER,
)
conj = unary("conj", "conjugate", lambda g, y, x: conj(g), promote="same", cases=_EITHER)

# --- rounding -------------------------------------------------------------------------------

_BETWEEN = (case((3, 4), domain=(0.6, 0.9)),)
floor = real_unary("floor", "floor", no_gradient, cases=_BETWEEN)
ceil = real_unary("ceil", "ceil", no_gradient, cases=_BETWEEN)
trunc = real_unary("trunc", "trunc", no_gradient, cases=_BETWEEN)
round_half_even = unary("round_half_even", "rint", no_gradient, cases=_BETWEEN)

# --- selection and casting --------------------------------------------------------------------


@op(
    "select",
    infer=lambda c, a, b: TensorSpec(broadcast(c.shape, a.shape, b.shape), a.dtype),
    elementwise=True,
    cases=(case(bools((3, 4)), (3, 4), (3, 4)), case(bools((3, 1)), (1, 4), (2, 1, 1))),
)
def select(xp: Any, condition: Any, a: Any, b: Any) -> Any:
    """a where condition holds, else b; both have one dtype already."""
    return xp.where(condition, a, b)


@select.gradient
def _(g: Any, y: Any, condition: Any, a: Any, b: Any) -> Any:
    zero = cast_like(0.0, g)
    return None, select(condition, g, zero), select(condition, zero, g)


def where(condition: Any, x1: Any, x2: Any) -> Any:
    """Elements of `x1` where `condition` holds, of `x2` elsewhere."""
    a, b = promoted((x1, x2), "same")
    return select(cast(condition, dtype="bool"), a, b)


def cast(x: Any, dtype: Any) -> Tensor:
    """`x` in another dtype; `x` itself where it has that dtype."""
    name = dtype_name(dtype)
    # A number takes the dtype at once: by way of floatx it would lose digits.
    x = convert_to_tensor(x, name if is_weak(x) else None)
    return x if x.dtype == name else cast_(x, dtype=name)


def as_float(x: Any) -> Tensor:
    """`x` as a tensor of a floating dtype: integers and bool become floatx."""
    x = convert_to_tensor(x)
    return cast(x, promote_float(x.dtype))


def cast_like(x: Any, like: Any) -> Tensor:
    """`x` in the dtype of `like`."""
    return cast(x, dtype=like.dtype)


def zero_like(x: Any) -> Any:
    """A scalar zero in the dtype of `x`."""
    return convert_to_tensor(0, x.dtype)
