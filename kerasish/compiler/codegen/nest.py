"""The loop nest of a region: its dimensions, what is computed per element and what per row.

Every dimension of the domain is kept (P), reduced (R) or kept inside the reduced ones (I):
softmax over the last axis is P R, a bias gradient R I, a plain map P alone. Neighbouring
dimensions that all operands walk through in one stride are joined.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from kerasish.compiler.region import own_lowerings, structure
from kerasish.graph import primitives as _p
from kerasish.graph.node import CONSTANT, PLACEHOLDER, Graph, Node
from kerasish.ops.basic import reduction as _r
from kerasish.ops.random.distributions import random_bits
from kerasish.spec import SIGNED, UNSIGNED, TensorSpec, bits, is_float, known

REDUCTIONS = (_p.sum_, _r.max_, _r.min_)
DRAWS = random_bits  # reads its key whole and depends on the position of the element alone
VIEWS = (_p.reshape, _p.broadcast_to, _p.expand_dims)  # of row values: nothing moves


@dataclass(frozen=True)
class Dim:
    """One loop: its length and kind, "P", "R" or "I"."""

    size: int
    kind: str


@dataclass
class Nest:
    """A region arranged as loops.

    Attributes:
        kind: "map" (no reduction), "rows" (reduced axes innermost), "columns" (a kept axis
            innermost), "flat" (everything reduced).
        dims: the joined dimensions, outermost first.
        strides: per operand (input, output or random draw), elements to step along each
            dimension; for a draw, how its position moves.
        element: whether a node has a value per element of the domain, rather than per row.
        stage: how many reductions lie below a node, one behind the other.
    """

    body: Graph
    kind: str
    dims: list[Dim]
    strides: dict[Node, list[int]]
    element: dict[Node, bool]
    stage: dict[Node, int] = field(default_factory=dict)

    @property
    def operands(self) -> list[Node]:
        """The inputs, then the outputs."""
        return [*self.body.inputs, *self.body.outputs]

    @property
    def draws(self) -> list[Node]:
        """The nodes that draw random bits."""
        return [n for n in self.body.nodes if n.op is DRAWS]

    @property
    def reductions(self) -> list[Node]:
        """The nodes that reduce."""
        return [n for n in self.body.nodes if n.op in REDUCTIONS]

    @property
    def is_flat_map(self) -> bool:
        """Whether it is one long loop, whatever its length."""
        return self.kind == "map" and len(self.dims) == 1

    @property
    def stages(self) -> int:
        """How often rows are walked: for every stage of reductions, and for what follows them."""
        last = max([self.stage[n] for n in self.outputs(element=True)], default=-1)
        return max(last + 1, max(self.stage[n] for n in self.reductions))

    def outputs(self, element: bool, stage: int | None = None) -> list[Node]:
        """The outputs with a value per element, or per row; of one stage, or of all."""
        found = [n for n in self.body.outputs if self.element[n] == element]
        return [n for n in found if stage is None or self.stage[n] == stage]

    def key(self, target: str, text: Callable[[], str], *more: Any) -> Any:
        """What tells a kernel from others: a flat map serves any length.

        Args:
            target: of lowerings; those from outside are told apart by their text alone.
            text: writes the kernel.
            more: what else the kernel of a flat map depends on.
        """
        flat, steps = self.is_flat_map, tuple(tuple(self.strides[n]) for n in self.operands)
        own = (text(),) if own_lowerings(self.body, target) else ()
        return (structure(self.body, shapes=not flat), steps, *(more if flat else self.dims), *own)

    def of(self, kind: str) -> list[int]:
        """Positions of the dimensions of a kind."""
        return [i for i, d in enumerate(self.dims) if d.kind == kind]

    def count(self, kind: str) -> int:
        """Iterations of all loops of a kind."""
        return math.prod(d.size for d in self.dims if d.kind == kind)


def domain_of(body: Graph) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """(the shape all elements live on, the reduced axes) of a region's body."""
    for node in body.nodes:
        if node.op in REDUCTIONS:
            return known(node.inputs[0].spec.shape), node.attrs["axis"]
    return known(body.outputs[0].spec.shape), ()


