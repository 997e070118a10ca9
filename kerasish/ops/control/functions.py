"""Control flow: scan, cond, switch, loops and maps.

With values at hand they are Python loops and branches, run op by op. In a trace they become nodes
that hold their bodies as graphs (`primitives.py`). Both mean the same, variables included.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

from kerasish import tables, tree
from kerasish.errors import ArgumentError, ShapeError
from kerasish.graph.tensor import Tensor, TensorLike, convert_to_tensor, input_tensor, tensor_of
from kerasish.graph.trace import tracing
from kerasish.hints import function, whole
from kerasish.ops.basic.elementwise import cast
from kerasish.ops.basic.indexing import as_indices
from kerasish.ops.control.bodies import (
    Branch,
    LoopBody,
    close_together,
    handed_on,
    held_value,
    inline,
    is_symbolic,
)
from kerasish.ops.control.primitives import check_values, scan_op, switch_op, while_op, zeros_of
from kerasish.ops.numpy.join import stack
from kerasish.ops.operation import public
from kerasish.spec import TensorSpec, is_int

C = TypeVar("C")
Y = TypeVar("Y")

_Leaves = list[Any]


def tensors_of(structure: Any) -> list[Tensor]:
    return [convert_to_tensor(leaf) for leaf in tree.flatten(structure) if leaf is not None]


def fill(structure: Any, tensors: Sequence[Any]) -> Any:
    """`structure` with its leaves replaced in order; None stays None."""
    rest = iter(tensors)
    return tree.map_structure(lambda leaf: None if leaf is None else next(rest), structure)


# --- scan -----------------------------------------------------------------------------------------


@public
def scan(
    f: Callable[[Any, Any], tuple[C, Y]],
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: int | bool = 1,
) -> tuple[C, Y]:
    """Run `carry, y = f(carry, x)` over the leading axis of `xs`.

    Args:
        f: takes the carried value and one slice of `xs`; returns the next carried value, of the
            same structure, shapes and dtypes, and a result (any structure, None for none).
        init: the first carried value, any structure of tensors.
        xs: what to run over, any structure of tensors with one leading size; None for nothing.
        length: number of steps, needed where `xs` is None.
        reverse: from the last slice to the first; results stay in the order of `xs`.
        unroll: True repeats the body in the graph for every step; any number keeps one body.

    Returns:
        (last carried value, results stacked along a new leading axis).

    Raises:
        ArgumentError: the number of steps is not known, or given twice with different values.
        ShapeError: `f` does not return the carried value as it takes it.
    """
    function("scan, f", f)
    carry, over = tensors_of(init), tensors_of(xs)
    steps = _steps(over, length)
    eager = not is_symbolic([*carry, *over])
    if steps == 0 and eager:
        return fill(init, handed_on(carry)), _no_rounds(f, init, xs)
    if steps and (unroll is True or eager):
        with inline():
            return _scan_in_python(f, init, xs, steps, reverse)
    results: list[Any] = []

    def body(*tensors: Tensor) -> _Leaves:
        given = fill(init, tensors[: len(carry)]), fill(xs, tensors[len(carry) :])
        new, y = f(*given)
        tree.assert_same_structure(init, new)
        results[:] = [y]
        return [*tensors_of(new), *tensors_of(y)]

    slices = [TensorSpec(t.shape[1:], t.dtype) for t in over]
    traced = LoopBody(body, [*(t.spec for t in carry), *slices])
    n, state = len(carry), len(traced.variables)
    end = len(traced.own) - state
    own = [*traced.own[:n], *traced.own[end:], *traced.own[n:end]]
    stop = len(traced.outputs) - state
    outputs = [*traced.outputs[:n], *traced.outputs[stop:], *traced.outputs[n:stop]]
    (graph,), captured = close_together(own, [outputs])
    found = scan_op(
        *carry,
        *(tensor_of(held_value(v)) for v in traced.variables),
        *over,
        *(tensor_of(node) for node in captured),
        body=graph,
        n_carry=n + state,
        n_xs=len(over),
        n_captured=len(captured),
        length=steps,
        reverse=bool(reverse),
    )
    for variable, value in zip(traced.variables, found[n : n + state], strict=True):
        variable.assign(value)
    return fill(init, found[:n]), fill(results[0], found[n + state : len(outputs)])


def _steps(over: Sequence[Tensor], length: int | None) -> int | None:
    if any(t.shape == () for t in over):
        raise ShapeError("scan", expected="xs with a leading axis", received="a tensor of shape ()")
    sizes = {t.shape[0] for t in over} - {None}
    if length is not None:
        sizes.add(whole("scan, length", length))
    if len(sizes) > 1:
        raise ArgumentError(
            "scan",
            expected="one number of steps, in the first axis of all xs and in length",
            received=sorted(sizes),
        )
    if not over and length is None:
        raise ArgumentError("scan", expected="xs, or length", received="neither")
    return next(iter(sizes), None)


def _scan_in_python(f: Any, init: Any, xs: Any, steps: int, reverse: bool) -> tuple[Any, Any]:
    carry, over = fill(init, handed_on(tensors_of(init))), tensors_of(xs)
    rows: list[_Leaves] = []
    y: Any = None
    for step in reversed(range(steps)) if reverse else range(steps):
        new, y = f(carry, fill(xs, [t[step] for t in over]))
        tree.assert_same_structure(init, new)
        leaves = tensors_of(new)
        check_values("scan", [t.spec for t in tensors_of(carry)], [t.spec for t in leaves])
        carry = fill(init, handed_on(leaves))
        rows.append(tensors_of(y))
    if reverse:
        rows.reverse()
    return carry, fill(y, [stack(list(column), axis=0) for column in zip(*rows, strict=True)])


def _no_rounds(f: Any, init: Any, xs: Any) -> Any:
    """The results of no round at all: empty, and no variable is changed to find their shapes."""
    slices = [input_tensor(TensorSpec(t.shape[1:], t.dtype)) for t in tensors_of(xs)]
    with tracing():
        _, y = f(fill(init, [input_tensor(t.spec) for t in tensors_of(init)]), fill(xs, slices))
        specs = [t.spec for t in tensors_of(y)]
    return fill(y, [zeros_of(TensorSpec((0, *s.shape), s.dtype)) for s in specs])


@public
def map(f: Callable[[Any], Y], xs: Any) -> Y:
    """`f` applied to every slice of `xs` along the leading axis, the results stacked.

    Args:
        f: a function of one slice of `xs`.
        xs: any structure of tensors with one leading size.
    """
    function("map, f", f)
    return scan(lambda carry, x: (carry, f(x)), (), xs)[1]


# --- branches -------------------------------------------------------------------------------------


@public
def cond(pred: TensorLike, true_fn: Callable[[], Y], false_fn: Callable[[], Y]) -> Y:
    """What `true_fn()` gives if `pred` holds, else what `false_fn()` gives; only one is run.

    Args:
        pred: boolean scalar.
        true_fn: takes nothing; returns any structure of tensors, or None.
        false_fn: the same structure, shapes and dtypes.
    """
    holds = convert_to_tensor(pred)
    if holds.shape != ():
        raise ShapeError("cond", expected="a condition of shape ()", received=holds.shape)
    function("cond, true_fn", true_fn)
    function("cond, false_fn", false_fn)
    return switch(cast(cast(holds, "bool"), "int32"), (false_fn, true_fn))


@public
def switch(index: TensorLike, branches: Sequence[Callable[..., Y]], *operands: Any) -> Y:
    """What `branches[index](*operands)` gives; only that branch is run.

    Args:
        index: integer scalar; out of range it means the nearest branch.
        branches: functions that return structures of the same form, shapes and dtypes.
        operands: what they are called with.
    """
    at = cast(as_indices("switch, index", index), "int32")
    if at.shape != ():
        raise ShapeError("switch", expected="an index of shape ()", received=at.shape)
    if not isinstance(branches, Sequence) or not branches:
        raise ArgumentError("switch", expected="one branch or more", received=repr(branches))
    for branch in branches:
        function("switch, a branch", branch)
    if at.value is not None:
        with inline():
            chosen = branches[min(max(int(at), 0), len(branches) - 1)](*operands)
        return fill(chosen, handed_on(tensors_of(chosen)))
    results: list[Any] = []

    def leaves_of(branch: Callable[..., Any]) -> Callable[[], _Leaves]:
        def call() -> _Leaves:
            result = branch(*operands)
            if results:
                tree.assert_same_structure(results[0], result)
            results.append(result)
            return tensors_of(result)

        return call

    traced = [Branch(leaves_of(branch)) for branch in branches]
    variables = list(dict.fromkeys(v for branch in traced for v in branch.assigned))
    outputs = [
        [*b.outputs, *(b.assigned.get(v) or held_value(v) for v in variables)] for b in traced
    ]
    graphs, captured = close_together([], outputs, [b.within for b in traced])
    found = switch_op(at, *(tensor_of(node) for node in captured), branches=graphs)
    count = len(traced[0].outputs)
    for variable, value in zip(variables, found[count:], strict=True):
        variable.assign(value)
    return fill(results[0], found[:count])


# --- loops ----------------------------------------------------------------------------------------


@public
def while_loop(
    cond: Callable[..., Any],
    body: Callable[..., C],
    loop_vars: Any,
    maximum_iterations: int | None = None,
) -> C:
    """Repeat `loop_vars = body(*loop_vars)` while `cond(*loop_vars)` holds.

    In a trace, only a loop with `maximum_iterations` can be differentiated: its values of every
    round are kept, and rounds are computed up to that number.

    Args:
        cond: takes the loop values, returns a boolean scalar.
        body: takes the loop values, returns the next ones: same structure, shapes and dtypes.
        loop_vars: tuple or list of (structures of) tensors, or one tensor.
        maximum_iterations: the most rounds; None for no bound.
    """
    function("while_loop, cond", cond)
    function("while_loop, body", body)
    if maximum_iterations is not None:
        maximum_iterations = whole("while_loop, maximum_iterations", maximum_iterations)
    several = isinstance(loop_vars, (tuple, list))
    values = tuple(loop_vars) if several else (loop_vars,)

    def move(current: Any) -> Any:
        given: Any = body(*current)
        moved = tuple(given) if several else (given,)
        tree.assert_same_structure(values, moved)
        return moved

    start = tensors_of(values)
    if is_symbolic(start):
        found = _while_in_graph(cond, move, values, start, maximum_iterations)
    else:
        with inline():
            found = _while_in_python(cond, move, values, start, maximum_iterations)
    kind: Any = type(loop_vars)
    return kind(found) if several else found[0]


def _while_in_python(
    cond: Any, move: Any, values: Any, start: Sequence[Tensor], limit: int | None
) -> Any:
    found = fill(values, handed_on(start))
    rounds = 0
    while (limit is None or rounds < limit) and bool(convert_to_tensor(cond(*found))):
        moved = tensors_of(move(found))
        check_values("while_loop", [t.spec for t in start], [t.spec for t in moved])
        found = fill(values, handed_on(moved))
        rounds += 1
    return found


def _while_in_graph(
    cond: Any, move: Any, values: Any, start: Sequence[Tensor], limit: int | None
) -> Any:
    def both(*tensors: Tensor) -> _Leaves:
        given = fill(values, tensors)
        return [cast(convert_to_tensor(cond(*given)), "bool"), *tensors_of(move(given))]

    traced = LoopBody(both, [t.spec for t in start])
    test, *moved = traced.outputs
    graphs, captured = close_together(traced.own, [[test], moved])
    found = while_op(
        *start,
        *(tensor_of(held_value(v)) for v in traced.variables),
        *(tensor_of(node) for node in captured),
        cond=graphs[0],
        body=graphs[1],
        n_carry=len(traced.own),
        n_captured=len(captured),
        limit=limit,
    )
    for variable, value in zip(traced.variables, found[len(start) :], strict=True):
        variable.assign(value)
    return fill(values, found[: len(start)])


@public
def fori_loop(
    lower: TensorLike, upper: TensorLike, body_fun: Callable[[Any, Any], C], init_val: Any
) -> C:
    """Repeat `value = body_fun(i, value)` for i from `lower` to `upper` - 1.

    With Python ints as bounds the loop is a scan and can be differentiated.

    Args:
        lower: first i.
        upper: the i to stop before.
        body_fun: takes i (int32) and the value; returns the next value.
        init_val: the first value, any structure of tensors.
    """
    function("fori_loop, body_fun", body_fun)
    if isinstance(lower, int) and isinstance(upper, int):
        if lower >= upper:
            return fill(init_val, handed_on(tensors_of(init_val)))
        steps = tables.arange(lower, upper, dtype=np.int32)
        return scan(lambda value, i: (body_fun(i, value), None), init_val, steps)[0]
    first, last = (_bound(t) for t in (lower, upper))
    found = while_loop(
        lambda i, value: i < last,
        lambda i, value: (i + 1, body_fun(i, value)),
        (first, init_val),
    )
    return found[1]


def _bound(value: Any) -> Tensor:
    bound = convert_to_tensor(value)
    if bound.shape != () or not is_int(bound.dtype):
        raise ArgumentError("fori_loop", expected="integers as bounds", received=bound.spec)
    return cast(bound, "int32")
