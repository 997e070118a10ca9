"""Gradients where a root is taken of nothing, and of determinants that vanish."""

from __future__ import annotations

import numpy as np
import pytest

import kerasish as keras
from kerasish import ops

ROOTS = {
    "norm": ops.norm,
    "norm of rows": lambda x: ops.sum(ops.norm(x, axis=-1)),
    "norm of order 3": lambda x: ops.sum(ops.norm(x, ord=3, axis=0)),
    "norm of order 1.5": lambda x: ops.sum(ops.norm(x, ord=1.5, axis=0)),
    "Frobenius": lambda x: ops.norm(x, ord="fro"),
    "nuclear": lambda x: ops.norm(x, ord="nuc"),
    "spectral": lambda x: ops.norm(x, ord=2),
    "std": ops.std,
    "std over an axis": lambda x: ops.sum(ops.std(x, axis=0)),
    "nanstd": lambda x: ops.nanstd(x),
    "normalize": lambda x: ops.sum(ops.normalize(x)),
    "normalize, order 1": lambda x: ops.sum(ops.normalize(x, order=1)),
    "normalize, order 3": lambda x: ops.sum(ops.normalize(x, order=3)),
    "hypot": lambda x: ops.sum(ops.hypot(x, x)),
    "cdist": lambda x: ops.sum(ops.cdist(x, x)),
    "UnitNormalization": lambda x: ops.sum(keras.layers.UnitNormalization()(x)),
    "CosineSimilarity": lambda x: keras.losses.CosineSimilarity()(x, x),
    "abs of complex": lambda x: ops.sum(ops.absolute(ops.cast(x, "complex64"))),
}


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("name", ROOTS)
def test_the_gradient_at_zero_is_finite(name: str, compiled: bool) -> None:
    gradient = keras.grad(ROOTS[name])
    gradient = keras.function(gradient) if compiled else gradient
    assert np.isfinite(gradient(np.zeros((3, 3), "float32"))).all()


def test_roots_stay_what_they_were() -> None:
    x = np.array([[3.0, 4.0], [0.0, 0.0], [np.nan, 1.0], [np.inf, 1.0]], "float32")
    np.testing.assert_array_equal(ops.norm(x, axis=1), [5, 0, np.nan, np.inf])
    np.testing.assert_allclose(
        keras.grad(lambda t: ops.sum(ops.norm(t, axis=1)))(x[:2]), [[0.6, 0.8], [0, 0]], rtol=1e-6
    )


SINGULAR = np.array(
    [[[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [1.0, 0.0, 5.0]], [[0.0] * 3, [1, 2, 3], [0.0] * 3]]
)


def cofactors(x: np.ndarray) -> np.ndarray:
    n = len(x)
    return np.array(
        [
            [(-1) ** (i + j) * np.linalg.det(np.delete(np.delete(x, i, 0), j, 1)) for j in range(n)]
            for i in range(n)
        ]
    )


def test_the_gradient_of_det_at_singular_matrices() -> None:
    found = keras.grad(lambda x: ops.sum(ops.det(x)))(SINGULAR)
    np.testing.assert_allclose(found, [cofactors(x) for x in SINGULAR], atol=1e-12)
    assert not np.asarray(keras.grad(ops.det)(np.zeros((3, 3)))).any()
    np.testing.assert_array_equal(keras.grad(ops.det)(np.zeros((1, 1))), [[1.0]])


def test_the_second_gradient_of_det_at_singular_matrices() -> None:
    x = SINGULAR[0]
    found = np.asarray(keras.hessian(ops.det)(x)).reshape(9, 9)
    step, numeric = 1e-6, np.zeros((9, 9))
    for k in range(9):
        move = np.zeros(9)
        move[k] = step
        move = move.reshape(3, 3)
        numeric[k] = ((cofactors(x + move) - cofactors(x - move)) / (2 * step)).ravel()
    np.testing.assert_allclose(found, numeric, atol=1e-8)
