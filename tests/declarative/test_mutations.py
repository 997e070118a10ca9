"""Files of the project with a mistake made in them by chance: never anything but findings.

`KERASISH_MUTANTS` says how many to try; few are tried by default, others every time the number
changes.
"""

from __future__ import annotations

import os
import random
import re
from pathlib import Path

import pytest

from kerasish.declarative.api import load_config
from kerasish.declarative.text.errors import Diagnostic
from kerasish.declarative.text.scan import QUOTED, scan
from kerasish.errors import ConfigError

ROOT = Path(__file__).parents[2]
COUNT = int(os.environ.get("KERASISH_MUTANTS", "150"))
FENCE = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)


def _texts() -> dict[str, str]:
    """Every file of `configs/` and every example of the pages, which are right as they are."""
    found = {path.name: path.read_text("utf-8") for path in (ROOT / "configs").glob("*.yaml")}
    for page in (ROOT / "docs").glob("*.md"):
        for number, text in enumerate(FENCE.findall(page.read_text("utf-8"))):
            found[f"{page.stem}-{number}.yaml"] = text
    return {name: text for name, text in found.items() if findings(text) == ()}


def findings(text: str) -> tuple[Diagnostic, ...]:
    """What is found in a text; any other error than one that holds findings escapes."""
    try:
        load_config(f"{text}\n")
    except ConfigError as error:
        found = tuple(one for one in error.diagnostics if isinstance(one, Diagnostic))
        assert found, "a ConfigError must hold its findings"
        return found
    return ()


TEXTS = _texts()
PIECES = (":", "-", " ", "{", "}", "[", "]", ",", "'", '"', "\t", "#", "$", "${", "=", "(", ")",
          "null", "None", "True", "1e30", "-1", "0", "\u00a0", "“", "*", "&a", "!", "|", "%", "@",
          "abc", "[]", "{}", "x: y", "\n", "---\n")  # fmt: skip


def _mutant(text: str, chance: random.Random) -> str:
    lines = text.split("\n")
    at = chance.randrange(len(lines))
    kind = chance.randrange(8)
    if kind == 0:
        lines.insert(at, lines[at])
    elif kind == 1:
        del lines[at]
    elif kind == 2:
        lines[at] = " " * chance.randrange(1, 6) + lines[at]
    elif kind == 3:
        lines[at] = lines[at][chance.randrange(1, 4) :]
    elif kind == 4:
        other = chance.randrange(len(lines))
        lines[at], lines[other] = lines[other], lines[at]
    else:
        words = list(re.finditer(r"[\w.]+|[^\w\s]|\s+", lines[at]))
        if words:
            word = chance.choice(words)
            new = "" if kind == 5 else chance.choice(PIECES)
            new = word[0] + new if kind == 7 else new
            lines[at] = lines[at][: word.start()] + new + lines[at][word.end() :]
    return "\n".join(lines)


@pytest.mark.parametrize("name", TEXTS)
def test_mistakes_by_chance(name: str) -> None:
    chance = random.Random(f"{name} {COUNT}")
    for _ in range(max(2, COUNT // len(TEXTS))):
        text = _mutant(TEXTS[name], chance)
        if chance.random() < 0.3:
            text = _mutant(text, chance)
        for one in findings(text) or ():
            assert 1 <= one.mark.line <= text.count("\n") + 2, text
            assert len(one.message) < 600, text
            assert "Traceback" not in str(one), text


def _words(text: str) -> list[tuple[int, int, int]]:
    """Line, start and end of every word of a file that a letter can be wrong in."""
    found = []
    for line in scan(text.split("\n")):
        for word in re.finditer(r"[A-Za-z_][A-Za-z0-9_]{4,}", line.code):
            if QUOTED not in word[0]:
                found.append((line.number, *word.span()))
    return found


def _misspelt(word: str, chance: random.Random) -> str:
    at = chance.randrange(1, len(word) - 1)
    return chance.choice(
        (
            word[:at] + word[at + 1 :],
            word[:at] + word[at] + word[at:],
            word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :],
            word[:at] + chance.choice("aeioknst") + word[at + 1 :],
        )
    )


@pytest.mark.parametrize("name", TEXTS)
def test_a_letter_that_is_wrong(name: str) -> None:
    """Where a misspelt word is a finding, it has the right word, and stands there; of a name that
    the file itself gives, where it is used."""
    text = TEXTS[name]
    chance = random.Random(f"{name} {COUNT} letters")
    places = _words(text)
    for number, start, end in chance.sample(places, min(len(places), max(2, COUNT // len(TEXTS)))):
        lines = text.split("\n")
        word = lines[number][start:end]
        wrong = _misspelt(word, chance)
        lines[number] = lines[number][:start] + wrong + lines[number][end:]
        found = findings("\n".join(lines))
        if found:
            told = "\n".join(map(str, found))
            assert f":{number + 1}:" in told or f"'{wrong}'" in told, (wrong, told)
            assert word in told.replace(lines[number], ""), (wrong, told)
