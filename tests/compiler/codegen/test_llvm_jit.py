"""Compiled kernels: one per structure, cached on disk in files that are believed only if whole."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kerasish import ops, registry
from kerasish.backend.base import current
from kerasish.compiler import Plan
from kerasish.compiler.codegen import llvm_jit, object_cache
from kerasish.compiler.passes import optimize
from kerasish.config import settings
from kerasish.graph import Op, op, trace
from kerasish.spec import TensorSpec

pytestmark = pytest.mark.skipif(bool(llvm_jit.unavailable()), reason="needs llvmlite")
X = np.linspace(-2, 2, 3000, dtype="float32").reshape(30, 100)


@pytest.fixture(autouse=True)
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache and a table of kernels of the test's own."""
    monkeypatch.setenv("KERASISH_CACHE", str(tmp_path))
    monkeypatch.setattr(llvm_jit, "_kernels", {})


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by the number of kernels whenever a module is compiled."""
    counts: list[int] = []
    compile_ = llvm_jit._compile

    def counted(run: str, kernels: Any) -> bytes:
        counts.append(len(kernels))
        return compile_(run, kernels)

    monkeypatch.setattr(llvm_jit, "_compile", counted)
    return counts


def forget() -> None:
    """As in a new process: only the disk remembers."""
    llvm_jit._kernels.clear()


def body(x: Any) -> Any:
    return ops.tanh(x) * 2 + ops.sum(ops.exp(x), -1, keepdims=True)


def plan(func: Callable[..., Any], *arrays: np.ndarray) -> Plan:
    graph, _ = trace(func, [TensorSpec(a.shape, a.dtype.name) for a in arrays])
    made = Plan(optimize(graph, current()))
    for buffer, array in zip(made.inputs, arrays, strict=True):
        buffer[...] = array
    made.run()
    return made


def right() -> None:
    want = np.tanh(X) * 2 + np.exp(X).sum(-1, keepdims=True)
    np.testing.assert_allclose(plan(body, X).outputs[0], want, rtol=1e-4)


# --- the table ------------------------------------------------------------------------------------


def test_regions_of_one_structure_share_a_kernel(compiled: list[int]) -> None:
    plan(lambda x: ops.tanh(x) * 2, X)
    plan(lambda x: ops.tanh(x) * 2, X)
    assert compiled == [1]
    plan(lambda x: ops.tanh(x) * 3, X)
    assert compiled == [1, 1]


def test_a_flat_map_serves_any_length(compiled: list[int]) -> None:
    for n in (300, 1000, 0, 17):
        x = np.linspace(-1, 1, n, dtype="float32")
        np.testing.assert_allclose(
            plan(lambda t: ops.exp(t) * 2, x).outputs[0], np.exp(x) * 2, 1e-5
        )
    assert compiled == [1]


def test_all_regions_of_a_plan_are_one_module(compiled: list[int]) -> None:
    plan(lambda x: ops.exp(ops.matmul(ops.tanh(x), x.T)) + 1, X / 10)
    assert compiled == [2]


def test_the_table_is_bounded_and_kernels_in_use_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llvm_jit, "LIMIT", 3)
    plans = [plan(lambda x, i=i: ops.tanh(x) * i, X) for i in range(2, 9)]
    assert len(llvm_jit._kernels) == 3
    gc.collect()
    for i, made in enumerate(plans, 2):
        made.inputs[0][...] = X
        made.run()
        np.testing.assert_allclose(made.outputs[0], np.tanh(X) * i, rtol=1e-5, atol=1e-6)
    again = plan(lambda x: ops.tanh(x) * 2, X)
    np.testing.assert_allclose(again.outputs[0], np.tanh(X) * 2, rtol=1e-5, atol=1e-6)


# --- the disk -------------------------------------------------------------------------------------


def files(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "kernels").iterdir())


def test_the_disk_remembers(compiled: list[int], tmp_path: Path) -> None:
    right()
    forget()
    right()
    assert compiled == [1]
    (only,) = files(tmp_path)
    assert only.suffix == ".o"


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda raw: b"",
    "cut": lambda raw: raw[: len(raw) // 2],
    "cut by one": lambda raw: raw[:-1],
    "longer": lambda raw: raw + b"x",
    "another format": lambda raw: b"ELF" + raw,
    "a flipped bit": lambda raw: raw[:-100] + bytes([raw[-100] ^ 1]) + raw[-99:],
    "a flipped bit of the digest": lambda raw: raw[:30] + bytes([raw[30] ^ 1]) + raw[31:],
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_file_is_not_believed(name: str, compiled: list[int], tmp_path: Path) -> None:
    right()
    (only,) = files(tmp_path)
    whole = only.read_bytes()
    only.write_bytes(DAMAGE[name](whole))
    forget()
    right()
    assert compiled == [1, 1]
    assert only.read_bytes()[: len(object_cache.MAGIC)] == object_cache.MAGIC
    forget()
    right()
    assert compiled == [1, 1]  # it was replaced by a whole one


def test_a_folder_that_cannot_be_written_costs_only_time(
    compiled: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("KERASISH_CACHE", str(tmp_path / "file" / "below"))
    right()
    forget()
    right()
    assert compiled == [1, 1]


def test_a_write_that_fails_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: Any, target: Any) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "replace", full)
    right()
    assert files(tmp_path) == []


def test_the_cache_can_be_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERASISH_CACHE", "off")
    assert object_cache.cache_folder() is None
    right()
    assert list(tmp_path.iterdir()) == []


def test_the_cache_lies_in_the_home_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KERASISH_CACHE")
    monkeypatch.setenv("HOME", "/home/somebody")
    assert object_cache.cache_folder() == Path("/home/somebody/.cache/kerasish/kernels")


def test_another_object_under_the_name_is_a_miss(compiled: list[int], tmp_path: Path) -> None:
    right()
    (only,) = files(tmp_path)
    other = llvm_jit._object("define void @other() {\n  ret void\n}\n")
    object_cache.store(only.stem, other)
    forget()
    right()
    assert compiled == [1, 1]


@pytest.mark.parametrize("loose", ["folder", "file", "link", "another's"])
def test_what_others_can_write_is_not_believed(
    loose: str, compiled: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right()
    (only,) = files(tmp_path)
    if loose == "folder":
        only.parent.chmod(0o777)
    elif loose == "file":
        only.chmod(0o666)
    elif loose == "link":
        only.rename(tmp_path / "elsewhere")
        only.symlink_to(tmp_path / "elsewhere")
    else:
        monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    forget()
    right()
    assert compiled == [1, 1]
    if loose == "folder":
        assert only.parent.stat().st_mode & 0o777 == 0o700


def test_the_folder_is_private_whatever_the_umask(tmp_path: Path) -> None:
    held = os.umask(0)
    try:
        right()
    finally:
        os.umask(held)
    (only,) = files(tmp_path)
    assert only.parent.stat().st_mode & 0o777 == 0o700
    assert only.stat().st_mode & 0o777 == 0o600


def test_the_cache_on_disk_has_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_cache, "MOST", 1000)
    monkeypatch.setattr(object_cache, "_written", 1)
    for i in range(8):
        object_cache.store(f"{i}", b"x" * 200)
        os.utime(tmp_path / "kernels" / f"{i}.o", (i, i))
    (tmp_path / "kernels" / "left.1.1.tmp").write_text("")
    os.utime(tmp_path / "kernels" / "left.1.1.tmp", (1, 1))
    object_cache.prune(tmp_path / "kernels")
    # 200 bytes and a head of 58 each: three of them stay below 1,000.
    assert sorted(path.name for path in files(tmp_path)) == ["5.o", "6.o", "7.o"]


def test_without_a_home_there_is_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("KERASISH_CACHE")
    monkeypatch.setattr(Path, "home", nowhere)
    assert object_cache.cache_folder() is None
    right()


# --- users' own lowerings -------------------------------------------------------------------------


@pytest.fixture
def scaled() -> Iterator[Op]:
    made = op("test_scaled", infer=lambda x: x, elementwise=True)(lambda xp, x: x * 3)
    yield made
    registry._entries["op"].pop("test_scaled")


def lower(made: Op, factor: float) -> None:
    settings.generation += 1

    @made.lowering("llvm")
    def rule(e: Any, x: Any) -> Any:
        return e.mul(x, e.like(factor, x))


def test_a_users_op_joins_a_region_through_its_lowering(scaled: Op) -> None:
    made = plan(lambda x: ops.tanh(scaled(x)), X)
    assert [s.provider for s in made.steps] == ["reference", "llvm"]
    lower(scaled, 3.0)
    made = plan(lambda x: ops.tanh(scaled(x)), X)
    assert [s.provider for s in made.steps] == ["llvm"]
    np.testing.assert_allclose(made.outputs[0], np.tanh(3 * X), rtol=1e-5, atol=1e-6)


def test_a_lowering_that_changes_is_compiled_anew(scaled: Op, compiled: list[int]) -> None:
    """Even where its bytecode is the same and only what it closes over differs."""
    for factor in (3.0, 5.0):
        lower(scaled, factor)
        out = plan(lambda x: ops.tanh(scaled(x)), X).outputs[0]
        np.testing.assert_allclose(out, np.tanh(factor * X), rtol=1e-5, atol=1e-6)
        forget()
    assert compiled == [1, 1]


# --- linking --------------------------------------------------------------------------------------

CROWDED = """
import mmap
import numpy as np
import kerasish as keras

