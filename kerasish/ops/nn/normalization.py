"""Normalization: layer, rms and batch normalization as whole ops, and the functions of them.

The ops compute in float32 at least and return the dtype of x. Their gradients are ops of their
own, written out below, so that a library or one fused kernel can take either whole.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

from kerasish.config import epsilon as default_epsilon
from kerasish.errors import ArgumentError, ShapeError
from kerasish.graph.op import case
from kerasish.graph.primitives import broadcast_to, reshape
from kerasish.graph.tensor import Tensor, TensorLike, convert_to_tensor
from kerasish.ops.basic.elementwise import as_float, cast, cast_like, rsqrt
from kerasish.ops.basic.reduction import sum_
from kerasish.ops.declare import primitive
from kerasish.ops.operation import public
from kerasish.spec import accumulator, normalize_axes, normalize_axis, promote

Axes = tuple[int, ...]


def _wide(x: Any) -> Any:
    return cast(x, accumulator(x.dtype))


def _mean(x: Any, axis: Axes) -> Any:
    """The mean, its reduced axes kept; only its spec matters where a dimension is unknown."""
    count = math.prod(x.shape[a] or 1 for a in axis)
    return sum_(x, axis=axis, keepdims=True) * (1 / count)


def _along(p: Any, x: Any, axis: Axes) -> Any:
    """A parameter, shaped like the axes of `x` it belongs to, as it broadcasts against `x`."""
    p = cast_like(p, x)
    if axis == tuple(range(x.ndim - len(axis), x.ndim)):
        return p
    sizes = dict(zip(axis, p.shape, strict=True))
    return reshape(p, shape=tuple(sizes.get(i, 1) for i in range(x.ndim)))


def _others(ndim: int, axis: Axes) -> Axes:
    return tuple(i for i in range(ndim) if i not in axis)


def _parameter_grad(g: Any, like: Any, axis: Axes) -> Any:
    """The gradient of a parameter: `g` summed over the axes it was broadcast along."""
    return cast_like(sum_(g, axis=_others(g.ndim, axis), keepdims=False), like)


def _parameters(given: tuple[Any, ...], scale: bool, center: bool) -> tuple[Any, Any]:
    left = list(given)
    gamma = left.pop(0) if scale else None
    return gamma, left.pop(0) if center else None


def _affine(x: Any, gamma: Any, beta: Any, axis: Axes) -> Any:
    x = x if gamma is None else x * _along(gamma, x, axis)
    return x if beta is None else x + _along(beta, x, axis)


def _normalize_grad(
    x: Any, rest: tuple[Any, ...], axis: Axes, over: Axes, epsilon: float, scale: bool, center: bool
) -> Any:
    """Gradient of (x - mean) * rsqrt(var + epsilon) * gamma + beta with moments `over` some axes.

    With h = (x - mean) * r and u = g * gamma: dx = r * (u - mean(u) - h * mean(u * h)).

    Args:
        x: what was normalized.
        rest: the parameters, and at last g.

    Returns:
        (dx, dgamma if `scale`, dbeta if `center`).
    """
    gamma, beta = _parameters(rest[:-1], scale, center)
    g, wide = _wide(rest[-1]), _wide(x)
    centred = wide - _mean(wide, over)
    r = rsqrt(_mean(centred * centred, over) + epsilon)
    h = centred * r
    u = g if gamma is None else g * _along(gamma, g, axis)
    found = [cast_like(r * (u - _mean(u, over) - h * _mean(u * h, over)), x)]
    if scale:
        found.append(_parameter_grad(g * h, gamma, axis))
    if center:
        found.append(_parameter_grad(g, beta, axis))
    return tuple(found) if len(found) > 1 else found[0]


_FLAGS = [(scale, center) for scale in (True, False) for center in (True, False)]


def _cases(table: Any, tail: bool) -> tuple[Any, ...]:
    """Sample calls for rows (shape, axis, flags); `tail`: with a gradient at the end."""
    cases = []
    for shape, axis, flags in table:
        kept = tuple(shape[a] for a in axis)
        for scale, center in flags:
            inputs = [shape, *([kept] if scale else []), *([kept] if center else [])]
            attrs = {"axis": axis, "epsilon": 1e-3, "scale": scale, "center": center}
            cases.append(case(*inputs, *([shape] if tail else []), **attrs))
    return tuple(cases)


# --- layer normalization ------------------------------------------------------------------------


def _layer_norm(
    x: Any, *parameters: Any, axis: Axes, epsilon: float, scale: bool, center: bool
) -> Any:
    """(x - mean) * rsqrt(var + epsilon) * gamma + beta, moments over `axis` of each sample.

    gamma (if `scale`) and beta (if `center`) have the shape of the normalized axes.
    Ba, Kiros and Hinton, "Layer normalization" (2016).
    """
    wide = _wide(x)
    gamma, beta = _parameters(parameters, scale, center)
    centred = wide - _mean(wide, axis)
    r = rsqrt(_mean(centred * centred, axis) + epsilon)
    return cast_like(_affine(centred * r, gamma, beta, axis), x)


def _layer_norm_grad(x: Any, *rest: Any, axis: Axes, **attrs: Any) -> Any:
    """(dx, dgamma if `scale`, dbeta if `center`) of layer_norm, given x, its parameters and g."""
    return _normalize_grad(x, rest, axis, axis, **attrs)


_LAYERS = [((3, 4), (1,), _FLAGS), ((2, 3, 4), (1, 2), _FLAGS)]
layer_norm_grad = primitive("layer_norm_grad", _layer_norm_grad, cases=_cases(_LAYERS, True))
layer_norm = primitive(
    "layer_norm",
    _layer_norm,
    cases=_cases(_LAYERS, False),
    vjp=lambda g, y, *x, **attrs: layer_norm_grad(*x, g, **attrs),
)


@public
def layer_normalization(
    x: TensorLike,
    gamma: TensorLike | None = None,
    beta: TensorLike | None = None,
    axis: Any = -1,
    epsilon: float | None = None,
    **kwargs: Any,
) -> Tensor:
    """(x - mean) * rsqrt(var + epsilon) * gamma + beta, moments over `axis` of each sample.

    Args:
        x: tensor.
        gamma: factor, shaped like the normalized axes; None for 1.
        beta: addend, shaped like the normalized axes; None for 0.
        axis: int or several.
        epsilon: keeps the division finite; None takes `config.epsilon()`.

    With `rms_scaling=True`, which warns as it does in Keras, x is divided by the deviation without
    being centred, which no paper describes; `rms_normalization` is the right one.

    Raises:
        ArgumentError: another keyword.
    """
    rms_scaling = kwargs.pop("rms_scaling", False)
    if kwargs:
        raise ArgumentError(
            "layer_normalization",
            expected="x, gamma, beta, axis, epsilon",
            received=f"also {', '.join(kwargs)}",
        )
    x = as_float(x)
    axes = normalize_axes(axis, x.ndim)
    if rms_scaling:
        return _scaled(x, gamma, axes, default_epsilon() if epsilon is None else epsilon)
    given = [_compact(p, x, axes) for p in (gamma, beta) if p is not None]
    return layer_norm(
        x,
        *given,
        axis=axes,
        epsilon=default_epsilon() if epsilon is None else float(epsilon),
        scale=gamma is not None,
        center=beta is not None,
    )


def _scaled(x: Any, gamma: Any, axes: Axes, epsilon: float) -> Tensor:
    """x over its deviation, the older `rms_scaling` of Keras's."""
    warnings.warn(
        "rms_scaling divides by the deviation without centring, which is not RMS normalization: "
        "use RMSNormalization, or ops.rms_normalization.",
        stacklevel=3,
    )
    wide = _wide(x)
    centred = wide - _mean(wide, axes)
    y = wide * rsqrt(_mean(centred * centred, axes) + float(epsilon))
    y = y if gamma is None else y * _along(_compact(gamma, x, axes), wide, axes)
    return cast_like(y, x)


