"""Kernels over windows, channels last: max and average pooling with their gradients, windows as the
rows of a matrix.

Each element of the result belongs to one thread, which walks the window, or the windows that
reach it, in order: the same sums in the same order as the reference kernels.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from kerasish.backend.base import Call
from kerasish.compiler.codegen import cuda_ops
from kerasish.compiler.codegen.cuda_jit import LIMIT, NAME, launcher
from kerasish.compiler.codegen.cuda_ops import loaded, memory_type, register_type, stored
from kerasish.compiler.kernels.geometry import pool_windows, specs_of
from kerasish.compiler.kernels.nvidia import BACKEND, contiguous, room
from kerasish.compiler.providers import Array, Arrays, BoundKernel, in_order, kernel
from kerasish.graph.node import Node
from kerasish.graph.op import Op
from kerasish.ops.nn import pooling
from kerasish.ops.nn.windows import Windows
from kerasish.spec import known

AXES = 3  # spatial axes are filled up to these with axes of one


class Axis(NamedTuple):
    """One spatial axis of windows."""

    size: int
    window: int
    stride: int
    low: int  # padding before
    positions: int


def _filled(windows: Windows) -> list[Axis]:
    """Three axes: as many of one element as there are too few, then those of the windows."""
    low = [before for before, _ in windows.padding]
    found = [
        Axis(*own)
        for own in zip(
            windows.spatial, windows.window, windows.strides, low, windows.output, strict=True
        )
    ]
    return [Axis(1, 1, 1, 0, 1)] * (AXES - len(found)) + found


def _coordinates(letter: str, sizes: Sequence[int], channels: int, last: str = "c") -> str:
    """Statements that split t into n, three coordinates and the last one, c."""
    lines = [f"    const int {last} = t % {channels}; int r = t / {channels};"]
    for axis, size in reversed(list(enumerate(sizes))):
        lines.append(f"    const int {letter}{axis} = r % {size}; r /= {size};")
    return "\n".join([*lines, "    const int n = r;\n"])


def _offset(letter: str, sizes: Sequence[int], channels: int) -> str:
    """Where an element with these coordinates lies."""
    text = "n"
    for axis, size in enumerate(sizes):
        text = f"({text} * {size} + {letter}{axis})"
    return f"{text} * {channels} + c"


def _loops(axes: Sequence[Axis], places: Sequence[str], tests: Sequence[str], inside: str) -> str:
    """Loops over the positions k0, k1, k2 of a window, which `p` counts.

    Args:
        places: what is computed of each.
        tests: where there is anything to do, which `inside` says.
    """
    lines = ["    int p = 0;"]
    lines += [f"    for (int k{a} = 0; k{a} < {axes[a].window}; k{a}++)" for a in range(AXES - 1)]
    lines.append(f"    for (int k2 = 0; k2 < {axes[2].window}; k2++, p++) {{")
    lines += [f"      const int {place};" for place in places]
    return "\n".join([*lines, f"      if ({' && '.join(tests)}) {{ {inside} }}", "    }\n"])


def _window(axes: Sequence[Axis], inside: str) -> str:
    """Loops over the elements of x in the window at o0, o1, o2: i0.. is where each is."""
    places = [f"i{a} = o{a} * {x.stride} - {x.low} + k{a}" for a, x in enumerate(axes)]
    tests = [f"i{a} >= 0 && i{a} < {x.size}" for a, x in enumerate(axes)]
    return _loops(axes, places, tests, inside)


def _covering(axes: Sequence[Axis], inside: str) -> str:
    """Loops over the windows that reach i0, i1, i2: o0.. is where each is, `p` our place in it."""
    places, tests = [], []
    for a, x in enumerate(axes):
        places.append(f"f{a} = i{a} + {x.low} - k{a}, o{a} = f{a} / {x.stride}")
        tests.append(f"f{a} >= 0 && f{a} % {x.stride} == 0 && o{a} < {x.positions}")
    return _loops(axes, places, tests, inside)


def _count(axes: Sequence[Axis]) -> str:
    """Statements that set `inside`: how many elements of the window at o0, o1, o2 are x's."""
    lines = []
    for a, x in enumerate(axes):
        first = f"o{a} * {x.stride} - {x.low}"
        lines.append(
            f"const int a{a} = {first} > 0 ? {first} : 0, e{a} = {first} + {x.window}, "
            f"b{a} = (e{a} < {x.size} ? e{a} : {x.size}) - a{a};"
        )
    product = " * ".join(f"(b{a} > 1 ? b{a} : 1)" for a in range(AXES))
    return " ".join([*lines, f"const int inside = {product};"])


