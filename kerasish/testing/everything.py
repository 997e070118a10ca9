"""check: all that an op declares, in one call."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from kerasish.errors import ArgumentError
from kerasish.graph.op import Case
from kerasish.testing.arrays import check_arrays
from kerasish.testing.batched import check_batched
from kerasish.testing.compiled import check_compiled
from kerasish.testing.lowered import at_hand, check_lowered
from kerasish.testing.operators import check_op, found


def check(target: Any, cases: Sequence[Case] | None = None) -> tuple[str, ...]:
    """Check all that an op, or a composite, declares: every part runs, whatever failed before it.

    kernel and gradient: `check_op`, with numeric derivatives in float64. batching:
    `check_batched`. lowering: `check_lowered` on every renderer of the current backend.
    dtypes: `check_arrays`, which tries kernels from outside on every layout, too. compiled plan:
    `check_compiled`, with the kernels of active providers.

    Args:
        target: the op, the composite, its public function, or its name.
        cases: instead of the declared ones.

    Returns:
        The parts that were checked, the plan with who ran the op in it: a provider, or "reference"
        for its own kernel; nobody, where it runs as the ops that it is made of. A lowering for a
        device that is not here is not among them.

    Raises:
        AssertionError: a line for each part that failed: of which op, for which case, and how.
        UnknownNameError: no op or composite has the name.

    Example:
        >>> from kerasish.testing import check
        >>> check("cumsum")
        ('kernel and gradient', 'batching', 'dtypes', 'compiled plan: reference')
    """
    op = found(target)
    if isinstance(cases or op.cases, Case):
        fix = "Write cases=(case(...),)."
        what = f"check({op.name}), cases"
        raise ArgumentError(what, expected="a tuple of cases", received="one case", fix=fix)
    parts: list[tuple[str, Callable[..., Any]]] = [
        ("kernel and gradient", check_op),
        ("batching", check_batched),
        *((f"lowering: {r.NAME}", functools.partial(check_lowered, renderer=r)) for r in at_hand()),
        ("dtypes", check_arrays),
        ("compiled plan", check_compiled),
    ]
    checked, failures = [], []
    for name, part in parts:
        try:
            gave = part(op, cases=cases)
            if gave is not False:
                by = gave if isinstance(gave, tuple) else ()
                checked.append(f"{name}: {', '.join(by)}" if by else name)
        except AssertionError as error:
            failures.append("\n".join([f"{name}: {error}", *_notes(error)]))
        except Exception as error:  # noqa: BLE001  of the op's own code
            text = f"{name}: {op.name}: {type(error).__name__}: {error}"
            failures.append("\n".join([text, *_notes(error)]))
    if failures:
        raise AssertionError("\n".join(failures))
    return tuple(checked)


def _notes(error: BaseException) -> list[str]:
    """What notes say of an error, or of the one that it was made of."""
    return [*getattr(error, "__notes__", ()), *getattr(error.__cause__, "__notes__", ())]
