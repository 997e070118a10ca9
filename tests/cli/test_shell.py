"""Help, arguments and errors of every command, by the index of what is declared."""

from __future__ import annotations

from argparse import Namespace

import pytest

from kerasish.cli import commands, declare
from kerasish.cli._index import COMMANDS
from kerasish.cli.declare import GROUPS, argument, command, count
from kerasish.cli.main import main
from kerasish.errors import ArgumentError


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(arguments)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_help_fits_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = told(capsys, "--help")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert (
        out.index("kerasish fit configs/") < out.index("usage:") < out.index("exit codes: 0 done")
    )
    words = out.split()
    assert all(name in words for name in COMMANDS)
    assert told(capsys, "-h") == (0, out, "")
    assert told(capsys) == (2, "", out)


def test_help_has_room_for_what_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    short = {group: group.replace(" ", "") for group in GROUPS}
    added = {f"{short[group]}-command-{i}": {"group": group} for i in range(8) for group in GROUPS}
    monkeypatch.setattr(commands, "COMMANDS", added)
    lines = commands.help_text().splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert all(name in " ".join(lines) for name in added)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = told(capsys, name, "--help")
    assert (code, err) == (0, "")
    assert out.startswith(f"usage: kerasish {name} ")
    held = COMMANDS[name]
    assert out.splitlines()[-1].strip() == held["example"].splitlines()[-1]
    assert all(line.startswith(f"kerasish {name}") for line in held["example"].splitlines())
    for flags, keywords, _ in held["arguments"]:
        shown = flags[-1] if flags[-1][0] == "-" else keywords.get("metavar", flags[-1])
        assert f" {shown}" in out
    assert held["group"] in GROUPS
    assert len(held["summary"]) <= 66
    assert held["summary"][0].islower()
    assert "Args:" not in held["about"]
    assert told(capsys, "help", name)[1] == out


@pytest.mark.parametrize("name", COMMANDS)
def test_an_option_that_is_none(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = told(capsys, name, "--tracebak")
    assert (code, out) == (2, "")
    assert err == (
        "error: unknown option '--tracebak'; did you mean '--traceback'?\n"
        f"kerasish {name} --help says more\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fti"], "error: unknown command 'fti'; did you mean 'fit'?"),
        (["Fit"], "error: unknown command 'Fit'; did you mean 'fit'?"),
        (["xyzzy"], "error: unknown command 'xyzzy'\nkerasish --help says more"),
        (["--verison"], "error: unknown option '--verison'; did you mean '--version'?"),
        (["help", "fti"], "error: unknown command 'fti'; did you mean 'fit'?"),
        (["evaluate"], "error: kerasish evaluate needs "),
        (["fit", "a", "--sett", "x=1"], "unknown option '--sett'; did you mean '--set'?"),
        (["fit", "a", "--sett=x"], "unknown option '--sett'; did you mean '--set'?"),
        (["fit", "a", "--backend", "nupmy"], "received 'nupmy'; did you mean 'numpy'?"),
        (["fit", "a", "--max-params", "0"], "--max-params must be a whole number from 1 on, rec"),
        (["fit", "a", "--allowance", "x"], "--allowance must be a number, received 'x'"),
        (["info", "x"], "error: unrecognized arguments: x"),
    ],
)
def test_what_is_wrong_is_told(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = told(capsys, *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.splitlines()) == 2


def test_what_follows_two_dashes_is_no_option(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = told(capsys, "check", "--", "--odd.yaml")
    assert (code, "K106 '--odd.yaml' does not exist" in err) == (2, True)


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, "--version")[1].startswith("kerasish ")


def test_declarations_are_held_to_their_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(declare, "DECLARED", {})

    @command("study", "look", argument("n", type=count, help="a number"), example="kerasish to-x")
    def to_x(arguments: Namespace) -> None:
        """At length."""

    held = declare.DECLARED["to-x"]
    assert (held.function, held.about, held.group) == ("to_x", "At length.", "study")
    assert held.arguments[0].keywords == {"type": "count", "help": "a number"}
    with pytest.raises(ArgumentError, match="group"):
        command("none", "look")(to_x)
    to_x.__module__ = "elsewhere"
    with pytest.raises(ArgumentError, match="a new name"):
        command("study", "look")(to_x)
    with pytest.raises(ArgumentError, match="type"):
        argument("n", type=bytes, help="x")
    with pytest.raises(ArgumentError, match="help"):
        argument("n")
