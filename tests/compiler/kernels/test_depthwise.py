"""The compiled gradient of depthwise kernels against the reference in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kerasish.compiler import function
from kerasish.compiler.codegen import llvm_jit
from kerasish.graph.op import get
from kerasish.spec import TensorSpec, np_dtype, window_output, window_padding
from tests.tolerances import assert_close

pytestmark = pytest.mark.skipif(
    llvm_jit.unavailable() is not None, reason=f"LLVM: {llvm_jit.unavailable()}"
)
RNG = np.random.default_rng(0)
CASES = {
    "7x7": ((3, 9, 8, 20), (7, 7), (1, 1), "same", (1, 1)),
    "one vector, unpadded": ((2, 9, 8, 16), (5, 5), (1, 1), "valid", (1, 1)),
    "strides": ((2, 11, 10, 33), (5, 4), (2, 3), "same", (1, 1)),
    "dilation": ((2, 12, 13, 7), (4, 3), (1, 1), "same", (2, 3)),
    "uneven padding": ((2, 6, 7, 5), (1, 5), (1, 1), ((0, 0), (4, 1)), (1, 1)),
    "a sequence": ((3, 20, 18), (9,), (1,), ((8, 0),), (1,)),
    "a sequence in strides": ((2, 21, 40), (4,), (2,), "valid", (2,)),
}


def grad(case: Any, dtype: str = "float32") -> tuple[Any, list[np.ndarray], np.ndarray]:
    """(the op's call, its inputs, the result in float64)."""
    shape, window, strides, padding, dilation = case
    explicit = window_padding(shape[1:-1], window, strides, dilation, padding)
    output = window_output(shape[1:-1], window, strides, dilation, explicit)
    x, g = (RNG.normal(size=s) for s in (shape, (shape[0], *output, shape[-1])))
    arrays = [a.astype(np_dtype(dtype)) for a in (x, g)]
    attrs = {
        "strides": strides, "padding": padding, "dilation": dilation, "groups": shape[-1],
        "kernel_shape": (*window, 1, shape[-1]),
    }  # fmt: skip
    op = get("conv_weight_grad")
    want = op.kernel(np, *(a.astype("float64") for a in arrays), **attrs)
    return (lambda x, g: op(x, g, **attrs)), arrays, want


def run(call: Any, arrays: list[np.ndarray]) -> np.ndarray:
    made = function(call)
    plan = made.plan_for(*(TensorSpec(a.shape, a.dtype.name) for a in arrays))
    assert {s.provider for s in plan.steps if s.node.op.name == "conv_weight_grad"} == {"llvm"}
    return made(*arrays).numpy()


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_is_the_reference(name: str, dtype: str) -> None:
    call, arrays, want = grad(CASES[name], dtype)
    assert_close(run(call, arrays), want, dtype=dtype)


def test_inputs_of_any_strides() -> None:
    call, (x, g), want = grad(CASES["7x7"])
    turned = [np.ascontiguousarray(a.transpose(3, 1, 0, 2)) for a in (x, g)]
    back = get("transpose")
    found = run(lambda a, b: call(*(back(t, axes=(2, 1, 3, 0)) for t in (a, b))), turned)
    assert_close(found, want)


def test_equal_bits_whatever_the_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llvm_jit, "PARALLEL_COST", 0)
    call, arrays, _ = grad(CASES["strides"])
    found = []
    for threads in (1, 2):
        monkeypatch.setattr(llvm_jit, "threads", lambda n=threads: n)
        found.append(run(call, arrays))
    assert np.array_equal(*found)


def test_nan_stays_in_its_channel() -> None:
    call, (x, g), _ = grad(CASES["7x7"])
    x[1, 4, 4, 3] = np.nan
    found = run(call, [x, g])
    assert np.isnan(found[..., 3]).any()
    assert not np.isnan(np.delete(found, 3, -1)).any()


def test_small_windows_are_onednns_and_plain_convolutions_too() -> None:
    for shape in ((3, 3, 1, 8), (5, 5, 8, 8)):
        attrs = {"strides": (1, 1), "padding": "same", "dilation": (1, 1), "kernel_shape": shape}
        call = get("conv_weight_grad")
        x = TensorSpec((2, 8, 8, 8), "float32")
        groups = 8 // shape[2]
        plan = function(lambda a, b: call(a, b, groups=groups, **attrs)).plan_for(x, x)  # noqa: B023
        assert {s.provider for s in plan.steps} != {"llvm"}
