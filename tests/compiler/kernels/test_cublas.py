"""What cuBLAS is asked to do gives the product, for every layout of the operands."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from kerasish.compiler.kernels.cublas.gemm import Matrices, arranged
from kerasish.compiler.kernels.cublas.library import bind_product
from kerasish.compiler.providers import find
from kerasish.config import enable_tensor_float_32
from kerasish.graph.node import PLACEHOLDER, make_node
from kerasish.graph.op import get
from kerasish.spec import TensorSpec, np_dtype
from tests.backend.fake_device import DeviceArray
from tests.compiler.kernels.fake_nvidia import libraries
from tests.tolerances import assert_close

RNG = np.random.default_rng(0)


def laid(shape, axes, dtype="float32"):
    """An array of a shape whose axes lie in memory in another order."""
    stored = RNG.normal(size=[shape[i] for i in axes]).astype(np_dtype(dtype))
    return stored.transpose(np.argsort(axes))


def check(a, b, y, **options):
    """The calls that a product took, after comparing it."""
    with libraries() as (_, blas, _):
        before = y.astype("float64")
        bind_product(DeviceArray(a), DeviceArray(b), DeviceArray(y), **options)()
        want = a.astype("float64") @ b.astype("float64")
        assert_close(y.astype("float64"), want + before * options.get("accumulate", False))
        return blas.calls


@pytest.mark.parametrize("order", list(itertools.product(((0, 1), (1, 0)), repeat=3)))
@pytest.mark.parametrize("sizes", [(3, 4, 5), (1, 4, 5), (3, 1, 5), (3, 4, 1), (1, 1, 1)])
def test_matrices_in_both_orders(sizes, order):
    m, k, n = sizes
    a, b, y = (laid(s, o) for s, o in zip(((m, k), (k, n), (m, n)), order, strict=True))
    assert check(a, b, y) == ["one"]
    assert check(a, b, y, accumulate=True) == ["one"]


@pytest.mark.parametrize(
    ("a", "b", "y", "calls"),
    [
        (laid((6, 3, 4), (0, 1, 2)), laid((4, 5), (0, 1)), laid((6, 3, 5), (0, 1, 2)), ["one"]),
        (laid((6, 1, 4), (0, 1, 2)), laid((4, 5), (1, 0)), laid((6, 1, 5), (0, 1, 2)), ["one"]),
        (laid((6, 3, 4), (0, 2, 1)), laid((6, 4, 5), (0, 1, 2)), laid((6, 3, 5), (0, 1, 2)),
         ["strided"]),
        (laid((2, 3, 4, 5), (0, 1, 2, 3)), laid((2, 3, 5, 6), (0, 1, 3, 2)),
         laid((2, 3, 4, 6), (0, 1, 2, 3)), ["strided"]),
        (laid((3, 4, 5), (0, 1, 2)), laid((2, 3, 5, 6), (0, 1, 3, 2)),
         laid((2, 3, 4, 6), (0, 1, 2, 3)), ["table"]),
        # heads of an attention: (batch, heads, steps, width) views of (batch, steps, heads, width)
        (laid((2, 3, 4, 5), (0, 2, 1, 3)), laid((2, 3, 5, 4), (0, 3, 1, 2)),
         laid((2, 3, 4, 4), (0, 1, 2, 3)), ["table"]),
        (laid((2, 3, 4, 4), (0, 1, 2, 3)), laid((2, 3, 4, 5), (0, 2, 1, 3)),
         laid((2, 3, 4, 5), (0, 2, 1, 3)), ["table"]),
        (laid((1, 3, 4), (0, 1, 2)), laid((6, 4, 5), (0, 1, 2)), laid((6, 3, 5), (0, 1, 2)),
         ["strided"]),
    ],
)  # fmt: skip
def test_batches(a, b, y, calls):
    assert check(a, b, y) == calls
    assert check(a, b, y, accumulate=True) == calls


def test_what_no_call_can_read_or_write_is_copied():
    wide, target = RNG.normal(size=(6, 8)).astype("f4"), np.zeros((6, 10), "f4")
    a, b = wide[::2, ::2], np.broadcast_to(RNG.normal(size=(1, 5)).astype("f4"), (4, 5))
    for y in (target[::2, ::2], target[-2::-2, 5:]):
        check(a, b, y)
        check(a[::-1], b, y, accumulate=True)
    assert (target[1::2] == 0).all()


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
def test_dtypes(dtype):
    a, b, y = (
        laid((3, 40), (0, 1), dtype),
        laid((40, 5), (1, 0), dtype),
        laid((3, 5), (0, 1), dtype),
    )
    with libraries() as (_, blas, _):
        for tf32 in (False, True):
            enable_tensor_float_32(tf32)
            try:
                bind_product(DeviceArray(a), DeviceArray(b), DeviceArray(y))()
            finally:
                enable_tensor_float_32(False)
            want = a.astype("float64") @ b.astype("float64")
            assert_close(y.astype("float64"), want.astype(y.dtype).astype("float64"), dtype=dtype)
    assert (
        blas.computes == [70, 70] if dtype == "float64" else [68, 77 if dtype == "float32" else 68]
    )


def test_leading_dimensions():
    plain = Matrices.of((3, 4), (16, 4), 4)
    assert (plain.leading, plain.transposed.leading) == (4, None)
    assert Matrices.of((3, 4), (0, 4), 4).usable is False
    assert Matrices.of((1, 4), (0, 4), 4).leading == 4
    found = arranged(plain, Matrices.of((4, 5), (4, 16), 4), Matrices.of((3, 5), (40, 4), 4))
    assert found is not None
    assert (found.m, found.n, found.k, found.turned) == (5, 3, 4, (True, False))
    assert found.leading == (4, 4, 10)


def test_a_product_is_added_where_it_stands_or_to_a_copy():
    a, b, c = (RNG.normal(size=s).astype("f4") for s in ((3, 4), (4, 5), (3, 5)))
    with libraries() as (made, _, _):
        for row in (False, True):
            third = c[0] if row else c
            spec = [TensorSpec(v.shape, "float32") for v in (a, b, third)]
            leaves = [make_node(PLACEHOLDER, (), {"index": i}, s) for i, s in enumerate(spec)]
            node = make_node(get("product"), tuple(leaves), {"axes": (0, 1)})
            found = find(node, made.name)
            assert found is not None
            assert found.provider == "cublas"
            for y in [np.zeros((3, 5), "f4")] + ([] if row else [c.copy()]):
                inputs = [a, b, third if (y == 0).all() else y]
                found.bind(node, [DeviceArray(v) for v in inputs], [DeviceArray(y)])()
                assert_close(y, a @ b + third)
