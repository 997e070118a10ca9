"""Files that are wrong as people's files are: the text that they read, to the character.

The files of `golden_wrong` have their text beside them. Those of a `.kinds` file are `base.yml`
with lines taken out (`-`) and others put in (`+`), and the text below. The text says where, what,
and how to mend it; what follows from another mistake is no finding.

`KERASISH_GOLDEN=write` writes the texts anew, to be read before they are kept.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from kerasish.declarative.api import load_config
from kerasish.declarative.resolve.document import Options
from tests.declarative.helpers import error_text, well_formed

FOLDER = Path(__file__).parent / "golden_wrong"
GOLDEN = sorted(FOLDER.glob("*.yaml"))
KINDS = sorted(FOLDER.glob("*.kinds"))
BASE = (FOLDER / "base.yml").read_text("utf-8")
WRITE = os.environ.get("KERASISH_GOLDEN") == "write"
# What only someone who writes Python reads.
PYTHON = ("Traceback", "site-packages", "->", "'Tensor'", "<class", "object at 0x", "None)")


def checked(path: Path) -> str:
    found = error_text(lambda: load_config(path, Options(command=True)).build())
    assert well_formed(found)
    assert not [word for word in PYTHON if word in found]
    return found + "\n"


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_error_texts(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)
    found = checked(Path(path.name))
    if WRITE:
        path.with_suffix(".txt").write_text(found, encoding="utf-8")
    assert found == path.with_suffix(".txt").read_text(encoding="utf-8")


def kinds(path: Path) -> Iterator[tuple[str, str, str]]:
    """Name, changed lines and text of every kind in a file."""
    for part in re.split(r"^=== ", path.read_text("utf-8"), flags=re.MULTILINE)[1:]:
        name, _, rest = part.partition("\n")
        change, _, text = rest.partition("\n\n")
        yield name, change, text.strip("\n")


def changed(change: str) -> str:
    """`base.yml` with the lines of a change taken out and put in."""
    lines, text = BASE.split("\n"), change.split("\n")
    out = [line[2:] for line in text if line.startswith("- ")]
    new = [line[2:] for line in text if line.startswith("+ ")]
    if len(out) == len(new):
        for old, put in zip(out, new, strict=True):
            lines[lines.index(old)] = put
        return "\n".join(lines)
    at = lines.index(out[0])
    kept = [line for line in lines if line not in out]
    return "\n".join([*kept[:at], *new, *kept[at:]])


@pytest.mark.parametrize("path", KINDS, ids=lambda path: path.stem)
def test_kinds_of_mistakes(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    written = []
    for name, change, _ in kinds(path):
        Path("x.yaml").write_text(changed(change), encoding="utf-8")
        written.append(f"=== {name}\n{change}\n\n{checked(Path('x.yaml'))}\n")
    if WRITE:
        path.write_text("".join(written), encoding="utf-8")
    for (name, _, text), found in zip(kinds(path), written, strict=True):
        assert found.partition("\n\n")[2].strip("\n") == text, name


def test_there_are_golden_files() -> None:
    assert len(GOLDEN) >= 20
    assert sum(len(list(kinds(path))) for path in KINDS) >= 120


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "K101 there is no content"),
        ("hello\n", "K110 a file must be a mapping of sections"),
        ("- Dense: 3\n", "K110 a file must be a mapping of sections"),
        ("kerasish = 1\n[model]\ninput = [4]\n", "K107 this is TOML, not YAML"),
        ("import keras\nmodel = keras.Sequential()\n", "K107 this is a program in Python"),
        ('{"class_name": "Sequential", "config": {}}\n', "K110 this is a model's config as Keras"),
        (BASE.replace("digits", "digitz").replace("\n", "\r\n"), "x.yaml:16:12: K205"),
        ("\ufeff" + BASE.replace("digits", "digitz"), "x.yaml:16:12: K205"),
        (BASE.replace("digits", "digitz").replace("\n", "\r"), "x.yaml:16:12: K205"),
    ],
)
def test_other_files(text: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("x.yaml").write_bytes(text.encode())
    found = checked(Path("x.yaml"))
    assert said in found
    assert len(re.findall(r": K\d{3} ", found)) == 1
