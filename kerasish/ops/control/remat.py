"""Rematerialization: compute a part of the forward pass again rather than keep its values.

Chen et al., "Training deep nets with sublinear memory cost" (2016). The part is one node whose
gradient runs the part again, on inputs behind a `barrier`, so that the second computation is not
taken for the first; the memory planner then sees that nothing inside has to live that long.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from kerasish import tree
from kerasish.graph.autodiff import backward
from kerasish.graph.batching import Batch, leading, lift_graph
from kerasish.graph.defined import define
from kerasish.graph.interpret import apply_graph
from kerasish.graph.node import Graph, Node
from kerasish.graph.op import case, op
from kerasish.graph.tensor import Tensor, is_tensor, node_of, tensor_of
from kerasish.graph.trace import Slot, current_trace
from kerasish.ops.control.bodies import inline, subgraph
from kerasish.ops.declare import same_as_first


@op("barrier", infer=same_as_first, view=True, batch=leading, cases=(case((3, 4)),))
def barrier(xp: Any, x: Any) -> Any:
    """x, which no pass takes for the same value as x."""
    return x


@barrier.gradient
def _(g: Any, y: Any, x: Any) -> Any:
    return g


def _definition(*tensors: Tensor, body: Graph) -> Any:
    found = apply_graph(body, tensors)
    return tuple(found) if len(found) > 1 else found[0]


def _vjp(g: Any, y: Any, *tensors: Tensor, body: Graph) -> list[Tensor | None]:
    again = [barrier(t) for t in tensors]
    outputs = [node_of(t) for t in apply_graph(body, again)]
    seeds = tree.as_tuple(g)
    live = [(n, s) for n, s in zip(outputs, seeds, strict=True) if s is not None]
    wrt: list[Node] = [node_of(t) for t in again]
    return backward([n for n, _ in live], [s for _, s in live], wrt)


REMAT = define("remat", _definition, vjp=_vjp, cases=(case(),))


@REMAT.batching
def _(b: Batch, *x: Tensor, body: Graph) -> Any:
    return b.again(*x, body=lift_graph(body, b.stacked, b.rows)[0])


def remat(f: Callable[..., Any]) -> Callable[..., Any]:
    """A function that computes what `f` does, and computes it again for its gradient.

    In a traced function, what `f` computes inside is not kept for the backward pass: memory for
    time. `model.memory()` shows what it saves. Eagerly it is `f` itself.

    Args:
        f: takes and returns structures of tensors.

    Example:
        >>> import kerasish as keras
        >>> block = keras.remat(lambda x: keras.ops.tanh(keras.ops.sin(x)))
        >>> block(keras.ops.zeros((2,))).shape
        (2,)
    """

    @functools.wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        return call_again(f, args, kwargs)

    return wrapped


def call_again(
    f: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    wanted: Callable[[Any], bool] | None = None,
) -> Any:
    """`remat(f)(*args, **kwargs)`, if `wanted` says so of the structure of symbols it gives."""
    leaves = tree.flatten((args, kwargs))
    tensors = [leaf for leaf in leaves if is_tensor(leaf)]
    if current_trace() is None or all(t.value is not None for t in tensors):
        with inline():
            return f(*args, **kwargs)

    def call(*given: Tensor) -> Any:
        rest = iter(given)
        filled = [next(rest) if is_tensor(leaf) else leaf for leaf in leaves]
        inner_args, inner_kwargs = tree.pack_sequence_as((args, kwargs), filled)
        return f(*inner_args, **inner_kwargs)

    body, captured, structure, assigned = subgraph(call, [t.spec for t in tensors])

    def filled(results: Sequence[Any]) -> Any:
        return tree.map_structure(lambda s: results[s] if isinstance(s, Slot) else s, structure)

    given = [*tensors, *map(tensor_of, captured)]
    if not body.outputs:
        results: Sequence[Any] = ()
    elif wanted is None or wanted(filled([tensor_of(n) for n in body.outputs])):
        found = REMAT(*given, body=body)
        results = tree.as_tuple(found)
    else:
        results = apply_graph(body, given)
    for variable, value in zip(assigned, results[len(results) - len(assigned) :], strict=True):
        variable.assign(value)
    return filled(results)
