"""From a loop nest to the LLVM IR of one kernel.

A kernel is `name.work(args, begin, end)`, which does some of its tasks, and where a long reduction
is cut up also `name.combine(args)`, which joins what the tasks left. `llvm_entry` calls them.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

from kerasish.compiler.codegen.llvm_entry import arguments, defined, vectors
from kerasish.compiler.codegen.llvm_scope import Accumulator, Scope, horizontal, mixed_key, width
from kerasish.compiler.codegen.llvm_text import Emitter, Value, register, type_of
from kerasish.compiler.codegen.nest import Nest
from kerasish.graph.node import Node
from kerasish.spec import TensorSpec

CHUNK = 1 << 15  # elements one task of a long reduction takes; fixed, so that sums do not depend
# on the number of threads
UNROLL = 4  # vectors of a column reduction held in registers at once
SPILL_FLOPS = 8  # an element value dearer than this is kept for later stages, not recomputed
SPILL_LIMIT = 8192  # elements of a row that may be kept on the stack


class KernelWriter:
    """Writes one kernel.

    Args:
        nest: the region as loops.
        name: the function's name.
        lanes: elements in a vector register.
    """

    def __init__(self, nest: Nest, name: str, lanes: int) -> None:
        self.nest = nest
        self.name = name
        self.lanes = lanes
        self.walked = [*nest.operands, *nest.draws]  # whatever has an offset
        self.keys: dict[Node, Value] = {}
        self.reductions = nest.reductions
        self.declarations: set[str] = set()

    # --- what the caller must know --------------------------------------------------------------

    @property
    def chunks(self) -> int:
        """Tasks a long reduction is cut into."""
        nest = self.nest
        if not self.combines:
            return 1
        per_row = nest.count("I") * nest.count("R")
        return min(max(per_row // CHUNK, 1), 64, max(nest.count("R"), 1))

    @property
    def tasks(self) -> int:
        """The number of independent tasks; for a flat map, its elements."""
        nest = self.nest
        if nest.kind == "map":
            return math.prod(d.size for d in (nest.dims[:-1] or nest.dims))
        return nest.count("P") * (1 if nest.kind == "rows" else self.chunks)

    @property
    def scratch_bytes(self) -> int:
        """Bytes for the partial results of the chunks."""
        if not self.combines:
            return 0
        rows = self.nest.count("P") * self.nest.count("I") * self.chunks
        return rows * sum(width(n) for n in self.reductions)

    @property
    def combines(self) -> bool:
        """Whether the tasks leave partial results that `combine` joins."""
        return self.nest.kind in ("columns", "flat")

    @property
    def unit(self) -> int:
        """Tasks are given to threads in multiples of it."""
        return self.lanes if self.nest.is_flat_map else 1

    @property
    def functions(self) -> list[str]:
        """The names of `work`, and of `combine` where there is one."""
        return [f"{self.name}.work", *([f"{self.name}.combine"] if self.combines else [])]

    # --- assembly -----------------------------------------------------------------------------

    def render(self) -> str:
        """The IR of the kernel's functions."""
        work = self._function("work", "ptr %args, i64 %begin, i64 %end", self._work)
        if not self.combines:
            return work
        return work + self._function("combine", "ptr %args", self._combine)

    def _function(self, part: str, signature: str, write: Callable[[Emitter], None]) -> str:
        e = Emitter(self.lanes)
        names = [str(k) for k in range(len(self.nest.operands) + 1)]
        *bases, self.scratch = arguments(e, names, len(names)).values()
        self.bases = dict(zip(self.nest.operands, bases, strict=True))
        self.keys = {n: mixed_key(e, self.bases[n.inputs[0]]) for n in self.nest.draws}
        write(e)
        self.declarations |= e.declarations
        return defined(f"void @{self.name}.{part}({signature})", e)

    def _work(self, e: Emitter) -> None:
        {"map": self._map, "rows": self._rows, "columns": self._columns, "flat": self._flat}[
            self.nest.kind
        ](e)

    # --- addressing ---------------------------------------------------------------------------

    def _offsets(self, e: Emitter, index: str | int, dims: list[int]) -> dict[Node, str]:
        """Per operand, the element offset of linear index `index` over some dimensions."""
        offsets: dict[Node, str] = {n: "0" for n in self.walked}
        remaining: str | int = index
        for position, dim in reversed(list(enumerate(dims))):
            size = self.nest.dims[dim].size
            if position:
                here: str | int = e.arith("urem", remaining, size)
                remaining = e.arith("udiv", remaining, size)
            else:
                here = remaining
            for node in self.walked:
                step = self.nest.strides[node][dim]
                if step:
                    part = here if step == 1 else e.arith("mul", here, step)
                    before = offsets[node]
                    offsets[node] = str(part) if before == "0" else e.arith("add", before, part)
        return offsets

    def _plus(self, e: Emitter, offsets: dict[Node, str], dim: int, index: str) -> dict[Node, str]:
        """Offsets moved along one dimension."""
        moved = {}
        for node, base in offsets.items():
            step = self.nest.strides[node][dim]
            if not step:
                moved[node] = base
                continue
            part = index if step == 1 else e.arith("mul", index, step)
            moved[node] = part if base == "0" else e.arith("add", base, part)
        return moved

    def _sums(self, e: Emitter, a: dict[Node, str], b: dict[Node, str]) -> dict[Node, str]:
        """Offsets over some dimensions and over others, added."""
        pairs = {n: (x, b[n]) for n, x in a.items()}
        return {
            n: y if x == "0" else x if y == "0" else e.arith("add", x, y)
            for n, (x, y) in pairs.items()
        }

    # --- loops --------------------------------------------------------------------------------

    def _map(self, e: Emitter) -> None:
        *outer, inner = range(len(self.nest.dims))

        def body(i: str, mask: str | None, base: dict[Node, str]) -> None:
            scope = Scope(self, e, self._plus(e, base, inner, i), inner, mask)
            scope.store_all(self.nest.body.outputs)

        if not outer:
            base = {n: "0" for n in self.walked}
            vectors(e, "%begin", "%end", functools.partial(body, base=base))
            return
        with e.loop("%begin", "%end") as p:
            base = self._offsets(e, p, outer)
            vectors(e, 0, self.nest.dims[inner].size, functools.partial(body, base=base))

    def _rows(self, e: Emitter) -> None:
        nest = self.nest
        *outer, inner = nest.of("R")
        size = nest.dims[inner].size
        spills = self._spills(e, SPILL_LIMIT + 1 if outer else size)
        with e.loop("%begin", "%end") as p:
            base = self._offsets(e, p, nest.of("P"))
            rows: dict[Node, Value] = {}
            for stage in range(nest.stages):
                mine = [n for n in self.reductions if nest.stage[n] == stage + 1]
                slots = {n: Accumulator(e, n) for n in mine}

                def body(
                    i: str, mask: str | None, at: dict[Node, str],
                    stage: int = stage, slots: dict[Node, Accumulator] = slots,
                ) -> None:  # fmt: skip
                    here = self._plus(e, at, inner, i)
                    scope = Scope(self, e, here, inner, mask, rows, spills, stage, i)
                    kept = [(n, scope.value(n)) for n in spills if nest.stage[n] == stage]
                    scope.take(slots, nest.outputs(True, stage))
                    for n, v in kept:
                        e.store(e.splat(v, self.lanes), spills[n], i, None)

                if outer:
                    with e.loop(0, math.prod(nest.dims[d].size for d in outer)) as q:
                        at = self._sums(e, base, self._offsets(e, q, outer))
                        vectors(e, 0, size, functools.partial(body, at=at))
                else:
                    vectors(e, 0, size, functools.partial(body, at=base))
                for n in mine:
                    rows[n] = e.rounded(horizontal(e, n, slots[n].value()), n.spec.dtype)
            scope = Scope(self, e, base, None, None, rows=rows)
            scope.store_all(nest.outputs(element=False))

    def _spills(self, e: Emitter, size: int) -> dict[Node, str]:
        """Row buffers for element values that are dear and needed in a later stage too."""
        if size > SPILL_LIMIT:
            return {}
        nest = self.nest
        found: dict[Node, str] = {}
        for node in nest.body.nodes:
            if not nest.element.get(node) or _flops(node) < SPILL_FLOPS:
                continue
            later = any(
                node in user.inputs and _needed(nest, user) > nest.stage[node]
                for user in nest.body.nodes
            )
            if later:
                padded = -(-size // self.lanes) * self.lanes
                one = type_of(register(node.spec.dtype), 1)
                found[node] = e.alloca(f"[{padded} x {one}], align 64")
        return found

    def _columns(self, e: Emitter) -> None:
        nest = self.nest
        inner, r_dims = nest.of("I")[-1], nest.of("R")
        total, wide = nest.dims[inner].size, self.lanes * UNROLL
        whole, left = total // wide * wide, total % wide
        with e.loop("%begin", "%end") as task:
            p, chunk = (e.arith(code, task, self.chunks) for code in ("udiv", "urem"))
            base = self._offsets(e, p, nest.of("P"))

            def block(first: str, masks: list[str | None]) -> None:
                """Some vectors side by side, the last of which may be a partial one."""
                slots = [{n: Accumulator(e, n) for n in self.reductions} for _ in masks]
                starts = [e.arith("add", first, k * self.lanes) for k in range(len(masks))]
                with e.loop(*self._chunk_range(e, chunk)) as r:
                    at = self._sums(e, base, self._offsets(e, r, r_dims))
                    for held, start, mask in zip(slots, starts, masks, strict=True):
                        scope = Scope(self, e, self._plus(e, at, inner, start), inner, mask)
                        scope.take(held, nest.outputs(element=True))
                for n in self.reductions:
                    at_row = e.arith("mul", task, total)
                    for held, start, mask in zip(slots, starts, masks, strict=True):
                        where = e.arith("add", at_row, start)
                        e.store(held[n].value(), self._partial(e, n), where, mask)

            if whole:
                with e.loop(0, whole, wide) as i:
                    block(i, [None] * UNROLL)
            if left:
                masks: list[str | None] = [None] * -(-left // self.lanes)
                if left % self.lanes:
                    masks[-1] = e.mask_first(left % self.lanes)
                block(str(whole), masks)

    def _flat(self, e: Emitter) -> None:
        nest = self.nest
        with e.loop("%begin", "%end") as task:
            slots = {n: Accumulator(e, n) for n in self.reductions}
            begin, stop = self._chunk_range(e, task)
            inner = nest.of("R")[-1]
            base = {n: "0" for n in self.walked}

            def body(i: str, mask: str | None, at: dict[Node, str]) -> None:
                scope = Scope(self, e, self._plus(e, at, inner, i), inner, mask)
                scope.take(slots, nest.outputs(element=True))

            if len(nest.of("R")) == 1:
                vectors(e, begin, stop, lambda i, mask: body(i, mask, base))
            else:
                with e.loop(begin, stop) as r:  # strided operands: row by row
                    at = self._offsets(e, r, nest.of("R")[:-1])
                    size = nest.dims[inner].size
                    vectors(e, 0, size, lambda i, mask: body(i, mask, at))
            for n in self.reductions:
                e.store(horizontal(e, n, slots[n].value()), self._partial(e, n), task, None)

    def _chunk_range(self, e: Emitter, chunk: str) -> tuple[str | int, str | int]:
        dims = self.nest.of("R")
        strided = self.nest.kind == "flat" and len(dims) > 1
        count = math.prod(self.nest.dims[d].size for d in (dims[:-1] if strided else dims))
        if self.chunks == 1:
            return 0, count
        begin = e.arith("udiv", e.arith("mul", chunk, count), self.chunks)
        after = e.arith("add", chunk, 1)
        return begin, e.arith("udiv", e.arith("mul", after, count), self.chunks)

    def _partial(self, e: Emitter, node: Node) -> str:
        """The address of a reduction's partial results in the scratch."""
        before = self.reductions[: self.reductions.index(node)]
        rows = self.nest.count("P") * self.nest.count("I") * self.chunks
        at = e.fresh("s")
        skip = rows * sum(width(n) for n in before)
        e.put(f"{at} = getelementptr i8, ptr {self.scratch}, i64 {skip}")
        return at

    def _combine(self, e: Emitter) -> None:
        """Join the chunks' partial results, then compute what follows from them per row."""
        nest = self.nest
        p_dims = nest.of("P")
        i_dims = nest.of("I")
        total = nest.dims[i_dims[-1]].size if i_dims else 1
        partials = {n: self._partial(e, n) for n in self.reductions}
        with e.loop(0, nest.count("P")) as p:
            base = self._offsets(e, p, p_dims) if p_dims else {n: "0" for n in self.walked}
            first = e.arith("mul", p, self.chunks * total)

            def body(i: str, mask: str | None) -> None:
                lanes = self.lanes if i_dims else 1
                where = e.arith("add", first, i)

                def part(n: Node, chunk: str) -> Value:
                    here = e.arith("add", where, e.arith("mul", chunk, total))
                    return e.load(partials[n], here, register(n.spec.dtype), lanes, 1, mask)

                slots = {n: Accumulator(e, n, part(n, "0")) for n in self.reductions}
                with e.loop(1, self.chunks) as chunk:
                    for n, slot in slots.items():
                        slot.take(part(n, chunk))
                rows = {n: e.rounded(slot.value(), n.spec.dtype) for n, slot in slots.items()}
                dim = i_dims[-1] if i_dims else None
                at = self._plus(e, base, dim, i) if dim is not None else base
                scope = Scope(self, e, at, dim, mask, rows=rows)
                scope.store_all(nest.outputs(element=False))

            if i_dims:
                vectors(e, 0, total, body)
            else:
                body(e.arith("add", 0, 0), None)


def _flops(node: Node) -> int:
    if node.op.flops is None:
        return 1
    one = [TensorSpec((), i.spec.dtype) for i in node.inputs]
    return node.op.flops(*one, **node.attrs)


def _needed(nest: Nest, user: Node) -> int:
    """The last stage in which an element value's user runs."""
    return nest.stage[user] if nest.element[user] else nest.stage[user] - 1
