"""Fused regions: a node that holds a small graph of elementwise ops over one domain.

A region is the one source from which every renderer (numpy blocks, LLVM, CUDA) makes a kernel.
"""

from __future__ import annotations

from typing import Any

from kerasish.graph import interpret
from kerasish.graph.node import CONSTANT, PLACEHOLDER, Graph, Node, attr_key
from kerasish.graph.op import Op, case, declare
from kerasish.graph.tensor import wrap
from kerasish.graph.trace import eagerly
from kerasish.spec import TensorSpec


def _infer(*specs: TensorSpec, body: Graph) -> Any:
    found = tuple(n.spec for n in body.outputs)
    return found[0] if len(found) == 1 else found


def _kernel(xp: Any, *arrays: Any, body: Graph) -> Any:
    with eagerly():
        values = interpret.run_graph(body, map(wrap, arrays))
    arrays = tuple(t.value for t in values)
    return arrays[0] if len(arrays) == 1 else arrays


FUSED = declare(
    Op("fused", _infer, _kernel, doc="Several elementwise ops in one loop.", cases=(case(),))
)


def own_lowerings(body: Graph, target: str) -> list[str]:
    """The ops of a region whose lowerings are from outside: only its text tells it apart then."""
    held = [(node.op.name, node.op.lowerings.get(target)) for node in body.nodes]
    return [name for name, lowering in held if lowering and lowering.own]


def structure(body: Graph, shapes: bool = True) -> tuple[Any, ...]:
    """A key that two regions share when one kernel can serve both.

    Args:
        shapes: whether it is a kernel for these shapes only.
    """
    index: dict[Node, int] = {}
    rows: list[Any] = []
    for node in (*body.inputs, *(n for n in body.nodes if n.op is not PLACEHOLDER)):
        index[node] = len(index)
        value = node.value.tobytes() if node.op is CONSTANT else None
        attrs = {} if node.op is PLACEHOLDER else node.attrs
        kept = attr_key({k: v for k, v in attrs.items() if shapes or k != "shape"})
        spec = node.spec if shapes else node.spec.dtype
        rows.append((node.op.name, tuple(index[i] for i in node.inputs), kept, spec, value))
    return (tuple(rows), tuple(index[n] for n in body.outputs))
