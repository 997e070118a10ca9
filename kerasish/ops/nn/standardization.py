"""Moments, group normalization, and scaling to unit norm."""

from __future__ import annotations

from typing import Any

from kerasish.config import epsilon as default_epsilon
from kerasish.errors import ArgumentError, ShapeError
from kerasish.graph.op import case
from kerasish.graph.primitives import broadcast_to, reshape
from kerasish.graph.tensor import Tensor, TensorLike, convert_to_tensor
from kerasish.ops.basic.elementwise import (
    absolute,
    as_float,
    cast,
    maximum,
    minimum,
    power,
    root,
    rsqrt,
)
from kerasish.ops.basic.reduction import mean, sum_
from kerasish.ops.declare import composite
from kerasish.spec import accumulator, normalize_axes, normalize_axis

_FLOAT16_MAX = 65504.0


@composite(case((3, 4), axes=0), case((2, 3, 4), axes=(0, 2), keepdims=True), case((3,), axes=[0]))
def moments(
    x: TensorLike, axes: Any, keepdims: bool = False, synchronized: bool = False
) -> tuple[Tensor, Tensor]:
    """(mean, variance) over `axes`; the variance divides by the count.

    Args:
        x: tensor; half precision is summed in float32, and limited to float16's range.
        axes: int or several.
        keepdims: whether reduced axes stay with size 1.
        synchronized: whether to average over replicas; there is one here, so it must be False.

    Raises:
        ArgumentError: `synchronized` is True.
    """
    if synchronized:
        raise ArgumentError(
            "moments",
            expected="synchronized=False, since training runs on one device",
            received="True",
        )
    x = as_float(x)
    wide = cast(x, accumulator(x.dtype))
    average = mean(wide, axis=axes, keepdims=True)
    centred = wide - average
    variance = mean(centred * centred, axis=axes, keepdims=True)
    found = []
    for value in (average, variance):
        if not keepdims:
            gone = normalize_axes(axes, x.ndim)
            shape = tuple(d for i, d in enumerate(x.shape) if i not in gone)
            value = reshape(value, shape=shape)
        if wide.dtype != x.dtype:
            value = cast(minimum(maximum(value, -_FLOAT16_MAX), _FLOAT16_MAX), x.dtype)
        found.append(value)
    return found[0], found[1]


@composite(case((3, 4)), case((3, 4), axis=0, order=1), case((3, 4), axis=-1, order=3))
def normalize(
    x: TensorLike, axis: Any = -1, order: int = 2, epsilon: float | None = None
) -> Tensor:
    """x divided by its norm along `axis`, sum(|x|**order) ** (1 / order), at least epsilon.

    Raises:
        ArgumentError: `order` is no positive int.
    """
    if not isinstance(order, int) or order < 1:
        raise ArgumentError("normalize", expected="order, a positive int", received=repr(order))
    x = as_float(x)
    if x.ndim == 0:
        one: Tensor = reshape(x, shape=(1,))
        x = one
    least = default_epsilon() if epsilon is None else epsilon
    axes = normalize_axes(axis, x.ndim)
    # Half precision holds neither the squares nor the least norm.
    wide = cast(x, accumulator(x.dtype))
    if order == 2:
        # The maximum stands inside, so that the gradient of a zero vector is finite.
        total = sum_(wide * wide, axis=axes, keepdims=True)
        return cast(wide * rsqrt(maximum(total, least * least)), x.dtype)
    total = sum_(power(absolute(wide), order), axis=axes, keepdims=True)
    return cast(wide / maximum(root(total, order), least), x.dtype)


@composite(case((2, 3, 4), (4,), (4,), groups=2), case((2, 4, 3), (4,), (4,), groups=4, axis=1))
def group_normalization(
    x: TensorLike,
    gamma: TensorLike | None = None,
    beta: TensorLike | None = None,
    groups: int = 32,
    axis: int = -1,
    epsilon: float = 1e-3,
) -> Tensor:
    """Normalization of each sample over groups of channels (Wu and He, "Group normalization").

    Args:
        x: (batch, ...); the axis `axis` holds the channels.
        gamma: factor per channel; None for 1.
        beta: addend per channel; None for 0.
        groups: number of groups; it divides the number of channels.
        axis: the channels' axis.
        epsilon: keeps the division finite.

    Raises:
        ShapeError: the channels do not divide into the groups.
    """
    x = as_float(x)
    at = normalize_axis(axis, x.ndim)
    channels = x.shape[at]
    if channels is None or channels % groups:
        raise ShapeError(
            "group_normalization",
            expected=f"channels divisible by groups={groups}",
            received=f"{channels} channels",
        )
    others = tuple(i for i in range(1, x.ndim) if i != at)

    def of_group(per_channel: Any) -> Any:
        """The mean of each group of channels, for each of its channels."""
        lead, tail = per_channel.shape[:at], per_channel.shape[at + 1 :]
        size = channels // groups
        parts = reshape(per_channel, shape=(*lead, groups, size, *tail))
        same = broadcast_to(mean(parts, axis=at + 1, keepdims=True), shape=parts.shape)
        return reshape(same, shape=per_channel.shape)

    # Whole arrays keep their shape, so that what follows can share a loop with them.
    wide = cast(x, accumulator(x.dtype))
    centred = wide - of_group(mean(wide, axis=others, keepdims=True))
    variance = of_group(mean(centred * centred, axis=others, keepdims=True))
    factor = rsqrt(variance + epsilon)
    shape = tuple(channels if i == at else 1 for i in range(x.ndim))
    if gamma is not None:
        factor = factor * reshape(convert_to_tensor(gamma, wide.dtype), shape=shape)
    y = centred * factor
    if beta is not None:
        y = y + reshape(convert_to_tensor(beta, wide.dtype), shape=shape)
    return cast(y, x.dtype)
