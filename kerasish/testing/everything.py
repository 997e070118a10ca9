"""check: all that an op declares, in one call."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from kerasish.graph.op import Case
from kerasish.testing.batched import check_batched
from kerasish.testing.compiled import check_compiled
from kerasish.testing.lowered import at_hand, check_lowered
from kerasish.testing.operators import check_op, found


def check(target: Any, cases: Sequence[Case] | None = None) -> tuple[str, ...]:
    """Check all that an op, or a composite, declares: every part runs, whatever failed before it.

    kernel and gradient: `check_op`, with numeric derivatives in float64. batching:
    `check_batched`. lowering: `check_lowered` on every renderer of the current backend.
    compiled plan: `check_compiled`, with the kernels of active providers.

    Args:
        target: the op, the composite, or its name.
        cases: instead of the declared ones.

    Returns:
        The parts that were checked. A lowering for a device that is not here is not among them.

    Raises:
        AssertionError: a line for each part that failed: of which op, for which case, and how.
        UnknownNameError: no op or composite has the name.

    Example:
        >>> from kerasish.testing import check
        >>> check("tanh")
        ('kernel and gradient', 'batching', 'lowering: llvm', 'lowering: blocks', 'compiled plan')
    """
    op = found(target)
    parts: list[tuple[str, Callable[..., Any]]] = [
        ("kernel and gradient", check_op),
        ("batching", check_batched),
        *((f"lowering: {r.NAME}", functools.partial(check_lowered, renderer=r)) for r in at_hand()),
        ("compiled plan", check_compiled),
    ]
    checked, failures = [], []
    for name, part in parts:
        try:
            if part(op, cases=cases) is not False:
                checked.append(name)
        except AssertionError as error:
            failures.append(f"{name}: {error}")
        except Exception as error:  # noqa: BLE001  of the op's own code
            failures.append(f"{name}: {op.name}: {type(error).__name__}: {error}")
    if failures:
        raise AssertionError("\n".join(failures))
    return tuple(checked)
