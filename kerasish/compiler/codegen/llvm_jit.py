"""Compiling kernels with llvmlite: one module per plan, deduplicated, cached on disk.

The cache (`object_cache.py`) holds object files named by a hash of everything that went
into them: the regions, the processor and the versions.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import hashlib
import itertools
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kerasish.backend.numpy_backend import give_back
from kerasish.compiler import openmp
from kerasish.compiler.codegen import llvm_entry, llvm_ops, object_cache
from kerasish.compiler.codegen.llvm_kernel import KernelWriter
from kerasish.compiler.codegen.nest import arrange, element_strides
from kerasish.compiler.codegen.nest import inplace_pairs as inplace_pairs
from kerasish.compiler.providers import provider
from kerasish.compiler.region import own_lowerings
from kerasish.config import num_threads
from kerasish.extras import command
from kerasish.graph.node import CONSTANT, PLACEHOLDER, Graph, Node
from kerasish.spec import TensorSpec
from kerasish.version import __version__

NAME: str = "llvm"
BACKEND: str = "numpy"
ALONE = 256  # elements up to which one op alone is not worth a kernel of its own
LIMIT = 128  # kernels kept for plans to come; those in use live as long as their plans
LINKS = 64  # modules of one linker, which keeps 20 kB of each, unloaded or not, while it lives
PARALLEL_COST = 500_000  # operations below which waking another thread costs more than it gives
_lock = threading.RLock()
_serial = itertools.count()
_forgettings = itertools.count(1)
_kernels: dict[Any, _Kernel] = {}


def _unlock() -> None:
    """A forked process does not have the thread that may have held the lock."""
    global _lock
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_unlock)


@functools.cache
def _numbers(count: int) -> Any:
    """The type of so many numbers; one that is made anew for every kernel is garbage in a ring."""
    return ctypes.c_int64 * count


@dataclass(frozen=True)
class Entry:
    """Where a compiled kernel is: addresses of its functions, and `run`, which calls them.

    Attributes:
        keep: what must live as long as they are called.
    """

    run: Any
    work: int
    combine: int
    unit: int
    keep: Any

    def bind(self, tasks: int, threads: int, slots: Sequence[Any]) -> Callable[[], Any]:
        """The step that runs the kernel on arrays, which live as long as it does, and numbers."""
        given = [s.ctypes.data if isinstance(s, np.ndarray) else s for s in slots]
        head = (self.work, self.combine, tasks, threads, self.unit)
        step: Any = functools.partial(self.run, _numbers(len(head) + len(given))(*head, *given))
        step.keep = (self, slots)
        return step

    def spread(self, tasks: int, work: int, slots: Sequence[Any]) -> Callable[[], Any]:
        """The same on as many threads as `work`, in operations, is worth."""
        team = threads() if work > PARALLEL_COST else 1
        return self.bind(tasks, min(team, tasks), slots)


@dataclass(frozen=True)
class _Kernel:
    """A compiled kernel and what binding it needs to know."""

    entry: Entry
    flat: bool
    scratch: int
    cost: int


@functools.cache
def unavailable() -> str | None:
    """Why LLVM cannot be used here, or None where it can."""
    try:
        import llvmlite.binding as llvm
    except ImportError:
        return f"llvmlite is not installed: {command('llvmlite')}"
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return None


@functools.cache
def _machine() -> tuple[Any, int, str]:
    """(target machine, float32 lanes, a key of processor and versions)."""
    import llvmlite
    import llvmlite.binding as llvm

    flags = llvm.get_host_cpu_features()
    features = flags.flatten()
    name = llvm.get_host_cpu_name()
    wide = flags.get("avx512f", False)
    target = llvm.Target.from_default_triple()
    made = target.create_target_machine(
        cpu=name, features=features, opt=3, reloc="pic", codemodel="small"
    )
    sources = sorted(Path(__file__).parent.glob("*.py"))
    own = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()
    key = f"{own} {__version__} {llvmlite.__version__} {llvm.llvm_version_info} {name} {features}"
    return made, 16 if wide else 8, key


@functools.cache
def _converts_float16() -> bool:
    """Whether the processor does; LLVM would call a library that is not there. All but old x86."""
    import llvmlite.binding as llvm

    return llvm.get_host_cpu_features().get("f16c", True)


@functools.lru_cache(1)
def _jit(generation: int) -> Any:
    """The linker of `LINKS` modules: it lives as long as it is the last, or as one of them."""
    import llvmlite.binding as llvm

    # JITLink lays a module's sections side by side. The older linker maps them one by one, and
    # aborts the process where a large array lies between code and its constants.
    return llvm.create_lljit_compiler(_machine()[0], use_jit_link=True, suppress_errors=False)


@functools.cache
def _symbols() -> dict[str, int]:
    """Addresses of the OpenMP runtime's entry points; one thread where there is no runtime."""
    names = ("GOMP_parallel", "GOMP_barrier", "omp_get_thread_num", "omp_get_num_threads")
    try:
        library = openmp.load()
    except OSError:
        return dict.fromkeys(names, 0)
    return {n: ctypes.cast(getattr(library, n), ctypes.c_void_p).value or 0 for n in names}


