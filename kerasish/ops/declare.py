"""How ops are declared: unary and binary elementwise ops, composites, sample inputs.

    softplus = composite(cases=[case((3, 4))])(lambda x: ...)      # an op made of ops
    exp = elementwise("exp", "exp", lambda g, y, x: g * y, arity=1) # a primitive

Everything else about an op (its tests, its fused kernels, its documentation) follows from this.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from kerasish import registry
from kerasish.errors import ArgumentError, DTypeError
from kerasish.graph.defined import define
from kerasish.graph.op import Case, Op, case, declare, op
from kerasish.ops.operation import public_as
from kerasish.registry import hint
from kerasish.spec import DTYPES, TensorSpec, broadcast

__all__ = [
    "Case", "Composite", "Sample", "bools", "case", "complexes", "composite", "ints", "op",
    "primitive",
]  # fmt: skip

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Sample:
    """A sample input that is drawn when a test asks for it: integers, booleans, complex numbers."""

    shape: tuple[int, ...]
    low: float
    high: float
    dtype: str

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """An array of this kind."""
        if self.dtype.startswith("complex"):
            parts = rng.uniform(self.low, self.high, (2, *self.shape))
            return (parts[0] + 1j * parts[1]).astype(self.dtype)
        if self.dtype.startswith("float"):
            return rng.uniform(self.low, self.high, self.shape).astype(self.dtype)
        return rng.integers(int(self.low), int(self.high), self.shape).astype(self.dtype)


def ints(shape: tuple[int, ...], high: int = 10, low: int = 0, dtype: str = "int32") -> Sample:
    """A sample of integers in [low, high)."""
    return Sample(shape, low, high, dtype)


def bools(shape: tuple[int, ...]) -> Sample:
    """A sample of booleans."""
    return Sample(shape, 0, 2, "bool")


def complexes(shape: tuple[int, ...], low: float = -2.0, high: float = 2.0) -> Sample:
    """A sample of complex128 numbers, real and imaginary parts in [low, high)."""
    return Sample(shape, low, high, "complex128")


def same_as_first(first: TensorSpec, *_: TensorSpec, **__: Any) -> TensorSpec:
    """Infer rule: the result looks like the first input."""
    return first


def _elementwise_infer(
    result: Any, name: str = "", dtypes: tuple[str, ...] = DTYPES
) -> Callable[..., TensorSpec]:
    def infer(*specs: TensorSpec, **_: Any) -> TensorSpec:
        own = specs[-1].dtype
        if own not in dtypes:
            raise DTypeError(name, expected=f"one of {', '.join(dtypes)}", received=own)
        dtype: Any = result(own) if callable(result) else result or own
        return TensorSpec(broadcast(*(s.shape for s in specs)), dtype)

    return infer


def elementwise(
    name: str,
    ufunc: str | Callable[..., Any],
    vjp: Callable[..., Any] | None,
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
        promote: see `Op`.
        result: dtype of the result, or a function of that of the (promoted) inputs; None for
            the inputs' own.
        domain: where sample floats are drawn from.
        cases: sample calls; by default one plain and, for several inputs, broadcasting ones.
        doc: one line of fact or formula.
        flops: cost of one element, in multiplications.
        dtypes: those of the (promoted) inputs it is for.

    Raises:
        ArgumentError: numpy has no function of that name.
    """
    named = ufunc if isinstance(ufunc, str) else ""

    def by_name(xp: Any, *arrays: Any, out: Any = None) -> Any:
        return getattr(xp, named)(*arrays, out=out)

    if named and not hasattr(np, named):
        raise ArgumentError(
            name,
            expected="the name of a numpy ufunc, or a kernel(xp, *arrays, out=None)",
            received=repr(named),
            fix=hint(named, dir(np)),
        )
    kernel = by_name if isinstance(ufunc, str) else ufunc
    if cases is None:
        shapes: list[tuple[Any, ...]] = [((3, 4),) * arity]
        if arity > 1:
            shapes += [((2, 3, 4), *((1, 4),) * (arity - 1)), ((3, 1), *((2, 1, 4),) * (arity - 1))]
        cases = tuple(Case(s) for s in shapes)
    return declare(
        Op(
            name,
            _elementwise_infer(result, name, dtypes),
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


@dataclass(frozen=True)
class Composite:
    """A function of ops with sample calls, so that its tests are generated too."""

    name: str
    func: Callable[..., Any]
    cases: tuple[Case, ...]
    domain: tuple[float, float]


def composite(
    cases: list[Case] | tuple[Case, ...] = (),
    domain: tuple[float, float] = (-2.0, 2.0),
    name: str | None = None,
) -> Callable[[F], F]:
    """Decorator: enter a plain function of ops, with its sample calls, into the registry.

    Its inputs come first and positional, in a case's order; a case's attributes are keywords.
    Unless its name begins with an underscore, it is public too.
    """

    def decorate(func: F) -> F:
        label = name or func.__name__
        registry.add("composite", Composite(label, func, tuple(cases), domain), label)
        return func if func.__name__.startswith("_") else public_as(label)(func)

    return decorate


def primitive(
    name: str, definition: Callable[..., Any], *, cases: tuple[Case, ...], **fields: Any
) -> Op:
    """Declare an op through its definition in other ops.

    It stays one node in traced graphs, so that a library kernel can take it whole; the compiler
    expands it into its definition where no provider supports it. infer, kernel and vjp follow
    from the definition (graph/defined.py).
    """
    fields.setdefault("whole", True)
    return define(name, definition, cases=cases, doc=inspect.getdoc(definition) or "", **fields)