def kind_of(domain: tuple[int, ...], axes: tuple[int, ...], limit: int = 4096) -> str | None:
    """The kind of nest for reductions over `axes`, or None where there is none for them."""
    rank = len(domain)
    if not axes:
        return "map"
    if math.prod(domain[a] for a in range(rank) if a not in axes) == 1:
        return "rows" if math.prod(domain) <= limit else "flat"
    if axes == tuple(range(rank - len(axes), rank)):
        return "rows"
    return "columns" if axes == tuple(range(axes[0], axes[0] + len(axes))) else None


def row_shapes(domain: tuple[int, ...], axes: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    """The two shapes a value per row may have: with and without the reduced axes."""
    kept = tuple(1 if i in axes else d for i, d in enumerate(domain))
    return kept, tuple(d for i, d in enumerate(domain) if i not in axes)


def arrange(body: Graph, input_strides: Sequence[tuple[int, ...]]) -> Nest:
    """The nest of a region whose inputs are walked with these strides (in elements)."""
    domain, axes = domain_of(body)
    kind = kind_of(domain, axes)
    if kind is None:
        raise AssertionError(f"no loop nest for axes {axes} of {domain}")
    element, stage = _levels(body, domain, axes)
    strides = _operand_strides(body, domain, axes, element, input_strides)
    dims = [Dim(d, "R" if i in axes else "P") for i, d in enumerate(domain)]
    if kind == "columns":
        last = max(axes)
        dims = [Dim(d.size, "I" if i > last else d.kind) for i, d in enumerate(dims)]
    dims, strides = _join(dims, strides)
    if kind == "columns":  # of the inner loops that could not be joined, one is walked in vectors
        inner = max(i for i, d in enumerate(dims) if d.kind == "I")
        dims = [Dim(d.size, "P") if d.kind == "I" and i != inner else d for i, d in enumerate(dims)]
    return Nest(body, kind, dims, strides, element, stage)


def _levels(
    body: Graph, domain: tuple[int, ...], axes: tuple[int, ...]
) -> tuple[dict[Node, bool], dict[Node, int]]:
    """`element` and `stage` of a nest."""
    element: dict[Node, bool] = {}
    stage: dict[Node, int] = {}
    for node in body.nodes:
        if node.op is PLACEHOLDER or node.op is CONSTANT:
            continue
        reduced = node.op in REDUCTIONS
        element[node] = not reduced and (not axes or node.spec.shape == domain)
        stage[node] = max([stage.get(i, 0) for i in node.inputs], default=0) + reduced
    return element, stage


def _operand_strides(
    body: Graph,
    domain: tuple[int, ...],
    axes: tuple[int, ...],
    element: dict[Node, bool],
    input_strides: Sequence[tuple[int, ...]],
) -> dict[Node, list[int]]:
    users: dict[Node, Node] = {}
    for node in body.nodes:
        for source in node.inputs:
            # An element-level user decides how an operand lies; rows see a part of that.
            if source not in users or element.get(node, False):
                users[source] = node
    found: dict[Node, list[int]] = {}
    for node in body.nodes:
        if node.op is DRAWS:
            found[node] = _align(domain, contiguous(domain), domain, ())
    for node, steps in zip(body.inputs, input_strides, strict=True):
        user = users.get(node)
        if user is not None and user.op is DRAWS:
            found[node] = [0] * len(domain)
            continue
        squeezed = (
            user is not None
            and bool(axes)
            and user.op not in REDUCTIONS
            and not element[user]
            and len(user.spec.shape) != len(domain)
        )
        found[node] = _align(known(node.spec.shape), steps, domain, axes if squeezed else ())
    for node in body.outputs:
        shape = known(node.spec.shape)
        squeezed = not element[node] and len(shape) != len(domain)
        found[node] = _align(shape, contiguous(shape), domain, axes if squeezed else ())
    return found


def contiguous(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Strides, in elements, of a C-contiguous array."""
    steps, total = [], 1
    for size in reversed(shape):
        steps.append(total)
        total *= size
    return tuple(reversed(steps))


def _align(
    shape: tuple[int, ...], steps: Sequence[int], domain: tuple[int, ...], missing: tuple[int, ...]
) -> list[int]:
    """Strides over the domain: 0 along broadcast and along missing axes."""
    places = [i for i in range(len(domain)) if i not in missing]
    aligned = [0] * len(domain)
    for place, size, step in zip(places[len(places) - len(shape) :], shape, steps, strict=True):
        aligned[place] = step if size != 1 else 0
    return aligned


def _join(
    dims: list[Dim], strides: dict[Node, list[int]]
) -> tuple[list[Dim], dict[Node, list[int]]]:
    keep: list[int] = [i for i, d in enumerate(dims) if d.size != 1]
    for kind in dict.fromkeys(d.kind for d in dims):  # every kind keeps at least one loop
        if not any(dims[i].kind == kind for i in keep):
            keep.append(next(i for i, d in enumerate(dims) if d.kind == kind))
    keep.sort()
    out: list[Dim] = []
    steps: dict[Node, list[int]] = {n: [] for n in strides}
    for i in keep:
        joinable = bool(out) and out[-1].kind == dims[i].kind
        if joinable and all(s[-1] == strides[n][i] * dims[i].size for n, s in steps.items()):
            out[-1] = Dim(out[-1].size * dims[i].size, dims[i].kind)
            for n, s in steps.items():
                s[-1] = strides[n][i]
        else:
            out.append(dims[i])
            for n, s in steps.items():
                s.append(strides[n][i])
    if not out:
        return [Dim(1, "P")], {n: [0] for n in strides}
    return out, steps


def element_strides(array: Any) -> tuple[int, ...]:
    """The strides of an array, counted in elements."""
    if array.flags.c_contiguous:
        return contiguous(array.shape)
    return tuple(s // array.itemsize for s in array.strides)


def inplace_pairs(body: Graph) -> list[tuple[int, int]]:
    """The (output, input) pairs that may share memory.

    Every iteration loads before it stores, so only what a later stage reads again is in danger.
    """
    element, stage = _levels(body, *domain_of(body))
    last = max((stage[n] for n in element if element[n]), default=0)
    by_element = {i for n in element if element[n] or n.op in REDUCTIONS for i in n.inputs}
    keys = {n.inputs[0] for n in element if n.op is DRAWS}

    def safe(out: Node, source: Node) -> bool:
        if out.spec != source.spec or source in keys:
            return False
        if element[out]:
            return stage[out] == last
        return source not in by_element  # rows are stored when all that reads them has run

    return [
        (k, i)
        for k, out in enumerate(body.outputs)
        for i, source in enumerate(body.inputs)
        if safe(out, source)
    ]


def identity(node: Node) -> float | int:
    """What changes nothing in a reduction: 0 in a sum, the smallest number in a maximum."""
    if node.op is _p.sum_:
        return 0
    low, dtype = node.op is _r.max_, node.spec.dtype
    if is_float(dtype):
        return -math.inf if low else math.inf
    size = bits(dtype)
    if dtype in UNSIGNED:
        return 0 if low else 2**size - 1
    return -(2 ** (size - 1)) if low else 2 ** (size - 1) - 1


def writable(
    node: Node, target: str, dtypes: Collection[str], registers: Callable[[str], str] = str
) -> bool:
    """Whether a renderer can write a node: an elementwise one, a reduction or a draw.

    Args:
        target: of its lowering.
        dtypes: those it can compute with.
        registers: in which of them values of a dtype are computed.
    """
    if node.op is DRAWS:
        return True
    if node.op in REDUCTIONS:
        return registers(node.inputs[0].spec.dtype) in {*dtypes} - {"bool"}
    held = node.op.lowerings.get(target) if node.op.elementwise else None
    if held is None or not isinstance(node.spec, TensorSpec):
        return False
    given = [registers(i.spec.dtype) for i in node.inputs]
    if registers(node.spec.dtype) not in dtypes or any(
        d not in (held.dtypes or dtypes) for d in given
    ):
        return False
    # Out of range, LLVM and C leave float -> int undefined where numpy gives some value; only
    # widths that hold every float that casts are written occur with are taken.
    whole = node.spec.dtype in (*SIGNED, *UNSIGNED)
    narrow = node.op is _p.cast_ and is_float(given[0]) and whole
    return not (narrow and bits(node.spec.dtype) < 32)
