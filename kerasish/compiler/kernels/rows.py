"""Sums of rows and updates of rows as compiled loops: `scatter_add` and `update_rows`."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasish.compiler.codegen import llvm_jit
from kerasish.compiler.codegen.llvm_entry import HEADER, arguments, vectors, work
from kerasish.compiler.codegen.llvm_kernel import KernelWriter
from kerasish.compiler.codegen.llvm_text import Emitter
from kerasish.compiler.codegen.nest import Dim, Nest
from kerasish.compiler.providers import Array, Arrays, BoundKernel, kernel
from kerasish.graph.node import CONSTANT, PLACEHOLDER, Graph, Node
from kerasish.ops.basic.indexing import wrapped
from kerasish.spec import known

NAME = "llvm"
ADD_ROWS = "add_rows"
_TASKS, _THREADS = HEADER.index("tasks"), HEADER.index("threads")


class _Call:
    """A kernel bound to its arguments, whose number of tasks may change from call to call.

    Args:
        cost: operations of a task.
    """

    def __init__(self, entry: llvm_jit.Entry, slots: Sequence[Any], cost: int) -> None:
        self._step: Any = entry.bind(0, 1, slots)
        (self._slots,) = self._step.args
        self._cost = cost

    def __call__(self, tasks: int) -> None:
        """Run `tasks` tasks, on more than one thread where that pays."""
        many = tasks * self._cost > llvm_jit.PARALLEL_COST
        self._slots[_TASKS] = tasks
        self._slots[_THREADS] = llvm_jit.threads() if many else 1
        self._step()


class _Sum:
    """y[to[i]] += x[i] for rows of float32, contiguous arrays."""

    def __init__(self, x: Array, y: Array, to: Array) -> None:
        rows, self.width = x.shape
        function = llvm_jit.function(ADD_ROWS, lambda: add_rows(llvm_jit.lanes()))
        self._call = _Call(function, [x, y, to, rows, self.width], 3 * rows)

    def __call__(self) -> None:
        self._call(self.width)


class _Flat:
    """An array as contiguous rows, copied at every step where it is something else."""

    def __init__(self, array: Array, width: int) -> None:
        plain = array.flags.c_contiguous
        self._source = None if plain else array
        self.rows = (array if plain else np.empty(array.shape, array.dtype)).reshape(-1, width)

    def read(self) -> None:
        """Bring the rows up to date."""
        if self._source is not None:
            self.rows.reshape(self._source.shape)[...] = self._source


# --- scatter_add ----------------------------------------------------------------------------------


def _sums_rows(node: Node) -> bool:
    ids, updates = node.inputs
    shape = known(node.spec.shape)
    plain = updates.spec.shape == (*ids.spec.shape, *shape[1:])
    return bool(
        node.spec.dtype == "float32"
        and node.attrs["axis"] == 0
        and len(shape) == 2
        and shape[1] >= llvm_jit.lanes()
        and plain
        and updates.spec.size
    )


@kernel("scatter_add", provider=NAME, supports=_sums_rows)
def _scatter_add(node: Node, inputs: Arrays, outputs: Arrays) -> BoundKernel:
    ids, y = inputs[0], outputs[0]
    x = _Flat(inputs[1], y.shape[1])
    to = np.empty(ids.size, np.int64)
    add = _Sum(x.rows, y, to)

    def step() -> None:
        to[...] = wrapped(np, ids, y.shape[0]).reshape(-1)
        x.read()
        y.fill(0)
        add()

    return step


# --- update_rows ----------------------------------------------------------------------------------


def _place(node: Node, i: int) -> int:
    """Where input i of the region stands among the op's, which begin with ids and updates."""
    return 2 + i - (i > node.attrs["at"])


def _pairs(node: Node) -> list[tuple[int, int]]:
    """Every table is updated in its place."""
    return [(k, _place(node, i)) for k, i in enumerate(node.attrs["tables"])]


def _updates_rows(node: Node) -> bool:
    body: Graph = node.attrs["body"]
    inner = [n for n in body.nodes if n.inputs]
    ids, updates = node.inputs[:2]
    width = known(body.outputs[0].spec.shape)[1]
    plain = updates.spec.shape == (*ids.spec.shape, width)
    return plain and updates.spec.dtype == "float32" and all(map(llvm_jit.supported, inner))