def threads() -> int:
    """How many threads a kernel may use."""
    return num_threads() if _symbols()["GOMP_parallel"] else 1


# --- one region ---------------------------------------------------------------------------------


class Uncompiled:
    """A region bound to arrays, waiting for its module to be compiled.

    Args:
        body: the region.
        inputs, outputs: the plan's arrays; inputs may be strided.
    """

    def __init__(
        self, body: Graph, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]
    ) -> None:
        self.inputs, self.outputs = inputs, outputs
        self.kernel: Any = None
        self.nest = arrange(body, [element_strides(a) for a in inputs])
        self.writer = KernelWriter(self.nest, "k", lanes())
        self.count = self.writer.tasks
        self.key = self.nest.key(NAME, self.writer.render)

    def source(self) -> str:
        """The code of the kernel."""
        return self.writer.render()

    def bind(self) -> Callable[[], Any]:
        """The zero-argument step, once `compile_all` has given the region its kernel."""
        kernel = self.kernel
        scratch = np.empty(max(kernel.scratch, 1), np.uint8)
        work = kernel.cost * (self.count if kernel.flat else 1)
        return kernel.entry.spread(self.count, work, [*self.inputs, *self.outputs, scratch])


def supported(node: Node) -> bool:
    """Whether an elementwise node, a reduction or a draw can stand in an LLVM region."""
    dtypes = {n.spec.dtype for n in (node, *node.inputs) if isinstance(n.spec, TensorSpec)}
    return llvm_ops.supported(node) and ("float16" not in dtypes or _converts_float16())


def alone(node: Node) -> bool:
    """Whether an op by itself works on enough elements."""
    return max(s.size for s in (node.spec, *(i.spec for i in node.inputs))) > ALONE


# --- modules ------------------------------------------------------------------------------------


def compile_all(pending: Sequence[Uncompiled]) -> None:
    """Give every region its kernel: from the table, from the cache on disk, or compiled."""
    with _lock:
        wanted = {p.key: p for p in pending if p.key not in _kernels}
        if wanted:
            _load(wanted)
        for p in pending:
            p.kernel = _kernels[p.key] = _kernels.pop(p.key)  # the last to be forgotten
        before = len(_kernels)
        while len(_kernels) > LIMIT:
            _kernels.pop(next(iter(_kernels)))
        if len(_kernels) < before and next(_forgettings) % 16 == 0:
            give_back()


def _load(wanted: dict[Any, Uncompiled]) -> None:
    """Enter kernels into the table, compiled as one module."""
    digest = hashlib.sha256("\n".join([_machine()[2], *map(repr, wanted)]).encode()).hexdigest()
    run = f"run{digest[:12]}"
    writers = {
        key: KernelWriter(p.nest, f"{run}.{i}", lanes())
        for i, (key, p) in enumerate(wanted.items())
    }
    names = [run, *(name for w in writers.values() for name in w.functions)]
    try:
        found = _linked(digest, names, lambda: _compile(run, list(writers.values())))
    except RuntimeError as error:
        own = {name for p in wanted.values() for name in own_lowerings(p.nest.body, NAME)}
        if own:
            error.add_note(f"In code that the lowerings of {', '.join(sorted(own))} wrote.")
        raise
    for key, w in writers.items():
        entry = _entry(found, run, w.functions, w.unit)
        _kernels[key] = _Kernel(entry, w.nest.is_flat_map, w.scratch_bytes, _cost(w))


