"""`fit`: run folders, their end and their going on."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kerasish import random
from kerasish.callbacks import EarlyStopping, ModelCheckpoint
from kerasish.callbacks.callback import Callback
from kerasish.cli import diverged, training
from kerasish.cli.main import main
from kerasish.cli.recorder import Recorder, watched
from kerasish.config import settings
from kerasish.declarative.api import load_config
from kerasish.preparation.served import load
from kerasish.saving import load_model
from tests.declarative.helpers import block

CONFIG = block("""
    kerasish: 1
    name: small
    seed: 3
    model:
      input: {shape: [8, 8, 1]}
      layers: [Flatten, {Dropout: 0.2}, {Dense: {units: 10, activation: softmax, name: probs}}]
    data: {dataset: digits, validation: {split: 0.2}, batch_size: 256}
    train:
      optimizer: {Adam: {learning_rate: 0.01}}
      loss: sparse_categorical_crossentropy
      metrics: [accuracy]
      epochs: 4
    """)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(settings, "backend", settings.backend)
    (tmp_path / "m.yaml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def done(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["fit", *arguments, "--verbose", "0"])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def record(run: str | Path) -> dict[str, Any]:
    return json.loads((Path(run) / "run.json").read_text(encoding="utf-8"))


def stop_after(epochs: int, monkeypatch: pytest.MonkeyPatch, error: Any) -> None:
    """Let training end in the way of an error in the epoch after some."""
    original = Recorder.on_epoch_begin

    def begin(self: Recorder, epoch: int, logs: Any = None) -> None:
        original(self, epoch, logs)
        if epoch == epochs:
            raise error

    monkeypatch.setattr(Recorder, "on_epoch_begin", begin)


def weights(run: str, name: str = "last.keras") -> list[np.ndarray]:
    return load(Path(run) / name).network.get_weights()


def test_the_folder_says_what_was_run(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = done(capsys, "m.yaml", "--epochs", "2")
    assert (code, err) == (0, "")
    assert out.splitlines()[0].startswith("kerasish 0.")
    held = record("runs/small")
    assert held["state"] == "finished"
    assert held["command"] == ["kerasish", "fit", "m.yaml", "--epochs", "2", "--verbose", "0"]
    assert (held["seed"], held["epochs"], held["best_by"]) == (3, 2, "val_loss")
    assert held["versions"].keys() >= {"python", "numpy", "kerasish"}
    assert held["rows"] == {"train": 1154, "validation": 288, "test": 355}
    assert (folder / "runs/small/config.yaml").read_bytes() == CONFIG.encode()
    assert "epochs: 2" in (folder / "runs/small/config.resolved.yaml").read_text("utf-8")
    metrics = json.loads((folder / "runs/small/metrics.json").read_text("utf-8"))
    assert set(metrics) == {"weights", "epoch", "train", "validation", "test"}
    with (folder / "runs/small/history.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    best = metrics["validation"]["as_trained"]["loss"]
    assert best == pytest.approx(float(rows[metrics["epoch"] - 1]["val_loss"]), rel=1e-5)
    log = (folder / "runs/small/log.txt").read_text("utf-8")
    assert "Epoch 2/2 - " in log
    assert out.splitlines()[-1] in log


def test_the_best_epoch_is_kept(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rate = "train.optimizer.Adam.learning_rate=3"  # so high that later epochs are worse
    assert done(capsys, "m.yaml", "--set", rate, "--set", "train.epochs=6")[0] == 0
    held = record("runs/small")
    rows = (folder / "runs/small/history.csv").read_text("utf-8").splitlines()
    losses = [float(row.split(",")[3]) for row in rows[1:]]
    assert rows[0].split(",")[3] == "val_loss"
    assert held["best_epoch"] == int(np.argmin(losses)) + 1 != 6
    best, last = weights("runs/small", "model.keras"), weights("runs/small")
    assert any((a != b).any() for a, b in zip(best, last, strict=True))
    model = load("runs/small/model.keras").network
    data = load_config("runs/small/config.resolved.yaml").data()
    x, y = data.batches("validation")[:2]
    assert model.evaluate(x, y, verbose=0)[0] == pytest.approx(min(losses), rel=1e-5)


def test_which_epoch_is_best_is_what_callbacks_watch() -> None:
    assert watched([], False) == (None, "auto")
    assert watched([], True) == ("val_loss", "min")
    assert watched([EarlyStopping("val_accuracy", mode="max")], True) == ("val_accuracy", "max")
    assert watched([EarlyStopping("loss"), Callback()], True) == ("val_loss", "min")
    every = ModelCheckpoint("a.keras", monitor="val_mae")
    assert watched([every], True) == ("val_loss", "min")
    best = ModelCheckpoint("a.keras", monitor="val_mae", save_best_only=True)
    assert watched([best], True) == ("val_mae", "auto")


@pytest.mark.parametrize("callbacks", ["", "  callbacks: [{Checkpoint: {path: own}}]"])
def test_an_interrupted_run_goes_on_bit_for_bit(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    callbacks: str,
) -> None:
    (folder / "m.yaml").write_text(f"{CONFIG}\n{callbacks}\n", encoding="utf-8")
    assert done(capsys, "m.yaml", "--run", "whole")[0] == 0
    with monkeypatch.context() as patch:
        stop_after(2, patch, KeyboardInterrupt())
        code, out, err = done(capsys, "m.yaml", "--run", "cut")
    assert (code, err) == (130, "\ninterrupted\n")
    assert out.splitlines()[-1] == "  kerasish fit --resume cut  goes on"
    assert (record("cut")["state"], record("cut")["epochs"]) == ("interrupted", 2)
    assert load_model("cut/model.keras").count_params() == 650
    assert done(capsys, "--resume", "cut")[0] == 0
    assert record("cut")["state"] == "finished"
    for name in ("history.csv", "metrics.json"):
        assert (folder / "cut" / name).read_bytes() == (folder / "whole" / name).read_bytes()
    for name in ("model.keras", "last.keras"):
        for one, other in zip(weights("cut", name), weights("whole", name), strict=True):
            np.testing.assert_array_equal(one, other)
    code, out, _ = done(capsys, "m.yaml", "--run", "cut", "--resume")
    assert (code, out.splitlines()[-1]) == (0, "finished already: cut/")
    before = (folder / "cut/run.json").read_bytes()
    code, _, err = done(capsys, "m.yaml", "--set", "train.epochs=9", "--resume", "cut")
    assert code == 2
    assert "-  epochs: 4\n+  epochs: 9\nerror: --resume" in err
    assert (folder / "cut/run.json").read_bytes() == before


def test_a_checkpoint_of_another_run_is_not_taken_up(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "m.yaml").write_text(
        CONFIG + "\n  callbacks: [{Checkpoint: own}]\n", encoding="utf-8"
    )
    for name, rate in (("a", 0.01), ("b", 0.02)):
        change = f"train.optimizer.Adam.learning_rate={rate}"
        assert done(capsys, "m.yaml", "--run", name, "--set", change)[0] == 0
        assert list((folder / name / "own").iterdir())
    one, other = ((folder / name / "history.csv").read_text("utf-8") for name in "ab")
    assert one.count("\n") == other.count("\n") == 5
    assert one != other


def test_an_interrupt_in_the_first_epoch_leaves_a_model(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_after(0, monkeypatch, KeyboardInterrupt())
    code, out, _ = done(capsys, "m.yaml")
    assert code == 130
    assert "model.keras is the model as it was within its first epoch" in out
    assert load_model("runs/small/model.keras").count_params() == 650


@pytest.mark.parametrize(
    "arguments",
    [
        ("--set", "train.epochs=x"),
        ("--set", "data.dataset=none"),
        ("--set", "model.layers[probs].units=5"),
        ("--run", "taken"),
        ("--run", "m.yaml/x"),
        ("--resume", "empty"),
        ("--device", "abacus"),
        ("m.yaml", "--run", "r"),
    ],
)
def test_a_failed_start_leaves_no_folder(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    for name in ("taken", "empty"):
        (folder / name).mkdir()
    (folder / "taken/run.json").write_text("{}", encoding="utf-8")
    assert done(capsys, "m.yaml", *arguments)[0] == 2
    assert sorted(p.name for p in folder.iterdir()) == ["empty", "m.yaml", "taken"]
    assert [p.name for p in (folder / "taken").iterdir()] == ["run.json"]


def test_a_fault_before_the_first_epoch_has_ended_leaves_no_folder(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_after(0, monkeypatch, OSError("no"))
    assert done(capsys, "m.yaml")[0] == 2
    assert not (folder / "runs").exists()


def test_the_record_says_after_every_epoch_how_far_the_run_is(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    original, seen = Recorder.on_epoch_begin, []

    def begin(self: Recorder, epoch: int, logs: Any = None) -> None:
        original(self, epoch, logs)
        held = record("runs/small")
        seen.append((held["state"], held["epochs"], held["best_epoch"], held["seconds"]))

    monkeypatch.setattr(Recorder, "on_epoch_begin", begin)
    assert done(capsys, "m.yaml")[0] == 0
    assert [one[:2] for one in seen] == [("running", epoch) for epoch in range(4)]
    assert all(1 <= one[2] <= one[1] for one in seen[1:])
    seconds = [one[3] for one in seen]
    assert sorted(set(seconds)) == seconds


def test_a_seed_is_drawn_kept_and_repeats_the_run(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "m.yaml").write_text(CONFIG.replace("seed: 3\n", ""), encoding="utf-8")
    _, out, _ = done(capsys, "m.yaml", "--epochs", "1")
    drawn = record("runs/small")["seed"]
    assert f"seed {drawn}," in out
    assert "small: 1 epoch in " in out
    again = "runs/small/config.resolved.yaml"
    assert done(capsys, again, "--run", "again")[0] == 0
    assert done(capsys, "m.yaml", "--epochs", "1", "--seed", str(drawn), "--run", "c")[0] == 0
    assert done(capsys, "m.yaml", "--epochs", "1", "--run", "d")[0] == 0
    assert record("d")["seed"] != drawn
    first, *same, other = (
        (folder / name / "history.csv").read_bytes() for name in ("runs/small", "again", "c", "d")
    )
    assert same == [first, first]
    assert other != first


def test_dry_run(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = done(capsys, "m.yaml", "--dry-run")
    assert code == 0
    assert re.search(r"dry run: one step, loss \d+\.\d+, accuracy", out)
    assert not (folder / "runs").exists()


def test_json_is_all_of_standard_output(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = done(capsys, "m.yaml", "--epochs", "1", "--json")
    told = json.loads(out)
    assert (code, told["run"], told["state"]) == (0, "runs/small", "finished")
    assert told["metrics"]["test"]["as_trained"].keys() == {"loss", "accuracy"}
    assert "wrote runs/small/" in err
    code, out, err = done(capsys, "m.yaml", "--epochs", "1", "--json", "--quiet")
    assert (json.loads(out)["run"], err) == ("runs/small-2", "")
    assert done(capsys, "m.yaml", "--epochs", "1", "--quiet") == (0, "", "")
    assert "wrote" in (folder / "runs/small-3/log.txt").read_text("utf-8")


def test_seeds(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = done(capsys, "m.yaml", "--epochs", "1", "--seeds", "3", "--json")
    told = json.loads(out)
    assert code == 0
    assert [one["run"] for one in told["runs"]] == [f"runs/small-seed{n}" for n in (3, 4, 5)]
    losses = [one["metrics"]["test"]["as_trained"]["loss"] for one in told["runs"]]
    assert told["mean"]["test loss"] == pytest.approx(np.mean(losses))
    assert told["deviation"]["test loss"] == pytest.approx(np.std(losses, ddof=1))
    assert len(set(losses)) == 3
    _, out, _ = done(capsys, "m.yaml", "--epochs", "1", "--seeds", "2")
    assert re.search(r"\n +mean +deviation of 2\nvalidation loss +\d", out)


def test_several_configs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "b.yaml").write_text(CONFIG.replace("units: 10", "unts: 10"), encoding="utf-8")
    (folder / "c.yaml").write_text(CONFIG.replace("name: small", "name: c"), encoding="utf-8")
    code, _, err = done(capsys, "m.yaml", "b.yaml", "c.yaml", "--epochs", "1")
    assert code == 2
    assert "Dense has no argument 'unts'" in err
    assert sorted(p.name for p in (folder / "runs").iterdir()) == ["c", "small"]


DECAY = "{ExponentialDecay: {initial_learning_rate: 1.0e-3, decay_steps: 5, decay_rate: 1.0e+12}}"


@pytest.mark.parametrize("rate", ["1.0e+30", DECAY])
def test_a_loss_that_is_not_finite_ends_the_run(
    folder: Path, capsys: pytest.CaptureFixture[str], rate: str
) -> None:
    text = CONFIG.replace("Adam: {learning_rate: 0.01}", f"SGD: {{learning_rate: {rate}}}")
    text = text.replace("units: 10, activation: softmax", "units: 1").replace(
        "sparse_categorical_crossentropy", "mse"
    )
    (folder / "m.yaml").write_text(text.replace("metrics: [accuracy]", ""), encoding="utf-8")
    code, _, err = done(capsys, "m.yaml")
    assert code == 3
    assert re.match(r"error: Training diverged in epoch \d: the loss is (nan|inf)", err)
    assert "'probs'" in err
    assert "Lower the learning rate" in err
    held = record("runs/small")
    assert (held["state"], held["error"]) == ("diverged", err.removeprefix("error: ").strip())
    assert not settings.check_numerics
    models = [p for p in Path("runs/small").glob("*.keras")]
    assert bool(models) == (held["epochs"] > 0)
    for path in models:
        assert all(np.isfinite(w).all() for w in load_model(path, compile=False).get_weights())


def test_the_place_is_that_of_the_first_value() -> None:
    error = diverged.NumericsError("1 of 4 values are NaN")
    error.op, error.layer, error.rows = "exp", "net/block/b", (2,)
    found = (
        "1 of 4 values that are not finite, first in the layer 'block/b', in rows 2 of its batch"
    )
    assert diverged._told(error) == f"{found} (op 'exp')"
    error.backward = True
    assert "the gradient of the layer 'block/b'" in diverged._told(error)
    error.layer = "net"
    assert "loss" in diverged._told(error)


def test_what_fast_packages_bring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training.importlib.util, "find_spec", lambda name: None)
    assert "pip install 'kerasish[fast]'" in training.slow_line()
    monkeypatch.setattr(training.importlib.util, "find_spec", lambda name: object())
    assert training.slow_line() == ""


def test_what_is_written_changes_nothing_of_training(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert done(capsys, "m.yaml")[0] == 0
    random.set_random_seed(3)
    project = load_config("m.yaml")
    data = project.data()
    model = project.build()
    history = model.fit(**project.fit_arguments(model, data), verbose=0).history
    rows = (folder / "runs/small/history.csv").read_text("utf-8").splitlines()[1:]
    assert [float(row.split(",")[1]) for row in rows] == history["loss"]
    for one, other in zip(weights("runs/small"), model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


SCALED = block("""
    kerasish: 1
    name: scaled
    seed: 1
    model: {layers: [{Dense: 1}]}
    data:
      source: {csv: d.csv}
      validation: {split: 0.2}
      test: {rows: [0, 40]}
      x: {x: {from: [a, b], Normalization: {}}}
      y: {c: {from: c, Normalization: {}}}
    train: {optimizer: {Adam: {learning_rate: 0.05}}, loss: mse, metrics: [mse], epochs: 3}
    """)


def test_metrics_are_in_units_of_the_file_too(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 200))
    rows = [f"{p:.4f},{q:.4f},{1000 * p + 500 * q:.2f}" for p, q in zip(a, b, strict=True)]
    (folder / "d.csv").write_text("\n".join(["a,b,c", *rows]) + "\n", encoding="utf-8")
    (folder / "m.yaml").write_text(SCALED, encoding="utf-8")
    code, out, err = done(capsys, "m.yaml")
    assert (code, err) == (0, "")
    assert re.search(r"\n  in units    mae \d+", out)
    metrics = json.loads((folder / "runs/scaled/metrics.json").read_text("utf-8"))
    made = load("runs/scaled/model.keras")
    table = load_config("m.yaml").data().parts.test
    wrong = made.predict(table)["c"].ravel() - table.values("c")
    assert metrics["test"]["in_units"]["mae"] == pytest.approx(np.abs(wrong).mean(), rel=1e-3)
    assert metrics["test"]["in_units"]["mse"] == pytest.approx(np.square(wrong).mean(), rel=1e-3)
    files = record("runs/scaled")["files"]
    assert {Path(name).name for name in files} == {"d.csv"}
    digest = hashlib.sha256((folder / "d.csv").read_bytes()).hexdigest()
    assert set(files.values()) == {digest}


def test_averages_of_the_weights_are_the_last_model_and_a_candidate_of_the_best(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What `evaluate` says of a run's weights is what `fit` has said of them."""
    averaging = "train.optimizer={Adam: {learning_rate: 0.3, use_ema: true, ema_momentum: 0.8}}"
    for number, change in enumerate(
        ((), ("--set", "~data.validation"), ("--set", "train.mixed_precision=mixed_float16"))
    ):
        code, out, err = done(capsys, "m.yaml", "--run", f"r{number}", "--set", averaging, *change)
        assert code == 0, err
        kept = json.loads(Path(f"r{number}/metrics.json").read_text("utf-8"))
        for weights in ("best", "last"):
            line = ("evaluate", f"r{number}", "--part", "train", "--weights", weights, "--json")
            assert main(list(line)) == 0
            found = json.loads(capsys.readouterr().out)["as_trained"]
            # The averages are better than the weights of any epoch, so both are one.
            assert found == pytest.approx(kept["train"]["as_trained"]), (number, weights)
        if "validation" in kept:
            shown = kept["validation"]["as_trained"]
            assert record(f"r{number}")["best"] == pytest.approx(shown["loss"])
            assert f"after 4, averaged: val_loss {shown['loss']:.4f}" in out
            with Path(f"r{number}/history.csv").open(encoding="utf-8") as file:
                losses = [float(row["val_loss"]) for row in csv.DictReader(file)]
            assert shown["loss"] < min(losses)


def test_files_of_several_columns_are_named_in_a_line(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("image", "kind"):
        np.save(folder / f"{name}.npy", np.arange(40) % 4)
    data = "{source: {npy: {x: image.npy, y: kind.npy}}, batch_size: 8}"
    model = "{layers: [{Dense: {units: 4, activation: softmax}}]}"
    change = ("--set", f"data={data}", "--set", f"model={model}", "--epochs", "1")
    code, out, err = done(capsys, "m.yaml", *change)
    assert code == 0, err
    assert "small: reading image.npy, kind.npy" in out