held = []
for i in range(8):
    held.append(mmap.mmap(-1, 3 << 30))  # addresses alone, no memory
    f = keras.function(lambda x: keras.ops.tanh(x * float(i)) + keras.ops.exp(x))
    print(np.asarray(f(np.zeros(1000, "float32")))[0])
"""


@pytest.mark.skipif(sys.maxsize < 2**40, reason="needs a large address space")
def test_kernels_link_beside_large_arrays() -> None:
    """Code reaches its constants by 32-bit distances, whatever is mapped around them."""
    done = subprocess.run([sys.executable, "-c", CROWDED], capture_output=True, text=True)
    assert done.stdout.split() == ["1.0"] * 8, done.stderr


# --- in place -------------------------------------------------------------------------------------


def test_pairs_in_place_are_those_no_later_stage_reads() -> None:
    def pairs(func: Callable[..., Any], *shapes: tuple[int, ...]) -> list[tuple[int, int]]:
        graph, _ = trace(func, [TensorSpec(s, "float32") for s in shapes])
        return llvm_jit.inplace_pairs(graph)

    a, row = (30, 40), (40,)
    assert pairs(lambda x, y: x * y, a, a) == [(0, 0), (0, 1)]
    assert pairs(lambda x, y: x * y, a, row) == [(0, 0)]
    softmax = pairs(lambda x: (e := ops.exp(x)) / ops.sum(e, -1, keepdims=True), a)
    assert softmax == [(0, 0)]
    # The first output is stored before the second stage reads x again.
    both = pairs(lambda x: (ops.exp(x), x - ops.sum(x, -1, keepdims=True)), a)
    assert both == [(1, 0)]


@pytest.mark.parametrize("vector", [16, 8])
def test_ends_of_rows_are_written_in_pieces_and_nothing_behind_them(
    vector: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No masked stores where sizes are known; every dtype's elements, and no more of them."""
    machine, _, key = llvm_jit._machine()
    monkeypatch.setattr(llvm_jit, "_machine", lambda: (machine, vector, f"{key} {vector}"))

    def func(x: Any, shift: Any) -> Any:
        y = x + shift
        return y, y > 0, ops.cast(y, "float64"), ops.cast(y, "float16")

    for width in range(2, 2 * vector + 1):
        x, shift = np.random.default_rng(0).normal(size=(2, 3, width)).astype("float32") * 9
        shift = shift[:1]
        graph, _ = trace(func, [TensorSpec(a.shape, "float32") for a in (x, shift)])
        (fused,) = [n for n in optimize(graph, current()).nodes if n.op.name == "fused"]
        by_dtype = {str(r.dtype): np.asarray(r) for r in func(x, shift)}
        wanted = [by_dtype[n.dtype] for n in fused.attrs["body"].outputs]
        room = [np.full(r.size + 64, 77, r.dtype) for r in wanted]
        outputs = [r[:-64].reshape(w.shape) for r, w in zip(room, wanted, strict=True)]
        pending = llvm_jit.Uncompiled(fused.attrs["body"], [x, shift], outputs)
        assert "masked.store" not in pending.writer.render()
        llvm_jit.compile_all([pending])
        pending.bind()()
        for array, want in zip(room, wanted, strict=True):
            np.testing.assert_array_equal(array[:-64], want.reshape(-1))
            assert (array[-64:] == array.dtype.type(77)).all()
