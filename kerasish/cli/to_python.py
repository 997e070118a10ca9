"""to-python: a config as a program."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from kerasish.cli.configs import project_of
from kerasish.cli.declare import argument, command
from kerasish.cli.options import CHANGES, CONFIG
from kerasish.declarative.program import to_python as program
from kerasish.saving.files.atomic import write_bytes


@command(
    "write",
    "a config as a Python program that does the same",
    CONFIG,
    argument("-o", "--output", metavar="FILE", help="write it here instead of printing it"),
    *CHANGES,
    example="kerasish to-python configs/digits_cnn.yaml -o digits_cnn.py",
)
def to_python(arguments: Namespace) -> None:
    """The data, the model, compile and fit of a config as Python, with bases, variables and --set
    written out. The program trains the same model: the same numbers in every epoch."""
    text = program(project_of(arguments, arguments.config), arguments.config)
    if arguments.output is None:
        sys.stdout.write(text)
        return
    write_bytes(Path(arguments.output), text.encode())
    print(f"wrote {arguments.output}")
