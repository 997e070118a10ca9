"""list, describe, schema and info: what they say of every name that a file may use."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kerasish import registry
from kerasish.cli import described, file_keys
from kerasish.cli._index import COMMANDS
from kerasish.cli.main import main
from kerasish.cli.samples import sample, takes
from kerasish.declarative.check import vocabulary
from kerasish.declarative.text.errors import Diagnostics
from kerasish.declarative.text.loader import load
from kerasish.declarative.text.source import plain
from kerasish.signatures import ours
from tests.declarative.helpers import block

# A file holds no functions, which these must be given.
OF_FUNCTIONS = {
    "LossFunctionWrapper", "MeanMetricWrapper", "mean_metric_wrapper", "LearningRateScheduler",
}  # fmt: skip


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def test_the_kinds_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    lines = told(capsys, "list").splitlines()
    assert [line.split()[0] for line in lines] == [
        "layers", "activations", "initializers", "regularizers", "constraints", "losses", "metrics",
        "optimizers", "schedules", "callbacks", "datasets", "ops", "sections", "keys",
    ]  # fmt: skip


def is_ours(kind: str, name: str) -> bool:
    """Whether a name is the package's: other tests enter their own, without a word."""
    return not vocabulary.contains(kind, name) or ours(vocabulary.lookup(kind, name))