class _Pooling:
    """What the kernels over windows of arrays of one dtype are written with."""

    def __init__(self, windows: Windows, like: Array) -> None:
        self.axes, self.dtype, self.channels = _filled(windows), like.dtype.name, like.shape[-1]
        self.register = register_type(self.dtype)
        self.sizes = {"i": [a.size for a in self.axes], "o": [a.positions for a in self.axes]}

    def at(self, letter: str) -> str:
        """Where an element of x ("i") or y ("o") lies."""
        return _offset(letter, self.sizes[letter], self.channels)

    def value(self, array: str, letter: str) -> str:
        """The value of an array there."""
        return loaded(self.dtype, f"{array}[{self.at(letter)}]")

    def sums(self, terms: str, result: str) -> str:
        """Statements that set `sum` in loops, and the result."""
        value = stored(self.dtype, "sum")
        return f"    {self.register} sum = 0;\n{terms}    {result}[t] = {value};\n"

    def step(
        self, name: str, letter: str, body: str, reads: Mapping[str, Array], **writes: Array | None
    ) -> Callable[[], Any]:
        """The kernel over every element of x or of y, bound to arrays; None is not wanted."""
        written = {name: array for name, array in writes.items() if array is not None}
        memory, arrays = memory_type(self.dtype), {**reads, **written}
        declared = ", ".join(
            f"{'const ' if n in reads else ''}{'int' if n == 'index' else memory}* {n}"
            for n in arrays
        )
        lines = _coordinates(letter, self.sizes[letter], self.channels) + body
        count = next(iter(written.values())).size
        return launcher(name, declared, lines, count, *arrays.values())


def bind_max_pool(x: Array, y: Array, index: Array | None, windows: Windows) -> Callable[[], Any]:
    """y = the maximum of each window; index = its row-major position there, int32, if wanted."""
    k = _Pooling(windows, x)
    larger = str(cuda_ops.RULES["maximum"][0]).format("best", "v")
    take = f"const {k.register} v = {k.value('x', 'i')}, h = {larger}; "
    body = (
        f"    {k.register} best = -INF_VALUE; int where = 0;\n"
        + _window(k.axes, f"{take}if (h != best) where = p; best = h;")
        + f"    y[t] = {stored(k.dtype, 'best')};\n"
        + ("    index[t] = where;\n" if index is not None else "")
    )
    return k.step("max_pool", "o", body, {"x": x}, y=y, index=index)


def bind_max_pool_scatter(g: Array, index: Array, dx: Array, windows: Windows) -> Callable[[], Any]:
    """dx = the sum of g over the windows whose maximum stood there."""
    k = _Pooling(windows, g)
    take = f"const int w = {k.at('o')}; if (index[w] == p) sum += {loaded(k.dtype, 'g[w]')};"
    body = k.sums(_covering(k.axes, take), "dx")
    return k.step("max_pool_scatter", "i", body, {"g": g, "index": index}, dx=dx)


def bind_avg_pool(x: Array, y: Array, windows: Windows) -> Callable[[], Any]:
    """y = the mean of each window's elements that are no padding."""
    k = _Pooling(windows, x)
    terms = _window(k.axes, f"sum += {k.value('x', 'i')};")
    body = k.sums(f"{terms}    {_count(k.axes)} sum /= inside;\n", "y")
    return k.step("avg_pool", "o", body, {"x": x}, y=y)


