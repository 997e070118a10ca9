"""The results of all batches together, in Keras's way: joined along the first axis."""

import numpy as np
import pytest

import kerasish as keras

X = np.arange(24.0, dtype="float32").reshape(8, 3)


class Statistics(keras.Model):
    def call(self, inputs):
        return {
            "rows": inputs * 2,
            "mean": keras.ops.mean(inputs, axis=0),
            "square": keras.ops.matmul(keras.ops.transpose(inputs), inputs),
        }


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 8, 9])
def test_outputs_without_a_batch_axis(size: int):
    found = Statistics().predict(X, batch_size=size, verbose=0)
    parts = [X[i : i + size] for i in range(0, 8, size)]
    np.testing.assert_array_equal(found["rows"], X * 2)
    np.testing.assert_allclose(found["mean"], np.concatenate([p.mean(0) for p in parts]))
    np.testing.assert_allclose(found["square"], np.concatenate([p.T @ p for p in parts]))


def test_batches_from_a_generator():
    found = Statistics().predict((X[i : i + 3] for i in range(0, 8, 3)), verbose=0)
    np.testing.assert_array_equal(found["rows"], X * 2)
    assert found["mean"].shape == (9,)


def test_scalars_are_one_per_batch():
    class Total(keras.Model):
        def call(self, inputs):
            return keras.ops.sum(inputs)

    np.testing.assert_allclose(
        Total().predict(X, batch_size=4, verbose=0, callbacks=[]), [X[:4].sum(), X[4:].sum()]
    )


def test_batches_must_give_the_same_outputs():
    class Odd(keras.Model):
        def call(self, inputs):
            return [inputs] * inputs.shape[0]

    with pytest.raises(ValueError, match="zip"):
        Odd().predict(X[:5], batch_size=3, verbose=0)
