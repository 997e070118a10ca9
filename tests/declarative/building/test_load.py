"""`load`: a model from a run, a file or another config, as a layer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish.declarative import from_yaml, load_config
from kerasish.models import Model
from kerasish.preparation.saved import save
from tests.declarative.helpers import error_text

X = np.random.default_rng(0).random((4, 6)).astype("float32")


@pytest.fixture
def body() -> Model:
    """x -> inner(a, b) -> c"""
    entry = keras.Input((6,), name="x")
    inner = keras.Sequential(
        [
            keras.Input((6,)),
            keras.layers.Dense(5, "relu", name="a"),
            keras.layers.Dense(3, name="b"),
        ],
        name="inner",
    )
    made = keras.layers.Dense(2, name="c")(inner(entry))
    return Model(entry, made, name="whole")


def write(folder: Path, text: str, name: str = "m.yaml") -> Path:
    path = folder / name
    path.write_text("kerasish: 1\n" + text)
    return path


def sequential(load: str) -> str:
    return f"model: {{input: [6], layers: [load: {load}]}}\n"


@pytest.mark.parametrize("name", ["body.keras", "body.h5", "weights/deep/body.keras"])
def test_a_file_is_a_layer(tmp_path: Path, body: Model, name: str) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    body.save(tmp_path / name)
    made = from_yaml(write(tmp_path, sequential(f"{{file: {name}, name: mine}}")))
    np.testing.assert_array_equal(made.predict(X, verbose=0), body.predict(X, verbose=0))
    assert [layer.name for layer in made.layers] == ["mine"]
    assert len(made.trainable_weights) == 6


@pytest.mark.parametrize(
    ("until", "shape"), [("c", 2), ("inner", 3), ("a", 5), ("b", 3), ("inner/a", 5)]
)
def test_until_a_layer_also_inside(tmp_path: Path, body: Model, until: str, shape: int) -> None:
    body.save(tmp_path / "body.keras")
    made = from_yaml(write(tmp_path, sequential(f"{{file: body.keras, until: {until}}}")))
    wanted: Any = X
    inner: Any = body.get_layer("inner")
    for layer, names in ((inner.get_layer("a"), "a b c"), (inner.get_layer("b"), "b c")):
        if until.rpartition("/")[2] in (*names.split(), "inner"):
            wanted = layer(wanted)
    wanted = body.get_layer("c")(wanted) if until == "c" else wanted
    found = made.predict(X, verbose=0)
    assert found.shape == (4, shape)
    np.testing.assert_allclose(found, wanted, rtol=1e-6)


def test_a_body_is_tuned_and_one_is_kept(tmp_path: Path, body: Model) -> None:
    body.save(tmp_path / "body.keras")
    text = """
model:
  inputs: {x: [6]}
  nodes:
    kept: {from: x, load: {file: body.keras, until: inner, trainable: false}}
    tuned: {from: x, load: {file: body.keras, until: inner}}
    both: {from: [kept, tuned], seq: [Concatenate, {Dense: 1}]}
  outputs: both
train: {optimizer: sgd, loss: mse}
"""
    made = from_yaml(write(tmp_path, text))
    assert {"kept", "tuned"} <= {layer.name for layer in made.layers}
    kept, tuned = (made.get_layer(name) for name in ("kept", "tuned"))
    before = [np.array(w) for w in kept.weights]
    made.fit(X, np.ones((4, 1)), verbose=0)
    for one, start, other in zip(kept.weights, before, tuned.weights, strict=True):
        np.testing.assert_array_equal(one, start)
        assert not np.array_equal(other, start)
    made.save(tmp_path / "all.keras")
    again = keras.saving.load_model(tmp_path / "all.keras")
    np.testing.assert_array_equal(again.predict(X, verbose=0), made.predict(X, verbose=0))


def test_batch_normalization_that_is_kept_infers(tmp_path: Path) -> None:
    layers = [keras.Input((6,)), keras.layers.BatchNormalization(momentum=0.5)]
    keras.Sequential(layers).save(tmp_path / "bn.keras")
    train = "train: {optimizer: sgd, loss: mse}\n"
    for trainable in ("true", "false"):
        text = f"model: {{input: [6], layers: [load: {{file: bn.keras, trainable: {trainable}}}, "
        made = from_yaml(write(tmp_path, text + "Dense: 1]}\n" + train))
        made.fit(X + 3, np.ones((4, 1)), verbose=0)
        means = np.array(made.layers[0].weights[2])
        assert bool((means == 0).all()) == (trainable == "false")


def test_a_shared_one_has_its_weights_once(tmp_path: Path, body: Model) -> None:
    body.save(tmp_path / "body.keras")
    text = """
model:
  inputs: {a: [6], b: [6]}
  layers: {body: {load: {file: body.keras}}}
  nodes:
    one: {from: a, use: body}
    two: {from: b, use: body}
    y: {from: [one, two], Subtract: }
  outputs: y
