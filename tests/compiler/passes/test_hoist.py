"""What can be done for all rounds at once leaves the loop: the graph, and the value."""

from __future__ import annotations

import numpy as np
import pytest

from kerasish import tree
from kerasish.backend.base import current
from kerasish.compiler import function
from kerasish.compiler.passes import scan_parts as loops
from kerasish.compiler.passes.hoist import hoist
from kerasish.compiler.passes.simplify import simplify
from kerasish.graph import GradientTape, convert_to_tensor, trace
from kerasish.graph.node import LEAVES, PICK
from kerasish.graph.primitives import reshape, transpose
from kerasish.graph.verify import verify
from kerasish.ops.basic import elementwise as e
from kerasish.ops.basic.indexing import gather
from kerasish.ops.basic.matmul import matmul
from kerasish.ops.basic.reduction import sum as sum_of
from kerasish.ops.basic.sorting import top_k
from kerasish.ops.control.functions import map as map_over
from kerasish.ops.control.functions import scan
from kerasish.ops.core.tensors import cast
from kerasish.ops.nn.convolution import conv_ as conv
from kerasish.spec import TensorSpec
from tests.tolerances import assert_close

T, B, F, U = 6, 3, 4, 5
RNG = np.random.default_rng(0)


def floats(*shape):
    return RNG.normal(size=shape).astype("float32")


def spec(array):
    return TensorSpec(array.shape, array.dtype.name)


def names(graph):
    return [n.op.name for n in graph.nodes if n.op not in LEAVES and n.op is not PICK]


def hoisted(func, *arrays, kind="value"):
    """(outer ops, the bodies' ops, the scans) after the pass; values are compared too."""
    graph, _ = trace(func, [spec(a) for a in arrays])
    graph = verify(simplify(verify(hoist(graph, current())), current()))
    found, wanted = function(func)(*arrays), func(*map(convert_to_tensor, arrays))
    for a, b in zip(tree.flatten(found), tree.flatten(wanted), strict=True):
        assert_close(a, b, kind)
    scans = [n for n in graph.nodes if n.op.name == "scan"]
    for node in scans:
        verify(node.attrs["body"])
    return names(graph), [names(n.attrs["body"]) for n in scans], scans


X, H, W, V, K = floats(T, B, F), floats(B, U), floats(F, U), floats(U, U), floats(U)


def rnn(x, h, w, u, b):
    def step(state, xt):
        new = e.tanh(matmul(xt, w) + matmul(state, u) + b)
        return new, new

    return scan(step, h, x)


def test_the_product_with_the_inputs_comes_first():
    outer, (body,), (node,) = hoisted(rnn, X, H, W, V, K)
    assert outer.count("matmul") == 1
    assert body.count("matmul") == 1
    product = next(n for n in node.inputs if n.spec.shape == (T, B, U))
    assert product.inputs[0].spec.shape == (T * B, U)


def test_gradients_of_weights_are_one_product_each():
    def run(x, h, w, u, b):
        with GradientTape() as tape:
            tape.watch([x, h, w, u, b])
            loss = sum_of(rnn(x, h, w, u, b)[1])
        return tape.gradient(loss, [x, h, w, u, b])

    outer, (forward, backward), (_, node) = hoisted(run, X, H, W, V, K, kind="first_gradient")
    assert forward.count("matmul") == 1
    assert backward.count("matmul") == 1  # only g @ u.T, which the next round needs
    # x @ w; then, for the backward pass, h @ u again, and the gradients of x, w and u.
    assert outer.count("matmul") == 5
    assert node.attrs["n_carry"] == 1
    assert sum_of_shapes(outer, node) == {(B, U)}


def sum_of_shapes(outer, node):
    """The shapes of what a scan still carries."""
    return {i.spec.shape for i in node.inputs[: node.attrs["n_carry"]]}


def test_products_that_are_only_stacked_come_last():
    def run(x, h, w):
        def step(state, xt):
            new = e.tanh(state + xt)
            return new, matmul(new, w)

        return scan(step, h, x)

    outer, (body,), (node,) = hoisted(run, floats(T, B, U), H, V)
    assert "matmul" in outer
    assert "matmul" not in body
    assert [s.shape for s in node.spec] == [(B, U), (T, B, U), (T, B, U)]


def test_a_loop_that_carries_nothing_is_no_loop():
    outer, bodies, _ = hoisted(lambda x, w: map_over(lambda r: e.tanh(matmul(r, w)), x), X, W)
    assert bodies == []
    assert "scan" not in outer


def test_what_is_the_same_in_every_round_is_computed_once():
    def run(x, h, u):
        return scan(lambda c, xt: (c * sum_of(e.exp(u)) + xt, None), h, x)[0]

    outer, (body,), _ = hoisted(run, floats(T, B, U), H, V)
    assert outer.count("exp") == outer.count("sum") == 1
    assert sorted(body) == ["add", "multiply"]


def test_carries_and_results_that_nobody_reads_are_dropped():
    def run(x, a, b):
        def step(carry, xt):
            first, second = carry
            return (first + xt, second * xt), (first, second)

        (_, _), (ys, _) = scan(step, (a, b), x)
        return ys

    _, (body,), (node,) = hoisted(run, floats(T, U), K, K)
    assert body == ["add"]
    assert node.attrs["n_carry"] == 1


