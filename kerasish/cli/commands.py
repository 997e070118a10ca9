"""The parsers of the commands and their help, from the index of what is declared: light to load."""

from __future__ import annotations

import re
import sys
import textwrap
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from kerasish.cli._index import COMMANDS
from kerasish.cli.declare import EXPECTED, GROUPS, TYPES
from kerasish.registry import nearest
from kerasish.version import __version__

WIDTH = 80
CODES = {
    0: "done",
    1: "a fault of ours",
    2: "wrong input",
    3: "training diverged",
    130: "interrupted",
}
_HEAD = """\
Train and use models that are described in YAML.

  kerasish fit configs/digits_cnn.yaml      trains; the run is runs/digits_cnn
  kerasish evaluate runs/digits_cnn         measures it on its test data

usage: kerasish COMMAND [ARGUMENTS]
"""
_FOOT = """
  kerasish COMMAND --help     what it does, what it takes, an example
  kerasish list commands      each command in one line

"""


class Ended(Exception):
    """The arguments are told about already: the exit code is what is left."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def help_text() -> str:
    """What `kerasish --help` prints: at most 24 lines of 80 columns."""
    width = max(map(len, GROUPS)) + 2
    lines: list[str] = []
    for group in GROUPS:
        named = "  ".join(name for name, held in COMMANDS.items() if held["group"] == group)
        told = textwrap.wrap(named, WIDTH - width - 2, break_on_hyphens=False)
        heads = [group, *[""] * len(told)]
        lines += [
            f"  {head:{width}}{text}" for head, text in zip(heads, told, strict=False) if text
        ]
    codes = "exit codes: " + ", ".join(f"{code} {words}" for code, words in CODES.items())
    ended = textwrap.fill(codes, WIDTH)
    return "\n".join([_HEAD, *lines, _FOOT]) + ended


def parse(arguments: Sequence[str]) -> Namespace:
    """The arguments of a command, by name; `command` is its name.

    Raises:
        Ended: help was printed, or what is wrong was told.
    """
    given = list(arguments)
    if given[:1] == ["help"]:
        given = [*given[1:2], "--help"]
    if not given:
        print(help_text(), file=sys.stderr)
        raise Ended(2)
    first = given[0]
    if first in ("-h", "--help"):
        print(help_text())
        raise Ended(0)
    if first == "--version":
        print(f"kerasish {__version__}")
        raise Ended(0)
    if first not in COMMANDS:
        what = "option" if first.startswith("-") else "command"
        known = ["--help", "--version"] if what == "option" else list(COMMANDS)
        _refuse(f"unknown {what} '{first}'", _meant(first, known), "kerasish --help")
    return parser(first).parse(given[1:])


def _meant(word: str, known: Iterable[str]) -> str:
    """The nearest of some words, as a question; nothing where none is near."""
    by_plain = {one.lstrip("-"): one for one in known}
    plain = word.lstrip("-")
    swapped = [one for one in by_plain if sorted(one) == sorted(plain)]  # letters out of order
    near = swapped or nearest(plain, list(by_plain), 1)
    return f"did you mean '{by_plain[near[0]]}'?" if near else ""


def _refuse(what: str, hint: str, see: str) -> NoReturn:
    print(f"error: {what}{'; ' if hint else ''}{hint}\n{see} says more", file=sys.stderr)
    raise Ended(2)


class _Parser(ArgumentParser):
    """A parser that names the nearest option, and leaves exit codes to its caller."""

    def parse(self, given: Sequence[str]) -> Namespace:
        """The arguments by name.

        Raises:
            Ended: help was printed, or what is wrong was told.
        """
        known = self._option_string_actions
        for word in given:
            name = word.partition("=")[0]
            if word == "--":
                break
            if name.startswith("--") and name not in known:
                self.error(f"unknown option '{name}'", _meant(name, known))
        return self.parse_args(list(given))

    def error(self, message: str, hint: str = "") -> NoReturn:
        """Tell what is wrong; exit code 2."""
        chosen = re.match(r"argument ([^:]+): invalid choice: (.*?) \(choose from", message)
        made = re.match(r"argument ([^:]+): invalid (\w+) value: (.*)", message)
        if chosen:
            name, received = chosen.groups()
            choices = self._choices(name)
            hint = _meant(received.strip("'"), choices)
            message = f"{name} must be one of {', '.join(choices)}, received {received}"
        elif made:
            name, kind, received = made.groups()
            message = f"{name} must be {EXPECTED.get(kind, kind)}, received {received}"
        elif "required:" in message:
            message = f"{self.prog} needs {message.partition('required: ')[2]}"
        _refuse(message, hint, f"{self.prog} --help")

    def _choices(self, name: str) -> list[str]:
        for action in self._actions:
            names = {*action.option_strings, "/".join(action.option_strings)}
            if name in names | {str(action.metavar), action.dest} and action.choices is not None:
                return [str(choice) for choice in action.choices]
        return []

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        """End with a code: after `--help`."""
        raise Ended(status)


def parser(name: str) -> _Parser:
    """The parser of a command."""
    held = COMMANDS[name]
    about = held["about"] or held["summary"] + "."
    example = textwrap.indent(held["example"], "  ")
    made = _Parser(
        prog=f"kerasish {name}",
        description=about,
        epilog=f"example:\n{example}" if example else None,
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    made.set_defaults(command=name)
    headings: dict[str, Any] = {"": made}
    for flags, keywords, heading in held["arguments"]:
        if heading not in headings:
            headings[heading] = made.add_argument_group(heading)
        given = {key: value for key, value in keywords.items() if key != "complete"}
        if "type" in given:
            given["type"] = TYPES[given["type"]]
        headings[heading].add_argument(*flags, **given)
    made.add_argument(
        "--traceback",
        action="store_true",
        help="show where in the program an unexpected error came from",
    )
    return made
