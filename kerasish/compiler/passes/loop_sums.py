"""Sums over the rounds of a loop as one op on the rows of all rounds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish.graph import primitives as _p
from kerasish.graph.node import Node, make_node
from kerasish.graph.op import Op
from kerasish.ops.basic.matmul import matmul_
from kerasish.spec import known


def make(op: Op, *inputs: Node, **attrs: Any) -> Node:
    """A node of an op."""
    return make_node(op, inputs, attrs)


def reshape(node: Node, shape: Sequence[int], like: Node | None = None) -> Node:
    """`node` in another shape; made like another one."""
    if node.spec.shape == tuple(shape):
        return node
    return make_node(_p.reshape, (node,), {"shape": tuple(shape)}, like=like)


def _swap_last(node: Node) -> Node:
    rank = len(node.spec.shape)
    return make(_p.transpose, node, axes=(*range(rank - 2), rank - 1, rank - 2))


def _merged(node: Node) -> Node:
    rows, first, *rest = known(node.spec.shape)
    return reshape(node, (rows * first, *rest))


def sum_of_products(a: Node, b: Node) -> Node:
    """sum_t a[t] @ b[t] as one product: a (T, M, K), b (T, K, N) -> (M, T*K) @ (T*K, N)."""
    t, m, k = known(a.spec.shape)
    left = _swap_last(reshape(_swap_last(a), (t * k, m)))
    return make(matmul_, left, reshape(b, (t * k, known(b.spec.shape)[-1])))


def sum_of_sums(node: Node, source: Node) -> Node:
    """sum_t sum(x[t]) as one sum over all rows of `source`."""
    axes = tuple(a + 1 for a in node.attrs["axis"])
    total = make(_p.sum_, source, axis=(0, *axes), keepdims=False)
    return reshape(total, known(node.spec.shape))


def sum_of_kernels(node: Node, x: Node, g: Node) -> Node:
    """sum_t conv_weight_grad(x[t], g[t]) as one, over a batch of all rows."""
    return make_node(node.op, (_merged(x), _merged(g)), node.attrs)


def sum_of_scatters(node: Node, indices: Node, updates: Node) -> Node:
    """sum_t scatter_add(i[t], u[t]) as one."""
    return make_node(node.op, (indices, updates), node.attrs)
