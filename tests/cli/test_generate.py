"""`kerasish generate`: text from runs on characters."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import kerasish as keras
from kerasish import layers
from kerasish import preparation as prep
from kerasish.cli.main import main
from tests.preparation.served_cases import priced, written


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("run").mkdir()


def told(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """The exit code, output and errors of a command."""
    code = main(["generate", "run", *words])
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.parametrize("every", [True, False])
def test_what_was_learnt_is_written(every: bool, capsys: pytest.CaptureFixture[str]) -> None:
    keras.utils.set_random_seed(1)
    _, data, network = written(every=every)
    network.fit(**data.fit_arguments(), epochs=40, verbose=0)
    prep.save(network, data, Path("run/model.keras"))
    likeliest = ("--temperature", "0", "--length", "20")
    code, out, err = told(capsys, "--prompt", "the cat sat on the cat", *likeliest)
    assert code == 0, err
    assert out.startswith("the cat sat on the cat sat on the mat. the")
    if every:  # a prompt that is shorter than the window
        _, out, _ = told(capsys, "--prompt", "cat", *likeliest)
        assert out.startswith("cat sat on the mat. the")


def test_a_step_is_the_networks_by_hand(capsys: pytest.CaptureFixture[str]) -> None:
    _, data, network = written()
    prep.save(network, data, Path("run/model.keras"))
    lookup = next(
        one for one in data.columns.model(data.x).layers if isinstance(one, layers.StringLookup)
    )
    words = lookup.get_vocabulary()
    row = np.array([[words.index(c) for c in "the cat "]])
    logits = np.asarray(network.predict(row, verbose=0))[0, -1]
    logits[0] = -np.inf  # the unknown token is never written
    _, out, _ = told(capsys, "--prompt", "on the cat ", "--temperature", "0", "--length", "1")
    assert out == f"on the cat {words[int(logits.argmax())]}\n"


def test_seeds_and_top_k(capsys: pytest.CaptureFixture[str]) -> None:
    _, data, network = written()
    prep.save(network, data, Path("run/model.keras"))
    words = ("--prompt", "the ", "--length", "40")
    first = told(capsys, *words, "--seed", "3")
    assert told(capsys, *words, "--seed", "3") == first
    assert told(capsys, *words, "--seed", "4") != first
    assert len(first[1]) == len("the ") + 40 + 1
    greedy = told(capsys, *words, "--temperature", "0")
    assert told(capsys, *words, "--top-k", "1", "--seed", "5") == greedy


def test_unknown_characters_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    _, data, network = written()
    prep.save(network, data, Path("run/model.keras"))
    code, out, err = told(capsys, "--prompt", "thé cZt", "--length", "3", "--seed", "1")
    assert code == 0
    assert out.startswith("thé cZt")
    assert "knows no 'é', 'Z'" in err
    assert "[UNK]" not in out
    code, out, _ = told(capsys, "--length", "3", "--seed", "1")
    assert (code, len(out)) == (0, 4)


def test_other_runs_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    _, data, network = priced()
    prep.save(network, data, Path("run/model.keras"))
    code, _, err = told(capsys, "--prompt", "a")
    assert code == 2
    assert "next token of a text" in err
    code, _, err = told(capsys, "--temperature", "-1")
    assert (code, "--temperature" in err) == (2, True)