def _compact(p: Any, x: Any, axis: Axes) -> Any:
    """A parameter in the shape of the normalized axes, which may come with size-1 axes too."""
    p = convert_to_tensor(p)
    wanted = tuple(x.shape[a] for a in axis)
    if p.shape == wanted:
        return p
    if p.ndim == x.ndim and tuple(p.shape[a] for a in axis) == wanted:
        return reshape(p, shape=wanted)
    raise ShapeError(
        "normalization",
        expected=f"a parameter of shape {wanted}, that of the axes {axis} of the input {x.shape}",
        received=p.shape,
    )


# --- rms normalization --------------------------------------------------------------------------


def _rms_norm(x: Any, *gamma: Any, axis: Axes, epsilon: float) -> Any:
    """x * rsqrt(mean(x**2) + epsilon) * gamma (Zhang and Sennrich, 2019)."""
    wide = _wide(x)
    y = wide * rsqrt(_mean(wide * wide, axis) + epsilon)
    return cast_like(_affine(y, gamma[0] if gamma else None, None, axis), x)


def _rms_norm_grad(x: Any, *rest: Any, axis: Axes, epsilon: float) -> Any:
    """(dx, dgamma if there is one) of rms_norm: dx = r * (u - h * mean(u * h)), h = x * r."""
    *gamma, g = rest
    wide, up = _wide(x), _wide(g)
    r = rsqrt(_mean(wide * wide, axis) + epsilon)
    h = wide * r
    u = up * _along(gamma[0], up, axis) if gamma else up
    dx = cast_like(r * (u - h * _mean(u * h, axis)), x)
    return (dx, _parameter_grad(up * h, gamma[0], axis)) if gamma else dx


rms_norm_grad = primitive(
    "rms_norm_grad",
    _rms_norm_grad,
    cases=(
        case((3, 4), (4,), (3, 4), axis=(1,), epsilon=1e-3),
        case((2, 3, 4), (2, 3, 4), axis=(1, 2), epsilon=1e-3),
    ),
)
rms_norm = primitive(
    "rms_norm",
    _rms_norm,
    cases=(
        case((3, 4), (4,), axis=(1,), epsilon=1e-3),
        case((2, 3, 4), axis=(1, 2), epsilon=1e-3),
    ),
    vjp=lambda g, y, *x, **attrs: rms_norm_grad(*x, g, **attrs),
)


