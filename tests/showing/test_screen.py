"""Where text goes, how wide that is, and tables for notebooks."""

from __future__ import annotations

import io
import logging
import os
import sys

import kerasish as keras
from kerasish.showing import screen
from kerasish.showing.screen import Line, Live
from tests.showing.terminal import Terminal


def test_a_program_may_log_instead(capsys, caplog) -> None:
    keras.config.disable_interactive_logging()
    try:
        with caplog.at_level(logging.INFO, "kerasish"):
            screen.tell("a line")
    finally:
        keras.config.enable_interactive_logging()
    assert capsys.readouterr().out == ""
    assert caplog.messages == ["a line"]


def test_the_size_of_the_screen(monkeypatch) -> None:
    told = os.terminal_size((90, 30))
    monkeypatch.setenv("COLUMNS", "70")
    monkeypatch.setattr(sys, "stdout", sys.__stderr__)
    monkeypatch.setattr(os, "get_terminal_size", lambda number: told)
    assert screen.size() == (90, 30)
    told = os.terminal_size((0, 0))  # as terminals of some editors say
    assert screen.size() == (70, None)
    monkeypatch.setattr(sys, "stdout", io.StringIO())  # has no number
    for said, columns in (("70", 70), ("0", None), ("wide", None), ("", None)):
        monkeypatch.setenv("COLUMNS", said)
        assert screen.size() == (columns, None)
    monkeypatch.setattr(sys, "stdout", None)
    assert screen.size() == (None, None)


def test_which_characters_can_be_written(monkeypatch) -> None:
    stream = Terminal(80)
    monkeypatch.setattr(sys, "stdout", stream)
    for encoding, fits in (("utf-8", True), ("ascii", False), ("none such", False), (None, True)):
        stream.encoding = encoding
        assert screen.writes("━") is fits
        assert screen.writes("=") is (encoding != "none such")


def test_lines_that_are_written_together_come_above_too(monkeypatch) -> None:
    terminal = Terminal(80)
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setattr(screen, "size", lambda: (80, 24))
    monkeypatch.setenv("TERM", "xterm")
    live = Live()
    live.draw([Line("drawn", "drawn")])
    assert sys.stdout is not terminal
    sys.stdout.writelines(["one\n", "two\n"])
    live.draw([Line("anew", "anew")])
    live.finish([Line("done", "done")])
    assert sys.stdout is terminal
    assert [line for line in terminal.screen() if line] == ["one", "two", "done"]


def test_tables() -> None:
    assert screen.table(["a", "b<"], [["1", "2"], ["<i>", "&"]]) == (
        "<table><tr><th>a</th><th>b&lt;</th></tr>"
        "<tr><td>1</td><td>2</td></tr>"
        "<tr><td>&lt;i&gt;</td><td>&amp;</td></tr></table>"
    )
    assert ">a &lt; b\nc</pre>" in screen.preformatted("a < b\nc")
