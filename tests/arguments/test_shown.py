"""Objects as text: what they were given, and no addresses."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish import callbacks, registry
from kerasish.arguments.shown import value_text
from kerasish.optimizers import schedules

KINDS = (
    "layer", "initializer", "regularizer", "constraint", "loss", "metric", "optimizer",
    "schedule", "callback",
)  # fmt: skip
ADDRESS = re.compile(r"0x[0-9a-f]{6,}")


def made_of(kind: str) -> list[Any]:
    """What can be made without arguments, or with a number or two."""
    found = []
    for name in registry.names(kind):
        cls = registry.lookup(kind, name)
        if isinstance(cls, type) and cls.__module__.startswith("kerasish."):
            for given in ((), (2,), (2, 3), ("a",), (2, 3, 4)):
                try:
                    found.append(cls(*given))
                except Exception:
                    continue
                break
    return found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.filterwarnings("ignore")
def test_no_address_of_memory(kind: str, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    objects = made_of(kind)
    assert objects
    for one in objects:
        text = repr(one)
        assert type(one).__name__ in text
        assert not ADDRESS.search(text), text
        assert " object at " not in text
        assert "\n" not in text


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (keras.initializers.HeNormal(), "HeNormal()"),
        (keras.initializers.RandomUniform(-1, 1, seed=3), "minval=-1, maxval=1, seed=3"),
        (keras.regularizers.L2(0.1), "L2(l2=0.1)"),
        (keras.constraints.MaxNorm(3), "MaxNorm(max_value=3)"),
        (schedules.CosineDecay(0.1, 9), "CosineDecay(initial_learning_rate=0.1, decay_steps=9)"),
        (callbacks.EarlyStopping("loss", patience=3), "monitor='loss', patience=3)"),
        (callbacks.CSVLogger("a.csv"), "CSVLogger(filename='a.csv')"),
        (callbacks.BackupAndRestore("a"), "BackupAndRestore(backup_dir='a')"),
        (callbacks.LambdaCallback(on_epoch_end=print), "LambdaCallback(on_epoch_end=print)"),
        (callbacks.CallbackList([callbacks.TerminateOnNaN()]), "CallbackList([TerminateOnNaN()])"),
        (callbacks.History(), "<History of 0 epochs>"),
        (keras.utils.Progbar(5), "<Progbar 0/5>"),
        (keras.losses.Huber(2), "Huber(delta=2)"),
        (keras.losses.MeanSquaredError(), "MeanSquaredError()"),
        (keras.metrics.AUC(num_thresholds=10, name="a"), "AUC(num_thresholds=10, name='a')"),
        (keras.optimizers.Adam(), "Adam()"),
        (keras.optimizers.Adam(0.01, clipnorm=1), "Adam(learning_rate=0.01, clipnorm=1)"),
        (keras.optimizers.SGD(schedules.CosineDecay(0.1, 9)), "SGD(learning_rate=CosineDecay("),
    ],
)
def test_what_was_given(made: Any, text: str) -> None:
    assert text in repr(made)


def test_the_rate_is_that_of_now() -> None:
    optimizer = keras.optimizers.SGD(0.1)
    optimizer.learning_rate = 0.3
    assert repr(optimizer) == "SGD(learning_rate=0.3)"


def test_classes_of_ones_own() -> None:
    class Mine(callbacks.Callback):
        def __init__(self, limit: int, names: Any = ()) -> None:
            super().__init__()
            self.limit, self.names = limit, names

    assert repr(Mine(3)) == "Mine(limit=3)"
    assert repr(Mine(3, ["a"] * 9)).endswith(", ...])")
    loop = Mine(1)
    loop.names = [loop]
    assert repr(loop) == "Mine(limit=1, names=[...])"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.zeros((3, 4)), "<array (3, 4) float64>"),
        (functools.partial(print, 1), "partial of print"),
        (lambda x: x, "<lambda>"),
        ({"a": (1,)}, "{'a': (1,)}"),
        (object(), "<object object>"),
        ("x" * 200, "'" + "x" * 56 + "..."),
        (Path("a"), "'a'"),
    ],
)
def test_values(value: Any, text: str) -> None:
    assert value_text(value) == text


def test_a_history() -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.ones((4, 2), "float32")
    history = model.fit(x, x[:, :1], epochs=25, validation_data=(x, x[:, :1]), verbose=0)
    assert repr(history).startswith("<History of 25 epochs, the last with loss: ")
    page = history._repr_html_()
    assert page.startswith("<table><tr><th>epoch</th><th>loss</th><th>val_loss</th></tr>")
    assert page.count("<tr>") == 1 + 10 + 1 + 10
    assert f"<td>{history.history['loss'][-1]:.4f}</td>" in page


def test_a_model_in_a_notebook() -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, name="a_dense")], name="m<")
    page = model._repr_html_()
    assert "a_dense (Dense)" in page
    assert "m&lt;" in page
    unbuilt = keras.Sequential([keras.layers.Dense(1)])
    assert "built=False" in unbuilt._repr_html_()
