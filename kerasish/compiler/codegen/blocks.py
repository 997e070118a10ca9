"""The numpy renderer: a region as ufunc calls over blocks that stay in the cache.

Always available, and the reference that the other renderers are held to. A block of every
intermediate fits the L2 cache, so a chain of ten ufuncs reads and writes main memory once.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kerasish.compiler.providers import in_order, provider, watched
from kerasish.graph import primitives as _p
from kerasish.graph.node import CONSTANT, PLACEHOLDER, Graph, Node
from kerasish.ops.basic import elementwise as _e
from kerasish.spec import cut, known, np_dtype

NAME: str = "blocks"
BACKEND: str = "numpy"
BLOCK = 16384  # elements: 64 KB of float32, several of which fit a core's L2 cache
BoundKernel = Callable[[], Any]


def inplace_pairs(body: Graph) -> list[tuple[int, int]]:
    """The (output, input) pairs that may share memory: the input is read for the last time no
    later than the output is written, element for element."""
    order = [n for n in body.nodes if n.op not in (PLACEHOLDER, CONSTANT)]
    number = {node: i for i, node in enumerate(order)}
    last = {source: number[n] for n in order for source in n.inputs if source.op is PLACEHOLDER}
    pairs = []
    for k, out in enumerate(body.outputs):
        for i, source in enumerate(body.inputs):
            before = number[out] - out.op.own  # no `out` of a user's kernel is an input's memory
            if source.spec == out.spec and last.get(source, -1) <= before:
                pairs.append((k, i))
    return pairs


def supported(node: Node) -> bool:
    """Whether an op can stand in a region: every elementwise one."""
    return node.op.elementwise


def alone(node: Node) -> bool:
    """Whether an op takes several passes, which are better made block by block."""
    return not node.op.out


@dataclass(eq=False)
class Uncompiled:
    """A region and the arrays it runs on."""

    body: Graph
    inputs: Sequence[np.ndarray]
    outputs: Sequence[np.ndarray]

    def source(self) -> str:
        """The calls of numpy for a block, which is as large as the cache likes it."""
        return str(self.body)

    def bind(self) -> BoundKernel:
        """The zero-argument step."""
        return render(self.body, self.inputs, self.outputs)


def compile_all(pending: Sequence[Uncompiled]) -> None:
    """Nothing is compiled ahead: ufuncs are."""


def render(body: Graph, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> BoundKernel:
    """Bind a region to arrays: returns a function that runs it once."""
    domain = known(body.outputs[0].spec.shape)
    order = [n for n in body.nodes if n.op not in (PLACEHOLDER, CONSTANT)]
    calls: list[BoundKernel] = []
    scratch: dict[tuple[str, int], np.ndarray] = {}
    for index in cut(domain, BLOCK):
        held: dict[Node, Any] = {n: n.value for n in body.nodes if n.op is CONSTANT}
        for node, array in zip(body.inputs, inputs, strict=True):
            held[node] = _part(array, index, len(domain))
        results = {
            n: _part(a, index, len(domain)) for n, a in zip(body.outputs, outputs, strict=True)
        }
        calls += _block(order, held, results, scratch, domain, index)
    return in_order(*calls)


def _part(array: np.ndarray, index: tuple[slice, ...], rank: int) -> np.ndarray:
    """The block of an array that broadcasts against the domain."""
    lead = rank - array.ndim
    picked = tuple(
        slice(None) if size == 1 else part
        for size, part in zip(array.shape, index[lead:], strict=True)
    )
    return array[..., *picked]  # the dots keep an array of rank 0 an array


def _block(
    order: Sequence[Node],
    held: dict[Node, Any],
    results: dict[Node, np.ndarray],
    scratch: dict[tuple[str, int], np.ndarray],
    domain: tuple[int, ...],
    index: tuple[slice, ...],
) -> list[BoundKernel]:
    """The calls of one block; temporaries come from a pool and go back after their last use.

    All blocks use the same `scratch`, one after the other, so it stays in the cache.
    """
    shape = tuple(len(range(*s.indices(d))) for s, d in zip(index, domain, strict=True))
    count = math.prod(shape)
    remaining = Counter(source for node in order for source in node.inputs)
    pool: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
    numbers = itertools.count()
    home: dict[Node, tuple[str, int]] = {}
    calls: list[BoundKernel] = []
    for node in order:
        arguments = [held[i] for i in node.inputs]
        spare = [] if node.op.own else pool[node.spec.dtype]  # where inputs may have lain
        for source in node.inputs:
            remaining[source] -= 1
            if remaining[source] == 0 and source in home:
                pool[source.spec.dtype].append(home.pop(source))
        if node in results:
            target = results[node]
        else:
            key = home[node] = spare.pop() if spare else (node.spec.dtype, next(numbers))
            if key not in scratch or scratch[key].size < count:
                scratch[key] = np.empty(max(count, BLOCK), np_dtype(key[0]))
            target = scratch[key][:count].reshape(shape)
        held[node] = target
        calls.append(_call(node, arguments, target))
    return calls


def _call(node: Node, arguments: list[Any], out: np.ndarray) -> BoundKernel:
    if node.op is _p.cast_:
        return functools.partial(np.copyto, out, arguments[0], "unsafe")
    if node.op is _e.select and out.itemsize <= 8:
        condition, a, b = arguments
        return _select(condition, a, b, out, node.inputs[2].op is CONSTANT)
    return watched(node, np, arguments, [out])


def _select(condition: Any, a: Any, b: Any, out: np.ndarray, fixed: bool) -> BoundKernel:
    """(a ^ b) * condition ^ b on the bits: no branch for the processor to guess wrong.

    Args:
        fixed: b is a constant.
    """
    a, b, out = (x.view(f"i{out.itemsize}") for x in (a, b, out))
    if fixed and not b.any():
        return lambda: np.multiply(a, condition, out=out)

    return lambda: np.bitwise_xor(np.bitwise_xor(a, b) * condition, b, out=out)


provider(NAME, lambda: None, "elementwise chains as ufuncs over blocks that stay in the cache")
