"""From a loop nest to the CUDA C of its kernels.

A map gives every element to one thread. Rows are reduced by teams of threads: each thread walks
every size-th element, then the team joins its results by exchange within warps and by shared
memory between them. Columns and flat reductions are cut into chunks of fixed size, one per block,
whose partial results a second kernel joins. Every order is fixed by the shapes, so results are
the same from run to run.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from kerasish.compiler.codegen.cuda_ops import literal, memory_type, merged, register_type
from kerasish.compiler.codegen.cuda_scope import Scope
from kerasish.compiler.codegen.nest import Nest, identity
from kerasish.graph.node import Node

THREADS = 256  # of a block, unless a row takes more
WARP = 32
PER_THREAD = 4  # elements of a row for each of its threads, where that fills the device
RESIDENT = 1 << 18  # threads that fill an H100
BLOCKS = 1 << 16  # blocks of rows; more rows than that are walked in strides
FILL = 528  # blocks wanted for a reduction: four for each multiprocessor of an H100
LIMIT_32 = 1 << 31


@dataclass(frozen=True)
class Launch:
    """One kernel of a region: its name, the blocks it wants and their threads.

    A grid of 0 blocks means: enough for the number of elements given at the call.
    """

    name: str
    grid: int
    block: int


class CudaWriter:
    """Writes the kernels of one region.

    Args:
        nest: the region as loops.
        name: the first kernel's name.
    """

    def __init__(self, nest: Nest, name: str) -> None:
        self.nest = nest
        self.name = name
        self.names = {n: f"a{i}" for i, n in enumerate(nest.operands)}
        self.draws = nest.draws
        self.reductions = nest.reductions
        self.total = math.prod(d.size for d in nest.dims)
        reach = max(
            (
                sum(abs(s) * d.size for s, d in zip(steps, nest.dims, strict=True))
                for steps in nest.strides.values()
            ),
            default=0,
        )
        self.wide = max(reach, self.total) >= LIMIT_32 // 2
        self.index = "long long" if self.wide else "int"
        self.team = _team(nest.count("R"), nest.count("P"))
        self.inner = nest.dims[nest.of("I")[-1]].size if nest.of("I") else 1
        self.across = min(_power(self.inner), WARP)  # threads of a block side by side along I
        self.down = THREADS // self.across

    # --- what the caller must know --------------------------------------------------------------

    @property
    def chunks(self) -> int:
        """Blocks that share one column or one flat reduction."""
        if self.nest.kind not in ("columns", "flat"):
            return 1
        columns = self.nest.count("P") * -(-self.inner // self.across)
        wanted = -(-FILL // max(columns, 1))
        return max(min(wanted, self.nest.count("R") // (self.down * PER_THREAD)), 1)

    @property
    def scratch_bytes(self) -> int:
        """Bytes for the partial results of the chunks."""
        if self.chunks == 1:
            return 0
        return self._partials() * 8 * len(self.reductions)

    @property
    def launches(self) -> list[Launch]:
        """The kernels, in the order they run."""
        nest = self.nest
        if nest.kind == "map":
            return [Launch(self.name, 0, THREADS)]
        if nest.kind == "rows":
            block = max(self.team, THREADS)
            grid = -(-nest.count("P") // (block // self.team))
            return [Launch(self.name, min(grid, BLOCKS), block)]
        columns = nest.count("P") * -(-self.inner // self.across)
        made = [Launch(self.name, columns * self.chunks, THREADS)]
        if self.chunks > 1:
            made.append(Launch(f"{self.name}_join", columns, THREADS))
        return made

    def _partials(self) -> int:
        return self.nest.count("P") * self.inner * self.chunks

    # --- assembly -----------------------------------------------------------------------------

    def render(self) -> str:
        """The source of all kernels of the region."""
        if self.nest.kind == "map":
            return self._function("", self._map())
        if self.nest.kind == "rows":
            return self._function("", self._rows())
        work = self._function("", self._columns(first=True))
        if self.chunks == 1:
            return work
        return work + self._function("_join", self._columns(first=False))

    def _function(self, suffix: str, lines: Iterable[str]) -> str:
        count = len(self.nest.body.inputs)
        arguments = [
            f"{'const ' if i < count else ''}{memory_type(n.spec.dtype)}* {self.names[n]}"
            for i, n in enumerate(self.nest.operands)
        ]
        arguments += ["char* scratch", f"{self.index} count"]
        body = [
            *(
                f"const u64 {self.key(n)} = mixed_key({self.names[n.inputs[0]]});"
                for n in self.draws
            ),
            *lines,
        ]
        text = "\n".join(f"  {line}" for line in body)
        head = f'extern "C" __global__ void {self.name}{suffix}({", ".join(arguments)})'
        return f"{head} {{\n{text}\n}}\n"

    def key(self, node: Node) -> str:
        """The variable that holds the mixed key of a draw."""
        return f"key{self.draws.index(node)}"

    def _coordinates(self, dims: list[int], index: str) -> list[str]:
        """Lines that split a linear index over dimensions into the variables i<dim>."""
        lines, rest = [], index
        for position, dim in reversed(list(enumerate(dims))):
            size = max(self.nest.dims[dim].size, 1)
            here = f"{rest} % {size}" if position else rest
            lines.append(f"const {self.index} i{dim} = {here};")
            if position:
                lines.append(f"const {self.index} q{dim} = {rest} / {size};")
                rest = f"q{dim}"
        return lines

    # --- maps ---------------------------------------------------------------------------------

    def _map(self) -> list[str]:
        scope = Scope(self, range(len(self.nest.dims)))
        scope.store_all(self.nest.body.outputs)
        index = self.index
        return [
            f"for ({index} t = ({index})blockIdx.x * blockDim.x + threadIdx.x; t < count;",
            f"     t += ({index})gridDim.x * blockDim.x) {{",
            *self._coordinates(list(range(len(self.nest.dims))), "t"),
            *scope.lines,
            "}",
        ]

    # --- rows ---------------------------------------------------------------------------------

    def _rows(self) -> list[str]:
        nest, team, index = self.nest, self.team, self.index
        p_dims, r_dims = nest.of("P"), nest.of("R")
        rows, size = nest.count("P"), nest.count("R")
        row = Scope(self, p_dims)
        for stage in range(nest.stages):
            self._row_values(row, stage)
            mine = [n for n in self.reductions if nest.stage[n] == stage + 1]
            row.lines += [self._accumulator(n) for n in mine]
            scope = Scope(self, (*p_dims, *r_dims), row)
            scope.accumulate(mine)
            scope.store_all(nest.outputs(True, stage))
            row.lines += [
                f"if (on) for ({index} r = lane; r < {size}; r += {team}) {{",
                *self._coordinates(r_dims, "r"),
                *scope.lines,
                "}",
            ]
            for n in mine:
                row.lines += self._joined(n)
                row.held[n] = self.accumulator(n)
        self._row_values(row, nest.stages)
        if outs := nest.outputs(element=False):
            values = [(n, row.value(n)) for n in outs]
            row.lines += [f"team_wait({team});", "if (on && lane == 0) {"]
            row.lines += [row.store(n, v) for n, v in values]
            row.lines.append("}")
        return [
            f"__shared__ double shared[{max(team, THREADS) // WARP}];",
            f"const int lane = threadIdx.x % {team};",
            f"const int teams = blockDim.x / {team};",
            f"for ({index} first = ({index})blockIdx.x * teams; first < {rows};",
            f"     first += ({index})gridDim.x * teams) {{",
            f"const bool on = first + threadIdx.x / {team} < {rows};",
            f"const {index} p = on ? first + threadIdx.x / {team} : {rows - 1};",
            *self._coordinates(p_dims, "p"),
            *row.lines,
            "}",
        ]

    def _row_values(self, row: Scope, stage: int) -> None:
        """Write what is computed once per row when `stage` stages of reductions are done."""
        nest = self.nest
        for n, element in nest.element.items():
            if not element and n not in self.reductions and nest.stage[n] == stage:
                row.value(n)

    def _joined(self, node: Node) -> list[str]:
        """Lines after which every thread of a team has the reduction of the team's results."""
        acc, kind, team = self.accumulator(node), register_type(node.spec.dtype), self.team
        other = f"x{acc}"
        lines = [
            f"for (int o = {min(team, WARP) // 2}; o; o >>= 1) {{",
            f"  const {kind} {other} = __shfl_xor_sync(0xffffffffu, {acc}, o);",
            f"  {acc} = {merged(node, acc, other)};",
            "}",
        ]
        if team <= WARP:
            return lines if team > 1 else []
        warps = team // WARP
        return [
            *lines,
            f"if (threadIdx.x % {WARP} == 0) (({kind}*)shared)[threadIdx.x / {WARP}] = {acc};",
            "__syncthreads();",
            f"{acc} = (({kind}*)shared)[threadIdx.x / {team} * {warps}];",
            f"for (int w = 1; w < {warps}; w++) {{",
            f"  const {kind} {other} = (({kind}*)shared)[threadIdx.x / {team} * {warps} + w];",
            f"  {acc} = {merged(node, acc, other)};",
            "}",
            "__syncthreads();",
        ]

    # --- columns and flat reductions ------------------------------------------------------------

    def _columns(self, first: bool) -> list[str]:
        """The first kernel, which reduces chunks, or the second, which joins them."""
        nest, index, inner = self.nest, self.index, self.inner
        p_dims, r_dims, i_dims = nest.of("P"), nest.of("R"), nest.of("I")
        chunks = self.chunks
        columns = -(-inner // self.across)
        row = Scope(self, (*p_dims, *i_dims))
        row.lines += [self._accumulator(n) for n in self.reductions]
        if first:
            scope = Scope(self, (*p_dims, *r_dims, *i_dims), row)
            scope.accumulate(self.reductions)
            scope.store_all(nest.outputs(element=True))
            row.lines += [
                f"if (on) for ({index} r = begin + down; r < end; r += {self.down}) {{",
                *self._coordinates(r_dims, "r"),
                *scope.lines,
                "}",
            ]
        else:
            row.lines.append(f"if (on) for (int k = down; k < {chunks}; k += {self.down}) {{")
            for n in self.reductions:
                acc, kind = self.accumulator(n), register_type(n.spec.dtype)
                row.lines.append(f"  const {kind} x{acc} = {self._partial(n, 'k')};")
                row.lines.append(f"  {acc} = {merged(n, acc, f'x{acc}')};")
            row.lines.append("}")
        for n in self.reductions:
            row.lines += self._stacked(n)
            row.held[n] = self.accumulator(n)
        row.lines.append("if (on && down == 0) {")
        if first and chunks > 1:
            row.lines += [
                f"{self._partial(n, 'chunk')} = {self.accumulator(n)};" for n in self.reductions
            ]
        else:
            row.store_all(nest.outputs(element=False))
        row.lines.append("}")
        size, each = nest.count("R"), columns * chunks if first else columns
        lines = [
            f"__shared__ double shared[{THREADS}];",
            f"const int across = threadIdx.x % {self.across}, down = threadIdx.x / {self.across};",
            f"const {index} p = blockIdx.x / {each}, task = blockIdx.x % {each};",
            f"const int chunk = task / {columns};",
            f"const {index} i = task % {columns} * {self.across} + across;",
            f"const bool on = i < {inner};",
            *self._coordinates(p_dims, "p"),
            *self._coordinates(i_dims, f"(on ? i : {inner - 1})"),
        ]
        if first:
            lines += [
                f"const {index} begin = (long long){size} * chunk / {chunks};",
                f"const {index} end = (long long){size} * (chunk + 1) / {chunks};",
            ]
        return [*lines, *row.lines]

    def _stacked(self, node: Node) -> list[str]:
        """Lines that join the results of the threads above one another, halving their number."""
        acc, kind = self.accumulator(node), register_type(node.spec.dtype)
        place = f"(({kind}*)shared)[threadIdx.x"
        return [
            f"{place}] = {acc};",
            "__syncthreads();",
            f"for (int o = {self.down // 2}; o; o >>= 1) {{",
            "  if (down < o) {",
            f"    const {kind} x{acc} = {place} + o * {self.across}];",
            f"    {acc} = {merged(node, acc, f'x{acc}')};",
            f"    {place}] = {acc};",
            "  }",
            "  __syncthreads();",
            "}",
        ]

    def _partial(self, node: Node, chunk: str) -> str:
        """The place of a chunk's result in the scratch."""
        start = self._partials() * 8 * self.reductions.index(node)
        kind = register_type(node.spec.dtype)
        at = f"(p * {self.chunks} + {chunk}) * {self.inner} + i"
        return f"(({kind}*)(scratch + {start}LL))[{at}]"

    # --- accumulators -------------------------------------------------------------------------

    def accumulator(self, node: Node) -> str:
        """The variable of a reduction's running result."""
        return f"r{self.reductions.index(node)}"

    def _accumulator(self, node: Node) -> str:
        kind = register_type(node.spec.dtype)
        start = literal(identity(node), node.spec.dtype)
        return f"{kind} {self.accumulator(node)} = {start};"


def _power(count: int) -> int:
    """The smallest power of two that is not below count."""
    return 1 << max(count - 1, 0).bit_length()


def _team(size: int, rows: int) -> int:
    """Threads for each of some rows of a size: a power of two, a block at most."""
    whole = _power(size)
    each = 1 if whole * rows <= RESIDENT else PER_THREAD
    return min(max(whole // each, 1), 1024)
