from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from kerasish.cli.main import main
from kerasish.cli.text import duration, size
from kerasish.config import settings
from kerasish.declarative.api import load_config
from kerasish.declarative.text.emit import emit
from kerasish.declarative.text.errors import Diagnostics
from kerasish.declarative.text.loader import load
from kerasish.declarative.text.source import plain
from tests.declarative.helpers import block

CONFIG = block("""
    kerasish: 1
    name: digits_mlp
    seed: 7
    vars: {width: 32}
    model:
      input: {shape: [8, 8, 1], name: image}
      layers:
        - Flatten
        - Dense: {units: $width, activation: relu}
        - Dense: {units: 10, activation: softmax, name: probs}
    data: {dataset: digits, validation: {split: 0.1}, batch_size: 64}
    train:
      optimizer: adam
      loss: sparse_categorical_crossentropy
      metrics: [accuracy]
      epochs: 2
    """)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(settings, "backend", settings.backend)
    (tmp_path / "m.yaml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def outputs(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(arguments)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_fit_evaluate_predict(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = outputs(capsys, "fit", "m.yaml", "--verbose", "0")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    (first,) = [line for line in lines if line.startswith("digits_mlp: 2 epochs in ")]
    assert first.endswith("2,410 parameters")
    assert lines[-1] == "wrote runs/digits_mlp/"
    made = folder / "runs" / "digits_mlp"
    assert sorted(path.name for path in made.iterdir()) == [
        "checkpoint", "config.resolved.yaml", "config.yaml", "history.csv", "last.keras",
        "log.txt", "metrics.json", "model.keras", "run.json", "summary.txt",
    ]  # fmt: skip
    with (made / "history.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert set(rows[0]) == {"epoch", "loss", "accuracy", "val_loss", "val_accuracy"}
    summary = (made / "summary.txt").read_text(encoding="utf-8")
    assert summary.startswith(first)
    assert "probs (Dense)" in summary
    assert len(summary.splitlines()) < 50
    resolved = plain(load((made / "config.resolved.yaml").read_bytes(), "r", Diagnostics()))
    assert resolved["model"]["layers"][1] == {"Dense": {"units": 32, "activation": "relu"}}

    (tested,) = [line for line in lines if line.startswith("  test ")]
    code, out, _ = outputs(capsys, "evaluate", "runs/digits_mlp", "--verbose", "0")
    assert code == 0
    first_line, second_line = out.splitlines()[:2]
    assert first_line == "test: 355 rows, weights: best (model.keras)"
    assert (
        second_line.removeprefix("  as trained ").strip() == tested.removeprefix("  test").strip()
    )
    code, out, _ = outputs(capsys, "evaluate", "runs/digits_mlp", "--part", "train")
    assert (code, out[:7]) == (0, "train: ")

    np.save(folder / "x.npy", np.zeros((3, 8, 8, 1), "uint8"))
    code, out, err = outputs(capsys, "predict", "runs/digits_mlp", "x.npy", "-o", "y.npy")
    assert (code, out, err) == (0, "", "wrote y.npy\n")
    probabilities = np.load(folder / "y.npy")
    assert probabilities.shape == (3, 10)
    np.testing.assert_allclose(probabilities.sum(-1), 1, rtol=1e-5)
    code, out, _ = outputs(capsys, "predict", "runs/digits_mlp", "x.npy")
    assert out.splitlines() == ["y", *map(str, probabilities.argmax(-1).tolist())]
    code, out, _ = outputs(capsys, "summary", "runs/digits_mlp")
    assert "probs (Dense)" in out


def test_a_second_run_leaves_the_first_alone(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    quick = ("fit", "m.yaml", "--verbose", "0", "--set", "train.epochs=1")
    assert outputs(capsys, *quick)[1].endswith("wrote runs/digits_mlp/\n")
    first = (folder / "runs/digits_mlp/model.keras").read_bytes()
    assert outputs(capsys, *quick)[1].endswith("wrote runs/digits_mlp-2/\n")
    assert (folder / "runs/digits_mlp/model.keras").read_bytes() == first
    code, _, err = outputs(capsys, *quick, "--run", "runs/digits_mlp")
    assert code == 2
    assert "Expected: a folder without a run" in err
    assert outputs(capsys, *quick, "--run", "other")[1].endswith("wrote other/\n")


def test_the_same_seed_gives_the_same_history(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a", "b"):
        outputs(capsys, "fit", "m.yaml", "--verbose", "0", "--run", name)
    one, other = ((folder / name / "history.csv").read_bytes() for name in ("a", "b"))
    assert one == other


def test_progress_lines(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = outputs(capsys, "fit", "m.yaml", "--verbose", "2")
    assert out.count("Epoch ") == 2
    assert "val_accuracy" in out.partition("Epoch 1/2\n")[2].splitlines()[0]


def test_npz_data_are_found_from_the_run_folder(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    (folder / "sub").mkdir()
    np.savez(folder / "sub/d.npz", x=rng.normal(size=(64, 4)).astype("f4"), y=np.arange(64) % 3)
    text = """
    kerasish: 1
    model: {input: [4], layers: [{Dense: {units: 3, activation: softmax}}]}
    data: {train: {npz: d.npz}, test: {npz: d.npz}}
    train: {optimizer: sgd, loss: sparse_categorical_crossentropy}
    """
    (folder / "sub/small.yaml").write_text(block(text), encoding="utf-8")
    assert outputs(capsys, "fit", "sub/small.yaml", "--verbose", "0")[0] == 0
    code, out, err = outputs(capsys, "evaluate", "runs/small")
    assert (code, err) == (0, "")
    assert "\n  as trained  loss " in out


def test_check_reads_no_data(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = CONFIG.replace("dataset: digits", "source: {npz: absent.npz}")
    (folder / "m.yaml").write_text(text, encoding="utf-8")
    code, out, err = outputs(capsys, "check", "m.yaml")
    assert (code, err) == (0, "")
    assert out.startswith(block("""
        m.yaml: no findings
          data      absent.npz: not here, not read
          model     digits_mlp: 3 layers, 2,410 parameters, 9.4 KiB
          train     adam, 2 epochs, batches of 64
          logged    loss"""))  # fmt: skip
    code, _, err = outputs(capsys, "fit", "m.yaml")
    assert code == 2
    assert "K501 The data: expected the file" in err


def test_errors_are_findings_and_code_2(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = outputs(
        capsys, "check", "m.yaml", "--set", "model.layers[probs].units=x", "--set", "trian.x=1"
    )
    assert (code, out) == (2, "")
    assert (
        err
        == block("""
        --set:1:27: K204 units must be a positive integer, received 'x' (text)
           | model.layers[probs].units=x
           |                           ^

        --set:2:1: K110 the file has no key 'trian'
           | trian.x=1
           | ^^^^^      it belongs at the top of the file: train: ...

        2 findings
        """)
        + "\n"
    )


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["train.loss=mse"], "--set:1:12: K420 the loss cannot take the labels: the model gives "),
        (["model.layers[probs].units=5"], "m.yaml:14:9: K420 labels run from 0 to 9, but the "),
        (
            ["train.loss=mse", "model.layers[probs].units=2"],
            "--set:1:12: K420 the loss cannot take the labels",
        ),
        (["~train"], "m.yaml:1:1: K202 training needs the section 'train'"),
        (["train.optimizer={Adam: {learning_rate: -1, clipnorm: x}}"], "K204 clipnorm must be"),
    ],
)
def test_what_fit_refuses_before_training(
    folder: Path, capsys: pytest.CaptureFixture[str], overrides: list[str], message: str
) -> None:
    sets = [part for one in overrides for part in ("--set", one)]
    code, _, err = outputs(capsys, "fit", "m.yaml", *sets)
    assert code == 2
    assert message in err
    assert not (folder / "runs").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check", "none.yaml"], "K106 'none.yaml' does not exist"),
        (["check", "."], "Expected: a run folder that holds config.resolved.yaml"),
        (["evaluate", "."], "Expected: a run folder with model.keras"),
        (["predict", "nowhere", "x.npy"], "Expected: a run folder with model.keras"),
        (["schema", "--allow", "os;x"], "Expected: the name of a module"),
        (["schema", "--allow", "no_such_module_here"], "No module named 'no_such_module_here'"),
        (["schema", "-o", "missing/x.json"], "missing"),
    ],
)
def test_other_errors(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    code, _, err = outputs(capsys, *arguments)
    assert code == 2
    assert message in err
    assert "Traceback" not in err


def test_show(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("show", "m.yaml", "--set", "vars.width=8")
    _, out, _ = outputs(capsys, *arguments, "--resolved")
    data = plain(load(out, "x", Diagnostics()))
    assert data["model"]["layers"][1]["Dense"]["units"] == 8
    assert emit(data) == out
    assert outputs(capsys, *arguments)[1] == out
    _, out, _ = outputs(capsys, *arguments, "--origins")
    rows = dict(line.split("  # ") for line in out.splitlines())
    rows = {key.strip(): place for key, place in rows.items()}
    assert rows["model.layers[1].Dense.units = 8"] == "m.yaml:9:22 from --set:1:12"
    assert rows["train.optimizer = adam"] == "m.yaml:13:14"


def test_schema(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = outputs(capsys, "schema")
    assert "Dense" in json.dumps(json.loads(out)["$defs"]["bodies"])
    outputs(capsys, "schema", "-o", "s.json")
    assert (folder / "s.json").read_text(encoding="utf-8") == out


def test_info(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERASISH_DATA", "/elsewhere")
    code, out, _ = outputs(capsys, "info")
    assert code == 0
    assert "data      beside the config, then in $KERASISH_DATA, which is /elsewhere;" in out
    monkeypatch.delenv("KERASISH_DATA")
    assert "$KERASISH_DATA, which is not set;" in outputs(capsys, "info")[1]
    assert "backend   numpy" in out
    assert "losses" in out


def test_a_plugin_is_imported_only_when_allowed(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code = """
    from __future__ import annotations
    from pathlib import Path
    import kerasish
    Path("marker").touch()

    @kerasish.serialization.register_keras_serializable("acme")
    class Twice(kerasish.layers.Layer):
        factor: float = 2.0

        def call(self, inputs):
            return self.factor * inputs
    """
    (folder / "acme_layers_for_test.py").write_text(block(code), encoding="utf-8")
    text = CONFIG.replace("- Flatten", "- Flatten\n    - acme>Twice: {factor: 3}")
    text = text.replace("seed: 7", "seed: 7\nplugins: [acme_layers_for_test]")
    (folder / "m.yaml").write_text(text, encoding="utf-8")
    _, _, err = outputs(capsys, "check", "m.yaml")
    assert "K201 unknown layer 'acme>Twice'" in err
    assert "--allow acme_layers_for_test" in err
    assert not (folder / "marker").exists()
    code, _, err = outputs(capsys, "check", "m.yaml", "--allow", "acme_layers_for_test")
    assert (code, err) == (0, "")
    assert (folder / "marker").exists()


def test_words() -> None:
    assert [duration(s) for s in (0.5, 59.94, 61, 3725)] == [
        "0.5 s", "59.9 s", "1 min 01 s", "1 h 02 min",
    ]  # fmt: skip
    assert [size(n) for n in (5, 2048, 3 << 20, 5 << 30)] == [
        "5 B",
        "2.0 KiB",
        "3.0 MiB",
        "5.0 GiB",
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[8, 8, 1]", "[9, 9, 1]", "m.yaml:6:18: K410 input.shape is [9, 9, 1], the data have [8,"),
        ("[8, 8, 1]", "[8, 8]", "K410 input.shape is [8, 8], the data have [8, 8, 1]"),
        ("{split: 0.1}", "{splt: 0.1}", "no key 'splt'"),
        ("units: $width", 'units: "32"', "remove the quotes"),
        ("units: $width", "unts: 32", "Dense has no argument 'unts'"),
    ],
)
def test_a_mistake_is_one_finding_where_it_was_made(
    folder: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, message: str
) -> None:
    (folder / "m.yaml").write_text(CONFIG.replace(old, new), encoding="utf-8")
    code, _, err = outputs(capsys, "fit", "m.yaml", "--verbose", "0")
    assert code == 2
    assert message in err
    assert "1 finding\n" in err


def test_plugins_that_nobody_imported_are_told(folder: Path) -> None:
    (folder / "m.yaml").write_text(CONFIG + "\nplugins: [no_module]\n", encoding="utf-8")
    with pytest.warns(UserWarning, match="ask for no_module, .* Import it first"):
        load_config("m.yaml")
