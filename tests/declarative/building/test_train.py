from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import kerasish as keras
from kerasish import registry
from kerasish.declarative.api import Options, Project, from_yaml, load_config
from tests.declarative.helpers import block, error_text

CONFIG = """
kerasish: 1
model:
  input: [4]
  layers:
    - Dense: {units: 3, activation: softmax, name: out}
data:
  source: {npz: d.npz}
  x: x
  y: classes
  batch_size: 8
train:
  optimizer: {Adam: {learning_rate: {CosineDecay: {initial_learning_rate: 0.1, decay_steps: 9}}}}
  loss: sparse_categorical_crossentropy
  metrics: [accuracy, {TopKCategoricalAccuracy: {k: 2}}]
  epochs: 2
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    classes = np.arange(24) % 3
    np.savez(
        tmp_path / "d.npz",
        x=rng.normal(size=(24, 4)).astype("float32"),
        classes=classes,
        column=classes[:, None],
        one_hot=np.eye(3, dtype="float32")[classes],
        number=rng.normal(size=24),
        wide=rng.normal(size=(24, 7)),
        above=classes + 1,
        below=classes - 1,
        weight=np.ones(24),
    )
    (tmp_path / "c.yaml").write_text(block(CONFIG), encoding="utf-8")
    return tmp_path


def project(folder: Path, *overrides: str) -> Project:
    return load_config(folder / "c.yaml", Options(overrides=overrides))


def prepared(folder: Path, *overrides: str) -> dict[str, object]:
    made = project(folder, *overrides)
    return made.fit_arguments(made.build(), made.data())


def test_a_compiled_model_and_its_fit(folder: Path) -> None:
    made = project(folder, "train.metrics=[accuracy]", "data.validation={split: 0.25}")
    model = made.build()
    assert type(model.optimizer).__name__ == "Adam"
    assert type(model.optimizer._learning_rate).__name__ == "CosineDecay"
    keywords = made.fit_arguments(model, made.data())
    assert (keywords["batch_size"], keywords["epochs"]) == (8, 2)
    assert len(keywords["x"]), len(keywords["validation_data"][0]) == (18, 6)
    history = model.fit(**keywords, verbose=0).history
    assert set(history) == {"loss", "accuracy", "val_loss", "val_accuracy"}


def test_callbacks_weights_and_validation(folder: Path) -> None:
    keywords = prepared(
        folder,
        "train.metrics=[accuracy]",
        "data.validation={npz: d.npz}",
        "data.sample_weight=weight",
        "train.callbacks=[{EarlyStopping: {monitor: loss, patience: 3}}]",
        "train.class_weight={0: 1, 1: 2.5}",
    )
    (callback,) = keywords["callbacks"]
    assert type(callback).__name__ == "EarlyStopping"
    assert keywords["class_weight"] == {0: 1.0, 1: 2.5}
    assert len(keywords["validation_data"]) == 3


@pytest.mark.parametrize(
    ("y", "loss", "message"),
    [
        ("classes", "sparse_categorical_crossentropy", ""),
        ("column", "sparse_categorical_crossentropy", ""),
        ("classes", "SparseCategoricalCrossentropy", ""),
        ("classes", "{SparseCategoricalCrossentropy: {from_logits: true}}", ""),
        ("one_hot", "categorical_crossentropy", ""),
        ("one_hot", "mse", ""),
        ("one_hot", "sparse_categorical_crossentropy", "K420 the loss cannot take the labels"),
        ("above", "sparse_categorical_crossentropy", "K420 labels run from 1 to 3"),
        ("below", "sparse_categorical_crossentropy", "K420 labels run from -1 to 1"),
        (
            "classes",
            "categorical_crossentropy",
            "class numbers need sparse_categorical_crossentropy",
        ),
        ("classes", "mse", "K420 the loss cannot take the labels"),
        ("column", "mse", "K421 labels and predictions would broadcast"),
        ("number", "mse", "K421 labels and predictions would broadcast"),
        ("wide", "mse", "K421 labels and predictions would broadcast"),
    ],
)
def test_labels_against_the_loss(folder: Path, y: str, loss: str, message: str) -> None:
    overrides = (f"data.y={y}", f"train.loss={loss}", "train.metrics=[]")
    if not message:
        assert prepared(folder, *overrides)["epochs"] == 2
        return
    text = error_text(lambda: prepared(folder, *overrides))
    assert text.startswith("--set:2:12: ")
    assert message in text


def test_a_single_number_fits_one_unit(folder: Path) -> None:
    overrides = ("data.y=number", "train.loss=mse", "model.layers=[{Dense: 1}]")
    assert prepared(folder, *overrides, "train.metrics=[]")["epochs"] == 2


def test_what_a_constructor_refuses_has_a_position(folder: Path) -> None:
    text = error_text(lambda: project(folder, "train.optimizer={SGD: {momentum: 3}}").build())
    assert "--set:1:" in text
    assert "momentum" in text
    text = error_text(lambda: project(folder, "train.loss={Huber: {reduction: avg}}"))
    assert "--set:1:32: K204 reduction must be one of" in text


def test_from_yaml(folder: Path) -> None:
    with pytest.warns(UserWarning, match="does not hold the file's epochs"):
        model = from_yaml(folder / "c.yaml")
    assert model.output_shape == (None, 3)
    assert model.compiled
    model = from_yaml("kerasish: 1\nmodel: {input: [2], layers: [{Dense: 5}]}")
    assert model.output_shape == (None, 5)
    assert not model.compiled
    assert "K201" in error_text(lambda: from_yaml("kerasish: 1\nmodel: {input: [2], layers: [X]}"))


def test_several_outputs(folder: Path) -> None:
    text = """
    kerasish: 1
    model:
      inputs: {x: [4]}
      nodes:
        label: {from: x, Dense: {units: 3, activation: softmax}}
        score: {from: x, Dense: 1}
      outputs: [label, score]
    data: {source: {npz: d.npz}, x: x, y: {label: classes, score: number}}
    train:
      optimizer: sgd
      loss: {label: sparse_categorical_crossentropy, score: mse}
      loss_weights: {label: 1.0, score: 0.3}
      metrics: {label: [accuracy]}
      epochs: 2
    """
    (folder / "c.yaml").write_text(block(text), encoding="utf-8")
    made = project(folder)
    model = made.build()
    history = model.fit(**made.fit_arguments(model, made.data()), verbose=0).history
    assert {"loss", "label_loss", "score_loss", "label_accuracy"} <= set(history)
    wrong = error_text(lambda: prepared(folder, "data.y.score=wide"))
    assert "K421" in wrong


def test_a_loss_of_ones_own_takes_what_labels_it_likes(folder: Path) -> None:
    @keras.register("loss", "own_nll")
    def own_nll(y_true, y_pred):
        picked = keras.ops.one_hot(keras.ops.cast(y_true, "int32"), 3)
        return -keras.ops.sum(picked * keras.ops.log(y_pred + 1e-7), axis=-1)

    try:
        text = CONFIG.replace("loss: sparse_categorical_crossentropy", "loss: own_nll")
        text = text.replace("{TopKCategoricalAccuracy: {k: 2}}", "sparse_categorical_accuracy")
        (folder / "own.yaml").write_text(text)
        project = load_config(folder / "own.yaml")
        model = project.build()
        history = model.fit(**project.fit_arguments(model, project.data()), verbose=0)
        assert np.isfinite(history.history["loss"]).all()
    finally:
        registry._entries["loss"].pop("own_nll")
