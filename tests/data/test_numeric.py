from __future__ import annotations

import numpy as np
import pytest

from kerasish import ops
from kerasish.compiler import function
from kerasish.data import normalize, to_categorical
from kerasish.errors import ArgumentError
from kerasish.graph import Tensor
from tests.tolerances import assert_close


@pytest.mark.parametrize("labels", [[0, 2, 1], [[0], [2], [1]], np.array([0.0, 2.0, 1.0])])
def test_to_categorical(labels):
    np.testing.assert_array_equal(to_categorical(labels), np.eye(3)[[0, 2, 1]])


def test_to_categorical_keeps_the_shape():
    assert to_categorical(np.zeros((2, 3), int), 4).shape == (2, 3, 4)


@pytest.mark.parametrize("labels", [[0, 3], [-1, 0]])
def test_to_categorical_refuses_labels_out_of_range(labels):
    with pytest.raises(ArgumentError, match="from 0 to 2"):
        to_categorical(labels, 3)


@pytest.mark.parametrize("labels", [["a"], [0.5], [np.nan], [np.inf], [None], [1j], []])
def test_to_categorical_refuses_what_is_no_label(labels):
    with pytest.raises(ArgumentError, match=r"Expected: .*Received: "):
        to_categorical(labels)
    assert to_categorical([], 3).shape == (0, 3)


@pytest.mark.parametrize("order", [1, 2, np.inf])
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_normalize(order, axis):
    x = np.array([[3.0, 0.0, 4.0], [1.0, 0.0, 2.0]])
    norms = np.linalg.norm(normalize(x, axis, order), order, axis)
    assert_close(norms, (np.abs(x).sum(axis) > 0).astype(float), dtype="float64")


def test_tensors_give_tensors():
    labels = ops.convert_to_tensor([[2], [0]])
    rows = to_categorical(labels, 3)
    assert isinstance(rows, Tensor)
    assert rows.numpy().tolist() == [[0, 0, 1], [1, 0, 0]]
    traced = function(lambda x: to_categorical(x, 3))(labels)
    assert traced.numpy().tolist() == rows.numpy().tolist()
    x = np.array([[3.0, 4.0], [0.0, 0.0]], "float32")
    found = normalize(ops.convert_to_tensor(x))
    assert isinstance(found, Tensor)
    assert_close(found, normalize(x))
