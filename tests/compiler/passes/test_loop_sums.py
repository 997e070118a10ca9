"""Sums over the rounds of a loop: one op gives what the rounds give one by one."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

from kerasish.compiler.passes.hoist import (
    sum_of_kernels,
    sum_of_products,
    sum_of_scatters,
    sum_of_sums,
)
from kerasish.graph import interpret
from kerasish.graph.node import Graph, interning, make_node, placeholder
from kerasish.graph.op import get
from kerasish.graph.tensor import wrap
from kerasish.spec import TensorSpec
from tests.tolerances import assert_close

importlib.import_module("kerasish.ops")  # registers the ops
ROWS = 3


def run(node, inputs, arrays):
    return interpret.run_graph(Graph(inputs, [node]), map(wrap, arrays))[0].numpy()


def spec(array):
    return TensorSpec(array.shape, array.dtype.name)


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
    assert_close(run(sum_of_products(*marks), marks, sources), wanted, dtype="float64")


@pytest.mark.parametrize("keepdims", [False, True])
def test_sum_of_sums(keepdims):
    sources = [RNG.normal(size=(ROWS, 4, 5))]
    wanted, marks, node = total("sum", {"axis": (0,), "keepdims": keepdims}, sources)
    assert_close(run(sum_of_sums(node, marks[0]), marks, sources), wanted, dtype="float64")


def test_sum_of_kernels():
    sources = [RNG.normal(size=(ROWS, 2, 6, 3)), RNG.normal(size=(ROWS, 2, 4, 5))]
    attrs = {"strides": (1,), "padding": "valid", "dilation": (1,), "groups": 1,
             "kernel_shape": (3, 3, 5)}  # fmt: skip
    wanted, marks, node = total("conv_weight_grad", attrs, sources)
    assert_close(run(sum_of_kernels(node, *marks), marks, sources), wanted, dtype="float64")


def test_sum_of_scatters():
    sources = [RNG.integers(0, 6, (ROWS, 4)), RNG.normal(size=(ROWS, 4, 2))]
    wanted, marks, node = total("scatter_add", {"shape": (6, 2), "axis": 0}, sources)
    assert_close(run(sum_of_scatters(node, *marks), marks, sources), wanted, dtype="float64")
