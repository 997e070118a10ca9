"""Cross-entropies beyond the comparison with Keras: extremes, labels that are no class, shapes."""

from __future__ import annotations

import numpy as np
import pytest

from kerasish import ops
from kerasish.errors import ShapeError
from kerasish.graph import grad
from kerasish.ops.nn.crossentropy import (
    softmax_cross_entropy_grad,
    sparse_softmax_cross_entropy_grad,
)
from kerasish.ops.symbol import KerasTensor
from kerasish.testing import check_op
from tests.tolerances import assert_close

RNG = np.random.default_rng(9)
LOGITS = RNG.normal(size=(6, 5))
LABELS = RNG.integers(0, 5, 6).astype(np.int32)
ONE_HOT = np.eye(5)[LABELS]


@pytest.mark.parametrize("op", [softmax_cross_entropy_grad, sparse_softmax_cross_entropy_grad])
def test_gradient_ops(op):
    check_op(op)


def test_the_forms_agree():
    expected = -np.log(np.exp(LOGITS)[np.arange(6), LABELS] / np.exp(LOGITS).sum(-1))
    p = ops.softmax(LOGITS)
    for found in (
        ops.categorical_crossentropy(ONE_HOT, LOGITS, from_logits=True),
        ops.sparse_categorical_crossentropy(LABELS, LOGITS, from_logits=True),
        ops.categorical_crossentropy(ONE_HOT, p),
        ops.sparse_categorical_crossentropy(LABELS, p),
    ):
        assert_close(found, expected, dtype="float64")


def test_the_gradient_on_logits_is_softmax_minus_target():
    def total(z):
        return ops.sum(ops.sparse_categorical_crossentropy(LABELS, z, from_logits=True))

    assert_close(grad(total)(LOGITS), ops.softmax(LOGITS).numpy() - ONE_HOT, dtype="float64")


def test_huge_logits_stay_finite():
    z = np.array([[1e4, -1e4, 0.0], [-3e4, 3e4, 0.0]], np.float32)
    y = np.array([1, 1], np.int32)
    loss = ops.sparse_categorical_crossentropy(y, z, from_logits=True).numpy()
    np.testing.assert_allclose(loss, [2e4, 0])
    binary = ops.binary_crossentropy(np.ones(2, np.float32), z[:, 0], from_logits=True).numpy()
    np.testing.assert_allclose(binary, [0, 3e4])


def test_a_label_that_is_no_class_has_no_loss_and_no_gradient():
    labels = np.array([-1, 5, 2, 0, 0, 0], np.int32)

    def losses(z):
        return ops.sparse_categorical_crossentropy(labels, z, from_logits=True)

    assert losses(LOGITS).numpy()[:2].tolist() == [0, 0]
    assert not grad(lambda z: ops.sum(losses(z)))(LOGITS).numpy()[:2].any()


def test_probabilities_are_clipped_at_epsilon():
    p = np.array([[1.0, 0.0]], np.float32)
    loss = ops.categorical_crossentropy(np.array([[0.0, 1.0]], np.float32), p).numpy()
    np.testing.assert_allclose(loss, -np.log(1e-7), rtol=1e-5)


def test_wide_integer_labels_and_a_last_axis_of_one():
    for labels in (LABELS.astype(np.int64), LABELS.astype(np.uint8), LABELS[:, None]):
        found = ops.sparse_categorical_crossentropy(labels, LOGITS, from_logits=True)
        expected = ops.sparse_categorical_crossentropy(LABELS, LOGITS, from_logits=True)
        assert_close(found, expected)


@pytest.mark.parametrize(
    "call",
    [
        lambda: ops.categorical_crossentropy(ONE_HOT[:, :4], LOGITS),
        lambda: ops.categorical_crossentropy(ONE_HOT[:1], LOGITS),
        lambda: ops.categorical_crossentropy(1.0, 1.0),
        lambda: ops.sparse_categorical_crossentropy(LABELS[:5], LOGITS),
        lambda: ops.sparse_categorical_crossentropy(ONE_HOT, LOGITS),
        lambda: ops.binary_crossentropy(np.ones((6, 1)), LOGITS),
    ],
)
def test_shapes_that_do_not_fit_are_refused(call):
    with pytest.raises(ShapeError, match="Expected"):
        call()


def test_unknown_batches():
    y, z = KerasTensor((None, 5)), KerasTensor((None, 5))
    assert ops.categorical_crossentropy(y, z).shape == (None,)
    assert ops.sparse_categorical_crossentropy(KerasTensor((None, 1), "int32"), z).shape == (None,)
