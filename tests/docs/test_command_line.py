"""What docs/command-line.md shows of the commands is what they print."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from pathlib import Path

import pytest

from kerasish.cli.main import main
from kerasish.config import settings
from tests.docs.yaml_data import people

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(?:console)?\n(\$ kerasish .*?)^```", PAGE, re.DOTALL | re.M)
(SMALL,) = re.findall(r"^```yaml\n(# small\.yaml\n.*?)^```", PAGE, re.DOTALL | re.M)
# Where a command says on a terminal only what it is doing.
OPENING = "kerasish 0.1.0: "
NUMBER = "\u2116"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(settings, "backend", settings.backend)
    Path("small.yaml").write_text(SMALL, encoding="utf-8")
    shutil.copytree(ROOT / "configs", "configs")
    people(tmp_path)
    return tmp_path


def fits(shown: str, told: str) -> bool:
    """Whether a text is what is shown, whatever the numbers; a line `...` stands for some lines."""
    parts: list[str] = []
    for line in filter(str.strip, shown.splitlines()):
        if line.strip() == "...":
            parts.append(r"(?:.*\n)*?")
            continue
        words = (re.sub(r"\d[\d,.]*", NUMBER, word) for word in line.split())
        pattern = r"\s+".join(map(re.escape, words)).replace(NUMBER, r"[-+]?\d[\d,.]*")
        parts.append(rf"\s*{pattern}[ \t]*\n")
    lines = [line for line in told.splitlines() if line.strip() and not line.startswith(OPENING)]
    return re.fullmatch("".join(parts), "".join(f"{line}\n" for line in lines)) is not None


def test_the_blocks_are_what_the_commands_print(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One after another, as a reader types them."""
    assert len(BLOCKS) >= 9
    for block in BLOCKS:
        for command, shown in re.findall(r"^\$ kerasish (.*)\n((?:(?!\$ ).*\n)*)", block, re.M):
            if "etth1" in command and not os.environ.get("KERASISH_DATA"):
                continue
            code = main(shlex.split(command))
            out, err = capsys.readouterr()
            assert code in (0, None) or "doctor" in command, err
            assert fits(shown, out), f"$ kerasish {command}\n{out}\n--- the page:\n{shown}"


def test_a_line_of_another_kind_is_seen() -> None:
    assert fits("a  0.5\n...\nwrote x/\n", "a 0.71\nb\nc\nwrote x/\n")
    assert not fits("a  0.5\nwrote x/\n", "a 0.71\nb\nwrote x/\n")
    assert not fits("loss 0.5\n", "accuracy 0.5\n")
