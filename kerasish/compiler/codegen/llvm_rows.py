"""Loops over chosen rows of tables: a region's update of them, and sums of rows into rows."""

from __future__ import annotations

from kerasish.compiler.codegen.llvm_entry import HEADER
from kerasish.compiler.codegen.llvm_kernel import KernelWriter
from kerasish.compiler.codegen.llvm_text import Emitter
from kerasish.compiler.codegen.nest import Dim, Nest
from kerasish.graph.node import CONSTANT, PLACEHOLDER, Graph, Node


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


ADD_ROWS = "add_rows"


def add_rows(lanes: int) -> str:
    """The IR of a kernel: for every i, row `to[i]` of y += row i of x, in that order.

    Slots of its arguments: x, y, `to` (int64), the number of rows of x, the width. Its tasks are
    the columns.
    """
    e = Emitter(lanes)
    held = []
    for k in range(5):
        at, value = e.fresh("a"), e.fresh("b")
        e.put(f"{at} = getelementptr i64, ptr %args, i64 {len(HEADER) + k}")
        e.put(f"{value} = load {'ptr' if k < 3 else 'i64'}, ptr {at}")
        held.append(value)
    x, y, to, count, width = held
    whole = e.arith("and", e.arith("sub", "%end", "%begin"), -lanes)
    last = e.arith("add", "%begin", whole)
    with e.loop(0, count) as i:
        target = e.load(to, i, "int64", 1, 1, None).name
        source_row, target_row = e.arith("mul", i, width), e.arith("mul", target, width)

        def add(column: str, mask: str | None) -> None:
            here, there = e.arith("add", source_row, column), e.arith("add", target_row, column)
            part = e.load(x, here, "float32", lanes, 1, mask)
            total = e.load(y, there, "float32", lanes, 1, mask)
            e.store(e.add(total, part), y, there, mask)

        with e.loop("%begin", last, lanes) as c:
            add(c, None)
        left = e.fresh("c")
        e.put(f"{left} = icmp slt i64 {last}, %end")
        with e.when(left):
            add(last, e.mask_below(last, "%end"))
    lines = "\n".join([*e.allocas, *e.lines])
    head = f"define void @{ADD_ROWS}.work(ptr %args, i64 %begin, i64 %end)"
    return "\n".join([f"{head} {{\nentry:\n{lines}\n  ret void\n}}", *sorted(e.declarations)])
