"""The table of Keras's own tests that need not pass, and the script that holds a run against it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from scripts import suite_reasons
from tests.golden_values import FOLDER

ROWS: dict[str, dict[str, str]] = json.loads((FOLDER / "suite_reasons.json").read_text("utf-8"))


def test_every_row_has_a_reason_and_tests() -> None:
    assert list(ROWS) == sorted(ROWS)
    for file, reasons in ROWS.items():
        assert file.endswith("_test.py")
        assert all(reason.strip() and names.split() for reason, names in reasons.items()), file


@pytest.mark.parametrize(
    ("outcome", "status", "told"),
    [("passed", 1, "no longer: a_test.py"), ("failed", 0, "1  why"), ("other", 1, "no reason")],
)
def test_a_run_is_held_against_the_table(
    outcome: str, status: int, told: str, tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    table, result, valid = (tmp_path / f"{n}.json" for n in ("table", "result", "valid"))
    table.write_text(json.dumps({"a_test.py": {"why": "T::test_one_* T::test_list[1]"}}))
    name = "T::test_two" if outcome == "other" else "T::test_one_(1, 2)"
    result.write_text(json.dumps({"tests": {f"a_test.py::{name}": [outcome, 0, ""]}}))
    valid.write_text(json.dumps({"files": {"a_test.py": [name]}}))
    monkeypatch.setattr(suite_reasons, "TABLE", table)
    monkeypatch.setattr(sys, "argv", ["suite_reasons.py", str(result), str(valid)])
    assert suite_reasons.main() == status
    assert told in capsys.readouterr().out
