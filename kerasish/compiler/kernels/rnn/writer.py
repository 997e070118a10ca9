"""What the recurrent kernels are written with: operands, blocks of columns, products of few rows.

A product of rows with a matrix runs over the matrix in panels: a panel holds some vectors of
columns, row after row, so that it streams through the cache once for all rows of a thread. A tile
of results stays in registers (Goto and van de Geijn, Anatomy of High-Performance Matrix
Multiplication, 2008). Every result is summed in one order, whatever the tile, so neither the
batch nor the number of threads changes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import ClassVar

from kerasish.compiler.codegen.llvm_entry import HEADER, defined, work
from kerasish.compiler.codegen.llvm_text import Emitter, Value

Rows = tuple[str, str]  # an address and a row stride
SIZES = ("steps", "rows", "units", "by_columns")  # arguments of every kernel after its arrays
WIDE = 2  # vectors of columns in a task
ADDRESS = ("", ".row", ".step")  # of an array: its start, and strides in elements


class Writer(Emitter):
    """Writes one kernel, `name.work`.

    A thread's tasks are rows, or, where `by_columns` is set, `WIDE` vectors of columns for all
    rows; then the threads meet at a barrier in every step.

    Args:
        name: the kernel's name.
        vectors: of columns in a panel.
        lanes: float32 numbers of a vector.
    """

    arrays: ClassVar[Sequence[str]]  # operands (rows, steps, n), in the order of `args`

    def __init__(self, name: str, vectors: int, lanes: int) -> None:
        super().__init__(lanes)
        self.name, self.vectors = name, vectors
        self.tallest = tile_rows(vectors, lanes)
        slots = [(f"{a}{part}", "i64" if part else "ptr") for a in self.arrays for part in ADDRESS]
        slots += [*((s, "i64") for s in SIZES), ("scratch", "ptr")]
        for i, (slot, kind) in enumerate(slots, len(HEADER)):
            self.put(f"%at.{slot} = getelementptr i64, ptr %args, i64 {i}")
            self.put(f"%{slot} = load {kind}, ptr %at.{slot}")
        self.padded = self.arith("mul", self.ceil("%units", lanes), lanes)
        self.by_columns = self.test("ne", "%by_columns", 0)
        begin, end = (self.arith("mul", task, WIDE * lanes) for task in ("%begin", "%end"))
        end = self.smaller(end, "%units")
        self.rows = self.choose("0", "%begin"), self.choose("%rows", "%end")
        self.columns = self.choose(begin, "0"), self.choose(end, "%units")

    def render(self) -> str:
        """The kernel and its product as IR."""
        tile = tile_function(self.name, self.tallest, self.vectors, self.lanes)
        self.declarations |= tile.declarations
        return "\n".join([*tile.lines, work(self.name, self)])

    # --- addresses ----------------------------------------------------------------------------

    def ceil(self, size: str, by: int) -> str:
        """size / by, rounded up."""
        return self.arith("udiv", self.arith("add", size, by - 1), by)

    def place(self, base: str, index: str, stride: str | int) -> str:
        """The address of float32 element `index * stride`."""
        return self.address(base, self.arith("mul", index, stride), "float32")

    def row(self, array: str, row: str, step: str | None = None) -> str:
        """The address of an operand's row at a step."""
        at = self.place(f"%{array}", row, f"%{array}.row")
        return at if step is None else self.place(at, step, f"%{array}.step")

    def counts(self, row: str, step: str) -> str:
        """Whether a row's step counts."""
        ways = self.arith("mul", row, "%counts.row"), self.arith("mul", step, "%counts.step")
        return self.load("%counts", self.arith("add", *ways), "bool", 1, 1, None).name

    def pick(self, condition: str, kind: str, a: str, b: str) -> str:
        """One of two sizes or addresses."""
        name = self.fresh("i")
        self.put(f"{name} = select i1 {condition}, {kind} {a}, {kind} {b}")
        return name

    def choose(self, by_columns: str, by_rows: str) -> str:
        """A bound, as the tasks are columns or rows."""
        return self.pick(self.by_columns, "i64", by_columns, by_rows)

    def unless(self, condition: str) -> str:
        """Its opposite."""
        name = self.fresh("c")
        self.put(f"{name} = xor i1 {condition}, true")
        return name

    def smaller(self, a: str, b: str) -> str:
        """The smaller of two sizes."""
        return self.pick(self.test("slt", a, b), "i64", a, b)

    # --- vectors ------------------------------------------------------------------------------

    def get(self, at: str, offset: str | int, mask: str | None = None) -> Value:
        """A vector of float32."""
        return self.load(at, offset, "float32", self.lanes, 1, mask)

    def fetch(self, at: str, columns: list[str]) -> None:
        """Ask for vectors that the next step reads."""
        self.declarations.add("declare void @llvm.prefetch.p0(ptr, i32, i32, i32)")
        for column in columns:
            place = self.address(at, column, "float32")
            self.put(f"call void @llvm.prefetch.p0(ptr {place}, i32 0, i32 3, i32 1)")

    def zero(self) -> Value:
        return self.const(0.0, "float32", self.lanes)

    @contextmanager
    def each_block(self) -> Iterator[tuple[str, str]]:
        """(first column, mask) of this thread's vectors, the last of which may be a partial one."""
        first, last = self.columns
        with self.loop(first, last, self.lanes) as u:
            yield u, self.mask_below(u, last)

    def put_out(self, u: str, mask: str, outputs: list[tuple[Value, str, str]]) -> None:
        """Store vectors of outputs, given as (vector, address, column), which have no padding.

        Masked stores are slow on many processors, so whole vectors are stored without a mask.
        """
        whole = self.test("sle", self.arith("add", u, self.lanes), self.columns[1])
        for condition, held in ((whole, None), (self.unless(whole), mask)):
            with self.when(condition):
                for value, at, column in outputs:
                    self.store(value, at, column, held)

    def by_gate(self, width: str, count: int, u: str) -> list[str]:
        """The columns of a unit's gates in a row that holds `width` of each, one after another."""
        return [self.arith("add", self.arith("mul", width, g), u) for g in range(count)]

    def copy(self, source: str, target: str) -> None:
        """A padded row of this thread's columns from a row of an operand."""
        with self.each_block() as (u, mask):
            self.store(self.get(source, u, mask), target, u, None)

    def copy_out(self, source: str, target: str) -> None:
        """The other way."""
        with self.each_block() as (u, mask):
            self.put_out(u, mask, [(self.get(source, u), target, u)])

    def each_row(self) -> AbstractContextManager[str]:
        """A loop over this thread's rows."""
        return self.loop(*self.rows)

    def meet(self) -> None:
        """A barrier, where threads read each other's columns."""
        self.declarations.add("declare void @GOMP_barrier()")
        with self.when(self.by_columns):
            self.put("call void @GOMP_barrier()")

    # --- products -----------------------------------------------------------------------------

    @contextmanager
    def each_tile(self) -> Iterator[tuple[str, str]]:
        """(first row, rows) of tiles of this thread's rows."""
        first, last = self.rows
        with self.loop(first, last, self.tallest) as r:
            yield r, self.smaller(self.arith("sub", last, r), str(self.tallest))

    def tile(self, left: Rows, panel: str, depth: str, start: Rows, out: Rows, rows: str) -> None:
        """out = start + left @ panel for some rows, by the function that `tile_function` writes."""
        operands = [f"ptr {left[0]}, i64 {left[1]}, ptr {panel}, i64 {depth}"]
        operands += [f"ptr {at}, i64 {stride}" for at, stride in (start, out)]
        self.put(f"call void @{self.name}.tile({', '.join(operands)}, i64 {rows})")


