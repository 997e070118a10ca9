"""Regions: nodes that hold a small graph; when two of them may share a kernel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kerasish import ops
from kerasish.compiler.region import FUSED, structure
from kerasish.graph import Graph, trace
from kerasish.spec import TensorSpec

F3 = TensorSpec((3,), "float32")


def body(func: Callable[..., Any], *specs: TensorSpec) -> Graph:
    return trace(func, specs or (F3,))[0]


def test_a_region_has_the_specs_and_values_of_its_graph() -> None:
    one = body(lambda x: ops.exp(x) * 2)
    assert FUSED.infer(F3, body=one) == F3
    x = np.array([0.0, 1.0, 2.0], "float32")
    np.testing.assert_allclose(FUSED.kernel(np, x, body=one), np.exp(x) * 2, rtol=1e-6)
    two = body(lambda x: (ops.exp(x), x > 1))
    assert FUSED.infer(F3, body=two) == (F3, TensorSpec((3,), "bool"))
    assert [a.tolist() for a in FUSED.kernel(np, x, body=two)][1] == [False, False, True]


def same(a: Graph, b: Graph) -> bool:
    hash(structure(a))
    return structure(a) == structure(b)


def test_structure_tells_what_needs_another_kernel() -> None:
    first = body(lambda x, y: ops.exp(x) * y + 2, F3, F3)
    assert same(first, body(lambda a, b: ops.exp(a) * b + 2, F3, F3))
    assert not same(first, body(lambda x, y: ops.exp(x) * y + 3, F3, F3))
    assert not same(first, body(lambda x, y: ops.exp(y) * x + 2, F3, F3))
    assert not same(first, body(lambda x, y: ops.sin(x) * y + 2, F3, F3))
    wide = TensorSpec((3,), "float64")
    assert not same(first, body(lambda x, y: ops.exp(x) * y + 2, wide, wide))
    four = TensorSpec((4,), "float32")
    assert not same(first, body(lambda x, y: ops.exp(x) * y + 2, four, four))


def test_structure_keeps_signs_of_zero_and_attributes_apart() -> None:
    assert not same(body(lambda x: ops.exp(x) * 0.0), body(lambda x: ops.exp(x) * -0.0))
    rows = TensorSpec((3, 4), "float32")
    assert not same(
        body(lambda x: ops.sum(ops.exp(x), 0), rows), body(lambda x: ops.sum(ops.exp(x), 1), rows)
    )


def test_the_order_of_outputs_counts() -> None:
    def both(x: Any) -> list[Any]:
        y = ops.exp(x)
        return [y, y * 2]

    assert same(body(both), body(both))
    assert not same(body(both), body(lambda x: both(x)[::-1]))
