"""What the methods of tensors mean: numpy's methods of arrays, as calls of public functions."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from kerasish import registry
from kerasish.errors import ArgumentError
from kerasish.graph.tensor import Tensor
from kerasish.graph.variable import Variable
from kerasish.ops import numpy as np_ops
from kerasish.ops.basic import elementwise as _e
from kerasish.ops.basic.matmul import matmul, matmul_
from kerasish.ops.basic.subscript import get_item
from kerasish.ops.core.tensors import cast
from kerasish.ops.symbol import KerasTensor


def _several(function: Callable[..., Any]) -> Callable[..., Any]:
    """A method that takes a tuple, or its items as arguments of their own."""

    def method(x: Any, *given: Any, **named: Any) -> Any:
        if len(given) > 1:
            return function(x, given, **named)
        return function(x, *given, **named)

    return method


def _clip(x: Any, min: Any = None, max: Any = None) -> Any:
    low, high = float("-inf"), float("inf")
    return np_ops.clip(x, low if min is None else min, high if max is None else max)


# Where a method is not the function of its name.
OTHER: dict[str, Callable[..., Any]] = {
    "astype": cast,
    "clip": _clip,
    "flatten": np_ops.ravel,
    "reshape": _several(np_ops.reshape),
    "transpose": _several(np_ops.transpose),
}
# What numpy's functions of the same names (`np.mean(x)`) hand to a method beside what its own
# function takes, as long as their callers leave it alone.
_LEFT_ALONE: dict[str, tuple[Any, ...]] = {
    "out": (None,), "dtype": (None,), "ddof": (0,), "order": ("C", "K", "A", None),
    "mode": ("raise",), "kind": (None, "stable"), "stable": (None, True), "initial": (),
    "where": (), "sorter": (None,), "copy": (True, False, None), "casting": ("unsafe",),
    "subok": (True, False),
}  # fmt: skip

# What methods take themselves, of these.
_OWN = {
    "astype": "dtype", "cumprod": "dtype", "cumsum": "dtype", "max": "initial", "min": "initial",
    "prod": "dtype",
}  # fmt: skip


def _of_numpy(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    """A method that numpy's function of its name may call too.

    `np.argmax(x)` calls `x.argmax(axis=None, out=None)`. What tensors compute without is left out
    where it asks for nothing; else numpy computes, on the values.
    """

    @functools.wraps(method)
    def call(x: Any, *args: Any, **kwargs: Any) -> Any:
        if kwargs and not kwargs.keys().isdisjoint(_LEFT_ALONE):
            if kwargs.get("out") is not None:
                raise ArgumentError(
                    f"{name}, out",
                    expected="None, since a tensor is a value and results are new ones",
                    received="an array",
                    fix="Assign what is returned.",
                )
            for key, alone in _LEFT_ALONE.items():
                if key in kwargs and key != _OWN.get(name):
                    if not any(kwargs[key] is a or kwargs[key] == a for a in alone):
                        return getattr(np.asarray(x), name)(*args, **kwargs)
                    del kwargs[key]
        return method(x, *args, **kwargs)

    return call


# --- binding: the one place where tensors and variables get operators and methods -----------------


def _operators(op: Callable[..., Any]) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """x <op> y, and the same for a tensor at the right of something else."""

    def left(self: Any, other: Any) -> Any:
        return NotImplemented if other is None else op(self, other)

    def right(self: Any, other: Any) -> Any:
        return NotImplemented if other is None else op(other, self)

    return left, right


def _on_symbols(op: Any, flip: bool = False) -> Callable[..., Any]:
    """The operator of symbols: a call of the public function, which is recorded."""
    public = "true_divide" if op is _e.divide else getattr(op, "name", None) or op.__name__
    # On booleans `&`, `|`, `^` and `~` are the logical functions, as Keras names them in files.
    logical = public.replace("bitwise", "logical")

    def method(self: KerasTensor, *other: Any) -> Any:
        if other and other[0] is None:
            return NotImplemented
        operands = (*other, self) if flip else (self, *other)
        truth = all(isinstance(x, bool) or getattr(x, "dtype", None) == "bool" for x in operands)
        return registry.lookup("function", logical if truth else public)(*operands)

    return method


PAIRS = {
    "add": _e.add, "sub": _e.subtract, "mul": _e.multiply, "truediv": _e.divide,
    "floordiv": np_ops.floor_divide, "mod": np_ops.mod, "pow": np_ops.power, "and": _e.bitwise_and,
    "or": _e.bitwise_or, "xor": _e.bitwise_xor, "lshift": _e.left_shift, "rshift": _e.right_shift,
}  # fmt: skip
COMPARISONS = {
    "lt": _e.less, "le": _e.less_equal, "gt": _e.greater, "ge": _e.greater_equal, "eq": _e.equal,
    "ne": _e.not_equal,
}  # fmt: skip
SINGLES = {"neg": _e.negative, "abs": _e.absolute, "invert": _e.bitwise_not}
# As Keras's variables have them; those of tensors work on bits.
LOGIC = {"and": _e.logical_and, "or": _e.logical_or, "xor": _e.logical_xor}
METHODS = (
    "all any argmax argmin argsort astype clip conj conjugate copy cumprod cumsum diagonal dot "
    "flatten max mean min nonzero prod ravel repeat reshape round searchsorted sort squeeze std "
    "sum swapaxes take trace transpose var"
).split()


def bind() -> None:
    """Give `Tensor`, `Variable` and `KerasTensor` their operators and methods."""
    for cls, pairs in ((Tensor, PAIRS), (Variable, LOGIC)):
        for name, op in pairs.items():
            left, right = _operators(op)
            setattr(cls, f"__{name}__", left)
            setattr(cls, f"__r{name}__", right)
    for name, op in COMPARISONS.items():
        setattr(Tensor, f"__{name}__", _operators(op)[0])
    for name, op in SINGLES.items():
        setattr(Tensor, f"__{name}__", lambda self, op=op: op(self))
    setattr(Variable, "__invert__", lambda self: _e.logical_not(self))  # noqa: B010
    Tensor.__matmul__ = lambda self, other: matmul(self, other)
    Tensor.__rmatmul__ = lambda self, other: matmul(other, self)
    Tensor.__getitem__ = lambda self, key: get_item(self, key)
    for name in METHODS:
        method = _of_numpy(name, OTHER.get(name) or getattr(np_ops, name))
        setattr(Tensor, name, method)
        if name == "round":
            setattr(Tensor, "__round__", method)  # noqa: B010
    Tensor.T = property(np_ops.transpose)
    for name, op in {**PAIRS, **COMPARISONS, **SINGLES, "matmul": matmul_}.items():
        setattr(KerasTensor, f"__{name}__", _on_symbols(op))
        if hasattr(Tensor, f"__r{name}__"):
            setattr(KerasTensor, f"__r{name}__", _on_symbols(op, flip=True))
    equal = KerasTensor.__eq__

    def same(self: Any, other: Any) -> Any:
        # Two symbols are the same one or not, as in Keras, so that lists of them can be searched.
        return self is other if isinstance(other, KerasTensor) else equal(self, other)

    KerasTensor.__eq__ = same


bind()
