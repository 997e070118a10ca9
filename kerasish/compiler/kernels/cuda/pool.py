"""Max and average pooling with their gradients, channels last.

Each element of the result belongs to one thread, which walks the window, or the windows that
reach it, in order: the same sums in the same order as the reference kernels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kerasish.compiler.codegen.cuda_ops import RULES, loaded, memory_type, register_type, stored
from kerasish.compiler.kernels.cuda.launch import launcher
from kerasish.ops.nn.windows import Windows

Array = Any
AXES = 3  # spatial axes are filled up to these with axes of one


def filled(windows: Windows) -> list[tuple[int, int, int, int, int]]:
    """(size, window, stride, padding before, positions) of each of three axes."""
    found = zip(
        windows.spatial, windows.window, windows.strides, (lo for lo, _ in windows.padding),
        windows.output, strict=True,
    )  # fmt: skip
    own = list(found)
    return [(1, 1, 1, 0, 1)] * (AXES - len(own)) + own


def coordinates(letter: str, sizes: list[int], channels: int, last: str = "c") -> str:
    """Statements that split t into n, three coordinates and the last one, c."""
    lines = [f"    const int {last} = t % {channels}; int r = t / {channels};"]
    for axis, size in reversed(list(enumerate(sizes))):
        lines.append(f"    const int {letter}{axis} = r % {size}; r /= {size};")
    return "\n".join([*lines, "    const int n = r;\n"])


def offset(letter: str, sizes: list[int], channels: int) -> str:
    """Where an element with these coordinates lies."""
    text = "n"
    for axis, size in enumerate(sizes):
        text = f"({text} * {size} + {letter}{axis})"
    return f"{text} * {channels} + c"


def _window(axes: list[tuple[int, int, int, int, int]], inside: str, outside: str = "") -> str:
    """Loops over the positions of a window at o0, o1, o2: `p` counts them, i0.. is where each is.

    Args:
        inside: what is done with an element of x.
        outside: what is done with padding.
    """
    lines = ["    int p = 0;"]
    lines += [f"    for (int k{a} = 0; k{a} < {axes[a][1]}; k{a}++)" for a in range(AXES - 1)]
    lines.append(f"    for (int k2 = 0; k2 < {axes[2][1]}; k2++, p++) {{")
    for a, (_, _, stride, low, _) in enumerate(axes):
        lines.append(f"      const int i{a} = o{a} * {stride} - {low} + k{a};")
    test = " && ".join(f"i{a} >= 0 && i{a} < {axes[a][0]}" for a in range(AXES))
    return "\n".join([*lines, f"      if ({test}) {{ {inside} }}", f"      {outside}", "    }\n"])


def _covering(axes: list[tuple[int, int, int, int, int]], inside: str) -> str:
    """Loops over the windows that reach i0, i1, i2: o0.. is where each is, `p` our place in it."""
    lines = ["    int p = 0;"]
    lines += [f"    for (int k{a} = 0; k{a} < {axes[a][1]}; k{a}++)" for a in range(AXES - 1)]
    lines.append(f"    for (int k2 = 0; k2 < {axes[2][1]}; k2++, p++) {{")
    tests = []
    for a, (_, _, stride, low, positions) in enumerate(axes):
        lines.append(f"      const int f{a} = i{a} + {low} - k{a}, o{a} = f{a} / {stride};")
        tests.append(f"f{a} >= 0 && f{a} % {stride} == 0 && o{a} < {positions}")
    return "\n".join([*lines, f"      if ({' && '.join(tests)}) {{ {inside} }}", "    }\n"])


def _count(axes: list[tuple[int, int, int, int, int]]) -> str:
    """Statements that set `inside`: how many elements of the window at o0, o1, o2 are x's."""
    lines = []
    for a, (size, window, stride, low, _) in enumerate(axes):
        first = f"o{a} * {stride} - {low}"
        lines.append(
            f"const int a{a} = {first} > 0 ? {first} : 0, e{a} = {first} + {window}, "
            f"b{a} = (e{a} < {size} ? e{a} : {size}) - a{a};"
        )
    product = " * ".join(f"(b{a} > 1 ? b{a} : 1)" for a in range(AXES))
    return " ".join([*lines, f"const int inside = {product};"])


