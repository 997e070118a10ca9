"""How Keras names things in a file: snake_case container keys and the order of layers."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import TypeVar

from kerasish.naming import snake_case

N = TypeVar("N", bound=Hashable)
Op = TypeVar("Op", bound=Hashable)


def unique_keys(names: Iterable[str]) -> list[str]:
    """Repeats numbered in order: dense, dense, relu -> dense, dense_1, relu."""
    seen: dict[str, int] = {}
    keys: list[str] = []
    for name in names:
        count = seen.get(name, -1) + 1
        seen[name] = count
        keys.append(f"{name}_{count}" if count else name)
    return keys


def container_keys(classes: Iterable[str]) -> list[str]:
    """The keys of a list of objects, from the names of their classes."""
    return unique_keys(snake_case(name) for name in classes)


def operation_order(
    outputs: Sequence[N],
    inputs: Sequence[N],
    parents: Callable[[N], Sequence[N]],
    operation: Callable[[N], Op],
) -> list[Op]:
    """The operations of a functional model in the order that Keras's files count them in.

    A node is one call of an operation. Operations come by decreasing depth (the longest way to
    an output; a shared one counts at its deepest), and at equal depth in the order in which a
    depth-first search from the outputs meets them. Inputs that reach no output come with the
    outputs' depth and before them.

    Args:
        outputs: the nodes that make the outputs, flattened.
        inputs: the nodes of the inputs, flattened.
        parents: the nodes that made a node's tensors, in argument order.
        operation: the operation that a node is a call of.
    """
    finished, met = _depth_first(outputs, parents, operation)
    inside = set(finished)
    node_depth: dict[N, int] = {}
    depth: dict[Op, int] = {}
    for node in reversed(finished):
        here = operation(node)
        # A later call of a shared operation inherits the depth of the earlier ones.
        deepest = max(node_depth.get(node, 0), depth.get(here, 0))
        depth[here] = node_depth[node] = deepest
        for parent in parents(node):
            if parent in inside:
                node_depth[parent] = max(deepest + 1, node_depth.get(parent, 0))
    for node in inputs:
        if operation(node) not in depth:
            depth[operation(node)] = 0
            met[operation(node)] = -1
    return sorted(depth, key=lambda op: (-depth[op], met[op]))


def _depth_first(
    outputs: Sequence[N], parents: Callable[[N], Sequence[N]], operation: Callable[[N], Op]
) -> tuple[list[N], dict[Op, int]]:
    """Nodes in the order they are left, and the number at which each operation is first met."""
    finished: dict[N, None] = {}
    met: dict[Op, int] = {}
    for output in outputs:
        if output in finished:
            continue
        met.setdefault(operation(output), len(met))
        stack: list[tuple[N, Iterator[N]]] = [(output, iter(parents(output)))]
        while stack:
            node, rest = stack[-1]
            for parent in rest:
                if parent not in finished:
                    met.setdefault(operation(parent), len(met))
                    stack.append((parent, iter(parents(parent))))
                    break
            else:
                finished[node] = None
                stack.pop()
    return list(finished), met
