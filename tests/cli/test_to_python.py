"""Programs that to-python writes train to the very numbers of the config."""

from __future__ import annotations

import csv
import runpy
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kerasish
from kerasish.cli.main import main
from kerasish.config import settings
from kerasish.declarative.building.expressions import WIDTH
from kerasish.preparation import network_of
from tests.declarative.helpers import block

CONFIGS = Path(__file__).parents[2] / "configs"

DATA = """
data: {source: {npz: d.npz}, validation: {split: 0.25}, batch_size: 8}
train:
  optimizer:
    SGD:
      learning_rate:
        ExponentialDecay: {initial_learning_rate: 0.1, decay_steps: 5, decay_rate: 0.9}
      momentum: 0.9
  loss: mse
  metrics: [mae, {MeanSquaredError: {name: squares}}]
  epochs: 3
  callbacks: [{EarlyStopping: {patience: 3, restore_best_weights: true}}]
"""
HEAD = "kerasish: 1\nseed: 5\n"
# Configs whose epoch is short.
FAST = ("digits_cnn", "digits_functional", "digits_two_inputs", "digits_two_outputs")
MODELS = {
    "sequential": """
        model:
          input: [4]
          layers:
            - GaussianNoise: 0.1
            - Dense: {units: 8, activation: gelu, kernel_regularizer: {L2: 0.01}}
            - Dropout: 0.2
            - Dense: {units: 8, kernel_initializer: {VarianceScaling: {scale: 0.5}}}
            - BatchNormalization
            - Dense: 2
        """,
    "graph": """
        model:
          type: functional
          inputs: {in: {shape: [4]}}
          layers: {shared: {Dense: {units: 6, activation: tanh}}}
          nodes:
            a: {from: in, use: shared}
            b: {from: in, seq: [{Dropout: 0.3}, {Dense: 4}]}
            c: {from: b, use: shared}
            d: {from: [a, c], Concatenate: {}}
            "2-out": {from: d, Dense: 2}
          outputs: "2-out"
        """,
    "ops": """
        model:
          type: functional
          inputs: {x: {shape: [4]}}
          nodes:
            shape: {arange: {start: 1, stop: 5}}
            scaled: {from: [x, shape], multiply: {}}
            small: {from: scaled, get_item: {key: [":", "0:3"]}}
            steps: {from: x, Reshape: [4, 1]}
            lstm: {from: steps, LSTM: {units: 3, return_state: true}}
            both: {from: [small, lstm.1, lstm.2], concatenate: {axis: 1}}
            drop: {from: {inputs: both, training: true}, Dropout: 0.1}
            y: {from: drop, Dense: 2}
          outputs: y
        """,
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(settings, "backend", settings.backend)
    rng = np.random.default_rng(0)
    arrays = {"x": rng.normal(size=(64, 4)), "y": rng.normal(size=(64, 2)), "w": np.ones(64)}
    np.savez(tmp_path / "d.npz", **{k: v.astype("float32") for k, v in arrays.items()})
    return tmp_path


def history_of(folder: str) -> dict[str, list[float]]:
    with Path(folder, "history.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {
        key: [float(row[key]) for row in rows]
        for key in rows[0]
        if key not in ("epoch", "seconds", "learning_rate")
    }


def both(config: str, *options: str) -> tuple[dict[str, list[float]], dict[str, Any], str]:
    """The history of a run, that of the program, and its text."""
    assert main(["to-python", config, "-o", "program.py", *options]) == 0
    text = Path("program.py").read_text(encoding="utf-8")
    # Both in the same state of the process: names are counted, and callbacks write files.
    made = runpy.run_path("program.py")
    assert main(["fit", config, "--run", "run", "--verbose", "0", *options]) == 0
    return history_of("run"), made, text


def same(run: dict[str, list[float]], made: dict[str, Any]) -> None:
    history = {
        key: [float(value) for value in values] for key, values in made["history"].history.items()
    }
    history.pop("learning_rate", None)
    assert run == history


def same_weights(folder: Path, model: Any) -> None:
    """The weights of a model are those that a run ended with, bit for bit."""
    own = model.get_weights()
    kept = (network_of(folder / name).get_weights() for name in ("last.keras", "model.keras"))
    assert any(len(one) == len(own) and all(map(np.array_equal, one, own)) for one in kept), (
        "other weights"
    )


@pytest.mark.parametrize("name", MODELS)
def test_the_same_numbers(name: str, folder: Path) -> None:
    text = HEAD + block(MODELS[name]) + DATA
    (folder / "m.yaml").write_text(text, encoding="utf-8")
    run, made, text = both("m.yaml")
    assert len(run["loss"]) == 3
    assert "val_squares" in run
    same(run, made)
    assert max(map(len, text.splitlines())) <= WIDTH + 2


@pytest.mark.parametrize("name", FAST)
def test_shipped_configs(name: str, folder: Path) -> None:
    options = ("--set", "train.epochs=1", "--set", "data.batch_size=256")
    run, made, _ = both(str(CONFIGS / f"{name}.yaml"), *options)
    same(run, made)
    same_weights(Path("run"), made["model"])


ROWS = """age,city,note,other,label,weight
20,Ulm,a good one,bad,no,1
30,Bath,bad,good,yes,2
40,Ulm,a good day,a day,no,1
,Rome,so bad,bad,yes,1
60,Bath,good,so good,no,1
70,Ulm,bad day,day,yes,1
25,Rome,one good,one,no,2
35,Bath,bad one,a,yes,1
"""
TABLE = """
data:
  source: {csv: t.csv}
  validation: {rows: [6, 8]}
"""
FIT = "\ntrain: {optimizer: adam, loss: LOSS, epochs: 3}\n"
TASKS = {
    "columns": (
        """
          x:
            note: {from: note, TextVectorization: {output_mode: multi_hot}}
            age: {from: age, seq: [{fill: median}, Normalization]}
            city: {from: city, string_categorical: {}}
          y: label
          sample_weight: weight
          batch_size: 2
        model:
          nodes:
            all: {from: [note, age, city], concatenate: {axis: -1}}
            drop: {from: all, Dropout: 0.2}
            label: {from: drop, Dense: {units: $data.label.classes, activation: softmax}}
          outputs: label
        """,
        "sparse_categorical_crossentropy",
    ),
    "rest": (
        """
          x: {from: rest, FeatureSpace: auto}
          y: {label: {from: label, map: {no: 0, yes: 1}}}
        model: {layers: [{Dense: {units: 1, activation: sigmoid}}]}
        """,
        "binary_crossentropy",
    ),
    "shared": (
        """
          x:
            note: {from: note, TextVectorization: {output_sequence_length: 3}}
            other: {from: other, use: note}
            city: {from: [city], StringLookup: {}}
          y: {age: {from: age, Normalization: {}}}
        model:
          layers: {words: {Embedding: {input_dim: $data.note.size, output_dim: 4}}}
          nodes:
            a: {from: note, use: words}
            b: {from: other, use: words}
            ab: {from: [a, b], Add: {}}
            mean: {from: ab, GlobalAveragePooling1D: {}}
            kind: {from: city.city, seq: [{Embedding: {input_dim: 9, output_dim: 2}}, Flatten]}
            both: {from: [mean, kind], Concatenate: {}}
            y: {from: both, Dense: 1}
          outputs: y
        """,
        "mse",
    ),
}


@pytest.mark.parametrize("name", TASKS)
def test_data_from_files(name: str, folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "t.csv").write_text(ROWS, encoding="utf-8")
    task, loss = TASKS[name]
    text = HEAD + TABLE.lstrip() + block(task) + FIT.replace("LOSS", loss)
    (folder / "sub" / "m.yaml").write_text(text, encoding="utf-8")
    run, made, program = both("sub/m.yaml")
    assert 'prep.read_table({"csv": "t.csv"}, "sub")' in program
    same(run, made)


def test_windows_of_a_series(folder: Path) -> None:
    rows = "\n".join(f"{i},{np.sin(i / 3):.4f},{i % 7}" for i in range(80))
    (folder / "s.csv").write_text(f"t,a,b\n{rows}\n", encoding="utf-8")
    text = (
        HEAD
        + block("""
        data:
          source: {csv: s.csv, time: t}
          validation: {split: 0.2}
          window: {history: 6, horizon: 2}
          x:
            past: {from: [a, b], Normalization: {}}
            ahead: {from: b, offsets: [0, 2]}
          y: {next: {from: a, Normalization: {}}}
          batch_size: 8
        model:
          nodes:
            p: {from: past, GRU: 4}
            q: {from: ahead, Flatten: {}}
            pq: {from: [p, q], Concatenate: {}}
            next: {from: pq, Dense: 2}
          outputs: next
        """)
        + FIT.replace("LOSS", "mse")
    )
    (folder / "m.yaml").write_text(text, encoding="utf-8")
    run, made, program = both("m.yaml")
    assert "    window=prep.Window(" in program
    assert "'ahead': (0, 2)" in program.replace('"', "'")
    same(run, made)


def test_rates_precision_and_weights_of_classes(folder: Path) -> None:
    (folder / "t.csv").write_text(ROWS.replace("25,Rome,one good,one,no,2\n", ""), "utf-8")
    text = HEAD + block("""
        data:
          source: {csv: t.csv}
          x: {city: {from: city, string_categorical: {}}}
          y: label
          batch_size: 2
        model:
          layers:
            - Dense: {units: 4, name: low}
            - Dense: {units: 2, dtype: float32, activation: softmax}
        train:
          optimizer: {Adam: {learning_rate: 0.1}}
          rates: {"low*": 0.1}
          mixed_precision: mixed_float16
          class_weight: balanced
          loss: sparse_categorical_crossentropy
          epochs: 3
        """)  # fmt: skip
    (folder / "m.yaml").write_text(text, encoding="utf-8")
    run, made, program = both("m.yaml")
    assert "optimizer.rates = {" in program
    assert "class_weight={0: " in program
    same(run, made)
    assert keras_policy() == "float32"


def keras_policy() -> str:
    return kerasish.config.dtype_policy().name


def test_augmented_images_in_parts_of_their_own(folder: Path) -> None:
    rng = np.random.default_rng(1)
    for name in ("a", "b"):
        arrays = {"x": rng.normal(size=(16, 6, 6, 1)).astype("f4"), "y": np.arange(16) % 3}
        np.savez(folder / f"{name}.npz", **arrays)
    text = (
        HEAD
        + block("""
        data:
          train: {npz: a.npz}
          validation: {npz: b.npz}
          test: {npz: b.npz}
          augment: [{RandomFlip: horizontal}, {RandomRotation: 0.1}]
          batch_size: 4
        model: {layers: [Flatten, {Dense: {units: 3, activation: softmax}}]}
        """)
        + FIT.replace("LOSS", "sparse_categorical_crossentropy")
    )
    (folder / "m.yaml").write_text(text, encoding="utf-8")
    run, made, program = both("m.yaml")
    assert "keras.layers.RandomFlip(" in program
    same(run, made)


def test_a_model_that_is_loaded(folder: Path) -> None:
    first = HEAD + block("""
        model: {input: [4], layers: [{Dense: {units: 3, name: deep}}, {Dense: {units: 1}}]}
        """)
    (folder / "first.yaml").write_text(first, encoding="utf-8")
    assert main(["convert", "first.yaml", "first.keras"]) == 0
    text = HEAD + block("""
        model:
          input: [4]
          layers:
            - load: {file: first.keras, until: deep, trainable: false, name: body}
            - Dense: 2
        """)
    (folder / "m.yaml").write_text(text + DATA, encoding="utf-8")
    run, made, program = both("m.yaml")
    assert 'prep.network_of("first.keras")' in program
    same(run, made)


def test_a_run_is_loaded_to_a_layer_inside(folder: Path) -> None:
    """The network of a run, without the preparation around it, in a folder below this one."""
    inside = block("""
        model:
          layers:
            - load: {config: body.yaml, name: body}
            - Dense: {units: 2, name: top}
        """)
    body = "model: {input: [4], layers: [{Dense: {units: 5, name: deep}}, {Dense: {units: 3}}]}\n"
    (folder / "sub").mkdir()
    (folder / "sub" / "body.yaml").write_text(HEAD + body, encoding="utf-8")
    data = DATA.replace("d.npz", "../d.npz").replace(
        "source: {", "x: {from: x, Normalization: {}}, source: {"
    )
    (folder / "sub" / "first.yaml").write_text(HEAD + inside + data, encoding="utf-8")
    assert main(["fit", "sub/first.yaml", "--quiet", "--run", "runs/first"]) == 0
    text = HEAD + block("""
        model:
          layers:
            - load: {run: runs/first, until: body/deep, trainable: false}
            - Dense: 2
        """)
    (folder / "m.yaml").write_text(text + DATA, encoding="utf-8")
    run, made, program = both("m.yaml")
    assert 'prep.network_of("runs/first/model.keras")' in program
    same(run, made)
    same_weights(Path("run"), made["model"])


def test_layers_that_learn_and_constants(folder: Path) -> None:
    for model in (
        """
        model: {layers: [{Rescaling: 2.0}, {Normalization: {}}, {Dense: 2}]}
        """,
        """
        model:
          nodes:
            twice: {from: x, multiply: {x2: 2.0}}
            scaled: {from: twice, Normalization: {}}
            steps: {arange: {stop: 4}}
            places: {from: steps, Embedding: {input_dim: 4, output_dim: 1}}
            flat: {from: places, squeeze: {axis: 1}}
            both: {from: [scaled, flat], add: {}}
            y: {from: both, Dense: 2}
          outputs: y
        """,
    ):
        shutil.rmtree("run", ignore_errors=True)
        (folder / "m.yaml").write_text(HEAD + block(model) + DATA, encoding="utf-8")
        run, made, program = both("m.yaml")
        assert ".adapt(data.learning(" in program
        same(run, made)
        same_weights(Path("run"), made["model"])


def test_plugins_are_imported(folder: Path) -> None:
    code = block("""
        import kerasish

        @kerasish.register("layer")
        class OfThisProgram(kerasish.layers.Layer):
            factor: float = 2.0

            def call(self, inputs):
                return self.factor * inputs

        @kerasish.register("loss")
        def of_this_program(y_true, y_pred):
            return kerasish.ops.mean(kerasish.ops.abs(y_true - y_pred), axis=-1)
        """)
    (folder / "plugin_of_program.py").write_text(code, encoding="utf-8")
    text = HEAD + block("""
        plugins: [plugin_of_program]
        model: {input: [4], layers: [{OfThisProgram: {factor: 3}}, {Dense: 2}]}
        """)
    text += DATA.replace("loss: mse", "loss: of_this_program")
    (folder / "m.yaml").write_text(text, encoding="utf-8")
    run, made, program = both("m.yaml", "--allow", "plugin_of_program")
    assert "import plugin_of_program" in program
    assert 'keras.registry.lookup("layer", "OfThisProgram")(factor=3)' in program
    same(run, made)


def test_a_model_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "m.yaml").write_text(
        "kerasish: 1\nname: one\nmodel: {input: [4], layers: [{Dense: 2}]}\n", encoding="utf-8"
    )
    assert main(["to-python", "m.yaml"]) == 0
    assert capsys.readouterr().out.strip() == block("""
        import kerasish as keras

        # m.yaml as a program.

        model = keras.Sequential([keras.Input(shape=(4,)), keras.layers.Dense(units=2)], name="one")
        """).strip()  # fmt: skip
    (folder / "m.yaml").write_text(
        "kerasish: 1\nmodel: {input: [4], layers: [{Dense: 2}]}\n"
        "train: {optimizer: sgd, loss: mse, epochs: 3}\n"
    )
    assert main(["to-python", "m.yaml", "-o", "program.py"]) == 0
    runpy.run_path("program.py")["model"].fit(np.ones((8, 4)), np.ones((8, 2)), verbose=0)
    text = Path("program.py").read_text(encoding="utf-8")
    assert "has no data: history = model.fit(x, y, epochs=3)" in text
    assert main(["to-python", "none.yaml"]) == 2
