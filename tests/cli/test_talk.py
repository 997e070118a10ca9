"""What runs say, and where."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import pytest

from kerasish.cli import stopping
from kerasish.cli.main import main
from kerasish.cli.run import attempted
from kerasish.cli.stopping import ending, notice, waiting
from kerasish.cli.talk import Talk, aside, styled


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_colours_are_for_terminals_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert styled("a", "red", Terminal()) == "\x1b[31ma\x1b[0m"
    assert styled("a", "red", io.StringIO()) == styled("a", "", Terminal()) == "a"
    monkeypatch.setenv("NO_COLOR", "1")
    assert styled("a", "red", Terminal()) == "a"
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert styled("a", "red", Terminal()) == "a"


def test_the_log_has_what_was_said_before_it_was_opened(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warnings, "showwarning", lambda *args: None)
    talk = Talk()
    talk.say("one")
    talk.note("two")
    with talk.hearing():
        warnings.showwarning("careful", UserWarning, "f", 1)
    talk.open(tmp_path / "log.txt")
    talk.say("three")
    quiet = Talk(quiet=True)
    quiet.open(tmp_path / "log.txt")
    quiet.say("four")
    assert (tmp_path / "log.txt").read_text("utf-8").splitlines() == [
        "one", "two", "UserWarning: careful", "three", "four",
    ]  # fmt: skip
    assert capsys.readouterr().out == "one\nthree\n"


def test_aside(capsys: pytest.CaptureFixture[str]) -> None:
    for apart in (True, False):
        with aside(apart):
            print(apart)
    assert capsys.readouterr() == ("False\n", "True\n")


def test_a_fault_in_one_of_several_runs_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise IndexError("what")

    found, code = attempted(fail)  # type: ignore[arg-type]
    err = capsys.readouterr().err
    assert (code, found["code"]) == (1, 1)
    assert err.startswith("error: a fault of kerasish, not of your files: IndexError: what")
    Path(err.rpartition("the traceback is in ")[2].strip()).unlink()


def test_interrupts_wait_while_files_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping, "_state", stopping._State())
    done: list[str] = []

    def write() -> None:
        with waiting():
            stopping._interrupt(2, None)
            done.append("written")

    with pytest.raises(KeyboardInterrupt):
        write()
    assert done == ["written"]
    with pytest.raises(KeyboardInterrupt):
        notice()  # one that was lost
    with ending():
        stopping._interrupt(2, None)
    notice()


def test_the_first_line_needs_nothing_loaded(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for arguments, told in (
        (["fit", "no.yaml"], ("out", 1)), (["fit", "no.yaml", "--quiet"], ("out", 0)),
        (["fit", "no.yaml", "--json"], ("err", 1)), (["check", "no.yaml"], ("out", 0)),
    ):  # fmt: skip
        assert main(arguments) == 2
        captured = capsys.readouterr()
        assert getattr(captured, told[0]).count(": loading\n") == told[1]
