"""A step made of oneDNN primitives: fixed memories, prebuilt argument arrays, shared scratch."""

from __future__ import annotations

import ctypes
import functools
import threading
import weakref
from collections.abc import Mapping, Sequence
from ctypes import c_int, c_void_p
from typing import Any

import numpy as np

from kerasish.compiler.codegen.nest import contiguous
from kerasish.compiler.kernels.onednn import api
from kerasish.compiler.kernels.onednn.api import Arg, Desc
from kerasish.compiler.kernels.onednn.library import load
from kerasish.compiler.providers import Array, BoundKernel

_ALIGNMENT = 64


class Memory(api.Handle):
    """A dnnl_memory_t over a fixed address; the array it lies in is kept alive."""

    __slots__ = ("__weakref__", "array", "desc")

    def __init__(self, desc: Desc, address: int, array: Array | None = None) -> None:
        super().__init__("memory_destroy", "memory_create", desc, api.engine(), c_void_p(address))
        self.desc = desc
        self.array = array


class Scratch:
    """One growing buffer for what lives only within a step; steps that use it take its lock."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._buffer = np.empty(0, np.uint8)
        self._memories: weakref.WeakKeyDictionary[Memory, int] = weakref.WeakKeyDictionary()

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self._buffer.nbytes

    def _base(self) -> int:
        address = self._buffer.ctypes.data
        return address + -address % _ALIGNMENT

    def reserve(self, nbytes: int) -> None:
        """Grow to `nbytes`, moving every memory placed so far."""
        with self.lock:
            if nbytes + _ALIGNMENT <= self._buffer.nbytes:
                return
            self._buffer = np.empty(nbytes + _ALIGNMENT, np.uint8)
            base = self._base()
            for memory, offset in self._memories.items():
                api.call("memory_set_data_handle", memory, c_void_p(base + offset))

    def place(self, desc: Desc, offset: int) -> Memory:
        """A memory at a fixed offset of the buffer."""
        with self.lock:
            self.reserve(offset + desc.nbytes)
            memory = Memory(desc, self._base() + offset)
            self._memories[memory] = offset
            return memory


SCRATCH = Scratch()
"""The scratch of all steps."""


class _ExecArg(ctypes.Structure):
    _fields_ = [("arg", c_int), ("memory", c_void_p)]


@functools.cache
def _exec_args(count: int) -> Any:
    """The type of so many arguments, made once: types are garbage in a ring."""
    return _ExecArg * count


def layout(array: Array, order: Sequence[int] | None = None) -> Desc:
    """The descriptor of an array whose axes oneDNN sees in another order.

    Args:
        array: any view with positive strides.
        order: for every oneDNN axis the array's axis; None keeps the order.
    """
    item = array.itemsize
    strides = [s // item for s in array.strides]
    running = 1
    for axis in reversed(range(array.ndim)):
        # The stride of an axis of length one means nothing to numpy; oneDNN compares it.
        if array.shape[axis] == 1:
            strides[axis] = running
        running = strides[axis] * array.shape[axis]
    return _ordered(array.shape, strides, order, array.dtype.name)


def dense(shape: Sequence[int], order: Sequence[int] | None = None, dtype: str = "float32") -> Desc:
    """The descriptor of a C-contiguous array, its axes in oneDNN's order as in `layout`."""
    return _ordered(shape, contiguous(tuple(shape)), order, dtype)


def _ordered(
    shape: Sequence[int], strides: Sequence[int], order: Sequence[int] | None, dtype: str
) -> Desc:
    order = range(len(shape)) if order is None else order
    return Desc.strided([shape[i] for i in order], [strides[i] for i in order], dtype)


def channels_first(rank: int) -> tuple[int, ...]:
    """The order in which oneDNN sees the axes (N, *S, C)."""
    return (0, rank - 1, *range(1, rank - 1))


def dense_data(shape: Sequence[int], dtype: str) -> Desc:
    """The dense channels-last layout of an array (N, *S, C)."""
    return dense(shape, channels_first(len(shape)), dtype)


def describable(array: Array) -> bool:
    """Whether oneDNN can address the array in place: positive whole strides, no overlap."""
    item = array.itemsize
    return all(
        size == 1 or (stride > 0 and stride % item == 0)
        for size, stride in zip(array.shape, array.strides, strict=True)
    )


class Program:
    """Collects primitives over fixed arrays; `step` gives the zero-argument callable."""

    def __init__(self) -> None:
        self._scratch = SCRATCH
        self._offset = 0
        self._calls: list[Any] = []
        self._keep: list[object] = []
        self._uses_scratch = False

    def bind(self, array: Array, order: Sequence[int] | None = None) -> Memory:
        """The memory of a fixed array (copied at every step where oneDNN cannot address it)."""
        if not describable(array):
            original, array = array, np.empty(array.shape, array.dtype)
            self._calls.append(functools.partial(np.copyto, array, original))
        return Memory(layout(array, order), array.ctypes.data, array)

    def temporary(self, desc: Desc) -> Memory:
        """A memory that lives only within the step."""
        self._uses_scratch = True
        memory = self._scratch.place(desc, self._offset)
        self._offset += desc.nbytes + -desc.nbytes % _ALIGNMENT
        return memory

    def reorder(self, source: Memory, target: Memory) -> None:
        """Copy between layouts or dtypes."""
        descs = (source.desc, api.engine(), target.desc, api.engine())
        self.execute(
            api.PrimitiveDesc("reorder", *descs, api.attributes()),
            {Arg.SRC: source, Arg.DST: target},
        )

    def fetch(self, memory: Memory, wanted: Desc) -> Memory:
        """`memory` in the wanted layout, reordered at every step where it differs."""
        if memory.desc.same(wanted):
            return memory
        target = self.temporary(wanted)
        self.reorder(memory, target)
        return target

    def execute(self, desc: api.PrimitiveDesc, args: Mapping[Arg, Memory]) -> None:
        """Add one primitive."""
        primitive = api.Handle("primitive_destroy", "primitive_create", desc)
        given = dict(args)
        pad = desc.desc(Arg.SCRATCHPAD)
        if pad.nbytes:
            given[Arg.SCRATCHPAD] = self.temporary(pad)
        array = _exec_args(len(given))(*((int(k), m._as_parameter_) for k, m in given.items()))
        self._keep.append((primitive, given, array))
        self._calls.append((primitive._as_parameter_, api.stream(), c_int(len(given)), array))

    def step(self) -> BoundKernel:
        """The finished step."""
        execute = load()["dnnl_primitive_execute"]  # untyped: its arguments are ready made
        calls = [(execute, c) if isinstance(c, tuple) else (c, ()) for c in self._calls]
        lock = self._scratch.lock

        def step(keep: object = self._keep) -> None:
            for function, args in calls:
                if status := function(*args):
                    api.raise_status("primitive_execute", status)

        def locked() -> None:
            with lock:
                step()

        return locked if self._uses_scratch else step
