"""What runs on a device mixes no host arrays into its work: ops, compiled, and a training run."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import kerasish as keras
from kerasish import registry
from kerasish.backend.base import current
from kerasish.graph.op import get
from kerasish.testing import check_compiled
from tests.backend import fake_device
from tests.backend.fake_device import DeviceArray
from tests.compiler.codegen import cuda_shim

pytestmark = pytest.mark.skipif(bool(cuda_shim.unavailable()), reason="needs g++")

OPS = ["scatter_add", "scatter_set", "gather", "conv", "conv_weight_grad", "max_pool", "unique",
       "searchsorted", "lu_factor", "scan", "switch", "dynamic_slice", "layer_norm"]  # fmt: skip
COMPOSITES = ["segment_sum", "segment_prod", "quantile", "unfold", "random_shuffle", "norm"]


@pytest.fixture(autouse=True)
def on_device() -> Iterator[None]:
    with fake_device.device():
        yield


def test_host_arrays_are_refused() -> None:
    x = current().asarray([1.0, 2.0], "float32")
    for mixed in (lambda: x + np.ones(2), lambda: np.ones(2) * x, lambda: np.asarray(x)):
        with pytest.raises(TypeError):
            mixed()
    with pytest.raises(TypeError):
        x[...] = np.ones(2)
    with pytest.raises(TypeError):
        current().xp.add(x, np.ones(2))


@pytest.mark.parametrize("name", OPS)
def test_op(name: str) -> None:
    check_compiled(get(name))


@pytest.mark.parametrize("name", [n for n in COMPOSITES if n in registry.names("composite")])
def test_composite(name: str) -> None:
    check_compiled(registry.lookup("composite", name))


def model() -> keras.Sequential:
    keras.utils.set_random_seed(3)
    layers = keras.layers
    made = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.BatchNormalization(),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(3, activation="softmax"),
        ]
    )
    made.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return made


def test_a_network_trains_as_on_the_host() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(24, 8, 8, 1)).astype("float32"), rng.integers(0, 3, 24)
    mine = model()
    assert isinstance(mine.weights[0].array, DeviceArray)
    losses = mine.fit(x, y, batch_size=8, epochs=2, verbose=0).history["loss"]
    held, keras.config.settings.backend = keras.config.settings.backend, "numpy"
    try:
        host = model().fit(x, y, batch_size=8, epochs=2, verbose=0).history["loss"]
    finally:
        keras.config.settings.backend = held
    np.testing.assert_allclose(losses, host, rtol=1e-5)
