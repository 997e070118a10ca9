"""einsum and its relatives against numpy over random subscripts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasish import ops
from kerasish.errors import ArgumentError, ShapeError
from kerasish.graph import trace
from kerasish.spec import TensorSpec
from kerasish.testing import check_grads

SIZES = {"a": 2, "b": 3, "c": 1, "d": 4, "e": 2}
RNG = np.random.default_rng(5)


@st.composite
def subscripts(draw):
    count = draw(st.integers(1, 3))
    terms = [draw(st.text("abcde", min_size=0, max_size=3)) for _ in range(count)]
    used = sorted(set("".join(terms)))
    result = draw(st.permutations(used)) if used else []
    result = result[: draw(st.integers(0, len(result)))]
    return ",".join(terms) + "->" + "".join(result)


@settings(max_examples=300, deadline=None)
@given(subscripts())
def test_einsum(text):
    terms = text.partition("->")[0].split(",")
    operands = [RNG.normal(size=[SIZES[c] for c in term]) for term in terms]
    np.testing.assert_allclose(ops.einsum(text, *operands), np.einsum(text, *operands), atol=1e-12)


@pytest.mark.parametrize(
    ("text", "shapes"),
    [
        ("ij,jk", [(2, 3), (3, 4)]),
        ("ba", [(2, 3)]),
        ("ii", [(3, 3)]),
        ("...ij,...jk->...ik", [(5, 2, 3), (1, 3, 4)]),
        ("i...,i...->...", [(3, 2, 4), (3, 4)]),
        ("...,...", [(2, 3), (3,)]),
        (" i j , j k -> k i ", [(2, 3), (3, 4)]),
        ("bhqd,bhkd->bhqk", [(2, 2, 3, 4), (2, 2, 5, 4)]),
        ("abc,cde,ef,fa->bd", [(2, 3, 4), (4, 5, 6), (6, 3), (3, 2)]),
        ("iij->ij", [(3, 3, 2)]),
        ("ij,kl->", [(2, 3), (4, 5)]),
    ],
)
def test_einsum_notation(text, shapes):
    operands = [RNG.normal(size=s) for s in shapes]
    np.testing.assert_allclose(ops.einsum(text, *operands), np.einsum(text, *operands), atol=1e-12)
    check_grads(lambda *xs: ops.einsum(text, *xs), operands)


def test_integers_stay_integers():
    assert ops.einsum("ij,ij", np.ones((2, 2), "int32"), np.ones((2, 2), "int32")).dtype == "int32"


@pytest.mark.parametrize(
    ("text", "count"), [("ij", 2), ("ij,jk->iz", 2), ("i", 1), ("ijk", 1), ("ij->ii", 1), ("i1", 1)]
)
def test_wrong_subscripts(text, count):
    with pytest.raises(ArgumentError, match="einsum"):
        ops.einsum(text, *[np.ones((2, 2))] * count)


def test_sizes_that_do_not_fit():
    with pytest.raises(ShapeError):
        ops.einsum("ij,jk", np.ones((2, 3)), np.ones((2, 3)))


def test_unknown_dimensions():
    def func(x, w):
        return ops.einsum("bij,jk->bik", x, w), ops.einsum("b...,b...->b", x, x)

    graph, _ = trace(func, [TensorSpec((None, 3, 4), "float32"), TensorSpec((4, 5), "float32")])
    assert [n.spec.shape for n in graph.outputs] == [(None, 3, 5), (None,)]


def test_a_matrix_product_is_one_node():
    specs = [TensorSpec((3, 4), "float32"), TensorSpec((4, 5), "float32")]
    graph, _ = trace(lambda a, b: ops.einsum("ij,jk->ik", a, b), specs)
    assert [n.op.name for n in graph.nodes if n.op.name != "reshape"] == [
        "placeholder", "placeholder", "matmul",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("axes", "left", "right"),
    [(1, (2, 3), (3, 4)), (2, (2, 3, 4), (3, 4, 5)), (0, (2,), (3,)), (([0], [1]), (3, 2), (4, 3)),
     ((1, 0), (2, 3), (3, 4)), (([1, -1], [0, 1]), (2, 3, 4), (3, 4, 5))],
)  # fmt: skip
def test_tensordot(axes, left, right):
    a, b = RNG.normal(size=left), RNG.normal(size=right)
    np.testing.assert_allclose(ops.tensordot(a, b, axes), np.tensordot(a, b, axes), atol=1e-12)


@pytest.mark.parametrize(
    ("left", "right"),
    [((3,), (3,)), ((2, 3), (3,)), ((2, 3), (3, 4)), ((2, 4, 3), (5, 3, 2)), ((), (3,))],
)
def test_dot(left, right):
    a, b = RNG.normal(size=left), RNG.normal(size=right)
    np.testing.assert_allclose(ops.dot(a, b), np.dot(a, b), atol=1e-12)


@pytest.mark.parametrize(
    "pattern",
    ["b h w c -> b c h w", "b h w c -> (b h) (w c)", "b (h p) w c -> b h w (p c)", "b ... -> ... b",
     "b h w c -> b 1 (h w c)", "b (h p) (w q) c -> (b p q) h w c", "b h w c->c(w h)b"],
)  # fmt: skip
def test_rearrange(pattern):
    x = RNG.normal(size=(2, 4, 6, 3))
    y = np.asarray(ops.rearrange(x, pattern, **{k: 2 for k in "pq" if k in pattern}))
    assert y.size == x.size
    left, right = (side.strip() for side in pattern.split("->"))
    back = np.asarray(ops.rearrange(y, f"{right} -> {left}", **inverse_lengths(right, x.shape)))
    np.testing.assert_array_equal(back, x)


def inverse_lengths(pattern, shape):
    sizes = dict(zip("bhwc", shape, strict=True))
    if "p" in pattern:
        sizes |= {"p": 2, "h": shape[1] // 2}
    if "q" in pattern:
        sizes |= {"q": 2, "w": shape[2] // 2}
    return {k: v for k, v in sizes.items() if k in pattern}


@pytest.mark.parametrize(
    ("pattern", "lengths"),
    [
        ("a b -> a", {}),
        ("a b c -> a b c", {}),
        ("a a -> a a", {}),
        ("(a b -> a b", {"a": 2}),
        ("a b", {}),
        ("(a b) c -> a b c", {}),
        ("(a b) c -> a b c", {"a": 4}),
        ("a b -> a b!", {}),
    ],
)
def test_wrong_patterns(pattern, lengths):
    with pytest.raises((ArgumentError, ShapeError), match="rearrange"):
        ops.rearrange(np.ones((6, 2)), pattern, **lengths)


def test_the_third_component_of_a_plane_vector_is_zero_whatever_the_others_are():
    found = ops.cross(np.array([np.inf, 1.0]), np.array([1.0, 2.0, 3.0]))
    np.testing.assert_array_equal(found, [3.0, -np.inf, np.inf])
