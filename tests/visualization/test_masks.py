from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import kerasish as keras
from kerasish.errors import DTypeError, ShapeError
from tests.visualization.mask_calls import results

GOLDEN = Path(__file__).parents[1] / "golden" / "masks.npz"
draw = keras.visualization.draw_segmentation_masks


def test_values_are_those_of_keras():
    found = results(keras.visualization)
    with np.load(GOLDEN) as golden:
        assert set(golden.files) == set(found)
        for name in golden.files:
            assert found[name].dtype == golden[name].dtype, name
            np.testing.assert_array_equal(found[name], golden[name], err_msg=name)


def test_masks_without_channels_and_classes_without_a_colour():
    images = np.full((1, 2, 2, 3), 10, np.uint8)
    masks = np.array([[[0, 1], [2, 3]]])
    drawn = draw(images, masks, 3, {1: (100, 0, 0)}, alpha=1.0)
    assert drawn[0, 0, 1].tolist() == [100, 0, 0]
    assert (drawn[0].reshape(4, 3)[[0, 2, 3]] == 10).all()
    np.testing.assert_array_equal(draw(images, masks[..., None], 3), draw(images, masks, 3))


def test_errors():
    images, masks = np.zeros((1, 4, 4, 3)), np.zeros((1, 4, 4), int)
    with pytest.raises(ShapeError, match="batch of images"):
        draw(images[0], masks)
    with pytest.raises(DTypeError, match="whole numbers"):
        draw(images, masks.astype(float))
    with pytest.raises(ShapeError, match="each pixel"):
        draw(images, masks[:, :3])
