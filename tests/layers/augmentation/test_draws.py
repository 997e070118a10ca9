"""What is drawn has the distributions that Keras's layers draw from, one draw for every image."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import kerasish as keras

layers = keras.layers
COUNT = 2000
IMAGES = np.zeros((COUNT, 4, 6, 3), "float32")


def drawn(layer: Any, images: np.ndarray = IMAGES) -> Any:
    return layer.get_random_transformation(images)


def uniform(values: Any, low: float, high: float, slack: float = 0.0) -> None:
    """By the bounds and the deciles; of 2000 draws these lie within 5 standard deviations."""
    found = np.asarray(values, "float64").ravel()
    assert found.size >= COUNT
    assert low - slack <= found.min()
    assert found.max() <= high + slack
    tenths = np.arange(1, 10) / 10
    wanted = low + tenths * (high - low)
    np.testing.assert_allclose(
        np.quantile(found, tenths), wanted, atol=(high - low) * 5 * 0.5 / np.sqrt(COUNT)
    )


UNIFORM: dict[str, tuple[Any, str, float, float]] = {
    "brightness": (layers.RandomBrightness((-0.2, 0.4), seed=1), "rgb_delta", -51, 102),
    "contrast": (layers.RandomContrast((0.3, 0.6), seed=1), "contrast_factor", 0.7, 1.6),
    "contrast_of_a_number": (layers.RandomContrast(0.5, seed=1), "contrast_factor", 1.0, 1.5),
    "degeneration": (layers.RandomColorDegeneration(0.5, seed=1), "factor", -0.5, 0.5),
    "sharpness": (layers.RandomSharpness(0.5, seed=1), "factor", 0.0, 0.5),
    "rotation": (layers.RandomRotation(0.1, seed=1), "angle", -36, 36),
    "zoom": (layers.RandomZoom((-0.2, 0.4), seed=1), "height_zoom", 0.8, 1.4),
    "hue": (layers.RandomHue(0.4, seed=1), "factor", -0.2, 0.2),
    "solarization": (layers.Solarization(0.5, 0.2, seed=1), "additions", 0, 127.5),
    "threshold": (layers.Solarization(0.5, 0.2, seed=1), "thresholds", 0, 51),
}


@pytest.mark.parametrize("name", UNIFORM)
def test_uniform(name: str) -> None:
    layer, key, low, high = UNIFORM[name]
    uniform(drawn(layer)[key], low, high)


def test_zooms_keep_the_ratio_or_not() -> None:
    one = drawn(layers.RandomZoom(0.2, seed=1))
    np.testing.assert_array_equal(one["height_zoom"], one["width_zoom"])
    two = drawn(layers.RandomZoom(0.2, 0.3, seed=1))
    uniform(two["width_zoom"], 0.7, 1.3)
    assert abs(np.corrcoef(two["height_zoom"][:, 0], two["width_zoom"][:, 0])[0, 1]) < 0.1


def test_moves() -> None:
    moves = drawn(layers.RandomTranslation(0.5, (0.0, 0.5), seed=1))["translations"].numpy()
    uniform(moves[:, 0], 0, 3)  # in columns, of 6
    uniform(moves[:, 1], -2, 2)  # in rows, of 4


def test_shears_of_one_sign() -> None:
    shears = drawn(layers.RandomShear((0.2, 0.4), (0.1, 0.3), seed=1))["shear_factor"].numpy()
    assert (np.sign(shears[:, 0]) == np.sign(shears[:, 1])).all()
    uniform(abs(shears[:, 0]), 0.2, 0.4)
    uniform(abs(shears[:, 1]), 0.1, 0.3)
    assert 0.44 < (shears[:, 0] > 0).mean() < 0.56


def test_saturations() -> None:
    scale = drawn(layers.RandomSaturation((0.2, 0.6), seed=1))["factor"].numpy()
    uniform(scale / (1 + scale), 0.2, 0.6)


CHANCES: dict[str, tuple[Any, str, float]] = {
    "flip": (layers.RandomFlip(seed=1), "flips", 0.5),
    "invert": (layers.RandomInvert((0.2, 0.4), seed=1), "apply_inversion", 0.3),
    "erasing": (layers.RandomErasing(seed=1), "apply_erasing", 0.5),  # 1.0 means from 0 to 1
    "blur": (layers.RandomGaussianBlur((1.0, 1.0), seed=1), "should_apply_blur", 1.0),
    "perspective": (layers.RandomPerspective(0.4, seed=1), "apply_perspective", 0.2),
    "elastic": (layers.RandomElasticTransform((0.5, 0.5), seed=1), "apply_transform", 0.5),
}


@pytest.mark.parametrize("name", CHANCES)
def test_chances(name: str) -> None:
    layer, key, chance = CHANCES[name]
    assert abs(np.asarray(drawn(layer)[key]).mean() - chance) <= 5 * 0.5 / np.sqrt(COUNT)
    assert abs(drawn(layers.RandomGrayscale(0.3, seed=1)).numpy().mean() - 0.3) < 0.06


def test_bits() -> None:
    shifts = 8 - drawn(layers.RandomPosterization((3, 6), seed=1))["shift_factor"].numpy()
    values, counts = np.unique(shifts, return_counts=True)
    assert values.tolist() == [3, 4, 5]
    assert (abs(counts / COUNT - 1 / 3) < 0.06).all()
    assert set(np.unique(drawn(layers.RandomPosterization((5, 5)))["shift_factor"])) == {3}


def test_corners() -> None:
    found = drawn(layers.RandomPerspective(scale=0.4, seed=1))
    start, end = found["start_points"].numpy(), found["end_points"].numpy()
    np.testing.assert_array_equal(start[5], [[0, 0], [5, 0], [0, 3], [5, 3]])
    uniform(end[:, 3, 0] / 5, 0.8, 1.2)
    np.testing.assert_array_equal(end[:, 0], 0)  # moves are parts of the place


def test_windows() -> None:
    """Of erased images: sides are roots of numbers drawn, wherever they fit."""
    images = np.zeros((COUNT, 100, 100, 1), "float32")
    layer = layers.RandomErasing(scale=(0.04, 0.36), seed=1)
    inside = drawn(layer, images)["batch_masks"].numpy()[..., 0]
    tall = inside.any(axis=2).sum(axis=1)
    uniform((tall / 100) ** 2, 0.04, 0.36, slack=0.02)  # in whole pixels
    top = inside.any(axis=2).argmax(axis=1)
    uniform(top / (100 - tall), 0.0, 1.0, slack=0.03)


def test_mixtures() -> None:
    found = drawn(layers.MixUp(0.5, seed=1))
    order = found["permutation_order"].numpy()
    assert sorted(order) == list(range(COUNT))
    weight = found["mix_weight"].numpy()
    assert abs(weight.mean() - 0.5) < 0.05
    assert abs(weight.var() - 1 / (4 * 2)) < 0.02  # of beta(1/2, 1/2)
    cut = drawn(layers.CutMix(seed=1), np.zeros((COUNT, 50, 50, 1), "float32"))
    shares = cut["batch_masks"].numpy().mean(axis=(1, 2, 3))
    np.testing.assert_allclose(1 - cut["mix_weight"].numpy().ravel(), shares, atol=0.05)


def test_crops_are_one_for_the_batch_and_even() -> None:
    layer = layers.RandomCrop(2, 3, seed=1)
    places = [tuple(map(int, drawn(layer, IMAGES[:2])[:2])) for _ in range(600)]
    found, counts = np.unique(places, axis=0, return_counts=True)
    assert found.tolist() == [[i, j] for i in range(3) for j in range(4)]
    assert (abs(counts / 600 - 1 / 12) < 0.06).all()


def test_layers_are_drawn_evenly() -> None:
    layer = layers.RandAugment(num_ops=3, seed=1)
    small = IMAGES[:1]
    chosen = np.concatenate([drawn(layer, small)["layer_idxes"].numpy() for _ in range(200)])
    values, counts = np.unique(chosen, return_counts=True)
    assert values.tolist() == list(range(11))
    assert (abs(counts / 600 - 1 / 11) < 0.06).all()
    chains = drawn(layers.AugMix(num_chains=4, seed=1), small)
    assert float(chains["chain_mixing_weights"].numpy().sum()) == pytest.approx(1)
    assert 0 <= float(chains["weight_sample"]) <= 1