class _UpdateRows:
    """The update bound to arrays.

    Attributes:
        nbytes: memory of its own, beside the plan's arena.
    """

    def __init__(self, node: Node, inputs: Arrays, outputs: Arrays) -> None:
        body: Graph = node.attrs["body"]
        at = node.attrs["at"]
        self.ids, given = inputs[0], list(inputs[2:])
        self.count, width = known(body.outputs[0].spec.shape)
        most = min(self.ids.size, self.count)
        self.updates = _Flat(inputs[1], width)
        # One more row, always zero, is the gradient of rows that the batch does not name.
        self.gradient = np.zeros((most + 1, width), np.float32)
        self.place = np.full(self.count, most, np.int64)  # row of the table -> row of gradient
        self.named = np.zeros(self.count, bool)
        self.to = np.empty(self.ids.size, np.int64)
        self.pairs = np.empty((self.count, 2), np.int64)
        self.add = _Sum(self.updates.rows, self.gradient, self.to)
        slots = [node.inputs[_place(node, i)] for i in node.attrs["states"]]
        self.states = [slot.attrs["variable"] for slot in slots]
        pairs = [(outputs[k], inputs[i]) for k, i in _pairs(node)]
        self.apart = [(y, x) for y, x in pairs if y.ctypes.data != x.ctypes.data]
        given.insert(at, self.gradient)
        own = (self.gradient, self.place, self.named, self.to, self.pairs)
        self.nbytes = sum(a.nbytes for a in own)
        self.call = _Call(_compiled(body, at), [*given, *outputs, self.pairs], 12 * width)

    def __call__(self) -> None:
        for y, table in self.apart:
            np.copyto(y, table)
        named, gradient, place = self.named, self.gradient, self.place
        ids = wrapped(np, self.ids, self.count).reshape(-1)
        named[ids] = True
        rows = np.flatnonzero(named)
        place[rows] = np.arange(len(rows))
        np.take(place, ids, out=self.to, mode="clip")
        self.updates.read()
        gradient[: len(rows)] = 0
        self.add()
        moving = rows
        if self.states:
            flags = self._moving()
            flags |= named
            moving = np.flatnonzero(flags)
        self.pairs[: len(moving), 0] = moving
        np.take(place, moving, out=self.pairs[: len(moving), 1], mode="clip")
        self.call(len(moving))
        named[rows] = False
        place[rows] = len(gradient) - 1

    def _moving(self) -> Array:
        """Which rows of the slots may differ from zero."""
        flags = self.states[0].moving
        if flags is None or any(s.swept or s.moving is not flags for s in self.states):
            flags = np.zeros(self.count, bool)
            for state in self.states:
                flags |= (state.array != 0).any(axis=1)
                state.moving = flags
        return flags


def _compiled(body: Graph, at: int) -> llvm_jit.Entry:
    """The loop of a region over rows."""

    def text(name: str) -> str:
        writer = RowsWriter(body, body.inputs[at], name, llvm_jit.lanes())
        return "\n".join([writer.render(), *sorted(writer.declarations)])

    digest = hashlib.sha256(text("update_rows").encode()).hexdigest()
    name = f"update_rows_{digest[:12]}"
    return llvm_jit.function(name, lambda: text(name))


@kernel("update_rows", provider=NAME, supports=_updates_rows, inplace=_pairs)
def _update_rows(node: Node, inputs: Arrays, outputs: Arrays) -> BoundKernel:
    return _UpdateRows(node, inputs, outputs)


# --- the kernels ---------------------------------------------------------------------------------


class RowsWriter(KernelWriter):
    """A region over (rows, columns), run for the rows that a list names.

    The list stands where other kernels have their scratch: pairs (row of the tables, row of the
    gradient) of 64-bit integers, one per task.

    Args:
        body: a region over one domain of two axes; what is no table is a scalar.
        gradient: the input whose rows are named apart.
        name: the function's name.
        lanes: elements in a vector register.
    """

    def __init__(self, body: Graph, gradient: Node, name: str, lanes: int) -> None:
        count, width = body.outputs[0].spec.shape
        strides = {
            n: [width, 1] if n.spec.size > 1 else [0, 0] for n in (*body.inputs, *body.outputs)
        }
        element = {n: True for n in body.nodes if n.op not in (PLACEHOLDER, CONSTANT)}
        dims = [Dim(count, "P"), Dim(width, "P")]
        super().__init__(Nest(body, "map", dims, strides, element), name, lanes)
        self.gradient = gradient

    def _offsets(self, e: Emitter, index: str | int, dims: list[int]) -> dict[Node, str]:
        at = e.arith("mul", index, 2)
        table = e.load(self.scratch, at, "int64", 1, 1, None).name
        own = e.load(self.scratch, e.arith("add", at, 1), "int64", 1, 1, None).name
        width = self.nest.dims[1].size
        starts = {row: e.arith("mul", row, width) for row in (table, own)}
        return {
            n: starts[own if n is self.gradient else table] if self.nest.strides[n][0] else "0"
            for n in self.walked
        }


def add_rows(lanes: int) -> str:
    """The IR of a kernel: for every i, row `to[i]` of y += row i of x, in that order.

    Slots of its arguments: x, y, `to` (int64), the number of rows of x, the width. Its tasks are
    the columns.
    """
    e = Emitter(lanes)
    names = "x", "y", "to", "count", "width"
    x, y, to, count, width = arguments(e, names, 3).values()
    with e.loop(0, count) as i:
        target = e.load(to, i, "int64", 1, 1, None).name
        source_row, target_row = e.arith("mul", i, width), e.arith("mul", target, width)

        def add(column: str, mask: str | None) -> None:
            here, there = e.arith("add", source_row, column), e.arith("add", target_row, column)
            part = e.load(x, here, "float32", lanes, 1, mask)
            total = e.load(y, there, "float32", lanes, 1, mask)
            e.store(e.add(total, part), y, there, mask)

        vectors(e, "%begin", "%end", add)
    return work(ADD_ROWS, e)
