"""RematScope: the same training with less memory; which layers it means."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish import layers, ops
from kerasish.compiler import function
from kerasish.errors import ArgumentError
from kerasish.graph import GradientTape, trace
from kerasish.spec import TensorSpec
from tests.tolerances import assert_close

X = np.random.default_rng(0).normal(size=(256, 16)).astype("float32")
SPEC = TensorSpec((4, 3), "float32")


def stack(scope: Any) -> Any:
    """A compiled model whose layers are made in a scope, always with the same weights."""
    keras.random.set_random_seed(0)
    with scope:
        wide = [layers.Dense(64, activation="swish", name=f"wide_{i}") for i in range(4)]
        narrow = [layers.Dense(16, activation="gelu") for _ in range(4)]
        members = [each for pair in zip(wide, narrow, strict=True) for each in pair]
        model = keras.Sequential([keras.Input((16,)), *members, layers.Dropout(0.2, seed=1)])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    return model


def arena(model: Any) -> int:
    return model.memory(X, X).arena


WIDE = [f"wide_{i}" for i in range(4)]
SCOPES = [
    keras.RematScope(),
    keras.RematScope("larger_than", output_size_threshold=256 * 16),
    keras.RematScope("list_of_layers", layer_names=WIDE),
]


@pytest.mark.parametrize("scope", SCOPES, ids=lambda s: s.mode)
def test_a_step_takes_less_memory(scope: Any) -> None:
    assert arena(stack(scope)) < 0.85 * arena(stack(nullcontext()))


@pytest.mark.parametrize("scope", [*SCOPES, keras.RematScope("activations")], ids=lambda s: s.mode)
def test_training_is_the_same(scope: Any) -> None:
    plain, again = stack(nullcontext()), stack(scope)
    for model in (plain, again):
        model.fit(X, X, batch_size=64, epochs=2, verbose=0, shuffle=False)
    for a, b in zip(plain.get_weights(), again.get_weights(), strict=True):
        assert_close(b, a)


def remats(func: Any) -> list[str]:
    """The layers whose calls became remat nodes."""
    graph, _ = trace(func, [SPEC])
    return [node.scope for node in graph.nodes if node.op.name == "remat"]


def test_the_scope_of_making_counts_before_that_of_calling() -> None:
    with keras.RematScope():
        with keras.RematScope(None):
            never = layers.Dense(2, name="never")
        always = layers.Dense(2, name="always")
    other = layers.Dense(2, name="other")

    def called(x: Any) -> Any:
        return never(x) + always(x) + other(x)

    assert remats(called) == ["always"]
    with keras.RematScope():
        assert remats(called) == ["always", "other"]


def test_modes_choose() -> None:
    small, large = layers.Dense(2, name="small"), layers.Dense(9, "tanh", name="large")

    def called(x: Any) -> Any:
        return ops.sum(small(x)) + ops.sum(large(x))

    with keras.RematScope("larger_than", output_size_threshold=8):
        assert remats(called) == ["large"]
    with keras.RematScope("larger_than", output_size_threshold=7):
        assert remats(called) == ["small", "large"]
    with keras.RematScope("list_of_layers", layer_names=["small"]):
        assert remats(called) == ["small"]
    with keras.RematScope("activations"):
        assert remats(called) == ["small", "large"]
    with keras.RematScope(None):
        assert remats(called) == []
    assert large.activation is keras.activations.tanh


def test_a_block_is_computed_again_as_one() -> None:
    class Block(layers.Layer):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.inner = layers.Dense(3, name="inner")

        def call(self, x: Any) -> Any:
            return ops.sin(self.inner(x))

    with keras.RematScope():
        block = Block(name="block")
        model = keras.Sequential([layers.Dense(3, name="a"), layers.Dense(3, name="b")], name="m")
    assert remats(block) == ["block"]
    assert remats(model) == ["m/a", "m/b"]
    with keras.RematScope("list_of_layers", layer_names=["m"]):
        named = keras.Sequential([layers.Dense(3, name="a")], name="m")
    assert remats(named) == ["m"]

    def within(graph: Any) -> list[Any]:
        inner = [v for n in graph.nodes for v in n.attrs.values() if hasattr(v, "nodes")]
        found = [n for n in graph.nodes if n.op.name == "remat"]
        return found + [n for each in inner for n in within(each)]

    assert len(within(trace(block, [SPEC])[0])) == 1


def test_a_call_that_fails_leaves_the_scope_as_it_was() -> None:
    class Fails(layers.Layer):
        def call(self, x: Any) -> Any:
            raise ValueError("no")

    with keras.RematScope():
        fails, dense = Fails(), layers.Dense(2, name="dense")
    with pytest.raises(ValueError, match="no"):
        remats(fails)
    assert remats(dense) == ["dense"]
    with keras.RematScope("activations"):
        again = layers.Dense(2, activation=Fails().call, name="again")
    held = again.activation
    with pytest.raises(ValueError, match="no"):
        remats(again)
    assert again.activation is held


def test_losses_and_masks_come_out() -> None:
    class Penalised(layers.Layer):
        supports_masking = True

        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.inner = layers.Dense(3, activity_regularizer="l2")

        def call(self, x: Any) -> Any:
            seen.append(x.mask)
            self.add_loss(ops.sum(x))
            return self.inner(x)

    seen: list[Any] = []
    x = np.array([[[0.0, 0, 0], [1, 2, 3]]], "float32")

    def run(scope: Any) -> tuple[np.ndarray, ...]:
        keras.random.set_random_seed(0)
        with scope:
            block, masking = Penalised(), layers.Masking()

        @function
        def step(x: Any) -> Any:
            with GradientTape() as tape:
                y = block(masking(x))
                loss = ops.sum(y) + sum(block.losses)
            return loss, y.mask, tape.gradient(loss, block.inner.kernel)

        return tuple(np.asarray(t) for t in step(x))

    for a, b in zip(run(nullcontext()), run(keras.RematScope()), strict=True):
        assert_close(b, a)
    assert all(mask is not None for mask in seen)


def test_eager_calls_are_plain_calls() -> None:
    with keras.RematScope():
        dense = layers.Dense(2)
    x = ops.ones((2, 3))
    with GradientTape() as tape:
        y = ops.sum(dense(x))
    assert tape.gradient(y, dense.kernel).shape == (3, 2)


def test_an_unknown_mode() -> None:
    with pytest.raises(ArgumentError, match="larger_than"):
        keras.RematScope("all")
