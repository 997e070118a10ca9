"""Plain arguments that are wrong: refused by name before anything is done."""

from __future__ import annotations

import numpy as np
import pytest

import kerasish as keras
from kerasish import layers
from kerasish.errors import ArgumentError
from kerasish.training import arguments

X, Y = np.ones((6, 2), "float32"), np.ones((6, 1), "float32")
NO_COUNTS = [0, -1, 1.5, 2.0, float("inf"), float("nan"), True, "2", [2], np.float32(2)]


@pytest.fixture
def model() -> keras.Model:
    made = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
    made.compile("sgd", "mse")
    return made


def refused(run, name: str, value) -> None:
    with pytest.raises(ArgumentError, match=f"^{name}.*Expected: .*Received: "):
        run(**{name: value})


@pytest.mark.parametrize("value", NO_COUNTS, ids=repr)
@pytest.mark.parametrize("name", ["batch_size", "steps_per_epoch", "validation_steps",
                                  "validation_batch_size", "validation_freq"])  # fmt: skip
def test_counts_of_fit(model, name, value):
    if name == "validation_freq" and isinstance(value, list):
        value = [0]
    before = model.get_weights()
    refused(lambda **k: model.fit(X, Y, validation_data=(X, Y), verbose=0, **k), name, value)
    np.testing.assert_array_equal(model.get_weights()[0], before[0])


@pytest.mark.parametrize("value", [v for v in NO_COUNTS if v != 0], ids=repr)
@pytest.mark.parametrize("name", ["epochs", "initial_epoch"])
def test_epochs(model, name, value):
    if value is True:
        value = False
    refused(lambda **k: model.fit(X, Y, verbose=0, **k), name, value)
    refused(lambda **k: model.fit(X, Y, verbose=0, **k), name, None)


@pytest.mark.parametrize("value", NO_COUNTS, ids=repr)
@pytest.mark.parametrize("name", ["batch_size", "steps"])
def test_counts_of_evaluate_and_predict(model, name, value):
    refused(lambda **k: model.evaluate(X, Y, verbose=0, **k), name, value)
    refused(lambda **k: model.predict(X, verbose=0, **k), name, value)


@pytest.mark.parametrize("value", ["x", -1, 1.0, None, [1]], ids=repr)
def test_verbose(model, value):
    refused(lambda **k: model.fit(X, Y, **k), "verbose", value)
    refused(lambda **k: model.evaluate(X, Y, **k), "verbose", value)
    refused(lambda **k: model.predict(X, **k), "verbose", value)


@pytest.mark.parametrize("value", ["x", 1.0, 20, -0.1, float("nan"), True], ids=repr)
def test_validation_split(model, value):
    refused(lambda **k: model.fit(X, Y, verbose=0, **k), "validation_split", value)


@pytest.mark.parametrize("value", ["False", "batch", 2, 0.5], ids=repr)
def test_shuffle(model, value):
    refused(lambda **k: model.fit(X, Y, verbose=0, **k), "shuffle", value)


def test_the_fix_is_told(model):
    with pytest.raises(ArgumentError, match=r"Pass epochs=2\.$"):
        model.fit(X, Y, epochs=2.0, verbose=0)
    with pytest.raises(ArgumentError, match=r"Pass batch_size=32\.$"):
        model.fit(X, Y, batch_size="32", verbose=0)
    with pytest.raises(ArgumentError, match=r"Pass 0\.2\.$"):
        model.fit(X, Y, validation_split=20, verbose=0)


def test_what_is_taken(model):
    one = np.int64(1)
    history = model.fit(
        X, Y, epochs=np.int32(2), batch_size=np.int64(3), initial_epoch=np.uint8(0),
        steps_per_epoch=one, validation_data=(X, Y), validation_steps=one, verbose=np.int64(0),
        validation_batch_size=one, validation_freq=[np.int64(2)], shuffle=np.True_,
        validation_split=None,
    ).history  # fmt: skip
    assert (len(history["loss"]), len(history["val_loss"])) == (2, 1)
    assert model.fit(X, Y, verbose=0, shuffle=None).epoch == [0]
    assert model.fit(X, Y, epochs=0, verbose=False).history == {}
    assert model.fit(X, Y, epochs=1, initial_epoch=5, verbose=0).history == {}
    assert len(model.fit(X, Y, verbose=0, shuffle=0, validation_split=0).history) == 1
    assert model.predict(X, batch_size=one, steps=np.uint8(2), verbose=0).shape == (2, 1)
    for epochs in ([2], (2,), {2}, np.array([2])):
        found = model.fit(
            X, Y, epochs=2, verbose=0, validation_data=(X, Y), validation_freq=epochs
        ).history
        assert len(found["val_loss"]) == 1


@pytest.mark.parametrize(
    ("value", "level"),
    [
        *[("auto", 1), (0, 0), (1, 1), (2, 2), (3, 2), (5, 2), (True, 1), (False, 0)],
        *[(np.int64(2), 2), (np.uint8(7), 2), (np.True_, 1)],
    ],
)
def test_levels_of_verbosity(value, level):
    assert arguments.verbosity(value) == level
    assert type(arguments.verbosity(value)) is int


@pytest.mark.parametrize(
    ("value", "fix"),
    [(1, ""), (1.5, "Pass 0.015."), (99.0, "Pass 0.99."), (100, ""), (True, ""), (-0.5, "")],
)
def test_a_percentage_is_told_as_a_fraction(value, fix):
    with pytest.raises(ArgumentError) as caught:
        arguments.share("validation_split", value)
    assert str(caught.value).partition(f"Received: {value!r}.")[2].strip() == fix


def test_bounds_of_plain_arguments():
    assert arguments.share("x", 0) == 0.0
    assert arguments.share("x", np.float32(0.5)) == 0.5
    assert type(arguments.share("x", 0)) is float
    assert arguments.whole("x", 3, 3) == 3
    assert type(arguments.whole("x", np.int8(3), 3)) is int
    assert arguments.whole_or_none("x", 1) == 1
    assert arguments.whole_or_none("x", 0, least=0) == 0
    assert arguments.whole_or_none("x", None) is None
    assert arguments.frequency(1) == 1
    assert arguments.frequency([2, 2, 3]) == frozenset({2, 3})
    for wrong in ({2: 1}, "2", b"2", True, 0, [0]):
        with pytest.raises(ArgumentError, match="validation_freq"):
            arguments.frequency(wrong)


@pytest.mark.parametrize(
    ("value", "fix"), [(2.5, ""), (2.0, "Pass x=2."), (" 7 ", "Pass x=7."), ("-7", ""), ("a", "")]
)
def test_the_whole_number_meant_is_told(value, fix):
    with pytest.raises(ArgumentError) as caught:
        arguments.whole("x", value, 1)
    assert str(caught.value).partition(f"Received: {value!r}.")[2].strip() == fix


def test_none_is_no_and_nothing():
    assert arguments.flag("shuffle", None) is False
    assert arguments.share("validation_split", None) == 0.0
