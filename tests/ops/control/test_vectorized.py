"""vectorized_map: what a loop over rows gives, without the loop, eagerly, traced and nested."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish import layers, ops, registry
from kerasish.compiler import function
from kerasish.errors import GraphError, ShapeError
from kerasish.graph import GradientTape, Graph, Variable, grad, trace
from kerasish.graph.op import op
from kerasish.spec import TensorSpec
from tests.tolerances import assert_close

RNG = np.random.default_rng(0)
X = RNG.normal(size=(5, 3))
W = RNG.normal(size=(3, 4))


def graph_of(func: Any, *arrays: Any) -> Graph:
    return trace(func, [TensorSpec(a.shape, a.dtype.name) for a in arrays])[0]


def names(graph: Graph) -> list[str]:
    return [node.op.name for node in graph.nodes]


def alike(func: Any, elements: Any) -> Any:
    """vectorized_map eagerly and compiled, held to a loop in Python."""
    count = keras.tree.flatten(elements)[0].shape[0]
    rows = [func(keras.tree.map_structure(lambda t, i=i: t[i], elements)) for i in range(count)]
    wanted = keras.tree.map_structure(lambda *r: np.stack([np.asarray(t) for t in r]), *rows)
    for run in (ops.vectorized_map, function(lambda f, e: ops.vectorized_map(f, e))):
        found = run(func, keras.tree.map_structure(ops.convert_to_tensor, elements))
        keras.tree.assert_same_structure(found, wanted)
        keras.tree.map_structure(lambda a, b: assert_close(a, b, dtype="float64"), found, wanted)
    return found


def test_structures_go_in_and_come_out():
    alike(lambda e: {"s": e["a"] + e["b"][0], "t": (e["b"][0] * 2,)}, {"a": X, "b": [X + 1]})


def test_none_stays_none():
    found = ops.vectorized_map(lambda e: (e[0], e[1]), (X, None))
    assert found[1] is None
    assert_close(found[0], X, dtype="float64")


def test_what_does_not_depend_on_the_row_is_repeated():
    assert ops.vectorized_map(lambda x: 3.0, X).numpy().tolist() == [3.0] * 5
    alike(lambda x: (ops.convert_to_tensor(W), x), X)


@pytest.mark.parametrize("rows", [0, 1])
def test_few_rows(rows):
    func = lambda x: ops.softmax(x @ ops.convert_to_tensor(W))  # noqa: E731
    found = ops.vectorized_map(func, X[:rows])
    assert found.shape == (rows, 4)
    assert_close(found, func(X[:rows]), dtype="float64")


def test_maps_nest():
    def outer(pair: Any) -> Any:
        x, rows = pair
        inner = ops.vectorized_map(lambda r: ops.sum(r * x) + ops.max(x), rows)
        return ops.vectorized_map(lambda t: t * inner, x)

    alike(outer, (X, RNG.normal(size=(5, 2, 3))))


def test_nothing_is_looped():
    graph = graph_of(lambda x: ops.vectorized_map(lambda r: ops.sort(r)[::-1] @ W, x), X)
    assert "scan" not in names(graph)


def test_an_op_without_a_rule_is_looped_alone():
    double = op("doubled_twice", infer=lambda x: x, cases=())(lambda xp, x: 4 * x)
    try:
        graph = graph_of(lambda x: ops.vectorized_map(lambda r: ops.exp(double(ops.sin(r))), x), X)
        assert names(graph).count("scan") == 1
        (loop,) = [node for node in graph.nodes if node.op.name == "scan"]
        assert [n.op.name for n in loop.attrs["body"].nodes if n.inputs] == ["doubled_twice"]
        assert loop.inputs[0].op.name == "sin"
        alike(lambda r: double(ops.sin(r)), X)
    finally:
        registry._entries["op"].pop("doubled_twice")


def test_variables_are_shared_and_get_gradients():
    w = Variable(W)

    def loss(x: Any) -> Any:
        return ops.sum(ops.vectorized_map(lambda r: ops.tanh(r @ w), x))

    def gradient(x: Any) -> Any:
        with GradientTape() as tape:
            value = loss(x)
        return tape.gradient(value, w)

    wanted = X.T @ (1 - np.tanh(X @ W) ** 2)
    assert_close(gradient(X), wanted, dtype="float64")
    assert_close(function(gradient)(X), wanted, dtype="float64")


def test_gradients_flow_through_the_map():
    c = ops.convert_to_tensor(RNG.normal(size=3))

    def loss(x: Any, c: Any) -> Any:
        return ops.sum(ops.vectorized_map(lambda r: ops.prod(ops.sin(r) * c), x))

    def plain(x: Any, c: Any) -> Any:
        return ops.sum(ops.prod(ops.sin(x) * c, axis=1))

    for run in (lambda f: f, function):
        found = run(grad(loss, (0, 1)))(ops.convert_to_tensor(X), c)
        for a, b in zip(found, grad(plain, (0, 1))(ops.convert_to_tensor(X), c), strict=True):
            assert_close(a, b, dtype="float64")


def test_gradients_per_example():
    def loss(w: Any, x: Any) -> Any:
        return ops.sum(ops.tanh(x @ w) ** 2)

    w = ops.convert_to_tensor(W)
    found = alike(lambda x: grad(loss)(w, x), X)
    assert_close(ops.sum(found, axis=0), grad(loss)(w, ops.convert_to_tensor(X)), dtype="float64")
    alike(lambda x: grad(lambda y: ops.sum(grad(loss)(w, y) ** 2))(x), X)


def test_layers_run_row_by_row():
    layer = layers.Dense(4, activation="gelu")
    layer.build((None, 3))
    x = X.astype("float32")
    wanted = layer(x)
    found = ops.vectorized_map(lambda r: layer(r[None])[0], x)
    assert_close(found, wanted)


def test_symbols_of_functional_models():
    inputs = layers.Input((3,))
    outputs = ops.vectorized_map(lambda r: ops.outer(r, r), inputs)
    assert outputs.shape == (None, 3, 3)
    model = keras.Model(inputs, outputs)
    assert_close(model.predict(X, verbose=0), X[:, :, None] * X[:, None, :])


def test_a_draw_is_one_draw_for_all_rows():
    def mapped(seeds: Any) -> Any:
        return ops.vectorized_map(lambda r: r + keras.random.uniform((3,), seed=seeds), X * 0)

    eager, traced = keras.random.SeedGenerator(3), keras.random.SeedGenerator(3)
    compiled = function(lambda: mapped(traced))
    for _ in range(2):
        found = mapped(eager).numpy()
        np.testing.assert_array_equal(found, np.tile(found[0], (5, 1)))
        np.testing.assert_array_equal(found, compiled().numpy())
    assert eager.state.numpy()[1] == traced.state.numpy()[1] == 2


def test_a_key_per_row_draws_for_every_row():
    keys = np.array([[1, 2], [1, 3]], np.uint32)
    draw = ops.random.random_bits
    found = ops.vectorized_map(lambda k: draw(k, shape=(4,)), keys).numpy()
    np.testing.assert_array_equal(found, [draw(k, shape=(4,)).numpy() for k in keys])


def test_variables_take_what_all_rows_share():
    total = Variable(np.zeros(()))

    def mapped(x: Any) -> Any:
        def row(r: Any) -> Any:
            total.assign_add(2.0)
            return r * total

        return ops.vectorized_map(row, x)

    assert_close(mapped(X), X * 2, dtype="float64")
    assert_close(function(mapped)(X), X * 4, dtype="float64")
    assert total.numpy() == 4


def test_a_variable_cannot_take_a_value_per_row():
    total = Variable(np.zeros(3))

    @function
    def mapped(x: Any) -> Any:
        return ops.vectorized_map(lambda r: total.assign(r), x)

    with pytest.raises(GraphError, match="differs from row to row"):
        mapped(X)


@pytest.mark.parametrize("elements", [(X, X[:2]), [], (np.float64(3),)])
def test_sizes_must_agree(elements):
    with pytest.raises(ShapeError, match="one leading size"):
        ops.vectorized_map(lambda e: e, elements)


def test_a_custom_gradient_is_batched_too():
    scale = ops.convert_to_tensor(RNG.normal(size=3))

    @ops.custom_gradient
    def f(x: Any, s: Any) -> Any:
        e = ops.exp(x)
        return ops.sum(e * s), lambda upstream: (upstream * 3 * e, upstream * e[::-1])

    def loss(x: Any, s: Any) -> Any:
        return ops.sum(ops.vectorized_map(lambda r: f(r, s) ** 2, x))

    def plain(x: Any, s: Any) -> Any:
        return sum((f(x[i], s) ** 2 for i in range(5)), ops.convert_to_tensor(0.0, "float64"))

    alike(lambda r: f(r, scale), X)
    alike(grad(lambda r: f(r, scale) ** 2), X)
    for run in (lambda f: f, function):
        found = run(grad(loss, (0, 1)))(ops.convert_to_tensor(X), scale)
        wanted = grad(plain, (0, 1))(ops.convert_to_tensor(X), scale)
        for a, b in zip(found, wanted, strict=True):
            assert_close(a, b, dtype="float64")


def test_remat_stays_remat():
    block = keras.remat(lambda x: ops.sin(ops.tanh(x)))
    graph = graph_of(lambda x: ops.vectorized_map(block, x), X)
    assert "remat" in names(graph)
    alike(grad(lambda r: ops.sum(block(r))), X)


def test_an_index_out_of_range_does_not_reach_another_row():
    with pytest.raises(keras.errors.ArgumentError, match="out of range"):
        ops.vectorized_map(lambda e: ops.take(e[0], e[1]), (X, np.array([0, 1, 3, 0, 0])))
