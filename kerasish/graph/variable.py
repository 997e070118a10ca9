"""Variable: a named buffer that a step reads and writes."""

from __future__ import annotations

import math
import operator
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from types import NoneType
from typing import Any

import numpy as np

from kerasish import budget, naming
from kerasish.backend.base import current
from kerasish.changes import Flagged
from kerasish.errors import ArgumentError, GraphError, ShapeError
from kerasish.graph.node import Node, constant, placeholder
from kerasish.graph.recording import alias, recording
from kerasish.graph.tensor import (
    Tensor,
    convert_to_tensor,
    node_of,
    tensor_of,
    wrap,
)
from kerasish.graph.trace import current_trace, eagerly, start
from kerasish.hints import asked, one_of
from kerasish.portable import PortableVariable
from kerasish.serialization import resolve
from kerasish.spec import dtype_name, is_float, np_dtype


class _State(threading.local):
    dtype: str | None = None  # in which variables are read, where not in their own
    blank: bool = False  # whether new ones are zero


reading = _State()


@contextmanager
def blank_variables() -> Generator[None, None, None]:
    """Context manager: variables made inside are zero, whatever their initializer.

    Nothing is drawn for weights that are about to be read from a file.
    """
    held, reading.blank = reading.blank, True
    try:
        yield
    finally:
        reading.blank = held


NAMED: tuple[type, ...] = (str, Mapping, type, NoneType)  # what stands for an initializer


def _initial(initializer: Any, shape: Any, dtype: Any, name: str) -> Tensor:
    """The first value of a variable."""
    named = isinstance(initializer, NAMED)
    if (named or callable(initializer)) and shape is None:
        raise ArgumentError(f"Variable {name!r}, {initializer!r}", expected="shape=(...)")
    if named:
        default = "glorot_uniform" if is_float(dtype_name(dtype)) else "zeros"
        initializer = resolve("initializer", default if initializer is None else initializer)
    if not callable(initializer):
        return convert_to_tensor(initializer, dtype)
    wanted = dtype_name(dtype)
    if reading.blank:
        return convert_to_tensor(np.zeros(shape, np_dtype(wanted)), wanted)
    what = f"The initializer of the variable {name!r}"
    made = asked(what, "f(shape, dtype)", initializer, tuple(shape), dtype=wanted)
    return convert_to_tensor(made, wanted)


@contextmanager
def autocast(dtype: str | None) -> Generator[None, None, None]:
    """Context manager: float variables that allow it are read in `dtype` (None: in their own)."""
    held, reading.dtype = reading.dtype, dtype
    try:
        yield
    finally:
        reading.dtype = held


AGGREGATIONS = (None, "none", "mean", "sum", "only_first_replica")
SYNCHRONIZATIONS = (None, "none", "on_read", "on_write", "auto")


def _function(value: Any) -> bool:
    return value is None or callable(value)


def _checked(name: str, expected: str, fits: Callable[[Any], bool]) -> property:
    """An attribute that takes fitting values only."""

    def put(self: Any, value: Any) -> None:
        if not fits(value):
            raise ArgumentError(f"Variable.{name}", expected=expected, received=repr(value))
        setattr(self, f"_{name}", value)

    return property(operator.attrgetter(f"_{name}"), put)


