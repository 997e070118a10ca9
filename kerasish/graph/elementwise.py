"""How elementwise ops are declared: one ufunc, one gradient, and everything else follows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kerasish.errors import ArgumentError, DTypeError
from kerasish.graph.op import Case, Op, Vjp, declare
from kerasish.hints import function, known_dtypes, one_of, whole
from kerasish.registry import hint
from kerasish.signatures import ours, takes
from kerasish.spec import DTYPES, TensorSpec, broadcast


def same_as_first(first: TensorSpec, *_: TensorSpec, **__: Any) -> TensorSpec:
    """Infer rule: the result looks like the first input."""
    return first


def _elementwise_infer(
    result: Any, name: str = "", dtypes: tuple[str, ...] = DTYPES, arity: int = 0
) -> Callable[..., TensorSpec]:
    def infer(*specs: TensorSpec, **_: Any) -> TensorSpec:
        if arity and len(specs) != arity:
            raise ArgumentError(
                name,
                expected=f"{arity} tensor{'s' * (arity > 1)}",
                received=len(specs),
                fix="Attributes are given by keyword.",
            )
        own = specs[-1].dtype
        if own not in dtypes:
            raise DTypeError(name, expected=f"one of {', '.join(dtypes)}", received=own)
        dtype: Any = result(own) if callable(result) else result or own
        return TensorSpec(broadcast(*(s.shape for s in specs)), dtype)

    return infer


def elementwise(
    name: str,
    ufunc: str | Callable[..., Any],
    vjp: Vjp | None,
    *,
    arity: int,
    promote: str | None = "same",
    result: str | Callable[[str], str] | None = None,
    domain: tuple[float, float] = (-2.0, 2.0),
    cases: tuple[Case, ...] | None = None,
    doc: str = "",
    flops: int = 1,
    dtypes: tuple[str, ...] = DTYPES,
) -> Op:
    """Declare a primitive elementwise op.

    Args:
        name: its name.
        ufunc: the numpy ufunc's name, or `kernel(xp, *arrays, out=None)`.
        vjp: `vjp(g, y, *x)`; `no_gradient` where none flows; None: not declared, see `Op`.
        arity: number of inputs, which broadcast against each other.
        promote: see `Op`; "same" is "float" where numpy's ufunc takes floats only. A kernel that
            gives floats for whole numbers is given "float".
        result: dtype of the result, or a function of that of the (promoted) inputs; None for
            the inputs' own.
        domain: where sample floats are drawn from.
        cases: sample calls; by default one plain and, for several inputs, broadcasting ones.
        doc: one line of fact or formula.
        flops: cost of one element, in multiplications.
        dtypes: those of the (promoted) inputs it is for.

    Raises:
        ArgumentError: numpy has no function of that name, or one that takes other inputs.
    """
    named = ufunc if isinstance(ufunc, str) else ""
    whole(f"{name}, arity", arity, 1)
    known_dtypes(name, dtypes)
    if isinstance(result, str):
        one_of(f"{name}, result", result, DTYPES)

    def by_name(xp: Any, *arrays: Any, out: Any = None) -> Any:
        return getattr(xp, named)(*arrays, out=out)

    if named and not hasattr(np, named):
        raise ArgumentError(
            name,
            expected="the name of a numpy ufunc, or a kernel(xp, *arrays, out=None)",
            received=repr(named),
            fix=hint(named, dir(np)),
        )
    kernel = by_name if isinstance(ufunc, str) else function(f"{name}, kernel", ufunc)
    made = getattr(np, named, None)
    if isinstance(made, np.ufunc):
        if made.nin != arity:
            expected = f"{made.nin}, as numpy's {named} takes"
            raise ArgumentError(f"{name}, arity", expected=expected, received=arity)
        if promote == "same" and not any(types[0] in "bil" for types in made.types):
            promote = "float"
    elif not (ours(kernel) or takes(kernel, "out")):
        raise ArgumentError(
            f"{name}, kernel",
            expected="kernel(xp, *arrays, out=None), which hands `out` to the last function in it",
            received="one without out=",
        )
    if cases is None:
        shapes: list[tuple[Any, ...]] = [((3, 4),) * arity]
        if arity > 1:
            shapes += [((2, 3, 4), *((1, 4),) * (arity - 1)), ((3, 1), *((2, 1, 4),) * (arity - 1))]
        cases = tuple(Case(s) for s in shapes)
    return declare(
        Op(
            name,
            _elementwise_infer(result, name, dtypes, arity),
            kernel,
            vjp=vjp,
            cases=cases,
            promote=promote,
            elementwise=True,
            out=True,
            domain=domain,
            doc=doc,
            ufunc=named,
            flops=lambda *s, **_: flops * _elementwise_infer(None)(*s).size,
        )
    )
