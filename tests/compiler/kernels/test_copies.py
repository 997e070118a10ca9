"""Compiled copies: any strides and dtypes, nothing around them, and the ops that are copies."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasish import ops
from kerasish.compiler import function
from kerasish.compiler.codegen import llvm_jit
from kerasish.compiler.kernels import copies
from kerasish.graph.primitives import as_slices, unslice
from kerasish.spec import TensorSpec

pytestmark = pytest.mark.skipif(
    llvm_jit.unavailable() is not None, reason=f"LLVM: {llvm_jit.unavailable()}"
)
RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("shape", "source", "target", "loops", "width"),
    [
        ((2, 3, 4), (48, 16, 4), (48, 16, 4), [], 96),
        ((2, 3, 4), (96, 16, 4), (48, 16, 4), [(2, 96, 48)], 48),
        ((2, 3, 4), (96, 32, 4), (48, 16, 4), [(6, 32, 16)], 16),
        ((2, 1, 4), (96, 7, 4), (48, 16, 4), [(2, 96, 48)], 16),
        ((3, 4), (4, 12), (16, 4), [(3, 4, 16), (4, 12, 4)], 4),
        ((3, 4), (-16, 4), (16, 4), [(3, -16, 16)], 16),
    ],
)
def test_lines(shape: Any, source: Any, target: Any, loops: Any, width: int) -> None:
    room = np.zeros(1000, np.float32)[500:]
    arrays = [np.lib.stride_tricks.as_strided(room, shape, s) for s in (source, target)]
    assert copies.lines(*arrays) == (loops, width)


@given(
    shape=st.lists(st.integers(1, 5), min_size=1, max_size=4),
    last=st.integers(1, 70),
    dtype=st.sampled_from(["int8", "float16", "float32", "float64", "complex128", "bool"]),
    order=st.randoms(),
    reverse=st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_a_copy_is_numpys(shape: Any, last: int, dtype: str, order: Any, reverse: bool) -> None:
    """Axes but the last in any order, some of them backwards, in the middle of a larger array."""
    shape = (*shape, last)
    axes = list(range(len(shape) - 1))
    order.shuffle(axes)
    source = RNG.integers(0, 100, shape).astype(dtype)
    source = source[::-1] if reverse else source
    moved = source.transpose(*axes, len(shape) - 1)
    room = np.full([n + 2 for n in moved.shape], 1, dtype)
    target = room[tuple(slice(1, -1) for _ in shape)]
    copies.copy(moved, target)()
    np.testing.assert_array_equal(target, moved)
    inside = np.zeros(room.shape, bool)
    inside[tuple(slice(1, -1) for _ in shape)] = True
    assert (room[~inside] == room.dtype.type(1)).all()


def provided(func: Any, *arrays: np.ndarray) -> tuple[dict[str, str], Any]:
    """Who ran each op of a compiled function, and its results."""
    made = function(func)
    plan = made.plan_for(*(TensorSpec(a.shape, str(a.dtype)) for a in arrays))
    return {s.node.op.name: s.provider for s in plan.steps}, made(*arrays)


X = RNG.normal(size=(40, 6, 50)).astype("float32")


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
def test_concatenate(axis: int) -> None:
    by, y = provided(lambda x, z: ops.concatenate([x, z, x], axis), X, 2 * X)
    assert by["concatenate"] == "llvm"
    np.testing.assert_array_equal(y, np.concatenate([X, 2 * X, X], axis))


@pytest.mark.parametrize(
    "parts",
    [
        (None, None, (5, 50, 1)),
        (None, (0, 6, 1), None),
        ((3, 40, 1), None, None),
        (None, (1, 6, 1), (20, 50, 1)),
        (None, (17, 6, -3), None),
    ],
)
@pytest.mark.parametrize("value", [0.0, 1.5])
def test_unslice(parts: Any, value: float) -> None:
    shape = (50, 20, 80)
    full = tuple(
        n if p is None else shape[i] for i, (n, p) in enumerate(zip(X.shape, parts, strict=True))
    )
    by, y = provided(lambda x: unslice(x, parts=parts, shape=full, value=value), X)
    assert by["unslice"] == "llvm"
    want = np.full(full, value, "float32")
    want[as_slices(parts)] = X
    np.testing.assert_array_equal(y, want)


def test_reshapes_of_what_lies_apart() -> None:
    by, y = provided(lambda x: ops.reshape(ops.transpose(x, (1, 0, 2)), (-1, 50)), X)
    assert by["reshape"] == "llvm"
    np.testing.assert_array_equal(y, X.transpose(1, 0, 2).reshape(-1, 50))


def test_copies_of_parts() -> None:
    by, y = provided(lambda x: ops.copy(x[:, 1:4]), X)
    assert set(by.values()) == {"llvm"}
    np.testing.assert_array_equal(y, X[:, 1:4])


def test_small_ones_and_mixed_dtypes_are_numpys() -> None:
    by, _ = provided(lambda x: ops.concatenate([x, x]), X[:2, :2])
    assert by["concatenate"] == "reference"
    by, y = provided(lambda x, z: ops.concatenate([x, z]), X, X.astype("float64"))
    assert y.dtype == "float64"


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_share_the_lines(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llvm_jit, "PARALLEL_COST", 0)
    monkeypatch.setattr(llvm_jit, "threads", lambda: threads)
    for source in (X, X.reshape(-1), X.transpose(1, 0, 2)):
        target = np.zeros(source.shape, "float32")
        copies.copy(source, target)()
        np.testing.assert_array_equal(target, source)
