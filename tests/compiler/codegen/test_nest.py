"""Loop nests: kinds of reductions, joined dimensions, strides of operands, stages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kerasish import ops
from kerasish.compiler.codegen.nest import (
    Dim,
    Nest,
    arrange,
    contiguous,
    domain_of,
    kind_of,
    row_shapes,
)
from kerasish.graph import trace
from kerasish.graph.op import get
from kerasish.spec import TensorSpec


def nest(func: Callable[..., Any], *shapes: tuple[int, ...], strides: Any = None) -> Nest:
    graph, _ = trace(func, [TensorSpec(s, "float32") for s in shapes])
    return arrange(graph, strides or [contiguous(s) for s in shapes])


def dims(made: Nest) -> list[tuple[int, str]]:
    return [(d.size, d.kind) for d in made.dims]


@pytest.mark.parametrize(
    ("domain", "axes", "kind"),
    [
        ((3, 4), (), "map"),
        ((3, 4), (1,), "rows"),
        ((3, 4, 5), (1, 2), "rows"),
        ((3, 4), (0,), "columns"),
        ((3, 4, 5), (1,), "columns"),
        ((3, 4, 5), (0, 1), "columns"),
        ((3, 4, 5), (0, 2), None),
        ((3, 4), (0, 1), "rows"),
        ((300, 400), (0, 1), "flat"),
        ((1, 400, 1, 400), (1, 3), "flat"),
    ],
)
def test_kinds(domain: tuple[int, ...], axes: tuple[int, ...], kind: str | None) -> None:
    assert kind_of(domain, axes) == kind


def test_shapes_of_rows() -> None:
    assert row_shapes((3, 4, 5), (1,)) == ((3, 1, 5), (3, 5))
    assert row_shapes((3, 4), (0, 1)) == ((1, 1), ())


def test_domains() -> None:
    graph, _ = trace(lambda x: ops.sum(ops.exp(x), 1), [TensorSpec((3, 4), "float32")])
    assert domain_of(graph) == ((3, 4), (1,))
    graph, _ = trace(lambda x: ops.exp(x), [TensorSpec((3, 4), "float32")])
    assert domain_of(graph) == ((3, 4), ())


def test_dimensions_walked_in_one_stride_are_joined() -> None:
    made = nest(lambda x, y: x * y, (3, 4, 5), (3, 4, 5))
    assert dims(made) == [(60, "P")]
    made = nest(lambda x, y: x * y, (3, 4, 5), (5,))
    assert dims(made) == [(12, "P"), (5, "P")]
    made = nest(lambda x, y: x * y, (3, 4, 5), (3, 1, 1))
    assert dims(made) == [(3, "P"), (20, "P")]
    made = nest(lambda x, y: x * y, (2, 3, 4, 5), (3, 1, 1))
    assert dims(made) == [(2, "P"), (3, "P"), (20, "P")]


def test_strides_of_broadcast_and_transposed_operands() -> None:
    made = nest(lambda x, r, c: x * r * c, (3, 4), (4,), (3, 1))
    x, r, c = made.body.inputs
    assert [made.strides[n] for n in (x, r, c)] == [[4, 1], [0, 1], [1, 0]]
    made = nest(lambda x, t: x * t, (3, 4), (3, 4), strides=[(4, 1), (1, 3)])
    assert made.strides[made.body.inputs[1]] == [1, 3]
    assert made.dims == [Dim(3, "P"), Dim(4, "P")]


def test_rows_and_their_outputs() -> None:
    made = nest(lambda x: ops.exp(x) / ops.sum(ops.exp(x), -1, keepdims=True), (2, 3, 4))
    assert (made.kind, dims(made)) == ("rows", [(6, "P"), (4, "R")])
    by_name = {n.op.name: n for n in made.body.nodes}
    assert [made.stage[by_name[n]] for n in ("exp", "sum", "divide")] == [0, 1, 1]
    assert [made.element[by_name[n]] for n in ("exp", "sum", "divide")] == [True, False, True]
    assert made.strides[by_name["divide"]] == [4, 1]


def test_rows_without_kept_dimensions_have_tasks_all_the_same() -> None:
    made = nest(lambda x: ops.sum(x * 2), (7,))
    assert (made.kind, made.count("P"), made.of("R")) == ("rows", 1, [0])


def test_columns_walk_one_inner_dimension_and_take_the_others_as_tasks() -> None:
    made = nest(lambda x: ops.sum(x * 2, 0), (3, 4, 5))
    assert (made.kind, dims(made)) == ("columns", [(3, "R"), (20, "I")])
    made = nest(lambda x, b: ops.sum(x * b, 0), (3, 4, 5), (3, 4, 1))
    assert dims(made) == [(3, "R"), (4, "P"), (5, "I")]
    made = nest(lambda x: ops.sum(x * 2, 1), (2, 3, 4))
    assert dims(made) == [(2, "P"), (3, "R"), (4, "I")]


def test_squeezed_rows_leave_out_the_reduced_axis() -> None:
    made = nest(lambda x, r: ops.sum(x * 2, 1) + r, (2, 3, 4), (2, 4))
    r = made.body.inputs[1]
    assert made.strides[r] == [4, 0, 1]
    made = nest(lambda x, r: ops.sum(x * 2, 1, keepdims=True) + r, (2, 3, 4), (1, 4))
    assert made.strides[made.body.inputs[1]] == [0, 0, 1]


def test_stages_count_reductions_one_behind_the_other() -> None:
    def norm(x: Any) -> Any:
        d = x - ops.mean(x, -1, keepdims=True)
        return d * ops.rsqrt(ops.mean(d * d, -1, keepdims=True) + 1)

    made = nest(norm, (5, 6))
    assert made.stage[made.body.outputs[0]] == 2
    assert sorted(made.stage[n] for n in made.body.nodes if n.op is get("sum")) == [1, 2]


def test_sizes_of_one_and_zero() -> None:
    assert dims(nest(lambda x: x * 2, (1, 1))) == [(1, "P")]
    assert dims(nest(lambda x: x * 2, ())) == [(1, "P")]
    assert dims(nest(lambda x: x * 2, (0, 3))) == [(0, "P")]
    assert dims(nest(lambda x: ops.sum(x * 2, 1), (3, 1))) == [(3, "P"), (1, "R")]


def test_contiguous_strides() -> None:
    assert contiguous((2, 3, 4)) == (12, 4, 1)
    assert contiguous(()) == ()


def test_axes_without_a_nest_are_refused() -> None:
    with pytest.raises(AssertionError, match="no loop nest"):
        nest(lambda x: ops.sum(x * 2, (0, 2)), (3, 4, 5))
