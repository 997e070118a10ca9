"""Commands that look something up: list, describe, schema, info."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import sys
from argparse import Namespace
from pathlib import Path

from kerasish import backend, config
from kerasish.cli import described, file_keys
from kerasish.cli._index import COMMANDS
from kerasish.cli.configs import allow_plugins
from kerasish.cli.declare import argument, command
from kerasish.cli.options import PERMISSIONS
from kerasish.compiler.providers import describe as describe_providers
from kerasish.declarative.check.vocabulary import KINDS, names
from kerasish.declarative.schemas.file import schema as make_schema
from kerasish.declarative.schemas.file import written
from kerasish.errors import UnknownNameError, clip
from kerasish.extras import PACKAGES
from kerasish.registry import hint
from kerasish.saving.files.atomic import write_bytes
from kerasish.version import __version__

_OTHERS = ("h5py", "PyYAML", "cupy-cuda12x")  # required, or in the place of one of the extras


@command(
    "look up",
    "names of a kind: layers, losses, datasets, commands, ...",
    argument(
        "kind",
        nargs="?",
        metavar="KIND",
        complete="kinds",
        help="layers, losses, metrics, ...; without it, the kinds",
    ),
    argument("word", nargs="?", metavar="WORD", help="only names and lines with this in them"),
    *PERMISSIONS,
    example="kerasish list layers\nkerasish list layers pooling",
)
def list_(arguments: Namespace) -> None:
    """The names that a file may use of a kind, each with one line; other names of the same thing
    stand behind it."""
    allow_plugins(arguments.plugins)
    if arguments.kind is None:
        rows = {described.plural(kind): text for kind, text in described.KIND_TEXTS.items()}
        rows |= {"sections": "the sections of a file", "keys": "every key of a file"}
    elif arguments.kind in ("sections", "section"):
        rows = file_keys.sections()
    elif arguments.kind in ("keys", "key"):
        rows = file_keys.rows()
    elif arguments.kind in ("commands", "command"):
        rows = {name: held["summary"] for name, held in COMMANDS.items()}
    else:
        rows = described.rows(_kind(arguments.kind))
    word = (arguments.word or "").lower()
    found = {name: text for name, text in rows.items() if word in f"{name} {text}".lower()}
    if not found:
        raise UnknownNameError(
            f"list {arguments.kind} {arguments.word}", expected="a word of some", received="none"
        )
    width = min(36, max(map(len, found)))
    limit = shutil.get_terminal_size().columns if sys.stdout.isatty() else 200
    for name, text in found.items():
        print(clip(f"{name:{width}}  {text}".rstrip(), limit))


def _kind(word: str) -> str:
    kind = described.kind_named(word)
    if kind is None:
        plurals = [described.plural(one) for one in described.KIND_TEXTS]
        plurals += ["sections", "keys", "commands"]
        raise UnknownNameError(
            f"There is no kind {word!r}", expected=f"one of {', '.join(plurals)}",
            fix=hint(word, plurals),
        )  # fmt: skip
    return kind


@command(
    "look up",
    "what a layer, loss, ... or a key of a config takes",
    argument(
        "name",
        nargs="+",
        metavar="NAME",
        complete="names",
        help="Conv2D, adam, train.epochs, source csv, ...",
    ),
    *PERMISSIONS,
    example="kerasish describe Conv2D\nkerasish describe train.epochs\n"
    "kerasish describe source csv",
)
def describe(arguments: Namespace) -> None:
    """What a name stands for: the object as YAML, with the default, the type and the meaning of
    every argument; an example; and the classes that it is made from.

    A name with dots is a key of a config: `train.epochs`, `data.validation`; so are several words:
    `source csv`. `list keys` names all of them."""
    allow_plugins(arguments.plugins)
    print("\n\n".join(described.texts(".".join(arguments.name))))


@command(
    "look up",
    "print the JSON Schema of config files",
    argument("-o", "--output", metavar="FILE", help="write it here instead"),
    *PERMISSIONS,
    example="kerasish schema -o kerasish.schema.json",
)
def schema(arguments: Namespace) -> None:
    """The JSON Schema, to the terminal or a file."""
    allow_plugins(arguments.plugins)
    text = written(make_schema())
    if arguments.output:
        write_bytes(Path(arguments.output), text.encode())
        print(f"wrote {arguments.output}")
    else:
        print(text, end="")


@command("look up", "print versions, backend and what is registered", example="kerasish info")
def info(arguments: Namespace) -> None:
    """Versions, the backend, who computes what, and how much is registered."""
    extra_of = dict(PACKAGES.values())
    found = {name: version for name in (*_OTHERS, *extra_of) if (version := _version(name))}
    print(f"kerasish  {__version__}")
    print(f"python    {platform.python_version()} on {platform.system()} {platform.machine()}")
    print(f"numpy     {_version('numpy')}")
    print(f"backend   {backend.backend()}, {config.num_threads()} threads")
    for name, state in describe_providers():
        print(f"provider  {name} {state}")
    print(f"optional  {', '.join(f'{name} {version}' for name, version in found.items())}")
    missing = [f"{name} ({extra})" for name, extra in extra_of.items() if name not in found]
    if missing:
        print(f"missing   {', '.join(missing)}; pip install 'kerasish[EXTRA]'")
    data = os.environ.get("KERASISH_DATA")
    kept = os.environ.get("KERASISH_HOME") or "~/.cache/kerasish"
    named = f"$KERASISH_DATA, which is {data}" if data else "$KERASISH_DATA, which is not set"
    print(f"data      beside the config, then in {named}; downloads in {kept}")
    counts = [f"{len(names(kind))} {kind}{'es' if kind[-1] == 's' else 's'}" for kind in KINDS]
    print(f"registry  {', '.join(counts)}")


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""
