"""check_op: everything that must hold for an op, tried on its sample calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from kerasish import registry, tree
from kerasish.backend.base import current
from kerasish.errors import KerasishError, UnknownNameError, told
from kerasish.graph import Graph, Tensor, convert_to_tensor, format_graph, interpret, trace
from kerasish.graph.op import Case, Op
from kerasish.graph.printer import INFIX
from kerasish.graph.tensor import promoted
from kerasish.graph.verify import verify
from kerasish.ops.declare import Composite
from kerasish.ops.operation import made_of
from kerasish.registry import hint
from kerasish.spec import Shape, TensorSpec, dtype_name, is_differentiable
from kerasish.testing.gradients import TOLERANCES, check_grads, differentiable, gradients
from kerasish.testing.samples import described, sample_inputs

# float32 against float64: values, then gradients; (relative, absolute).
SINGLE = ((1e-5, 1e-6), (1e-4, 1e-5))


def check_op(
    target: Op | Composite | str,
    cases: Sequence[Case] | None = None,
    order: int = 2,
    tolerances: Sequence[tuple[float, float]] = TOLERANCES,
    single: Sequence[tuple[float, float]] = SINGLE,
) -> None:
    """Check an op, or a composite function of ops, on its sample calls.

    For each case: the inferred spec agrees with what the kernel returns; unknown dimensions stay
    unknown or are found; float32 agrees with float64; strided inputs and empty batches work;
    inputs are left unchanged; gradients agree with central differences up to `order`.

    Args:
        target: the op, the composite, or its name.
        cases: instead of the declared ones.
        order: highest derivative to check.
        tolerances: (relative, absolute) of gradients in float64 per order.
        single: (relative, absolute) of float32 values and of float32 gradients.

    Raises:
        AssertionError: says which case and what differs.
    """
    op = found(target)
    calls = tuple(op.cases if cases is None else cases)
    if not calls:
        raise AssertionError(
            told(f"{op.name} declares no cases", expected="at least one sample call"),
        )
    for call in calls:
        try:
            _check_case(op, call, order, tolerances, single)
        except (AssertionError, KerasishError, TypeError, ValueError, IndexError) as error:
            raise AssertionError(f"{op.name}({described(call)}): {error}") from error


def found(target: Any) -> Any:
    """The op or composite of a name; itself if it is one."""
    if isinstance(target, (Op, Composite)):
        return target
    name = next(iter(registry.labels("function", target)), str(target))  # of a public function
    for kind in ("op", "composite"):
        if registry.contains(kind, name):
            return registry.lookup(kind, name)
    raise UnknownNameError(
        "What to check",
        expected="an op, a composite, or the name of one",
        received=repr(target),
        fix=made_of(name) or hint(name, (*registry.names("op"), *registry.names("composite"))),
    )


def callable_of(op: Any) -> Callable[..., Any]:
    """What to call: a composite's function, or the op itself."""
    return op.func if isinstance(op, Composite) else op


def _check_case(op: Any, call: Case, order: int, tolerances: Any, single: Any) -> None:
    wide = sample_inputs(call, op.domain)
    given = [convert_to_tensor(x) for x in wide]
    values = _values(op, call, given)
    _unchanged([t.numpy() for t in given], wide)
    if isinstance(op, Op):
        check_declaration(op, call)
    check_traced(op, call, wide, values)
    check_unknown(op, call, wide, values)
    check_strided(op, call, wide, values)
    check_empty(op, call, wide)
    if not is_random(op):
        check_single(op, call, values, single[0])
        check_gradients(op, call, wide, order, tolerances, single[1])


def _values(op: Any, call: Case, inputs: Sequence[Any]) -> list[np.ndarray]:
    return [np.asarray(t) for t in _outputs(op, call, inputs)]


def _outputs(op: Any, call: Case, inputs: Sequence[Any]) -> list[Tensor]:
    return tensors(callable_of(op)(*map(convert_to_tensor, inputs), **call.attrs))


def tensors(result: Any) -> list[Tensor]:
    """The results of a call in flat order."""
    return [convert_to_tensor(t) for t in tree.flatten(result)]


def _unchanged(arrays: Sequence[np.ndarray], kept: Sequence[np.ndarray]) -> None:
    for i, (array, before) in enumerate(zip(arrays, kept, strict=True)):
        if array.tobytes() != before.tobytes():
            raise AssertionError(f"input {i} was changed by the call.")