def bind_max_pool(x: Array, y: Array, index: Array | None, windows: Windows) -> Callable[[], Any]:
    """y = the maximum of each window; index = its row-major position there, int32, if wanted."""
    axes, dtype, channels = filled(windows), x.dtype.name, x.shape[-1]
    memory, register = memory_type(dtype), register_type(dtype)
    sizes, positions = [a[0] for a in axes], [a[4] for a in axes]
    larger = str(RULES["maximum"][0]).format("best", "v")
    place = f"x[{offset('i', sizes, channels)}]"
    take = f"const {register} h = {larger}; if (h != best) where = p; best = h;"
    body = (
        coordinates("o", positions, channels)
        + f"    {register} best = -INF_VALUE; int where = 0;\n"
        + _window(axes, f"const {register} v = {loaded(dtype, place)}; {take}")
        + f"    y[t] = {stored(dtype, 'best')};\n"
        + ("    index[t] = where;\n" if index is not None else "")
    )
    arguments = f"const {memory}* x, {memory}* y" + (", int* index" if index is not None else "")
    arrays = (x, y) if index is None else (x, y, index)
    return launcher("max_pool", arguments, body, y.size, *arrays)


def bind_max_pool_scatter(g: Array, index: Array, dx: Array, windows: Windows) -> Callable[[], Any]:
    """dx = the sum of g over the windows whose maximum stood there."""
    axes, dtype, channels = filled(windows), g.dtype.name, g.shape[-1]
    memory, register = memory_type(dtype), register_type(dtype)
    sizes, positions = [a[0] for a in axes], [a[4] for a in axes]
    take = f"const int w = {offset('o', positions, channels)}; "
    take += f"if (index[w] == p) sum += {loaded(dtype, 'g[w]')};"
    body = (
        coordinates("i", sizes, channels)
        + f"    {register} sum = 0;\n"
        + _covering(axes, take)
        + f"    dx[t] = {stored(dtype, 'sum')};\n"
    )
    arguments = f"const {memory}* g, const int* index, {memory}* dx"
    return launcher("max_pool_scatter", arguments, body, dx.size, g, index, dx)


def bind_avg_pool(x: Array, y: Array, windows: Windows) -> Callable[[], Any]:
    """y = the mean of each window's elements that are no padding."""
    axes, dtype, channels = filled(windows), x.dtype.name, x.shape[-1]
    memory, register = memory_type(dtype), register_type(dtype)
    sizes, positions = [a[0] for a in axes], [a[4] for a in axes]
    place = f"x[{offset('i', sizes, channels)}]"
    body = (
        coordinates("o", positions, channels)
        + f"    {register} sum = 0;\n"
        + _window(axes, f"sum += {loaded(dtype, place)};")
        + f"    {_count(axes)}\n    y[t] = {stored(dtype, 'sum / inside')};\n"
    )
    arguments = f"const {memory}* x, {memory}* y"
    return launcher("avg_pool", arguments, body, y.size, x, y)


def bind_avg_pool_grad(g: Array, dx: Array, windows: Windows) -> Callable[[], Any]:
    """dx = the sum, over the windows that reach it, of g divided by the window's count."""
    axes, dtype, channels = filled(windows), g.dtype.name, g.shape[-1]
    memory, register = memory_type(dtype), register_type(dtype)
    sizes, positions = [a[0] for a in axes], [a[4] for a in axes]
    place = f"g[{offset('o', positions, channels)}]"
    body = (
        coordinates("i", sizes, channels)
        + f"    {register} sum = 0;\n"
        + _covering(axes, f"{_count(axes)} sum += {loaded(dtype, place)} / inside;")
        + f"    dx[t] = {stored(dtype, 'sum')};\n"
    )
    arguments = f"const {memory}* g, {memory}* dx"
    return launcher("avg_pool_grad", arguments, body, dx.size, g, dx)
