"""Misspelt names and arguments get the nearest ones."""

from __future__ import annotations

import pytest

import kerasish as keras
from kerasish.errors import ArgumentError
from kerasish.hints import hinted

SPACES = {
    "activations": ("reluu", "relu"), "callbacks": ("EarlyStoping", "EarlyStopping"),
    "constraints": ("MaxNrom", "MaxNorm"), "datasets": ("minst", "mnist"),
    "initializers": ("Zeroes", "Zeros"), "layers": ("Dens", "Dense"),
    "losses": ("MeanSquareError", "MeanSquaredError"), "metrics": ("Acuracy", "Accuracy"),
    "optimizers": ("Addam", "Adam"), "regularizers": ("L22", "L2"),
    "ops": ("sofmax", "softmax"), "saving": ("load_modl", "load_model"),
    "utils": ("to_catagorical", "to_categorical"),
}  # fmt: skip


@pytest.mark.parametrize("space", SPACES)
def test_names_of_namespaces(space: str) -> None:
    wrong, right = SPACES[space]
    with pytest.raises(AttributeError, match=f"Did you mean '{right}'"):
        getattr(getattr(keras, space), wrong)


def test_names_of_the_package() -> None:
    with pytest.raises(AttributeError, match="'Sequential'"):
        _ = keras.Sequental
    assert not hasattr(keras.layers, "__wrapped__")


@pytest.mark.parametrize(
    ("make", "right"),
    [
        (lambda: keras.optimizers.Adam(learningrate=0.1), "learning_rate"),
        (lambda: keras.optimizers.SGD(lr=0.1), "learning_rate"),
        (lambda: keras.losses.Huber(dellta=1), "delta"),
        (lambda: keras.metrics.TopKCategoricalAccuracy(K=3), "k"),
        (lambda: keras.callbacks.EarlyStopping(patiense=3), "patience"),
        (lambda: keras.initializers.RandomNormal(stdev=3), "stddev"),
        (lambda: keras.regularizers.L2(l3=3), "l2"),
        (lambda: keras.constraints.MaxNorm(max_valu=3), "max_value"),
        (lambda: keras.layers.Dense(2, activaton="relu"), "activation"),
        (lambda: keras.optimizers.schedules.ExponentialDecay(0.1, 1, decayrate=0.9), "decay_rate"),
    ],
)
def test_arguments(make, right: str) -> None:
    with pytest.raises(ArgumentError, match=right):
        make()


def test_a_subclass_that_takes_more_is_left_alone() -> None:
    class Own(keras.losses.Loss):
        def __init__(self, **kwargs) -> None:
            self.more = kwargs.pop("more")
            super().__init__(**kwargs)

    class Strict(keras.losses.Loss):
        def __init__(self, weight=1, name=None) -> None:
            super().__init__(name=name)

    assert Own(more=3, name="own").more == 3
    with pytest.raises(ArgumentError, match="'weight'"):
        Strict(wieght=3)


def test_functions() -> None:
    @hinted
    def run(epochs: int = 1, *, steps: int = 2) -> int:
        return epochs + steps

    assert run(3, steps=4) == 7
    with pytest.raises(ArgumentError, match=r"Expected: epochs, steps.*'epochs'"):
        run(epoch=3)


def test_an_old_argument_warns() -> None:
    with pytest.warns(UserWarning, match="decay"):
        made = keras.optimizers.Adam(decay=0.1)
    assert "decay" not in made.get_config()


def test_old_homes() -> None:
    keras.backend.clear_session()
    assert keras.backend.is_keras_tensor(keras.Input((2,)))


def test_what_a_call_takes_is_listed_once() -> None:
    with pytest.raises(ArgumentError) as caught:
        keras.layers.Dense(3, unots=2)
    taken = caught.value.expected.split(", ")
    assert len(taken) == len(set(taken))
    assert caught.value.fix == "Did you mean 'units'?"