def bind_avg_pool_grad(g: Array, dx: Array, windows: Windows) -> Callable[[], Any]:
    """dx = the sum, over the windows that reach it, of g divided by the window's count."""
    k = _Pooling(windows, g)
    term = f"{_count(k.axes)} sum += {k.value('g', 'o')} / inside;"
    return k.step("avg_pool_grad", "i", k.sums(_covering(k.axes, term), "dx"), {"g": g}, dx=dx)


def bind_columns(x: Array, y: Array, windows: Windows) -> Callable[[], Any]:
    """y = all windows of x, (N, *S', *K, C); padding is 0 (im2col).

    Args:
        x: (N, *S, C), contiguous.
        y: flat; written.
        windows: how a window slides over x.
    """
    axes, channels = _filled(windows), x.shape[-1]
    dilation = (1,) * (AXES - len(windows.dilation)) + tuple(windows.dilation)
    sizes, positions = [a.size for a in axes], [a.positions for a in axes]
    lines = [_coordinates("o", positions, channels * math.prod(windows.window), "e")]
    lines.append(f"    const int c = e % {channels}; int q = e / {channels};")
    for a, axis in reversed(list(enumerate(axes))):
        at = f"o{a} * {axis.stride} - {axis.low} + q % {axis.window} * {dilation[a]}"
        lines.append(f"    const int i{a} = {at}; q /= {axis.window};")
    inside = " && ".join(f"i{a} >= 0 && i{a} < {sizes[a]}" for a in range(AXES))
    lines.append(f"    y[t] = {inside} ? x[{_offset('i', sizes, channels)}] : 0;\n")
    memory = memory_type(x.dtype.name)
    return launcher("columns", f"const {memory}* x, {memory}* y", "\n".join(lines), y.size, x, y)


def bind_sum(x: Array, y: Array) -> Callable[[], Any]:
    """y = the sum of x over its first axis, first to last; float32 or float64, contiguous."""
    memory = memory_type(x.dtype.name)
    body = (
        f"    {memory} sum = 0;\n"
        f"    for (int p = 0; p < {len(x)}; p++) sum += x[p * {y.size} + t];\n"
        "    y[t] = sum;\n"
    )
    return launcher("sum", f"const {memory}* x, {memory}* y", body, y.size, x, y)


# --- the ops -------------------------------------------------------------------------------------


def supported(node: Node) -> bool:
    """Floats (beside positions), not empty, and short enough for 32-bit indices."""
    sizes = [math.prod(known(s.shape)) for s in specs_of(node)]
    return node.specs[0].dtype in cuda_ops.FLOATS and min(sizes) > 0 and max(sizes) < LIMIT


@kernel("max_pool", provider=NAME, backend=BACKEND, supports=supported)
def _max_pool(node: Node, inputs: Arrays, outputs: Arrays) -> BoundKernel:
    before: list[Call] = []
    x = contiguous(inputs[0], before)
    y = room(outputs[1].shape, x) if outputs[0] is None else outputs[0]
    return in_order(*before, bind_max_pool(x, y, outputs[1], pool_windows(node)))


def _pools(op: Op, bind: Callable[..., Call]) -> None:
    """The kernel of an op of one output."""

    @kernel(op, provider=NAME, backend=BACKEND, supports=supported)
    def _(node: Node, inputs: Arrays, outputs: Arrays) -> BoundKernel:
        before: list[Call] = []
        given = [contiguous(v, before) for v in inputs]
        return in_order(*before, bind(*given, outputs[0], pool_windows(node)))


_pools(pooling.max_pool_scatter, bind_max_pool_scatter)
_pools(pooling.avg_pool_, bind_avg_pool)
_pools(pooling.avg_pool_grad, bind_avg_pool_grad)
