"""Every op and composite in the registry, held to what it declares."""

from __future__ import annotations

import pytest

import kerasish.ops  # noqa: F401
from kerasish import registry
from kerasish.graph.node import LEAVES, PICK
from kerasish.graph.op import Op, case, get
from kerasish.graph.tensor import convert_to_tensor
from kerasish.ops.declare import Composite
from kerasish.spec import TensorSpec, is_differentiable
from kerasish.testing import check_batched, check_compiled, check_op
from kerasish.testing.samples import sample_inputs
from tests.tolerances import tolerance

# Leaves and projections; a fused region, a remat and an update of rows mean what their bodies mean
# (tests/compiler/codegen, tests/ops/test_remat.py, tests/compiler/passes/test_rows.py).
STRUCTURAL = {op.name for op in (*LEAVES, PICK)} | {"fused", "remat", "update_rows"}
FIRST, SECOND = tolerance("first_gradient", "float64"), tolerance("second_gradient", "float64")
GRADIENTS = tuple((t["rtol"], t["atol"]) for t in (FIRST, SECOND))
SINGLE = tuple(
    (t["rtol"], t["atol"])
    for t in (tolerance("value", "float32"), tolerance("first_gradient", "float32"))
)


def checked(target: object, **options: object) -> None:
    check_op(target, tolerances=GRADIENTS, single=SINGLE, **options)


# A gradient op that differentiation has declared on the way repeats its forward op's test.
DERIVED = {f"{name}_grad" for name in registry.names("op") if get(name).definition is not None}
OPS = [name for name in registry.names("op") if name not in STRUCTURAL | DERIVED]


@pytest.mark.parametrize("name", OPS)
def test_op(name: str):
    checked(get(name))


@pytest.mark.parametrize("name", registry.names("composite"))
def test_composite(name: str):
    checked(registry.lookup("composite", name))


@pytest.mark.parametrize("name", OPS)
def test_batched_op(name: str):
    check_batched(get(name))


@pytest.mark.parametrize("name", registry.names("composite"))
def test_batched_composite(name: str):
    check_batched(registry.lookup("composite", name))


@pytest.mark.parametrize("name", OPS)
def test_compiled_op(name: str):
    check_compiled(get(name), tolerances=SINGLE)


@pytest.mark.parametrize("name", registry.names("composite"))
def test_compiled_composite(name: str):
    check_compiled(registry.lookup("composite", name), tolerances=SINGLE)


# Made by compiler passes, after differentiation.
LATE = {"product", "update_rows", "fused"}


@pytest.mark.parametrize("name", sorted(set(OPS) - LATE))
def test_an_op_says_what_its_gradient_is(name: str):
    op = get(name)
    for call in op.cases if op.vjp is None else ():
        inputs = [convert_to_tensor(x) for x in sample_inputs(call, op.domain)]
        specs = op.infer(*(x.spec for x in inputs), **call.attrs)
        outputs = [specs] if isinstance(specs, TensorSpec) else specs
        floats = [any(is_differentiable(s.dtype) for s in group) for group in (inputs, outputs)]
        assert not all(floats), f"{name} takes and gives floats; declare vjp=, or vjp=no_gradient"


# --- the test must be able to fail ------------------------------------------------------------


def same(x: TensorSpec) -> TensorSpec:
    return x


@pytest.fixture
def planted():
    """A function that declares an op for the length of one test."""
    made = []

    def plant(**fields: object) -> Op:
        fields = {
            "infer": same,
            "kernel": lambda xp, x: xp.sin(x),
            "cases": (case((3, 4)),),
        } | fields
        made.append(Op("planted", **fields))
        registry.add("op", made[-1], "planted", replace=True)
        return made[-1]

    yield plant
    registry._entries["op"].pop("planted", None)


def cosine(g, y, x):
    return g * get("cos")(x)


def test_a_right_op_passes(planted):
    checked(planted(vjp=cosine))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"vjp": lambda g, y, x: g * get("sin")(x)}, "directional derivative"),
        ({"vjp": lambda g, y, x: None}, "The vjp returned None"),
        ({"vjp": None}, "declares no gradient"),
        (
            {"vjp": lambda g, y, x: g * get("stop_gradient")(get("cos")(x))},
            "directional derivative",
        ),
        ({"vjp": cosine, "infer": lambda x: TensorSpec(x.shape[::-1], x.dtype)}, "infer says"),
        ({"vjp": cosine, "infer": lambda x: TensorSpec(x.shape, "float64")}, "infer says"),
        ({"vjp": cosine, "infer": lambda x: TensorSpec((3, 4), x.dtype)}, "empty"),
        ({"vjp": cosine, "cases": ()}, "declares no cases"),
        ({"vjp": cosine, "view": True}, "copies"),
        ({"vjp": cosine, "kernel": lambda xp, x: xp.sin(x, out=x)}, "read-only"),
        ({"vjp": cosine, "kernel": lambda xp, x: xp.sin(x.ravel("K")).reshape(x.shape)}, "strided"),
        ({"vjp": cosine, "kernel": lambda xp, x: xp.sin(x + 3e-9 * (x.dtype == "f4"))}, None),
        ({"vjp": cosine, "kernel": lambda xp, x: xp.sin(x + 1e-3 * (x.dtype == "f4"))}, "float32"),
        ({"vjp": cosine, "out": True, "kernel": lambda xp, x, out=None: xp.sin(x)}, "out="),
    ],
)
def test_a_wrong_op_fails(planted, fields, message):
    op = planted(**fields)
    if message is None:
        checked(op)
        return
    with pytest.raises(AssertionError, match=message):
        checked(op)


def test_an_unknown_dimension_that_fails_is_seen(planted):
    def infer(x: TensorSpec) -> TensorSpec:
        return TensorSpec(tuple(int(d or 0) for d in x.shape), x.dtype)

    with pytest.raises(AssertionError, match="does not fit"):
        checked(planted(vjp=cosine, infer=infer))


def test_a_name_that_another_op_holds_is_seen(planted):
    with pytest.raises(AssertionError, match="resolves to another op"):
        checked(Op("sin", same, lambda xp, x: xp.sin(x), vjp=cosine, cases=(case((3,)),)))


def test_a_wrong_composite_fails():
    def kinked(x):
        return get("stop_gradient")(x) * x

    wrong = Composite("wrong", kinked, (case((3, 4)),), (-2.0, 2.0))
    with pytest.raises(AssertionError, match="directional derivative"):
        checked(wrong)
