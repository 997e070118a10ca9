"""One op over many rows at once: the op that does for stacked inputs what a node does for one.

A stacked input has one more axis in front, of `rows` elements. Only ops with a rule here can be
taken out of a loop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from kerasish.graph.node import Node, make_node
from kerasish.graph.op import get
from kerasish.spec import known

Rule = Callable[["Batch"], Node | None]
RULES: dict[str, Rule] = {}
REDUCTIONS = ("sum", "max", "min", "prod", "any", "all")


def make(name: str, *inputs: Node, **attrs: Any) -> Node:
    """A node of the op called `name`."""
    return make_node(get(name), inputs, attrs)


def reshape(node: Node, shape: Sequence[int]) -> Node:
    """`node` in another shape."""
    return node if node.spec.shape == tuple(shape) else make("reshape", node, shape=tuple(shape))


class Batch:
    """A node to do for all rows.

    Args:
        node: what is done for one row.
        inputs: its inputs for all rows: a node, and whether it is stacked (else it is the same
            for every row).
        rows: how many rows.
    """

    def __init__(self, node: Node, inputs: Sequence[tuple[Node, bool]], rows: int) -> None:
        self.node = node
        self.rows = rows
        self.inputs = [n for n, _ in inputs]
        self.stacked = [s for _, s in inputs]
        self.attrs = node.attrs
        self.shape = known(node.spec.shape) if hasattr(node.spec, "shape") else ()

    def of_rank(self, i: int, rank: int) -> Node:
        """Input i ready to broadcast against values of this rank (without the rows)."""
        source = self.inputs[i]
        if not self.stacked[i]:
            return source
        rest = known(source.spec.shape)[1:]
        return reshape(source, (self.rows, *(1,) * (rank - len(rest)), *rest))

    def merged(self, i: int) -> Node:
        """Stacked input i with its rows joined to its first axis."""
        first, second, *rest = known(self.inputs[i].spec.shape)
        return reshape(self.inputs[i], (first * second, *rest))

    def again(self, *inputs: Node, **attrs: Any) -> Node:
        """The same op on other inputs, with some attributes changed."""
        return make_node(self.node.op, inputs, {**self.attrs, **attrs})


def batched(node: Node, inputs: Sequence[tuple[Node, bool]], rows: int) -> Node | None:
    """The node for all rows, or None where no rule is known."""
    given = Batch(node, inputs, rows)
    if node.op.elementwise:
        ranks = range(len(inputs))
        return given.again(*(given.of_rank(i, len(given.shape)) for i in ranks))
    rule = RULES.get(node.op.name)
    return None if rule is None else rule(given)


def has_rule(node: Node) -> bool:
    """Whether `batched` knows the node's op (it may still decline a case)."""
    return node.op.elementwise or node.op.name in RULES


def _rule(*names: str) -> Callable[[Rule], Rule]:
    def decorate(func: Rule) -> Rule:
        for name in names:
            RULES[name] = func
        return func

    return decorate


@_rule("reshape", "expand_dims")
def _reshape(b: Batch) -> Node:
    return reshape(b.inputs[0], (b.rows, *b.shape))


@_rule("transpose")
def _transpose(b: Batch) -> Node:
    return b.again(b.inputs[0], axes=(0, *(a + 1 for a in b.attrs["axes"])))


@_rule("broadcast_to")
def _broadcast_to(b: Batch) -> Node:
    return b.again(b.of_rank(0, len(b.shape)), shape=(b.rows, *b.shape))


@_rule("slice")
def _slice(b: Batch) -> Node:
    return b.again(b.inputs[0], parts=(None, *b.attrs["parts"]))


@_rule("unslice")
def _unslice(b: Batch) -> Node:
    shape = (b.rows, *b.attrs["shape"])
    return b.again(b.inputs[0], parts=(None, *b.attrs["parts"]), shape=shape)


@_rule(*REDUCTIONS)
def _reduce(b: Batch) -> Node:
    return b.again(b.inputs[0], axis=tuple(a + 1 for a in b.attrs["axis"]))


@_rule("concatenate")
def _concatenate(b: Batch) -> Node:
    parts = [
        x if s else make("broadcast_to", x, shape=(b.rows, *known(x.spec.shape)))
        for x, s in zip(b.inputs, b.stacked, strict=True)
    ]
    return b.again(*parts, axis=b.attrs["axis"] % len(b.shape) + 1)


@_rule("gather")
def _gather(b: Batch) -> Node | None:
    """x[i] for all rows of i at once, where x is the same for all."""
    if b.stacked[0] or b.attrs["axis"] != 0:
        return None
    return b.again(*b.inputs)


@_rule("matmul")
def _matmul(b: Batch) -> Node:
    """(rows, M, K) @ (K, N) as one product of rows * M rows."""
    x, w = b.inputs
    if b.stacked == [True, False] and len(w.spec.shape) == 2:
        flat = reshape(x, (-1 if not x.spec.size else x.spec.size // x.spec.shape[-1],
                           x.spec.shape[-1]))  # fmt: skip
        return reshape(b.again(flat, w), (b.rows, *b.shape))
    rank = len(b.shape)
    return b.again(b.of_rank(0, rank), b.of_rank(1, rank))


@_rule("conv")
def _conv(b: Batch) -> Node | None:
    if b.stacked != [True, False]:
        return None
    return reshape(b.again(b.merged(0), b.inputs[1]), (b.rows, *b.shape))


@_rule("conv_input_grad")
def _conv_input_grad(b: Batch) -> Node | None:
    if b.stacked != [True, False]:
        return None
    first, *rest = b.attrs["input_shape"]
    done = b.again(b.merged(0), b.inputs[1], input_shape=(b.rows * first, *rest))
    return reshape(done, (b.rows, *b.shape))


# --- sums over the rows ---------------------------------------------------------------------------


def swap_last(node: Node) -> Node:
    """A node of rank 2 or 3 with its last two axes exchanged."""
    rank = len(node.spec.shape)
    return make("transpose", node, axes=(*range(rank - 2), rank - 1, rank - 2))


def sum_of_products(a: Node, b: Node) -> Node:
    """sum_t a[t] @ b[t] as one product: a (T, M, K), b (T, K, N) -> (M, T*K) @ (T*K, N)."""
    t, m, k = known(a.spec.shape)
    left = swap_last(reshape(swap_last(a), (t * k, m)))
    return make("matmul", left, reshape(b, (t * k, known(b.spec.shape)[-1])))


def sum_of_sums(node: Node, source: Node) -> Node:
    """sum_t sum(x[t]) as one sum over all rows of `source`."""
    axes = tuple(a + 1 for a in node.attrs["axis"])
    total = make("sum", source, axis=(0, *axes), keepdims=False)
    return reshape(total, known(node.spec.shape))


def sum_of_kernels(node: Node, x: Node, g: Node) -> Node:
    """sum_t conv_weight_grad(x[t], g[t]) as one, over a batch of all rows."""
    merged = Batch(node, ((x, True), (g, True)), x.spec.shape[0])
    return merged.again(merged.merged(0), merged.merged(1))


def sum_of_scatters(node: Node, indices: Node, updates: Node) -> Node:
    """sum_t scatter_add(i[t], u[t]) as one."""
    return make_node(node.op, (indices, updates), node.attrs)
