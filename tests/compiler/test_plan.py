"""Plans: steps on fixed buffers, results, updates of variables, checks while they run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kerasish import config, ops
from kerasish.backend.base import current
from kerasish.compiler import Plan, function
from kerasish.compiler.codegen import llvm_jit
from kerasish.compiler.passes import optimize
from kerasish.compiler.providers import reference
from kerasish.config import disable_provider, enable_provider
from kerasish.errors import ArgumentError, NumericsError
from kerasish.graph import GradientTape, Op, Variable, convert_to_tensor, trace, value_and_grad
from kerasish.spec import TensorSpec

F3 = TensorSpec((3,), "float32")


@pytest.fixture(params=["llvm", "blocks"], autouse=True)
def renderer(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "llvm" and llvm_jit.unavailable():
        pytest.skip(str(llvm_jit.unavailable()))
    if request.param == "blocks":
        disable_provider("llvm")
    yield request.param
    if request.param == "blocks":
        enable_provider("llvm")


def plan_of(func: Callable[..., Any], *specs: TensorSpec) -> Plan:
    graph, _ = trace(func, specs)
    return Plan(optimize(graph, current()))


def run(plan: Plan, *arrays: Any) -> list[list[float]]:
    for buffer, array in zip(plan.inputs, arrays, strict=True):
        buffer[...] = array
    plan.run()
    return [out.tolist() for out in plan.outputs]


# --- results --------------------------------------------------------------------------------------


def test_inputs_and_outputs_are_fixed_buffers() -> None:
    plan = plan_of(lambda x, y: (x * y + 1, x - y), F3, F3)
    inputs, outputs = list(plan.inputs), list(plan.outputs)
    assert run(plan, [1, 2, 3], [4, 5, 6]) == [[5, 11, 19], [-3, -3, -3]]
    assert run(plan, [0, 0, 0], [1, 1, 1]) == [[1, 1, 1], [-1, -1, -1]]
    assert all(a is b for a, b in zip(plan.inputs + plan.outputs, inputs + outputs, strict=True))


def test_inputs_must_be_filled_again_because_their_memory_is_reused() -> None:
    plan = plan_of(lambda x: ops.exp(x) * 2, F3)
    assert plan.memory.size == 64
    assert run(plan, [0, 0, 0]) == [[2, 2, 2]]


OUTPUTS: dict[str, tuple[Callable[[Any], Any], list[Any]]] = {
    "an input": (lambda x: x, [[1, 2]]),
    "an input twice": (lambda x: [x, x], [[1, 2], [1, 2]]),
    "a node twice": (lambda x: [y := x + 1, y], [[2, 3], [2, 3]]),
    "a view of an input": (lambda x: ops.reshape(x, (2, 1)), [[[1], [2]]]),
    "a view of a node": (lambda x: ops.reshape(x + 1, (2, 1)), [[[2], [3]]]),
    "a node and its view": (lambda x: [y := x + 1, y[::-1]], [[2, 3], [3, 2]]),
    "a broadcast node": (lambda x: ops.broadcast_to(x + 1, (2, 2)), [[[2, 3], [2, 3]]]),
    "a constant": (lambda x: convert_to_tensor([7.0]), [[7]]),
    "a constant and a node of it": (
        lambda x: [c := convert_to_tensor([7.0]), c * x],
        [[7], [7, 14]],
    ),
    "a variable": (lambda x: Variable([5.0]).value, [[5]]),
    "an input beside a step in place": (lambda x: [ops.exp(x * 0), x], [[1, 1], [1, 2]]),
    "one output of several": (lambda x: ops.top_k(x, 1)[1], [[1]]),
    "all outputs of several": (lambda x: ops.top_k(x, 1), [[2], [1]]),
    "a scalar": (lambda x: ops.sum(x), [3]),
    "nothing": (lambda x: [], []),
    "emptiness": (lambda x: x[:0] * 2 + 1, [[]]),
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_whatever_may_be_a_result(name: str) -> None:
    func, want = OUTPUTS[name]
    plan = plan_of(func, TensorSpec((2,), "float32"))
    for _ in range(2):
        assert run(plan, [1, 2]) == want


def test_results_of_a_function_are_copies() -> None:
    f = function(lambda x: (x + 1, x))
    first = f(convert_to_tensor([1.0]))
    f(convert_to_tensor([5.0]))
    assert [t.numpy().tolist() for t in first] == [[2], [1]]


# --- updates --------------------------------------------------------------------------------------


def state(*values: float) -> list[Variable]:
    return [Variable([v], name=f"v{i}") for i, v in enumerate(values)]


def step_of(body: Callable[[], Any]) -> Callable[[], list[Any]]:
    """A compiled step that runs `body` and returns what it returns, as lists of numbers."""
    made = function(lambda: body() or [])
    return lambda: [t.numpy().tolist() for t in made()]


def test_two_variables_swap() -> None:
    a, b = state(1, 2)

    def swap() -> None:
        old = a.value
        a.assign(b.value)
        b.assign(old)

    step = step_of(swap)
    step()
    assert (float(a[0]), float(b[0])) == (2, 1)
    step()
    assert (float(a[0]), float(b[0])) == (1, 2)


def test_variables_rotate() -> None:
    a, b, c = state(1, 2, 3)

    def rotate() -> None:
        values = [v.value for v in (a, b, c)]
        for v, value in zip((b, c, a), values, strict=True):
            v.assign(value)

    step = step_of(rotate)
    for _ in range(2):
        step()
    assert [float(v[0]) for v in (a, b, c)] == [2, 3, 1]


def test_the_old_value_may_be_read_after_the_assignment() -> None:
    (a,) = state(1)

    def body() -> list[Any]:
        old = a.value
        a.assign(old * 2)
        return [ops.exp(old * 0) + old, a.value, old]

    step = step_of(body)
    assert step() == [[2], [2], [1]]
    assert step() == [[3], [4], [2]]


def test_one_value_for_two_variables_and_an_output() -> None:
    a, b = state(1, 2)

    def body() -> list[Any]:
        total = a + b
        a.assign(total)
        b.assign(total)
        return [total]

    step = step_of(body)
    assert step() == [[3]]
    assert step() == [[6]]
    assert (float(a[0]), float(b[0])) == (6, 6)


def test_a_variable_takes_a_view_a_constant_and_an_input() -> None:
    a = Variable(np.zeros((2, 3), "float32"))
    b, c = Variable(np.zeros((3, 2), "float32")), Variable(np.zeros(2, "float32"))

    def body(x: Any) -> list[Any]:
        a.assign(x)
        b.assign(ops.transpose(x))
        c.assign(np.array([8.0, 9.0], "float32"))
        return [ops.transpose(a.value)]

    x = np.arange(6.0, dtype="float32").reshape(2, 3)
    out = function(body)(convert_to_tensor(x))[0]
    np.testing.assert_array_equal(a.numpy(), x)
    np.testing.assert_array_equal(b.numpy(), x.T)
    np.testing.assert_array_equal(out.numpy(), x.T)
    assert c.numpy().tolist() == [8, 9]


def test_a_variable_may_be_transposed_in_place_of_itself() -> None:
    a = Variable(np.arange(4.0, dtype="float32").reshape(2, 2))
    start = a.numpy()
    step = step_of(lambda: [a.assign(ops.transpose(a.value) * 1.5)][:0])
    step()
    np.testing.assert_array_equal(a.numpy(), start.T * 1.5)
    step = step_of(lambda: [a.assign(ops.transpose(a.value) + a.value)][:0])
    before = a.numpy()
    step()
    np.testing.assert_array_equal(a.numpy(), before.T + before)


def test_a_shifted_slice_of_itself() -> None:
    a = Variable(np.arange(5.0, dtype="float32"))
    step = step_of(lambda: [a.assign(ops.concatenate([a[1:], a[:1]]))][:0])
    step()
    assert a.numpy().tolist() == [1, 2, 3, 4, 0]
    step = step_of(lambda: [a.assign(a[::-1] * 2)][:0])
    step()
    assert a.numpy().tolist() == [0, 8, 6, 4, 2]


def test_counters_and_metrics() -> None:
    total, count = Variable(0.0), Variable(0)

    @function
    def update(x: Any) -> Any:
        total.assign_add(ops.sum(x))
        count.assign_add(x.shape[0])
        return total / ops.cast(count, "float32")

    assert float(update(convert_to_tensor([1.0, 3.0]))) == 2
    assert float(update(convert_to_tensor([5.0]))) == 3
    assert (float(total), int(count)) == (9, 3)


def test_an_update_that_only_an_output_needs_the_old_value_of() -> None:
    (a,) = state(1)

    def body() -> list[Any]:
        old = a.value
        a.assign_add([1.0])
        return [ops.reshape(old, (1, 1))]

    step = step_of(body)
    assert step() == [[[1]]]
    assert step() == [[[2]]]


def test_momentum_in_one_step(renderer: str) -> None:
    rng = np.random.default_rng(0)
    w, m = Variable(rng.normal(size=40).astype("float32")), Variable(np.zeros(40, "float32"))
    expected_w, expected_m = w.numpy(), m.numpy()

    @function
    def train(x: Any) -> Any:
        with GradientTape() as tape:
            loss = ops.sum(ops.square(w * x))
        g = tape.gradient(loss, w)
        m.assign(0.9 * m + g)
        w.assign_sub(0.01 * m.value)
        return loss

    for _ in range(3):
        x = rng.normal(size=40).astype("float32")
        train(convert_to_tensor(x))
        expected_m = 0.9 * expected_m + 2 * expected_w * x * x
        expected_w = expected_w - 0.01 * expected_m
    np.testing.assert_allclose(w.numpy(), expected_w, rtol=1e-5)
    np.testing.assert_allclose(m.numpy(), expected_m, rtol=1e-5)


# --- running --------------------------------------------------------------------------------------


def test_check_numerics_names_op_layer_and_line(monkeypatch: pytest.MonkeyPatch) -> None:
    f = function(lambda x: ops.matmul(ops.reshape(ops.log(x), (1, 3)), np.ones((3, 1), "float32")))
    x = convert_to_tensor([1.0, -1.0, 0.0])
    assert np.isnan(f(x).numpy()).all()
    monkeypatch.setattr(config.settings, "check_numerics", True)
    with pytest.raises(NumericsError, match=r"2 of 3 values are NaN or infinite.*test_plan.py:\d+"):
        f(x)
    assert np.isfinite(f(convert_to_tensor([1.0, 1.0, 1.0])).numpy()).all()
    ints = function(lambda t: t * 2)
    assert ints(convert_to_tensor([1, 2])).numpy().tolist() == [2, 4]


def test_check_numerics_in_full_names_the_op_in_a_fused_step_its_rows_and_its_batch(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(config.settings, "check_numerics", False)
    monkeypatch.setattr(config.settings, "numerics_folder", None)
    f = function(lambda x: ops.exp(ops.sqrt(ops.sin(x) + 0.5) * 2.0))
    x = np.zeros((4, 70), "float32")
    x[1, 3] = x[3, 0] = -1.5
    config.set_check_numerics("full", str(tmp_path))
    with pytest.raises(NumericsError, match="2 of 280") as caught:
        f(convert_to_tensor(x))
    error = caught.value
    assert (error.op, error.backward, error.rows) == ("sqrt", False, (1, 3))
    assert "test_plan.py:" in error.source
    np.testing.assert_array_equal(error.batch[0], x)
    np.testing.assert_array_equal(np.load(tmp_path / "numerics_batch.npz")["arr_0"], x)
    with pytest.raises(ArgumentError, match="True, False or 'full'"):
        config.set_check_numerics("all")


def test_check_numerics_tells_the_way_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config.settings, "check_numerics", "full")

    @function
    def slope(x: Any) -> Any:
        return value_and_grad(lambda t: ops.sum(ops.sqrt(t)))(x)[1]

    with pytest.raises(NumericsError, match="on the way back") as caught:
        slope(convert_to_tensor(np.array([1.0, 0.0], "float32")))
    assert caught.value.backward


def test_check_numerics_sees_updates_of_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config.settings, "check_numerics", True)
    v = Variable(1.0)
    f = function(lambda x: [v.assign(v / x)][:0])
    f(convert_to_tensor(2.0))
    with pytest.raises(NumericsError, match="1 of 1 values"):
        f(convert_to_tensor(0.0))


@pytest.mark.parametrize("kind", [ArgumentError, IndexError])
@pytest.mark.parametrize("checked", [False, True])
def test_errors_of_kernels_say_where_the_op_was_made(
    kind: type[Exception], checked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(xp: Any, x: Any) -> Any:
        raise kind("no")

    monkeypatch.setattr(config.settings, "check_numerics", checked)
    picky = Op("picky", lambda x: x, refuse)
    with pytest.raises(kind) as caught:
        function(lambda x: ops.exp(picky(ops.sin(x))))(convert_to_tensor([1.0]))
    note = caught.value.__notes__[-1]  # one before it says how a kernel is called
    assert note.startswith("in op 'picky' of the graph, made at ")
    assert "test_plan.py:" in note


def test_a_plan_prints_its_steps() -> None:
    text = str(plan_of(lambda x: ops.matmul(x, x), TensorSpec((2, 2), "float32")))
    assert "matmul(x0, x0) : float32[2, 2]" in text
    assert text.splitlines()[-1].startswith("arena: 128 bytes, 1 step")


def test_warnings_of_numpy_are_quiet_while_a_plan_runs() -> None:
    assert run(plan_of(lambda x: 1.0 / x, F3), [0, 0, 0]) == [[np.inf] * 3]


@pytest.mark.parametrize(
    ("call", "want"), [(ops.sin, np.sin), (lambda t: ops.cumsum(t, 0), np.cumsum)]
)
def test_reference_steps_write_into_their_outputs(call: Any, want: Any) -> None:
    x, out = np.arange(4.0), np.empty(4)
    graph, _ = trace(call, [TensorSpec((4,), "float64")])
    reference(graph.outputs[0], np, [x], [out])()
    np.testing.assert_array_equal(out, want(x))


def test_plans_of_one_function_share_an_arena() -> None:
    f = function(lambda x: ops.exp(x) + ops.sin(x))
    large, small = (f.plan_for(TensorSpec((n,), "float32")) for n in (1000, 10))
    assert np.shares_memory(large.inputs[0], small.inputs[0])


def test_an_unused_input_and_an_unused_output_of_several() -> None:
    plan = plan_of(lambda x, unused: ops.top_k(x, 2)[0] + 1, F3, F3)
    assert run(plan, [3, 1, 2], [0, 0, 0]) == [[4, 3]]
