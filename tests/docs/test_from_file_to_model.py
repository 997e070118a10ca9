"""Every file on the page begins to train."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from kerasish.cli.main import main
from tests.docs.yaml_data import MAKERS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "from-file-to-model.md"
FILES = re.findall(
    r"^## ([^\n]+)\n(?:(?!^## ).)*?```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL | re.M
)


@pytest.mark.parametrize(("title", "text"), FILES, ids=[title for title, _ in FILES])
def test_a_file_trains(
    title: str,
    text: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    from_afar = re.search(r"(?:csv|text): (\w+/[\w.-]+)", text)
    if from_afar and not (Path(os.environ.get("KERASISH_DATA", "")) / from_afar[1]).exists():
        pytest.skip(f"KERASISH_DATA has no {from_afar[1]}")
    for name in ("photos", "sounds"):
        if f" {name}" in text:
            if name == "photos":
                pytest.importorskip("PIL", reason="the extra image is not installed")
            MAKERS[name](tmp_path)
    if "runs/digits_cnn" in text:
        assert main(["fit", str(ROOT / "configs/digits_cnn.yaml"), "--epochs", "1", "--quiet"]) == 0
    Path("task.yaml").write_text(text, encoding="utf-8")
    code = main(["fit", "task.yaml", "--dry-run", "--quiet"])
    told = capsys.readouterr()
    assert code == 0, told.err


def test_every_kind_of_task_has_a_file() -> None:
    assert len(FILES) == 10
