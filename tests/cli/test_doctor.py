"""`kerasish doctor`: each of the eight faults is found where it is planted, and nowhere else."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kerasish.cli.doctoring.finding import CHECKS
from kerasish.cli.doctoring.loss import last_activation
from kerasish.cli.main import main
from kerasish.config import settings
from tests.declarative.helpers import block

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
CONFIG = block("""
    kerasish: 1
    name: t
    seed: 1
    data:
      source: {csv: t.csv}
      train: {where: {part: [train]}}
      test: {where: {part: [test]}}
      x: {x: {from: [a, b, c], float_normalized: {}}}
      y: {y: {from: y}}
      batch_size: 32
    model:
      layers:
        - Dense: {units: 16, activation: relu, name: hidden}
        - Dense: {units: 2, activation: softmax, name: last}
    train:
      optimizer: {Adam: {learning_rate: 0.01}}
      loss: sparse_categorical_crossentropy
      epochs: 1
    """)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(settings, "backend", settings.backend)
    return tmp_path


def rows(count: int = 400) -> dict[str, np.ndarray]:
    """Columns of a table that can be learned: y is whether a + b > 0, with a little noise."""
    rng = np.random.default_rng(0)
    found: dict[str, Any] = {name: rng.normal(size=count).round(4) for name in "abc"}
    noise = rng.normal(size=count) * 0.3
    found["y"] = (found["a"] + found["b"] + noise > 0).astype(int)
    found["part"] = np.where(np.arange(count) % 4, "train", "test")
    found["z"] = (5 * found["a"] - found["b"]).round(4)
    return found


def write(table: dict[str, np.ndarray]) -> None:
    lines = [
        ",".join(table),
        *(",".join(map(str, one)) for one in zip(*table.values(), strict=True)),
    ]
    Path("t.csv").write_text("\n".join(lines), encoding="utf-8")


def found(
    capsys: pytest.CaptureFixture[str], text: str, *arguments: str
) -> tuple[int, dict[str, dict[str, str]]]:
    """The exit code, and the findings by their check."""
    Path("t.yaml").write_text(text, encoding="utf-8")
    code = main(["doctor", "t.yaml", "--json", *arguments])
    captured = capsys.readouterr()
    assert captured.out, captured.err
    return code, {one["check"]: one for one in json.loads(captured.out)["findings"]}


def changed(*changes: tuple[str, str]) -> str:
    text = CONFIG
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    return text


def test_nothing_is_found_where_nothing_is_wrong(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(rows())
    assert found(capsys, CONFIG) == (0, {})


@pytest.mark.parametrize("name", ["digits_cnn", "digits_functional", "digits_autoencoder"])
def test_configs_of_digits_are_clean(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", str(CONFIGS / f"{name}.yaml")]) == 0
    said = capsys.readouterr().out
    assert "no findings" in said
    assert all(text in said for _, text in CHECKS.values())


SPARSE = "loss: sparse_categorical_crossentropy"
LAST = "{units: 2, activation: softmax, name: last}"
ONE = (LAST, "{units: 1, activation: linear, name: last}")


@pytest.mark.parametrize(("changes", "said"), [
    ([("softmax", "sigmoid")], "sum to 1"),
    ([("softmax", "relu")], "ends with relu"),
    ([("softmax", "linear")], "from_logits"),
    ([(SPARSE, "loss: {SparseCategoricalCrossentropy: {from_logits: true}}")], "has softmax"),
    ([(LAST, "{units: 1, activation: softmax, name: last}"), (SPARSE, "loss: binary_crossentropy")],
     "always 1"),
    ([ONE, (SPARSE, "loss: binary_crossentropy")], "linear"),
    ([(LAST, "{units: 1, activation: sigmoid, name: last}"),
      (SPARSE, "loss: {BinaryCrossentropy: {from_logits: true}}")], "has sigmoid"),
    ([ONE, (SPARSE, "loss: mse")], "is 2 classes"),
    ([ONE, (SPARSE, "loss: mae"), ("linear", "relu"), ("{from: y}", "{from: z}")], "cannot give"),
    ([ONE, (SPARSE, "loss: mse"), ("linear", "tanh"), ("{from: y}", "{from: z}")], "cannot give"),
    ([ONE, (SPARSE, "loss: hinge"), ("linear", "sigmoid")], "scores"),
])  # fmt: skip
def test_a_loss_that_does_not_fit(
    folder: Path, capsys: pytest.CaptureFixture[str], changes: list[tuple[str, str]], said: str
) -> None:
    write(rows())
    code, what = found(capsys, changed(*changes), "--quick")
    assert code == 2
    assert said in what["loss"]["text"] + what["loss"]["mend"]
    assert what["loss"]["place"].startswith("t.yaml:17:")
    assert what["loss"]["mend"]


@pytest.mark.parametrize("changes", [
    [(SPARSE, "loss: {SparseCategoricalCrossentropy: {from_logits: true}}"), ("softmax", "linear")],
    [(LAST, "{units: 1, activation: sigmoid, name: last}"), (SPARSE, "loss: binary_crossentropy")],
    [ONE, (SPARSE, "loss: mse"), ("{from: y}", "{from: z, Normalization: {}}")],
])  # fmt: skip
def test_a_loss_that_fits(
    folder: Path, capsys: pytest.CaptureFixture[str], changes: list[tuple[str, str]]
) -> None:
    write(rows())
    assert found(capsys, changed(*changes), "--quick") == (0, {})


def test_classes_out_of_balance(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = rows()
    noise = np.random.default_rng(2).normal(size=400)
    table["y"] = (table["a"] + noise > 2.6).astype(int)
    write(table)
    code, what = found(capsys, CONFIG, "--quick")
    assert (code, list(what)) == (2, ["balance"])
    assert "class '1' of 'y'" in what["balance"]["text"]
    text = changed(("epochs: 1", "epochs: 1\n  class_weight: balanced"))
    assert found(capsys, text, "--quick")[1] == {}
    table["y"] = np.where(table["part"] == "test", 0, (table["a"] > 0).astype(int))
    write(table)
    assert "one class" in found(capsys, CONFIG, "--quick")[1]["balance"]["text"]


def test_letters_that_are_rare(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("t.txt").write_text("abbababbabba" * 40 + "z" + "abab" * 100, encoding="utf-8")
    text = block("""
        kerasish: 1
        name: t
        data:
          source: {text: t.txt, by: character}
          window: {stride: 2}
          x: {chars: {from: text, StringLookup: {num_oov_indices: 1}, offsets: [-8, 0]}}
          y: {next: {from: text, use: chars, offsets: [0, 1]}}
        model:
          layers:
            - Embedding: {input_dim: $data.chars.size, output_dim: 4}
            - Flatten
            - Dense: {units: $data.chars.size, activation: softmax, name: next}
        train: {optimizer: adam, loss: sparse_categorical_crossentropy}
        """)
    assert found(capsys, text, "--quick") == (0, {})
    alone = text.replace("use: chars", "StringLookup: {num_oov_indices: 0}")
    assert "class 'z' of 'next'" in found(capsys, alone, "--quick")[1]["balance"]["text"]


def test_rows_in_two_parts(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = rows()
    here, there = (np.flatnonzero(table["part"] == name)[:50] for name in ("test", "train"))
    for column in "abcyz":
        table[column][here] = table[column][there]
    write(table)
    code, what = found(capsys, CONFIG, "--quick")
    assert (code, list(what)) == (2, ["leakage"])
    assert "50 of the 100 rows of test" in what["leakage"]["text"]


def test_persons_in_two_parts(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = rows() | {"patient_id": np.arange(400) // 8}
    write(table)
    assert "patient_id" in found(capsys, CONFIG, "--quick")[1]["leakage"]["text"]
    table["part"] = np.where(table["patient_id"] % 4, "train", "test")
    write(table)
    assert found(capsys, CONFIG, "--quick")[1] == {}


@pytest.mark.parametrize("leak", ["itself", "copy", "shifted", "noisy", "quantity"])
def test_a_column_that_is_the_target(
    folder: Path, capsys: pytest.CaptureFixture[str], leak: str
) -> None:
    table = rows()
    text = changed(("[a, b, c]", "[a, b, leak]"))
    table["leak"] = table["y"] * 2.0
    if leak == "itself":
        text = changed(("[a, b, c]", "[a, b, y]"))
    elif leak == "shifted":
        table["leak"] = 7 - table["y"]
    elif leak == "noisy":
        table["leak"] = table["y"] + np.random.default_rng(1).normal(size=400) * 0.05
    elif leak == "quantity":
        text = text.replace("{from: y}", "{from: z, Normalization: {}}")
        text = text.replace(LAST, "{units: 1, name: last}").replace(SPARSE, "loss: mse")
        table["leak"] = np.exp(table["z"] / 10)
    write(table)
    code, what = found(capsys, text, "--quick")
    assert (code, list(what)) == (2, ["leakage"])
    assert what["leakage"]["place"].startswith("t.yaml:8:")


@pytest.mark.parametrize("large", ["all", "one"])
def test_inputs_that_are_not_scaled(
    folder: Path, capsys: pytest.CaptureFixture[str], large: str
) -> None:
    table = rows()
    for name in "abc" if large == "all" else "c":
        table[name] = table[name] * 1000 + 5000
    write(table)
    plain = ("{from: [a, b, c], float_normalized: {}}", "{from: [a, b, c]}")
    _, what = found(capsys, changed(plain), "--quick")
    assert "layer 'hidden'" in what["scale"]["text"]
    assert found(capsys, CONFIG, "--quick")[1] == {}
    scaled = changed(plain, ("  layers:", "  layers:\n    - BatchNormalization"))
    assert "scale" not in found(capsys, scaled, "--quick")[1]


def test_a_target_that_is_not_scaled(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = rows()
    table["z"] = table["z"] * 1e5
    write(table)
    text = changed(ONE, (SPARSE, "loss: mse"), ("{from: y}", "{from: z}"))
    assert "target" in found(capsys, text, "--quick")[1]["scale"]["text"]


@pytest.mark.parametrize("how", ["initializer", "depth", "logits"])
def test_gradients_that_explode(folder: Path, capsys: pytest.CaptureFixture[str], how: str) -> None:
    write(rows())
    wide = "kernel_initializer: {RandomNormal: {stddev: 3.0}}"
    if how == "initializer":
        text = changed(
            ("relu, name: hidden", f"relu, name: hidden, {wide.replace('3.0', '900.0')}")
        )
    elif how == "logits":
        logits = "loss: {SparseCategoricalCrossentropy: {from_logits: true}}"
        wider = f"relu, name: hidden, {wide.replace('3.0', '900.0')}"
        text = changed(("relu, name: hidden", wider), ("softmax", "linear"), (SPARSE, logits))
        clipped = text.replace("learning_rate: 0.01", "learning_rate: 0.01, clipnorm: 1.0")
        assert "norm" not in str(found(capsys, clipped, "--quick")[1].get("gradients"))
    else:
        more = f"    - repeat: 6\n      layers: [Dense: {{units: 32, activation: relu, {wide}}}]\n"
        text = changed(("    - Dense: {units: 2", f"{more}    - Dense: {{units: 2"))
    _, what = found(capsys, text, "--quick")
    assert re.search("norm|grow", what["gradients"]["text"])


@pytest.mark.parametrize("change", [
    ("learning_rate: 0.01", "learning_rate: 1e-9"),
    ("units: 16, activation: relu", "units: 16, kernel_initializer: zeros, trainable: false"),
])  # fmt: skip
def test_a_batch_that_cannot_be_learned(
    folder: Path, capsys: pytest.CaptureFixture[str], change: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    _hurry(monkeypatch)
    write(rows())
    _, what = found(capsys, changed(change))
    assert "learned by heart" in what["batch"]["text"]


@pytest.mark.parametrize("change", [
    ("relu, name: hidden", "relu, name: hidden, bias_initializer: {Constant: -50.0}"),
    ("relu, name: hidden", "sigmoid, name: hidden, bias_initializer: {Constant: 90.0}"),
])  # fmt: skip
def test_dead_units(
    folder: Path, capsys: pytest.CaptureFixture[str], change: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    _hurry(monkeypatch)
    write(rows())
    _, what = found(capsys, changed(change))
    assert "16 of the 16 units of layer 'hidden'" in what["dead"]["text"]


@pytest.mark.parametrize("target", ["y", "z"])
def test_labels_that_are_shuffled(
    folder: Path, capsys: pytest.CaptureFixture[str], target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _hurry(monkeypatch)
    table = rows()
    table[target] = np.random.default_rng(3).permutation(table[target])
    write(table)
    text = CONFIG
    if target == "z":
        text = changed(ONE, (SPARSE, "loss: mse"), ("{from: y}", "{from: z, Normalization: {}}"))
    code, what = found(capsys, text)
    assert (code, list(what)) == (2, ["shuffle"])
    assert what["shuffle"]["place"].startswith("t.yaml:9:")


def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_BATCH_SECONDS", "_LEARN_SECONDS"):
        monkeypatch.setattr(f"kerasish.cli.doctoring.training.{name}", 3.0)


def test_findings_are_told_with_line_and_mend(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(rows())
    Path("t.yaml").write_text(changed(("softmax", "sigmoid")), encoding="utf-8")
    assert main(["doctor", "t.yaml", "--quick"]) == 2
    out = capsys.readouterr().out
    assert "t.yaml:17:3: K701 output 'last': sparse_categorical_crossentropy expects" in out
    assert "activation: softmax in the last layer" in out
    assert "1 finding in" in out


def test_a_config_without_data(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = block("""
        kerasish: 1
        model: {input: [3], layers: [{Dense: {units: 3, activation: sigmoid}}]}
        train: {optimizer: adam, loss: sparse_categorical_crossentropy, epochs: 1}
        """)
    code, what = found(capsys, text)
    assert (code, list(what)) == (2, ["loss"])


def test_last_activations() -> None:
    import kerasish as keras

    inner = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), keras.layers.Softmax()])
    x = keras.Input((4,))
    assert last_activation(inner(x)) == "softmax"
    assert last_activation(keras.layers.Dropout(0.1)(keras.layers.ReLU()(x))) == "relu"
    assert last_activation(keras.layers.Activation("tanh")(x)) == "tanh"
    assert last_activation(keras.layers.Dense(2)(x)) == "linear"
    assert last_activation(keras.layers.Concatenate()([x, x])) is None
