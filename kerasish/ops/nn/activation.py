"""Activation functions, with Keras's names and formulas, and `polar`.

Those declared as primitives stay whole in traced graphs, so that graphs print them by name and
kernels take them as one; everything else is a plain function of ops.
"""

from __future__ import annotations

import math
from typing import Any

from kerasish.errors import ShapeError
from kerasish.graph.op import case, op
from kerasish.graph.primitives import shifted
from kerasish.graph.tensor import Tensor, TensorLike, convert_to_tensor, promoted
from kerasish.ops.basic.elementwise import (
    absolute,
    as_float,
    cast,
    complex_,
    cos,
    erf,
    exp,
    expm1,
    log,
    log1p,
    maximum,
    minimum,
    sin,
    sqrt,
    tanh,
    where,
)
from kerasish.ops.basic.elementwise import sigmoid as sigmoid_
from kerasish.ops.basic.reduction import max_, sum_
from kerasish.ops.declare import composite, of_one, primitive, same_as_first
from kerasish.ops.numpy.axes import slice_axis
from kerasish.ops.operation import public
from kerasish.spec import normalize_axes, normalize_axis

Axes = tuple[int, ...]
_BOTH_SIDES = (case((3, 4), domain=(0.2, 2.0)), case((3, 4), domain=(-2.0, -0.2)))
_ALONG = (case((3, 4), axis=(1,)), case((2, 3, 4), axis=(0, 2)), case((2, 3, 4), axis=(1,)))


# --- functions that stay whole ------------------------------------------------------------------


def _relu(x: Any) -> Any:
    """max(x, 0); the gradient at 0 is 0."""
    return maximum(x, 0)


relu_ = primitive(
    "relu",
    _relu,
    cases=_BOTH_SIDES,
    kernel=lambda xp, x, out=None: xp.maximum(x, 0, out=out),
    vjp=lambda g, y, x: where(y > 0, g, 0),
    promote="same",
    elementwise=True,
    out=True,
)


def _softplus(x: Any) -> Any:
    """log(1 + exp(x)), as max(x, 0) + log1p(exp(-|x|))."""
    return maximum(x, 0) + log1p(exp(-absolute(x)))


softplus_ = primitive(
    "softplus",
    _softplus,
    cases=_BOTH_SIDES,
    vjp=lambda g, y, x: g * sigmoid_(x),
    promote="float",
)


def _silu(x: Any) -> Any:
    """x * sigmoid(x)."""
    return x * sigmoid_(x)


def _silu_vjp(g: Any, y: Any, x: Any) -> Any:
    s = sigmoid_(x)
    return g * (s + x * s * (1 - s))


silu_ = primitive("silu", _silu, cases=(case((3, 4)),), vjp=_silu_vjp, promote="float")
relu = of_one(relu_, "max(x, 0); the gradient at 0 is 0.")
sigmoid = of_one(sigmoid_, "1 / (1 + exp(-x)).")
silu = swish = of_one(silu_, "x * sigmoid(x).")
softplus = of_one(softplus_, "log(1 + exp(x)).")

_TANH_SLOPE, _CUBIC = math.sqrt(2 / math.pi), 0.044715


def _gelu(x: Any, *, approximate: bool) -> Any:
    """x times the normal distribution function of x, or its approximation by tanh.

    Hendrycks and Gimpel, "Gaussian Error Linear Units" (2016).
    """
    if approximate:
        return 0.5 * x * (1 + tanh(_TANH_SLOPE * (x + _CUBIC * (x * x * x))))
    return 0.5 * x * (1 + erf(x * math.sqrt(0.5)))


def _gelu_vjp(g: Any, y: Any, x: Any, *, approximate: bool) -> Any:
    if approximate:
        t = tanh(_TANH_SLOPE * (x + _CUBIC * (x * x * x)))
        slope = _TANH_SLOPE * (1 + 3 * _CUBIC * (x * x))
        return g * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * slope)
    density = exp(-0.5 * (x * x)) * (1 / math.sqrt(2 * math.pi))
    return g * (0.5 * (1 + erf(x * math.sqrt(0.5))) + x * density)


gelu_ = primitive(
    "gelu",
    _gelu,
    cases=(case((3, 4), approximate=True), case((3, 4), approximate=False)),
    vjp=_gelu_vjp,
    promote="float",
)


@public
def gelu(x: TensorLike, approximate: bool = True) -> Tensor:
    """x times the normal distribution function of x (by tanh where `approximate`)."""
    return gelu_(x, approximate=bool(approximate))


def _softmax(x: Any, *, axis: Axes) -> Any:
    """exp(x - max) / sum(exp(x - max)) over the axes together."""
    e = exp(x - max_(x, axis=axis, keepdims=True))
    return e / sum_(e, axis=axis, keepdims=True)


