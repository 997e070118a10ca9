"""Compiling CUDA kernels with NVRTC through cupy: one module per plan, deduplicated.

A kernel of our own, outside of regions, is a text that is launched over a number of elements.

cupy keeps compiled modules on disk (CUPY_CACHE_DIR), under a hash of source, options and versions.
"""

from __future__ import annotations

import functools
import hashlib
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kerasish.backend import base
from kerasish.compiler.codegen.cuda_kernel import THREADS, CudaWriter, Launch
from kerasish.compiler.codegen.cuda_ops import REGISTERS
from kerasish.compiler.codegen.cuda_prelude import PRELUDE
from kerasish.compiler.codegen.nest import arrange, element_strides, writable
from kerasish.compiler.codegen.nest import inplace_pairs as inplace_pairs
from kerasish.compiler.providers import Array, in_order, provider
from kerasish.errors import BackendError
from kerasish.graph.node import Graph, Node

NAME: str = "cuda"
BACKEND: str = "cupy"
KEPT = 4096  # kernels kept for plans to come; those in use live as long as their plans
MOST_BLOCKS = 1 << 20  # of a map; longer ones are walked in strides
LIMIT = 1 << 31
"""Elements from which the indices in a kernel of `launcher` would overflow."""

_HEAD = """
extern "C" __global__ void %s(%s, int count) {
  for (long long at = (long long)blockIdx.x * blockDim.x + threadIdx.x; at < count;
       at += (long long)gridDim.x * blockDim.x) {
    const int t = (int)at;
"""
# The loop that gives each element `t` to one thread; the text of a kernel closes both braces.

_lock = threading.RLock()
_kernels: dict[Any, tuple[Any, ...]] = {}


def unavailable() -> str | None:
    """Why CUDA kernels cannot be made here, or None where they can."""
    try:
        base.get(BACKEND)
    except BackendError as error:
        return str(error)
    return None


class Uncompiled:
    """A region bound to arrays, waiting for its module to be compiled.

    Args:
        body: the region.
        inputs, outputs: the plan's arrays; inputs may be strided.
    """

    def __init__(self, body: Graph, inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        self.inputs, self.outputs = inputs, outputs
        self.nest = arrange(body, [element_strides(a) for a in inputs])
        self.writer = CudaWriter(self.nest, "k")
        self.key = self.nest.key(NAME, self.writer.render, self.writer.index)

    def source(self) -> str:
        """The code of the kernel."""
        return self.writer.render()

    def bind(self) -> Callable[[], Any]:
        """The zero-argument step, once `compile_all` has made the kernels."""
        device = base.current()
        scratch = device.empty(max(self.writer.scratch_bytes, 1))
        count = (np.int64 if self.writer.wide else np.int32)(self.writer.total)
        arguments = (*self.inputs, *self.outputs, scratch, count)
        calls = []
        for launch, function in zip(self.writer.launches, _kernels[self.key], strict=True):
            grid = launch.grid or blocks(self.writer.total)
            if grid:
                calls.append(functools.partial(function, (grid,), (launch.block,), arguments))
        return in_order(*calls)


def blocks(count: int) -> int:
    """How many blocks walk so many elements."""
    return min(-(-count // THREADS), MOST_BLOCKS)


def supported(node: Node) -> bool:
    """Whether an elementwise node, a reduction or a draw can stand in a CUDA region."""
    return writable(node, NAME, REGISTERS)


def alone(node: Node) -> bool:
    """Always: one launch of our own is never dearer than one of cupy's."""
    return True


def compile_all(pending: Sequence[Uncompiled]) -> None:
    """Make every region's kernels that are not in the table yet, as one module."""
    with _lock:
        wanted = {p.key: p for p in pending if p.key not in _kernels}
        if wanted:
            source, launches = module(list(wanted.values()))
            made = raw_module(source)
            found = [tuple(made.get_function(one.name) for one in region) for region in launches]
            _kernels.update(zip(wanted, found, strict=True))
        for key in list(_kernels)[: max(len(_kernels) - KEPT, 0)]:
            if key not in {p.key for p in pending}:
                del _kernels[key]


def module(pending: Sequence[Uncompiled]) -> tuple[str, list[list[Launch]]]:
    """The source of one module, and the kernels of each region in it."""
    texts, launches = [PRELUDE], []
    names = hashlib.sha256(repr([p.key for p in pending]).encode()).hexdigest()[:12]
    for i, p in enumerate(pending):
        writer = CudaWriter(p.nest, f"k{names}_{i}")
        texts.append(writer.render())
        launches.append(writer.launches)
    return "\n".join(texts), launches


def raw_module(source: str) -> Any:
    """The module of a source."""
    return base.get(BACKEND).xp.RawModule(code=source, options=("-std=c++17",))


@functools.cache
def _compiled(name: str, source: str) -> Any:
    """The function of a module."""
    return raw_module(PRELUDE + source).get_function(name)


def launcher(name: str, arguments: str, body: str, count: int, *arrays: Any) -> Callable[[], Any]:
    """A step that runs `body` for every element.

    Args:
        name: of the kernel.
        arguments: declarations, in the order of the arrays.
        body: statements over `t`.
        count: elements.
        arrays: what the kernel works on.
    """
    function = _compiled(name, _HEAD % (name, arguments) + body + "  }\n}\n")
    return functools.partial(function, (blocks(count),), (THREADS,), (*arrays, np.int32(count)))


provider(NAME, unavailable, "elementwise chains, reductions, pooling, sums of rows by our kernels")