@pytest.mark.parametrize("kind", described.KIND_TEXTS)
def test_every_name_is_listed(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    out = told(capsys, "list", described.plural(kind))
    assert told(capsys, "list", kind) == out
    words = out.replace("(", " ").replace(")", " ").replace(",", " ").split()
    assert set(described.names_of(kind)) <= set(words)
    own = {name for name in described.names_of(kind) if not is_ours(kind, name)}
    lines = [line.split(maxsplit=1) for line in out.splitlines()]
    assert all(len(line) == 2 for line in lines if line[0] not in own)
    assert max(map(len, out.splitlines())) <= 200


def test_lists_are_searched(capsys: pytest.CaptureFixture[str]) -> None:
    out = told(capsys, "list", "layers", "TRANSPOSE")
    assert [line.split()[0] for line in out.splitlines()] == [
        "Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose",
    ]  # fmt: skip
    assert "Convolution1DTranspose" in out
    assert main(["list", "layers", "zzz"]) == 2
    assert "Expected: a word of some" in capsys.readouterr().err
    assert main(["list", "lyers"]) == 2
    assert "There is no kind 'lyers'. " in (err := capsys.readouterr().err)
    assert err.endswith("Did you mean 'layers'?\n")
    commands = told(capsys, "list", "commands").splitlines()
    assert [line.split()[0] for line in commands] == list(COMMANDS)


@pytest.mark.parametrize("kind", described.KIND_TEXTS)
def test_everything_is_described(kind: str) -> None:
    for name in described.names_of(kind):
        (first, *_) = described.texts(name)
        assert first.startswith(f"{name}: a")
        assert "0x" not in first
        assert "\n\nexample:\n" in first
        assert max(map(len, first.partition("\n\nexample:\n")[0].splitlines())) <= 110


@pytest.mark.parametrize("kind", vocabulary.KINDS)
def test_examples_are_what_a_file_may_say(kind: str) -> None:
    for name in filter(lambda one: is_ours(kind, one), vocabulary.names(kind)):
        found = sample(kind, name)
        assert (found is None) == (name in OF_FUNCTIONS), name
        if found is not None:
            assert takes(kind, found)
    assert not takes(kind, {"Nothing": 1})


def test_a_layer_is_described(capsys: pytest.CaptureFixture[str]) -> None:
    out = told(capsys, "describe", "Dense")
    assert out.startswith("Dense: a layer\nAffine map on the last axis: activation(x @ kernel + ")
    text, example = out.split("\n\n")[1], out.split("\n\n")[2]
    arguments = plain(load(text, "x", Diagnostics()))["Dense"]
    assert arguments["units"] is None
    assert (arguments["use_bias"], arguments["kernel_initializer"]) == (True, "glorot_uniform")
    assert list(arguments)[-1] == "name"
    assert (
        "units:                              # a positive integer, must be given: size of" in text
    )
    assert "use_bias: true                      # true or false: whether to add a bias" in text
    assert example == block("""
        example:
          model:
            layers:
              - Dense: {units: 32}
        """).rstrip()  # fmt: skip
    assert out.endswith("\n\nmade from Layer\n")


def test_several_things_of_one_name(capsys: pytest.CaptureFixture[str]) -> None:
    out = told(capsys, "describe", "mse")
    assert out.startswith("mse: a loss\n")
    assert "\n\nanother name of mean_squared_error\n\nmse: a metric\n" in out
    out = told(capsys, "describe", "adam")
    assert "  learning_rate: 0.001               # a number or a schedule: a number" in out
    assert "  optimizer: adam\n" in out
    assert "made from Optimizer\n" not in told(capsys, "describe", "glorot_uniform")


def test_unknown_names(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["describe", "Cov2D"]) == 2
    assert "Nothing is called 'Cov2D'. Did you mean 'Conv2D'" in capsys.readouterr().err
    assert main(["describe", "qqqqqq"]) == 2
    assert "'kerasish list layers' the layers" in capsys.readouterr().err


def test_one_s_own_are_described(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    text = block('''
        import kerasish

        @kerasish.register("layer")
        class ThriceForTest(kerasish.layers.Layer):
            """x times a factor.

            Args:
                factor: by what.
            """

            factor: float = 3.0
        ''')  # fmt: skip
    (tmp_path / "plugin_to_describe.py").write_text(text, encoding="utf-8")
    out = told(capsys, "describe", "ThriceForTest", "--allow", "plugin_to_describe")
    assert "  factor: 3.0                 # a number: by what\n" in out
    assert "ThriceForTest" in told(capsys, "list", "layers", "--allow", "plugin_to_describe")
    monkeypatch.delitem(registry._entries["layer"], "ThriceForTest")


def test_what_says_nothing_of_itself_is_not_described_by_its_base(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    text = block('''
        import kerasish

        @kerasish.register("layer")
        class SilentForTest(kerasish.layers.Layer):
            pass
        ''')  # fmt: skip
    (tmp_path / "plugin_without_words.py").write_text(text, encoding="utf-8")
    out = told(capsys, "describe", "SilentForTest", "--allow", "plugin_without_words")
    assert out.startswith("SilentForTest: a layer\n\nSilentForTest:")
    monkeypatch.delitem(registry._entries["layer"], "SilentForTest")


def test_schema_goes_to_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    out = told(capsys, "schema")
    assert json.loads(out)["$schema"].endswith("2020-12/schema")
    assert told(capsys, "schema", "-o", "s.json") == "wrote s.json\n"
    assert (tmp_path / "s.json").read_text(encoding="utf-8") == out


# --- keys of a config ---------------------------------------------------------------------------


def test_a_key(capsys: pytest.CaptureFixture[str]) -> None:
    out = told(capsys, "describe", "train.epochs")
    assert out == block("""
        train.epochs: a key of a config
        How often training goes through the data.

        holds    an integer ≥ 1
        default  1

        example:
          train:
            epochs: 20
        """) + "\n"  # fmt: skip
    assert told(capsys, "describe", "epochs") == out
    assert told(capsys, "describe", "train", "epochs") == out


def test_keys_that_hold_keys(capsys: pytest.CaptureFixture[str]) -> None:
    out = told(capsys, "describe", "data.validation")
    assert "    validation: {split: 0.1}" in out
    assert "keys of part:" in out
    assert "  stratify   beside `split`: every class keeps its share" in out
    assert "keys of source:" not in out
    assert "must be given" in told(capsys, "describe", "train.loss")


def test_formats_of_sources(capsys: pytest.CaptureFixture[str]) -> None:
    out = told(capsys, "describe", "source", "csv")
    assert out.splitlines()[0] == "source.csv: a mapping"
    assert "  separator  what stands between values" in out
    assert "ragged" not in out
    assert "ragged" in told(capsys, "describe", "source.npz")
    assert "holds    one character" in told(capsys, "describe", "source", "csv", "separator")


@pytest.mark.parametrize("path", file_keys.rows())
def test_every_key_that_is_listed_is_described(path: str) -> None:
    (text,) = file_keys.texts(path) if "." in path else file_keys.texts(path)[:1]
    assert file_keys.rows()[path].split(";")[0][1:40] in text.replace("\n", " ")


def test_every_mapping_is_described() -> None:
    for name, keys in file_keys.mappings().items():
        if name != "file":
            text = "\n".join(file_keys.texts(name.replace(" ", ".")))
            assert all(f"  {key}" in text for key in keys), name


def test_sections_and_keys_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, "list", "sections").split()[0] == "kerasish"
    out = told(capsys, "list", "keys")
    assert "train.epochs " in out
    assert "data.source.csv " in out
    assert "repeat.repeat " in out
    assert told(capsys, "list", "keys", "train.epo").startswith("train.epochs ")


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("train.epocs", "train.epochs"), ("data.validaton", "data.validation"), ("windw", "window")],
)
def test_keys_that_are_none(name: str, nearest: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["describe", name]) == 2
    assert f"'{nearest}'" in capsys.readouterr().err
