"""`train:`: what callbacks watch, rates, weights of classes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish import registry
from kerasish.declarative import load_config
from kerasish.declarative.building.train import balanced, training_arguments
from kerasish.declarative.sections.monitors import logs
from kerasish.declarative.text.errors import Diagnostics
from tests.declarative.helpers import error_text

MODEL = """
kerasish: 1
model:
  input: [8, 8, 1]
  layers:
    - Flatten
    - Dense: {units: 4, name: body_1}
    - Dense: {units: 10, activation: softmax, name: head}
"""
TWO = """
kerasish: 1
model:
  inputs: {x: [4]}
  nodes: {a: {from: x, Dense: 1}, b: {from: x, Dense: 1}}
  outputs: [a, b]
"""
DIGITS = "data: {dataset: digits, validation: {split: 0.1}}\n"
TOP = "SparseTopKCategoricalAccuracy"
LOSS = "loss: sparse_categorical_crossentropy"


def train(text: str, data: str = DIGITS, model: str = MODEL) -> Any:
    return load_config(f"{model}{data}train: {{{text}}}\n")


def errors(text: str, data: str = DIGITS, model: str = MODEL) -> str:
    return error_text(lambda: train(text, data, model))


def test_a_key_that_belongs_elsewhere_is_one_finding_with_the_line_to_write() -> None:
    for keys, told in (
        ("learning_rate: 0.01", "optimizer: {Adam: {learning_rate: 0.01}}"),
        ("batch_size: 32", "batch_size: 32"),
        ("validation_split: 0.2", "validation: {split: 0.2}"),
    ):
        text = errors(f"optimizer: adam, {LOSS}, {keys}")
        assert told in text.partition("^")[2]
        assert text.count(": K") == 1
    assert "K110 train has no key 'epocs'" in errors(f"optimizer: adam, {LOSS}, epocs: 3")


# --- what callbacks watch -------------------------------------------------------------------------


def watch(callback: str, metrics: str = "[accuracy]", data: str = DIGITS) -> str:
    text = f"optimizer: adam, {LOSS}, metrics: {metrics}, callbacks: [{callback}]"
    return errors(text, data)


def test_a_monitor_that_nothing_logs() -> None:
    told = watch("EarlyStopping: {monitor: val_acc, patience: 3}")
    assert "K401 EarlyStopping watches 'val_acc', which nothing logs" in told
    assert "logged will be loss, accuracy, val_loss, val_accuracy" in told
    assert "write data: {validation: {split: 0.1}}" in watch(
        "EarlyStopping", data="data: {dataset: digits}\n"
    )
    assert "watches 'auc'" in watch("ReduceLROnPlateau: {monitor: auc}")
    assert "watches 'val_x'" in watch(
        "ModelCheckpoint: {filepath: a.keras, monitor: val_x, save_best_only: true}"
    )


@pytest.mark.parametrize(
    ("callbacks", "metrics", "data"),
    [
        ("EarlyStopping", "[]", DIGITS),
        ("EarlyStopping: {monitor: loss}", "[]", "data: {dataset: digits}\n"),
        ("EarlyStopping: {monitor: val_top}", f"[{TOP}: {{name: top}}]", DIGITS),
        ("EarlyStopping: {monitor: val_Recall}", "[Recall]", DIGITS),
        ("ModelCheckpoint: {filepath: a.keras}", "[]", "data: {dataset: digits}\n"),
        ("ReduceLROnPlateau, EarlyStopping: {monitor: learning_rate}", "[]", DIGITS),
        ("EarlyStopping: {monitor: val_accuracy}", "accuracy", ""),
    ],
)
def test_monitors_that_are_logged(callbacks: str, metrics: str, data: str) -> None:
    assert train(f"optimizer: adam, {LOSS}, metrics: {metrics}, callbacks: [{callbacks}]", data)


def test_logs_of_several_outputs_bear_their_names() -> None:
    text = "optimizer: adam, loss: {a: mse, b: mae}, metrics: {a: [mae]}"
    text += ", callbacks: [EarlyStopping: {monitor: %s}]"
    for name in ("a_loss", "b_loss", "a_mae", "val_a_mae", "loss"):
        assert train(text % name, "", TWO)
    told = errors(text % "b_mae", "", TWO)
    assert "logged will be loss, a_loss, b_loss, a_mae, val_loss" in told


def test_the_names_are_those_of_a_real_training() -> None:
    project = train(
        f"optimizer: adam, {LOSS}, metrics: [accuracy, {{{TOP}: {{name: m}}}}, {TOP}: {{k: 2}}]", ""
    )
    section = project.config.train
    model = project.build()
    history = model.fit(np.zeros((4, 8, 8, 1)), np.zeros(4), verbose=0).history
    assert section is not None
    assert logs(section, ()) == list(history)


# --- rates ----------------------------------------------------------------------------------------


def test_rates_go_by_names_of_layers() -> None:
    text = f'optimizer: {{SGD: 0.1}}, {LOSS}, rates: {{"body*": 0, head/bias: 0.5}}'
    model = train(text, "").build()
    assert model.optimizer.rates == {"body*": 0.0, "head/bias": 0.5}
    before = model.get_weights()
    x = np.random.default_rng(0).random((4, 8, 8, 1))
    model.fit(x, np.zeros(4), verbose=0)
    moved = [not np.array_equal(a, b) for a, b in zip(model.get_weights(), before, strict=True)]
    assert moved == [False, False, True, True]


def test_wrong_rates_are_told() -> None:
    text = f"optimizer: adam, {LOSS}, rates: {{%s}}"
    assert "K204 rates.body_1 must be a number ≥ 0" in errors(text % "body_1: -1")
    assert "K204 rates must be" in errors(f"optimizer: adam, {LOSS}, rates: 3")
    told = error_text(lambda: train(text % "bdy_1: 0.1", "").build())
    assert "K401 no layer fits 'bdy_1'" in told
    assert "did you mean 'body_1'" in told
    kept = MODEL.replace("name: body_1", "name: body_1, trainable: false")
    told = error_text(lambda: train(text % "body_1: 0.1", "", kept).build())
    assert "the layers that fit 'body_1' are not trained" in told


# --- mixed precision ------------------------------------------------------------------------------


def test_mixed_precision_is_for_this_model_alone() -> None:
    text = f"optimizer: adam, {LOSS}, mixed_precision: mixed_float16"
    model = train(text, "", MODEL.replace("name: head", "name: head, dtype: float32")).build()
    policies = [layer.dtype_policy.name for layer in model.layers]
    assert policies == ["mixed_float16", "mixed_float16", "float32"]
    assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    assert keras.config.dtype_policy().name == "float32"
    model.fit(np.ones((4, 8, 8, 1)), np.zeros(4), verbose=0)
    assert "K204 mixed_precision must be" in errors(
        f"optimizer: adam, {LOSS}, mixed_precision: f16"
    )


# --- weights of classes ---------------------------------------------------------------------------


def weights(given: str, targets: Any = None, classes: Any = None) -> Any:
    section = train(f"optimizer: adam, {LOSS}, class_weight: {given}", "").config.train
    assert section is not None
    return training_arguments(section, Diagnostics(), targets, classes)["class_weight"]


def test_balanced_weights() -> None:
    """n / (k count), as scikit-learn's compute_class_weight."""
    y = np.array([0, 0, 0, 2, 2, 5])
    wanted = {0: 6 / 9, 2: 6 / 6, 5: 6 / 3}
    assert balanced(y) == pytest.approx(wanted)
    assert balanced(y[:, None].astype("float32")) == pytest.approx(wanted)
    assert balanced(np.eye(6)[y]) == pytest.approx(wanted)
    assert weights("balanced", y) == pytest.approx(wanted)
    assert sum(balanced(y)[one] for one in y) == pytest.approx(len(y))


