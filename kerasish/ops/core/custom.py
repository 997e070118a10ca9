"""custom_gradient: a function with a gradient of its own."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar

from kerasish import tree
from kerasish.errors import GradientError
from kerasish.graph.batching import Batch, lift_graph
from kerasish.graph.interpret import apply_graph
from kerasish.graph.node import Graph
from kerasish.graph.op import Op
from kerasish.graph.tensor import (
    Tensor,
    convert_to_tensor,
    filled_like,
    input_tensor,
    node_of,
    tensor_of,
)
from kerasish.hints import function, label
from kerasish.ops.control.bodies import close_over
from kerasish.signatures import parameters

P = ParamSpec("P")
Y = TypeVar("Y")


def custom_gradient(f: Callable[P, tuple[Y, Any]]) -> Callable[P, Y]:
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

    function("custom_gradient, f", f)

    @functools.wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        given = tree.map_structure(_tensor, args)
        output, grad = _pair(f, f(*given, **kwargs))
        results = [convert_to_tensor(t) for t in tree.flatten(output)]
        inputs = [t for t in tree.flatten(given) if isinstance(t, Tensor)]
        pull = functools.partial(_pull, grad, given, output, len(inputs))
        apply = _eager if all(t.value is not None for t in (*results, *inputs)) else _in_graph
        found = apply(results, inputs, pull)
        return tree.pack_sequence_as(output, found if isinstance(found, tuple) else (found,))

    return wrapped


def _pair(f: Callable[..., Any], found: Any) -> tuple[Any, Callable[..., Any]]:
    if isinstance(found, (tuple, list)) and len(found) == 2 and callable(found[1]):
        return found[0], found[1]
    raise GradientError(
        f"custom_gradient, {label(f)}",
        expected="(output, grad), where grad(upstream) gives the gradient of every argument",
        received=f"{type(found).__name__}",
        fix="Let it end with `return output, grad`.",
    )


def _tensor(leaf: Any) -> Any:
    numeric = hasattr(leaf, "dtype") or hasattr(leaf, "__kerasish_tensor__")
    return convert_to_tensor(leaf) if numeric or type(leaf) is float else leaf


def _pull(
    grad: Callable[..., Any], args: Any, output: Any, count: int, upstream: Sequence[Tensor]
) -> list[Tensor | None]:
    """What `grad` answers, one entry for each of `count` inputs."""
    packed = tree.pack_sequence_as(output, upstream)
    answer = grad(*args, upstream=packed) if _wants_keyword(grad) else grad(packed)
    found = tree.flatten(answer)
    if len(found) != count:
        raise GradientError(
            "custom_gradient",
            expected=f"{count} gradients, one per tensor argument",
            received=len(found),
        )
    return [t if t is None else convert_to_tensor(t) for t in found]


def _wants_keyword(grad: Callable[..., Any]) -> bool:
    parameter = parameters(grad).get("upstream")
    return (
        parameter is not None
        and parameter.kind is parameter.KEYWORD_ONLY
        and parameter.default is parameter.empty
    )


def _first(items: Sequence[Any], count: int) -> Any:
    return items[0] if count == 1 else tuple(items[:count])


def _filled(g: Any, y: Any) -> list[Tensor]:
    """The gradient of every result; zeros where none came."""
    pairs = zip(g, y, strict=True) if isinstance(g, tuple) else ((g, y),)
    return [filled_like(like, 0) if part is None else part for part, like in pairs]


def _eager(results: list[Tensor], inputs: list[Tensor], pull: Callable[..., Any]) -> Any:
    """The results by an op whose gradient is `pull`."""
    count = len(results)

    def vjp(g: Any, y: Any, *_: Tensor) -> list[Tensor | None]:
        return [*(None,) * count, *pull(_filled(g, y))]

    carrier = Op(
        "custom_gradient",
        lambda *specs: _first(specs, count),
        lambda xp, *arrays: _first(arrays, count),
        vjp=vjp,
    )
    return carrier(*results, *inputs)


# --- in graphs, the gradient is a graph too -------------------------------------------------------


def _in_graph(results: list[Tensor], inputs: list[Tensor], pull: Callable[..., Any]) -> Any:
    """The results by one node that holds the gradient as a graph of what comes from above.

    What the gradient uses of the forward pass has become further inputs, so that the node may be
    moved into loops, batched and differentiated like any other.
    """
    marks = [input_tensor(t.spec, "upstream") for t in results]
    answers = pull(marks)
    present = tuple(i for i, t in enumerate(answers) if t is not None)
    outputs = [node_of(answers[i]) for i in present]
    graph, captured = close_over([node_of(m) for m in marks], outputs)
    return CUSTOM(
        *results,
        *inputs,
        *map(tensor_of, captured),
        gradient=graph,
        count=len(results),
        present=tuple(len(results) + i for i in present),
    )


def _vjp(g: Any, y: Any, *x: Tensor, gradient: Graph, count: int, present: Any) -> list[Any]:
    kept = len(gradient.inputs) - count
    found = apply_graph(gradient, [*_filled(g, y), *x[len(x) - kept :]])
    grads: list[Any] = [None] * len(x)
    for i, part in zip(present, found, strict=True):
        grads[i] = part
    return grads


CUSTOM = Op(
    "custom_gradient",
    lambda *specs, count, **_: _first(specs, count),
    lambda xp, *arrays, count, **_: _first(arrays, count),
    vjp=_vjp,
    definition=lambda *tensors, count, **_: _first(tensors, count),
)


@CUSTOM.batching
def _(b: Batch, *x: Tensor, gradient: Graph, count: int, present: Any) -> Any:
    kept = len(gradient.inputs) - count
    flags = (*(True,) * count, *b.stacked[len(x) - kept :])
    # Stacked answers for all: those for what all rows share are summed by autodiff.
    graph, _ = lift_graph(gradient, flags, b.rows, (True,) * len(present))
    return b.again(*b.full(*x)[:count], *x[count:], gradient=graph)
