"""The graph engine: ops, nodes, tensors, variables, tracing, differentiation, printing."""

from kerasish.graph import printer as _printer
from kerasish.graph.autodiff import GradientTape, backward
from kerasish.graph.node import Graph, Node, rewrite, scope, toposort
from kerasish.graph.op import Case, Op, case, op, overridden_gradient, register_gradient
from kerasish.graph.tensor import Tensor, convert_to_tensor, is_tensor
from kerasish.graph.trace import eagerly, trace, tracing
from kerasish.graph.transforms import (
    grad,
    hessian,
    hvp,
    jacfwd,
    jacobian,
    jvp,
    stop_gradient,
    value_and_grad,
    vjp,
)
from kerasish.graph.variable import Variable

format_graph = _printer.format_graph

__all__ = [
    "Case", "GradientTape", "Graph", "Node", "Op", "Tensor", "Variable", "backward", "case",
    "convert_to_tensor", "eagerly", "format_graph", "grad", "hessian", "hvp", "is_tensor", "jacfwd",
    "jacobian", "jvp", "op", "overridden_gradient", "register_gradient", "rewrite", "scope",
    "stop_gradient", "toposort", "trace", "tracing", "value_and_grad", "vjp",
]  # fmt: skip
