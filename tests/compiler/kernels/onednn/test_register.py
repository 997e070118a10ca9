"""Which nodes oneDNN takes, and that a taken node is bound with its attributes."""

from __future__ import annotations

import numpy as np
import pytest

from kerasish.compiler.kernels.geometry import problem_of
from kerasish.compiler.kernels.onednn import conv, library, register
from kerasish.compiler.providers import find
from kerasish.config import settings
from kerasish.graph.node import Node
from kerasish.graph.op import Op, get
from kerasish.spec import TensorSpec
from tests.tolerances import assert_close

pytestmark = pytest.mark.skipif(
    library.unavailable() is not None, reason=f"oneDNN: {library.unavailable()}"
)


@pytest.fixture(autouse=True)
def only_onednn(monkeypatch):
    """Without the kernels of our own that come first."""
    monkeypatch.setattr(settings, "disabled_providers", {"llvm"})


def leaf(spec):
    """An input of a node: a shape or a spec."""
    made = Op(name="leaf", infer=lambda: None, kernel=lambda xp: None)
    spec = spec if isinstance(spec, TensorSpec) else TensorSpec(spec, "float32")
    return Node(made, (), {}, spec)


def node(name, inputs, outputs, **attrs):
    """A node as a plan holds it: "shape" or ("shape", dtype) per input and output."""

    def spec(shape):
        return (
            TensorSpec(*shape)
            if shape and isinstance(shape[-1], str)
            else TensorSpec(shape, "float32")
        )

    specs = tuple(map(spec, outputs))
    return Node(
        get(name), tuple(leaf(spec(shape)) for shape in inputs), attrs,
        specs[0] if len(specs) == 1 else specs,
    )  # fmt: skip


def run(made):
    """(inputs, outputs) after binding and running a node over random arrays."""
    found = find(made, "numpy")
    assert found is not None
    assert found.provider == register.NAME
    rng = np.random.default_rng(0)
    inputs = [rng.standard_normal(i.spec.shape, dtype="f4") for i in made.inputs]
    specs = (made.spec,) if isinstance(made.spec, TensorSpec) else made.spec
    outputs = [np.full(s.shape, -7, s.dtype) for s in specs]
    found.bind(made, inputs, outputs)()
    return inputs, outputs


CONV = {"strides": (2, 1), "padding": "same", "dilation": (1, 1), "groups": 1}
POOL = {"window": (2, 2), "strides": (2, 2), "padding": "valid"}
X, W, Y = (2, 6, 6, 4), (1, 1, 4, 8), (2, 3, 6, 8)


def test_convolutions_of_one_point_are_products():
    (x, w), (y,) = run(node("conv", [X, W], [Y], **CONV))
    assert_close(y, x[:, ::2] @ w[0, 0])
    (g, w), (dx,) = run(node("conv_input_grad", [Y, W], [X], **CONV, input_shape=X))
    assert_close(dx[:, ::2], g @ w[0, 0].T)
    assert (dx[:, 1::2] == 0).all()
    (x, g), (dw,) = run(node("conv_weight_grad", [X, Y], [W], **CONV, kernel_shape=W))
    assert_close(dw[0, 0], np.tensordot(x[:, ::2], g, ((0, 1, 2), (0, 1, 2))))


