"""`kerasish check`: what it says without reading a row."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kerasish.cli.main import main

TABLE = """\
kerasish: 1
data:
  source: {csv: t.csv}
  validation: {split: 0.2}
  x: {numbers: {from: [age, height], seq: [fill: median, Normalization]}}
  y: {price: {from: price, Rescaling: 0.1}}
  batch_size: 16
model: {layers: [{Dense: {units: 3, activation: relu}}, {Dense: {units: 1, name: price}}]}
train:
  optimizer: {Adam: {learning_rate: {CosineDecay: {initial_learning_rate: 0.01, decay_steps: "${4 * data.steps}"}}}}
  loss: mse
  metrics: [mae]
  epochs: 4
  callbacks: [{EarlyStopping: {monitor: val_mae}}]
"""  # noqa: E501
TEXT = """\
kerasish: 1
data:
  source: {csv: t.csv}
  x: {words: {from: text, TextVectorization: {output_sequence_length: 7}}}
  y: label
model:
  layers:
    - Embedding: {input_dim: $data.words.size, output_dim: 4}
    - GlobalAveragePooling1D
    - Dense: {units: $data.label.classes, activation: softmax}
train: {optimizer: adam, loss: sparse_categorical_crossentropy}
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KERASISH_DATA", raising=False)


