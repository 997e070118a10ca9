"""Tensor: what users hold. It carries a value (eager) or stands for one (symbolic)."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, TypeAlias

import numpy as np

from kerasish import budget, registry
from kerasish.backend.base import current, on_host
from kerasish.config import settings
from kerasish.errors import ArgumentError, GraphError, NoValueError
from kerasish.frames import NO_NUMBERS, HasArray, host_array
from kerasish.graph import primitives
from kerasish.graph.node import Node, constant, make_node, pick, placeholder
from kerasish.graph.op import Op, apply_hook
from kerasish.graph.recording import recording
from kerasish.hints import plain
from kerasish.portable import PortableTensor
from kerasish.spec import (
    TEXT,
    Shape,
    TensorSpec,
    dtype_name,
    is_float,
    no_numbers,
    promote,
    promote_float,
)
from kerasish.texts import as_texts
from kerasish.tree import flatten


def _unbound(*_: Any, **__: Any) -> Tensor:
    raise GraphError(
        "Operators and methods of tensors",
        expected="the op library, which gives tensors theirs",
        fix="import kerasish.ops",
    )


class Tensor(PortableTensor):
    """A multi-dimensional array, known now or later.

    Attributes:
        shape: tuple of ints; None where a dimension of a symbolic tensor is not known.
        dtype: name of the dtype, such as "float32".
        value: the backend's array, or None for a symbolic tensor.
        node: the graph node it stands for; None for a value that no tape follows.
        history: in functional models, which layer call made it.
        mask: the boolean tensor that says which timesteps count, or None.
    """

    __slots__ = ("__weakref__", "history", "mask", "name", "node", "spec", "value")
    __array_priority__ = 100
    # Symbols of functional models, which stand outside any trace, take calls of ops down.
    recorder: ClassVar[Any] = None

    def __init__(
        self, spec: TensorSpec, value: Any = None, node: Node | None = None, name: str = ""
    ) -> None:
        self.spec = spec
        self.value = value
        self.node = node
        self.history: Any = None
        self.mask: Any = None
        self.name = name

    @property
    def shape(self) -> tuple[Any, ...]:
        return self.spec.shape

    @property
    def dtype(self) -> str:
        return self.spec.dtype

    @property
    def ndim(self) -> int:
        return len(self.spec.shape)

    @property
    def size(self) -> int:
        return self.spec.size

    @property
    def nbytes(self) -> int:
        return self.spec.nbytes

    @property
    def is_symbolic(self) -> bool:
        """Whether the value is not known yet."""
        return self.value is None

    def numpy(self) -> np.ndarray:
        """The value as a numpy array of its own.

        Raises:
            GraphError: the tensor is symbolic.
        """
        return np.array(self._host())

    def _host(self) -> np.ndarray:
        """The value itself on the host, which nobody may write to."""
        if self.value is None:
            raise NoValueError(
                "A symbolic tensor has no value yet",
                expected="an eager tensor",
                received=self,
                fix="Return it from the function, use kerasish.ops instead of numpy functions, "
                "or set run_eagerly=True to debug with values.",
            )
        return current().to_numpy(self.value)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        seen = self._host().view()
        seen.flags.writeable = False  # a tensor is a value: what shares its memory cannot change it
        return np.array(seen, dtype=dtype, copy=copy)

    def __dlpack__(self, **options: Any) -> Any:
        self._host()
        return self.value.copy().__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        self._host()
        return self.value.__dlpack_device__()

    def item(self) -> Any:
        """The only element as a Python scalar."""
        return self._host().item()

    def __pos__(self) -> Tensor:
        return self

    def tolist(self) -> Any:
        """The value as nested Python lists."""
        return self._host().tolist()

    def __float__(self) -> float:
        return float(self._host())

    def __int__(self) -> int:
        return int(self._host())

    def __index__(self) -> int:
        return self._host().__index__()

    def __bool__(self) -> bool:
        if self.value is None:
            raise NoValueError(
                "A symbolic tensor was used as a Python bool",
                expected="a value",
                received=self,
                fix="Use kerasish.ops.cond or kerasish.ops.where instead of `if`.",
            )
        return bool(self._host())

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of a 0-d tensor")
        if self.shape[0] is None:
            raise NoValueError(
                "A symbolic tensor was counted or iterated over",
                expected="a known first size",
                received=self,
                fix="Use kerasish.ops.map or kerasish.ops.unstack(x, axis=1), or index another "
                "axis.",
            )
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))

    def __format__(self, spec: str) -> str:
        return format(str(self) if self.shape or self.value is None else self.item(), spec)

    def __repr__(self) -> str:
        if self.value is None:
            return f"<Tensor {self.spec}{' ' + self.name if self.name else ''} symbolic>"
        return f"<Tensor {self.spec} {np.array2string(self._host(), threshold=20, precision=4)}>"

    __hash__ = object.__hash__

    # `ops.methods` binds the operators, and numpy's methods of arrays.
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = _unbound
    __rtruediv__ = __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __pow__ = __rpow__ = _unbound
    __and__ = __rand__ = __or__ = __ror__ = __xor__ = __rxor__ = __lshift__ = __rlshift__ = _unbound
    __rshift__ = __rrshift__ = __lt__ = __le__ = __gt__ = __ge__ = __neg__ = __abs__ = _unbound
    __eq__ = __ne__ = _unbound  # type: ignore[assignment]
    __invert__ = __round__ = __matmul__ = __rmatmul__ = __getitem__ = _unbound
    T = property(_unbound)
    all = any = argmax = argmin = argsort = astype = clip = conj = conjugate = copy = _unbound
    cumprod = cumsum = diagonal = dot = flatten = max = mean = min = prod = ravel = _unbound
    repeat = reshape = round = searchsorted = sort = squeeze = std = sum = swapaxes = _unbound
    take = trace = transpose = var = _unbound
    nonzero: Any = _unbound


Tensor._keras_mask = Tensor.mask  # type: ignore[attr-defined]  # `mask` by Keras's name


# What functions of tensors take: whatever `convert_to_tensor` makes a tensor of.
TensorLike: TypeAlias = Tensor | HasArray | complex | Sequence["TensorLike"]


# --- conversion -------------------------------------------------------------------------------


def convert_to_tensor(x: Any, dtype: Any = None) -> Tensor:
    """`x` as a Tensor: numbers, nested lists, numpy arrays, DLPack objects, variables.

    Python floats become floatx and Python ints int32; numpy arrays keep their dtype. A tensor is a
    value: it never shares memory with what it was made from. "string" gives texts, which layers
    that read text take, and no op.
    """
    if type(dtype) is str and dtype == TEXT:
        return text_tensor(x)
    if isinstance(x, Tensor):
        if dtype is None or dtype_name(dtype) == x.dtype:
            return x
        return primitives.cast_(x, dtype=dtype_name(dtype))
    if type(x) is float and dtype is not None:
        name = dtype_name(dtype)
        array = _number(x, math.copysign(1.0, x), name, settings.backend)
        return Tensor(TensorSpec((), name), array)
    read = getattr(x, "__kerasish_tensor__", None)
    return _from_host(x, dtype) if read is None else convert_to_tensor(read(), dtype)


@functools.lru_cache(1024)
def _number(x: float, sign: float, dtype: str, backend: str) -> Any:
    """A Python float on the device, the same array every time; `sign` tells -0.0 from 0.0."""
    array = _from_host(x, dtype).value
    if on_host(array):
        array.flags.writeable = False  # it is everyone's
    return array


def text_tensor(x: Any) -> Tensor:
    """Texts as a Tensor, from whatever holds text."""
    if isinstance(x, Tensor) and x.dtype == TEXT:
        return x
    array = np.array(as_texts(x, "convert_to_tensor"))
    return Tensor(TensorSpec(array.shape, TEXT), array)


def borrowed(x: Any) -> Tensor:
    """`x` as a Tensor that may share its memory, for who reads it before anyone can write to it."""
    return x if isinstance(x, Tensor) else _from_host(x, None, share=True)


def _from_host(x: Any, dtype: Any, share: bool = False) -> Tensor:
    device = current()
    if not (device.owns(x) or hasattr(x, "__array__")) and hasattr(x, "__dlpack__"):
        x = device.xp.from_dlpack(x)
    if _holds_ours(x):
        return _stack(x, dtype)
    array: Any = x if device.owns(x) and x.dtype.kind not in NO_NUMBERS else host_array(x)
    kind = array.dtype.kind
    weak = not hasattr(x, "dtype")
    if dtype is not None or (weak and kind == "f"):
        name = dtype_name("float" if dtype is None else dtype)
    elif weak and kind in "iu" and np.abs(array).max(initial=0) < 2**31:
        name = "int32"
    else:
        name = dtype_name(array.dtype)
    # Of numbers and lists numpy has made a new array.
    if not (share or isinstance(x, (int, float, list, tuple))) and device.owns(array):
        array = array.copy() if dtype_name(array.dtype) == name else array
    found = wrap(device.asarray(array, name), name)
    budget.hold(found.value)
    return found


def _holds_ours(x: Any) -> bool:
    """Whether tensors or variables stand in a list or tuple."""
    return isinstance(x, (list, tuple)) and any(
        isinstance(t, Tensor) or hasattr(t, "__kerasish_tensor__") for t in flatten(x)
    )


def _stack(x: Any, dtype: Any) -> Tensor:
    parts = [convert_to_tensor(item) for item in x]
    common = dtype_name(dtype) if dtype is not None else promote(*(p.dtype for p in parts))
    rows = [primitives.expand_dims(convert_to_tensor(p, common), axis=0) for p in parts]
    return primitives.concatenate(*rows, axis=0)


def wrap(array: Any, dtype: str | None = None) -> Tensor:
    """A Tensor around an array of the current backend, without a copy."""
    return Tensor(TensorSpec(tuple(array.shape), dtype or dtype_name(array.dtype)), array)


def tensor_of(node: Node) -> Any:
    """The Tensor, or the tuple of Tensors, that stands for a node's result."""
    if isinstance(node.spec, TensorSpec):
        return Tensor(node.spec, node.value, node)
    parts = [pick(node, i) for i in range(len(node.spec))]
    for part, value in zip(parts, node.value or (), strict=False):
        part.value = value
    return tuple(Tensor(part.spec, part.value, part) for part in parts)


