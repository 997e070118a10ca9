"""What cuDNN is asked to do gives the convolution and its gradients, for every case of the ops."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest

import kerasish as keras
from kerasish.compiler import function
from kerasish.compiler.kernels.cudnn.conv import lows, padded
from kerasish.compiler.kernels.geometry import Problem
from kerasish.config import enable_tensor_float_32
from kerasish.graph.op import get
from kerasish.ops.nn.windows import Windows
from kerasish.testing.samples import sample_inputs
from tests.compiler.kernels.fake_nvidia import libraries
from tests.tolerances import assert_close

OPS = ("conv", "conv_input_grad", "conv_weight_grad")


@contextlib.contextmanager
def tf32(enabled):
    enable_tensor_float_32(enabled)
    try:
        yield
    finally:
        enable_tensor_float_32(False)


def planned(op, arrays, attrs, dtype="float32"):
    """(result, providers) of an op compiled on the pretended device."""
    tensors = [keras.ops.convert_to_tensor(a.astype(dtype)) for a in arrays]
    run = function(lambda *xs: op(*xs, **attrs))
    results = [run(*tensors).numpy() for _ in range(2)]  # what is kept from run to run is sound
    np.testing.assert_array_equal(*results)
    plan = run.plan_for(*(t.spec for t in tensors))
    return results[0], [step.provider for step in plan.steps]


@pytest.mark.parametrize("name", OPS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_case(name, dtype):
    op = get(name)
    for case in op.cases:
        arrays = sample_inputs(case, op.domain, dtype)
        want = op.kernel(np, *arrays, **case.attrs)
        with libraries(), tf32(name == "conv_weight_grad"):  # exact, it is a product of windows
            got, providers = planned(op, arrays, case.attrs, dtype)
        assert providers == ["cudnn"]
        assert_close(got, want, dtype=dtype)


def test_nothing_is_taken_that_would_not_repeat_its_results():
    op = get("conv")
    arrays = sample_inputs(op.cases[0], op.domain, "float32")
    with libraries() as (_, _, dnn):
        dnn.deterministic = False
        _, providers = planned(op, arrays, op.cases[0].attrs)
    assert providers == ["reference"]


def test_float32_is_rounded_only_where_that_is_asked_for():
    op = get("conv")
    arrays = sample_inputs(op.cases[0], op.domain, "float32")
    with libraries() as (_, _, dnn):
        for enabled in (False, True):
            with tf32(enabled):
                planned(op, arrays, op.cases[0].attrs)
        assert set(dnn.maths) == {3, 0}


def test_uneven_padding_is_done_in_a_copy():
    windows = Windows.of((5,), (3,), (1,), (1,), ((1, 1),))
    even = Problem((1, 5, 2), (3, 2, 4), (1, 5, 4), "float32", windows)
    assert (padded(even), lows(even)) == ((1, 5, 2), (1,))
    windows = Windows.of((5,), (3,), (1,), (1,), ((1, -1),))
    cut = Problem((1, 5, 2), (3, 2, 4), (1, 3, 4), "float32", windows)
    assert (padded(cut), lows(cut)) == ((1, 5, 2), (0,))
    own, inside = windows.overlap()
    assert (own[1], inside[1]) == (slice(0, 4), slice(1, 5))
