"""fmt: config files in the one style."""

from __future__ import annotations

import difflib
import sys
from argparse import Namespace
from pathlib import Path

from kerasish.cli.declare import argument, command
from kerasish.declarative.text.errors import Diagnostics
from kerasish.declarative.text.format import formatted
from kerasish.declarative.text.source import Mark, Source
from kerasish.errors import ConfigError
from kerasish.saving.files.atomic import write_bytes


@command(
    "write",
    "put config files into one style; comments stay",
    argument(
        "files", nargs="+", metavar="FILE", complete="yaml", help=".yaml files, or - for stdin"
    ),
    argument("--check", action="store_true", help="change nothing; exit code 2 if any would be"),
    argument("--diff", action="store_true", help="change nothing; print what would be"),
    example="kerasish fmt configs/*.yaml\nkerasish fmt --check --diff model.yaml",
)
def fmt(arguments: Namespace) -> int:
    """Config files in one style: steps of two columns, one blank after commas and colons, at most
    one empty line between lines. Only blanks and line breaks change; values and comments stay.

    With - the text comes from standard input and goes to standard output. A file that is no YAML
    is left alone, and the others are done."""
    wrong: list[ConfigError] = []
    changed = 0
    for name in arguments.files:
        try:
            changed += _one(name, arguments)
        except ConfigError as error:
            wrong.append(error)
    if wrong:
        found = [one for error in wrong for one in error.diagnostics]
        raise ConfigError("\n\n".join(map(str, wrong)), tuple(found))
    return 2 if changed and arguments.check else 0


def _one(name: str, arguments: Namespace) -> bool:
    """One file; whether it is not in the style."""
    stdin = name == "-"
    shown = "<stdin>" if stdin else name
    diagnostics = Diagnostics()
    try:
        data = sys.stdin.buffer.read() if stdin else Path(name).read_bytes()
    except OSError as error:
        reason = "does not exist" if isinstance(error, FileNotFoundError) else error.strerror
        diagnostics.stop("K106", f"'{name}' {reason}", Mark(Source(name, ()), 1, 1))
    made = formatted(data, shown)
    changed = made.encode() != data
    if arguments.diff and changed:
        before = data.decode("utf-8-sig").splitlines(keepends=True)
        after = made.splitlines(keepends=True)
        lines = difflib.unified_diff(before, after, shown, shown)
        sys.stdout.write("".join(line if line.endswith("\n") else f"{line}\n" for line in lines))
    if arguments.check and changed:
        print(f"{shown} is not in the style", file=sys.stderr)
    elif stdin and not arguments.diff and not arguments.check:
        sys.stdout.write(made)
    elif changed and not arguments.diff and not arguments.check:
        write_bytes(Path(name), made.encode())
        print(f"wrote {name}")
    return changed