softmax_ = primitive(
    "softmax",
    _softmax,
    cases=_ALONG,
    vjp=lambda g, y, x, *, axis: y * (g - sum_(g * y, axis=axis, keepdims=True)),
    promote="float",
    batch=shifted("axis"),
)


def _log_softmax(x: Any, *, axis: Axes) -> Any:
    """x - max - log(sum(exp(x - max))) over the axes together."""
    shifted = x - max_(x, axis=axis, keepdims=True)
    return shifted - log(sum_(exp(shifted), axis=axis, keepdims=True))


log_softmax_ = primitive(
    "log_softmax",
    _log_softmax,
    cases=_ALONG,
    vjp=lambda g, y, x, *, axis: g - exp(y) * sum_(g, axis=axis, keepdims=True),
    promote="float",
    batch=shifted("axis"),
)


@public
def softmax(x: TensorLike, axis: Any = -1) -> Tensor:
    """exp(x) / sum(exp(x)) along `axis`, or over several axes together."""
    x = convert_to_tensor(x)
    return softmax_(x, axis=normalize_axes(axis, x.ndim))


@public
def log_softmax(x: TensorLike, axis: Any = -1) -> Tensor:
    """log(softmax(x)) along `axis`, without the loss of precision."""
    x = convert_to_tensor(x)
    return log_softmax_(x, axis=normalize_axes(axis, x.ndim))


# --- plain functions of ops -------------------------------------------------------------------


@composite(case((3, 4), domain=(0.2, 5.8)), case((3, 4), domain=(6.2, 9.0)))
def relu6(x: TensorLike) -> Tensor:
    """min(max(x, 0), 6); the gradient at 0 and at 6 is 0."""
    x = as_float(x)
    return where(x <= 0, 0, where(x >= 6, 6, x))


@composite(*_BOTH_SIDES, case((3, 4), domain=(-2.0, -0.2), negative_slope=0.5))
def leaky_relu(x: TensorLike, negative_slope: float = 0.2) -> Tensor:
    """x where x >= 0, else negative_slope * x."""
    x = as_float(x)
    return where(x >= 0, x, negative_slope * x)


@composite(case((3, 4), domain=(-0.9, 0.9)), case((3, 4), domain=(1.1, 2.0)))
def sparse_sigmoid(x: TensorLike) -> Tensor:
    """0 for x <= -1, 1 for x >= 1, (x + 1) / 2 between."""
    return 0.5 * minimum(maximum(as_float(x) + 1, 0), 2)


@composite(case((3, 4)))
def tanh_shrink(x: TensorLike) -> Tensor:
    """x - tanh(x)."""
    x = as_float(x)
    return x - tanh(x)


@composite(*_BOTH_SIDES)
def softsign(x: TensorLike) -> Tensor:
    """x / (1 + |x|)."""
    x = as_float(x)
    return x / (absolute(x) + 1)


@composite(case((3, 4), domain=(0.6, 2.0)), case((3, 4), domain=(-2.0, -0.6)))
def soft_shrink(x: TensorLike, threshold: float = 0.5) -> Tensor:
    """x - threshold above the threshold, x + threshold below minus it, 0 between."""
    x = as_float(x)
    return where(x > threshold, x - threshold, where(x < -threshold, x + threshold, 0.0))


@composite(case((3, 4), domain=(-0.9, 0.9)), case((3, 4), domain=(1.1, 2.0)))
def sparse_plus(x: TensorLike) -> Tensor:
    """0 for x <= -1, x for x >= 1, (x + 1)**2 / 4 between."""
    x = as_float(x)
    return where(x <= -1, 0.0, where(x >= 1, x, 0.25 * ((x + 1) * (x + 1))))


@composite(case((3, 4)), case((3, 4), b=1))
def squareplus(x: TensorLike, b: float = 4) -> Tensor:
    """(x + sqrt(x**2 + b)) / 2."""
    x = as_float(x)
    return 0.5 * (x + sqrt(x * x + b))


@composite(*_BOTH_SIDES)
def log_sigmoid(x: TensorLike) -> Tensor:
    """log(1 / (1 + exp(-x)))."""
    return -softplus_(-as_float(x))


@composite(case((3, 4), domain=(-2.9, 2.9)), case((3, 4), domain=(3.1, 4.0)))
def hard_sigmoid(x: TensorLike) -> Tensor:
    """relu6(x + 3) / 6."""
    return relu6(as_float(x) + 3) * (1 / 6)


@composite(case((3, 4), domain=(-2.9, 2.9)), case((3, 4), domain=(3.1, 4.0)))
def hard_silu(x: TensorLike) -> Tensor:
    """x * hard_sigmoid(x)."""
    x = as_float(x)
    return x * hard_sigmoid(x)


hard_swish = hard_silu


