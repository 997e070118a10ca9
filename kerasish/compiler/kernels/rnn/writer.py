"""What the recurrent kernels are written with: operands, blocks of columns, products of few rows.

A product of rows with a matrix runs over the matrix in panels: a panel holds some vectors of
columns, row after row, so that it streams through the cache once for all rows of a thread. A tile
of results stays in registers (Goto and van de Geijn, Anatomy of High-Performance Matrix
Multiplication, 2008). Every result is summed in one order, whatever the tile, so neither the
batch nor the number of threads changes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from kerasish.compiler.codegen.llvm_entry import HEADER
from kerasish.compiler.codegen.llvm_text import Emitter, Value

Rows = tuple[str, str]  # an address and a row stride
SIZES = ("steps", "units")  # arguments of every kernel after its arrays
ADDRESS = ("", ".row", ".step")  # of an array: its start, and strides in elements


class Writer(Emitter):
    """Writes one kernel, `name.work`; `%begin` and `%end` bound the rows of this thread.

    Args:
        name: the kernel's name.
        arrays: its operands (rows, steps, n), in the order of their addresses in `args`.
        lanes: float32 numbers of a vector.
    """

    def __init__(self, name: str, arrays: Sequence[str], lanes: int) -> None:
        super().__init__(lanes)
        self.name = name
        slots = [(f"{a}{part}", "i64" if part else "ptr") for a in arrays for part in ADDRESS]
        slots += [*((s, "i64") for s in SIZES), ("scratch", "ptr")]
        places = [(HEADER.index("tasks"), "rows", "i64")]
        places += [(i, *slot) for i, slot in enumerate(slots, len(HEADER))]
        for i, slot, kind in places:
            self.put(f"%at.{slot} = getelementptr i64, ptr %args, i64 {i}")
            self.put(f"%{slot} = load {kind}, ptr %at.{slot}")
        self.blocks = self.ceil("%units", lanes)
        self.padded = self.arith("mul", self.blocks, lanes)

    def render(self) -> str:
        """The kernel as IR."""
        body = "\n".join([*self.allocas, *self.lines])
        head = f"define void @{self.name}.work(ptr %args, i64 %begin, i64 %end) {{"
        return f"{head}\n{body}\n  ret void\n}}\n"

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

    def choose(self, condition: str, a: str, b: str) -> str:
        """One of two addresses."""
        name = self.fresh("p")
        self.put(f"{name} = select i1 {condition}, ptr {a}, ptr {b}")
        return name

    def test(self, predicate: str, a: str, b: str | int) -> str:
        """A comparison of two sizes."""
        name = self.fresh("c")
        self.put(f"{name} = icmp {predicate} i64 {a}, {b}")
        return name

    def smaller(self, a: str, b: int) -> str:
        """The smaller of two sizes."""
        name = self.fresh("i")
        self.put(f"{name} = select i1 {self.test('slt', a, b)}, i64 {a}, i64 {b}")
        return name

    # --- vectors ------------------------------------------------------------------------------

    def get(self, at: str, offset: str | int, mask: str | None = None) -> Value:
        """A vector of float32."""
        return self.load(at, offset, "float32", self.lanes, 1, mask)

    def zero(self) -> Value:
        return self.const(0.0, "float32", self.lanes)

    def each_block(self, write: Callable[[str, str | None], None]) -> None:
        """`write(first column, mask)` for every vector of columns; a partial one has a mask."""
        whole = self.arith("mul", self.arith("udiv", "%units", self.lanes), self.lanes)
        with self.loop(0, whole, self.lanes) as u:
            write(u, None)
        with self.when(self.test("slt", whole, "%units")):
            write(whole, self.mask_below(whole, "%units"))

    @contextmanager
    def each_row(self) -> Iterator[str]:
        """A loop over this thread's rows."""
        with self.loop("%begin", "%end") as r:
            yield r

    # --- products -----------------------------------------------------------------------------

    def tile(self, left: Rows, panel: str, depth: str, start: Rows, out: Rows, rows: str) -> None:
        """out = start + left @ panel for some rows, by the function that `tile_function` writes."""
        operands = [f"ptr {left[0]}, i64 {left[1]}, ptr {panel}, i64 {depth}"]
        operands += [f"ptr {at}, i64 {stride}" for at, stride in (start, out)]
        self.put(f"call void @{self.name}.tile({', '.join(operands)}, i64 {rows})")


def tile_function(name: str, tallest: int, vectors: int, lanes: int) -> Emitter:
    """The IR of `name.tile`: up to `tallest` rows of a product with a panel, in registers."""
    e = Emitter(lanes)
    kind = f"<{lanes} x float>"
    for rows in range(tallest, 0, -1):
        fits = e.fresh("c")
        e.put(f"{fits} = icmp eq i64 %rows, {rows}")
        with e.when(fits):
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
    body = "\n".join([*e.allocas, *e.lines])
    operands = "ptr %left, i64 %left.row, ptr %panel, i64 %depth, ptr %start, i64 %start.row"
    e.lines = [
        f"define internal void @{name}.tile({operands}, ptr %out, i64 %out.row, i64 %rows) "
        f"noinline {{\n{body}\n  ret void\n}}"
    ]
    return e
