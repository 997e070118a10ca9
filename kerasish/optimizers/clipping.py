"""Bounding gradients: each by its norm, all by their common norm, or element by element."""

from __future__ import annotations

from collections.abc import Sequence

from kerasish import ops
from kerasish.errors import ArgumentError
from kerasish.graph import Tensor
from kerasish.hints import is_whole


def clip_by_norm(g: Tensor, limit: float) -> Tensor:
    """g, scaled down to Euclidean norm `limit` where it is longer (Pascanu et al., 2013)."""
    norm = ops.sqrt(ops.sum(ops.square(g)))
    return g * (limit / ops.maximum(norm, limit))


def global_norm(grads: Sequence[Tensor]) -> Tensor:
    """The Euclidean norm of all gradients taken together."""
    squares = [ops.sum(ops.square(g)) for g in grads]
    total = squares[0]
    for square in squares[1:]:
        total = total + square
    return ops.sqrt(total)


def clip_by_global_norm(grads: Sequence[Tensor], limit: float) -> list[Tensor]:
    """All gradients, scaled by one factor to a common norm of at most `limit`."""
    norm = global_norm(grads)
    # norm - norm is NaN for a norm that is not finite, so that such a step is seen as one.
    scale = limit * ops.minimum(1.0 / norm, 1.0 / limit) + (norm - norm)
    return [g * scale for g in grads]


def clip_by_value(g: Tensor, limit: float) -> Tensor:
    """Every element of g, held between -limit and limit."""
    return ops.minimum(ops.maximum(g, -limit), limit)


def check_settings(
    clipnorm: float | None,
    clipvalue: float | None,
    global_clipnorm: float | None,
    ema_momentum: float,
    accumulation: int | None,
) -> None:
    """Refuse what an optimizer's common arguments may not be.

    Raises:
        ArgumentError: one of them is out of range.
    """
    limits = {"clipnorm": clipnorm, "clipvalue": clipvalue, "global_clipnorm": global_clipnorm}
    if sum(limit is not None for limit in limits.values()) > 1:
        raise ArgumentError(
            "Clipping",
            expected=f"at most one of {', '.join(limits)}",
            received=", ".join(map(str, limits.values())),
        )
    for name, limit in limits.items():
        if limit is not None and not limit >= 0:
            raise ArgumentError(name, expected="None, or a number of 0 or more", received=limit)
    if not 0 <= ema_momentum <= 1:
        raise ArgumentError(
            "ema_momentum", expected="a number in [0, 1]", received=repr(ema_momentum)
        )
    if accumulation not in (None, 0) and not (is_whole(accumulation) and accumulation >= 2):
        raise ArgumentError(
            "gradient_accumulation_steps",
            expected="None, or an integer of 2 or more",
            received=repr(accumulation),
        )
