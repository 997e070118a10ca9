"""Algebra and bookkeeping that can be decided by looking at a node and its inputs.

transpose(transpose(x * 1 + 0))  ->  x          (one rule at a time, each with its own picture)
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from kerasish.backend.base import Backend
from kerasish.compiler.codegen.nest import kind_of
from kerasish.graph import primitives as _p
from kerasish.graph.node import CONSTANT, LEAVES, PICK, Graph, Node, constant, make_node, rewrite
from kerasish.graph.op import Op
from kerasish.graph.watching import watch
from kerasish.ops.basic import elementwise as _e
from kerasish.ops.basic import indexing as _i
from kerasish.ops.basic import reduction as _r
from kerasish.spec import TensorSpec, accumulator, bits, broadcast, is_float, known, np_dtype

Inputs = tuple[Node, ...]
Rule = Callable[[Node, Inputs], Node | None]
RULES: dict[Op, list[Rule]] = {}
LIMIT = 1 << 16  # bytes; a larger constant costs more memory than computing it costs time
TERMS = 64  # of a sum that are looked at together
LONG = 32  # innermost numbers that are worth a loop of their own over them


def rule(*ops: Op) -> Callable[[Rule], Rule]:
    """Decorator: try a function on nodes of these ops."""

    def decorate(func: Rule) -> Rule:
        for op in ops:
            RULES.setdefault(op, []).append(func)
        return func

    return decorate


_scalars: WeakKeyDictionary[Node, Any] = WeakKeyDictionary()


def scalar(node: Node) -> Any:
    """The value of a one-element constant, else None."""
    if node.op is not CONSTANT or node.value.size != 1:
        return None
    if node not in _scalars:  # reading from a device waits for it
        _scalars[node] = node.value.item()
    return _scalars[node]


def _make(like: Node, op: Op, inputs: Inputs, **attrs: Any) -> Node:
    return make_node(op, inputs, attrs, like=like)


@rule(_p.multiply, _p.add)
def neutral(node: Node, inputs: Inputs) -> Node | None:
    """x * 1 -> x, x + 0 -> x"""
    for constant_, x in (inputs, inputs[::-1]):
        if scalar(constant_) == (1 if node.op is _p.multiply else 0) and x.spec == node.spec:
            return x
    return None


@rule(_p.add)
def plus_negative(node: Node, inputs: Inputs) -> Node | None:
    """x + (-y) -> x - y"""
    for x, y in (inputs, inputs[::-1]):
        if y.op is _e.negative:
            return _make(node, _e.subtract, (x, y.inputs[0]))
    return None


@rule(_e.subtract, _e.divide, _e.power)
def right_neutral(node: Node, inputs: Inputs) -> Node | None:
    """x - 0 -> x, x / 1 -> x, x ** 1 -> x, x ** 2 -> x * x"""
    x, c = inputs
    value = scalar(c)
    if value is None or x.spec != node.spec:
        return None
    if value == (0 if node.op is _e.subtract else 1):
        return x
    if node.op is _e.power and value == 2:
        return _make(node, _p.multiply, (x, x))
    return None


@rule(_e.divide)
def by_power_of_two(node: Node, inputs: Inputs) -> Node | None:
    """x / 8 -> x * 0.125 (exact for powers of two)"""
    value = scalar(inputs[1])
    if not isinstance(value, float) or value == 0 or not np.isfinite(value):
        return None
    with np.errstate(over="ignore"):
        finite = np.isfinite(np_dtype(inputs[1].dtype).type(1.0 / value))
    if abs(np.frexp(value)[0]) != 0.5 or not finite:
        return None
    inverse = inputs[1].value.copy()
    inverse[...] = 1.0 / value
    return _make(node, _p.multiply, (inputs[0], constant(inverse, inputs[1].spec)))


@rule(_e.negative, _e.logical_not)
def twice(node: Node, inputs: Inputs) -> Node | None:
    """-(-x) -> x, not not x -> x for booleans"""
    again = inputs[0].op is node.op and inputs[0].inputs[0].spec == node.spec
    return inputs[0].inputs[0] if again else None


@rule(_p.cast_, _p.reshape, _p.transpose, _p.broadcast_to, _p.expand_dims)
def nothing_changes(node: Node, inputs: Inputs) -> Node | None:
    """reshape(x, x.shape) -> x, transpose(x, (0, 1, 2)) -> x, cast(x, x.dtype) -> x"""
    if node.op is _p.transpose and list(node.attrs["axes"]) != sorted(node.attrs["axes"]):
        return None
    return inputs[0] if inputs[0].spec == node.spec else None


@rule(_p.stop_gradient)
def gone(node: Node, inputs: Inputs) -> Node | None:
    """stop_gradient(x) -> x, once gradients are taken"""
    return inputs[0]


@rule(_p.reshape, _p.expand_dims)
def reshape_twice(node: Node, inputs: Inputs) -> Node | None:
    """reshape(reshape(x)) -> reshape(x); expand_dims(x) -> reshape(x)"""
    x = inputs[0]
    while x.op in (_p.reshape, _p.expand_dims):
        x = x.inputs[0]
    if x is inputs[0] and node.op is _p.reshape:
        return None
    return x if x.spec == node.spec else _make(node, _p.reshape, (x,), shape=node.spec.shape)


@rule(_p.transpose)
def transpose_twice(node: Node, inputs: Inputs) -> Node | None:
    """transpose(transpose(x, p), q) -> transpose(x, p[q])"""
    x = inputs[0]
    if x.op is not _p.transpose:
        return None
    axes = tuple(x.attrs["axes"][a] for a in node.attrs["axes"])
    if list(axes) == sorted(axes):
        return x.inputs[0]
    return _make(node, _p.transpose, (x.inputs[0],), axes=axes)


@rule(_p.slice_)
def slice_twice(node: Node, inputs: Inputs) -> Node | None:
    """x[a][b] -> x[c], x[::-1][::-1] -> x"""
    x = inputs[0]
    whole = tuple((0, d, 1) for d in x.spec.shape)
    parts = tuple(p or w for p, w in zip(node.attrs["parts"], whole, strict=True))
    if parts == whole:
        return x
    if x.op is not _p.slice_:
        return None
    pairs = zip(x.attrs["parts"], parts, strict=True)
    joined = tuple(b if a is None else (a[0] + b[0] * a[2], b[1], a[2] * b[2]) for a, b in pairs)
    return _make(node, _p.slice_, (x.inputs[0],), parts=joined)


@rule(_p.add)
def side_by_side(node: Node, inputs: Inputs) -> Node | None:
    """The gradient of x[:2] + that of x[2:] -> both in one array, without zeros to add"""
    if not all(terms := [_padded(x) for x in inputs]):
        return None
    first, *others = sorted(
        (t for found in terms for t in found),
        key=lambda t: [span or (0,) for span in t.attrs["parts"]],
    )
    left = [first]
    for term in others:
        joined = _joined(node, left[-1], term)
        left[-1:] = [left[-1], term] if joined is None else [joined]
    if len(left) > len(others):
        return None
    total = left[0]
    for term in left[1:]:
        total = make_node(node.op, (total, term), {}, node.spec, like=node)
    return total


def _padded(x: Node) -> list[Node]:
    """The arrays among zeros that a node is the sum of; none where there is something else."""
    if x.op is _p.unslice:
        place = _p.slice_.infer(x.spec, parts=x.attrs["parts"])
        # What is put there may be smaller, and repeated.
        return [x] if place == x.inputs[0].spec and not x.attrs.get("value", 0.0) else []
    if x.op is not _p.add:
        return []
    a, b = map(_padded, x.inputs)
    return a + b if a and b and len(a) + len(b) < TERMS else []


def _joined(node: Node, a: Node, b: Node) -> Node | None:
    """Two such arrays as one, where b begins right behind a."""
    first, second = a.attrs["parts"], b.attrs["parts"]
    apart = [i for i, (p, q) in enumerate(zip(first, second, strict=True)) if p != q]
    if len(apart) != 1 or None in (spans := [p[apart[0]] for p in (first, second)]):
        return None
    axis = apart[0]
    (start, size, step), (middle, more, step_of_b) = spans
    if (step, step_of_b) != (1, 1) or start + size != middle:
        return None
    pieces: list[Node] = []
    for x in (a.inputs[0], b.inputs[0]):
        joined = x.op is _p.concatenate and x.attrs["axis"] == axis
        pieces.extend(x.inputs if joined else (x,))
    whole = _make(node, _p.concatenate, tuple(pieces), axis=axis)
    parts = (*first[:axis], (start, size + more, 1), *first[axis + 1 :])
    return _make(node, _p.unslice, (whole,), parts=parts, shape=node.spec.shape)


@rule(_p.unslice)
def unslice_all(node: Node, inputs: Inputs) -> Node | None:
    """The gradient of x[::-1] -> g[::-1]: nothing of it is left to fill"""
    g, shape, parts = inputs[0], node.spec.shape, node.attrs["parts"]
    if g.spec.shape == shape and all(p is None or p[2] in (1, -1) for p in parts):
        return _make(node, _p.slice_, (g,), parts=parts)
    return None


@rule(_p.sum_, _r.max_, _r.min_, _r.prod_)
def reduce_nothing(node: Node, inputs: Inputs) -> Node | None:
    """sum(x) over axes of size 1 -> reshape(x)"""
    x = inputs[0]
    if all(x.spec.shape[a] == 1 for a in node.attrs["axis"]):
        return x if x.spec == node.spec else _make(node, _p.reshape, (x,), shape=node.spec.shape)
    return None


@rule(_p.sum_, _r.max_, _r.min_, _r.prod_)
def one_run_of_axes_after_another(node: Node, inputs: Inputs) -> Node | None:
    """sum(x, axis=(0, 2)) -> sum(sum(x, axis=2), axis=0): each is a loop that regions can have"""
    x, axes = inputs[0], node.attrs["axis"]
    shape = known(x.spec.shape)
    if kind_of(shape, axes) is not None or accumulator(x.spec.dtype) != x.spec.dtype:
        return None
    runs: list[tuple[int, ...]] = []
    for axis in axes:
        if runs and runs[-1][-1] == axis - 1:
            runs[-1] = (*runs[-1], axis)
        else:
            runs.append((axis,))
    last = runs[-1]
    if last[-1] == len(shape) - 1 and math.prod(shape[a] for a in last) >= LONG:
        runs = [last, *runs[:-1]]
    for run in runs:
        x = _make(node, node.op, (x,), axis=run, keepdims=True)
    return x if x.spec == node.spec else _make(node, _p.reshape, (x,), shape=node.spec.shape)


@rule(_i.gather)
def cast_what_is_read(node: Node, inputs: Inputs) -> Node | None:
    """gather(cast(x), i) -> cast(gather(x, i)), where that casts less"""
    x, indices = inputs
    if x.op is not _p.cast_ or node.spec.size >= x.spec.size:
        return None
    rows = _make(node, _i.gather, (x.inputs[0], indices), **node.attrs)
    return _make(node, _p.cast_, (rows,), **x.attrs)


@rule(_p.cast_)
def sum_in_the_wider_dtype(node: Node, inputs: Inputs) -> Node | None:
    """cast(scatter_add(i, u), float32) -> scatter_add(i, cast(u, float32)) for 16-bit floats"""
    x = inputs[0]
    if x.op is not _i.scatter_add or node.spec.dtype != "float32":
        return None
    if not is_float(x.spec.dtype) or bits(x.spec.dtype) != 16:
        return None
    indices, updates = x.inputs
    wide = _make(node, _p.cast_, (updates,), **node.attrs)
    return _make(node, _i.scatter_add, (indices, wide), **x.attrs)


def folded(node: Node, inputs: tuple[Node, ...], device: Backend) -> Node | None:
    """sqrt(2.0) * 3.0 -> 4.2426405: the constant that a node on constants is, if it is small"""
    for source in inputs:
        if source.op is not CONSTANT:
            return None
    if not inputs or node.op in LEAVES or node.op is PICK or node.op.random:
        return None
    if not isinstance(node.spec, TensorSpec) or node.spec.nbytes > LIMIT:
        return None
    with np.errstate(all="ignore"):
        array = node.op.kernel(device.xp, *(i.value for i in inputs), **node.attrs)
    return constant(device.asarray(array, node.spec.dtype), node.spec)


def unbroadcast_inputs(node: Node, inputs: Inputs) -> Node | None:
    """f(broadcast_to(x), y) -> f(x, y), where y has the full shape anyway"""
    changed = list(inputs)
    for i, x in enumerate(inputs):
        if x.op is not _p.broadcast_to:
            continue
        trial = [*changed[:i], x.inputs[0], *changed[i + 1 :]]
        if broadcast(*(t.spec.shape for t in trial)) == node.spec.shape:
            changed = trial
    if changed == list(inputs):
        return None
    return make_node(node.op, tuple(changed), node.attrs, node.spec, like=node)


def simplify(graph: Graph, device: Backend) -> Graph:
    """Apply the rules bottom-up, each node until nothing changes; compute what is constant."""

    def apply(node: Node, inputs: Inputs) -> Node | None:
        current = folded(node, inputs, device)
        if current is not None:
            watch.rule = "folded"
            return current
        for _ in range(8):
            changed = _once(current or node, current.inputs if current else inputs)
            if changed is None:
                break
            current = changed
        return current

    return rewrite(graph, apply)


def _once(node: Node, inputs: Inputs) -> Node | None:
    for attempt in RULES.get(node.op, ()):
        changed = attempt(node, inputs)
        if changed is not None and changed is not node:
            watch.rule = attempt.__name__
            return changed
    if not node.op.elementwise or len(inputs) < 2:
        return None
    changed = unbroadcast_inputs(node, inputs)
    watch.rule = watch.rule if changed is None else "unbroadcast_inputs"
    return changed
