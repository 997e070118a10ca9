"""Fusion: which nodes share a loop, and that every loop computes what its nodes did."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from kerasish import ops, random
from kerasish.backend.base import current
from kerasish.compiler import Plan, function
from kerasish.compiler.codegen import llvm_jit
from kerasish.compiler.passes import optimize
from kerasish.compiler.passes.fuse import fuse
from kerasish.compiler.passes.groups import LIMIT
from kerasish.compiler.region import FUSED
from kerasish.config import disable_provider, enable_provider
from kerasish.graph import Graph, convert_to_tensor, trace
from kerasish.graph.node import CONSTANT
from kerasish.graph.verify import verify
from kerasish.spec import TensorSpec
from tests.compiler.passes.shape import check, floats, names, values
from tests.tolerances import assert_close

X, Y = floats(30, 40), floats(30, 40)[::-1].copy()
ROW = floats(40)
llvm_only = pytest.mark.skipif(bool(llvm_jit.unavailable()), reason="needs llvmlite")


@pytest.fixture
def without_llvm() -> Iterator[None]:
    disable_provider("llvm")
    yield
    enable_provider("llvm")


def regions(graph: Graph) -> list[list[str]]:
    """The ops of every region."""
    return [names(n.attrs["body"]) for n in graph.nodes if n.op is FUSED]


def fused(func: Callable[..., Any], *arrays: np.ndarray) -> tuple[list[str], list[list[str]]]:
    """(ops, ops of the regions) after the pass; the plan's values are compared as well."""
    made = check(fuse, func, *arrays)
    for node in made.nodes:
        if node.op is FUSED:
            verify(node.attrs["body"])
    plan = Plan(made)
    for buffer, array in zip(plan.inputs, arrays, strict=True):
        buffer[...] = array
    plan.run()
    for got, want in zip(plan.outputs, values(made, [*arrays]), strict=True):
        assert_close(got, want, "value", want.dtype.name if want.dtype.kind == "f" else "float64")
    return names(made), regions(made)


def softmax(x: Any) -> Any:
    e = ops.exp(x - ops.max(x, -1, keepdims=True))
    return e / ops.sum(e, -1, keepdims=True)


def batch_norm(x: Any) -> Any:
    centred = x - ops.mean(x, 0)
    return centred * ops.rsqrt(ops.mean(ops.square(centred), 0) + 1e-3)


# --- elementwise ----------------------------------------------------------------------------------


def test_a_chain_is_one_region() -> None:
    left, inside = fused(lambda x, w: ops.tanh(x * w + 1), X, ROW)
    assert left == ["fused"]
    assert inside == [["multiply", "add", "tanh"]]


def test_scalars_stay_constants_of_the_region() -> None:
    made = check(fuse, lambda x: x * 2 + 1, X)
    (node,) = [n for n in made.nodes if n.op is FUSED]
    assert len(node.inputs) == 1
    assert [n.value.item() for n in node.attrs["body"].nodes if n.op is CONSTANT] == [2, 1]


def test_what_is_used_outside_is_another_output() -> None:
    left, inside = fused(lambda x: (y := ops.exp(x), ops.matmul(y * 2, x.T)), np.abs(X))
    assert sorted(left) == ["fused", "matmul", "transpose"]
    assert inside == [["exp", "multiply"]]


def test_branches_that_meet_are_one_region() -> None:
    left, inside = fused(lambda x, y: (ops.exp(x) + 1) * (ops.tanh(y) - 1), X, Y)
    assert left == ["fused"]
    assert len(inside[0]) == 5


def test_readers_of_one_value_share_its_loop() -> None:
    left, _ = fused(lambda x: (x * 2, ops.exp(x), x > 0), X)
    assert left == ["fused"]


def test_without_llvm_a_lone_op_of_several_steps_runs_in_blocks(without_llvm: None) -> None:
    assert fused(lambda x, y: ops.where(x @ y.T > 0, x @ y.T, 0), X, Y)[1] == [
        ["greater", "select"]
    ]
    assert fused(lambda x: ops.cast(x, "float64"), X) == (["fused"], [["cast"]])
    assert fused(lambda x: x + 1, X) == (["add"], [])


