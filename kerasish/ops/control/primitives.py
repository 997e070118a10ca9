"""The ops of control flow: scan, switch and while_loop, nodes that hold graphs.

Their kernels run the graphs op by op; the compiler runs them as plans of their own. The gradient
of a scan is another scan, the other way round, over the saved carried values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kerasish.errors import GradientError, ShapeError
from kerasish.graph import interpret
from kerasish.graph.autodiff import backward
from kerasish.graph.batching import scan_hook
from kerasish.graph.node import Graph, Node, interning, placeholder, substitute
from kerasish.graph.op import Op, case, declare
from kerasish.graph.tensor import Tensor, filled, node_of, tensor_of, wrap
from kerasish.graph.trace import eagerly
from kerasish.ops.basic.elementwise import add, less, multiply, select, subtract
from kerasish.ops.declare import ints
from kerasish.spec import TensorSpec, alike, is_differentiable, np_dtype


def run_body(graph: Graph, arrays: Sequence[Any]) -> list[Any]:
    """The arrays a body gives for input arrays."""
    with eagerly():
        return [t.value for t in interpret.run_graph(graph, map(wrap, arrays))]


def zeros_of(spec: TensorSpec) -> Tensor:
    """Zeros of a spec."""
    return filled(0, spec.shape, spec.dtype)


def _alike(a: TensorSpec, b: TensorSpec) -> bool:
    """Whether two specs are one as far as their dimensions are known."""
    return a.dtype == b.dtype and alike(a.shape, b.shape)


def check_values(what: str, before: Sequence[TensorSpec], after: Sequence[TensorSpec]) -> None:
    """Raise ShapeError unless a body returns the values of a loop as it takes them."""
    if len(before) != len(after) or not all(map(_alike, before, after)):
        raise ShapeError(
            what,
            expected="a body that returns loop values as it takes them, "
            f"{', '.join(map(str, before))}",
            received=", ".join(map(str, after)),
            fix="Cast or reshape the initial value to what the body gives.",
        )


# --- scan -----------------------------------------------------------------------------------------


def _scan_infer(
    *specs: TensorSpec, body: Graph, n_carry: int, n_xs: int, length: int | None, **_: Any
) -> tuple[TensorSpec, ...]:
    carries = specs[:n_carry]
    for x in specs[n_carry : n_carry + n_xs]:
        if not x.shape or (x.shape[0] != length and None not in (x.shape[0], length)):
            raise ShapeError(
                "scan", expected=f"xs with {length} elements along the first axis", received=x
            )
    check_values("scan", carries, [n.spec for n in body.outputs[:n_carry]])
    stacked = [n.spec for n in body.outputs[n_carry:]] + list(carries)
    return (*carries, *(TensorSpec((length, *s.shape), s.dtype) for s in stacked))


def _sample(count: int, results: Callable[..., Sequence[Tensor]]) -> Graph:
    """A body on `count` int32 scalars, for sample calls."""
    with interning():
        inputs = [placeholder(TensorSpec((), "int32"), f"x{i}") for i in range(count)]
        return Graph(inputs, [node_of(t) for t in results(*map(tensor_of, inputs))])


def _scan_kernel(
    xp: Any, *arrays: Any, body: Graph, n_carry: int, n_xs: int, **attrs: Any
) -> tuple[Any, ...]:
    """(final carries, stacked results, carries at the start of every step)."""
    length, reverse = attrs["length"], attrs["reverse"]
    carry = list(arrays[:n_carry])
    xs, captured = arrays[n_carry : n_carry + n_xs], arrays[n_carry + n_xs :]
    specs = [n.spec for n in body.outputs[n_carry:]] + [n.spec for n in body.inputs[:n_carry]]
    kept = [xp.empty((length, *s.shape), np_dtype(s.dtype)) for s in specs]
    for step in reversed(range(length)) if reverse else range(length):
        found = run_body(body, [*carry, *(x[step] for x in xs), *captured])
        for room, value in zip(kept, [*found[n_carry:], *carry], strict=True):
            room[step] = value
        carry = found[:n_carry]
    return (*carry, *kept)


def _is_float(node: Node) -> bool:
    return is_differentiable(node.spec.dtype)


class _Step:
    """One step of a scan's gradient: a body that runs against the direction of the scan.

    Its carried values are the gradients of the carries, then the sums of those of the captured
    values; its xs are the saved carries, the xs, and the output gradients that exist.
    """

    def __init__(self, body: Graph, n_carry: int, n_xs: int, g: Sequence[Any]) -> None:
        inputs = body.inputs
        carry, xs = inputs[:n_carry], inputs[n_carry : n_carry + n_xs]
        captured = inputs[n_carry + n_xs :]
        self.carry = [i for i, n in enumerate(carry) if _is_float(n)]
        self.xs = [i for i, n in enumerate(xs) if _is_float(n)]
        self.captured = [i for i, n in enumerate(captured) if _is_float(n)]
        n_ys = len(body.outputs) - n_carry
        given = g[n_carry:]
        self.ys = [i for i in range(n_ys) if given[i] is not None]
        self.history = [i for i in self.carry if given[n_ys + i] is not None]
        with interning():
            fresh = [placeholder(n.spec, "v") for n in inputs]
            outputs = substitute(body.outputs, dict(zip(inputs, fresh, strict=True)))
            g_carry = [placeholder(carry[i].spec, "g") for i in self.carry]
            sums = [placeholder(captured[i].spec, "sum") for i in self.captured]
            g_ys = [placeholder(outputs[n_carry + i].spec, "g") for i in self.ys]
            g_history = [placeholder(carry[i].spec, "g") for i in self.history]
            wrt = [fresh[i] for i in self.carry]
            wrt += [fresh[n_carry + i] for i in self.xs]
            wrt += [fresh[n_carry + n_xs + i] for i in self.captured]
            seeds = [tensor_of(n) for n in (*g_carry, *g_ys)]
            live = [outputs[i] for i in self.carry] + [outputs[n_carry + i] for i in self.ys]
            found: list[Any] = [
                zeros_of(n.spec) if part is None else part
                for n, part in zip(wrt, backward(live, seeds, wrt), strict=True)
            ]
            for i, mark in zip(self.history, g_history, strict=True):
                at = self.carry.index(i)
                found[at] = found[at] + tensor_of(mark)
            first = len(self.carry) + len(self.xs)
            for k, mark in enumerate(sums):
                found[first + k] = found[first + k] + tensor_of(mark)
            new_carry = found[: len(self.carry)] + found[first:]
            results = [node_of(t) for t in (*new_carry, *found[len(self.carry) : first])]
        own = (*g_carry, *sums, *fresh[: n_carry + n_xs], *g_ys, *g_history)
        self.graph = Graph((*own, *fresh[n_carry + n_xs :]), results)


def _scan_vjp(
    g: Any, y: Any, *x: Tensor, body: Graph, n_carry: int, n_xs: int, n_captured: int, **attrs: Any
) -> list[Any]:
    step = _Step(body, n_carry, n_xs, g)
    n_ys = len(body.outputs) - n_carry
    carry, xs, captured = x[:n_carry], x[n_carry : n_carry + n_xs], x[n_carry + n_xs :]
    start = [zeros_of(carry[i].spec) if g[i] is None else g[i] for i in step.carry]
    start += [zeros_of(captured[i].spec) for i in step.captured]
    saved = y[n_carry + n_ys :]
    over = [*saved, *xs, *(g[n_carry + i] for i in step.ys)]
    over += [g[n_carry + n_ys + i] for i in step.history]
    found = scan_op(
        *start,
        *over,
        *captured,
        body=step.graph,
        n_carry=len(start),
        n_xs=len(over),
        n_captured=n_captured,
        length=attrs["length"],
        reverse=not attrs["reverse"],
    )
    grads: list[Any] = [None] * len(x)
    for k, i in enumerate(step.carry):
        grads[i] = found[k]
    for k, i in enumerate(step.captured):
        grads[n_carry + n_xs + i] = found[len(step.carry) + k]
    for k, i in enumerate(step.xs):
        grads[n_carry + i] = found[len(start) + k]
    return grads


_ONE, _MANY = ints((), 5), ints((4,), 5)
_SUM = _sample(3, lambda c, x, w: (add(multiply(c, w), x), subtract(c, x)))
_LAYOUT: dict[str, Any] = {"n_carry": 1, "n_xs": 1, "n_captured": 1, "length": 4}
scan_op = declare(
    Op(
        "scan",
        _scan_infer,
        _scan_kernel,
        vjp=_scan_vjp,
        cases=(
            case(_ONE, _MANY, _ONE, body=_SUM, reverse=False, **_LAYOUT),
            case(_ONE, _MANY, _ONE, body=_SUM, reverse=True, **_LAYOUT),
        ),
        doc="A body run over the leading axis of xs, with values carried from step to step.",
    )
)
scan_hook.append(scan_op)


# --- switch ---------------------------------------------------------------------------------------


def _switch_infer(
    index: TensorSpec, *captured: TensorSpec, branches: tuple[Graph, ...]
) -> tuple[TensorSpec, ...]:
    wanted = tuple(n.spec for n in branches[0].outputs)
    for graph in branches[1:]:
        found = tuple(n.spec for n in graph.outputs)
        if len(found) != len(wanted) or not all(map(_alike, found, wanted)):
            raise ShapeError(
                "cond/switch",
                expected=f"branches that return alike, {', '.join(map(str, wanted))}",
                received=", ".join(map(str, found)),
            )
    return wanted


def _switch_kernel(
    xp: Any, index: Any, *captured: Any, branches: tuple[Graph, ...]
) -> tuple[Any, ...]:
    """What branch number index gives; an index out of range means the nearest branch."""
    chosen = branches[min(max(int(index), 0), len(branches) - 1)]
    # Copies: a branch may hand back one of its inputs.
    return tuple(value.copy() for value in run_body(chosen, captured))


def _switch_vjp(
    g: Any, y: Any, index: Tensor, *captured: Tensor, branches: tuple[Graph, ...]
) -> list[Any]:
    live = [i for i, part in enumerate(g) if part is not None]
    wrt = [i for i, t in enumerate(captured) if is_differentiable(t.dtype)]
    if not wrt:
        return [None] * (1 + len(captured))
    graphs = tuple(_branch_gradient(graph, live, wrt) for graph in branches)
    found = switch_op(index, *captured, *(g[i] for i in live), branches=graphs)
    grads: list[Any] = [None] * len(captured)
    for k, i in enumerate(wrt):
        grads[i] = found[k]
    return [None, *grads]


def _branch_gradient(graph: Graph, live: Sequence[int], wrt: Sequence[int]) -> Graph:
    with interning():
        fresh = [placeholder(n.spec, "v") for n in graph.inputs]
        outputs = substitute(graph.outputs, dict(zip(graph.inputs, fresh, strict=True)))
        seeds = [placeholder(outputs[i].spec, "g") for i in live]
        found = backward(
            [outputs[i] for i in live], [tensor_of(n) for n in seeds], [fresh[i] for i in wrt]
        )
        results = [
            node_of(zeros_of(fresh[i].spec) if part is None else part)
            for i, part in zip(wrt, found, strict=True)
        ]
    return Graph((*fresh, *seeds), results)


_BRANCHES = (_sample(2, lambda a, b: (add(a, b),)), _sample(2, lambda a, b: (subtract(a, b),)))
switch_op = declare(
    Op(
        "switch",
        _switch_infer,
        _switch_kernel,
        vjp=_switch_vjp,
        cases=tuple(case(np.int32(i), _ONE, ints((), 9), branches=_BRANCHES) for i in (0, 1, 9)),
        doc="One of several branches.",
    )
)


# --- while_loop -----------------------------------------------------------------------------------


def _while_infer(
    *specs: TensorSpec, cond: Graph, body: Graph, n_carry: int, **_: Any
) -> tuple[TensorSpec, ...]:
    check_values("while_loop", specs[:n_carry], [n.spec for n in body.outputs])
    if cond.outputs[0].spec.shape != ():
        raise ShapeError(
            "while_loop", expected="a condition of shape ()", received=cond.outputs[0].spec.shape
        )
    return tuple(specs[:n_carry])


def _while_kernel(
    xp: Any, *arrays: Any, cond: Graph, body: Graph, n_carry: int, limit: int | None, **_: Any
) -> tuple[Any, ...]:
    """The loop values when the condition first fails, or after `limit` rounds."""
    values, captured = list(arrays[:n_carry]), arrays[n_carry:]
    rounds = 0
    while (limit is None or rounds < limit) and bool(run_body(cond, [*values, *captured])[0]):
        values = run_body(body, [*values, *captured])
        rounds += 1
    return tuple(values) if rounds else tuple(value.copy() for value in values)


def _while_vjp(
    g: Any, y: Any, *x: Tensor, cond: Graph, body: Graph, limit: int | None, **attrs: Any
) -> list[Any]:
    n_carry = attrs["n_carry"]
    if limit is None:
        raise GradientError(
            "The gradient of while_loop",
            expected="maximum_iterations, since the values of every round must be kept and "
            "their number is not known",
            received="an unbounded loop",
            fix=("Pass maximum_iterations, or use scan or fori_loop with a fixed number of steps."),
        )
    attrs |= {"body": _masked_round(cond, body, n_carry)}
    attrs |= {"n_xs": 0, "length": limit, "reverse": False}
    again = scan_op(*x, **attrs)
    return _scan_vjp((*g, *(None,) * n_carry), again, *x, **attrs)


def _masked_round(cond: Graph, body: Graph, n_carry: int) -> Graph:
    """A round that leaves the values as they are where the condition no longer holds."""
    with interning():
        fresh = [placeholder(n.spec, "v") for n in body.inputs]
        (holds,) = substitute(cond.outputs, dict(zip(cond.inputs, fresh, strict=True)))
        moved = substitute(body.outputs, dict(zip(body.inputs, fresh, strict=True)))
        outputs = [
            node_of(select(tensor_of(holds), tensor_of(new), tensor_of(old)))
            for new, old in zip(moved, fresh[:n_carry], strict=True)
        ]
    return Graph(fresh, outputs)


_BELOW, _STEP = _sample(2, lambda a, b: (less(a, b),)), _sample(2, lambda a, b: (add(a, 7),))
while_op = declare(
    Op(
        "while_loop",
        _while_infer,
        _while_kernel,
        vjp=_while_vjp,
        cases=tuple(
            case(_ONE, np.int32(30), cond=_BELOW, body=_STEP, n_carry=1, n_captured=1, limit=limit)
            for limit in (None, 0, 3)
        ),
        doc="A loop with a condition.",
    )
)