@composite(*_BOTH_SIDES, case((3, 4), domain=(-2.0, -0.2), alpha=0.5))
def elu(x: TensorLike, alpha: float = 1.0) -> Tensor:
    """x where x > 0, else alpha * (exp(x) - 1)."""
    x = as_float(x)
    return where(x > 0, x, alpha * expm1(where(x > 0, 0.0, x)))


_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772, 1.0507009873554805


@composite(*_BOTH_SIDES)
def selu(x: TensorLike) -> Tensor:
    """The elu that keeps mean 0 and variance 1 (Klambauer et al., 2017)."""
    return _SELU_SCALE * elu(x, _SELU_ALPHA)


@composite(*_BOTH_SIDES, case((3, 4), domain=(-2.0, -0.2), alpha=0.5))
def celu(x: TensorLike, alpha: float = 1.0) -> Tensor:
    """max(x, 0) + alpha * (exp(min(x, 0) / alpha) - 1)."""
    x = as_float(x)
    return where(x > 0, x, alpha * expm1(where(x > 0, 0.0, x) * (1 / alpha)))


@composite(case((3, 4)), case((4, 3), axis=0))
def glu(x: TensorLike, axis: int = -1) -> Tensor:
    """a * sigmoid(b) of the two halves a and b of `x` along `axis`.

    Raises:
        ShapeError: the axis has an odd size.
    """
    x = as_float(x)
    at = normalize_axis(axis, x.ndim)
    size = x.shape[at] or 0
    if size % 2:
        raise ShapeError("glu", expected=f"an even size along axis {axis}", received=x.shape)
    half = None if x.shape[at] is None else size // 2
    return slice_axis(x, at, 0, half) * sigmoid_(slice_axis(x, at, size // 2, half))


@composite(case((3, 4), domain=(-0.9, 0.9)), case((3, 4), domain=(1.1, 2.0)))
def hard_tanh(x: TensorLike) -> Tensor:
    """x limited to [-1, 1]."""
    x = as_float(x)
    return where(x > 1, 1.0, where(x < -1, -1.0, x))


@composite(case((3, 4), domain=(0.6, 2.0)), case((3, 4), domain=(-0.4, 0.4)))
def hard_shrink(x: TensorLike, threshold: float = 0.5) -> Tensor:
    """x where |x| > threshold, else 0."""
    x = as_float(x)
    return where(absolute(x) > threshold, x, 0.0)


@composite(case((3, 4), domain=(1.1, 2.0), threshold=1.0, default_value=5.0))
def threshold(x: TensorLike, threshold: float, default_value: float) -> Tensor:
    """x where x > threshold, else default_value."""
    x = as_float(x)
    return where(x > threshold, x, default_value)


@composite(case((3, 4)))
def mish(x: TensorLike) -> Tensor:
    """x * tanh(softplus(x))."""
    x = as_float(x)
    return x * tanh(softplus_(x))


@composite(case((3, 4), (3, 4), domain=(0.5, 2.0)))
def polar(abs_: TensorLike, angle: TensorLike) -> Tensor:
    """The complex numbers of given magnitudes and angles (radians)."""
    r, angles = promoted((abs_, angle), "float")
    return complex_(r * cos(angles), r * sin(angles))


# --- sparsemax ----------------------------------------------------------------------------------


@op(
    "sparsemax",
    infer=same_as_first,
    batch=shifted("axis"),
    promote="float",
    cases=(case((3, 4), axis=1), case((3, 4, 2), axis=1), case((4, 3), axis=0)),
)
def sparsemax_(xp: Any, x: Any, *, axis: int) -> Any:
    """The point of the probability simplex nearest to x: max(x - t, 0) with sum 1.

    Martins and Astudillo, "From softmax to sparsemax" (2016), algorithm 1.
    """
    ordered = -xp.sort(-x, axis=axis)
    sums = xp.cumsum(ordered, axis=axis)
    shape = [1] * x.ndim
    shape[axis] = -1
    rank = xp.arange(1, x.shape[axis] + 1).reshape(shape).astype(x.dtype)
    inside = ordered * rank > sums - 1
    count = inside.sum(axis=axis, keepdims=True).astype(x.dtype)
    total = xp.where(inside, ordered, 0).sum(axis=axis, keepdims=True).astype(x.dtype)
    return xp.maximum(x - (total - 1) / count, 0)


@sparsemax_.gradient
def _(g: Any, y: Any, x: Any, *, axis: int) -> Any:
    support = cast(y > 0, g.dtype)
    count = sum_(support, axis=(axis,), keepdims=True)
    return support * (g - sum_(g * support, axis=(axis,), keepdims=True) / count)


@public
def sparsemax(x: TensorLike, axis: int = -1) -> Tensor:
    """The point of the probability simplex nearest to `x`, along `axis`."""
    x = convert_to_tensor(x)
    return sparsemax_(x, axis=normalize_axis(axis, x.ndim))
