"""A run folder: what a run was told, how far it is, and what came of it, written as it goes."""

from __future__ import annotations

import csv
import difflib
import glob
import io
import itertools
import json
import os
import platform
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from kerasish.declarative.api import Project
from kerasish.declarative.text.emit import emit
from kerasish.declarative.text.source import plain
from kerasish.errors import ArgumentError, FileFormatError
from kerasish.preparation import FORMATS
from kerasish.saving.files.atomic import write_bytes
from kerasish.version import __version__

SOURCE_FILE = "config.yaml"
CONFIG_FILE = "config.resolved.yaml"
RECORD_FILE = "run.json"
HISTORY_FILE = "history.csv"
METRICS_FILE = "metrics.json"
LOG_FILE = "log.txt"
SUMMARY_FILE = "summary.txt"
MODEL_FILE = "model.keras"  # the best weights where there is a validation part, else the last
LAST_FILE = "last.keras"
CHECKPOINTS = "checkpoint"
RUNS = Path("runs")

RUNNING, FINISHED, INTERRUPTED, DIVERGED, FAILED = (
    "running", "finished", "interrupted", "diverged", "failed",
)  # fmt: skip
_DIFFERENCES = 40  # lines of them that are shown


# --- folders ----------------------------------------------------------------------------------


def make_folder(chosen: str | os.PathLike[str] | None, name: str) -> Path:
    """The folder of a new run, made: the chosen one, else the first free of `runs/name`,
    `runs/name-2`, ...

    Raises:
        ArgumentError: the chosen folder already holds a run, or cannot be made.
    """
    if chosen is not None:
        refuse_taken(chosen)
        folder = Path(chosen)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ArgumentError(
                f"--run {folder}", expected="a folder that can be made", received=error.strerror
            ) from error
        return folder
    for number in itertools.count(1):
        folder = RUNS / (name if number == 1 else f"{name}-{number}")
        with suppress(FileExistsError):
            folder.mkdir(parents=True)
            return folder
    raise AssertionError


def refuse_taken(chosen: str | os.PathLike[str]) -> None:
    """Raise where a folder holds a run.

    Raises:
        ArgumentError: it does.
    """
    held = next((n for n in (RECORD_FILE, MODEL_FILE) if (Path(chosen) / n).exists()), None)
    if held is not None:
        raise ArgumentError(
            "--run",
            expected="a folder without a run",
            received=f"{os.fspath(chosen)!r}, which holds {held}",
            fix="Choose another, or let the run go on with --resume.",
        )


def existing_folder(chosen: str | os.PathLike[str]) -> Path:
    """The folder of a run that has a model.

    Raises:
        ArgumentError: there is none in it.
    """
    folder = Path(chosen)
    if not (folder / MODEL_FILE).is_file():
        raise ArgumentError(
            "", expected=f"a run folder with {MODEL_FILE}", received=repr(os.fspath(chosen))
        )
    return folder


def clear(folder: Path) -> None:
    """Take away what a run that failed at its start has written, and the folder if it is empty."""
    names = (
        SOURCE_FILE, CONFIG_FILE, RECORD_FILE, HISTORY_FILE, METRICS_FILE, LOG_FILE, SUMMARY_FILE,
        MODEL_FILE, LAST_FILE,
    )  # fmt: skip
    for name in names:
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)
    with suppress(OSError):  # something else lies there
        folder.rmdir()
        if folder.parent == RUNS:
            folder.parent.rmdir()


# --- the config -------------------------------------------------------------------------------


def resolved_text(project: Project) -> str:
    """The resolved config, with data files by their full path: the run folder lies elsewhere."""
    document: dict[str, Any] = plain(project.config.document)
    document.setdefault("name", project.config.name)
    data = document.get("data") or {}
    for key in ("source", "train", "validation", "test"):
        for source in data[key] if isinstance(data.get(key), list) else [data.get(key)]:
            _with_full_paths(source, project.folder)
    return emit(document)


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
    there = path.exists() or (glob.has_magic(str(named)) and glob.glob(str(path)))
    return str(path.resolve()) if there else named


def refuse_other_config(folder: Path, project: Project) -> None:
    """Raise where a run was begun with another config.

    Raises:
        ArgumentError: with the lines that differ.
    """
    path = folder / CONFIG_FILE
    if not path.is_file():
        raise ArgumentError(
            "--resume", expected=f"a run folder with {CONFIG_FILE}", received=repr(str(folder))
        )
    lines = differences(path.read_text(encoding="utf-8"), resolved_text(project))
    if lines:
        raise OtherConfigError(folder, lines)


