"""How a command is declared: one statement above the function that does it.

    @command("train", "train a model and write a run folder", CONFIG, *CHANGES,
             argument("--run", metavar="DIR", help="the run folder"),
             example="kerasish fit configs/digits_cnn.yaml")
    def fit(arguments: Namespace) -> None:
        \"\"\"What `kerasish fit --help` says at length.\"\"\"

The command is named as its function is, `-` for `_`, without a last `_` (`list_` is `list`).
`scripts/make_names.py` writes what is declared into `_index.py`, from which help, errors and
completion are made: the file of a command is imported when the command runs, and not before.
"""

from __future__ import annotations

import inspect
from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from kerasish.errors import ArgumentError

Perform = TypeVar("Perform", bound=Callable[[Namespace], int | None])

# Every group of `kerasish --help`, in its order, with the title of its part of the docs.
GROUPS = {
    "train": "train and use",
    "study": "study and compare",
    "check": "look at configs and data",
    "write": "write and convert",
    "look up": "look up",
}


def count(text: str) -> int:
    """A whole number of at least 1; ValueError where it is none."""
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


# What an argument's text may be turned into, by the name that the index has for it.
TYPES: dict[str, Callable[[str], Any]] = {"int": int, "float": float, "count": count}
EXPECTED = {"int": "a whole number", "float": "a number", "count": "a whole number from 1 on"}


@dataclass(frozen=True)
class Argument:
    """One argument: what `ArgumentParser.add_argument` takes, and the heading it stands under."""

    flags: tuple[str, ...]
    keywords: dict[str, Any]
    heading: str = ""


@dataclass(frozen=True)
class Command:
    """A command as it is declared; `module` and `function` are where it is done."""

    name: str
    group: str
    summary: str
    about: str
    example: str
    module: str
    function: str
    arguments: tuple[Argument, ...]
    opening: str = ""


DECLARED: dict[str, Command] = {}


def argument(*flags: str, heading: str = "", **keywords: Any) -> Argument:
    """An argument of a command.

    Args:
        flags: `"--run"`, `"-o", "--output"`, or the name of a positional one.
        heading: the heading in `--help` under which it stands with others.
        keywords: those of `ArgumentParser.add_argument`; `type` is one of `TYPES`. `complete` says
            what completion offers: "yaml", "run", "file", or a kind of names ("kinds", "names").

    Raises:
        ArgumentError: a type that the index cannot hold, or no help.
    """
    made = keywords.get("type")
    if made is not None and TYPES.get(getattr(made, "__name__", "")) is not made:
        raise ArgumentError(
            f"argument {flags[0]}: type", expected=f"one of {', '.join(TYPES)}", received=made
        )
    if not keywords.get("help"):
        raise ArgumentError(f"argument {flags[0]}", expected="help=...", received="none")
    if made is not None:
        keywords["type"] = made.__name__
    return Argument(flags, keywords, heading)


def command(
    group: str, summary: str, *arguments: Argument, example: str = "", opening: str = ""
) -> Callable[[Perform], Perform]:
    """Declare the function below as a command.

    The function takes the parsed arguments and returns None or an exit code; what is wrong it
    raises as an error of `kerasish.errors`.

    Args:
        group: one of `GROUPS`.
        summary: what it does, in one short line that begins with a small letter.
        arguments: what it takes, in the order of its help.
        example: one or more command lines.
        opening: what is said before the command's file is loaded, which may take a second.

    Raises:
        ArgumentError: an unknown group, or a name that is taken.
    """

    def declare(function: Perform) -> Perform:
        name = function.__name__.strip("_").replace("_", "-")
        if group not in GROUPS:
            raise ArgumentError(
                f"the command {name}: group", expected=f"one of {', '.join(GROUPS)}", received=group
            )
        held = DECLARED.get(name)
        if held is not None and held.module != function.__module__:
            raise ArgumentError(
                f"the command {name}", expected="a new name", received=f"that of {held.module}"
            )
        about = inspect.getdoc(function) or ""
        own = function.__module__, function.__name__
        DECLARED[name] = Command(name, group, summary, about, example, *own, arguments, opening)
        return function

    return declare