def test_a_carry_that_never_changes_is_captured():
    def run(x, a, b):
        def step(carry, xt):
            first, second = carry
            return (first * second + xt, second), second

        return scan(step, (a, b), x)

    outer, _, (node,) = hoisted(run, floats(T, U), K, floats(U))
    assert (node.attrs["n_carry"], node.attrs["n_captured"]) == (1, 1)
    assert "broadcast_to" in outer


def test_sums_of_several_terms():
    def run(x, g, start):
        def step(total, pair):
            a, b = pair
            return total + matmul(transpose(a, axes=(1, 0)), b) + matmul(a, b)[:F, :F], None

        return scan(step, start, (x, g))[0]

    square = floats(T, F, F)
    outer, bodies, _ = hoisted(run, square, floats(T, F, F), floats(F, F))
    assert len(bodies) <= 1
    assert "matmul" in outer


def test_a_sum_that_a_round_reads_stays():
    def run(x, g, start):
        def step(total, pair):
            new = total + matmul(transpose(pair[0], axes=(1, 0)), pair[1])
            return new, sum_of(new)

        return scan(step, start, (x, g))

    _, (body,), (node,) = hoisted(run, X, floats(T, B, F), floats(F, F))
    assert "add" in body
    assert node.attrs["n_carry"] == 1


def test_embeddings_in_a_loop_are_gathered_at_once():
    def run(ids, table, h):
        def step(state, i):
            return e.tanh(state + gather(table, i, axis=0)), None

        with GradientTape() as tape:
            tape.watch(table)
            loss = sum_of(scan(step, h, ids)[0])
        return loss, tape.gradient(loss, table)

    ids = RNG.integers(0, 7, (T, B)).astype("int32")
    outer, bodies, _ = hoisted(run, ids, floats(7, U), H, kind="first_gradient")
    assert outer.count("gather") == outer.count("scatter_add") == 1
    assert all("gather" not in body and "scatter_add" not in body for body in bodies)


def test_convolutions_of_the_inputs():
    attrs = {"strides": (1,), "padding": "same", "dilation": (1,), "groups": 1}

    def run(x, h, w, u):
        def step(state, xt):
            return e.tanh(conv(xt, w, **attrs) + conv(state, u, **attrs)), None

        with GradientTape() as tape:
            tape.watch([x, w, u])
            loss = sum_of(scan(step, h, x)[0])
        return tape.gradient(loss, [x, w, u])

    arrays = floats(T, 2, 8, 3), floats(2, 8, 4), floats(3, 3, 4), floats(3, 4, 4)
    outer, (forward, backward), _ = hoisted(run, *arrays, kind="first_gradient")
    assert forward.count("conv") == 1
    assert [n for n in backward if n.startswith("conv")] == ["conv_input_grad"]
    assert outer.count("conv_weight_grad") == 2


def test_memory_is_not_spent_without_measure(monkeypatch):
    """Rows of what is large inside stay inside: (6, 3, 400) from slices of (3, 4)."""
    monkeypatch.setattr(loops, "FREE", 0)

    def run(x, w):
        return map_over(lambda r: sum_of(matmul(r, w), axis=-1), x)

    outer, (body,), _ = hoisted(run, X, floats(F, 400))
    assert "matmul" in body
    assert "matmul" not in outer


def test_inner_loops_first():
    def run(x, h, w, u):
        def outer_step(state, row):
            def step(s, xt):
                return e.tanh(matmul(xt, w) + matmul(s, u)), None

            return scan(step, state, row)[0], None

        return scan(outer_step, h, x)[0]

    outer, (body,), _ = hoisted(run, floats(2, T, B, F), H, W, V)
    assert outer.count("matmul") == 1  # of the slices of slices
    assert "matmul" not in body


def test_views_of_products_leave_with_them():
    def run(x, h, w):
        def step(state, xt):
            new = e.tanh(state + xt)
            return new, reshape(matmul(new, w), shape=(-1,))

        return scan(step, h, x)[1]

    outer, (body,), _ = hoisted(run, floats(T, B, U), H, V)
    assert "matmul" in outer
    assert "matmul" not in body


@pytest.mark.parametrize("length", [0, 1])
def test_short_loops(length):
    found = function(rnn)(X[:length], H, W, V, K)
    wanted = rnn(*map(convert_to_tensor, (X[:length], H, W, V, K))) if length else (H, None)
    assert_close(found[0], wanted[0])


def test_an_op_of_several_outputs_leaves_with_those_that_are_read():
    def run(x, h, rows):
        def step(state, row):
            held, moved = state
            values, places = top_k(held, 2)  # of what stays as it is, which only the pass knows
            return (held, e.tanh(values * moved + row)), cast(places, "float32") + moved

        return scan(step, (x, h), rows)

    outer, (body,), _ = hoisted(run, floats(U), floats(2), floats(T, 2))
    assert outer.count("top_k") == 1
    assert "top_k" not in body