def close(actual: np.ndarray, expected: np.ndarray, rtol: float, atol: float, what: str) -> None:
    """Raise AssertionError unless shapes are equal and values close, integers equal."""
    if actual.shape != expected.shape:
        raise AssertionError(f"{what}: shape {actual.shape}, expected {expected.shape}.")
    if actual.dtype.kind in "fc" or expected.dtype.kind in "fc":
        wide = actual.astype(np.complex128), expected.astype(np.complex128)
        np.testing.assert_allclose(*wide, rtol=rtol, atol=atol, err_msg=what)
    elif not np.array_equal(actual, expected):
        raise AssertionError(f"{what}: {actual} is not {expected}.")


# --- one check each -------------------------------------------------------------------------------


def check_declaration(op: Op, call: Case) -> None:
    """The name resolves; `infer`, the kernel, `out=` and the flags agree with one another."""
    if registry.lookup("op", op.name) is not op:
        raise AssertionError(f"the name {op.name!r} resolves to another op.")
    for dtype in ("float64", "float32"):
        arrays = _promoted(op, sample_inputs(call, op.domain, dtype))
        specs = _specs(op.infer(*map(_spec, arrays), **call.attrs))
        with np.errstate(all="ignore"):
            result = op.kernel(current().xp, *arrays, **call.attrs)
        results = [np.asarray(r) for r in tree.as_tuple(result)]
        if [_spec(r) for r in results] != specs:
            raise AssertionError(
                f"infer says {', '.join(map(str, specs))}, "
                f"the kernel returns {', '.join(str(_spec(r)) for r in results)}."
            )
        if op.out:
            _check_out(op, call, arrays, results)
        if op.view and results[0].size and not np.shares_memory(arrays[0], results[0]):
            raise AssertionError("declared a view, but the kernel copies.")


def _check_out(op: Op, call: Case, arrays: Any, results: list[np.ndarray]) -> None:
    given = [np.empty_like(r) for r in results]
    with np.errstate(all="ignore"):
        op.kernel(
            current().xp, *arrays, out=tuple(given) if len(given) > 1 else given[0], **call.attrs
        )
    for got, expected in zip(given, results, strict=True):
        if not np.array_equal(got, expected, equal_nan=got.dtype.kind in "fc"):
            raise AssertionError("the kernel writes something else into out= than it returns.")


