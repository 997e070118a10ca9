"""Graphs with ops and arguments of calls, written and read back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import kerasish as keras
from kerasish import ops
from kerasish.declarative import from_yaml, to_yaml
from kerasish.errors import ArgumentError
from kerasish.models import Model
from tests.declarative.helpers import block

A, B = np.random.default_rng(0).random((2, 5, 4), "float32") + 0.5


def same(model: Model, *inputs: Any) -> Model:
    """The model read from what is written computes the same, and is written the same."""
    text = to_yaml(model)
    again = from_yaml(text)
    again.set_weights(model.get_weights())
    one, other = (m.predict(list(inputs), verbose=0) for m in (model, again))
    for a, b in zip(keras.tree.flatten(one), keras.tree.flatten(other), strict=True):
        np.testing.assert_array_equal(a, b)
    assert to_yaml(again) == text
    return again


def test_ops_are_nodes() -> None:
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    x = ops.power(ops.log(a), 2)
    y = ops.concatenate([x, b], axis=1)[:, 1:-1]
    z = ops.sum(ops.maximum(y, 0.25), axis=1, keepdims=True)
    w = ops.divide(1, ops.einsum("bi,bj->bij", a, b))
    model = Model([a, b], [z, w], name="m")
    for record in model.network.records:  # type: ignore[union-attr]
        if not isinstance(record.operation, keras.layers.Layer):
            record.operation._rename(record.operation.func_name)
    assert (
        to_yaml(model)
        == block("""
        kerasish: 1
        name: m
        model:
          type: functional
          inputs:
            a: {shape: [4]}
            b: {shape: [4]}
          nodes:
            log: {from: a, log: null}
            power: {from: log, power: 2}
            concatenate: {from: [power, b], concatenate: 1}
            get_item: {from: concatenate, get_item: [":", "1:-1"]}
            maximum: {from: get_item, maximum: 0.25}
            sum: {from: maximum, sum: {axis: 1, keepdims: true}}
            einsum: {from: [a, b], einsum: "bi,bj->bij"}
            divide: {from: einsum, divide: {x1: 1}}
          outputs: [sum, divide]
        """)
        + "\n"
    )
    same(model, A, B)


def test_arguments_of_calls() -> None:
    s = keras.Input((6, 3), name="s")
    out, h, c = keras.layers.LSTM(4, return_state=True, return_sequences=True, name="l")(s)
    again = keras.layers.LSTM(4, name="m")(s, initial_state=[h, c])
    seen = keras.layers.MultiHeadAttention(2, 2, name="att")(out, out, use_causal_mask=True)
    dropped = keras.layers.Dropout(0.5, name="d")(again, training=False)
    model = Model(s, [seen, dropped], name="m")
    text = to_yaml(model)
    assert "m: {from: {sequences: s, initial_state: [l.1, l.2]}, LSTM: 4}" in text
    assert "from: {query: l.0, value: l.0, use_causal_mask: true}" in text
    same(model, np.random.default_rng(1).random((2, 6, 3), "float32"))


def test_constants_and_texts() -> None:
    class Scaled(keras.layers.Layer):
        def call(self, inputs: Any, how: str = "twice") -> Any:
            return inputs * (2 if how == "twice" else 3)

    with keras.saving.custom_object_scope({"Scaled": Scaled}):
        text = """
        kerasish: 1
        name: m
        model:
          type: functional
          inputs: {a: {shape: [4]}}
          nodes:
            steps: {arange: {start: 4, dtype: float32}}
            both: {from: [a, steps], add: null}
            y: {from: {inputs: both}, call: {how: thrice}, Scaled: null}
          outputs: y
        """
        model = from_yaml(block(text) + "\n")
        np.testing.assert_allclose(model.predict(A, verbose=0), 3 * (A + np.arange(4)), rtol=1e-6)
        assert "call: {how: thrice}" in to_yaml(model)
        assert "arange:" in to_yaml(model)
        same(model, A)


def test_rates_of_layers() -> None:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, name="head")])
    optimizer = keras.optimizers.SGD(0.5)
    optimizer.rates = {"head*": 0.25}
    model.compile(optimizer, "mse")
    assert "rates: {" in to_yaml(model)
    assert from_yaml(to_yaml(model)).optimizer.rates == {"head*": 0.25}


def test_what_a_file_cannot_hold() -> None:
    a = keras.Input((4,), name="a")
    for made in (
        ops.reshape(a, (-1, 2, 2)),  # `reshape` in a file is the layer
        ops.add(a, np.ones(4, "float32")),
        a[:, np.array([1, 2])],
    ):
        with pytest.raises(ArgumentError):
            to_yaml(Model(a, made))


STEPS: list[Any] = [
    ops.exp, ops.tanh, ops.log1p, ops.negative, ops.relu,
    lambda x: x**2, lambda x: x[:, 1:], lambda x: x[..., ::-1], lambda x: x / 2, lambda x: 1 - x,
    lambda x: ops.cumsum(x, axis=1), lambda x: ops.clip(x, -1.0, 1.0),
    lambda x: ops.where(x > 0.5, x, 0.0), lambda x: ops.concatenate([x, x], axis=-1),
    lambda x: ops.expand_dims(x, 1)[:, 0], lambda x: ops.softmax(x),
    lambda x: ops.split(x, [1], axis=1)[1], lambda x: ops.matmul(x[:, :, None], x[:, None])[:, 0],
    lambda x: keras.layers.Dense(3)(x), lambda x: ops.argsort(x, axis=1),
]  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(STEPS), min_size=1, max_size=5), st.booleans())
def test_any_graph_is_read_back(steps: list[Any], joined: bool) -> None:
    a = keras.Input((4,), name="a")
    x: Any = a
    for step in steps:
        x = step(x) if x.shape[-1] > 1 else x
    x = ops.add(x, ops.mean(a, axis=1, keepdims=True)) if joined else x + 0
    same(Model(a, x, name="m"), A)
