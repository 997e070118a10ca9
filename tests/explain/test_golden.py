"""Explanations against Captum 0.9 and shap, as `scripts/make_explain_golden.py` recorded them.

What is compared is what both sides define alike:

- LRP-epsilon with biases: both count a bias into the sum that is shared and let it keep its part.
  Captum moves sums by epsilon in the direction of their sign, as here.
- LRP-gamma without biases only: Captum raises positive biases by 1 + gamma and counts them into the
  sum; here a bias takes its part first, and gamma is a rule of the weights alone.
- Grad-CAM up to the number of positions: Captum takes the mean gradient of a map, as the paper
  does; here it is the sum, which makes it the class activation map of a network with global
  average pooling.
- Integrated gradients by the same 50 points of Gauss and Legendre; here more are taken where the
  sum lacks more than `tolerance`, which is turned off.
- DeepLIFT with average pooling: with max pooling the values of Captum 0.9 do not add up to the
  difference (here to -12.2, 7.8 and 12.5 instead of -10.1, 5.4 and 16.4), as these do.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish import explain, layers
from tests.golden_values import FOLDER

TARGETS = np.array([2, 0, 1])


@functools.cache
def recorded(network: str) -> dict[str, np.ndarray]:
    """What was recorded of a network, by method."""
    with np.load(FOLDER / "explain.npz", allow_pickle=False) as file:
        return {
            name.removeprefix(f"{network}/"): file[name]
            for name in file.files
            if name.startswith(f"{network}/")
        }


def table() -> list[Any]:
    return [
        keras.Input((5,)),
        layers.Dense(8, "relu"),
        layers.Dense(6, "tanh"),
        layers.Dense(3),
    ]


def image(bias: bool = True, smooth: bool = False) -> list[Any]:
    return [
        keras.Input((8, 8, 3)),
        layers.Conv2D(4, 3, padding="same", activation="relu", use_bias=bias),
        layers.AveragePooling2D(2) if smooth else layers.MaxPooling2D(2),
        layers.Conv2D(5, 3, activation="relu", use_bias=bias),
        layers.Flatten(),
        layers.Dense(3, use_bias=bias),
    ]


NETWORKS = {
    "table": table,
    "image": image,
    "smooth": lambda: image(smooth=True),
    "bare": lambda: image(bias=False),
}


def twin(network: str) -> tuple[Any, np.ndarray, dict[str, np.ndarray]]:
    """(the network in kerasish, its input, what was recorded of it)."""
    found = recorded(network)
    model = keras.Sequential(NETWORKS[network]())
    model.set_weights([found[f"weights/{i}"] for i in range(len(model.weights))])
    return model, found["x"], found


def baseline(found: dict[str, np.ndarray]) -> np.ndarray | None:
    """What stands for no input, a row."""
    return found["background"][:1] if "background" in found else found.get("baseline")


METHODS = {
    "saliency": lambda model, x, base: explain.saliency(model, x, TARGETS),
    "gradient_x_input": lambda model, x, base: explain.gradient_x_input(model, x, TARGETS),
    "integrated_gradients": lambda model, x, base: explain.integrated_gradients(
        model, x, TARGETS, baseline=base, steps=50, tolerance=None
    ),
}


def deeplift(model, x, base):
    return explain.deeplift(model, x, TARGETS, baseline=base)


CASES = {
    **{f"table/{name}": method for name, method in METHODS.items()},
    **{f"image/{name}": method for name, method in METHODS.items()},
    "table/deeplift": deeplift,
    "smooth/deeplift": deeplift,
    "table/occlusion": lambda model, x, base: explain.occlusion(model, x, TARGETS, baseline=base),
    "image/occlusion": lambda model, x, base: explain.occlusion(
        model, x, TARGETS, window=(3, 4), stride=(2, 3), baseline=0.25
    ),
    "table/lrp_epsilon": lambda model, x, base: explain.lrp(model, x, TARGETS, epsilon=0.1),
    "image/lrp_epsilon": lambda model, x, base: explain.lrp(model, x, TARGETS, epsilon=1e-6),
    "bare/lrp_epsilon": lambda model, x, base: explain.lrp(model, x, TARGETS, epsilon=1e-6),
    "bare/lrp_gamma": lambda model, x, base: explain.lrp(
        model, x, TARGETS, rule="gamma", gamma=0.25, epsilon=0.0
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_as_captum(case: str) -> None:
    network, name = case.split("/")
    model, x, found = twin(network)
    values = CASES[case](model, x, baseline(found)).values
    expected = found[name]
    np.testing.assert_allclose(values, expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())


def test_grad_cam_as_captum_times_the_number_of_positions() -> None:
    model, x, found = twin("image")
    (layer,) = explain.grad_cam(model, x, TARGETS, layer="conv2d_1").layers.values()
    np.testing.assert_allclose(layer, found["grad_cam"] * 4, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", ["shap_exact", "shap_kernel"])
def test_shapley_values_as_shap(name: str) -> None:
    model, x, found = twin("table")
    values = explain.shapley(model, x, TARGETS, background=found["background"]).values
    np.testing.assert_allclose(values, found[name], rtol=1e-3, atol=1e-4)
