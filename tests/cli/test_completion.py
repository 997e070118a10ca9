"""Shell completion, asked of a real bash."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from kerasish.cli._index import COMMANDS
from kerasish.cli.main import main

BASH = shutil.which("bash")


def completed(script: str, line: str, folder: Path) -> list[str]:
    """What bash offers for the last word of a line."""
    words = " ".join(f'"{word}"' for word in line.split(" "))
    ask = f"COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}}-1)); _kerasish"
    program = f'{script}\n{ask}\nprintf "%s\\n" "${{COMPREPLY[@]}}"'
    done = subprocess.run(
        [str(BASH), "--norc", "-c", program], cwd=folder, capture_output=True, text=True, check=True
    )
    assert "syntax" not in done.stderr
    return done.stdout.split()


@pytest.fixture
def script(capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["completion", "bash"]) == 0
    return capsys.readouterr().out


@pytest.mark.skipif(BASH is None, reason="there is no bash")
def test_bash_completes(script: str, tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yml", "c.txt"):
        (tmp_path / name).touch()
    (tmp_path / "folder").mkdir()
    assert set(completed(script, "kerasish ", tmp_path)) == {*COMMANDS, "--help", "--version"}
    assert completed(script, "kerasish des", tmp_path) == ["describe"]
    assert completed(script, "kerasish describe Conv2DT", tmp_path) == ["Conv2DTranspose"]
    assert "optimizers" in completed(script, "kerasish list o", tmp_path)
    assert completed(script, "kerasish check --allow-n", tmp_path) == ["--allow-network"]
    assert completed(script, "kerasish plot m.yaml --direction L", tmp_path) == ["LR"]
    assert completed(script, "kerasish completion f", tmp_path) == ["fish"]
    files = completed(script, "kerasish check ", tmp_path)
    assert sorted(files) == ["a.yaml", "b.yml", "folder/"]
    assert completed(script, "kerasish check a", tmp_path) == ["a.yaml"]
    assert "--traceback" in completed(script, "kerasish info --", tmp_path)


def test_the_other_shells(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "zsh"]) == 0
    out = capsys.readouterr().out
    assert "bashcompinit" in out
    assert "complete -F _kerasish kerasish" in out
    assert main(["completion", "fish"]) == 0
    lines = capsys.readouterr().out.splitlines()
    for name in COMMANDS:
        assert any(line.startswith(f"complete -c kerasish -n __fish_use_subcommand -a {name} ")
                   for line in lines)  # fmt: skip
    assert main(["completion", "tcsh"]) == 2
    assert "shell must be one of bash, zsh, fish" in capsys.readouterr().err
