"""What positions look at: the weights of attention, and how they go together through the layers."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from kerasish import tree
from kerasish.errors import ArgumentError
from kerasish.explain.attended import Attended, AttentionMaps
from kerasish.explain.flat import depending
from kerasish.explain.running import Rows
from kerasish.graph.defined import expand
from kerasish.graph.node import Node, toposort
from kerasish.graph.tensor import Tensor, node_of, tensor_of
from kerasish.hints import hinted, one_of
from kerasish.models import Model

_LAYOUT = frozenset({"reshape", "transpose", "broadcast_to", "expand_dims", "cast"})
_HEADS = {"mean": np.mean, "max": np.max, "min": np.min}


@hinted
def attention_maps(model: Model, x: Any, *, batch_size: int = 32) -> AttentionMaps:
    """How much each position attends to each other, of every layer that attends.

    Vaswani et al., "Attention is all you need" (2017), section 3.2.1, the softmax; that of additive
    scores: Bahdanau et al., "Neural machine translation by jointly learning to align and translate"
    (2015), appendix A.1.2. What counts as attention is what the graph says: a softmax by which
    values that come from the input are summed, in a layer of the package or of one's own.

    Args:
        model: the model.
        x: its input, (rows, ...) or a structure of such.
        batch_size: rows that are looked at together.

    Returns:
        A dict of arrays by the path of the layer, in the order in which they run: (rows, heads, T,
        S), float, each row over S adding up to 1; one head where a layer has none; attention over
        several axes has all of them, (rows, heads, *T, *S). Further calls of a layer end in " (2)",
        " (3)", ... It draws itself.

    Raises:
        ArgumentError: no layer attends.

    Example:
        >>> import numpy as np
        >>> import kerasish as keras
        >>> x = keras.Input((5, 8))
        >>> y = keras.layers.MultiHeadAttention(2, 4, name="look")(x, x)
        >>> model = keras.Model(x, y, name="small")
        >>> maps = keras.explain.attention_maps(model, np.ones((3, 5, 8), "float32"))
        >>> {path: found.shape for path, found in maps.items()}
        {'small/look': (3, 2, 5, 5)}
    """
    rows = Rows(model, x, batch_size)

    def look(x: Any) -> Any:
        outputs = [node_of(t) for t in tree.flatten(model(x, training=False)) if _is_tensor(t)]
        inputs = [node_of(t) for t in tree.flatten(x) if _is_tensor(t)]
        found: dict[str, list[Tensor]] = {}
        for path, parts in _attention(outputs, depending(outputs, inputs)):
            calls = sum(p == path or p.startswith(f"{path} (") for p in found)
            found[f"{path} ({calls + 1})" if calls else path] = [tensor_of(n) for n in parts]
        if not found:
            raise ArgumentError(
                f"The attention of {model.name!r}",
                expected="a layer that attends: a softmax by which values are summed",
                received="none",
            )
        return found

    found = rows.batches(rows.compiled(look))
    inputs = rows.structured(rows.leaves)
    return AttentionMaps({path: _whole(parts) for path, parts in found.items()}, inputs)


@hinted
def attention_rollout(
    model: Model,
    x: Any,
    *,
    layers: str = "*",
    heads: str = "mean",
    batch_size: int = 32,
) -> Attended:
    """What each position knows of each position of the input, by attention through all layers.

    Abnar and Zuidema, "Quantifying attention flow in transformers" (2020), section 3, equation 1:
    the product of the layers' matrices, each half attention and half identity, which stands for
    the way past it.

    Args:
        model: the model.
        x: its input, (rows, ...) or a structure of such.
        layers: a pattern of paths, or of names, of the layers that count, such as "encoder*".
        heads: how the heads of a layer become one: "mean", "max" or "min". Of the latter each row
            is divided by its sum.
        batch_size: rows that are looked at together.

    Returns:
        `values` (rows, T, T), float32: of the position [.., t, :] each share, which add up to 1.
        It draws itself.

    Raises:
        ArgumentError: no layer attends, none fits `layers`, or one attends from other positions
            than it attends to, or than the others.

    Example:
        >>> import numpy as np
        >>> import kerasish as keras
        >>> x = keras.Input((5, 8))
        >>> y = keras.layers.MultiHeadAttention(2, 4)(x, x) + x
        >>> model = keras.Model(x, keras.layers.MultiHeadAttention(2, 4)(y, y))
        >>> keras.explain.attention_rollout(model, np.ones((3, 5, 8), "float32")).values.shape
        (3, 5, 5)
    """
    one_of("heads", heads, tuple(_HEADS))
    maps = attention_maps(model, x, batch_size=batch_size)
    chosen = {
        path: found
        for path, found in maps.items()
        if fnmatch.fnmatchcase(path, layers) or fnmatch.fnmatchcase(path.split("/")[-1], layers)
    }
    shapes = {path: found.shape[2:] for path, found in chosen.items()}
    size = next(iter(shapes.values()), (0,))[0]
    if not chosen or any(shape != (size, size) for shape in shapes.values()):
        raise ArgumentError(
            "attention_rollout, layers",
            expected="layers that all attend from the same positions to the same",
            received=f"positions {shapes}" if chosen else f"none that fits {layers!r}",
            fix=f"Name those that count by a pattern; there are: {', '.join(maps)}.",
        )
    total: Any = np.eye(size, dtype=np.float32)
    for found in chosen.values():
        one = _HEADS[heads](found.astype(np.float32), axis=1)
        one = one / one.sum(axis=-1, keepdims=True)
        total = (one / 2 + np.eye(size, dtype=np.float32) / 2) @ total
    return Attended("attention rollout", total, maps.x)


def _is_tensor(value: Any) -> bool:
    return isinstance(value, Tensor)


def _attention(outputs: Sequence[Node], moving: set[Node]) -> Iterator[tuple[str, list[Node]]]:
    """Every softmax of attention with its layer's path; several nodes are stripes of rows."""
    order = toposort(outputs)
    readers: dict[Node, list[Node]] = {}
    for node in order:
        for source in node.inputs:
            readers.setdefault(source, []).append(node)
    for node in order:
        if node.op.name == "dot_product_attention":
            inner = toposort(expand(node.op, node.inputs, node.attrs), stop=set(node.inputs))
            yield node.scope, [n for n in inner if n.op.name == "softmax"]
        elif node.op.name == "softmax" and node in moving and len(node.shape) > 2:
            reader = _sum_of_values(node, readers, moving)
            if reader is not None:
                yield reader.scope, [node]


def _sum_of_values(node: Node, readers: dict[Node, list[Node]], moving: set[Node]) -> Node | None:
    """The product in which a softmax weighs what comes from the input."""
    near = [node]
    for one in near:  # grows
        for reader in readers.get(one, ()):
            if reader.op.name in _LAYOUT:
                near.append(reader)
            elif reader.op.name == "matmul" and all(i in moving for i in reader.inputs):
                return reader
    return None


def _whole(parts: Sequence[np.ndarray]) -> np.ndarray:
    """(rows, heads, T, S) of stripes of T, each of which ends at the last position it may see."""
    most = max(part.shape[-1] for part in parts)
    wide = [np.pad(p, [(0, 0)] * (p.ndim - 1) + [(0, most - p.shape[-1])]) for p in parts]
    whole = wide[0] if len(wide) == 1 else np.concatenate(wide, axis=-2)
    return whole[:, None] if whole.ndim == 3 else whole