"""
    made = from_yaml(write(tmp_path, text))
    assert len(made.weights) == len(body.weights)
    assert not made.predict([X, X], verbose=0).any()


def test_a_mask_goes_through(tmp_path: Path) -> None:
    words = keras.Sequential(
        [keras.Input((5,), dtype="int32"), keras.layers.Embedding(9, 4, mask_zero=True)]
    )
    words.save(tmp_path / "words.keras")
    text = (
        "model: {input: {shape: [5], dtype: int32}, layers: [load: {file: words.keras}, LSTM: 3]}\n"
    )
    made = from_yaml(write(tmp_path, text))
    ids = np.array([[1, 2, 0, 0, 0]])
    lstm = made.layers[-1]
    table = np.array(made.weights[0])
    wanted = lstm(table[ids][:, :2])
    np.testing.assert_allclose(made.predict(ids, verbose=0), wanted, rtol=1e-5)


def test_a_run_is_found_in_the_working_folder(
    tmp_path: Path, body: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("runs/one", "configs"):
        (tmp_path / name).mkdir(parents=True)
    body.save(tmp_path / "runs/one/model.keras")
    monkeypatch.chdir(tmp_path)
    made = from_yaml(write(tmp_path / "configs", sequential("{run: runs/one}")))
    np.testing.assert_array_equal(made.predict(X, verbose=0), body.predict(X, verbose=0))
    told = error_text(lambda: from_yaml(write(tmp_path / "configs", sequential("{run: runs/two}"))))
    assert "K106 'runs/two' does not exist" in told
    (tmp_path / "runs/two").mkdir()
    told = error_text(lambda: from_yaml(write(tmp_path / "configs", sequential("{run: runs/two}"))))
    assert "K106 'runs/two' holds no model.keras" in told


def test_a_run_that_holds_its_data_gives_its_network(tmp_path: Path) -> None:
    text = """
model: {layers: [Flatten, {Dense: {units: 10, activation: softmax, name: probs}}], name: net}
data: {dataset: digits}
train: {optimizer: sgd, loss: sparse_categorical_crossentropy}
"""
    project = load_config(write(tmp_path, text))
    data = project.data()
    model = project.build()
    (tmp_path / "runs").mkdir()
    save(model, data, tmp_path / "runs/model.keras")
    text = "model: {input: [8, 8, 1], layers: [load: {run: runs, until: probs}]}\n"
    made = from_yaml(write(tmp_path, text))
    x = np.random.default_rng(0).random((3, 8, 8, 1)).astype("float32")
    np.testing.assert_array_equal(made.predict(x, verbose=0), model.predict(x, verbose=0))


def test_another_config_is_built_anew(tmp_path: Path) -> None:
    write(tmp_path, "model: {input: [6], layers: [Dense: {units: 3, name: d}]}\n", "part.yaml")
    text = sequential("{config: part.yaml}").replace("}]", "}, Dense: 1]")
    made = from_yaml(write(tmp_path, text))
    assert made.output_shape == (None, 1)
    assert made.layers[0].get_layer("d").units == 3
    write(tmp_path, "model: {input: [6], layers: [Dense: {unit: 3}]}\n", "part.yaml")
    told = error_text(lambda: from_yaml(tmp_path / "m.yaml"))
    assert ": K203 Dense has no argument 'unit'" in told
    write(tmp_path, sequential("{config: m.yaml}"), "part.yaml")
    told = error_text(lambda: from_yaml(tmp_path / "m.yaml"))
    assert "K106 configs load each other: part.yaml -> m.yaml -> part.yaml" in told


@pytest.mark.parametrize(
    ("load", "told"),
    [
        ("{file: ../body.keras}", "K106 '../body.keras' lies outside the project"),
        ("{file: /etc/passwd}", "K106 '/etc/passwd' lies outside the project"),
        ("{run: ../x}", "lies outside the project"),
        ("{file: nothing.keras}", "K106 'nothing.keras' does not exist"),
        ("{file: folder}", "K106 'folder' is a folder, not a file"),
        ("{file: text.keras}", "K106 'text.keras' cannot be loaded"),
        ("{file: body.keras, until: iner}", "did you mean 'inner'?"),
        ("{file: body.keras, until: aa}", "K401 body.keras has no layer 'aa'"),
        ("{file: 'https://x/y.keras'}", "nothing is downloaded"),
        ("{file: body.keras, run: x}", "K202 load needs one of run, file, config"),
        ("{until: c}", "K202 load needs one of run, file, config"),
        ("body.keras", "K110 load must be a mapping"),
        ("{file: 3}", "K204 file must be text"),
        ("{file: body.keras, trainable: 3}", "K204 trainable must be true or false"),
        ("{fil: body.keras}", "did you mean 'file'?"),
        ("{file: body.keras, name: a/b}", "K404"),
        ("{file: five.keras}", "K410"),
    ],
)
def test_what_is_wrong_is_told_at_its_place(
    tmp_path: Path, body: Model, load: str, told: str
) -> None:
    config = tmp_path / "project"
    (config / "folder").mkdir(parents=True)
    body.save(config / "body.keras")
    body.save(tmp_path / "body.keras")
    (config / "text.keras").write_text("no model")
    keras.Sequential([keras.Input((5,)), keras.layers.Dense(1)]).save(config / "five.keras")
    text = error_text(lambda: from_yaml(write(config, sequential(load))))
    assert told in text
    assert text.startswith(f"{config / 'm.yaml'}:2:")


def test_a_link_out_of_the_project_is_not_followed(tmp_path: Path, body: Model) -> None:
    (tmp_path / "project").mkdir()
    body.save(tmp_path / "body.keras")
    (tmp_path / "project/link.keras").symlink_to(tmp_path / "body.keras")
    told = error_text(
        lambda: from_yaml(write(tmp_path / "project", sequential("{file: link.keras}")))
    )
    assert "lies outside the project" in told
