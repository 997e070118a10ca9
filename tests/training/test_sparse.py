"""Sparse matrices train, validate and predict as the arrays that they stand for."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

import kerasish as keras
from kerasish.errors import DataError
from kerasish.sparse import SparseRows

RNG = np.random.default_rng(3)
X = RNG.random((60, 20)) * (RNG.random((60, 20)) < 0.2)
Y = (X.sum(-1, keepdims=True) > X.sum(-1).mean()).astype("float64")
FORMATS = "csr_matrix csc_matrix coo_matrix csr_array csc_array coo_array dok_matrix".split()


def model(loss="binary_crossentropy"):
    keras.utils.set_random_seed(1)
    made = keras.Sequential(
        [keras.Input((20,)), keras.layers.Dense(4), keras.layers.Dense(1, "sigmoid")]
    )
    made.compile("adam", loss, metrics=["mae"])
    return made


def history(x, y, **options):
    return model().fit(x, y, batch_size=16, verbose=0, **options).history


@pytest.mark.parametrize("name", FORMATS)
def test_as_arrays_do(name):
    x = getattr(sp, name)(X)
    options = {"epochs": 3, "validation_split": 0.25, "steps_per_epoch": 1}
    assert history(x, Y, **options) == history(X, Y, **options)
    validation = {"epochs": 2, "validation_data": (x, Y)}
    assert history(x, Y, **validation) == history(X, Y, epochs=2, validation_data=(X, Y))
    one = model()
    assert one.evaluate(x, Y, verbose=0) == one.evaluate(X, Y, verbose=0)
    np.testing.assert_array_equal(one.predict(x, verbose=0), one.predict(X, verbose=0))


def test_targets_weights_and_dicts():
    weights = {0: 1.0, 1: 3.0}
    given = history(sp.csr_array(X), sp.csr_array(Y), class_weight=weights)
    assert given == history(X, Y, class_weight=weights)
    given = history(sp.csr_array(X), Y, sample_weight=sp.csr_array(Y))
    assert given == history(X, Y, sample_weight=Y)
    a = keras.Input((20,), name="a")
    two = keras.Model({"a": a}, keras.layers.Dense(1)(a))
    np.testing.assert_array_equal(
        two.predict({"a": sp.csc_matrix(X)}, verbose=0), two.predict({"a": X}, verbose=0)
    )


def test_targets_are_checked_piece_by_piece(monkeypatch):
    monkeypatch.setattr("kerasish.sparse.PIECE_BYTES", 80)
    wrong = Y.copy()
    wrong[25] = 3
    with pytest.raises(DataError, match=r"rows from 20 on.*3.0 at index \(5, 0\)"):
        history(X, sp.csr_array(wrong))


def test_the_whole_is_never_made_dense(monkeypatch):
    largest = []
    dense = SparseRows.take, SparseRows.__getitem__
    for name, made in zip(("take", "__getitem__"), dense, strict=True):

        def counted(self, *args, made=made):
            found = made(self, *args)
            largest.append(len(found))
            return found

        monkeypatch.setattr(SparseRows, name, counted)
    whole = sp.csr_array(X)
    monkeypatch.setattr(type(whole), "toarray", _small(type(whole).toarray))
    history(whole, Y, validation_split=0.5, epochs=2)
    model().predict(whole, batch_size=16, verbose=0)
    assert max(largest) == 16


def _small(toarray):
    def checked(self, *args, **options):
        assert self.shape[0] <= 16
        return toarray(self, *args, **options)

    return checked


def test_resumed_in_the_middle_of_an_epoch(tmp_path):
    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if self.model.fit_state.epoch == 1 and batch == 1:
                raise KeyboardInterrupt

    def backup():
        return keras.callbacks.BackupAndRestore(tmp_path / "b", save_freq=1)

    x = sp.csr_matrix(X)
    with pytest.raises(KeyboardInterrupt):
        history(x, Y, epochs=3, callbacks=[backup(), Stop()])
    assert history(x, Y, epochs=3, callbacks=[backup()]) == history(X, Y, epochs=3)


def test_batches_and_layers():
    one = model()
    np.testing.assert_array_equal(one.predict_on_batch(sp.csr_array(X)), one.predict_on_batch(X))
    np.testing.assert_array_equal(one(sp.csr_array(X)), one(X))
    found, wanted = keras.layers.Normalization(), keras.layers.Normalization()
    found.adapt(sp.csc_array(X))
    wanted.adapt(X)
    np.testing.assert_allclose(found.mean, wanted.mean, rtol=1e-6)
