"""`kerasish init`: a config to start from."""

from __future__ import annotations

import re
from argparse import Namespace
from pathlib import Path

from kerasish.cli.declare import argument, command
from kerasish.cli.drafting import reading, templates
from kerasish.cli.drafting.draft import draft
from kerasish.cli.drafting.folders import FORMS, draft_folder
from kerasish.cli.drafting.series import draft_series
from kerasish.cli.options import PERMISSIONS
from kerasish.declarative.api import Options, load_config
from kerasish.errors import ArgumentError


@command(
    "write",
    "write a commented config for data, or from a template",
    argument(
        "file",
        metavar="FILE",
        nargs="?",
        complete="file",
        help="a table of data, or a folder with a folder of images, sounds or texts for each class",
    ),
    argument("--target", metavar="COLUMN", help="what is predicted: a name or a position"),
    argument(
        "-o",
        "--output",
        metavar="FILE",
        help="where it is written; by default NAME.yaml in this folder, - for the screen",
    ),
    argument(
        "--task", choices=("classes", "quantity"), help="what the target is; guessed by its values"
    ),
    argument(
        "--window",
        metavar="ROWS[:AHEAD]",
        help="the rows are a series: tell the target AHEAD rows ahead from the ROWS before",
    ),
    argument("--test", metavar="FILE", complete="file", help="a file with the test part"),
    argument("--header", action="store_true", help="the first line names the columns"),
    argument("--no-header", action="store_true", help="the first line is data"),
    argument("--template", metavar="NAME", help="a starting point without a file of data"),
    argument("--list", action="store_true", help="list the templates"),
    argument("--force", action="store_true", help="write over a file that is there"),
    *PERMISSIONS,
    example="kerasish init adult.csv --target income -o adult.yaml\n"
    "kerasish init photos\nkerasish init --template gpt -o gpt.yaml",
)
def init(arguments: Namespace) -> None:
    """A config that says everything: which column is read how, which rows are validated on, the
    model, how it is trained, and why. `kerasish fit` trains it as it is; it is meant to be edited.

    A target is classes where it holds texts or few whole numbers, else a quantity. `--target -1`
    is the last column, `--target 1` the first. What is guessed stands in the comments.
    """
    if arguments.list:
        print("\n".join(templates.listed()))
        return
    if arguments.template is not None:
        _write(arguments, templates.text(arguments.template), f"{arguments.template}.yaml")
        return
    if arguments.file is None:
        raise ArgumentError(
            "init", expected="a file of data, or --template NAME", received="neither",
            fix="kerasish init data.csv --target COLUMN",
        )  # fmt: skip
    path = Path(arguments.file)
    name = _name(path) if arguments.output in (None, "-") else Path(arguments.output).stem
    target = Path(f"{name}.yaml" if arguments.output in (None, "-") else arguments.output)
    if arguments.header and arguments.no_header:
        raise ArgumentError("init", expected="--header or --no-header", received="both")
    header = True if arguments.header else False if arguments.no_header else None
    test = None if arguments.test is None else Path(arguments.test)
    given = reading.read(path, header, target.parent, test)
    folder = any(form in given.source for form in FORMS)
    column = "label" if folder else _target(given, arguments.target)
    if arguments.window is not None:
        text = draft_series(given, column, arguments.window, name)
    elif folder:
        text = draft_folder(given, column, name)
    else:
        text = draft(given, column, arguments.task, name)
    load_config(text, Options(command=True))
    _write(arguments, text, str(target))


def _target(given: reading.Given, target: str | None) -> str:
    """The column of the target."""
    if target is None:
        known = [one for one in given.table.names if one.casefold() in ("label", "target", "class")]
        if len(known) == 1:
            return known[0]
        listed = ", ".join(given.table.names[:30])
        raise ArgumentError("init", expected=f"--target, one of {listed}", received="none")
    return reading.column_named(given, target)


def _name(path: Path) -> str:
    stem = path.name.removesuffix(".gz").rpartition(".")[0] or path.name
    name = re.sub(r"\W+", "_", stem).strip("_") or "model"
    return name if not name[0].isdigit() else f"model_{name}"


def _write(arguments: Namespace, text: str, path: str) -> None:
    output = arguments.output or path
    if output == "-":
        print(text, end="")
        return
    where = Path(output)
    if where.exists() and not arguments.force:
        raise ArgumentError(
            f"init -o {output}", expected="a new file", received="one that is there",
            fix="--force writes over it.",
        )  # fmt: skip
    where.write_text(text, encoding="utf-8")
    print(f"{output} written: read it, then\n  kerasish fit {output}")
