"""Merging layers and masks: what a mask leaves out takes no part."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import kerasish as keras

layers = keras.layers
A = np.array([[[0.0, 1.0], [-3.0, 2.0], [0.0, 0.0], [4.0, -1.0]]], "float32")
B = np.array([[[-3.0, -5.0], [0.0, 7.0], [0.0, 1.0], [5.0, 6.0]]], "float32")
MASK_A = np.array([[False, True, False, True]])
MASK_B = np.array([[True, False, False, True]])


def masked(values: np.ndarray, mask: np.ndarray | None) -> Any:
    x = keras.ops.convert_to_tensor(values)
    x.mask = None if mask is None else keras.ops.convert_to_tensor(mask)
    return x


# Keras 3.15's values.
BOTH = {
    "Maximum": [[-3, -5], [-3, 2], [0, 1], [5, 6]],
    "Minimum": [[-3, -5], [-3, 2], [0, 0], [4, -1]],
    "Multiply": [[-3, -5], [-3, 2], [0, 0], [20, -6]],
}
FIRST = {
    "Maximum": [[-3, -5], [0, 7], [0, 1], [5, 6]],
    "Minimum": [[-3, -5], [-3, 2], [0, 1], [4, -1]],
    "Multiply": [[-3, -5], [0, 14], [0, 1], [20, -6]],
}


@pytest.mark.parametrize("name", ["Maximum", "Minimum", "Multiply"])
def test_masked_steps_do_not_decide(name: str) -> None:
    layer = getattr(layers, name)()
    y = layer([masked(A, MASK_A), masked(B, MASK_B)])
    counted = (MASK_A | MASK_B)[0]
    np.testing.assert_array_equal(y[0][counted], np.array(BOTH[name])[counted])
    np.testing.assert_array_equal(y.mask, MASK_A | MASK_B)
    z = layer([masked(A, MASK_A), masked(B, None)])
    np.testing.assert_array_equal(z[0], FIRST[name])
    assert z.mask is None


def test_a_product_of_what_is_masked_everywhere_is_zero() -> None:
    y = layers.Multiply()([masked(A + 2, MASK_A), masked(B + 2, MASK_B)])
    np.testing.assert_array_equal(y[0, 2], 0)


def test_three_inputs_and_wider_ones() -> None:
    y = layers.Maximum()([masked(A, MASK_A), masked(B, MASK_B), masked(A - 9, MASK_A)])
    np.testing.assert_array_equal(y[0, 0], B[0, 0])
    first_masked = [masked(A, MASK_A), masked(B + 9, MASK_B), masked(B, MASK_B)]
    np.testing.assert_array_equal(layers.Maximum()(first_masked)[0, 0], B[0, 0] + 9)
    wide = np.stack([A, A], -1)
    z = layers.Minimum()([masked(wide, MASK_A), masked(wide + 1, MASK_B)])
    np.testing.assert_array_equal(z[0, 0], wide[0, 0] + 1)


def test_sums_take_masked_values_as_they_are() -> None:
    y = layers.Add()([masked(A, MASK_A), masked(B, MASK_B)])
    np.testing.assert_array_equal(y, A + B)


def test_joined_inputs_without_a_mask_count() -> None:
    layer = layers.Concatenate(axis=1)
    y = layer([masked(A, MASK_A), masked(B, None)])
    np.testing.assert_array_equal(y.mask, [[*MASK_A[0], *[True] * 4]])
    assert layer([masked(A, None), masked(B, None)]).mask is None
    last = layers.Concatenate()([masked(A, MASK_A), masked(B, MASK_B)])
    np.testing.assert_array_equal(last.mask, MASK_A | MASK_B)
