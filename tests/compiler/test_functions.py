"""Functions: signatures, the bounded cache of plans, threads, processes."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
import weakref
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kerasish import config, ops
from kerasish.compiler import Function, function
from kerasish.compiler.functions import CACHE_SIZE
from kerasish.compiler.providers import active
from kerasish.config import disable_provider, enable_provider
from kerasish.errors import ArgumentError, ShapeError, UnknownNameError
from kerasish.graph import GradientTape, Variable, convert_to_tensor, grad
from kerasish.spec import TensorSpec

F3 = TensorSpec((3,), "float32")
ROOT = Path(__file__).resolve().parents[2]
on_the_host = pytest.mark.skipif(
    config.backend() != "numpy",
    reason="a CUDA context does not survive a fork; the cache of kernels is the CPU's",
)


def counted(func: Callable[..., Any], **options: Any) -> tuple[Function, list[int]]:
    """The function compiled, and a list that grows whenever it is traced."""
    traces: list[int] = []

    def body(*args: Any, **kwargs: Any) -> Any:
        traces.append(1)
        return func(*args, **kwargs)

    return function(body, **options), traces


# --- signatures -----------------------------------------------------------------------------------


def test_a_signature_is_traced_once() -> None:
    f, traces = counted(lambda x, y=None: x + 1)
    for value in (1.0, 2.0):
        assert float(f(convert_to_tensor(value))) == value + 1
    assert len(traces) == 1
    f(convert_to_tensor([1.0]))
    f(convert_to_tensor(1))
    f(np.float32(1.0))
    assert len(traces) == 3  # another shape, another dtype; a numpy scalar is the first again


def test_a_plan_asked_for_by_specs_serves_calls() -> None:
    f, traces = counted(lambda x, y: x + y)
    f.plan_for(F3, F3)
    x = convert_to_tensor([1.0, 2.0, 3.0])
    assert f(x, x).numpy().tolist() == [2, 4, 6]
    assert len(traces) == 1


@pytest.mark.parametrize(
    ("a", "b"), [(1, 1.0), (1, True), (0.0, -0.0), ("a", "b"), (None, 0), ((1,), (1.0,))]
)
def test_plain_values_are_part_of_the_signature(a: Any, b: Any) -> None:
    f, traces = counted(lambda x, value: x)
    x = convert_to_tensor(1.0)
    f(x, a)
    f(x, b)
    f(x, a)
    assert len(traces) == 2


def test_plain_values_reach_the_function() -> None:
    def scaled(x: Any, k: float = 2.0, mask: Any = None, flag: bool = True) -> Any:
        return x / k if mask is None and flag else x * mask

    f = function(scaled)
    x = convert_to_tensor(6.0)
    assert float(f(x)) == 3
    assert float(f(x, 3.0, None)) == 2
    assert float(f(x, mask=convert_to_tensor(5.0))) == 30
    assert float(f(x, 0.0)) == np.inf
    assert float(f(x, -0.0)) == -np.inf
    with pytest.raises(TypeError):
        f(x, flag=False)


def test_nan_is_one_signature() -> None:
    f, traces = counted(lambda x, value: x)
    for _ in range(3):
        f(convert_to_tensor(1.0), float("nan"))
    assert len(traces) == 1


def test_structures_of_arguments_and_results() -> None:
    Pair = namedtuple("Pair", "left right")
    f = function(
        lambda p, more: {"sum": p["a"] + more[0], "pair": Pair(p["b"][0], 3), "n": None, "s": "x"}
    )
    one, two = convert_to_tensor(1.0), convert_to_tensor(2.0)
    got = f({"a": one, "b": [two]}, more=(two,))
    assert float(got["sum"]) == 3
    assert isinstance(got["pair"], Pair)
    assert (float(got["pair"].left), got["pair"].right, got["n"], got["s"]) == (2, 3, None, "x")


def test_a_variable_is_used_as_itself() -> None:
    v, w = Variable(1.0), Variable(10.0)
    f, traces = counted(lambda variable, x: variable.assign_add(x) * 2)
    assert float(f(v, convert_to_tensor(2.0))) == 6
    assert float(f(v, convert_to_tensor(2.0))) == 10
    assert float(f(w, convert_to_tensor(1.0))) == 22
    assert (float(v), float(w), len(traces)) == (5, 11, 2)


def test_arguments_without_a_hash_are_refused() -> None:
    with pytest.raises(ArgumentError, match=r"told apart by a hash.*unhashable type: 'set'"):
        function(lambda x, names: x)(convert_to_tensor(1.0), {1, 2})


def test_methods_are_compiled_per_instance() -> None:
    class Scale:
        def __init__(self, by: float) -> None:
            self.by = by

        @function
        def apply(self, x: Any) -> Any:
            return x * self.by

    x = convert_to_tensor(3.0)
    assert (float(Scale(2.0).apply(x)), float(Scale(5.0).apply(x))) == (6, 15)
    assert isinstance(Scale.apply, Function)


def test_decorator_with_options_keeps_name_and_doc() -> None:
    @function(cache_size=1)
    def double(x: Any) -> Any:
        """Twice x."""
        return x * 2

    assert (double.__name__, double.__doc__, double.cache_size) == ("double", "Twice x.", 1)


# --- the cache ------------------------------------------------------------------------------------


def test_the_longest_unused_plan_goes_first() -> None:
    f, traces = counted(lambda x: x * 2, cache_size=2)
    first, second, third = (convert_to_tensor(np.zeros(n, "float32")) for n in (1, 2, 3))
    for x in (first, second, first, third, first, second):
        f(x)
    assert len(traces) == 4  # only the second is traced again
    assert len(f._cache) == 2
    assert function(lambda x: x).cache_size == CACHE_SIZE


def test_an_evicted_plan_is_freed() -> None:
    f = function(lambda x: ops.exp(x) * 2, cache_size=1)
    plan = weakref.ref(f.plan_for(F3))
    f.plan_for(TensorSpec((4,), "float32"))
    gc.collect()
    assert plan() is None
    last = weakref.ref(f.plan_for(F3))
    f.clear()
    gc.collect()
    assert last() is None


def test_settings_that_change_plans_are_part_of_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    f, traces = counted(lambda x: x * convert_to_tensor(1.5))
    x = convert_to_tensor([1, 2])
    assert f(x).dtype == "float32"
    monkeypatch.setattr(config.settings, "floatx", "float64")
    assert f(x).dtype == "float64"
    disable_provider("llvm")
    try:
        f(x)
    finally:
        enable_provider("llvm")
    assert len(traces) == 3


def test_run_eagerly_runs_python(monkeypatch: pytest.MonkeyPatch) -> None:
    f, traces = counted(lambda x: x if x > 0 else -x)
    monkeypatch.setattr(config.settings, "run_eagerly", True)
    assert [float(f(convert_to_tensor(v))) for v in (2.0, -3.0)] == [2, 3]
    assert len(traces) == 2


def test_calls_inside_a_trace_or_under_a_tape_run_inline() -> None:
    inner, traces = counted(lambda x: x * x)
    x = convert_to_tensor(3.0)
    assert float(function(lambda t: inner(t) + 1)(x)) == 10
    with GradientTape() as tape:
        tape.watch(x)
        y = inner(x)
    assert float(tape.gradient(y, x)) == 6
    assert float(grad(function(grad(inner)))(x)) == 2
    assert len(inner._cache) == 0
    assert len(traces) == 3


def test_an_error_while_tracing_leaves_nothing_behind() -> None:
    f, _ = counted(lambda x: ops.matmul(x, np.ones((2, 2), "float32")))
    for _ in range(2):
        with pytest.raises(ShapeError, match="matmul"):
            f(convert_to_tensor(np.ones((3, 3), "float32")))
    assert len(f._cache) == 0
    assert f(convert_to_tensor(np.ones((3, 2), "float32"))).shape == (3, 2)


def test_graphs_at_every_stage() -> None:
    f = function(lambda x: ops.exp(x * 1) + 0)
    assert [n.op.name for n in f.graph(F3).nodes if n.inputs] == ["multiply", "exp", "add"]
    assert [n.op.name for n in f.graph(F3, until="simplify").nodes if n.inputs] == ["exp"]
    with pytest.raises(UnknownNameError, match=r"one of \['expand'.*Received: 'fuze'"):
        f.graph(F3, until="fuze")


def test_prepared_gives_the_compiled_form_and_the_tensors() -> None:
    f = function(lambda x, k: x * k)
    made, tensors = f.prepared(convert_to_tensor([1.0, 2.0, 3.0]), 2.0)
    assert [t.spec for t in tensors] == [F3]
    assert made.plan.graph.inputs[0].spec == F3


# --- threads --------------------------------------------------------------------------------------


def in_threads(work: Callable[[int], None], count: int = 4) -> None:
    errors: list[BaseException] = []

    def guarded(i: int) -> None:
        try:
            work(i)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(i,)) for i in range(count)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if errors:
        raise errors[0]


def test_threads_may_call_one_function() -> None:
    f, traces = counted(lambda x: ops.sum(ops.exp(x * 0) + x, axis=1))

    def work(i: int) -> None:
        for n in range(30):
            x = np.full((n % 3 + 1, 50), i, "float32")
            np.testing.assert_array_equal(f(x).numpy(), np.full(n % 3 + 1, 50 * (i + 1)))

    in_threads(work)
    assert len(traces) == 3


def test_threads_may_update_one_variable() -> None:
    total = Variable(0)
    f = function(lambda x: total.assign_add(x))
    in_threads(lambda i: [f(convert_to_tensor(1)) for _ in range(100)] and None)
    assert int(total) == 400


def test_functions_may_be_compiled_and_run_at_once() -> None:
    def work(i: int) -> None:
        for k in range(3):
            n = 20 + 10 * i + k
            f = function(
                lambda x, i=i, k=k: ops.tanh(x * (i + 1)) + ops.sum(x, -1, keepdims=True) * k
            )
            x = np.random.default_rng(n).normal(size=(n, 33)).astype("float32")
            want = np.tanh(x * (i + 1)) + x.sum(-1, keepdims=True) * k
            np.testing.assert_allclose(f(x).numpy(), want, rtol=1e-4, atol=1e-4)

    in_threads(work)


# --- processes ------------------------------------------------------------------------------------


@on_the_host
def test_a_fork_may_run_and_build_plans() -> None:
    x = np.random.default_rng(0).normal(size=(600, 600)).astype("float32")

    def body(t: Any) -> Any:
        return ops.tanh(ops.matmul(t, t) * 1e-3) + ops.sum(t)

    f = function(body)
    want = f(x).numpy()  # the libraries' threads are running now
    used = [name for name in ("onednn",) if active(name)]
    child = os.fork()
    if child == 0:
        try:
            with warnings.catch_warnings(record=True) as told:
                warnings.simplefilter("always")
                same = np.allclose(f(x).numpy(), want, rtol=1e-4, atol=1e-4)
            same &= sum("spawn" in str(w.message) for w in told) == ("onednn" in used)
            fresh = function(lambda t: body(t) * 2)(x).numpy()
            os._exit(0 if same and np.allclose(fresh, 2 * want, rtol=1e-4, atol=1e-4) else 1)
        finally:
            os._exit(2)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            assert os.waitstatus_to_exitcode(status) == 0
            return
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    pytest.fail("the forked child hangs")


SCRIPT = """
import numpy as np
from kerasish import ops
from kerasish.compiler import function
f = function(lambda x: ops.tanh(x) * 3 + ops.sum(ops.exp(x), -1, keepdims=True))
x = np.linspace(-1, 1, 600_000, dtype="float32").reshape(600, 1000)
want = np.tanh(x) * 3 + np.exp(x).sum(-1, keepdims=True)
np.testing.assert_allclose(f(x).numpy(), want, rtol=1e-4)
print("fine")
"""


def child(cache: str, **env: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, text=True,
        env=os.environ | {"KERASISH_CACHE": cache, "PYTHONPATH": str(ROOT)} | env,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def finish(process: subprocess.Popen[str]) -> None:
    out, err = process.communicate(timeout=60)
    assert (out, process.returncode) == ("fine\n", 0), err


@on_the_host
def test_two_processes_may_share_a_new_cache(tmp_path: Path) -> None:
    both = [child(str(tmp_path)), child(str(tmp_path))]
    for process in both:
        finish(process)
    files = list((tmp_path / "kernels").iterdir())
    assert [f.suffix for f in files] == [".o"] * len(files)
    assert files


@pytest.mark.parametrize(
    "env", [{"KERASISH_NUM_THREADS": "1"}, {"OMP_THREAD_LIMIT": "1"}, {"OMP_DYNAMIC": "true"}]
)
def test_fewer_threads_than_asked_for_do_all_the_work(env: dict[str, str], tmp_path: Path) -> None:
    finish(child(str(tmp_path), **env))


# --- memory ---------------------------------------------------------------------------------------
