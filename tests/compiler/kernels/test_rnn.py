"""The compiled LSTM and GRU against their definition in float64, with all gradients."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasish import ops
from kerasish.compiler import function
from kerasish.compiler.codegen import llvm_jit
from kerasish.compiler.kernels.rnn.forward import GATES
from kerasish.graph import convert_to_tensor, value_and_grad
from kerasish.ops.nn.recurrent import gru, lstm
from kerasish.spec import TensorSpec
from tests.tolerances import assert_close

pytestmark = pytest.mark.skipif(
    llvm_jit.unavailable() is not None, reason=f"LLVM: {llvm_jit.unavailable()}"
)
CELLS: dict[str, Callable[..., Any]] = {"lstm": lstm, "gru": gru}
each_cell = pytest.mark.parametrize("cell", CELLS)
Sizes = tuple[int, int, int, int]


def draw(cell: str, sizes: Sizes, seed: int = 0) -> list[np.ndarray]:
    """x, first states, kernel, recurrent kernel, bias."""
    rng = np.random.default_rng(seed)
    batch, steps, features, units = sizes
    gates, states = (4, 2) if cell == "lstm" else (3, 1)
    shapes = [(batch, steps, features), *[(batch, units)] * states]
    shapes += [(features, gates * units), (units, gates * units)]
    shapes.append((4 * units,) if cell == "lstm" else (2, 3 * units))
    arrays = [rng.normal(0, 0.7, s) for s in shapes]
    arrays[-3] /= features**0.5
    arrays[-2] /= units**0.5
    return [a.astype("float32") for a in arrays]


def loss(cell: str, reverse: bool = False) -> Callable[..., Any]:
    """A scalar of all results, each element with a weight of its own."""

    def func(*inputs: Any) -> Any:
        total: Any = 0
        for k, result in enumerate(CELLS[cell](*inputs, reverse=reverse)):
            weights = np.cos(np.arange(result.size) + k).reshape(result.shape)
            total = total + ops.sum(result * weights.astype(str(result.dtype)))
        return total

    return func


def run(func: Callable[..., Any], *arrays: np.ndarray) -> list[np.ndarray]:
    """The results of a compiled function whose loops were all taken by the kernels."""
    compiled = function(func)
    plan = compiled.plan_for(*(TensorSpec(a.shape, str(a.dtype)) for a in arrays))
    loops = {s.node.op.name: s.provider for s in plan.steps if "loop" in s.node.op.name}
    assert loops
    assert set(loops.values()) == {"llvm"}
    found = compiled(*arrays)
    flat = itertools.chain.from_iterable(f if isinstance(f, (list, tuple)) else [f] for f in found)
    return [np.asarray(f) for f in flat]


def check(cell: str, sizes: Sizes, reverse: bool) -> None:
    arrays = draw(cell, sizes)
    exact = [convert_to_tensor(a, "float64") for a in arrays]
    wanted = CELLS[cell](*exact, reverse=reverse)
    for got, want in zip(
        run(lambda *xs: CELLS[cell](*xs, reverse=reverse), *arrays), wanted, strict=True
    ):
        assert_close(got, want)
    every = value_and_grad(loss(cell, reverse), tuple(range(len(arrays))))
    for got, want in zip(run(every, *arrays)[1:], every(*exact)[1], strict=True):
        assert_close(got, want, "first_gradient")


@each_cell
@given(
    sizes=st.tuples(st.integers(1, 40), st.integers(1, 9), st.integers(1, 5), st.integers(1, 70)),
    reverse=st.booleans(),
)
@settings(max_examples=12, deadline=None)
def test_results_and_gradients(cell: str, sizes: Sizes, reverse: bool) -> None:
    check(cell, sizes, reverse)


@each_cell
@pytest.mark.parametrize("sizes", [(1, 1, 1, 1), (7, 3, 2, 16), (17, 2, 3, 33), (2, 3, 1, 64)])
def test_edges_of_tiles(cell: str, sizes: Sizes) -> None:
    check(cell, sizes, reverse=False)


@each_cell
def test_vectors_of_eight(cell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What processors without AVX-512 run."""
    machine, _, key = llvm_jit._machine()
    monkeypatch.setattr(llvm_jit, "_machine", lambda: (machine, 8, f"{key} 8"))
    monkeypatch.setattr(llvm_jit, "_kernels", {})
    check(cell, (9, 3, 2, 21), reverse=False)


@each_cell
def test_no_steps(cell: str) -> None:
    arrays = draw(cell, (3, 0, 2, 5))
    assert_close(run(CELLS[cell], *arrays)[1], arrays[1])
    gradients = run(value_and_grad(loss(cell), (1, len(arrays) - 1)), *arrays)[1:]
    assert_close(gradients[0], np.cos(np.arange(15) + 1).reshape(3, 5).astype("float32"))
    assert not gradients[1].any()


def marks(batch: int, steps: int) -> np.ndarray:
    """Which steps count: none of the first row, all of the second, about half of the others."""
    found = np.random.default_rng(4).random((batch, steps)) < 0.5
    found[0], found[1] = False, True
    return found


