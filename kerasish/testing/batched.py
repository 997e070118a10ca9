"""check_batched: an op under vectorized_map gives what it gives row by row."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from kerasish import tree
from kerasish.errors import KerasishError
from kerasish.graph import convert_to_tensor, grad, interpret, trace
from kerasish.graph.op import Case
from kerasish.graph.verify import verify
from kerasish.ops.control.vectorized import vectorized_map
from kerasish.spec import TensorSpec, dtype_name, is_differentiable
from kerasish.testing.gradients import differentiable, weighted
from kerasish.testing.operators import callable_of, close, found, is_random
from kerasish.testing.samples import described, sample_inputs

ROWS = 5  # unlike most sizes of cases
# For all rows at once against row by row in float64: values, then gradients.
BATCHED = ((1e-11, 1e-12), (1e-9, 1e-10))


def check_batched(
    target: Any,
    cases: Sequence[Case] | None = None,
    tolerances: Sequence[tuple[float, float]] = BATCHED,
) -> None:
    """Check that an op, and its gradient, do for stacked inputs what they do row by row.

    For each case and each set of stacked inputs (every non-empty one; of more than three inputs,
    each alone and all together): values and gradients, eagerly and traced, for five rows; with
    all inputs stacked also for one row and for none.

    Args:
        target: an op, a composite, or its name.
        cases: instead of the declared ones.
        tolerances: (relative, absolute) of values and of gradients.

    Raises:
        AssertionError: says which case, which inputs were stacked, and what differs.
    """
    op = found(target)
    for call in op.cases if cases is None else cases:
        draws = [sample_inputs(call, op.domain, seed=seed) for seed in range(ROWS)]
        for stacked in _subsets(len(draws[0])):
            try:
                _check_case(op, call, draws, stacked, tolerances)
            except (AssertionError, KerasishError, TypeError, IndexError) as error:
                inputs = ", ".join(str(i) for i, s in enumerate(stacked) if s)
                raise AssertionError(
                    f"{op.name}({described(call)}), inputs {inputs} stacked: {error}"
                ) from error


def _subsets(count: int) -> Iterator[tuple[bool, ...]]:
    if count <= 3:
        yield from itertools.islice(itertools.product((True, False), repeat=count), 2**count - 1)
        return
    yield (True,) * count
    yield from (tuple(i == k for i in range(count)) for k in range(count))


def _check_case(op: Any, call: Case, draws: Any, stacked: tuple[bool, ...], allowed: Any) -> None:
    func = callable_of(op)

    def called(*x: Any) -> list[Any]:
        return tree.flatten(func(*x, **call.attrs))

    _compare(called, draws, stacked, allowed[0], "value")
    chosen = differentiable(draws[0]) if call.differentiate is None else call.differentiate
    outputs = [convert_to_tensor(t) for t in called(*map(convert_to_tensor, draws[0]))]
    if chosen and not is_random(op) and any(is_differentiable(t.dtype) for t in outputs):

        def pulled(*x: Any) -> list[Any]:
            return list(grad(weighted(called, 0), chosen)(*x))

        _compare(pulled, draws, stacked, allowed[1], "gradient")


def _compare(
    func: Callable[..., list[Any]],
    draws: Sequence[Sequence[np.ndarray]],
    stacked: tuple[bool, ...],
    allowed: tuple[float, float],
    what: str,
) -> None:
    """`func` on stacked inputs against what it gives for each draw."""
    rows = [[d[i] if s else draws[0][i] for i, s in enumerate(stacked)] for d in draws]
    results = [[np.asarray(convert_to_tensor(t)) for t in func(*map(convert_to_tensor, r))]
               for r in rows]  # fmt: skip
    expected = [np.stack(column) for column in zip(*results, strict=True)]
    held = [None if s else convert_to_tensor(x) for s, x in zip(stacked, draws[0], strict=True)]

    def mapped(*over: Any) -> list[Any]:
        def one(row: Sequence[Any]) -> list[Any]:
            rest = iter(row)
            return func(*(next(rest) if h is None else h for h in held))

        return vectorized_map(one, list(over))

    for count in (ROWS, 1, 0) if all(stacked) else (ROWS,):
        over = [np.stack([d[i] for d in draws])[:count] for i, s in enumerate(stacked) if s]
        for a, b in zip(mapped(*map(convert_to_tensor, over)), expected, strict=True):
            close(np.asarray(a), b[:count], *allowed, f"{what}, {count} rows at once")
        graph, _ = trace(mapped, [TensorSpec(x.shape, dtype_name(x.dtype)) for x in over])
        ran = interpret.run_graph(verify(graph), map(convert_to_tensor, over))
        for a, b in zip(ran, expected, strict=True):
            close(np.asarray(a), b[:count], *allowed, f"{what}, {count} rows at once, traced")
