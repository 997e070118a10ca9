"""A run folder: the checkpoint, the history, the resolved config and a one-screen summary."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kerasish.cli.configs import CONFIG_FILE
from kerasish.declarative.api import Project
from kerasish.declarative.text.emit import emit
from kerasish.declarative.text.source import plain
from kerasish.errors import ArgumentError
from kerasish.preparation import FORMATS
from kerasish.saving.files.atomic import write_bytes

MODEL_FILE = "model.h5"
HISTORY_FILE = "history.csv"
SUMMARY_FILE = "summary.txt"


def new_folder(chosen: str | None, name: str) -> Path:
    """The folder of a new run: the chosen one, else the first free of `runs/name`, `runs/name-2`...

    Raises:
        ArgumentError: the chosen folder already holds a run.
    """
    if chosen is not None:
        folder = Path(chosen)
        if (folder / MODEL_FILE).exists():
            raise ArgumentError(
                "--run",
                expected="a folder without a run",
                received=f"{chosen!r}, which holds {MODEL_FILE}",
                fix="Choose another, or remove it.",
            )
    else:
        number, folder = 1, Path("runs") / name
        while folder.exists():
            number += 1
            folder = Path("runs") / f"{name}-{number}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def existing_folder(chosen: str) -> Path:
    """The folder of a finished run.

    Raises:
        ArgumentError: there is no checkpoint in it.
    """
    folder = Path(chosen)
    if not (folder / MODEL_FILE).is_file():
        raise ArgumentError("", expected=f"a run folder with {MODEL_FILE}", received=repr(chosen))
    return folder


def write_config(folder: Path, project: Project) -> None:
    """The resolved config, with data files by their full path: the run folder lies elsewhere."""
    document: dict[str, Any] = plain(project.config.document)
    document.setdefault("name", project.config.name)
    data = document.get("data") or {}
    for key in ("source", "train", "validation", "test"):
        for source in data[key] if isinstance(data.get(key), list) else [data.get(key)]:
            _with_full_paths(source, project.folder)
    write_bytes(folder / CONFIG_FILE, emit(document).encode())


def _with_full_paths(source: Any, folder: Path) -> None:
    """Name the files of a source, where they are, by their full paths."""
    for name in FORMATS:
        if isinstance(source, dict) and name in source:
            source[name] = _full(source[name], folder)


def _full(named: Any, folder: Path) -> Any:
    if isinstance(named, dict):
        return {key: _full(one, folder) for key, one in named.items()}
    if isinstance(named, list):
        return [_full(one, folder) for one in named]
    path = folder / named
    return str(path.resolve()) if path.exists() else named


def write_history(folder: Path, history: Mapping[str, Sequence[float]]) -> None:
    """One row per epoch, one column per loss and metric."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["epoch", *history])
    rows = itertools.zip_longest(*history.values())
    for epoch, row in enumerate(rows, start=1):
        writer.writerow([epoch, *("" if value is None else repr(float(value)) for value in row)])
    write_bytes(folder / HISTORY_FILE, text.getvalue().encode())


def write_summary(folder: Path, lines: Sequence[str]) -> None:
    """The summary, as it was printed."""
    write_bytes(folder / SUMMARY_FILE, ("\n".join(lines) + "\n").encode())