def filled(value: Any, shape: Shape, dtype: str, symbolic: bool = False) -> Tensor:
    """`value` in every element; a node rather than a stored array if `symbolic`."""
    scalar = convert_to_tensor(value, dtype)
    if scalar.value is not None and symbolic:
        scalar = Tensor(scalar.spec, node=node_of(scalar))
    return primitives.broadcast_to(scalar, shape=shape)


def filled_like(x: Tensor, value: Any, shape: Shape | None = None) -> Tensor:
    """`value` in the dtype of x and its or another shape, whatever x holds (NaN * 0 is no zero)."""
    return filled(value, x.shape if shape is None else shape, x.dtype, x.value is None)


def input_tensor(spec: TensorSpec, name: str = "") -> Tensor:
    """A fresh symbolic tensor standing for an input."""
    return Tensor(spec, node=placeholder(spec, name), name=name)


def node_of(x: Any) -> Node:
    """The node a tensor stands for; a value that no tape follows becomes a constant."""
    t = x if type(x) is Tensor else convert_to_tensor(x)
    return t.node if t.node is not None else constant(t.value, t.spec)


def is_tensor(x: Any) -> bool:
    """Whether `x` is a kerasish Tensor."""
    return isinstance(x, Tensor)


def is_weak(x: Any) -> bool:
    """Whether `x` is a Python number, whose dtype yields to those of tensors."""
    return type(x) in (int, float, bool)