def test_no_cycle_arises() -> None:
    def around(x: Any) -> Any:
        y = ops.exp(x)
        through = ops.matmul(y, ops.transpose(y))[:, :1]  # depends on y, and y + ... on it
        return y + through

    left, inside = fused(around, X)
    assert left.count("fused") == 2
    assert left.index("matmul") in range(left.index("fused"), len(left))
    assert ["exp"] in inside


def test_a_region_is_not_too_long() -> None:
    def long(x: Any) -> Any:
        for i in range(LIMIT + 10):
            x = x * 0.99 + i % 2
        return x

    made = check(fuse, long, X)
    assert all(len(r) <= LIMIT for r in regions(made))
    assert len(regions(made)) > 2


@llvm_only
def test_one_small_op_alone_stays() -> None:
    alone = int(llvm_jit.ALONE)
    assert fused(lambda x: ops.exp(x), floats(alone))[0] == ["exp"]
    assert fused(lambda x: ops.exp(x), floats(alone + 1))[0] == ["fused"]


def test_shapes_that_differ_do_not_share_a_loop() -> None:
    left, _ = fused(lambda x, r: (ops.exp(x) + 1, ops.exp(r) + 1), X, ROW)
    assert left == ["fused", "fused"]


def test_0_d_values_are_fused_like_others() -> None:
    fused(lambda x: ops.tanh(x * 2) / (x * x + 1), np.float32(0.3)[None][0].reshape(()))


def test_what_no_renderer_writes_stays_between_regions() -> None:
    left, inside = fused(lambda x: ops.exp(-ops.cumsum(ops.exp(x) * 2, 1)), X)
    assert left == ["fused", "cumsum", "fused"]
    assert inside == [["exp", "multiply"], ["negative", "exp"]]


# --- reductions -----------------------------------------------------------------------------------


@llvm_only
def test_softmax_is_one_region() -> None:
    left, inside = fused(softmax, X)
    assert left == ["fused"]
    assert inside == [["max", "subtract", "exp", "sum", "divide"]]


@llvm_only
def test_a_reduction_takes_what_it_reads_with_it() -> None:
    assert fused(lambda x: ops.sum(ops.exp(x), 1), X)[0] == ["fused"]
    assert fused(lambda x: ops.sum(ops.exp(x), 0), X)[0] == ["fused"]
    assert fused(lambda x: ops.mean(ops.square(x)), X)[0] == ["fused"]


@llvm_only
def test_reductions_over_other_axes_are_other_regions() -> None:
    left, inside = fused(lambda x: (ops.sum(ops.exp(x), 0), ops.sum(ops.exp(x), 1)), X)
    assert left == ["fused", "fused"]
    assert sorted(r.count("sum") for r in inside) == [1, 1]


@llvm_only
def test_columns_are_complete_before_they_are_read() -> None:
    _, inside = fused(batch_norm, X)
    for region in inside:
        if "sum" in region:  # what follows from a column sum, per element, is another loop
            assert "multiply" not in region[region.index("sum") :] or "rsqrt" in region


@llvm_only
def test_groups_that_read_each_others_columns_are_not_merged() -> None:
    """y reads a column sum of the first region; y + e would join both into one loop."""

    def meet(x: Any, z: Any) -> Any:
        e = ops.exp(x)
        y = ops.tanh(z) + ops.sum(e, 0)
        return y + e

    _, inside = fused(meet, X, Y)
    for region in inside:
        assert not ("sum" in region and region.count("add") == 2)


@llvm_only
def test_axes_without_a_loop_nest_stay_reference_ops() -> None:
    cube = floats(5, 6, 7)
    left, _ = fused(lambda x: ops.sum(ops.exp(x) * 2, (0, 2)), cube)
    assert left == ["fused", "sum"]
    left, _ = fused(lambda x: ops.sum(x, (0, 2)), floats(50, 6, 70))
    assert left == ["sum"]


