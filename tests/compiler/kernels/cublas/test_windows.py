"""The gradient of a convolution's kernel as products of windows equals the reference."""

from __future__ import annotations

import numpy as np
import pytest

import kerasish as keras
from kerasish.compiler import function
from kerasish.compiler.kernels.cublas.windows import DEPTH, fits, parts
from kerasish.config import enable_tensor_float_32
from kerasish.graph.op import get
from kerasish.ops.nn.windows import Windows
from kerasish.testing.samples import sample_inputs
from tests.compiler.codegen import cuda_shim
from tests.compiler.kernels.fake_nvidia import libraries
from tests.tolerances import assert_close

pytestmark = pytest.mark.skipif(
    cuda_shim.unavailable() is not None, reason=f"{cuda_shim.unavailable()}"
)
OP = get("conv_weight_grad")


def planned(arrays, attrs, dtype="float32"):
    """(result, providers) of the op compiled on the pretended device."""
    tensors = [keras.ops.convert_to_tensor(a.astype(dtype)) for a in arrays]
    run = function(lambda *xs: OP(*xs, **attrs))
    results = [run(*tensors).numpy() for _ in range(2)]
    np.testing.assert_array_equal(*results)
    plan = run.plan_for(*(t.spec for t in tensors))
    return results[0], [step.provider for step in plan.steps]


def test_every_case():
    for case in OP.cases:
        arrays = sample_inputs(case, OP.domain, "float32")
        want = OP.kernel(np, *arrays, **case.attrs)
        with libraries():
            got, providers = planned(arrays, case.attrs)
        assert providers == ["cublas" if case.attrs["groups"] == 1 else "cudnn"]
        assert_close(got, want, dtype="float32")


@pytest.mark.parametrize(
    ("window", "strides", "dilation", "padding"),
    [
        ((3, 3), (1, 1), (1, 1), "same"),
        ((3, 2), (2, 1), (1, 2), ((2, 0), (-1, 3))),
        ((1, 1), (1, 1), (1, 1), "valid"),
        ((1, 1), (2, 2), (1, 1), "valid"),
    ],
)
def test_positions_shared_among_products(window, strides, dilation, padding):
    draw = np.random.default_rng(0)
    x = draw.uniform(size=(8, 16, 12, 3)).astype("float32")
    own = Windows.of((16, 12), window, strides, dilation, padding)
    g = draw.uniform(size=(8, *own.output, 5)).astype("float32")
    attrs = {
        "strides": strides, "dilation": dilation, "padding": padding, "groups": 1,
        "kernel_shape": (*window, 3, 5),
    }  # fmt: skip
    want = OP.kernel(np, x, g, **attrs)
    with libraries() as (_, blas, _):
        got, providers = planned([x, g], attrs)
        assert set(blas.calls) == {"strided"}
    assert providers == ["cublas"]
    assert_close(got, want, dtype="float32")


def test_the_number_of_products_divides_the_positions_and_is_bounded():
    assert parts(128 * 121, 288, 64) == 44  # 5 tiles each, 220 in all
    assert parts(DEPTH - 1, 9, 32) == 1
    assert parts(1009, 9, 32) == 1  # a prime
    for positions in (86528, 131072, 15488, 6000):
        n = parts(positions, 144, 16)
        assert positions % n == 0
        assert positions // n >= DEPTH


def test_what_is_too_large_or_rounded_is_left_to_cudnn():
    geometry = Windows.of((224, 224), (3, 3), (1, 1), (1, 1), "same")
    assert fits((1, 224, 224, 64), (3, 3, 64, 64), geometry)
    assert not fits((64, 224, 224, 64), (3, 3, 64, 64), geometry)
    arrays = sample_inputs(OP.cases[0], OP.domain, "float32")
    with libraries():
        enable_tensor_float_32(True)
        try:
            assert planned(arrays, OP.cases[0].attrs)[1] == ["cudnn"]
        finally:
            enable_tensor_float_32(False)
        assert planned(arrays, OP.cases[0].attrs, "float64")[1] == ["cudnn"]