def tile_rows(vectors: int, lanes: int) -> int:
    """How many rows of sums fit the registers, beside a row of the panel and a factor."""
    registers = 32 if lanes == 16 else 16
    return min(8, (registers - vectors - 1) // vectors)


def tile_function(name: str, tallest: int, vectors: int, lanes: int) -> Emitter:
    """The IR of `name.tile`: up to `tallest` rows of a product with a panel, in registers."""
    e = Emitter(lanes)
    kind = f"<{lanes} x float>"
    for rows in range(tallest, 0, -1):
        with e.when(e.test("eq", "%rows", rows)):
            lefts, starts, outs = (
                [e.address(f"%{a}", e.arith("mul", f"%{a}.row", q), "float32") for q in range(rows)]
                for a in ("left", "start", "out")
            )
            sums = [[e.alloca(kind) for _ in range(vectors)] for _ in range(rows)]
            for row, start in zip(sums, starts, strict=True):
                for v, slot in enumerate(row):
                    first = e.load(start, v * lanes, "float32", lanes, 1, None)
                    e.put(f"store {first}, ptr {slot}")
            with e.loop(0, "%depth") as k:
                at = e.address("%panel", e.arith("mul", k, vectors * lanes), "float32")
                columns = [e.load(at, v * lanes, "float32", lanes, 1, None) for v in range(vectors)]
                for left, row in zip(lefts, sums, strict=True):
                    factor = e.splat(e.load(left, k, "float32", 1, 1, None), lanes)
                    for column, slot in zip(columns, row, strict=True):
                        held = e.let(f"load {kind}, ptr {slot}", "float32", lanes)
                        e.put(f"store {e.fma(factor, column, held)}, ptr {slot}")
            for row, out in zip(sums, outs, strict=True):
                for v, slot in enumerate(row):
                    total = e.let(f"load {kind}, ptr {slot}", "float32", lanes)
                    e.store(total, out, v * lanes, None)
    operands = "ptr %left, i64 %left.row, ptr %panel, i64 %depth, ptr %start, i64 %start.row"
    head = f"internal void @{name}.tile({operands}, ptr %out, i64 %out.row, i64 %rows)"
    e.lines = [defined(head, e)]
    return e
