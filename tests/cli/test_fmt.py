"""fmt on files and streams; the style itself is held in tests/declarative/text/test_format.py."""

from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace

import pytest

from kerasish.cli.main import main

LOOSE = "a:   1   # x\nb: [1,2]\n"
NEAT = "a: 1  # x\nb: [1, 2]\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "loose.yaml").write_text(LOOSE, encoding="utf-8")
    (tmp_path / "neat.yaml").write_text(NEAT, encoding="utf-8")
    return tmp_path


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["fmt", *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_files_are_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (folder / "neat.yaml").stat().st_mtime_ns
    assert told(capsys, "loose.yaml", "neat.yaml") == (0, "wrote loose.yaml\n", "")
    assert (folder / "loose.yaml").read_text(encoding="utf-8") == NEAT
    assert (folder / "neat.yaml").stat().st_mtime_ns == before
    assert told(capsys, "loose.yaml") == (0, "", "")


def test_check_and_diff_write_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    what = "loose.yaml is not in the style\n"
    assert told(capsys, "--check", "loose.yaml", "neat.yaml") == (2, "", what)
    assert told(capsys, "--check", "neat.yaml") == (0, "", "")
    code, out, err = told(capsys, "--diff", "loose.yaml", "neat.yaml")
    assert (code, err) == (0, "")
    assert out == (
        "--- loose.yaml\n+++ loose.yaml\n@@ -1,2 +1,2 @@\n"
        "-a:   1   # x\n-b: [1,2]\n+a: 1  # x\n+b: [1, 2]\n"
    )
    assert told(capsys, "--diff", "--check", "loose.yaml") == (2, out, what)
    assert (folder / "loose.yaml").read_text(encoding="utf-8") == LOOSE


def test_standard_input(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stdin(text: str) -> None:
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(text.encode())))

    stdin(LOOSE)
    assert told(capsys, "-") == (0, NEAT, "")
    stdin(NEAT)
    assert told(capsys, "-") == (0, NEAT, "")
    stdin(LOOSE)
    assert told(capsys, "--check", "-") == (2, "", "<stdin> is not in the style\n")
    stdin("a: [")
    code, out, err = told(capsys, "-")
    assert (code, out) == (2, "")
    assert err.startswith("<stdin>:1:5: K101 ")


def test_a_wrong_file_is_left_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "wrong.yaml").write_text("a: [1,\n", encoding="utf-8")
    code, out, err = told(capsys, "wrong.yaml", "loose.yaml", "wrong.yaml")
    assert (code, out) == (2, "wrote loose.yaml\n")
    assert err.count("wrong.yaml:2:1: K101") == 2
    assert err.endswith("\n2 findings\n")
    assert (folder / "wrong.yaml").read_text(encoding="utf-8") == "a: [1,\n"
    code, out, err = told(capsys, "none.yaml", "loose.yaml")
    assert (code, out) == (2, "")
    assert err == "none.yaml:1:1: K106 'none.yaml' does not exist\n\n1 finding\n"