def _entry(found: Any, run: str, functions: Sequence[str], unit: int) -> Entry:
    """The entry of a kernel among the symbols of a linked object."""
    call = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(found[run])
    work, *combine = (found[name] for name in functions)
    return Entry(call, work, combine[0] if combine else 0, unit, found)


def _cost(w: KernelWriter) -> int:
    """Operations of a run; of a flat map, those of one element."""
    per_element = sum(
        n.op.flops(*(i.spec for i in n.inputs), **n.attrs) / max(n.spec.size, 1)
        if n.op.flops and n.op.elementwise
        else 1
        for n in w.nest.body.nodes
        if n.op not in (PLACEHOLDER, CONSTANT)
    ) + len(w.nest.operands)
    elements = 1 if w.nest.is_flat_map else int(np.prod([d.size for d in w.nest.dims]))
    return max(int(per_element * elements), 1)


def _compile(run: str, writers: Sequence[KernelWriter]) -> bytes:
    """An object file with the functions of all kernels, and `run`, which calls them."""
    texts = [llvm_entry.runner(run), *(w.render() for w in writers)]
    texts += sorted(set().union(*(w.declarations for w in writers)))
    return _object("\n".join(texts))


def lanes() -> int:
    """float32 numbers of a vector."""
    return _machine()[1]


@functools.cache
def function(name: str, source: Callable[[], str]) -> Entry:
    """The kernel `name.work` of a module of its own.

    Args:
        source: writes its IR, which is compiled once per machine.
    """
    with _lock:
        text = llvm_entry.runner(name) + source()
        digest = hashlib.sha256(f"{_machine()[2]}\n{text}".encode()).hexdigest()
        names = [f"{name}.work"]
        found = _linked(digest, [name, *names], lambda: _object(text))
        return _entry(found, name, names, 1)


def _object(source: str) -> bytes:
    """Machine code.

    The IR is written as it should run, in vectors and with its loops laid out, so the passes only
    put slots into registers and tidy up.
    """
    import llvmlite.binding as llvm

    machine = _machine()[0]
    runtime = """
declare void @GOMP_parallel(ptr, ptr, i32, i32)
declare i32 @omp_get_thread_num()
declare i32 @omp_get_num_threads()
"""
    module = llvm.parse_assembly(f'target triple = "{machine.triple}"\n{source}{runtime}')
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options())
    passes = llvm.create_new_module_pass_manager()
    passes.add_sroa_pass()
    passes.add_instruction_combine_pass()
    passes.add_simplify_cfg_pass()
    passes.run(module, builder)
    return machine.emit_object(module)


def _linked(digest: str, names: Sequence[str], compiled: Callable[[], bytes]) -> Any:
    """A module ready to be called: from the cache on disk, or compiled now."""
    image = object_cache.load(digest)
    if image is not None:
        with contextlib.suppress(RuntimeError):  # other names than its own name promises: a miss
            return _link(image, names, digest)
    image = compiled()
    object_cache.store(digest, image)
    return _link(image, names, digest)


def _link(image: bytes, names: Any, digest: str) -> Any:
    import llvmlite.binding as llvm

    builder = llvm.JITLibraryBuilder().add_object_img(image)
    for name, address in _symbols().items():
        builder.import_symbol(name, address or _never())
    for name in names:
        builder.export_symbol(name)
    number = next(_serial)
    linker = _jit(number // LINKS)
    return builder.add_current_process().link(linker, f"kerasish_{digest}_{number}")


@functools.cache
def _never() -> int:
    """The address of a function for symbols that are never called on one thread."""
    held = ctypes.CFUNCTYPE(None)(lambda: None)
    _keep.append(held)
    return ctypes.cast(held, ctypes.c_void_p).value or 1


_keep: list[Any] = []


provider(NAME, unavailable, "elementwise chains, reductions, LSTM, GRU, pooling, copies, compiled")