class Variable(PortableVariable, Flagged):
    """A tensor that can change: weights, optimizer slots, metric totals, random state.

    Args:
        initializer: a value, or, with `shape`, an initializer: a callable `(shape, dtype) ->
            value`, its name or config.
        shape: tuple of ints; taken from the value when `initializer` is one.
        dtype: name of the dtype; floatx by default, or the value's own.
        trainable: whether optimizers change it.
        autocast: whether layers of a mixed precision read it in their compute dtype.
        aggregation, synchronization: Keras's words on replicas, kept; there is one replica.
        name: last part of `path`, without "/"; `path` begins with the open scopes. By default
            "variable", numbered over the program.
        regularizer: callable on the value, added to the loss of its model.
        constraint: callable on the value, applied after each optimizer update.

    Raises:
        ArgumentError: an initializer without a shape, or a word that is not known.

    In a trace, reading gives a node and `assign` an output of the graph. The buffer never moves:
    a plan that is bound to it stays right whatever is assigned.
    """

    __slots__ = (
        "__weakref__", "_constraint", "_overwrite_with_gradient", "_regularizer", "aggregation",
        "array", "autocast", "moving", "name", "path", "spec", "swept", "synchronization",
    )  # fmt: skip
    constraint = _checked("constraint", "a function of the value, or None", _function)
    regularizer = _checked("regularizer", "a function of the value, or None", _function)
    overwrite_with_gradient = _checked(
        "overwrite_with_gradient", "True or False", lambda value: isinstance(value, bool)
    )

    def __init__(
        self,
        initializer: Any,
        shape: tuple[int, ...] | None = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        aggregation: str | None = "none",
        synchronization: str | None = "auto",
        name: str | None = None,
        regularizer: Any = None,
        constraint: Any = None,
    ) -> None:
        name = naming.auto_name("variable") if name is None else naming.part("Variable name", name)
        shape = (shape,) if isinstance(shape, int) else shape
        if shape is not None and budget.current() is not None:
            size = math.prod(shape) * np_dtype(dtype_name(dtype)).itemsize
            budget.spend("work", 8, f"the variable {name!r}")
            budget.spend("variables", size, f"the variable {name!r} of shape {tuple(shape)}")
        with eagerly(), budget.charged():
            value = _initial(initializer, shape, dtype, name)
        if shape is None:
            budget.spend("variables", value.spec.nbytes, f"the variable {name!r}")
        elif tuple(shape) != value.shape:
            raise ShapeError(
                f"The initial value of variable {name!r} has another shape",
                expected=tuple(shape),
                received=value.shape,
            )
        self.spec = value.spec
        self.array = self._buffer()
        self.array[...] = value.value
        self._trainable = trainable
        self.name = name
        self.path = naming.below(naming.current_path(), name)
        self.regularizer = regularizer
        self.constraint = constraint
        self.autocast = autocast and is_float(self.spec.dtype)
        self.aggregation = one_of("aggregation", aggregation, AGGREGATIONS)
        self.synchronization = one_of("synchronization", synchronization, SYNCHRONIZATIONS)
        self.overwrite_with_gradient = False
        self.moving: Any = None  # which rows may differ from zero, where updates keep account
        self.swept = False  # whether some plan writes all rows, of which no account is kept

    def _buffer(self) -> Any:
        device = current()
        dtype = device.asarray([], self.spec.dtype).dtype
        return device.empty(self.spec.nbytes).view(dtype).reshape(self.spec.shape)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.spec.shape  # type: ignore[return-value]

    @property
    def dtype(self) -> str:
        return self.spec.dtype

    @property
    def ndim(self) -> int:
        return len(self.spec.shape)

    @property
    def value(self) -> Tensor:
        """The present value: a copy, or a node while a function is traced."""
        held = self._read()
        if self.autocast and reading.dtype not in (None, self.dtype):
            return convert_to_tensor(held, reading.dtype)
        return held

    def _read(self) -> Tensor:
        """The present value in the variable's own dtype."""
        if (made := current_trace()) is not None:
            return tensor_of(made.read(self, start))
        if recording.tapes:
            return tensor_of(recording.held.read(self, Variable._leaf))
        return wrap(self.array.copy(), self.dtype)

    def _leaf(self) -> Node:
        """The present value as the open tapes know it."""
        leaf = placeholder(self.spec, self.path)
        leaf.value = self.array.copy()
        return leaf

    def __kerasish_tensor__(self) -> Tensor:
        return self.value

    def numpy(self) -> np.ndarray:
        """A copy of the buffer as a numpy array."""
        return np.array(current().to_numpy(self.array))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self.numpy() if dtype is None else self.numpy().astype(dtype)

    def assign(self, value: Any) -> Tensor:
        """Set the value; in a trace, what the variable holds from this point on.

        Raises:
            ShapeError: the shapes differ.
            GraphError: the value is symbolic, and no function is being traced.
        """
        new = convert_to_tensor(value, self.dtype)
        if new.shape != self.shape:
            raise ShapeError(
                f"Variable {self.path!r} cannot take this value",
                expected=f"shape {self.shape}",
                received=f"shape {new.shape}",
            )
        made = current_trace()
        if made is not None:
            made.assign(self, new)
        elif new.is_symbolic:
            raise GraphError(
                f"Variable {self.path!r} cannot hold a symbolic tensor",
                expected="a value",
                received=new,
                fix="Assign it in the function that is traced, or what it returns.",
            )
        else:
            self.array[...] = new.value
            self.moving = None
            recording.forget(self)
            if recording.tapes:
                node = node_of(new) if recording.follows(new) else constant(new.value, new.spec)
                recording.held.layers[-1][self] = alias(node)
        return new

    def assign_add(self, value: Any) -> Tensor:
        """Add to the value."""
        return self.assign(self._read() + value)

    def assign_sub(self, value: Any) -> Tensor:
        """Subtract from the value."""
        return self.assign(self._read() - value)

    def __repr__(self) -> str:
        shown = np.array2string(self.numpy(), threshold=20, precision=4)
        return f"<Variable path={self.path}, shape={self.shape}, dtype={self.dtype}, value={shown}>"

    def __bool__(self) -> bool:
        raise TypeError(f"A Variable, {self.path!r}, has no truth value. Use bool(v.value).")

    __hash__ = object.__hash__


def _forward(method: str) -> Any:
    def forward(self: Variable, *other: Any) -> Any:
        return getattr(self.value, method)(*other)

    return forward


_PAIRS = "add sub mul truediv floordiv mod pow matmul lshift rshift".split()
_SINGLES = "eq ne lt le gt ge neg pos abs round float int getitem len format".split()
for _method in [*_PAIRS, *(f"r{n}" for n in _PAIRS), *_SINGLES]:
    setattr(Variable, f"__{_method}__", _forward(f"__{_method}__"))
