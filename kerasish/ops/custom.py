"""custom_gradient: a function with a gradient of its own."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from kerasish import tree
from kerasish.errors import GradientError
from kerasish.graph.op import Op
from kerasish.graph.tensor import Tensor, convert_to_tensor
from kerasish.spec import TensorSpec

__all__ = ["custom_gradient"]


def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: give a function of tensors a gradient of its own.

    Args:
        f: `f(*args) -> (output, grad)`. `grad(upstream)` gets the gradient of `output` (in its
            structure) and returns that of every tensor in `args`, one or a tuple; a `grad` with
            a required keyword `upstream` is called as `grad(*args, upstream=upstream)`.
            Variables that `f` uses without being given them get no gradient.

    Returns:
        A function that returns `output`.

    Example:
        >>> from kerasish import ops
        >>> @ops.custom_gradient
        ... def clipped(x):
        ...     return x, lambda upstream: ops.clip(upstream, -1, 1)
    """

    @functools.wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        given = tree.map_structure(_tensor, args)
        output, grad = f(*given, **kwargs)
        results = [convert_to_tensor(t) for t in tree.flatten(output)]
        inputs = [t for t in tree.flatten(given) if isinstance(t, Tensor)]
        pull = functools.partial(_pull, grad, given, output, len(results))
        found = _carrier(len(results), pull)(*results, *inputs)
        return tree.pack_sequence_as(output, found if isinstance(found, tuple) else (found,))

    return wrapped


def _tensor(leaf: Any) -> Any:
    numeric = hasattr(leaf, "dtype") or hasattr(leaf, "__kerasish_tensor__")
    return convert_to_tensor(leaf) if numeric or type(leaf) is float else leaf


def _pull(
    grad: Callable[..., Any], args: Any, output: Any, count: int, g: Any, y: Any, *inputs: Any
) -> tuple[Any, ...]:
    """The vjp of the carrier: nothing for the results, grad's answer for the arguments."""
    parts = g if isinstance(g, tuple) else (g,)
    held = y if isinstance(y, tuple) else (y,)
    filled = [v * 0 if part is None else part for part, v in zip(parts, held, strict=True)]
    upstream = tree.pack_sequence_as(output, filled)
    answer = grad(*args, upstream=upstream) if _wants_keyword(grad) else grad(upstream)
    found = [t for t in tree.flatten(answer)]
    if len(found) != len(inputs) - count:
        raise GradientError(
            f"custom_gradient. Expected: {len(inputs) - count} gradients, one per tensor argument. "
            f"Received: {len(found)}."
        )
    return (*(None,) * count, *(t if t is None else convert_to_tensor(t) for t in found))


def _wants_keyword(grad: Callable[..., Any]) -> bool:
    parameter = inspect.signature(grad).parameters.get("upstream")
    return (
        parameter is not None
        and parameter.kind is inspect.Parameter.KEYWORD_ONLY
        and parameter.default is inspect.Parameter.empty
    )


def _carrier(count: int, pull: Callable[..., Any]) -> Op:
    """An op whose first `count` inputs are its results, and whose gradient is `pull`."""

    def first(items: tuple[Any, ...]) -> Any:
        return items[0] if count == 1 else items[:count]

    def infer(*specs: TensorSpec) -> Any:
        return first(specs)

    def kernel(xp: Any, *arrays: Any) -> Any:
        return first(arrays)

    def definition(*tensors: Tensor) -> Any:
        return first(tensors)

    return Op("custom_gradient", infer, kernel, vjp=pull, definition=definition)