# --- applying ops -------------------------------------------------------------------------------


def promoted(inputs: tuple[Any, ...], rule: str) -> list[Tensor]:
    """Inputs cast to their common dtype; `rule` is "same" or "float"."""
    first = inputs[0]
    if type(first) is Tensor and (rule == "same" or is_float(first.dtype)):
        dtype = first.dtype  # the usual case: tensors of one dtype, or a float and a number
        if all(type(x) is Tensor and x.spec.dtype == dtype for x in inputs):
            return list(inputs)
    held = [x if is_weak(x) else convert_to_tensor(x) for x in inputs]
    dtypes = [type(x).__name__ if is_weak(x) else x.dtype for x in held]
    common = promote(*dtypes) if rule == "same" else promote_float(*dtypes)
    return [convert_to_tensor(x, common) for x in held]


def apply(op: Op, inputs: tuple[Any, ...], attrs: dict[str, Any]) -> Any:
    """Apply an op: run its kernel if every input has a value, else add a node to the graph."""
    if op.own and attrs:
        plain(f"op {op.name!r}", attrs)
    if op.promote is None:
        tensors = [x if isinstance(x, Tensor) else convert_to_tensor(x) for x in inputs]
    elif not inputs:
        raise ArgumentError(op.name, expected="at least one tensor by position", received="none")
    else:
        tensors = promoted(inputs, op.promote)
    account = budget.current()
    if account is not None:
        account.spend("work", 1, f"the op {op.name}")
    symbolic = False
    for t in tensors:
        symbolic = symbolic or t.value is None
        if t.spec.dtype == TEXT:
            raise no_numbers(f"op {op.name!r}")
    if symbolic:
        found = [o.recorder for o in tensors if o.recorder]
        if found:
            return found[0](op, tensors, attrs)
        return tensor_of(make_node(op, tuple(map(node_of, tensors)), attrs))
    specs = op.infer(*(t.spec for t in tensors), **attrs)  # raises before a kernel can misread
    if op.own:
        specs = op.inferred(specs)
    if isinstance(specs, TensorSpec) and None in specs.shape:  # an attribute is not known yet
        return tensor_of(make_node(op, tuple(map(node_of, tensors)), attrs, specs))
    device, single = current(), isinstance(specs, TensorSpec)
    each: Any = (specs,) if single else specs
    if account is not None:
        account.compute(op, tensors, each, attrs)
    arrays = registry.above("ops.alone")(op, tensors, attrs) if op.whole else None
    if arrays is None:
        with np.errstate(all="ignore"):
            if op.own:
                result = op.run(device.xp, [t.value for t in tensors], attrs, specs)
            else:
                result = op.kernel(device.xp, *(t.value for t in tensors), **attrs)
        arrays = (result,) if single else result
    outs = [Tensor(s, device.asarray(a, s.dtype)) for a, s in zip(arrays, each, strict=True)]
    if account is not None:
        account.hold(*(out.value for out in outs))
    if recording.tapes and any(map(recording.follows, tensors)):
        _record(op, tensors, attrs, specs, outs)
    return outs[0] if single else tuple(outs)


def _record(op: Op, tensors: list[Tensor], attrs: dict[str, Any], specs: Any, outs: Any) -> None:
    nodes = (node_of(t) if recording.follows(t) else constant(t.value, t.spec) for t in tensors)
    node = make_node(op, tuple(nodes), attrs, specs)
    if isinstance(specs, TensorSpec):
        node.value = outs[0].value
        outs[0].node = node
        return
    node.value = tuple(out.value for out in outs)
    for i, out in enumerate(outs):
        out.node = pick(node, i)
        out.node.value = out.value


apply_hook.append(apply)
