"""Elementary functions in LLVM: at most 2 ulp over all of float32, and the special values."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from kerasish.compiler.codegen import llvm_jit
from kerasish.graph.node import Graph, placeholder
from kerasish.graph.op import get
from kerasish.graph.tensor import Tensor, node_of
from kerasish.spec import TensorSpec

pytestmark = pytest.mark.skipif(
    llvm_jit.unavailable() is not None, reason=str(llvm_jit.unavailable())
)
STRIDE = 997  # every 997th of the 2**32 bit patterns: 4.3 million inputs
MAX_ULP = 2.0


def sigmoid(x: np.ndarray) -> np.ndarray:
    """The logistic function in float64, without cancellation."""
    z = np.exp(-np.abs(x))
    return np.where(x < 0, z / (1 + z), 1 / (1 + z))


def erf(x: np.ndarray) -> np.ndarray:
    """erf in float64 through the standard library."""
    return np.array([math.erf(v) for v in x.ravel()]).reshape(x.shape)


REFERENCES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "erf": erf,
    "sqrt": np.sqrt,
    "rsqrt": lambda x: 1 / np.sqrt(x),
}


def compiled(name: str, x: np.ndarray) -> np.ndarray:
    """One op on an array, run by its LLVM kernel."""
    spec = TensorSpec(x.shape, "float32")
    leaf = placeholder(spec)
    out = get(name)(Tensor(spec, node=leaf))
    y = np.full_like(x, np.nan)
    pending = llvm_jit.Pending(Graph([leaf], [node_of(out)]), [x], [y])
    llvm_jit.compile_all([pending])
    pending.bind()()
    return y


def ulp_error(got: np.ndarray, want: np.ndarray) -> np.ndarray:
    """|got - want| in units of the last place of `want` rounded to float32."""
    rounded = want.astype(np.float32)
    spacing = np.spacing(np.abs(rounded)).astype(np.float64)
    return np.abs(got.astype(np.float64) - want) / spacing


@pytest.mark.parametrize("name", REFERENCES)
def test_error_over_the_whole_range(name: str) -> None:
    step = STRIDE * 20 if name == "erf" else STRIDE  # the erf of the oracle is a Python loop
    x = np.arange(0, 2**32, step, dtype=np.uint64).astype(np.uint32).view(np.float32)
    got = compiled(name, x)
    with np.errstate(all="ignore"):
        want = REFERENCES[name](x.astype(np.float64))
        rounded = want.astype(np.float32)
    np.testing.assert_array_equal(np.isnan(got), np.isnan(rounded))
    finite = np.isfinite(rounded)
    worst = ulp_error(got[finite], want[finite])
    assert worst.max() <= MAX_ULP, f"{worst.max():.3f} ulp at x = {x[finite][worst.argmax()]!r}"
    # Where the exact result rounds to infinity, so does ours; near the border one may differ.
    infinite = np.isinf(rounded)
    near = np.abs(got[infinite]) >= np.finfo(np.float32).max * (1 - 2**-22)
    assert near.all()
    assert (np.sign(got[infinite]) == np.sign(rounded[infinite])).all()


@pytest.mark.parametrize("name", REFERENCES)
def test_special_values(name: str) -> None:
    x = np.array([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 1e-45, -1e-45], np.float32)
    with np.errstate(all="ignore"):
        want = REFERENCES[name](x.astype(np.float64)).astype(np.float32)
    np.testing.assert_allclose(compiled(name, x), want, rtol=3e-7, atol=0)
