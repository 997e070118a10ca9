"""From a loop nest to the LLVM IR of one kernel.

A kernel is `name.work(args, begin, end)`, which does some of its tasks, and where a long reduction
is cut up also `name.combine(args)`, which joins what the tasks left. `llvm_entry` calls them.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from kerasish.compiler.codegen import llvm_random
from kerasish.compiler.codegen.llvm_entry import HEADER
from kerasish.compiler.codegen.llvm_reduce import Accumulator, horizontal, width
from kerasish.compiler.codegen.llvm_scope import Scope
from kerasish.compiler.codegen.llvm_text import Emitter, Value, register, type_of
from kerasish.compiler.codegen.nest import DRAWS, REDUCTIONS, Nest
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
        body = nest.body
        self.operands: list[Node] = [*body.inputs, *body.outputs]
        self.slots = len(self.operands)
        self.draws = [n for n in body.nodes if n.op.name == DRAWS]
        self.walked = [*self.operands, *self.draws]  # whatever has an offset
        self.keys: dict[Node, Value] = {}
        self.reductions = [n for n in body.nodes if n.op.name in REDUCTIONS]
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
            return (
                math.prod(d.size for d in nest.dims[:-1])
                if len(nest.dims) > 1
                else nest.dims[0].size
            )
        return nest.count("P") * (1 if nest.kind == "rows" else self.chunks)

    @property
    def is_flat_map(self) -> bool:
        """Whether tasks are single elements of one long loop, whatever its length."""
        return self.nest.kind == "map" and len(self.nest.dims) == 1

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
        return self.lanes if self.is_flat_map else 1

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
        self.bases = {node: self._slot(e, k) for k, node in enumerate(self.operands)}
        self.scratch = self._slot(e, self.slots)
        self.keys = {n: llvm_random.mixed_key(e, self.bases[n.inputs[0]]) for n in self.draws}
        write(e)
        self.declarations |= e.declarations
        lines = "\n".join([*e.allocas, *e.lines])
        head = f"define void @{self.name}.{part}({signature})"
        return f"{head} {{\nentry:\n{lines}\n  ret void\n}}\n"

    def _slot(self, e: Emitter, k: int) -> str:
        at, held = e.fresh("a"), e.fresh("b")
        e.put(f"{at} = getelementptr i64, ptr %args, i64 {len(HEADER) + k}")
        e.put(f"{held} = load ptr, ptr {at}")
        return held

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

    # --- loops --------------------------------------------------------------------------------

    def _vectors(
        self, e: Emitter, begin: str | int, end: str | int, body: Callable[[str, str | None], None]
    ) -> None:
        """Vector iterations over [begin, end): full ones, then one with a mask if need be."""
        w = self.lanes
        if isinstance(begin, int) and isinstance(end, int):
            whole = begin + (end - begin) // w * w
            if whole > begin:
                with e.loop(begin, whole, w) as i:
                    body(i, None)
            if whole < end:
                i = e.arith("add", whole, 0)
                body(i, e.mask_first(end - whole))
            return
        count = e.arith("sub", end, begin)
        whole_count = e.arith("and", count, -w)
        whole = e.arith("add", begin, whole_count)
        with e.loop(begin, whole, w) as i:
            body(i, None)
        left = e.fresh("c")
        e.put(f"{left} = icmp slt i64 {whole}, {end}")
        with e.when(left):
            body(whole, e.mask_below(whole, end))

    def _map(self, e: Emitter) -> None:
        inner = len(self.nest.dims) - 1
        if inner == 0:
            base = {n: "0" for n in self.walked}
            self._vectors(
                e, "%begin", "%end", lambda i, mask: self._store_all(e, base, inner, i, mask)
            )
            return
        with e.loop("%begin", "%end") as p:
            base = self._offsets(e, p, list(range(inner)))
            size = self.nest.dims[inner].size
            self._vectors(e, 0, size, lambda i, mask: self._store_all(e, base, inner, i, mask))

    def _store_all(
        self, e: Emitter, base: dict[Node, str], dim: int, i: str, mask: str | None
    ) -> None:
        scope = Scope(self, e, self._plus(e, base, dim, i), dim, mask)
        scope.store_all(self.nest.body.outputs)

    def _rows(self, e: Emitter) -> None:
        nest = self.nest
        p_dims, r_dims = nest.of("P"), nest.of("R")
        inner = r_dims[-1]
        size = nest.dims[inner].size
        last = max([nest.stage[n] for n in nest.body.outputs if nest.element[n]], default=-1)
        stages = max(last + 1, max(nest.stage[n] for n in self.reductions))
        spills = self._spills(e, size if len(r_dims) == 1 else SPILL_LIMIT + 1)
        with e.loop("%begin", "%end") as p:
            base = self._offsets(e, p, p_dims)
            rows: dict[Node, Value] = {}
            for stage in range(stages):
                self._row_stage(e, stage, base, rows, spills, r_dims, inner, size)
            scope = Scope(self, e, base, None, None, rows=rows)
            scope.store_all([n for n in nest.body.outputs if not nest.element[n]])

    def _row_stage(
        self,
        e: Emitter,
        stage: int,
        base: dict[Node, str],
        rows: dict[Node, Value],
        spills: dict[Node, str],
        r_dims: list[int],
        inner: int,
        size: int,
    ) -> None:
        nest = self.nest
        mine = [n for n in self.reductions if nest.stage[n] == stage + 1]
        stores = [n for n in nest.body.outputs if nest.element[n] and nest.stage[n] == stage]
        slots = {n: Accumulator(e, n) for n in mine}

        def body(i: str, mask: str | None, at: dict[Node, str]) -> None:
            scope = Scope(self, e, self._plus(e, at, inner, i), inner, mask, rows, spills, stage, i)
            values = [(n, scope.value(n)) for n in stores]
            kept = [(n, scope.value(n)) for n in spills if nest.stage[n] == stage]
            for n in mine:
                v = e.splat(scope.value(n.inputs[0]), self.lanes)
                slots[n].take(v, mask)
            for n, v in values:
                scope.store(n, v)
            for n, v in kept:
                e.store(e.splat(v, self.lanes), spills[n], i, None)

        if len(r_dims) > 1:
            count = math.prod(nest.dims[d].size for d in r_dims[:-1])
            with e.loop(0, count) as q:
                extra = self._offsets(e, q, r_dims[:-1])
                at = {n: _sum(e, base[n], extra[n]) for n in base}
                self._vectors(e, 0, size, lambda i, mask: body(i, mask, at))
        else:
            self._vectors(e, 0, size, lambda i, mask: body(i, mask, base))
        for n in mine:
            rows[n] = e.rounded(horizontal(e, n, slots[n].value()), n.spec.dtype)

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
        p_dims, r_dims, i_dims = nest.of("P"), nest.of("R"), nest.of("I")
        inner, total = i_dims[-1], nest.dims[i_dims[-1]].size
        wide = self.lanes * UNROLL
        with e.loop("%begin", "%end") as task:
            p = e.arith("udiv", task, self.chunks)
            c = e.arith("urem", task, self.chunks)
            base = self._offsets(e, p, p_dims)
            whole = total // wide * wide
            if whole:
                with e.loop(0, whole, wide) as i:
                    self._column_block(e, base, r_dims, inner, i, UNROLL, None, task, c)
            left = total - whole
            if left:
                vectors = -(-left // self.lanes)
                self._column_block(e, base, r_dims, inner, str(whole), vectors, total, task, c)

    def _column_block(
        self,
        e: Emitter,
        base: dict[Node, str],
        r_dims: list[int],
        inner: int,
        first: str,
        vectors: int,
        end: int | None,
        task: str,
        chunk: str,
    ) -> None:
        slots = [{n: Accumulator(e, n) for n in self.reductions} for _ in range(vectors)]
        masks: list[str | None] = [None] * vectors
        starts = [e.arith("add", first, k * self.lanes) for k in range(vectors)]
        if end is not None and (end % self.lanes):
            masks[-1] = e.mask_first(end % self.lanes)
        begin, stop = self._chunk_range(e, chunk)
        with e.loop(begin, stop) as r:
            extra = self._offsets(e, r, r_dims)
            at = {n: _sum(e, base[n], extra[n]) for n in base}
            for k in range(vectors):
                scope = Scope(self, e, self._plus(e, at, inner, starts[k]), inner, masks[k])
                stores = [n for n in self.nest.body.outputs if self.nest.element[n]]
                values = [(n, scope.value(n)) for n in stores]
                for n in self.reductions:
                    v = e.splat(scope.value(n.inputs[0]), self.lanes)
                    slots[k][n].take(v, masks[k])
                for n, v in values:
                    scope.store(n, v)
        total = self.nest.dims[inner].size
        for n in self.reductions:
            at_row = e.arith("mul", task, total)
            for k in range(vectors):
                where = e.arith("add", at_row, starts[k])
                e.store(slots[k][n].value(), self._partial(e, n), where, masks[k])

    def _flat(self, e: Emitter) -> None:
        nest = self.nest
        with e.loop("%begin", "%end") as task:
            slots = {n: Accumulator(e, n) for n in self.reductions}
            begin, stop = self._chunk_range(e, task)
            inner = nest.of("R")[-1]
            base = {n: "0" for n in self.walked}

            def body(i: str, mask: str | None, at: dict[Node, str]) -> None:
                scope = Scope(self, e, self._plus(e, at, inner, i), inner, mask)
                stores = [(n, scope.value(n)) for n in nest.body.outputs if nest.element[n]]
                for n in self.reductions:
                    v = e.splat(scope.value(n.inputs[0]), self.lanes)
                    slots[n].take(v, mask)
                for n, v in stores:
                    scope.store(n, v)

            if len(nest.of("R")) == 1:
                self._vectors(e, begin, stop, lambda i, mask: body(i, mask, base))
            else:
                with e.loop(begin, stop) as r:  # strided operands: row by row
                    at = self._offsets(e, r, nest.of("R")[:-1])
                    size = nest.dims[inner].size
                    self._vectors(e, 0, size, lambda i, mask: body(i, mask, at))
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
        rows_out = [n for n in nest.body.outputs if not nest.element[n]]
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
                scope.store_all(rows_out)

            if i_dims:
                self._vectors(e, 0, total, body)
            else:
                body(e.arith("add", 0, 0), None)


def _sum(e: Emitter, a: str, b: str) -> str:
    return b if a == "0" else a if b == "0" else e.arith("add", a, b)


def _flops(node: Node) -> int:
    if node.op.flops is None:
        return 1
    one = [TensorSpec((), i.spec.dtype) for i in node.inputs]
    return node.op.flops(*one, **node.attrs)


def _needed(nest: Nest, user: Node) -> int:
    """The last stage in which an element value's user runs."""
    return nest.stage[user] if nest.element[user] else nest.stage[user] - 1
