"""Files, predictions, gradients and training runs of Keras itself, from its three formats.

`tests/golden/` is written by `scripts/make_golden.py`. A second set, where the environment has
one, lies beside the data of KERASISH_DATA.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

import kerasish as keras
from kerasish import saving, tree
from tests.tolerances import assert_close

OWN = Path(__file__).resolve().parents[1] / "golden"
SHARED = Path(os.environ.get("KERASISH_DATA", "")).parent / "golden"
TRAINED = ["mlp", "cnn", "rnn", "transformer"]
FOLDERS = [OWN / name for name in [*TRAINED, "nested"]] + [
    pytest.param(
        SHARED / name,
        id=f"shared-{name}",
        marks=pytest.mark.skipif(
            not (SHARED / name).is_dir(), reason="KERASISH_DATA has no golden files beside it"
        ),
    )
    for name in TRAINED
]
HISTORY = 1e-4  # of a loss that six steps have shaped, relative


def named(value):
    return getattr(value, "name", None)


folders = pytest.mark.parametrize("folder", FOLDERS, ids=named)
trained = pytest.mark.parametrize("folder", [f for f in FOLDERS if named(f) != "nested"], ids=named)
formats = pytest.mark.parametrize("format", ["model.keras", "model.h5"])


class Golden:
    """What Keras recorded for one model."""

    def __init__(self, folder):
        self.folder = folder
        self.data = np.load(folder / "golden.npz")

    def all(self, letter):
        """The arrays letter0, letter1, ..."""
        count = sum(k.removeprefix(letter).isdigit() for k in self.data if k.startswith(letter))
        return [self.data[f"{letter}{i}"] for i in range(count)]

    @property
    def x(self):
        found = self.all("x")
        return found[0] if len(found) == 1 else dict(zip("abc", found, strict=True))

    def load(self, name, **kwargs):
        return saving.load_model(self.folder / name, **kwargs)


def assert_all_close(found, expected, kind="value"):
    found = [np.asarray(f) for f in found]
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert_close(one, other, kind)


@folders
@formats
def test_weights_and_predictions(folder, format):
    golden = Golden(folder)
    model = golden.load(format, compile=False)
    for found, expected in zip(model.get_weights(), golden.all("w"), strict=True):
        np.testing.assert_array_equal(found, expected)
    assert_all_close(tree.flatten(model.predict(golden.x, verbose=0)), golden.all("out"))


@folders
def test_weights_alone(folder):
    golden = Golden(folder)
    model = keras.models.clone_model(golden.load("model.keras", compile=False))
    model.load_weights(folder / "before.weights.h5")
    for found, expected in zip(model.get_weights(), golden.all("w"), strict=True):
        np.testing.assert_array_equal(found, expected)
    assert_all_close(tree.flatten(model.predict(golden.x, verbose=0)), golden.all("out"))


@trained
def test_loss_and_gradients_in_training_mode(folder):
    golden = Golden(folder)
    model, y = golden.load("model.keras"), golden.data["y0"]
    with keras.GradientTape() as tape:
        loss = model.compute_loss(golden.x, y, model(golden.x, training=True))
    gradients = tape.gradient(loss, model.trainable_weights)
    assert_close(np.asarray(loss), golden.data["loss0"])
    assert_all_close(gradients, golden.all("grad"), "first_gradient")


@trained
@formats
def test_six_steps_of_training(folder, format):
    golden = Golden(folder)
    model, x = golden.load(format), golden.x
    steps = {"epochs": 6, "batch_size": len(x), "shuffle": False, "verbose": 0}
    history = model.fit(x, golden.data["y0"], **steps).history["loss"]
    np.testing.assert_allclose(history, golden.data["hist"], rtol=HISTORY)
    assert_all_close(model.get_weights(), golden.all("v"), "trajectory")
    assert_all_close([model.predict(x, verbose=0)], golden.all("after"), "trajectory")


@pytest.mark.parametrize("folder", [OWN / name for name in TRAINED], ids=named)
def test_the_state_of_the_optimizer(folder):
    """What Keras saved after six steps is what six steps make here, slot by slot."""
    golden = Golden(folder)
    after, model, x = golden.load("after.keras"), golden.load("model.keras"), golden.x
    assert int(after.optimizer.iterations.numpy()) == 6
    for found, expected in zip(after.get_weights(), golden.all("v"), strict=True):
        np.testing.assert_array_equal(found, expected)
    steps = {"epochs": 6, "batch_size": len(x), "shuffle": False, "verbose": 0}
    model.fit(x, golden.data["y0"], **steps)
    slots = [v.numpy() for v in after.optimizer.variables]
    assert_all_close([v.numpy() for v in model.optimizer.variables], slots, "trajectory")


@folders
@formats
def test_saved_again_and_loaded_again(folder, format, tmp_path):
    golden = Golden(folder)
    model = golden.load(format)
    for name in ("again.h5", "again.keras"):
        model.save(tmp_path / name)
        again = saving.load_model(tmp_path / name)
        assert again.get_config() == model.get_config()
        assert again.optimizer.get_config() == model.optimizer.get_config()
        for found, expected in zip(again.get_weights(), golden.all("w"), strict=True):
            np.testing.assert_array_equal(found, expected)
