"""Every rule gives, for all rows at once, what the op gives row by row."""

from __future__ import annotations

import importlib
import itertools

import numpy as np
import pytest

from kerasish.compiler import batch
from kerasish.graph import interpret
from kerasish.graph.node import Graph, interning, make_node, placeholder
from kerasish.graph.op import get
from kerasish.graph.tensor import promoted, wrap
from kerasish.spec import TensorSpec
from kerasish.testing.samples import sample_inputs
from tests.tolerances import assert_close

importlib.import_module("kerasish.ops")  # registers the ops
ROWS = 3
ELEMENTWISE = ("add", "select", "tanh", "cast", "less")
CASES = [
    pytest.param(name, call, id=f"{name}-{i}")
    for name in (*ELEMENTWISE, *batch.RULES)
    for i, call in enumerate(get(name).cases)
]
# What a rule may decline: the case is then left in its loop.
DECLINED = {"gather", "conv", "conv_input_grad"}


def drawn(op, call, seed):
    arrays = sample_inputs(call, op.domain, seed=seed)
    if op.promote:
        arrays = [t.numpy() for t in promoted(tuple(arrays), op.promote)]
    return list(arrays)


def run(node, inputs, arrays):
    return interpret.run_graph(Graph(inputs, [node]), map(wrap, arrays))[0].numpy()


def spec(array):
    return TensorSpec(array.shape, array.dtype.name)


@pytest.mark.parametrize(("name", "call"), CASES)
def test_rule(name, call):
    op = get(name)
    rows = [drawn(op, call, seed) for seed in range(ROWS)]
    count, accepted = len(rows[0]), 0
    for stacked in itertools.product([True, False], repeat=count):
        if not any(stacked):
            continue
        arrays = [
            np.stack([r[i] for r in rows]) if s else rows[0][i] for i, s in enumerate(stacked)
        ]
        with interning():
            one = [placeholder(spec(a)) for a in rows[0]]
            node = make_node(op, tuple(one), call.attrs)
            marks = [placeholder(spec(a)) for a in arrays]
            found = batch.batched(node, list(zip(marks, stacked, strict=True)), ROWS)
        if found is None:
            assert name in DECLINED
            continue
        accepted += 1
        wanted = [
            run(node, one, [a[t] if s else a for a, s in zip(arrays, stacked, strict=True)])
            for t in range(ROWS)
        ]
        assert_close(run(found, marks, arrays), np.stack(wanted), dtype="float64")
    assert accepted or name in DECLINED


def test_ops_without_a_rule_are_declined():
    node = make_node(get("sort"), (placeholder(TensorSpec((4,), "float32")),), {"axis": 0})
    assert not batch.has_rule(node)
    mark = placeholder(TensorSpec((ROWS, 4), "float32"))
    assert batch.batched(node, [(mark, True)], ROWS) is None


def total(name, attrs, sources):
    """(the sum over rows computed row by row, the marks of the stacked inputs, a sample node)."""
    op = get(name)
    with interning():
        one = [placeholder(spec(a[0])) for a in sources]
        node = make_node(op, tuple(one), attrs)
    parts = [run(node, one, [a[t] for a in sources]) for t in range(ROWS)]
    return sum(parts), [placeholder(spec(a)) for a in sources], node


RNG = np.random.default_rng(1)


def test_sum_of_products():
    sources = [RNG.normal(size=(ROWS, 4, 5)), RNG.normal(size=(ROWS, 5, 2))]
    wanted, marks, _ = total("matmul", {}, sources)
    assert_close(run(batch.sum_of_products(*marks), marks, sources), wanted, dtype="float64")


@pytest.mark.parametrize("keepdims", [False, True])
def test_sum_of_sums(keepdims):
    sources = [RNG.normal(size=(ROWS, 4, 5))]
    wanted, marks, node = total("sum", {"axis": (0,), "keepdims": keepdims}, sources)
    assert_close(run(batch.sum_of_sums(node, marks[0]), marks, sources), wanted, dtype="float64")


def test_sum_of_kernels():
    sources = [RNG.normal(size=(ROWS, 2, 6, 3)), RNG.normal(size=(ROWS, 2, 4, 5))]
    attrs = {"strides": (1,), "padding": "valid", "dilation": (1,), "groups": 1,
             "kernel_shape": (3, 3, 5)}  # fmt: skip
    wanted, marks, node = total("conv_weight_grad", attrs, sources)
    assert_close(run(batch.sum_of_kernels(node, *marks), marks, sources), wanted, dtype="float64")


def test_sum_of_scatters():
    sources = [RNG.integers(0, 6, (ROWS, 4)), RNG.normal(size=(ROWS, 4, 2))]
    wanted, marks, node = total("scatter_add", {"shape": (6, 2), "axis": 0}, sources)
    assert_close(run(batch.sum_of_scatters(node, *marks), marks, sources), wanted, dtype="float64")
