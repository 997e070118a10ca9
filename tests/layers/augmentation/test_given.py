"""What was drawn being given, images, masks, labels and boxes become what Keras makes of them."""

from __future__ import annotations

import functools

import numpy as np
import pytest

import kerasish as keras
from tests.golden import image_cases as cases
from tests.golden_values import FOLDER


@functools.cache
def recorded() -> dict[str, np.ndarray]:
    with np.load(FOLDER / "image_layers.npz", allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def expected(label: str) -> dict[str, np.ndarray]:
    return {n.split("/", 1)[1]: v for n, v in recorded().items() if n.split("/", 1)[0] == label}


def check(found: dict[str, np.ndarray], wanted: dict[str, np.ndarray]) -> None:
    assert wanted
    for key, value in wanted.items():
        # Keras computes in float32 as well, in another order; places of pixels add up to hundreds.
        np.testing.assert_allclose(found[key], value, rtol=1e-4, atol=2e-3, err_msg=key)


@pytest.mark.parametrize("label", cases.GIVEN)
def test_given(label: str) -> None:
    check(cases.changed(keras, label), expected(label))


def test_boxes() -> None:
    check(cases.box_functions(keras), expected("boxes"))
