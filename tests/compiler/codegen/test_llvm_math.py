"""Elementary functions in LLVM: at most 2 ulp, and the special values with their signs.

Every exponent of the dtype is met with many mantissas. scripts/sweep_llvm_math.py puts all 2**32
float32 inputs through the same comparison.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from scipy import special

from kerasish import registry
from kerasish.compiler.codegen import llvm_jit, llvm_ops
from kerasish.graph.node import Graph, placeholder
from kerasish.graph.op import get
from kerasish.graph.tensor import Tensor, node_of
from kerasish.spec import TensorSpec

pytestmark = pytest.mark.skipif(
    llvm_jit.unavailable() is not None, reason=str(llvm_jit.unavailable())
)
MAX_ULP = 2.0
MANTISSAS = 800  # random ones per sign and exponent of float32; of float64 a sixteenth
BITS = {"float32": "uint32", "float64": "uint64"}
# Twice the precision, or as near to it as this machine has.
WIDER = {"float32": np.float64, "float64": np.longdouble}
SPECIAL = np.array(
    [0.0, 1e-45, 1.1754944e-38, 1e-5, 0.5, 0.99999994, 1.0, 1.0000001, 2.0, 2.5, 3.0, np.pi, 4.0,
     1e10, 16777215.0, 16777216.0, 3.4028235e38, np.inf, np.nan]
)  # fmt: skip
SPECIAL = np.concatenate([SPECIAL, -SPECIAL])
RNG = np.random.default_rng(0)


def sigmoid(x: np.ndarray) -> np.ndarray:
    """The logistic function without cancellation."""
    z = np.exp(-np.abs(x))
    return np.where(x < 0, z / (1 + z), 1 / (1 + z))


def erf(x: np.ndarray) -> np.ndarray:
    """2 / sqrt(pi) e^(-x^2) sum_k 2^k x^(2k+1) / (2k+1)!!, all of whose terms have one sign."""
    if x.dtype == np.float64:
        return special.erf(x)
    a = np.minimum(np.abs(x), 7)
    term, total = a, a
    for k in range(1, 250):
        term = term * (2 * a * a) / (2 * k + 1)
        total = total + term
    return np.copysign(total * np.exp(-a * a) / np.sqrt(np.arctan(x.dtype.type(1))), x)


REFERENCES: dict[str, Callable[..., np.ndarray]] = {
    "sigmoid": sigmoid,
    "rsqrt": lambda x: 1 / np.sqrt(x),
    "erf": erf,
    "erfc": special.erfc,
    "erfinv": lambda x: np.copysign(special.erfinv(x), x),  # scipy loses the sign of -0.0
}
UNARY = (
    "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh", "cbrt", "cos", "cosh", "erf",
    "erfc", "erfinv", "exp", "exp2", "expm1", "log", "log10", "log1p", "log2", "reciprocal",
    "rsqrt", "sigmoid", "sign", "sin", "sinh", "sqrt", "tan", "tanh",
)  # fmt: skip
DOUBLE = ("cos", "erf", "exp", "expm1", "log", "log1p", "rsqrt", "sigmoid", "sin", "sqrt", "tanh")
BINARY = ("arctan2", "hypot", "power")


def bound(name: str, *inputs: np.ndarray) -> tuple[Callable[[], Any], np.ndarray]:
    """(the LLVM kernel of one op on these arrays, the array it writes)."""
    leaves = [placeholder(TensorSpec(x.shape, x.dtype.name)) for x in inputs]
    out = get(name)(*(Tensor(leaf.spec, node=leaf) for leaf in leaves))
    y = np.empty(out.shape, out.dtype)
    pending = llvm_jit.Uncompiled(Graph(leaves, [node_of(out)]), inputs, [y])
    llvm_jit.compile_all([pending])
    return pending.bind(), y


def compiled(name: str, *inputs: np.ndarray) -> np.ndarray:
    """One op on arrays, run by its LLVM kernel."""
    step, y = bound(name, *inputs)
    step()
    return y


def exact(name: str, inputs: Sequence[np.ndarray]) -> np.ndarray:
    """The op in a wider precision."""
    function = REFERENCES.get(name) or getattr(np, get(name).ufunc)
    with np.errstate(all="ignore"):
        return function(*(x.astype(WIDER[x.dtype.name]) for x in inputs))


def all_exponents(dtype: str) -> np.ndarray:
    """Every sign and exponent, zero, denormals, infinities and NaN among them."""
    info = np.finfo(dtype)
    mantissas = MANTISSAS if dtype == "float32" else MANTISSAS // 16
    heads = np.arange(2 ** (info.bits - info.nmant), dtype=np.uint64) << np.uint64(info.nmant)
    tails = RNG.integers(0, 2**info.nmant, (heads.size, mantissas), np.uint64)
    tails[:, 0] = 0
    return (heads[:, None] | tails).astype(BITS[dtype]).view(dtype).ravel()


def pairs(name: str, count: int, rng: np.random.Generator) -> list[list[np.ndarray]]:
    """Arguments of binary functions: any, moderate, and bases near 1 with large exponents."""

    def bits() -> np.ndarray:
        return rng.integers(0, 2**32, count, np.uint64).astype("uint32").view("float32")

    near = (1 + rng.normal(size=count) * 1e-3).astype("float32")
    return [
        [bits(), bits()],
        [rng.uniform(0, 9, count).astype("float32"), rng.uniform(-40, 40, count).astype("float32")],
        [near, (rng.normal(size=count) * 1e4).astype("float32")],
        [bits(), rng.integers(-9, 9, count).astype("float32")],
    ]  # fmt: skip


def largest_error(got: np.ndarray, want: np.ndarray) -> tuple[float, int]:
    """(ulps, where): the largest error, in units of the last place of `want` rounded.

    0 stands for no element that differs from `want` rounded. NaN, infinity and the signs of zeros
    must agree; a result that differs so is an infinite error. Where `want` is within 2 ulp of
    overflow, infinity and the largest number are both right.
    """
    with np.errstate(over="ignore"):
        rounded = want.astype(got.dtype)
    bits = BITS[got.dtype.name]
    differs = (got.view(bits) != rounded.view(bits)) & ~(np.isnan(got) & np.isnan(rounded))
    places = np.flatnonzero(differs)
    if not places.size:
        return 0.0, 0
    g, r, w = got[places], rounded[places], want[places]
    top = np.finfo(got.dtype).max
    with np.errstate(all="ignore"):
        ulps = np.abs(g.astype(want.dtype) - w) / np.spacing(np.minimum(np.abs(r), top))
    border = (np.isinf(g) | np.isinf(r)) & (np.minimum(np.abs(g), np.abs(w)) >= top * (1 - 2**-23))
    ulps = np.where(border, MAX_ULP, ulps)
    wrong = ~np.isfinite(ulps) | (np.signbit(g) != np.signbit(r))
    ulps = np.where(wrong, np.inf, ulps)
    worst = int(ulps.argmax())
    return float(ulps[worst]), int(places[worst])


def check(name: str, *inputs: np.ndarray) -> None:
    """Hold one op to its reference."""
    ulps, at = largest_error(compiled(name, *inputs), exact(name, inputs))
    assert ulps <= MAX_ULP, f"{ulps:.3f} ulp at {[x[at] for x in inputs]}"


@pytest.mark.parametrize("name", UNARY)
def test_unary_over_the_whole_range(name: str) -> None:
    check(name, np.concatenate([all_exponents("float32"), SPECIAL.astype("float32")]))


@pytest.mark.skipif(np.finfo(np.longdouble).nmant < 60, reason="no wider floats to compare with")
@pytest.mark.parametrize("name", DOUBLE)
def test_double_over_the_whole_range(name: str) -> None:
    sizes = RNG.choice([0.1, 1.0, 20.0, 700.0, 1e9], 100_000)
    many = RNG.normal(size=sizes.size) * sizes
    x = np.concatenate([all_exponents("float64"), SPECIAL, many])
    check(name, x[:: 16 if name == "erf" else 1])


@pytest.mark.skipif(np.finfo(np.longdouble).nmant < 60, reason="no wider floats to compare with")
@pytest.mark.parametrize("name", ["sin", "cos"])
def test_the_hardest_arguments(name: str) -> None:
    """Multiples of pi/2 but for 2**-60 and the like (Muller, Elementary Functions, ch. 11.3)."""
    check(name, np.array([6381956970095103 * 2.0**797, 5319372648326541 * 2.0**-1, 2.0**1023]))


@pytest.mark.parametrize("name", BINARY)
def test_binary_over_the_whole_range(name: str) -> None:
    for inputs in pairs(name, 100_000, RNG):
        check(name, *inputs)


@pytest.mark.parametrize("name", BINARY)
def test_special_pairs(name: str) -> None:
    a, b = np.meshgrid(SPECIAL.astype("float32"), SPECIAL.astype("float32"))
    check(name, a.ravel(), b.ravel())


def test_an_error_is_seen() -> None:
    want = np.array([1.0, 0.0, 2.0, np.inf, np.nan])
    for place, value in ((0, 1.0000004), (1, -0.0), (2, np.nan), (3, 1e38), (4, 0.0)):
        got = want.astype("float32")
        assert largest_error(got, want) == (0.0, 0)
        got[place] = value
        ulps, at = largest_error(got, want)
        assert ulps > MAX_ULP
        assert at == place


def test_one_lane_equals_many() -> None:
    x = np.array([3e9], np.float32)  # a row's value is a scalar; this one takes the far reduction
    many = np.full(100, 3e9, np.float32)
    for name in ("sin", "cos", "tan"):
        assert (compiled(name, many) == compiled(name, x)).all()


# The elementwise ops without a rule, and why numpy runs them.
LEFT_OUT = {
    "complex": "registers hold real numbers only",
    "gcd": "a loop of unknown length for every element",
    "lcm": "a loop of unknown length for every element",
    "i0": "a series of sixty terms, met in windows of signals and nowhere in training",
    "i1": "a series of sixty terms, met in windows of signals and nowhere in training",
    "nextafter": "met in tests of numerics and nowhere in training",
}


def test_every_elementwise_op_has_a_rule_or_a_reason() -> None:
    for name in registry.names("op"):
        op = get(name)
        if op.elementwise and not op.definition:
            assert "llvm" in op.lowerings or name in LEFT_OUT, name


def test_rules_and_reasons_exclude_each_other() -> None:
    assert not llvm_ops.RULES.keys() & LEFT_OUT.keys()
    assert LEFT_OUT.keys() <= set(registry.names("op"))
    assert all(isinstance(reason, str) and reason for reason in LEFT_OUT.values())


def values(dtype: str, rng: Any = RNG) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of numbers for divisions: of one size, of all sizes, special."""
    if dtype.startswith(("int", "uint")):
        info = np.iinfo(dtype)
        a = rng.integers(info.min, info.max, 2000, dtype, endpoint=True)
        b = rng.integers(-9 if info.min else 0, 9, 2000).astype(dtype)
        edge = np.array([info.min, info.max, 0, 1, info.max // 2, -1 if info.min else 2], dtype)
        x, y = np.meshgrid(edge, edge)
        return np.concatenate([a, a, x.ravel()]), np.concatenate([b, a[::-1], y.ravel()])
    x, y = np.meshgrid(SPECIAL.astype(dtype), SPECIAL.astype(dtype))
    a, b = pairs("mod", 20_000, rng)[0]
    c = rng.integers(-50, 50, 2000) / 4
    d = rng.integers(-9, 9, 2000) / 4
    return (
        np.concatenate([a, c.astype(dtype), x.ravel()]),
        np.concatenate([b, d.astype(dtype), y.ravel()]),
    )


@pytest.mark.parametrize("dtype", ["float32", "int8", "uint8", "int32", "uint32", "int64"])
@pytest.mark.parametrize("name", ["mod", "fmod", "floor_divide"])
def test_divisions_are_numpys(name: str, dtype: str) -> None:
    a, b = values(dtype)
    with np.errstate(all="ignore"):
        want = getattr(np, get(name).ufunc)(a, b)
    got = compiled(name, a, b)
    np.testing.assert_array_equal(got, want)
    if dtype == "float32":
        known = ~np.isnan(want)
        np.testing.assert_array_equal(np.signbit(got[known]), np.signbit(want[known]))


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "uint64"])
@pytest.mark.parametrize("name", ["left_shift", "right_shift"])
def test_shifts_by_more_than_the_width(name: str, dtype: str) -> None:
    info = np.iinfo(dtype)
    counts = [0, 1, 7, 8, 31, 32, 63, 64, 100, *([-1] if info.min else [])]
    a, b = np.meshgrid(np.array([1, info.max, info.min, 3], dtype), np.array(counts, dtype))
    want = getattr(np, name)(a.ravel(), b.ravel())
    np.testing.assert_array_equal(compiled(name, a.ravel(), b.ravel()), want)
