"""Dtypes, shapes, names and losses of single layers, as Keras 3.15 on jax gives them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish import layers as L
from kerasish.errors import ArgumentError

X = np.ones((2, 3, 2), "float32")
MIXED = "mixed_bfloat16"


def dtypes(made: Any) -> list[str]:
    return [t.dtype for t in keras.tree.flatten(made(X))]


@pytest.mark.parametrize(
    ("outer", "inner", "dense", "flat"),
    [
        (None, "bfloat16", "float32", "float32"),
        (None, MIXED, "float32", "float32"),
        ("bfloat16", "float32", "float32", "bfloat16"),
        ("bfloat16", MIXED, "float32", "bfloat16"),
        (MIXED, "float32", "bfloat16", "bfloat16"),
        (MIXED, MIXED, "bfloat16", "bfloat16"),
    ],
)
def test_time_distributed_computes_in_its_own_dtype(
    outer: str | None, inner: str, dense: str, flat: str
) -> None:
    assert dtypes(L.TimeDistributed(L.Dense(3, dtype=inner), dtype=outer)) == [dense]
    assert dtypes(L.TimeDistributed(L.Flatten(dtype=inner), dtype=outer)) == [flat]


def test_a_layer_alone_computes_in_its_own_dtype_after_it_was_inside() -> None:
    inner = L.Dense(3, dtype=MIXED)
    assert dtypes(L.TimeDistributed(inner)) == ["float32"]
    assert inner(X[:, 0]).dtype == "bfloat16"


@pytest.mark.parametrize("outer", [None, "bfloat16", MIXED])
@pytest.mark.parametrize("inner", ["float32", "bfloat16", MIXED])
def test_wrappers_of_recurrence_give_their_own_dtype(outer: str | None, inner: str) -> None:
    wanted = "float32" if outer is None else "bfloat16"
    of_inner = "float32" if inner == "float32" else "bfloat16"
    cell = L.GRUCell(3, dtype=inner)
    assert dtypes(L.RNN(cell, dtype=outer, return_state=True)) == [wanted] * 2
    stacked = [L.GRUCell(3, dtype=inner), L.SimpleRNNCell(2)]
    assert dtypes(L.RNN(stacked, dtype=outer, return_state=True)) == [wanted] * 3
    both = L.Bidirectional(L.GRU(3, dtype=inner, return_state=True), dtype=outer)
    assert dtypes(both) == [wanted, of_inner, of_inner]


def test_the_vector_of_spectral_normalization_has_the_dtype_of_the_kernel() -> None:
    layer = L.SpectralNormalization(L.Dense(3, dtype="bfloat16"))
    layer(X)
    assert layer.vector_u.dtype == "bfloat16"


@pytest.mark.parametrize("regularizer", ["l1", "l2"])
def test_an_empty_batch_has_no_activity_penalty(regularizer: str) -> None:
    layer = L.Dense(3, activity_regularizer=regularizer)
    layer(X[:0])
    assert [float(v) for v in layer.losses] == [0.0]


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (L.LSTM(3, stateful=True, return_state=True), ((None, 3), (None, 3), (None, 3))),
        (L.Bidirectional(L.GRU(3, stateful=True)), (None, 6)),
        (L.RNN(L.SimpleRNNCell(3), stateful=True, return_sequences=True), (None, 4, 3)),
    ],
    ids=["lstm", "bidirectional", "rnn"],
)
def test_the_shape_of_stateful_layers_needs_no_batch_size(layer: Any, shape: Any) -> None:
    assert layer.compute_output_shape((None, 4, 2)) == shape
    assert not layer.built
    assert layer.compute_output_shape((5, 4, 2)) == keras.tree.map_structure(
        lambda d: d if d is not None else 5, shape
    )


def test_names_and_seeds_are_those_of_keras() -> None:
    keras.utils.clear_session()
    assert L.GroupQueryAttention(2, 2, 1).name == "grouped_query_attention"
    assert L.GroupQueryAttention(2, 2, 1).name == "grouped_query_attention_1"

    class Mine(L.GroupQueryAttention):
        pass

    assert Mine(2, 2, 1).name == "mine"
    both = L.Bidirectional(L.GRU(3), backward_layer=L.GRU(3, go_backwards=True, name="back"))
    assert both.backward_layer.name == "back"


@pytest.mark.parametrize(
    ("make", "count"),
    [
        (lambda rate: L.Dropout(rate), 1),
        (lambda rate: L.GaussianNoise(rate), 1),
        (lambda rate: L.SpatialDropout1D(rate), 1),
        (lambda rate: L.MultiHeadAttention(1, 2, dropout=rate), 9),
    ],
    ids=["dropout", "noise", "spatial", "attention"],
)
def test_what_draws_nothing_has_no_seed(make: Any, count: int) -> None:
    for rate, more in ((0.0, 0), (0.3, 1)):
        layer = make(rate)
        layer(X, X) if isinstance(layer, L.MultiHeadAttention) else layer(X)
        assert len(layer.variables) == count - 1 + more
    late = make(0.0)
    if isinstance(late, L.Dropout):
        late.rate = 0.5  # draws from the seed of the program
        assert np.unique(late(np.ones((9, 9)), training=True).numpy()).tolist() == [0.0, 2.0]


def test_output_padding_is_smaller_than_strides() -> None:
    with pytest.raises(ArgumentError, match="smaller than strides"):
        L.Conv1DTranspose(2, 3, output_padding=1)
    assert L.Conv1DTranspose(2, 3, 2, output_padding=1)(X).shape == (2, 8, 2)


@pytest.mark.parametrize("policy", ["float32", "float16", "bfloat16", MIXED])
def test_ids_given_as_floats_are_not_rounded(policy: str) -> None:
    ids = np.array([[999.0], [257.0]], "float32")
    table = np.arange(1000.0)[:, None] % 256
    inputs = keras.Input((1,))
    layer = L.Embedding(1000, 1, dtype=policy)
    model = keras.Model(inputs, layer(inputs))
    model.set_weights([table])
    for found in (layer(ids), model.predict(ids, verbose=0)):
        assert np.asarray(found, "float32").ravel().tolist() == [231, 1]
    hot = L.CategoryEncoding(1000, output_mode="one_hot", dtype=policy)(ids)
    assert np.argmax(np.asarray(hot, "float32"), -1).tolist() == [999, 257]
    assert hot.dtype == ("float32" if policy == MIXED else policy)
    bins = L.Discretization([1000.0, 1001.0, 1002.0], dtype=policy)
    assert bins(np.array([1000.5, 1001.5, 999.9], "float32")).numpy().tolist() == [1, 2, 0]