def test_weights_by_label_or_number() -> None:
    assert weights("{0: 1, 7: 2.5}") == {0: 1.0, 7: 2.5}
    assert weights("{spam: 2, 0: 1}", classes=("ham", "spam")) == {1: 2.0, 0: 1.0}
    for given, classes, told in (
        ("{spm: 2}", ("ham", "spam"), "did you mean 'spam'"),
        ("{2: 2}", ("ham", "spam"), "K401 class_weight names the class '2', which there is not"),
        ("{spam: 2}", None, "write its number"),
    ):
        assert told in error_text(lambda g=given, c=classes: weights(g, None, c))
    assert "counts the training targets" in error_text(lambda: weights("balanced"))
    assert "there are several" in error_text(lambda: weights("balanced", {"a": 1, "b": 2}))
    assert "K204 class_weight must be" in error_text(lambda: weights("equal"))
    assert "K204 class_weight.0 must be a number ≥ 0" in error_text(lambda: weights("{0: -1}"))


def test_the_data_give_targets_and_labels() -> None:
    project = train(f"optimizer: adam, {LOSS}, class_weight: balanced")
    arguments: Any = project.fit_arguments(project.build(), project.data())
    counts = np.bincount(np.asarray(project.data().part("train").y["y"]).reshape(-1).astype(int))
    wanted = counts.sum() / (10 * counts)
    assert list(arguments["class_weight"].values()) == pytest.approx(list(wanted))


# --- plugins --------------------------------------------------------------------------------------


def test_losses_and_metrics_of_ones_own() -> None:
    def half(y_true: Any, y_pred: Any) -> Any:
        return keras.ops.mean(keras.ops.abs(y_true - y_pred), -1) / 2

    class Largest(keras.metrics.Metric):
        def __init__(self, name: str = "largest", **options: Any) -> None:
            super().__init__(name=name, **options)
            self.most = self.add_variable((), "zeros", name="most")

        def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
            self.most.assign(keras.ops.maximum(self.most, keras.ops.max(y_pred)))

        def result(self) -> Any:
            return self.most.value

    registry.add("loss", half, "half_of_mine")
    registry.add("metric", half, "half_of_mine")
    registry.add("metric", Largest, "Largest")
    try:
        text = "optimizer: adam, loss: half_of_mine, metrics: [Largest, half_of_mine]"
        text += ", callbacks: [EarlyStopping: {monitor: anything, mode: max}]"
        one = TWO.replace("[a, b]", "a").replace(", b: {from: x, Dense: 1}", "")
        model = train(text, "", one).build()
        assert "Largest" in model.fit(np.ones((4, 4)), np.ones((4, 1)), verbose=0).history
    finally:
        for kind, name in (("loss", "half_of_mine"), ("metric", "half_of_mine")):
            del registry._entries[kind][name]
        del registry._entries["metric"]["Largest"]