def _promoted(op: Op, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    return [np.asarray(t) for t in promoted(tuple(arrays), op.promote)] if op.promote else [*arrays]


def _spec(array: Any) -> TensorSpec:
    return TensorSpec(tuple(array.shape), dtype_name(array.dtype))


def _specs(inferred: Any) -> list[TensorSpec]:
    return [inferred] if isinstance(inferred, TensorSpec) else list(inferred)


def check_traced(op: Any, call: Case, inputs: Sequence[Any], values: Sequence[Any]) -> None:
    """The traced graph prints, verifies, and gives the eager values."""
    graph = _traced(op, call, [_spec(x) for x in inputs])
    verify(graph)
    if isinstance(op, Op) and INFIX.get(op.name, op.name) not in format_graph(graph):
        raise AssertionError(f"the printed graph does not name it:\n{graph}")
    ran = interpret.run_graph(graph, map(convert_to_tensor, inputs))
    for got, expected in zip(ran, values, strict=True):
        if not is_random(op):
            close(np.asarray(got), expected, 1e-12, 1e-12, "traced against eager")


def is_random(op: Any) -> bool:
    """Whether the op draws random numbers."""
    return bool(getattr(op, "random", False))


def _traced(op: Any, call: Case, specs: Sequence[TensorSpec]) -> Graph:
    func = callable_of(op)
    return trace(lambda *xs: tree.flatten(func(*xs, **call.attrs)), specs)[0]


def check_unknown(op: Any, call: Case, inputs: Sequence[Any], values: Sequence[Any]) -> None:
    """Leading dimensions that are not known yet: found, or unknown in the result."""
    specs = [_spec(x) for x in inputs]
    for unknown in _without_lead(specs):
        graph = _traced(op, call, unknown)
        for node, value in zip(graph.outputs, values, strict=True):
            if not _fits(node.spec.shape, value.shape) or node.dtype != dtype_name(value.dtype):
                raise AssertionError(
                    f"for inputs {', '.join(map(str, unknown))} the spec is {node.spec}, which "
                    f"the result {_spec(value)} does not fit."
                )


def _without_lead(specs: Sequence[TensorSpec]) -> Iterator[list[TensorSpec]]:
    """The leading dimension of one input unknown; then that of all inputs of this size."""
    batched = [i for i, s in enumerate(specs) if s.shape and not _is_key(s)]
    if not batched:
        return
    hidden = [TensorSpec((None, *s.shape[1:]), s.dtype) for s in specs]
    first = batched[0]
    yield [hidden[i] if i == first else s for i, s in enumerate(specs)]
    size = specs[first].shape[0]
    if len(batched) > 1:
        same = [i for i in batched if specs[i].shape[0] == size]
        yield [hidden[i] if i in same else s for i, s in enumerate(specs)]


def _is_key(spec: TensorSpec) -> bool:
    """Whether an input is the key of a random draw, whose shape is fixed."""
    return spec == TensorSpec((2,), "uint32")


def _fits(shape: Shape, known: tuple[int, ...]) -> bool:
    return len(shape) == len(known) and all(
        a is None or a == b for a, b in zip(shape, known, strict=True)
    )


def check_strided(op: Any, call: Case, inputs: Sequence[Any], values: Sequence[Any]) -> None:
    """Inputs that are not contiguous give the same result."""
    strided = [_spread(x) for x in inputs]
    if isinstance(op, Op):
        arrays = _strided_promoted(op, strided)
        with np.errstate(all="ignore"):
            result = op.kernel(current().xp, *arrays, **call.attrs)
        got = [np.asarray(r) for r in tree.as_tuple(result)]
    else:
        got = _values(op, call, strided)
    if is_random(op):
        return
    for a, b in zip(got, values, strict=True):
        close(a, b, 1e-12, 1e-12, "strided against contiguous inputs")


def _strided_promoted(op: Op, arrays: list[np.ndarray]) -> list[np.ndarray]:
    if op.promote is None:
        return arrays
    return [
        a if a.dtype == p.dtype else _spread(p)
        for a, p in zip(arrays, _promoted(op, arrays), strict=True)
    ]


def _spread(x: np.ndarray) -> np.ndarray:
    """The same values in memory that is neither C-contiguous nor densely packed."""
    room = np.zeros((*x.shape[::-1], 2), x.dtype)
    view = room[..., 0].T
    view[...] = x
    return view


def check_empty(op: Any, call: Case, inputs: Sequence[Any]) -> None:
    """A batch of no elements works, or is refused by an error of this package."""
    batched = [x.shape[0] for x in inputs if x.ndim and not _is_key(_spec(x))]
    if not batched:
        return
    empty = [
        x[:0] if x.ndim and x.shape[0] == batched[0] and not _is_key(_spec(x)) else x
        for x in inputs
    ]
    try:
        graph = _traced(op, call, [_spec(x) for x in empty])
    except KerasishError:
        return
    try:
        got = _values(op, call, empty)
    except KerasishError as error:
        if isinstance(op, Op) and not op.refuses:
            raise AssertionError(f"for empty inputs: {error}") from error
        return
    specs = [node.spec for node in graph.outputs]
    if [_spec(v) for v in got] != specs:
        raise AssertionError(f"empty inputs give {[_spec(v) for v in got]}, inferred: {specs}.")


def check_single(op: Any, call: Case, values: Sequence[Any], allowed: tuple[float, float]) -> None:
    """float32 results agree with those in float64."""
    narrow = _values(op, call, sample_inputs(call, op.domain, "float32"))
    for got, expected in zip(narrow, values, strict=True):
        close(got, expected, *allowed, "float32 against float64")


def check_gradients(
    op: Any,
    call: Case,
    inputs: Sequence[Any],
    order: int,
    tolerances: Any,
    single: tuple[float, float],
) -> None:
    """Gradients against differences in float64, and float32 gradients against float64 ones."""
    chosen = call.differentiate
    if chosen is None:
        chosen = differentiable(inputs)
    func = callable_of(op)
    outputs = _outputs(op, call, inputs)
    if not chosen or not any(is_differentiable(t.dtype) for t in outputs):
        return
    if isinstance(op, Op) and op.vjp is None:
        raise AssertionError(
            told(
                f"op {op.name}",
                expected="vjp=, or vjp=no_gradient",
                received="it declares no gradient",
            ),
        )

    def called(*tensors: Any) -> Any:
        return func(*tensors, **call.attrs)

    check_grads(called, inputs, order, chosen, tolerances=tolerances)
    narrow = sample_inputs(call, op.domain, "float32")
    pairs = zip(gradients(called, narrow, chosen), gradients(called, inputs, chosen), strict=True)
    for got, expected in pairs:
        close(got, expected, *single, "float32 gradient against float64")