def check(
    capsys: pytest.CaptureFixture[str], text: str, *more: str, data: str | None = None
) -> tuple[int, str, str]:
    Path("m.yaml").write_text(text)
    if data is not None:
        Path("t.csv").write_text(data)
    code = main(["check", "m.yaml", *more])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_data_that_are_not_here(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = check(capsys, TABLE)
    assert code == 0
    lines = out.splitlines()
    assert lines[:3] == [
        "m.yaml: no findings",
        "  data      t.csv: not here, not read",
        "  model     m: 2 layers, 13 parameters, 52 B",
    ]
    assert lines[3] == "  train     Adam, 4 epochs, batches of 16"
    assert lines[4] == "  logged    loss, mae, val_loss, val_mae"
    assert lines[5] == "  callbacks EarlyStopping"
    assert lines[6].startswith("  step      ")
    assert lines[6].endswith(" floating-point operations for a batch of 16")


def test_data_that_are_asked_for_must_be_here(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = check(capsys, TABLE, "--data")
    assert code == 2
    assert "m.yaml:3:17: K501" in err
    assert "the file 't.csv', received none in" in err


def test_only_the_header_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = check(capsys, TABLE, data="age,height,price\nno,numbers\n")
    assert (code, err) == (0, "")
    assert "  data      t.csv: 3 columns (age, height, price)\n" in out


def test_the_header_of_a_part_is_read_as_that_of_the_first(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("late.csv").write_text("70;1.7;3\n", encoding="utf-8")
    text = TABLE.replace("csv: t.csv", 'csv: t.csv, names: [age, height, price], separator: ";"')
    text = text.replace("{split: 0.2}", "{csv: late.csv}")
    code, out, err = check(capsys, text, data="40;1.6;2\n")
    assert (code, err) == (0, "")
    for name in ("t.csv", "late.csv"):
        assert f"  data      {name}: 3 columns (age, height, price)\n" in out


def test_an_input_may_be_called_as_a_fact_is(capsys: pytest.CaptureFixture[str]) -> None:
    text = TABLE.replace("x: {numbers:", "x: {steps:")
    assert '"${4 * data.steps}"' in text
    data = "age,height,price\n" + "40,2,3\n" * 40
    assert check(capsys, text, "--data", data=data)[::2] == (0, "")


def test_columns_that_are_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = check(capsys, TABLE, data="age,heigth,prize\n1,2,3\n")
    assert code == 2
    assert "m.yaml:5:29: K502 there is no column 'height'" in err
    assert "m.yaml:6:21: K502 there is no column 'price'" in err
    assert "did you mean 'heigth'" in err
    assert "2 findings" in err


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("{split: 0.2}", "{split: 0.2, stratify: kind}", "4:38"),
        ("{split: 0.2}", "{split: 0.2, group: kind}", "4:35"),
        ("{split: 0.2}", "{where: {kind: 1}}", "4:24"),
        ("  batch_size: 16\n", "  sample_weight: kind\n", "7:18"),
        ("csv: t.csv", "csv: t.csv, time: kind", "3:30"),
        ("csv: t.csv", "csv: t.csv, group: kind", "3:31"),
    ],
)
def test_every_key_that_names_a_column(
    old: str, new: str, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    data = "age,height,price\n"
    code, _, err = check(capsys, TABLE.replace(old, new), data=data)
    assert code == 2
    assert f"m.yaml:{place}: K502 there is no column 'kind'" in err
    assert err.count("K502") == 1


def test_what_is_known_once_the_data_are_read(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = check(capsys, TEXT, data="text,label\nan apple,good\na stone,bad\n")
    assert code == 0
    assert (
        "  model     not built: $data.label.classes, $data.words.size are known once the data are "
        "read (check --data, fit --dry-run)\n"
    ) in out
    assert "step" not in out
    code, out, _ = check(capsys, TEXT, "--data")
    assert code == 0
    assert "  data      t.csv: rows of train 2\n" in out
    assert "  model     m: 3 layers, 34 parameters, 136 B\n" in out
    assert "for a batch of 32" in out


def test_a_file_that_is_damaged(capsys: pytest.CaptureFixture[str]) -> None:
    Path("t.npz").write_bytes(b"no archive")
    code, _, err = check(capsys, TABLE.replace("csv: t.csv", "npz: t.npz"))
    assert code == 2
    assert "m.yaml:3:17: K501" in err
    assert "a whole npz file" in err


ARRAYS = """\
kerasish: 1
data: {source: {npz: t.npz}, x: {image: {from: image}}, y: digit}
model: {layers: [{Reshape: [8, 8, 1]}, {Conv2D: {filters: 2, kernel_size: 3}}, Flatten, {Dense: {units: 10, name: digit}}]}
train: {optimizer: adam, loss: {SparseCategoricalCrossentropy: {from_logits: true}}}
"""  # noqa: E501


def test_shapes_come_from_headers(capsys: pytest.CaptureFixture[str]) -> None:
    np.savez("t.npz", image=np.zeros((6, 8, 8), np.uint8), digit=np.arange(6))
    code, out, _ = check(capsys, ARRAYS)
    assert code == 0
    assert "  data      t.npz: 6 rows, 2 columns (image, digit)\n" in out
    assert "  model     m: 4 layers, 750 parameters" in out
    np.savez("t.npz", image=np.zeros((6, 8, 9), np.uint8), digit=np.arange(6))
    code, _, err = check(capsys, ARRAYS)
    assert code == 2
    assert "m.yaml:3:" in err
    assert "K4" in err


def test_windows(capsys: pytest.CaptureFixture[str]) -> None:
    text = TABLE.replace("  batch_size: 16\n", "  window: {history: 5, horizon: 1}\n")
    text = text.replace("layers: [{", "layers: [Flatten, {").replace(
        "{split: 0.2}", "{rows: [0, 9]}"
    )
    code, out, _ = check(capsys, text, data="age,height,price\n")
    assert code == 0
    assert "  model     m: 3 layers, 37 parameters" in out  # 5 moments of 2 numbers


def test_a_model_alone(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = check(capsys, "kerasish: 1\nmodel: {input: [4], layers: [Dense: 3]}\n")
    assert (code, out) == (0, "m.yaml: no findings\n  model     m: 1 layer, 15 parameters, 60 B\n")


def test_a_length_that_is_open(capsys: pytest.CaptureFixture[str]) -> None:
    model = "{input: {shape: [null, 3], name: steps}, layers: [{GRU: 2}, {Dense: 1}]}"
    text = f"kerasish: 1\nmodel: {model}\ntrain: {{optimizer: adam, loss: mse}}\n"
    code, out, _ = check(capsys, text)
    assert code == 0
    assert "  step      not worked out: the length of steps is open\n" in out


def test_several_outputs(capsys: pytest.CaptureFixture[str]) -> None:
    text = """\
kerasish: 1
model:
  inputs: {a: {shape: [4]}, b: {shape: [2]}}
  nodes:
    both: {from: [a, b], Concatenate: {}}
    kind: {from: both, Dense: {units: 3, activation: softmax}}
    size: {from: both, Dense: 1}
  outputs: [kind, size]
train:
  optimizer: sgd
  loss: {kind: sparse_categorical_crossentropy, size: mse}
  metrics: {kind: accuracy}
"""
    code, out, _ = check(capsys, text)
    assert code == 0
    assert "  logged    loss, kind_loss, size_loss, kind_accuracy\n" in out
    assert "operations for a batch of 32\n" in out


def test_layers_that_learn_from_the_data(capsys: pytest.CaptureFixture[str]) -> None:
    text = TABLE.replace("layers: [{", "layers: [Normalization, {")
    data = "age,height,price\n1,2,3\n4,5,7\n2,2,2\n3,1,1\n5,6,7\n"
    code, out, _ = check(capsys, text, data=data)
    assert code == 0
    assert "  model     not built: its layers learn from the data" in out
    code, out, _ = check(capsys, text, "--data")
    assert code == 0
    assert "  model     m: 3 layers, " in out
