"""Ops defined by other ops: infer, kernel and gradient follow from the definition.

An `lstm` or a `layer_norm` stays one node while graphs are built, so that a library can run it
whole; its definition says what it means, how to differentiate it, and what to run without one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from kerasish import registry
from kerasish.errors import GraphError
from kerasish.graph import interpret
from kerasish.graph.autodiff import backward
from kerasish.graph.node import Node, attr_key, interning, placeholder, substitute
from kerasish.graph.op import Case, Op, declare
from kerasish.graph.tensor import Tensor, convert_to_tensor, filled_like, node_of, tensor_of, wrap
from kerasish.graph.trace import eagerly
from kerasish.spec import TensorSpec, is_differentiable
from kerasish.tree import as_tuple

_declaring = threading.Lock()
_inferred: dict[Any, Any] = {}
_INFERRED_LIMIT = 4096


def expand(op: Op, inputs: tuple[Node, ...], attrs: dict[str, Any]) -> tuple[Node, ...]:
    """The nodes of the definition applied to `inputs`, one per output."""
    if op.definition is None:
        raise GraphError(
            f"The op {op.name!r}", expected="an op defined by ops", received="a kernel"
        )
    tensors = [Tensor(n.spec, node=n) for n in inputs]
    result = op.definition(*tensors, **attrs)
    return tuple(node_of(t) for t in as_tuple(result))


def define(
    name: str,
    definition: Callable[..., Any],
    *,
    cases: tuple[Case, ...] = (),
    vjp: Callable[..., Any] | None = None,
    kernel: Callable[..., Any] | None = None,
    **fields: Any,
) -> Op:
    """Declare an op by its definition.

    Args:
        name: its name.
        definition: `definition(*tensors, **attrs)`, one tensor or a tuple of tensors.
        vjp: a gradient of its own; by default the op `name_grad`, defined as the gradient of the
            definition and declared here too.
        kernel: a reference kernel of its own; by default the definition, run op by op.
    """

    def infer(*specs: TensorSpec, **attrs: Any) -> Any:
        key = (name, specs, attr_key(attrs))
        known = _inferred.get(key)
        if known is None:
            with interning():
                nodes = expand(made, tuple(placeholder(s) for s in specs), attrs)
            found = tuple(n.spec for n in nodes)
            known = found[0] if len(found) == 1 else found
            if len(_inferred) > _INFERRED_LIMIT:
                _inferred.clear()
            _inferred[key] = known
        return known

    def run(xp: Any, *arrays: Any, **attrs: Any) -> Any:
        with eagerly():
            result = definition(*map(wrap, arrays), **attrs)
        arrays = tuple(convert_to_tensor(t).value for t in as_tuple(result))
        return arrays if isinstance(result, tuple) else arrays[0]

    made = Op(name, infer, kernel or run, cases=cases, definition=definition, **fields)
    made.vjp = vjp or _derived_gradient(made)
    return declare(made)


def _derived_gradient(op: Op) -> Callable[..., Any]:
    """A vjp that is one node of the op `<name>_grad`, itself defined by differentiation."""

    def vjp(g: Any, y: Any, *x: Tensor, **attrs: Any) -> tuple[Tensor | None, ...]:
        given = as_tuple(g)
        present = tuple(part is not None for part in given)
        seeds = tuple(part for part in given if part is not None)
        wanted = tuple(i for i, t in enumerate(x) if is_differentiable(t.dtype))
        mine = dict(zip(_own_attrs(attrs), (present, wanted), strict=True))
        grads = _gradient_op(op)(*x, *seeds, **mine, **attrs)
        parts = iter(as_tuple(grads))
        return tuple(next(parts) if i in wanted else None for i in range(len(x)))

    return vjp


def _own_attrs(attrs: dict[str, Any]) -> tuple[str, str]:
    """The names under which a gradient op keeps which outputs have a gradient, and for what.

    The attributes of the op it belongs to stay; those of a gradient's gradient get a number.
    """
    order = sum(name.startswith("present") for name in attrs)
    return f"present{order or ''}", f"wanted{order or ''}"


def _gradient_op(op: Op) -> Op:
    name = f"{op.name}_grad"
    with _declaring:
        held = registry.contains("op", name)
        return registry.lookup("op", name) if held else _define_gradient(op, name)


def _define_gradient(op: Op, name: str) -> Op:
    def definition(*tensors: Tensor, **attrs: Any) -> Any:
        order = sum(key.startswith("present") for key in attrs) - 1
        present: tuple[bool, ...] = attrs.pop(f"present{order or ''}")
        wanted: tuple[int, ...] = attrs.pop(f"wanted{order or ''}")
        count = len(tensors) - sum(present)
        x, seeds = tensors[:count], tensors[count:]
        leaves = [placeholder(t.spec) for t in x]
        with interning():
            outputs = expand(op, tuple(leaves), attrs)
            live = [n for n, there in zip(outputs, present, strict=True) if there]
            marks = [placeholder(s.spec) for s in seeds]
            symbols = [Tensor(m.spec, node=m) for m in marks]
            found = backward(live, symbols, [leaves[i] for i in wanted])
            nodes = [
                node_of(found[k] if found[k] is not None else filled_like(tensor_of(leaves[i]), 0))
                for k, i in enumerate(wanted)
            ]
        inner = dict(zip([*leaves, *marks], map(node_of, tensors), strict=True))
        if all(t.value is not None for t in tensors):
            found = interpret.run(nodes, dict(zip([*leaves, *marks], tensors, strict=True)))
        else:
            found = [Tensor(n.spec, node=n) for n in substitute(nodes, inner)]
        return found[0] if len(found) == 1 else tuple(found)

    return define(name, definition)