class OtherConfigError(ArgumentError):
    """A run was begun with another config; `lines` are those that differ."""

    def __init__(self, folder: Path, lines: Sequence[str]) -> None:
        super().__init__(
            "--resume",
            expected="the config that the run was begun with",
            received=f"another, in {len(lines)} lines",
            fix=f"Begin a new run: leave --resume away, or --run {folder}.",
        )
        self.folder = folder
        self.lines = list(lines)


def differences(before: str, after: str) -> list[str]:
    """The lines in which two texts differ, `-` before and `+` after; empty where they are one."""
    found = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    lines = [line for line in list(found)[2:] if not line.startswith("@@")]
    left_out = len(lines) - _DIFFERENCES
    return lines if left_out <= 0 else [*lines[:_DIFFERENCES], f"... {left_out} more"]


# --- files --------------------------------------------------------------------------------------


def write_json(path: Path, held: Any) -> None:
    """A value as JSON; what is no number in JSON (NaN, infinity) is null."""
    text = json.dumps(finite(held), indent=1, ensure_ascii=False) + "\n"
    write_bytes(path, text.encode())


def finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): finite(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(one) for one in value]
    if isinstance(value, (np.generic, np.ndarray)):
        return finite(value.tolist())
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return value


def read_json(path: Path) -> dict[str, Any]:
    """A mapping that `write_json` wrote; {} where there is no file.

    Raises:
        FileFormatError: it is damaged.
    """
    if not path.is_file():
        return {}
    try:
        held = json.loads(path.read_bytes())
    except ValueError as error:
        raise FileFormatError(f"{path}", expected="JSON", received=str(error)) from None
    if not isinstance(held, dict):
        raise FileFormatError(f"{path}", expected="a JSON object", received=type(held).__name__)
    return held


def state_of(folder: Path) -> str | None:
    """The state of a run by its folder; None where there is no run in it."""
    return read_json(folder / RECORD_FILE).get("state")


def files_gone(folder: Path) -> list[str]:
    """The names of data files that a run has read and that are there no more."""
    held = read_json(folder / RECORD_FILE).get("files")
    paths = map(Path, held) if isinstance(held, Mapping) else ()
    return [path.name for path in paths if not path.exists()]


def fold_of(folder: Path) -> tuple[int, int] | None:
    """(k, n) where a run validated on part k of n, from 0; None where it did as its config says."""
    held = read_json(folder / RECORD_FILE).get("fold")
    return None if held is None else (int(held[0]), int(held[1]))


def write_history(folder: Path, history: Mapping[str, Sequence[float]]) -> None:
    """One row per epoch, one column per loss and metric."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["epoch", *history])
    rows = itertools.zip_longest(*history.values())
    for epoch, row in enumerate(rows, start=1):
        writer.writerow([epoch, *("" if value is None else _number(value) for value in row)])
    write_bytes(folder / HISTORY_FILE, text.getvalue().encode())


def read_history(folder: Path) -> dict[str, list[float]]:
    """What `write_history` wrote, with NaN where nothing was measured; {} where there is none."""
    path = folder / HISTORY_FILE
    if not path.is_file():
        return {}
    rows = csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline=""))
    columns = list(itertools.zip_longest(*rows, fillvalue=""))
    return {name: [_read(value) for value in values] for name, *values in columns[1:]}


def _read(text: str) -> float:
    try:
        return float(text)
    except ValueError:  # a metric of several numbers, or none
        return float("nan")


def _number(value: Any) -> str:
    array = np.asarray(value)
    return repr(float(array)) if array.ndim == 0 else " ".join(map(repr, array.ravel().tolist()))


def write_summary(folder: Path, lines: Sequence[str]) -> None:
    """The summary, as it was printed."""
    write_bytes(folder / SUMMARY_FILE, ("\n".join(lines) + "\n").encode())


# --- where a run comes from -------------------------------------------------------------------


def versions() -> dict[str, str]:
    """What computes a run."""
    return {
        "kerasish": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "platform": platform.platform(),
    }


def git_revision(folder: Path) -> str | None:
    """The commit that a folder is at, with "+" where its files differ from it; None elsewhere."""
    try:
        told = [
            subprocess.run(
                ["git", "-C", str(folder), *arguments],
                capture_output=True, text=True, timeout=10, check=True,
            ).stdout.strip()
            for arguments in (("rev-parse", "HEAD"), ("status", "--porcelain", "-uno"))
        ]  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return told[0] + ("+" if told[1] else "")
