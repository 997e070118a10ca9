"""Products take over what follows them where oneDNN does both in one call."""

from __future__ import annotations

import numpy as np
import pytest

from kerasish import ops
from kerasish.backend.base import current
from kerasish.compiler.functions import function
from kerasish.compiler.kernels.onednn import library
from kerasish.compiler.passes.products import products
from kerasish.compiler.plan import Plan
from kerasish.graph import trace
from kerasish.spec import TensorSpec
from tests.compiler.passes.shape import check, floats, names
from tests.tolerances import assert_close

pytestmark = pytest.mark.skipif(
    library.unavailable() is not None, reason=f"oneDNN: {library.unavailable()}"
)

A, B, ROW = floats(96, 80), floats(80, 72), floats(72)
BATCH = floats(4, 32, 80)
WHOLE = floats(96, 72)


def whole(x: np.ndarray) -> np.ndarray:
    """Small whole numbers, whose sums are exact."""
    return np.rint(x)


def test_a_bias_that_nobody_else_takes() -> None:
    check(products, lambda a, b, c: ops.matmul(a, b) + c, A, B, ROW, ops=["product"])


def test_a_bias_through_a_reshape() -> None:
    made = check(products, lambda a, b, c: ops.matmul(a, b) + c, BATCH, B, ROW)
    assert names(made) == ["reshape", "product", "reshape"]


def test_a_bias_of_heads() -> None:
    bias = floats(6, 12)
    made = check(
        products,
        lambda a, b, c: ops.transpose(ops.reshape(ops.matmul(a, b), (96, 6, 12)) + c, (1, 0, 2)),
        A, B, bias,
    )  # fmt: skip
    assert "product" in names(made)
    assert "add" not in names(made)


def test_a_bias_goes_to_the_region_behind() -> None:
    check(
        products, lambda a, b, c: ops.tanh(ops.matmul(a, b) + c), A, B, ROW,
        ops=["matmul", "add", "tanh"],
    )  # fmt: skip


def test_a_sum_of_products_is_accumulated() -> None:
    made = check(
        products, lambda a, b, c: ops.matmul(a, b) + ops.matmul(a, c), A, B, floats(80, 72)
    )
    assert names(made) == ["matmul", "product"]
    made = check(products, lambda a, b, c: ops.exp(c) + ops.matmul(a, b), A, B, WHOLE)
    assert names(made) == ["exp", "product"]


def test_what_is_read_again_is_not_written_over() -> None:
    def func(a, b, c):
        d = ops.exp(c)
        return ops.matmul(a, b) + d, d * 2.0

    made = check(products, func, A, B, WHOLE)
    assert "product" not in names(made)
    check(products, lambda a, b, c: ops.matmul(a, b) + c, A, B, WHOLE, ops=["matmul", "add"])


def test_a_product_read_twice_stays() -> None:
    def func(a, b, c):
        y = ops.matmul(a, b)
        return y + c, ops.sum(y)

    assert "product" not in names(check(products, func, A, B, ROW))


def test_a_product_is_written_in_the_order_it_is_read() -> None:
    p, v = floats(2, 4, 64, 64), floats(2, 4, 64, 32)

    def merged(p, v):
        return ops.reshape(ops.transpose(ops.matmul(p, v), (0, 2, 1, 3)), (128, 128))

    check(products, merged, p, v, ops=["product", "reshape"])
    # A transposition alone is a view: nothing is gained.
    check(
        products, lambda p, v: ops.transpose(ops.matmul(p, v), (0, 2, 1, 3)), p, v,
        ops=["matmul", "transpose"],
    )  # fmt: skip


def test_small_products_stay_with_what_follows() -> None:
    check(
        products, lambda a, b, c: ops.matmul(a, b) + c, floats(3, 4), floats(4, 5), floats(5),
        ops=["matmul", "add"],
    )  # fmt: skip


def test_accumulating_takes_no_memory_of_its_own() -> None:
    graph, _ = trace(
        lambda a, b, c: ops.matmul(a, b) + ops.matmul(a, c),
        [TensorSpec(x.shape, "float32") for x in (A, B, B)],
    )
    plan = Plan(products(graph, current()))
    first, second = plan.steps
    assert first.outputs[0].ctypes.data == second.outputs[0].ctypes.data
    for _ in range(2):
        for room, x in zip(plan.inputs, (whole(A), whole(B), whole(B)), strict=True):
            room[...] = x
        plan.run()
        assert_close(plan.outputs[0], 2 * (whole(A) @ whole(B)))


@pytest.mark.parametrize("transposed", [False, True])
def test_compiled_equals_eager(transposed: bool) -> None:
    def func(p, v, w, c):
        y = ops.reshape(ops.transpose(ops.matmul(p, v), (0, 2, 1, 3)), (128, 128))
        rows = ops.matmul(ops.transpose(y) if transposed else y, w)
        return rows + c, ops.abs(y) + ops.matmul(y, y)

    given = [
        whole(g)
        for g in (floats(2, 4, 64, 64), floats(2, 4, 64, 32), floats(128, 512), floats(512))
    ]
    for got, want in zip(function(func)(*given), func(*given), strict=True):
        assert_close(np.asarray(got), np.asarray(want))
