from __future__ import annotations

import re
from pathlib import Path

import pytest

import kerasish.declarative
from kerasish.cli.doctoring.finding import CHECKS
from kerasish.declarative.text.errors import (
    CODES,
    MAX_FINDINGS,
    Diagnostic,
    Diagnostics,
    did_you_mean,
)
from kerasish.declarative.text.source import Mark, Source
from kerasish.errors import ConfigError
from tests.declarative.helpers import block

SOURCE = Source.of_text("a.yaml", "units: '64'\n\nname: 漢字 x\n" + "long: " + "y" * 400)


def test_layout() -> None:
    found = Diagnostic("K204", "no", Mark(SOURCE, 1, 8, 4), "hint", ("one", "two"))
    assert str(found) == block("""
        a.yaml:1:8: K204 no
           | units: '64'
           |        ^^^^      hint
           one
           two
        """)


def test_without_a_source_line() -> None:
    assert str(Diagnostic("K101", "no", Mark(SOURCE, 2, 1))) == "a.yaml:2:1: K101 no"
    assert str(Diagnostic("K101", "no", Mark(SOURCE, 99, 1), "why")) == (
        "a.yaml:99:1: K101 no\n   = why"
    )


def test_carets_stand_under_wide_characters() -> None:
    assert str(Diagnostic("K101", "no", Mark(SOURCE, 3, 7, 2))).splitlines()[2] == (
        "   |       ^^^^"
    )
    assert str(Diagnostic("K101", "no", Mark(SOURCE, 3, 10, 1))).splitlines()[2] == (
        "   |            ^"
    )


def test_long_lines_are_cut_around_the_place() -> None:
    text = str(Diagnostic("K101", "no", Mark(SOURCE, 4, 300, 3))).splitlines()
    assert max(len(line) for line in text) < 200
    assert text[2].strip("| ") == "^^^"


def test_all_findings_in_order_each_once() -> None:
    diagnostics = Diagnostics()
    other = Source.of_text("b.yaml", "x")
    diagnostics.add("K203", "later", Mark(SOURCE, 3, 1))
    diagnostics.add("K101", "other file", Mark(other, 1, 1))
    diagnostics.add("K202", "first", Mark(SOURCE, 1, 5))
    diagnostics.add("K202", "first", Mark(SOURCE, 1, 5))
    assert len(diagnostics) == 3
    with pytest.raises(ConfigError) as caught:
        diagnostics.raise_if_any()
    found = caught.value.diagnostics
    assert [d.message for d in found if isinstance(d, Diagnostic)] == [
        "first", "later", "other file",
    ]  # fmt: skip
    assert str(caught.value) == "\n\n".join(str(one) for one in found)


def test_no_finding_no_error() -> None:
    Diagnostics().raise_if_any()


def test_unknown_codes_are_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError, match="K999"):
        Diagnostics().add("K999", "x", Mark(SOURCE, 1, 1))


def test_every_code_is_given_somewhere_and_tested() -> None:
    package = Path(kerasish.declarative.__file__).parent
    sources = [p for p in package.rglob("*.py") if p.name != "errors.py"]
    sources += (package.parent / "cli" / "doctoring").rglob("*.py")
    given = {c for p in sources for c in re.findall(r'"(K\d{3})"', p.read_text(encoding="utf-8"))}
    assert given == set(CODES)
    here = Path(__file__).parents[1]
    tests = [p for p in here.rglob("*") if p.suffix in (".py", ".txt") and p != Path(__file__)]
    tested = {c for p in tests for c in re.findall(r"K\d{3}", p.read_text(encoding="utf-8"))}
    planted = (here.parent / "cli" / "test_doctor.py").read_text(encoding="utf-8")
    tested |= {code for name, (code, _) in CHECKS.items() if f'"{name}"' in planted}
    assert set(CODES) - tested == set()


def test_suggestions() -> None:
    assert did_you_mean("filter", ["filters", "units"]) == "did you mean 'filters'?"
    assert did_you_mean("zzz", ["a", "b"]) == "known: a, b"
    assert did_you_mean("zzz", ["a", "b"], listing=False) == ""
    assert did_you_mean("x" * 10_000, []) == ""
    assert did_you_mean("zzz", [str(i) for i in range(20)]).endswith("7, ...")


def test_no_more_findings_than_anyone_reads() -> None:
    found = Diagnostics()
    for number in range(MAX_FINDINGS - 1):
        found.add("K204", "no", Mark(SOURCE, 1, number + 1))
    with pytest.raises(ConfigError) as caught:
        found.add("K204", "no", Mark(SOURCE, 1, MAX_FINDINGS))
    assert len(caught.value.diagnostics) == MAX_FINDINGS
