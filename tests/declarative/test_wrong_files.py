"""Files that are wrong as people's files are: the text that they read, to the character.

Every file of `golden_wrong` has one mistake of a kind, or several that must all be told. Its text
says where, what and how to mend it; a finding that follows from another one is none.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from kerasish.declarative.api import load_config
from kerasish.declarative.resolve.document import Options
from tests.declarative.helpers import error_text, well_formed

FOLDER = Path(__file__).parent / "golden_wrong"
GOLDEN = sorted(FOLDER.glob("*.yaml"))
# What only someone who writes Python reads.
PYTHON = ("Traceback", "site-packages", "->", "'Tensor'", "<class", "object at 0x", "None)")


def checked(path: Path) -> str:
    return error_text(lambda: load_config(path.name, Options(command=True)).build())


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_error_texts(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)
    found = checked(path)
    assert well_formed(found)
    assert not [word for word in PYTHON if word in found]
    assert found + "\n" == path.with_suffix(".txt").read_text(encoding="utf-8")


def test_there_are_golden_files() -> None:
    assert len(GOLDEN) >= 20
