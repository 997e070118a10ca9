"""Gradients checked against central differences along random directions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kerasish import tree
from kerasish.graph import convert_to_tensor, grad
from kerasish.graph import primitives as _p
from kerasish.ops.basic import elementwise as _e
from kerasish.spec import is_differentiable

# The best step of a central difference is about eps**(1/3) (Press et al., Numerical Recipes,
# section 5.7).
STEP = float(np.finfo(np.float64).eps) ** (1 / 3)
# (relative, absolute) for the first, second, ... derivative.
TOLERANCES = ((1e-6, 1e-8), (1e-5, 1e-6))


def numeric_grad(func: Callable[[Any], Any], x: Any, step: float = STEP) -> np.ndarray:
    """The gradient of a scalar function by central differences, element by element.

    Args:
        func: takes an array like `x`, returns a scalar.
        x: where; computed in float64.
        step: half the distance of the two points.
    """
    point = np.array(x, np.float64)
    found = np.zeros_like(point)
    for at in np.ndindex(point.shape):
        moved = point.copy()
        moved[at] = point[at] + step
        above = float(np.asarray(func(moved)))
        moved[at] = point[at] - step
        found[at] = (above - float(np.asarray(func(moved)))) / (2 * step)
    return found


def weighted(func: Callable[..., Any], seed: int) -> Callable[..., Any]:
    """The scalar Re(sum_k <u_k, output_k>) of a function, with random fixed weights u."""

    def scalar(*inputs: Any) -> Any:
        rng = np.random.default_rng(seed)
        total: Any = convert_to_tensor(0.0, "float64")
        for leaf in tree.flatten(func(*map(convert_to_tensor, inputs))):
            out = convert_to_tensor(leaf)
            if not is_differentiable(out.dtype):
                continue
            u = rng.uniform(0.5, 1.5, out.shape) * rng.choice((-1.0, 1.0), out.shape)
            if out.dtype.startswith("complex"):
                u = u + 1j * rng.uniform(-1.0, 1.0, out.shape)
            part = out * convert_to_tensor(u, out.dtype)
            if part.dtype.startswith("complex"):
                part = _e.real(part)
            total = total + _p.sum_(part, axis=tuple(range(part.ndim)), keepdims=False)
        return total

    return scalar


def gradients(
    func: Callable[..., Any], inputs: Sequence[Any], wrt: Sequence[int], seed: int = 0
) -> tuple[np.ndarray, ...]:
    """The gradients of `weighted(func)` for the inputs `wrt`."""
    tensors = [convert_to_tensor(x) for x in inputs]
    found = grad(weighted(func, seed), tuple(wrt))(*tensors)
    return tuple(np.asarray(g) for g in found)


def differentiable(inputs: Sequence[Any]) -> tuple[int, ...]:
    """The positions of inputs that gradients flow to."""
    return tuple(i for i, x in enumerate(inputs) if is_differentiable(convert_to_tensor(x).dtype))


def check_grads(
    func: Callable[..., Any],
    inputs: Sequence[Any],
    order: int = 2,
    wrt: Sequence[int] | None = None,
    directions: int = 2,
    step: float = STEP,
    tolerances: Sequence[tuple[float, float]] = TOLERANCES,
    seed: int = 0,
) -> None:
    """Check the gradients of `func` against central differences, up to an order.

    Args:
        func: takes tensors, returns a tensor or a structure of tensors.
        inputs: arrays; floating ones are taken in float64. They must lie away from kinks.
        order: 1 checks gradients, 2 also gradients of gradients, and so on.
        wrt: positions of the inputs to differentiate by; None means every floating one.
        directions: how many random directions to probe.
        step: half the distance of the two points of a difference.
        tolerances: (relative, absolute) per order; the last one serves all higher orders.
        seed: of the directions and of the weights of the outputs.

    Raises:
        AssertionError: a directional derivative differs.
    """
    points = [_wide(x) for x in inputs]
    chosen = differentiable(points) if wrt is None else tuple(wrt)
    if not chosen:
        return
    scalar = weighted(func, seed)
    found = gradients(func, points, chosen, seed)
    rng = np.random.default_rng(seed + 1)
    rtol, atol = tolerances[0]
    for _ in range(directions):
        along = {i: _direction(rng, points[i]) for i in chosen}
        analytic = sum(
            float(np.sum(np.real(g * along[i]))) for i, g in zip(chosen, found, strict=True)
        )
        above, below = (float(scalar(*_moved(points, along, sign * step))) for sign in (1.0, -1.0))
        numeric = (above - below) / (2 * step)
        # A sum of many terms is as inexact as its largest ones.
        scale = sum(float(np.sum(np.abs(g * along[i]))) for i, g in zip(chosen, found, strict=True))
        if not abs(analytic - numeric) <= atol + rtol * max(abs(numeric), scale):
            raise AssertionError(
                f"A directional derivative differs: analytic {analytic!r}, numeric {numeric!r}, "
                f"allowed {atol} + {rtol} * {max(abs(numeric), scale):.3g}."
            )
    if order > 1:
        rest = tolerances[1:] or tolerances

        def gradient(*tensors: Any) -> Any:
            return grad(scalar, chosen)(*tensors)

        check_grads(gradient, points, order - 1, chosen, directions, step, rest, seed + 1)


def _wide(x: Any) -> np.ndarray:
    array = np.asarray(x)
    wide = {"f": np.float64, "c": np.complex128}.get(array.dtype.kind)
    return array if wide is None else array.astype(wide)


def _direction(rng: np.random.Generator, like: np.ndarray) -> np.ndarray:
    v = rng.standard_normal(like.shape)
    return v + 1j * rng.standard_normal(like.shape) if like.dtype.kind == "c" else v


def _moved(points: list[np.ndarray], along: dict[int, np.ndarray], by: float) -> list[Any]:
    return [p + by * along[i] if i in along else p for i, p in enumerate(points)]
