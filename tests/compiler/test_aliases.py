"""Which nodes own memory: views are aliases, everything else is a step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasish import ops, registry
from kerasish.compiler.aliases import Aliases, reshaped_strides, steps_of
from kerasish.graph import Graph, Variable, trace
from kerasish.graph.node import VARIABLE
from kerasish.graph.op import get
from kerasish.spec import TensorSpec

F34 = TensorSpec((3, 4), "float32")


def laid_out(func: Callable[..., Any], *specs: TensorSpec) -> tuple[Graph, Aliases, list[str]]:
    graph, _ = trace(func, specs or [F34])
    layout = Aliases(graph.nodes)
    return graph, layout, [n.op.name for n in steps_of(graph.nodes, layout)]


VIEWS: dict[str, Callable[[Any], Any]] = {
    "reshape": lambda x: ops.reshape(x, (2, 6)),
    "transpose": lambda x: ops.transpose(x),
    "transpose of a reshape": lambda x: ops.transpose(ops.reshape(x, (2, 2, 3)), (2, 0, 1)),
    "slice": lambda x: x[1:, ::2],
    "slice backwards": lambda x: x[::-1],
    "broadcast": lambda x: ops.broadcast_to(x, (5, 3, 4)),
    "expand": lambda x: ops.expand_dims(x, 1),
    "slice of a transpose": lambda x: ops.transpose(x)[1:3],
    "row": lambda x: x[1],
    "column": lambda x: x[:, 2],
    "reshape of a column": lambda x: ops.reshape(x[:, 2], (3, 1, 1)),
    "expand a transpose": lambda x: ops.expand_dims(ops.transpose(x), 1),
    "reshape of rows": lambda x: ops.reshape(x[1:], (8,)),
}


@pytest.mark.parametrize("name", VIEWS)
def test_views_need_no_step(name: str) -> None:
    graph, layout, steps = laid_out(lambda x: VIEWS[name](ops.exp(x)))
    assert steps == ["exp"]
    exp = next(n for n in graph.nodes if n.op.name == "exp")
    assert layout.owner(graph.outputs[0]) == (exp, 0)
    assert layout.is_view(graph.outputs[0])
    assert not layout.is_view(exp)


def test_a_reshape_that_must_move_elements_is_a_step() -> None:
    graph, layout, steps = laid_out(lambda x: ops.reshape(ops.transpose(ops.exp(x)), (12,)))
    assert steps == ["exp", "reshape"]
    assert layout.owner(graph.outputs[0]) == (graph.outputs[0], 0)


def test_views_of_leaves_look_at_the_leaf() -> None:
    v = Variable([[1.0, 2.0]])
    graph, layout, steps = laid_out(lambda x: (ops.transpose(v.value), ops.transpose(x)))
    assert steps == []
    assert layout.owner(graph.outputs[0])[0].op is VARIABLE
    assert layout.owner(graph.outputs[1]) == (graph.inputs[0], 0)


def test_outputs_of_one_node_own_memory_each() -> None:
    graph, layout, steps = laid_out(lambda x: ops.top_k(x, 2))
    assert steps == ["top_k"]
    top = graph.outputs[0].inputs[0]
    assert [layout.owner(n) for n in graph.outputs] == [(top, 0), (top, 1)]
    assert top.specs == (
        TensorSpec((3, 2), "float32"),
        TensorSpec((3, 2), "int32"),
    )
    assert graph.inputs[0].specs == (F34,)


def test_views_of_one_output_of_several() -> None:
    graph, layout, _ = laid_out(lambda x: ops.transpose(ops.top_k(x, 2)[1]))
    view = graph.outputs[0]
    assert layout.owner(view) == (view.inputs[0].inputs[0], 1)


def test_no_shape_is_too_large_to_lay_out() -> None:
    huge = TensorSpec((1 << 20, 1 << 20), "float64")
    _, _, steps = laid_out(
        lambda x: ops.transpose(ops.reshape(ops.exp(x), (1 << 10, -1)))[:, ::3], huge
    )
    assert steps == ["exp"]


def test_empty_and_scalar_shapes() -> None:
    _, _, steps = laid_out(lambda x: ops.reshape(ops.transpose(ops.exp(x)), (0, 7)),
                           TensorSpec((3, 0), "float32"))  # fmt: skip
    assert "exp" in steps
    _, _, steps = laid_out(lambda x: ops.reshape(ops.exp(x), (1, 1)), TensorSpec((), "float32"))
    assert steps == ["exp"]


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_reshapes_are_views_exactly_where_numpy_makes_views(data: st.DataObject) -> None:
    shape = data.draw(st.lists(st.sampled_from([1, 1, 2, 3, 4, 6]), max_size=4))
    x = np.arange(int(np.prod(shape))).reshape(shape)
    x = x.transpose(data.draw(st.permutations(range(x.ndim))))
    x = x[..., *(slice(None, None, data.draw(st.sampled_from([1, 2, -1]))) for _ in x.shape)]
    if data.draw(st.booleans()):
        x = np.broadcast_to(x, (data.draw(st.sampled_from([1, 2, 3])), *x.shape))
    target, left = [], x.size
    while left > 1:
        target.append(data.draw(st.sampled_from([d for d in range(1, left + 1) if left % d == 0])))
        left //= target[-1]
    want = x.reshape(target)
    steps = reshaped_strides(x.shape, x.strides, tuple(target))
    assert (steps is not None) == np.shares_memory(x, want)
    if steps is not None:
        pairs = zip(steps, want.strides, target, strict=True)
        assert all(a == b for a, b, size in pairs if size != 1)


def test_every_view_op_of_the_library_is_one_on_strided_memory() -> None:
    """It runs the kernels of view ops on stand-ins one element long: a copy would read past."""
    for name in registry.names("op"):
        op = get(name)
        if not op.view or name == "reshape":
            continue
        for sample in op.cases:
            room = np.zeros((*sample.inputs[0][::-1], 2))
            strided = room[..., 0].T
            view = op.kernel(np, strided, **sample.attrs)
            assert not view.size or np.shares_memory(view, room), name
