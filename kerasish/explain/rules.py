"""How relevance goes through ops: one rule per kind of op, and which op is of which kind.

Everything here moves multipliers: m is what each unit of a value counts. Of LRP the relevance of x
is m * x; of DeepLIFT the contribution of x is m * (x - x0), with x0 the reference. A rule keeps
the sum: m * (y - y0) = sum over inputs of m_i * (x_i - x0_i). LRP-0 is the case x0 = 0, y0 = 0
(Ancona et al., "Towards better understanding of gradient-based attribution methods", 2018), in
which constants that are added, such as biases, keep the share that the sum then lacks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kerasish.errors import ArgumentError, GradientError
from kerasish.explain.flat import POINTWISE
from kerasish.graph.node import PICK, Node
from kerasish.graph.op import get
from kerasish.graph.primitives import add, multiply
from kerasish.graph.tensor import Tensor, filled_like, tensor_of
from kerasish.ops.basic.elementwise import absolute, cast_like, divide, equal, select, subtract
from kerasish.tree import as_tuple

# What is multiplied with these outputs takes all relevance, and they none. Gates: Arras et al.,
# "Explaining recurrent neural network predictions in sentiment analysis" (2017), section 2.2.
# Attention weights and what normalises: Ali et al., "XAI for Transformers" (2022), section 3.
GATES = frozenset({"sigmoid", "softmax", "rsqrt", "reciprocal"})
_LAYOUT = frozenset({"reshape", "transpose", "broadcast_to", "expand_dims", "slice", "cast"})
_NEAR = 1e-6  # relative difference below which a slope is the derivative


def stabilized(x: Tensor, epsilon: float) -> Tensor:
    """x moved away from zero by `epsilon`."""
    return add(x, select(x >= 0, epsilon, -epsilon))


@dataclass(frozen=True)
class Way:
    """The node that relevance goes through, as a rule sees it.

    Attributes:
        node: the node.
        method: "lrp" or "deeplift".
        active: which inputs it comes from, an entry per input.
        references: of DeepLIFT, what stands for each node in the graph of the reference.
        share: of LRP, the rule of sums of weighted inputs: `share(way, m, y, *x)`; None: LRP-0.
    """

    node: Node
    method: str
    active: tuple[bool, ...]
    references: Mapping[Node, Node] = field(default_factory=dict[Node, Node])
    share: Callable[..., Any] | None = None

    def reference(self, index: int | None = None) -> Any:
        """The reference of an input, by its number, or of the output: zeros for LRP."""
        node = self.node if index is None else self.node.inputs[index]
        if self.method == "deeplift":
            return tensor_of(self.references.get(node, node))
        zeros = [filled_like(t, 0) for t in as_tuple(tensor_of(node))]
        return zeros[0] if len(zeros) == 1 else tuple(zeros)

    def gradient(self, m: Any, y: Any, *x: Any) -> list[Any]:
        """The op's own gradient of each input at these values."""
        op = self.node.op
        if op.vjp is None:
            raise ArgumentError(f"op {op.name!r}", expected="a gradient", received="none")
        found = op.calling("vjp", op.vjp, m, y, *x, **self.node.attrs)
        return list(found) if isinstance(found, (list, tuple)) else [found]

    def gate(self, index: int) -> bool:
        """Whether an input is what opens and closes the others."""
        node = self.node.inputs[index]
        while node.op.name in _LAYOUT:
            node = node.inputs[0]
        node = node.inputs[0] if node.op is PICK else node
        return self.method == "lrp" and node.op.name in GATES


def slope(way: Way, m: Any, y: Tensor, x: Sequence[Tensor], at: int) -> Tensor:
    """(y - y0) / (x - x0) for each element, the derivative where x is hardly anything but x0."""
    rise, run = subtract(y, way.reference()), subtract(x[at], way.reference(at))
    near = absolute(run) <= _NEAR * (absolute(x[at]) + absolute(way.reference(at)))
    derivative = way.gradient(filled_like(y, 1), y, *x)[at]
    return multiply(
        m, select(near, derivative, divide(rise, select(near, filled_like(run, 1), run)))
    )


def no_rule(node: Node, method: str, what: str = "a rule") -> GradientError:
    """The error of an op that says nothing about a method."""
    return GradientError(
        f"{method} through op {node.op.name!r}",
        expected=f"{what} for {method}",
        received="an op without",
        fix=f"Declare one above a function rule(way, m, y, *x, **attrs): "
        f"@ops.get({node.op.name!r}).explaining({method!r}).",
        node=node,
    )


# --- kinds ------------------------------------------------------------------------------------


def linear(way: Way, m: Any, y: Any, *x: Any, **attrs: Any) -> Any:
    """What sums, moves and scales its inputs: the gradient, whatever the reference."""
    return way.gradient(m, y, *x)


def pointwise(way: Way, m: Any, y: Any, *x: Any, **attrs: Any) -> Any:
    """A function of each element: the rescale rule (Shrikumar et al., "Learning important features
    through propagating activation differences", 2017, section 3.5.1), and LRP's identity."""
    live = [i for i, on in enumerate(way.active) if on]
    if len(live) != 1:
        raise no_rule(way.node, way.method, "one that takes both inputs")
    at = live[0]
    return [slope(way, m, y, x, at) if i == at else None for i in range(len(x))]


