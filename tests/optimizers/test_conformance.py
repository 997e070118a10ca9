"""Generated comparisons of optimizers with installed Keras (kerasish[conformance])."""

from __future__ import annotations

import numpy as np
import pytest

import kerasish as ours
from tests.beside import keras as theirs
from tests.built_in import OPTIMIZERS_OF_OTHERS, classes

pytestmark = pytest.mark.conformance

NAMES = [c.__name__ for c in classes(ours.optimizers, *OPTIMIZERS_OF_OTHERS)]
OPTIONS = {
    "plain": {},
    "clipnorm": {"clipnorm": 0.7, "weight_decay": 0.1},
    "clipvalue": {"clipvalue": 0.3, "loss_scale_factor": 4.0},
    "global_clipnorm": {"global_clipnorm": 0.9},
    "ema": {"use_ema": True, "ema_momentum": 0.7, "ema_overwrite_frequency": 3},
    "gathered": {"gradient_accumulation_steps": 2},
    "excluded": {"weight_decay": 0.2},
    "schedule": {},
}


def trajectory(keras, name: str, kind: str) -> list[np.ndarray]:
    rng = np.random.default_rng(5)
    shapes = ((3, 4), (4,))
    weights = [
        keras.Variable(rng.normal(size=s).astype("float32"), name=n)
        for s, n in zip(shapes, ("kernel", "bias"), strict=True)
    ]
    rate = 0.05
    if kind == "schedule":
        rate = keras.optimizers.schedules.CosineDecay(0.1, 4, warmup_target=0.2, warmup_steps=2)
    optimizer = getattr(keras.optimizers, name)(rate, **OPTIONS[kind])
    if kind == "excluded":
        optimizer.exclude_from_weight_decay(var_names=["bias"])
    optimizer.build(weights)
    for _ in range(5):
        grads = [keras.ops.convert_to_tensor(rng.normal(size=s).astype("float32")) for s in shapes]
        optimizer.apply(grads, weights)
    before = [np.asarray(v) for v in weights]
    optimizer.finalize_variable_values(weights)
    return [*before, *(np.asarray(v) for v in weights)]


# Each optimizer with three of the sets of options, each set with several optimizers.
PAIRS = [
    (name, list(OPTIONS)[(i + step) % len(OPTIONS)])
    for i, name in enumerate(NAMES)
    for step in (0, 3, 5)
]


@pytest.mark.parametrize(("name", "kind"), PAIRS)
def test_five_updates(name: str, kind: str):
    pairs = zip(trajectory(ours, name, kind), trajectory(theirs, name, kind), strict=True)
    for a, b in pairs:
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-6)
