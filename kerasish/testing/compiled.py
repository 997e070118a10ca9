"""check_compiled: an op in a compiled plan gives what it gives eagerly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasish.compiler import function
from kerasish.compiler.plan import Plan, opened
from kerasish.compiler.region import FUSED
from kerasish.errors import KerasishError
from kerasish.graph import Node, convert_to_tensor, grad
from kerasish.graph.op import Case, Op
from kerasish.spec import is_differentiable
from kerasish.testing.gradients import differentiable, weighted
from kerasish.testing.operators import callable_of, close, found, is_random, tensors
from kerasish.testing.samples import described, sample_inputs

# Compiled against eager in float32: values, then gradients; (relative, absolute).
COMPILED = ((1e-5, 1e-6), (1e-4, 1e-5))


def check_compiled(
    target: Any,
    cases: Sequence[Case] | None = None,
    dtype: str = "float32",
    tolerances: Sequence[tuple[float, float]] = COMPILED,
) -> tuple[str, ...]:
    """Check that an op, and its gradient, run as a plan as they run eagerly.

    Args:
        target: an op, a composite, or its name.
        cases: instead of the declared ones.
        dtype: of the inputs.
        tolerances: (relative, absolute) of values and of gradients.

    Returns:
        Who ran the op, as printed plans name them: "reference" is its own kernel. Nobody, where it
        runs as the ops that it is made of.

    Raises:
        AssertionError: says which case and what differs.
    """
    op = found(target)
    ran: set[str] = set()
    for call in op.cases if cases is None else cases:
        try:
            ran |= _check_case(op, call, dtype, tolerances)
        except (AssertionError, KerasishError, TypeError, IndexError) as error:
            raise AssertionError(f"{op.name}({described(call)}), compiled: {error}") from error
    return tuple(sorted(ran))


def served(plan: Plan, op: Any) -> set[str]:
    """Who runs an op in a plan, alone or in a region; of a composite all who run something."""

    def runs(node: Node) -> bool:
        inside = node.attrs["body"].nodes if node.op is FUSED else (node,)
        return not isinstance(op, Op) or any(n.op is op for n in inside)

    return {step.provider for step in opened(plan.steps) if runs(step.node)}


def _check_case(op: Any, call: Case, dtype: str, tolerances: Any) -> set[str]:
    func = callable_of(op)
    inputs = sample_inputs(call, op.domain, dtype)
    chosen = differentiable(inputs) if call.differentiate is None else call.differentiate
    outputs = tensors(func(*map(convert_to_tensor, inputs), **call.attrs))
    if is_random(op) or not any(is_differentiable(t.dtype) for t in outputs):
        chosen = ()

    def everything(*given: Any) -> tuple[list[Any], list[Any]]:
        values = tensors(func(*given, **call.attrs))
        if not chosen:
            return values, []
        scalar = weighted(lambda *xs: func(*xs, **call.attrs), 0)
        return values, list(grad(scalar, chosen)(*given))

    compiled = function(everything)
    # Two runs, of which the first leaves other numbers in the plan's buffers.
    compiled(*map(convert_to_tensor, sample_inputs(call, op.domain, dtype, seed=1)))
    actual = compiled(*map(convert_to_tensor, inputs))
    expected = everything(*map(convert_to_tensor, inputs))
    names = ("compiled value", "compiled gradient")
    for name, mine, eager, (rtol, atol) in zip(names, actual, expected, tolerances, strict=True):
        for a, b in zip(mine, eager, strict=True):
            if a.dtype != b.dtype:
                raise AssertionError(f"{name}: dtype {a.dtype}, eagerly {b.dtype}.")
            close(np.asarray(a), np.asarray(b), rtol, atol, name)
    return served(compiled.plan_for(*(convert_to_tensor(x).spec for x in inputs)), op)
