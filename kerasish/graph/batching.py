"""Batching: what a graph does for one row, done for many rows at once.

A stacked tensor has one more axis in front, of `rows` elements. Every op has one batching rule,
`Op.batch`, which `vectorized_map`, Jacobians and the compiler's `hoist` share:

    y = exp(x)                      ->  exp(xs)
    y = sum(x, axis=(0,))           ->  sum(xs, axis=(1,))
    y = matmul(x, w), w unstacked   ->  reshape(matmul(reshape(xs), w))

Elementwise ops need no rule; an op with a definition and no rule is batched through that; what is
left becomes a scan over that op alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kerasish.errors import GraphError, ShapeError
from kerasish.graph.node import (
    PICK,
    Graph,
    Node,
    inherit,
    interning,
    make_node,
    pick,
    placeholder,
    toposort,
)
from kerasish.graph.op import Op
from kerasish.graph.primitives import broadcast_to, reshape
from kerasish.graph.tensor import Tensor, node_of, tensor_of
from kerasish.graph.trace import current_trace
from kerasish.spec import Dim, Shape, TensorSpec
from kerasish.tree import as_tuple

# The op library puts the op of loops here: an op without a rule goes row by row.
scan_hook: list[Op] = []

Row = tuple[Any, Any]  # a tensor and whether it is stacked; tuples of both for several results


@dataclass(frozen=True)
class Batch:
    """One op to do for all rows: what a batching rule is given, before the inputs.

    A rule `rule(b, *x, **attrs)` returns the op's result for all rows, written in ops. A result
    that is the same for every row may be left without the rows. None means that the rule does
    not know these operands.

    Args:
        op: what is done for one row.
        attrs: how.
        rows: how many rows; None where that is not known yet.
        stacked: for each input, whether it has the rows in front; otherwise it is the same for
            every row. At least one is.
        specs: the results for one row.
    """

    op: Op
    attrs: dict[str, Any]
    rows: Dim
    stacked: tuple[bool, ...]
    specs: tuple[TensorSpec, ...]

    @property
    def shape(self) -> Shape:
        """The shape of the (first) result for one row."""
        return self.specs[0].shape

    def again(self, *x: Any, **changed: Any) -> Any:
        """The same op on other inputs, with some attributes changed."""
        return self.op(*x, **{**self.attrs, **changed})

    def full(self, *x: Any) -> list[Any]:
        """All inputs with the rows in front: those without are broadcast."""
        pairs = zip(x, self.stacked, strict=True)
        return [t if s else spread(t, self.rows) for t, s in pairs]

    def aligned(self, *x: Any, rank: int | None = None) -> list[Any]:
        """The inputs ready to broadcast against results of a rank (that of the result)."""
        rank = len(self.shape) if rank is None else rank
        return [
            reshaped(t, (self.rows, *(1,) * (rank + 1 - t.ndim), *t.shape[1:])) if s else t
            for t, s in zip(x, self.stacked, strict=True)
        ]


def reshaped(x: Tensor, shape: Shape) -> Tensor:
    """x in another shape."""
    return x if x.shape == shape else reshape(x, shape=shape)


def spread(x: Tensor, rows: Dim) -> Tensor:
    """x for every row."""
    return broadcast_to(x, shape=(rows, *x.shape))


def merged(x: Tensor) -> Tensor:
    """x with its rows joined to the axis behind them."""
    rows, first, *rest = x.shape
    return reshaped(x, (merged_size(rows, first), *rest))


def merged_size(rows: Dim, size: Dim) -> Dim:
    """The size of an axis that the rows are joined to."""
    return None if rows is None or size is None else rows * size


def split(x: Tensor, rows: Dim, shape: Shape) -> Tensor:
    """The inverse of `merged`: `shape` for each of the rows."""
    return reshaped(x, (rows, *shape))


def leading(b: Batch, *x: Any, **attrs: Any) -> Any:
    """The rule of an op on the last axes, which takes any axes in front and broadcasts them."""
    if len(x) == 1:
        return b.again(*x)
    return b.again(*b.aligned(*x, rank=max(t.ndim - s for t, s in zip(x, b.stacked, strict=True))))


def in_batch(b: Batch, *x: Any, **attrs: Any) -> Any:
    """The rule of an op that treats the elements of its first axis alike: more of them."""
    changed = {}
    if "input_shape" in attrs:
        first, *rest = attrs["input_shape"]
        changed["input_shape"] = (merged_size(b.rows, first), *rest)
    found = b.again(*map(merged, b.full(*x)), **changed)
    parts = [split(t, b.rows, s.shape) for t, s in zip(as_tuple(found), b.specs, strict=True)]
    return tuple(parts) if isinstance(found, tuple) else parts[0]


# --- one node -------------------------------------------------------------------------------------


def has_rule(op: Op) -> bool:
    """Whether an op is batched as such (its rule may still decline some operands)."""
    return op.elementwise or op.batch is not None


def batched(node: Node, x: Sequence[Any], stacked: Sequence[bool], rows: Dim) -> Any:
    """The result of a node for all rows by its op's rule; None where that knows none."""
    b = Batch(node.op, node.attrs, rows, tuple(stacked), node.specs)
    if node.op.batch is None:
        return b.again(*b.aligned(*x)) if node.op.elementwise else None
    return node.op.calling("batching rule", node.op.batch, b, *x, **node.attrs)


