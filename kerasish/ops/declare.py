"""How ops are declared: unary and binary elementwise ops, composites, sample inputs.

    softplus = composite(case((3, 4)))(lambda x: ...)                # an op made of ops
    exp_ = elementwise("exp", "exp", lambda g, y, x: g * y, arity=1) # a primitive
    exp = of_one(exp_, "e to the power of each element.")            # its public function

Everything else about an op (its tests, its fused kernels, its documentation) follows from this.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np

from kerasish import registry
from kerasish.graph.defined import define
from kerasish.graph.elementwise import elementwise, same_as_first
from kerasish.graph.op import Case, Op, case, op
from kerasish.graph.tensor import Tensor, TensorLike
from kerasish.ops.operation import public_as

__all__ = [
    "Case", "Composite", "OfOne", "OfTwo", "Sample", "bools", "case", "complexes", "composite",
    "elementwise", "entered", "ints", "of_one", "of_two", "op", "primitive", "same_as_first",
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


@dataclass(frozen=True)
class Composite:
    """A function of ops with sample calls, so that its tests are generated too."""

    name: str
    func: Callable[..., Any]
    cases: tuple[Case, ...]
    domain: tuple[float, float]


def composite(
    *cases: Case, domain: tuple[float, float] = (-2.0, 2.0), name: str | None = None
) -> Callable[[F], F]:
    """Decorator: enter a plain function of ops, with its sample calls, into the registry.

    Its inputs come first and positional, in a case's order; a case's attributes are keywords.
    Unless its name begins with an underscore, it is public too.
    """

    def decorate(func: F) -> F:
        label = name or func.__name__
        registry.add("composite", Composite(label, func, cases, domain), label)
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


class OfOne(Protocol):
    """A public function of one tensor."""

    def __call__(self, x: TensorLike) -> Tensor: ...


class OfTwo(Protocol):
    """A public function of two tensors."""

    def __call__(self, x1: TensorLike, x2: TensorLike) -> Tensor: ...


def entered(func: F, doc: str, name: str) -> F:
    """Make a function public that was made by another one, in the module that calls that."""
    func.__name__ = func.__qualname__ = name
    func.__module__, func.__doc__ = sys._getframe(2).f_globals["__name__"], doc  # pyright: ignore[reportPrivateUsage]
    return public_as(name)(func)


def of_one(
    op: Op, doc: str, name: str = "", given: Callable[[TensorLike], Tensor] | None = None
) -> OfOne:
    """The public function of an op of one tensor.

    Args:
        op: what is called with the tensor.
        doc: its docstring.
        name: its name, that of the op by default.
        given: what makes the op's input of the tensor, such as `as_float`.
    """

    def call(x: TensorLike) -> Tensor:
        return op(x)

    def converted(x: TensorLike) -> Tensor:
        return op(given(x))  # type: ignore[misc]

    return entered(converted if given else call, doc, name or op.name)


def of_two(op: Op, doc: str, name: str = "") -> OfTwo:
    """The public function of an op of two tensors, as `of_one`."""

    def call(x1: TensorLike, x2: TensorLike) -> Tensor:
        return op(x1, x2)

    return entered(call, doc, name or op.name)