@public
def rms_normalization(
    x: TensorLike, scale: TensorLike | None = None, axis: Any = -1, epsilon: float | None = None
) -> Tensor:
    """x * rsqrt(mean(x**2) + epsilon) * scale, the mean over `axis` of each sample.

    Args:
        x: tensor.
        scale: factor, shaped like the normalized axes, or anything that broadcasts; None for 1.
        axis: int or several.
        epsilon: None takes `config.epsilon()`.
    """
    x = as_float(x)
    axes = normalize_axes(axis, x.ndim)
    scale = None if scale is None else convert_to_tensor(scale)
    if scale is not None and scale.shape != tuple(x.shape[a] for a in axes):
        return cast_like(rms_normalization(x, None, axis, epsilon) * scale, x)
    given = [] if scale is None else [scale]
    value = default_epsilon() if epsilon is None else float(epsilon)
    return rms_norm(x, *given, axis=axes, epsilon=value)


# --- batch normalization ------------------------------------------------------------------------


def _batch_norm_train(
    x: Any, *parameters: Any, axis: Axes, epsilon: float, scale: bool, center: bool
) -> tuple[Any, Any, Any]:
    """(y, mean, variance): y as in layer_norm, moments over all axes but `axis`.

    The moments are those of the batch (the variance divides by the count), in float32 at least,
    shaped like `axis`. Ioffe and Szegedy, "Batch normalization" (2015).
    """
    wide = _wide(x)
    gamma, beta = _parameters(parameters, scale, center)
    over = _others(x.ndim, axis)
    average = _mean(wide, over)
    centred = wide - average
    variance = _mean(centred * centred, over)
    r = rsqrt(variance + epsilon)
    r = r if gamma is None else r * _along(gamma, wide, axis)
    y = centred * r
    y = y if beta is None else y + _along(beta, wide, axis)
    kept = tuple(x.shape[a] for a in axis)
    return cast_like(y, x), reshape(average, shape=kept), reshape(variance, shape=kept)


def _batch_norm_train_grad(x: Any, *rest: Any, axis: Axes, **attrs: Any) -> Any:
    """(dx, dgamma if `scale`, dbeta if `center`) of batch_norm_train's y, given x, ... and g."""
    return _normalize_grad(x, rest, axis, _others(x.ndim, axis), **attrs)


_BATCHES = [((5, 3), (1,), _FLAGS), ((2, 3, 4), (2,), _FLAGS[:1]), ((2, 3, 4), (1,), _FLAGS)]
batch_norm_train_grad = primitive(
    "batch_norm_train_grad", _batch_norm_train_grad, cases=_cases(_BATCHES, True)
)


def _batch_norm_vjp(g: Any, y: Any, *x: Any, axis: Axes, **attrs: Any) -> Any:
    g_y, g_mean, g_variance = g
    data = x[0]
    over = _others(data.ndim, axis)
    found: list[Any] = [None] * len(x)
    if g_y is not None:
        whole = batch_norm_train_grad(*x, g_y, axis=axis, **attrs)
        found = list(whole) if isinstance(whole, tuple) else [whole]
    share = 1 / math.prod(data.shape[a] or 1 for a in over)
    extra: Any = None
    if g_mean is not None:
        extra = _along(g_mean, _wide(data), axis) * share
    if g_variance is not None:
        slope = (_wide(data) - _along(y[1], _wide(data), axis)) * (2 * share)
        part = slope * _along(g_variance, _wide(data), axis)
        extra = part if extra is None else extra + part
    if extra is not None:
        extra = cast_like(broadcast_to(extra, shape=data.shape), data)
        found[0] = extra if found[0] is None else found[0] + extra
    return tuple(found)


batch_norm_train = primitive(
    "batch_norm_train", _batch_norm_train, cases=_cases(_BATCHES, False), vjp=_batch_norm_vjp
)


@public
def batch_normalization(
    x: TensorLike,
    mean: TensorLike,
    variance: TensorLike,
    axis: int,
    offset: TensorLike | None = None,
    scale: TensorLike | None = None,
    epsilon: float = 1e-3,
) -> Tensor:
    """(x - mean) * rsqrt(variance + epsilon) * scale + offset with given moments.

    Args:
        x: tensor.
        mean, variance, offset, scale: as long as `axis` of x.
        axis: the axis that is normalized on its own, usually that of the channels.
        epsilon: keeps the division finite.
    """
    x = as_float(x)
    axes = (normalize_axis(axis, x.ndim),)
    mean, variance = as_float(mean), as_float(variance)
    factor = rsqrt(variance + epsilon)
    factor = factor if scale is None else factor * scale
    addend = -mean * factor
    addend = addend if offset is None else addend + offset
    wide = cast(x, promote(x.dtype, factor.dtype))
    return wide * _along(factor, wide, axes) + _along(addend, wide, axes)
