"""Faults that were planted and lived through the whole suite once: each would fail here."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish import ops
from kerasish.backend.base import current
from kerasish.compiler.passes.simplify import simplify
from kerasish.graph import trace
from kerasish.graph.primitives import shifted
from kerasish.graph.recording import recording, unrecorded
from kerasish.optimizers.clipping import clip_by_global_norm
from kerasish.spec import TensorSpec

layers = keras.layers
ONE = np.ones((1, 1), "float32")


@pytest.mark.parametrize(
    "func",
    [
        lambda x: x * ONE,
        lambda x: ONE * x,
        lambda x: x + np.zeros((1, 1), "float32"),
        lambda x: x - np.zeros((1, 1), "float32"),
        lambda x: x / ONE,
        lambda x: x**ONE,
        lambda x: ops.cast(x, "int32") * ops.ones((), "float32"),
    ],
)
def test_a_neutral_constant_that_changes_the_form_stays(func: Any) -> None:
    graph, _ = trace(func, [TensorSpec((3,), "float32")])
    (before,) = graph.outputs
    (after,) = simplify(graph, current()).outputs
    assert after.spec == before.spec
    x = np.array([1.0, 2.0, 3.0], "float32")
    result = keras.function(func)(x)
    assert (result.shape, result.dtype) == (before.spec.shape, before.spec.dtype)
    np.testing.assert_array_equal(np.asarray(result).reshape(-1), x)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_a_norm_that_is_not_finite_is_seen_in_every_gradient(wrong: float) -> None:
    grads = [ops.convert_to_tensor([1.0, wrong]), ops.convert_to_tensor([1.0])]
    for clipped in (
        clip_by_global_norm(grads, 1.0),
        keras.function(clip_by_global_norm)(grads, 1.0),
    ):
        assert all(np.isnan(np.asarray(g)).all() for g in clipped)


class Masked(layers.Layer):
    """Says which mask it was given, in its output."""

    supports_masking = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        assert mask is not None
        return inputs * ops.cast(mask, inputs.dtype)[..., None]


TOKENS = np.array([[1, 2, 0, 0], [3, 0, 0, 0]])


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16", "float64", "mixed_bfloat16"])
def test_a_mask_goes_with_an_input_that_is_cast(dtype: str) -> None:
    inputs = keras.Input((4,), dtype="int32")
    x = layers.Embedding(5, 2, mask_zero=True)(inputs)
    model = keras.Model(inputs, Masked(dtype=dtype)(x))
    out = np.asarray(model(TOKENS), "float32")
    assert not out[TOKENS == 0].any()
    assert out[TOKENS != 0].any(-1).all()
    lstm = layers.LSTM(3, dtype=dtype)
    embedded = layers.Embedding(5, 2, mask_zero=True)(TOKENS)
    short = np.asarray(lstm(embedded[:1, :2]), "float32")
    np.testing.assert_allclose(np.asarray(lstm(embedded), "float32")[:1], short, rtol=2e-2)


def test_a_mask_that_is_given_outranks_the_one_of_the_input() -> None:
    embedded = layers.Embedding(5, 2, mask_zero=True)(TOKENS)
    given = np.array([[True, False, False, True], [False, True, False, False]])
    out = np.asarray(Masked()(embedded, mask=given))
    assert out[given].any(-1).all()
    assert not out[~given].any()


class Marks(layers.Layer):
    """Sets a mask of its own on what it returns."""

    supports_masking = True

    def call(self, inputs: Any) -> Any:
        outputs = inputs * 1.5
        outputs.mask = ops.convert_to_tensor(TOKENS == 3)
        return outputs


def test_a_mask_that_a_layer_sets_is_not_replaced_by_that_of_its_input() -> None:
    embedded = layers.Embedding(5, 2, mask_zero=True)(TOKENS)
    np.testing.assert_array_equal(np.asarray(Marks()(embedded).mask), TOKENS == 3)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("compiled", [False, True])
def test_moving_moments_pass_no_gradient_to_the_batch(masked: bool, compiled: bool) -> None:
    norm = layers.BatchNormalization()
    norm.build((None, 3, 2))
    mask = np.array([[True, True, False]] * 4) if masked else None

    def gradient(x: Any) -> Any:
        with keras.GradientTape() as tape:
            tape.watch(x)
            norm(x, training=True, mask=mask)
            loss = ops.sum(norm.moving_mean * 3.0) + ops.sum(norm.moving_variance * x[0, 0, 0])
        return tape.gradient(loss, x)

    x = ops.convert_to_tensor(np.random.default_rng(0).normal(size=(4, 3, 2)).astype("float32"))
    found = np.asarray(keras.function(gradient)(x) if compiled else gradient(x))
    wanted = np.zeros((4, 3, 2), "float32")
    wanted[0, 0, 0] = float(ops.sum(norm.moving_variance))
    np.testing.assert_allclose(found, wanted, rtol=1e-6)


def test_what_is_hidden_ends_with_an_error() -> None:
    def bad(x: Any) -> Any:
        raise KeyError(x.shape)

    x = ops.convert_to_tensor([3.0])
    with keras.GradientTape() as tape:
        tape.watch(x)
        before = recording.tapes
        with pytest.raises(KeyError), unrecorded():
            bad(x)
        assert recording.tapes is before
        with pytest.raises(KeyError):
            keras.function(bad)(x)
        with pytest.raises(KeyError):
            trace(bad, [TensorSpec((1,), "float32")])
        y = x * x
    np.testing.assert_array_equal(np.asarray(tape.gradient(y, x)), [6.0])


def test_rows_push_axes_up_also_those_counted_from_the_end() -> None:
    told: list[Any] = []
    rows = SimpleNamespace(ndim=4)  # of arrays of rank 3
    batch: Any = SimpleNamespace(
        full=lambda *x: [rows], again=lambda *_, **attrs: told.append(attrs)
    )
    rule = shifted("axis")
    for axis, wanted in ((-1, 3), (-3, 1), (0, 1), (2, 3), ((-1, 0), (3, 1)), ((-2,), (2,))):
        rule(batch, rows, axis=axis)
        assert told.pop() == {"axis": wanted}


@pytest.mark.parametrize("axis", [0, 1, -1, -2])
@pytest.mark.parametrize(
    "name", ["sum", "prod", "max", "min", "argmax", "argmin", "sort", "argsort", "cumsum", "flip"]
)
def test_mapped_functions_along_axes(name: str, axis: int) -> None:
    func = getattr(ops, name)
    x = np.random.default_rng(1).permutation(24).reshape(2, 3, 4).astype("float32")
    mapped = np.asarray(ops.vectorized_map(lambda row: func(row, axis=axis), x))
    np.testing.assert_array_equal(mapped, np.stack([np.asarray(func(row, axis=axis)) for row in x]))
