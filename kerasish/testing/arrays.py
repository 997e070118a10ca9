"""check_arrays: an op for every dtype that it takes, and kernels from outside for every layout."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from kerasish import ops
from kerasish.backend.base import current
from kerasish.compiler import function
from kerasish.compiler.providers import active, kernels_of
from kerasish.errors import DTypeError, KerasishError, told
from kerasish.graph.op import Case, Op
from kerasish.graph.tensor import convert_to_tensor, promoted
from kerasish.signatures import ours
from kerasish.spec import BOOL, DTYPES, FLOAT8, INTS, TensorSpec, dtype_name
from kerasish.testing.compiled import served
from kerasish.testing.operators import close, found, is_random
from kerasish.testing.passes import VALUES
from kerasish.testing.samples import described, sample_inputs
from kerasish.tree import as_tuple

# How an array becomes one of the same shape that lies otherwise in memory: what is given to the
# plan, and what the plan makes of it.
LAYOUTS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "contiguous": (lambda x: x, lambda t: t),
    "transposed": (lambda x: x.T, ops.transpose),
    "strided": (lambda x: np.repeat(x, 2, -1) if x.ndim else x, lambda t: t[..., ::2]),
    "reversed": (lambda x: x[::-1] if x.ndim else x, lambda t: t[::-1] if t.ndim else t),
}


def check_arrays(target: Any, cases: Sequence[Case] | None = None) -> bool:
    """Check an op on inputs of every dtype that its `infer` takes.

    The kernel of an op from outside the package gives what `infer` says, or what becomes that
    without loss of kind. Where kernels of providers from outside are registered for an op, plans
    give what its own kernel gives, for every dtype and for inputs that are transposed, strided and
    reversed, and every such kernel runs at least once.

    Args:
        target: an op or its name; a composite has no kernel.
        cases: instead of the declared ones. Inputs given as shapes are drawn in every dtype.

    Returns:
        Whether there was an op to check.

    Raises:
        AssertionError: says which case, dtype and layout, and what differs.
    """
    op = found(target)
    if not isinstance(op, Op):
        return False
    own = {k.provider for k in kernels_of(op.name) if not ours(k.bind) and active(k.provider)}
    ran: set[str] = set()
    for call in op.cases if cases is None else cases:
        for dtype, arrays in _drawn(op, call):
            try:
                expected = _expected(op, call, arrays)
                if expected is None:
                    continue
                for layout in LAYOUTS if own else ():
                    ran |= _check_layout(op, call, arrays, layout, expected)
            except (AssertionError, KerasishError, ValueError) as error:
                raise AssertionError(f"{op.name}({described(call)}) of {dtype}: {error}") from error
    if own - ran:
        raise AssertionError(
            told(
                f"the kernel of {', '.join(own - ran)} for {op.name!r}",
                expected="one that runs for some case",
                received=f"cases that {', '.join(sorted(ran)) or 'other ops'} ran",
                fix="supports(node) takes none of them, or kernels before it do (first=True), or "
                "the op is fused with others (op.lowering says how it is written there).",
            )
        )
    return True


def _drawn(op: Op, call: Case) -> Iterator[tuple[str, list[np.ndarray]]]:
    """The inputs of a case in every dtype."""
    wide = sample_inputs(call, op.domain)
    free = [isinstance(item, tuple) for item in call.inputs]
    for dtype in DTYPES if any(free) else ():
        if dtype not in FLOAT8:
            yield dtype, [_as(x, dtype) if f else x for x, f in zip(wide, free, strict=True)]


def _as(x: np.ndarray, dtype: str) -> np.ndarray:
    """Drawn floats in another dtype; whole numbers are those next to them, without a sign."""
    from_float = np.ceil(np.abs(x)) if dtype in INTS else x > 0 if dtype in BOOL else x
    return np.asarray(convert_to_tensor(from_float, dtype))


def _expected(op: Op, call: Case, arrays: Sequence[np.ndarray]) -> list[np.ndarray] | None:
    """What the op's own kernel gives; None where `infer` or numpy refuses the dtype."""
    try:
        given = (
            promoted(tuple(arrays), op.promote) if op.promote else map(convert_to_tensor, arrays)
        )
        given = list(given)
        specs = op.infer(*(t.spec for t in given), **call.attrs)
        arrays, xp = [t.value for t in given], current().xp
        with np.errstate(all="ignore"):
            held = op.run(xp, arrays, call.attrs, specs) if op.own else None
            result = op.kernel(xp, *arrays, **call.attrs) if held is None else held
    except DTypeError as error:
        if "infer says" in error.expected:
            raise
        return None
    except (KerasishError, TypeError):
        return None
    each = (specs,) if isinstance(specs, TensorSpec) else specs
    results = (result,) if isinstance(specs, TensorSpec) else result
    pairs = zip(results, each, strict=True)
    return [np.asarray(current().to_numpy(current().asarray(a, s.dtype))) for a, s in pairs]


def _check_layout(
    op: Op, call: Case, arrays: Sequence[np.ndarray], layout: str, expected: Sequence[np.ndarray]
) -> set[str]:
    """Hold a plan to the kernel; who ran it."""
    before, after = LAYOUTS[layout]
    compiled = function(lambda *xs: op(*map(after, xs), **call.attrs))
    given = [convert_to_tensor(np.ascontiguousarray(before(x))) for x in arrays]
    result = compiled(*given)
    for a, b in zip(as_tuple(result), expected, strict=True):
        if not is_random(op):
            close(np.asarray(a), b, *VALUES.get(dtype_name(b.dtype), VALUES["float64"]), layout)
    return served(compiled.plan_for(*(t.spec for t in given)), op)