@pytest.mark.parametrize("channels", [1, 4, 8, 15, 16])
@pytest.mark.parametrize("strides", [(1, 2), (2, 2)])
def test_few_channels_at_one_point_in_strides_avoid_the_kernel_that_writes_past_its_workspace(
    channels, strides
):
    """uxlfoundation/oneDNN#6035: wrong sums where the channels fill no block of 8 or 16."""
    x, w, y = (2, 6, 6, channels), (1, 1, channels, 8), (2, -(-6 // strides[0]), 3, 8)
    made = node("conv_weight_grad", [x, y], [w], **CONV | {"strides": strides}, kernel_shape=w)
    chosen = conv.primitive(problem_of(made), "w").implementation
    assert channels == 16 or not chosen.startswith("jit_1x1")
    (x, g), (dw,) = run(made)
    read = x[:, :: strides[0], :: strides[1]]
    assert_close(dw[0, 0], np.tensordot(read, g, ((0, 1, 2), (0, 1, 2))))


def test_pooling():
    small = (2, 3, 3, 4)
    (x,), (y, index) = run(node("max_pool", [X], [small, (small, "int32")], **POOL))
    windows = x.reshape(2, 3, 2, 3, 2, 4).transpose(0, 1, 3, 2, 4, 5).reshape(2, 3, 3, 4, 4)
    np.testing.assert_array_equal(y, windows.max(axis=3))
    np.testing.assert_array_equal(index, windows.argmax(axis=3))
    (x,), (y,) = run(node("avg_pool", [X], [small], **POOL))
    assert_close(y, x.reshape(2, 3, 2, 3, 2, 4).mean(axis=(2, 4)))
    (g,), (dx,) = run(node("avg_pool_grad", [small], [X], **POOL, input_shape=X))
    assert_close(dx, g.repeat(2, axis=1).repeat(2, axis=2) / 4)


def test_max_pool_scatter_sends_each_gradient_to_its_position():
    small = (2, 3, 3, 4)
    made = node("max_pool_scatter", [small, (small, "int32")], [X], **POOL, input_shape=X)
    found = find(made, "numpy")
    assert found is not None
    g, dx = np.ones(small, "f4"), np.empty(X, "f4")
    found.bind(made, [g, np.full(small, 3, "i4")], [dx])()
    want = np.zeros(X)
    want[:, 1::2, 1::2] = 1
    np.testing.assert_array_equal(dx, want)


@pytest.mark.parametrize("unread", [0, 1])
def test_max_pool_with_one_output_unread(unread):
    small = (2, 3, 3, 4)
    made = node("max_pool", [X], [small, (small, "int32")], **POOL)
    found = find(made, "numpy")
    assert found is not None
    x = np.random.default_rng(0).standard_normal(X, dtype="f4")
    both = [np.empty(small, "f4"), np.empty(small, "i4")]
    found.bind(made, [x], both)()
    one = [np.empty(small, "f4"), np.empty(small, "i4")]
    one[unread] = None
    found.bind(made, [x], one)()
    np.testing.assert_array_equal(one[1 - unread], both[1 - unread])


NOT_FINITE = {"nan": np.nan, "minus infinity": -np.inf}


@pytest.mark.parametrize("value", NOT_FINITE.values(), ids=NOT_FINITE)
@pytest.mark.parametrize("unread", [None, 0, 1])
def test_max_pool_keeps_what_is_not_finite(value, unread):
    op = get("max_pool")
    x = np.random.default_rng(0).standard_normal(X, dtype="f4")
    x[0, :3, :3], x[1, 5, 5] = value, np.nan
    made = Node(op, (leaf(X),), POOL, op.infer(TensorSpec(X, "float32"), **POOL))
    found = find(made, "numpy")
    assert found is not None
    outputs = [np.empty(s.shape, s.dtype) for s in made.spec]
    given = [None if i == unread else a for i, a in enumerate(outputs)]
    found.bind(made, [x], given)()
    for array, want in zip(given, op.kernel(np, x, **POOL), strict=True):
        if array is not None:
            np.testing.assert_array_equal(array, want)


OPS = ("conv", "conv_input_grad", "conv_weight_grad", "max_pool", "max_pool_scatter", "avg_pool",
       "avg_pool_grad")  # fmt: skip


@pytest.mark.parametrize(
    ("name", "case"), [(name, c) for name in OPS for c in get(name).cases], ids=str
)
def test_the_cases_of_the_ops(name, case):
    """Against the reference kernel, wherever oneDNN takes the case."""
    op, rng = get(name), np.random.default_rng(0)
    arrays = [
        i.draw(rng) if hasattr(i, "draw") else rng.standard_normal(i, dtype="f4")
        for i in case.inputs
    ]
    specs = [TensorSpec(a.shape, a.dtype.name) for a in arrays]
    made = Node(op, tuple(map(leaf, specs)), case.attrs, op.infer(*specs, **case.attrs))
    found = find(made, "numpy")
    if found is None:
        crops = any(min(p) < 0 for p in case.attrs.get("padding", ()) if isinstance(p, tuple))
        assert crops or case.attrs.get("axis", (arrays[0].ndim - 1,)) != (arrays[0].ndim - 1,)
        return
    several = isinstance(made.spec, tuple) and not isinstance(made.spec, TensorSpec)
    outputs = [np.full(s.shape, -7, s.dtype) for s in (made.spec if several else (made.spec,))]
    found.bind(made, arrays, outputs)()
    want = op.kernel(np, *arrays, **case.attrs)
    for got, expected in zip(outputs, want if several else (want,), strict=True):
        assert_close(got, expected, "first_gradient")  # sums in another order


def test_large_products():
    (a, b), (y,) = run(node("matmul", [(5, 80, 64), (64, 80)], [(5, 80, 80)]))
    np.testing.assert_allclose(y, a @ b, rtol=1e-4, atol=1e-4)


LEFT_TO_OTHERS = {
    "float64": node("conv", [(X, "float64"), (W, "float64")], [(Y, "float64")], **CONV),
    "integers": node("matmul", [((99, 99), "int32")] * 2, [((99, 99), "int32")]),
    "empty batch": node("conv", [(0, *X[1:]), W], [(0, *Y[1:])], **CONV),
    "negative padding": node(
        "conv", [X, W], [(2, 3, 6, 8)], **(CONV | {"padding": ((-1, 0), (0, 0))})
    ),
    "wide padding": node(
        "avg_pool", [(1, 4, 1)], [(1, 5, 1)], window=(2,), strides=(2,), padding=((3, 3),)
    ),
    "small product": node("matmul", [(64, 64), (64, 64)], [(64, 64)]),
    "one row": node("matmul", [(1, 2048), (2048, 2048)], [(1, 2048)]),
    "another op": node("relu", [X], [X]),
}


@pytest.mark.parametrize("made", LEFT_TO_OTHERS.values(), ids=LEFT_TO_OTHERS)
def test_left_to_others(made):
    assert find(made, "numpy") is None


def test_a_disabled_provider_takes_nothing(monkeypatch):
    made = node("conv", [X, W], [Y], **CONV)
    assert find(made, "numpy") is not None
    monkeypatch.setattr(settings, "disabled_providers", frozenset({register.NAME, "llvm"}))
    assert find(made, "numpy") is None
