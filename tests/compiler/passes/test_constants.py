"""Constant folding: what depends on constants alone is computed once, if it is small."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish import ops
from kerasish.compiler.passes.simplify import LIMIT, simplify
from kerasish.graph.node import CONSTANT
from kerasish.graph.op import get
from kerasish.random import SeedGenerator, normal
from tests.compiler.passes.shape import check, floats, names

X = floats(3, 4)
TABLE = floats(4)


def symbolic(array: Any) -> Any:
    """A constant that the trace keeps as a node, not a value computed on the way."""
    from kerasish.graph.node import constant
    from kerasish.graph.tensor import Tensor
    from kerasish.spec import TensorSpec

    spec = TensorSpec(array.shape, array.dtype.name)
    return Tensor(spec, node=constant(array, spec))


def test_constant_subgraphs_become_one_constant() -> None:
    call = lambda x: x * (ops.sqrt(ops.exp(symbolic(TABLE))) + 1)  # noqa: E731
    made = check(simplify, call, X, ops=["multiply"])
    (held,) = [n for n in made.nodes if n.op is CONSTANT]
    np.testing.assert_allclose(held.value, np.sqrt(np.exp(TABLE)) + 1, rtol=1e-6)


def test_views_and_dtypes() -> None:
    check(simplify, lambda x: x @ ops.transpose(symbolic(X)), X, ops=["matmul"])
    check(simplify, lambda x: ops.cast(ops.cast(symbolic(TABLE), "int32") * 3, "float32") + x, X,
          ops=["add"])  # fmt: skip
    check(simplify, lambda x: ops.broadcast_to(symbolic(TABLE), (3, 4)) * 1.0, X, ops=[])


def test_results_larger_than_the_limit_stay() -> None:
    size = LIMIT // 4 + 1
    big = lambda: ops.broadcast_to(symbolic(np.float32(2.0)[None]), (size,))  # noqa: E731
    left = ["broadcast_to", "slice", "reshape", "multiply"]
    check(simplify, lambda x: big() * x[0, 0], X, ops=left)
    check(simplify, lambda x: ops.sum(big()) * x[0, 0], X)


def test_several_outputs_and_random_draws_stay() -> None:
    check(simplify, lambda x: (ops.top_k(symbolic(TABLE), 2)[0] + 1, x), X, ops=["top_k", "add"])
    generator = SeedGenerator(3)
    made = check(simplify, lambda x: normal((3, 4), seed=generator) * 0 + x, X)
    assert any(n.op.random for n in made.nodes) or "random_bits" in names(made)
    fixed = check(simplify, lambda x: normal((3, 4), seed=1) * 0 + x, X)
    assert get("random_bits").random
    assert fixed is not made


def test_nothing_to_fold() -> None:
    check(simplify, lambda x: ops.exp(x), X, ops=["exp"])
    check(simplify, lambda x: x, X, ops=[])


def test_quiet_about_infinities() -> None:
    check(simplify, lambda x: x + ops.log(symbolic(np.zeros(4, "float32"))), X, ops=["add"])