def _by_definition(node: Node, x: Sequence[Any], stacked: Sequence[bool], rows: Dim) -> Any:
    """The result through the op's definition."""
    marks = [placeholder(i.spec) for i in node.inputs]
    with interning():
        found: Any = node.op.definition(*map(tensor_of, marks), **node.attrs)  # type: ignore[misc]
        nodes = [node_of(t) for t in as_tuple(found)]
        pairs = zip(x, stacked, strict=True)
    done = [t for t, _ in lift(nodes, dict(zip(marks, pairs, strict=True)), rows)]
    return tuple(done) if isinstance(found, tuple) else done[0]


def _by_loop(node: Node, x: Sequence[Any], stacked: Sequence[bool], rows: Dim) -> Any:
    """The result row by row: a scan whose body is this op."""
    marks = [placeholder(i.spec) for i in node.inputs]
    inner = make_node(node.op, tuple(marks), node.attrs, node.spec, like=node)
    single = isinstance(node.spec, TensorSpec)
    outputs = [inner] if single else [pick(inner, i) for i in range(len(node.spec))]
    order = sorted(range(len(x)), key=lambda i: not stacked[i])
    if not scan_hook:
        raise GraphError(
            f"Op {node.op.name!r} for many rows",
            expected="the op library, since the op goes row by row",
            fix="import kerasish.ops",
        )
    found = scan_hook[0](
        *(x[i] for i in order),
        body=Graph([marks[i] for i in order], outputs),
        n_carry=0,
        n_xs=sum(stacked),
        n_captured=len(x) - sum(stacked),
        length=rows,
        reverse=False,
    )
    return found[0] if single else found


def _checked(node: Node, result: Any, rows: Dim) -> Row:
    """The result and whether it is stacked, seen by its rank.

    Raises:
        ShapeError: it has neither the spec of one row nor that with the rows in front.
    """
    single, specs = isinstance(node.spec, TensorSpec), node.specs
    results: tuple[Any, ...] = (result,) if single else as_tuple(result)
    right = len(results) == len(specs) and all(isinstance(t, Tensor) for t in results)
    if not right or not all(
        _fits(t.spec, spec, rows) for t, spec in zip(results, specs, strict=True)
    ):
        raise ShapeError(
            f"The batching rule of op {node.op.name!r}",
            expected=f"tensors, {', '.join(map(str, specs))} for each of {rows} rows",
            received=", ".join(str(getattr(t, "spec", type(t).__name__)) for t in results),
        )
    flags = [t.ndim > len(spec.shape) for t, spec in zip(results, specs, strict=True)]
    return (result, flags[0]) if single else (result, tuple(flags))


def _fits(found: TensorSpec, one: TensorSpec, rows: Dim) -> bool:
    """Whether a spec is that of one row, with the rows in front or without."""
    front = (rows,) * (found.ndim > one.ndim)
    pairs = zip(found.shape, (*front, *one.shape), strict=False)
    agree = all(a == b or None in (a, b) for a, b in pairs)
    return agree and found.dtype == one.dtype and found.ndim == one.ndim + len(front)


# --- graphs ---------------------------------------------------------------------------------------


def lift(outputs: Sequence[Node], known: dict[Node, Row], rows: Dim) -> list[Row]:
    """What nodes are for all rows, given what the nodes `known` are: tensors, and if stacked.

    Nodes that depend on no stacked one are left as they are, or computed where their inputs have
    values and no function is traced.
    """
    done: dict[Node, Row] = dict(known)
    for node in toposort(outputs, stop=done):
        if node not in done:
            done[node] = _lifted(node, [done[i] for i in node.inputs], rows)
    return [done[n] for n in outputs]


def _lifted(node: Node, inputs: list[Row], rows: Dim) -> Row:
    if node.op is PICK:
        (whole, flags), index = inputs[0], node.attrs["index"]
        return whole[index], flags[index]
    x, stacked = [t for t, _ in inputs], [s for _, s in inputs]
    with inherit(node):
        if not any(stacked):
            same = all(t.node is i for t, i in zip(x, node.inputs, strict=True))
            waiting = current_trace() is not None or any(t.value is None for t in x)
            kept = node.value is not None or not x or (same and waiting)
            found = tensor_of(node) if kept else node.op(*x, **node.attrs)
            return found, (False,) * len(node.specs) if isinstance(found, tuple) else False
        found = batched(node, x, stacked, rows)
        if found is None:
            way = _by_loop if node.op.definition is None else _by_definition
            found = way(node, x, stacked, rows)
        return _checked(node, found, rows)


def lift_graph(
    graph: Graph, stacked: Sequence[bool], rows: Dim, wanted: Sequence[bool] | None = None
) -> tuple[Graph, list[bool]]:
    """A graph for all rows.

    Args:
        graph: what is done for one row.
        stacked: which of its inputs have the rows in front.
        rows: how many.
        wanted: which outputs must be stacked, whether they differ or not.

    Returns:
        (the graph, which of its outputs are stacked).
    """
    with interning():
        known: dict[Node, Row] = {}
        inputs: list[Node] = []
        for node, s in zip(graph.inputs, stacked, strict=True):
            name = node.attrs["name"]
            spec = TensorSpec((rows, *node.spec.shape), node.spec.dtype)
            inputs.append(placeholder(spec, name) if s else node)
            known[node] = tensor_of(inputs[-1]), s
        found = lift(graph.outputs, known, rows)
        if wanted is not None:
            pairs = zip(found, wanted, strict=True)
            found = [(spread(t, rows), w) if w and not s else (t, s) for (t, s), w in pairs]
        outputs = [node_of(t) for t, _ in found]
    return Graph(inputs, outputs), [s for _, s in found]