@each_cell
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("sizes", [(2, 1, 3, 4), (9, 6, 2, 21), (3, 5, 2, 130)])
def test_steps_that_do_not_count(
    cell: str, sizes: Sizes, reverse: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever they hold, NaN too, they change nothing, and get no gradient."""
    monkeypatch.setattr(llvm_jit, "PARALLEL_COST", 0)
    counts = marks(*sizes[:2])
    arrays = draw(cell, sizes)
    exact = [convert_to_tensor(a, "float64") for a in arrays]
    count = len(arrays)
    every = value_and_grad(loss(cell, reverse), tuple(range(count)))
    wanted = *CELLS[cell](*exact, counts, reverse=reverse), *every(*exact, counts)[1]
    arrays[0][~counts] = np.nan
    both = run(lambda *xs: CELLS[cell](*xs, reverse=reverse), *arrays, counts)
    gradients = run(every, *arrays, counts)[1:]
    for k, (got, want) in enumerate(zip([*both, *gradients], wanted, strict=True)):
        if k == len(both):
            assert not got[~counts].any()  # of x
        if k == len(both) + count - 3:  # of the kernel: NaN times a gradient of zero
            continue
        assert_close(got, want, "first_gradient")


@each_cell
@pytest.mark.parametrize("batch", [1, 4, 5, 13])
def test_equal_bits_whatever_the_threads_and_the_batch(
    cell: str, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(llvm_jit, "PARALLEL_COST", 0)
    arrays = draw(cell, (batch, 5, 3, 130))  # a batch of 4 at most is split by columns
    every = value_and_grad(loss(cell), tuple(range(len(arrays))))
    found = []
    for threads in (1, 2, 2):
        monkeypatch.setattr(llvm_jit, "threads", lambda n=threads: n)
        found.append(run(every, *arrays) + run(CELLS[cell], *arrays))
    for one, two, again in zip(*found, strict=True):
        assert np.array_equal(one, two)
        assert np.array_equal(two, again)


@each_cell
def test_a_row_does_not_depend_on_the_others(cell: str) -> None:
    z = np.random.default_rng(1).normal(size=(9, 4, GATES[cell] * 20)).astype("float32")
    _, *states, _, recurrent, bias = draw(cell, (9, 4, 3, 20))
    loop = ops.nn.recurrent.lstm_loop if cell == "lstm" else ops.nn.recurrent.gru_loop

    def sequence(z: Any, *rest: Any) -> Any:
        return (loop(z, *rest, recurrent, bias, reverse=False)[0],)

    whole = run(sequence, z, *states)[0]
    for r in (0, 5, 8):
        alone = run(sequence, z[r : r + 1], *(s[r : r + 1] for s in states))[0]
        assert np.array_equal(alone[0], whole[r])


@each_cell
@pytest.mark.parametrize("reverse", [False, True])
def test_nan_stays_in_its_row_and_lasts(cell: str, reverse: bool) -> None:
    arrays = draw(cell, (5, 6, 3, 18))
    arrays[0][2, 3] = np.nan
    y, h, *_ = run(lambda *xs: CELLS[cell](*xs, reverse=reverse), *arrays)
    touched = np.zeros(y.shape, bool)
    touched[2, : 3 + 1] = reverse
    touched[2, 3:] |= not reverse
    assert np.array_equal(np.isnan(y), touched)
    assert np.array_equal(np.isnan(h).all(1), np.arange(5) == 2)


@each_cell
def test_operands_of_any_strides(cell: str) -> None:
    """Columns apart, rows that repeat, sequences seen from their end, time before batch."""
    x, *states, kernel, recurrent, bias = draw(cell, (4, 5, 3, 10))
    exact = [convert_to_tensor(a, "float64") for a in (x, *states, kernel, recurrent, bias)]

    def strided(x: Any, *rest: Any) -> Any:
        *states, kernel, recurrent, bias = rest
        states = [ops.broadcast_to(s[:1], s.shape) for s in states]
        columns = ops.transpose(ops.transpose(recurrent) * 1.5)
        z = ops.transpose(ops.transpose(ops.matmul(x, kernel), (2, 1, 0)) * 1.5, (2, 1, 0))
        loop = ops.nn.recurrent.lstm_loop if cell == "lstm" else ops.nn.recurrent.gru_loop
        y, h, *_ = loop(z[:, ::-1], *states, columns, bias, reverse=True)
        y = ops.transpose(y[:, ::-1], (1, 2, 0))
        return ops.sum(ops.sin(y)) + ops.sum(h[:, :1] * h[:, 1:2])

    every = value_and_grad(strided, tuple(range(len(exact))))
    value, gradients = every(*exact)
    found = run(every, x, *states, kernel, recurrent, bias)
    for got, want in zip(found, [value, *gradients], strict=True):
        assert_close(got, want, "first_gradient")


@each_cell
def test_what_nobody_reads_is_not_wanted(cell: str) -> None:
    arrays = draw(cell, (3, 4, 2, 5))
    h = CELLS[cell](*(convert_to_tensor(a, "float64") for a in arrays))[1]
    assert_close(run(lambda *xs: (CELLS[cell](*xs)[1],), *arrays)[0], h)


@each_cell
def test_without_llvm_the_definition_runs(cell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    arrays = draw(cell, (3, 4, 2, 5))
    want = run(CELLS[cell], *arrays)
    monkeypatch.setattr("kerasish.config.settings.disabled_providers", {"llvm"})
    plan = function(CELLS[cell]).plan_for(*(TensorSpec(a.shape, "float32") for a in arrays))
    assert "scan" in {s.node.op.name for s in plan.steps}
    for array, given_ in zip(plan.inputs, arrays, strict=True):
        array[...] = given_
    plan.run()
    for got, expected in zip(plan.outputs, want, strict=True):
        assert_close(got, expected)
