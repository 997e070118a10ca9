"""check: one call finds what is wrong with an op, and says in which part."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from kerasish import ops, registry
from kerasish.compiler import function, kernel, provider
from kerasish.compiler.codegen import llvm_jit
from kerasish.compiler.providers import PROVIDERS, _available, _kernels
from kerasish.config import settings
from kerasish.errors import ArgumentError, UnknownNameError
from kerasish.graph import trace
from kerasish.graph.op import Op, case, get, no_gradient
from kerasish.ops.declare import composite, elementwise
from kerasish.spec import TensorSpec
from kerasish.testing import check, check_lowered
from kerasish.testing.lowered import at_hand
from tests.backend import fake_device
from tests.compiler.codegen import cuda_shim

needs_llvm = pytest.mark.skipif(bool(llvm_jit.unavailable()), reason="needs llvmlite")
ELEMENTWISE = [n for n in registry.names("op") if get(n).elementwise]


@pytest.fixture
def planted() -> Iterator[Callable[..., Op]]:
    """A function that declares sin, or something wrong, for the length of one test."""

    def plant(**fields: Any) -> Op:
        given: dict[str, Any] = {
            "ufunc": "sin",
            "vjp": lambda g, y, x: g * get("cos")(x),
            "arity": 1,
        } | fields
        return elementwise("planted_sine", **given)

    yield plant
    registry._entries["op"].pop("planted_sine", None)


def failed(op: Op) -> list[str]:
    """The parts that fail."""
    with pytest.raises(AssertionError) as caught:
        check(op)
    parts = re.findall(r"^(kernel and gradient|batching|lowering: \w+|compiled plan):",
                       str(caught.value), re.MULTILINE)  # fmt: skip
    assert "planted_sine((3,4))" in str(caught.value)
    return parts


def test_parts_of_ops_and_composites() -> None:
    both = ("kernel and gradient", "batching")
    lowerings = tuple(f"lowering: {r.NAME}" for r in at_hand())
    assert "lowering: blocks" in lowerings
    assert check("tanh")[:-1] == (*both, *lowerings, "dtypes")
    assert check(get("matmul"))[:-1] == (*both, "dtypes")
    assert check("logsumexp")[:-1] == both  # a function has no kernel of its own
    assert check("cumsum")[-1] == "compiled plan: reference"
    assert check("tanh", [case((2, 2))])
    with pytest.raises(UnknownNameError, match="Did you mean 'tanh'"):
        check("tanhh")
    with pytest.raises(UnknownNameError, match="an op, a composite, or the name of one"):
        check(max)


@composite(case((3,)))
def softer_clip(x: Any) -> Any:
    return x / (1 + ops.absolute(x))


def test_public_functions_are_checked_as_what_they_are_of() -> None:
    try:
        parts = check(softer_clip)
        assert parts == check("softer_clip")
        assert parts[:2] == ("kernel and gradient", "batching")
    finally:
        for kind in ("composite", "function"):
            registry._entries[kind].pop("softer_clip")
    assert check(ops.exp) == check("exp")
    with pytest.raises(ArgumentError, match=r"check\(exp\), cases.*cases=\(case\("):
        check("exp", cases=case((3,)))  # type: ignore[arg-type]
    assert all(not part.endswith(": ") for part in check("softmax"))


def test_a_right_op_passes(planted: Callable[..., Op]) -> None:
    op = planted()
    op.lowering("llvm")(lambda e, x: e.call("llvm.sin", x))
    assert check(op)


def test_no_cases(planted: Callable[..., Op]) -> None:
    with pytest.raises(AssertionError, match="kernel and gradient: planted_sine declares no cases"):
        check(planted(cases=()))


def test_a_wrong_kernel(planted: Callable[..., Op]) -> None:
    def kernel(xp: Any, x: Any, out: Any = None) -> Any:
        return xp.sin(x + 1e-3 * (x.dtype == "f4"), out=out)

    assert "kernel and gradient" in failed(planted(ufunc=kernel))


def test_a_wrong_gradient(planted: Callable[..., Op]) -> None:
    assert failed(planted(vjp=lambda g, y, x: g * get("sin")(x))) == ["kernel and gradient"]


def test_a_wrong_batching_rule(planted: Callable[..., Op]) -> None:
    op = planted()
    op.elementwise = False
    op.batching(lambda b, x: get("sin")(x * 2))
    assert failed(op) == ["batching"]


@needs_llvm
@pytest.mark.parametrize(
    "rule",
    [
        lambda e, x: e.call("llvm.cos", x),
        lambda e, x: e.call("llvm.sin", e.convert(e.convert(x, "int32"), x.dtype)),
        lambda e, x: e.add(e.call("llvm.sin", x), e.like(1e-4, x)),
        lambda e, x: e.no_such_method(x),
        lambda e, x: e.call("llvm.no_such_intrinsic", x),
    ],
)
def test_a_wrong_lowering(planted: Callable[..., Op], rule: Callable[..., Any]) -> None:
    op = planted()
    op.lowering("llvm")(rule)
    assert "lowering: llvm" in failed(op)


@needs_llvm
def test_a_lowering_of_the_package_can_be_seen_and_put_back() -> None:
    op = get("expm1")
    held = op.lowerings["llvm"]
    assert not held.own
    assert held.dtypes == ("float32", "float64")
    assert set(op.lowerings) == {"llvm", "cuda"}
    double = function(lambda x: op(x) * 2.0)
    x = np.linspace(0.5, 1, 5).astype("float32")
    right = double(x).numpy()
    op.lowering("llvm", ("float32",))(lambda e, x: x)
    try:
        assert double(x).numpy().tolist() == (x * 2).tolist()
        with pytest.raises(AssertionError, match="lowered by llvm"):
            check(op)
        assert not llvm_jit.supported(trace(op, [TensorSpec((3,), "float64")])[0].outputs[0])
    finally:
        op.lowering("llvm")(held)
    assert op.lowerings["llvm"] is held
    assert double(x).numpy().tolist() == right.tolist()
    assert check(op)


@needs_llvm
def test_an_exact_op_of_ones_own_is_rounded_in_16_bits() -> None:
    op = get("negative")
    held = op.lowerings["llvm"]
    op.lowering("llvm")(lambda e, x: e.mul(x, e.like(-1.0001, x)))
    try:
        x = np.linspace(0.5, 1, 5).astype("float16")
        given = function(lambda x: ops.cast(op(x), "float32") * 2.0)(x).numpy()
        assert given.tolist() == given.astype("float16").tolist()
    finally:
        op.lowering("llvm")(held)


@pytest.mark.skipif(bool(cuda_shim.unavailable()), reason="needs g++")
def test_a_wrong_lowering_for_a_device(planted: Callable[..., Op]) -> None:
    op = planted()
    with fake_device.device():
        (cuda,) = at_hand()
        op.lowering("cuda")(lambda x: f"sin({x})")
        assert check_lowered(op, cuda)
        op.lowering("cuda")(lambda x: f"({'float' if x.dtype == 'float32' else 'double'})sin({x})")
        assert check_lowered(op, cuda)
        op.lowering("cuda")(lambda x: f"cos({x})")
        with pytest.raises(AssertionError, match=r"planted_sine\(\(3,4\)\), lowered by cuda"):
            check_lowered(op, cuda)


def test_a_kernel_that_goes_wrong_in_a_plan(planted: Callable[..., Op]) -> None:
    def kernel(xp: Any, x: Any, out: Any = None) -> Any:
        if out is None:
            return xp.sin(x)
        out[...] = xp.sin(x) + 1e-3
        return out

    assert "compiled plan" in failed(planted(ufunc=kernel, vjp=no_gradient))


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_every_lowering_gives_what_the_kernel_gives(name: str) -> None:
    for renderer in at_hand():
        check_lowered(name, renderer)


@pytest.fixture
def library() -> Iterator[Callable[..., None]]:
    """A function that registers a kernel for sort, right but for what it is given."""
    kernels = dict(_kernels)
    provider("library", lambda: None, "sorting")

    def register(wrong: str = "", supports: Any = lambda node: True, name: str = "sort") -> None:
        def bind(node: Any, inputs: Any, outputs: Any) -> Any:
            (x,), (out,) = inputs, outputs
            axis = node.attrs.get("axis")
            if wrong == "flat":  # reads the memory as if it were dense
                x = np.lib.stride_tricks.as_strided(x, strides=np.empty_like(out).strides)

            def step() -> None:
                out[...] = np.exp(x) if axis is None else np.sort(x, axis)
                if x.dtype.name == wrong:
                    out[...] = 0

            return step

        kernel(name, provider="library", supports=supports, first=True)(bind)

    yield register
    PROVIDERS.pop("library")
    _available.pop("library", None)
    _kernels.clear()
    _kernels.update(kernels)
    for held in _kernels.values():
        held[:] = [k for k in held if k.provider != "library"]
    settings.generation += 1


def test_a_kernel_from_outside_is_named_by_what_it_ran(library: Callable[..., None]) -> None:
    library(supports=lambda node: node.dtype == "float32")
    assert check("sort")[-1] == "compiled plan: library, reference"


@pytest.mark.parametrize("dtype", ["float64", "float16", "bfloat16", "int64", "bool", "complex64"])
def test_a_kernel_that_is_wrong_for_one_dtype(library: Callable[..., None], dtype: str) -> None:
    library(dtype)
    with pytest.raises(AssertionError, match=rf"dtypes: sort\(\(3,4\),axis=1\) of {dtype}"):
        check("sort")


def test_a_kernel_that_takes_its_input_for_contiguous(library: Callable[..., None]) -> None:
    library("flat")
    with pytest.raises(AssertionError, match=r"dtypes: sort.*transposed"):
        check("sort")


def test_a_kernel_that_never_runs_is_told(library: Callable[..., None]) -> None:
    library(supports=lambda node: False)
    with pytest.raises(
        AssertionError, match=r"library for 'sort'. Expected: one that runs.*first=T"
    ):
        check("sort")


def test_a_kernel_that_gives_floats_for_whole_numbers(planted: Callable[..., Op]) -> None:
    def kernel(xp: Any, x: Any, out: Any = None) -> Any:
        return xp.sin(x, out=out)

    with pytest.raises(AssertionError, match=r"of bool: What the kernel.*promote='float'"):
        check(planted(ufunc=kernel))


LOWERED = {
    "no value of the emitter's": (lambda e, x: None, "of type <.* x float>. Received: NoneType"),
    "another dtype": (lambda e, x: e.convert(x, "int32"), "Received: <.* x i32>.*e.convert"),
    "a bool": (lambda e, x: e.compare("lt", x, x), "Received: <.* x i1>"),
    "a wrong word": (lambda e, x: e.compare("less", x, x), "'eq', 'ne', 'lt'.*Received: 'less'"),
    "text that is not LLVM's": (lambda e, x: e.let("frob", x.dtype, x.lanes), "LLVM IR parsing"),
    "a number": (lambda e, x: e.add(x, 1.0), "no attribute 'lanes'"),
    "a number of another dtype": (
        lambda e, x: e.add(x, e.const(1.0, "float64", 1)),
        "values of one dtype.*e.like",
    ),
}


@needs_llvm
@pytest.mark.parametrize(("rule", "message"), LOWERED.values(), ids=LOWERED)
def test_a_wrong_lowering_names_its_op_in_use(
    planted: Callable[..., Op], rule: Any, message: str
) -> None:
    op = planted()
    op.lowering("llvm")(rule)
    with pytest.raises(Exception, match=message) as caught:
        function(lambda x: op(x * 2.0) + 1.0)(np.ones(600, "float32"))
    notes = getattr(caught.value, "__notes__", [])
    assert any("planted_sine" in text for text in (str(caught.value), *notes))
