"""The arena of a function: one block, pages touched ahead, a block per device."""

from __future__ import annotations

import contextlib
import mmap
import threading
import types

import numpy as np
import pytest

from kerasish import config, function, ops
from kerasish.compiler import arena as module
from kerasish.compiler.arena import Arena, FirstTouch
from kerasish.compiler.plan import Plan
from kerasish.spec import TensorSpec

on_the_host = pytest.mark.skipif(config.backend() != "numpy", reason="pages are the host's")


def test_a_block_serves_whatever_fits() -> None:
    arena = Arena()
    first = arena.take(1000)
    assert arena.take(10) is first
    assert arena.take(2000) is not first
    arena.clear()
    assert arena.take(10).size == 10


@on_the_host
def test_every_page_is_touched_once_and_none_after_the_end() -> None:
    memory = np.full(module.SMALL + 100, 7, np.uint8)
    touch = FirstTouch(memory)
    touch._thread.join()
    touch.end()
    assert not memory[:: mmap.PAGESIZE].any()
    assert np.count_nonzero(memory == 0) == -(-memory.size // mmap.PAGESIZE)
    memory[:] = 7
    touch.end()
    assert (memory == 7).all()


@on_the_host
def test_nothing_touches_a_block_that_is_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STRETCH", mmap.PAGESIZE)  # many looks at the end
    for _ in range(20):
        arena = Arena()
        block = arena.take(1 << 24)
        arena.settle()
        block[:] = 7
        assert (block == 7).all()
        assert arena.take(1 << 24) is block
        assert arena._touch is None


@on_the_host
def test_small_blocks_start_no_thread() -> None:
    before = threading.active_count()
    arena = Arena()
    arena.take(module.SMALL - 1)
    assert arena._touch is None
    assert threading.active_count() == before


@on_the_host
def test_without_threads_the_pages_come_later(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    arena = Arena()
    block = arena.take(module.SMALL)
    arena.settle()
    block[:] = 7


def test_a_block_belongs_to_a_device(monkeypatch: pytest.MonkeyPatch) -> None:
    arena = Arena()
    here = arena.take(10)
    elsewhere = types.SimpleNamespace(host=False, empty=lambda nbytes: np.zeros(nbytes, np.uint8))
    monkeypatch.setattr(module, "current", lambda: elsewhere)
    there = arena.take(10)
    assert there is not here
    assert arena.take(10) is there


@on_the_host
@pytest.mark.parametrize("failing", [False, True])
def test_a_function_settles_its_arena(failing: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(plan: Plan) -> None:
        raise RuntimeError("no compiler here")

    if failing:
        monkeypatch.setattr(Plan, "_compile_regions", broken)
    f = function(lambda x: ops.exp(x) @ ops.sin(x))
    with pytest.raises(RuntimeError) if failing else contextlib.nullcontext():
        f.plan_for(TensorSpec((1100, 1100), "float32"))
    assert f._arena._block.size >= module.SMALL
    assert f._arena._touch is None


def test_ever_larger_plans_share_a_few_blocks():
    arena = Arena()
    blocks = []
    for nbytes in range(1000, 9000, 10):
        block = arena.take(nbytes)
        arena.settle()
        assert block.size >= nbytes
        if not blocks or blocks[-1] is not block:
            blocks.append(block)
    assert len(blocks) < 15
    assert blocks[0].size == 1000  # one plan alone takes what it needs
    assert blocks[-1].size < 9000 * 1.3
