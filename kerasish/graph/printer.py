"""Graphs as text: one line a node, in the order they would run."""

from __future__ import annotations

from typing import Any

from kerasish.graph.node import CONSTANT, PICK, PLACEHOLDER, VARIABLE, Graph, Node

INFIX = {
    "add": "+", "subtract": "-", "multiply": "*", "divide": "/", "matmul": "@", "power": "**",
    "less": "<", "less_equal": "<=", "greater": ">", "greater_equal": ">=", "equal": "==",
    "not_equal": "!=",
}  # fmt: skip


def names_of(graph: Graph) -> dict[Node, str]:
    """A short name per node: inputs and variables by their own name, the rest t0, t1, ..."""
    names: dict[Node, str] = {}
    count = 0
    for node in graph.nodes:
        if node.op is PLACEHOLDER:
            names[node] = node.attrs["name"] or f"x{len(names)}"
        elif node.op is VARIABLE:
            names[node] = node.attrs["variable"].path
        elif node.op is CONSTANT:
            names[node] = _literal(node)
        elif node.op is PICK:
            names[node] = f"{names[node.inputs[0]]}.{node.attrs['index']}"
        else:
            names[node] = f"t{count}"
            count += 1
    return names


def _literal(node: Node) -> str:
    array = node.value
    if array.size != 1 or array.dtype.kind not in "fiub":
        return "const"
    return f"{array.item():.6g}"


def expression(node: Node, names: dict[Node, str]) -> str:
    """The right-hand side of a node's line."""
    args = [names[i] for i in node.inputs]
    symbol = INFIX.get(node.op.name)
    if symbol:
        return f"{args[0]} {symbol} {args[1]}"
    shown = [f"{k}={_attr(v)}" for k, v in node.attrs.items()]
    return f"{node.op.name}({', '.join(args + shown)})"


def _attr(value: Any) -> str:
    if isinstance(value, Graph):
        ops = [node.op.name for node in value.nodes if node.inputs and node.op is not PICK]
        what = " ".join(ops) if len(ops) <= 4 else f"{len(ops)} ops"
        return f"<graph: {what}>"
    return str(value).replace(" ", "")


def format_graph(graph: Graph, sources: bool = True) -> str:
    """The graph as text: name = expression : spec, with layer and source line at the right."""
    names = names_of(graph)
    lines: list[tuple[str, str]] = []
    for node in graph.nodes:
        if node.op in (CONSTANT, PICK):
            continue
        if node.op is PLACEHOLDER:
            left = f"input {names[node]}"
        elif node.op is VARIABLE:
            left = f"variable {names[node]}"
        else:
            left = f"{names[node]} = {expression(node, names)}"
        kind = ", ".join(map(str, node.specs))
        where = "  ".join(filter(None, (node.scope, _short(node.source)))) if sources else ""
        lines.append((f"{left} : {kind}", where))
    width = min(max((len(left) for left, _ in lines), default=0), 96)
    text = [f"{left:<{width}}  # {where}" if where else left for left, where in lines]
    text += [f"{v.path} <- {names[n]}" for v, n in graph.updates]
    text.append(f"return {', '.join(names[n] for n in graph.outputs)}")
    return "\n".join(text)


def _short(source: str) -> str:
    return source.rsplit("/", 1)[-1]


def _graph_str(self: Graph) -> str:
    return format_graph(self)


Graph.__str__ = _graph_str  # type: ignore[method-assign]