def product(way: Way, m: Any, y: Any, *x: Any, **attrs: Any) -> Any:
    """What is linear in each input: with the means of the others between value and reference."""
    live = [i for i, on in enumerate(way.active) if on]
    open_ = [i for i in live if not way.gate(i)] or live
    if len(open_) == 1:
        if way.share is not None and len(live) == 1:
            return way.share(way, m, y, *x)
        return [part if i in open_ else None for i, part in enumerate(way.gradient(m, y, *x))]
    means = [multiply(add(v, way.reference(i)), 0.5) if i in open_ else v for i, v in enumerate(x)]
    return [
        way.gradient(m, y, *(v if j == i else means[j] for j, v in enumerate(x)))[i]
        if i in open_
        else None
        for i in range(len(x))
    ]


def quotient(way: Way, m: Any, y: Any, a: Any, b: Any, **attrs: Any) -> Any:
    """a / b as a times 1 / b; LRP takes what divides for a constant."""
    if not way.active[1] or (way.method == "lrp" and way.active[0]):
        return [way.gradient(m, y, a, b)[0], None]
    if not way.active[0]:
        return [None, slope(way, m, y, (a, b), 1)]
    a0, b0 = way.reference(0), way.reference(1)
    over, over0 = divide(1.0, b), divide(1.0, b0)
    # 1/b - 1/b0 = -(b - b0) / (b * b0)
    towards = multiply(multiply(add(a, a0), -0.5), multiply(over, over0))
    return [multiply(m, multiply(add(over, over0), 0.5)), multiply(m, towards)]


def larger(way: Way, m: Any, y: Any, a: Any, b: Any, **attrs: Any) -> Any:
    """maximum(a, b) and minimum(a, b), as b and what the step from b to a moves of it."""
    if sum(way.active) == 1:
        return pointwise(way, m, y, a, b)
    rise = subtract(subtract(y, b), subtract(way.reference(), way.reference(1)))
    run = subtract(subtract(a, b), subtract(way.reference(0), way.reference(1)))
    still = equal(run, 0)
    first, second = way.gradient(filled_like(y, 1), y, a, b)
    part = select(still, first, divide(rise, select(still, filled_like(run, 1), run)))
    return [multiply(m, part), multiply(m, select(still, second, subtract(1.0, part)))]


def largest(way: Way, m: Any, y: Any, *x: Any, **attrs: Any) -> Any:
    """The largest of some elements: that one takes all (LRP). Between value and reference, what was
    largest in each takes what it adds (Lundberg and Lee's DeepLIFT rule for max pooling, 2017)."""
    if way.method == "lrp":
        return way.gradient(m, y, *x)
    several = isinstance(y, tuple)
    top, top0 = (y[0], way.reference()[0]) if several else (y, way.reference())
    weight = m[0] if several else m
    high = get("maximum")(top, top0)

    def routed(g: Any, y: Any, x: Any) -> Any:
        return way.gradient((g, None) if several else g, y, x)[0]

    moved = add(
        routed(multiply(weight, subtract(high, top0)), y, x[0]),
        routed(multiply(weight, subtract(top, high)), way.reference(), way.reference(0)),
    )
    run = subtract(x[0], way.reference(0))
    still = equal(run, 0)
    return [select(still, filled_like(moved, 0), divide(moved, select(still, 1.0, run)))]


def chosen(way: Way, m: Any, y: Any, which: Any, a: Any, b: Any, **attrs: Any) -> Any:
    """select: where value and reference choose alike, the chosen one; else each by half."""
    if way.method == "lrp":
        return way.gradient(m, y, which, a, b)
    now, then = cast_like(which, m), cast_like(way.reference(0), m)
    part = multiply(add(now, then), 0.5)
    return [None, multiply(m, part), multiply(m, subtract(1.0, part))]


def stop(way: Way, m: Any, y: Any, *x: Any, **attrs: Any) -> Any:
    """What passes nothing on."""
    return [None] * len(x)


# --- which op is of which kind ----------------------------------------------------------------

_KINDS: dict[Callable[..., Any], str] = {
    linear: "add subtract negative sum reshape transpose broadcast_to expand_dims slice unslice "
    "concatenate barrier gather take_along_axis dynamic_slice dynamic_update scatter_add "
    "scatter_set add_along_axis avg_pool cumsum cast real imag max_pool_gather",
    product: "multiply matmul conv conv_input_grad",
    pointwise: "relu gelu silu softplus absolute arccos arccosh arcsin arcsinh arctan arctanh cbrt "
    "cos cosh erf erfc exp exp2 expm1 log log10 log1p log2 power reciprocal rsqrt sigmoid sin sinh "
    "sqrt square tan tanh",
    quotient: "divide",
    larger: "maximum minimum",
    largest: "max min max_pool",
    chosen: "select",
}


def _enter() -> None:
    for rule, names in _KINDS.items():
        for name in names.split():
            get(name).explaining()(rule)
    get("softmax").explaining("lrp")(stop)
    POINTWISE.explaining()(_joined)


def _joined(way: Way, m: Any, y: Any, *x: Any, **attrs: Any) -> Any:
    return [slope(way, m, y, x, 0), *(None for _ in x[1:])]


_enter()