@llvm_only
def test_a_value_read_by_element_and_by_row_comes_in_twice() -> None:
    left, _ = fused(lambda x, r: ops.sum(x * r, 1) + r, floats(40, 40), ROW)
    assert left == ["fused"]


@llvm_only
def test_a_dear_value_that_only_a_later_stage_needs() -> None:
    """exp does not depend on the sum, and is read only after it."""
    fused(lambda x: ops.mean(x) * ops.exp(-x * x), X)
    fused(lambda x: ops.sum(x, -1, keepdims=True) * ops.tanh(x) + ops.exp(x), X)


@llvm_only
@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (0,), (3, 0, 4)])
def test_reductions_over_nothing(shape: tuple[int, ...]) -> None:
    for axis in range(len(shape)):
        fused(lambda x, axis=axis: ops.sum(x * 2 + 1, axis), floats(*shape))
    fused(lambda x: ops.sum(x * 2 + 1), floats(*shape))


@llvm_only
def test_columns_of_operands_that_cannot_be_walked_in_one_stride() -> None:
    """The inner axes of a broadcast or transposed operand are loops of their own."""
    cube = floats(3, 17, 19)
    fused(lambda x, b: ops.sum(x * b, 0), cube, floats(3, 17, 1))
    fused(lambda x: ops.sum(ops.transpose(x, (0, 2, 1)) * 2, 0), cube)
    fused(lambda x, b: ops.sum(x * b + 1, 1), floats(4, 5, 6, 7), floats(4, 5, 6, 1))


@llvm_only
def test_reduced_views_in_reference_shapes() -> None:
    fused(lambda x: ops.reshape(ops.sum(x, 1), (30, 1)) * x, X)
    fused(lambda x: ops.expand_dims(ops.max(x * 2, 1), 1) - x, X)


@llvm_only
def test_a_full_reduction_that_elements_read() -> None:
    fused(lambda x: x - ops.max(x), X)
    fused(lambda x: x - ops.max(x), floats(300, 400))


# --- without LLVM ---------------------------------------------------------------------------------


def test_without_llvm_only_elementwise_ops_are_gathered(without_llvm: None) -> None:
    left, inside = fused(softmax, X)
    assert left == ["max", "fused", "sum", "divide"]
    assert inside == [["subtract", "exp"]]
    left, inside = fused(lambda x: ops.sin(x) + ops.cos(x), X)
    assert inside == [["sin", "cos", "add"]]


def test_without_llvm_one_op_alone_stays(without_llvm: None) -> None:
    assert fused(lambda x: ops.exp(x), X)[0] == ["exp"]


# --- the whole pipeline ---------------------------------------------------------------------------


def test_inputs_outputs_and_updates_survive_the_pipeline() -> None:
    made = check(optimize, lambda x, unused: (softmax(x), x * 1), X, Y)
    assert len(made.inputs) == 2
    assert optimize(made, current()).outputs[0].op is FUSED or llvm_jit.unavailable()


def test_a_graph_stays_as_it_is_where_no_renderer_runs() -> None:
    graph, _ = trace(lambda x: ops.exp(x) * 2, [TensorSpec((30, 40), "float32")])
    for name in ("llvm", "blocks"):
        disable_provider(name)
    try:
        assert fuse(graph, current()) is graph
    finally:
        for name in ("llvm", "blocks"):
            enable_provider(name)


def test_a_draw_and_the_key_it_reads_stay_in_two_regions():
    seed = random.SeedGenerator(3)

    def second(x):
        random.uniform((2,), seed=seed)
        return ops.sin(random.uniform((2,), seed=seed))

    x = convert_to_tensor([1.0, 1.0])
    eager = second(x).numpy()
    seed.state.assign(np.array([3, 0], np.uint32))
    found = function(lambda x: ops.cond(x[0] > 0, lambda: second(x), lambda: x))(x)
    assert_close(found.numpy(), eager)
    assert int(seed.state.numpy()[1]) == 2
