"""How a weighted sum shares its relevance among its inputs: the rules of LRP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kerasish.explain.rules import Way, stabilized
from kerasish.graph.node import Node
from kerasish.graph.primitives import multiply
from kerasish.graph.tensor import Tensor, filled_like
from kerasish.models.inside import fits
from kerasish.ops.basic.elementwise import (
    add,
    divide,
    logical_and,
    maximum,
    minimum,
    not_equal,
    select,
)

Share = Callable[..., Any]


def gamma_rule(gamma: float) -> Share:
    """LRP-gamma: positive weights count 1 + gamma times (Montavon et al., "Layer-wise relevance
    propagation: an overview", 2019, section 10.2.3)."""

    def share(way: Way, m: Any, y: Any, *x: Any) -> Any:
        (at,) = [i for i, on in enumerate(way.active) if on]
        given = [
            v if i == at else add(v, multiply(maximum(v, 0.0), gamma)) for i, v in enumerate(x)
        ]
        total = way.node.op(*given, **way.node.attrs)
        each = divide(multiply(m, y), stabilized(total, 1e-9))
        return [
            part if i == at else None for i, part in enumerate(way.gradient(each, total, *given))
        ]

    return share


def alpha_beta_rule(alpha: float, beta: float) -> Share:
    """LRP-alpha-beta: what adds to a sum and what takes from it shared apart (Bach et al., "On
    pixel-wise explanations", 2015, equation 60). What has one sign alone is shared as it is."""

    def share(way: Way, m: Any, y: Any, *x: Any) -> Any:
        (at,) = [i for i, on in enumerate(way.active) if on]

        def signed(of_x: Any, of_w: Any) -> list[Any]:
            return [of_x(v, 0.0) if i == at else of_w(v, 0.0) for i, v in enumerate(x)]

        def run(given: list[Any]) -> Tensor:
            return way.node.op(*given, **way.node.attrs)

        adding = signed(maximum, maximum), signed(minimum, minimum)
        taking = signed(maximum, minimum), signed(minimum, maximum)
        up, down = (add(*map(run, pair)) for pair in (adding, taking))
        both = logical_and(up > 0, down < 0)

        def part(pair: Any, total: Tensor, share: float) -> Tensor:
            """What each unit of x counts by the products of one sign."""
            some = not_equal(total, 0)
            each = divide(multiply(m, y), select(some, total, filled_like(total, 1)))
            each = multiply(each, select(some, select(both, share, 1.0), 0.0))
            above, below = (way.gradient(each, total, *given)[at] for given in pair)
            return select(x[at] > 0, above, below)

        found = add(part(adding, up, alpha), part(taking, down, -beta))
        return [found if i == at else None for i in range(len(x))]

    return share


def by_layer(rule: str, rules: Mapping[str, str]) -> Callable[[Node], str]:
    """The name of the rule of a node: the first pattern that its layer's path or name fits."""

    def name(node: Node) -> str:
        for pattern, chosen in rules.items():
            if fits(node.scope, pattern):
                return chosen
        return rule

    return name
