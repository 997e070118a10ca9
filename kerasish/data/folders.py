"""Folders of files as datasets: which files there are, their labels, and how they are split."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from kerasish.config import settings
from kerasish.data.dataset import Dataset
from kerasish.data.nodes import Paths
from kerasish.errors import ArgumentError, DataError
from kerasish.hints import one_of, whole

LABEL_MODES = ("int", "categorical", "binary", None)


class Kind(NamedTuple):
    """What a function of this family reads.

    Args:
        what: the function's name, for errors.
        files: what its files are called in messages.
        formats: how their names end.
    """

    what: str
    files: str
    formats: tuple[str, ...]


class Choice(NamedTuple):
    """The arguments that all functions of this family share, as Keras has them."""

    directory: Any
    labels: Any
    label_mode: str | None
    class_names: Sequence[str] | None
    batch_size: int | None
    shuffle: bool
    seed: int | None
    validation_split: float | None
    subset: str | None
    follow_links: bool
    verbose: bool
    errors: str
    again: bool = True  # whether every pass is mixed anew


class Files(NamedTuple):
    """Files in their order, with their labels, and the names of the classes."""

    paths: list[str]
    labels: list[int] | None
    class_names: list[str] | None


def datasets(
    kind: Kind,
    choice: Choice,
    load: Callable[..., Any],
    batch: Callable[[Dataset, int], Dataset] = Dataset.batch,
) -> list[Dataset]:
    """The dataset of a folder, or two of them for `subset="both"`.

    Args:
        kind: see `Kind`.
        choice: see `Choice`.
        load: called with a path, and a label where there is one; gives the element.
        batch: puts elements together.

    Raises:
        ArgumentError: arguments that make no sense, alone or together.
        DataError: no folder, or none of the files in a part.
    """
    labelled = choice.labels is not None and choice.label_mode is not None
    _check(kind, choice)
    seed = int(np.random.randint(10**6)) if choice.seed is None else choice.seed
    files = index(kind, choice, seed, choice.labels if labelled else None)
    if labelled and choice.label_mode == "binary" and len(files.class_names or ()) != 2:
        raise ArgumentError(
            f"{kind.what}, label_mode",
            expected="two classes for 'binary'",
            received=f"{len(files.class_names or ())}: {_listed(files.class_names or [])}",
        )
    made: list[Dataset] = []
    for part, name in _parts(kind, choice, files):
        labels = part.labels
        if labels is not None:
            labels = encoded(labels, choice.label_mode, files.class_names)
        dataset = Dataset(Paths(kind.what, part.paths, labels))
        if choice.shuffle and name != "validation of both":
            dataset = dataset.shuffle(len(part.paths), seed, choice.again)
        dataset = dataset.map(load, Dataset.AUTOTUNE, errors=choice.errors)
        if choice.batch_size is not None:
            dataset = batch(dataset, choice.batch_size)
        dataset = dataset.prefetch()
        dataset.class_names, dataset.file_paths = files.class_names, part.paths
        made.append(dataset)
    return made


def _check(kind: Kind, choice: Choice) -> None:
    """Raise ArgumentError on what can be seen before the folder is read."""
    labels, names = choice.labels, choice.class_names
    inferred = isinstance(labels, str) and labels == "inferred"
    if not inferred and labels is not None and not isinstance(labels, (list, tuple)):
        raise ArgumentError(
            f"{kind.what}, labels",
            expected="'inferred', None, or a list of whole numbers, one per file",
            received=repr(labels),
        )
    if names and not inferred:
        raise ArgumentError(
            f"{kind.what}, class_names",
            expected="nothing where labels are given or None: they name folders",
            received=_listed(names),
            fix="Leave labels='inferred', or leave class_names out.",
        )
    one_of(f"{kind.what}, label_mode", choice.label_mode, LABEL_MODES)
    one_of(f"{kind.what}, subset", choice.subset, ("training", "validation", "both", None))
    split = choice.validation_split
    if split and not 0 < split < 1:
        raise ArgumentError(
            f"{kind.what}, validation_split", expected="0 < fraction < 1", received=split
        )
    if bool(split) != bool(choice.subset):
        raise ArgumentError(
            f"{kind.what}, validation_split and subset",
            expected="both or neither",
            received=f"validation_split={split}, subset={choice.subset!r}",
        )
    if split and choice.shuffle and choice.seed is None:
        raise ArgumentError(
            f"{kind.what}, seed",
            expected="a number where validation_split and shuffle are given",
            received="None",
            fix="With another order each time, the two parts would overlap.",
        )
    if choice.batch_size is not None:
        whole(f"{kind.what}, batch_size", choice.batch_size, 1)


def index(kind: Kind, choice: Choice, seed: int, labels: Any) -> Files:
    """The files in a folder with their labels, in the order that Keras gives them for a seed."""
    directory = os.fspath(choice.directory)
    if not os.path.isdir(directory):
        there = "a file" if os.path.exists(directory) else f"nothing there, seen from {os.getcwd()}"
        raise DataError(
            f"{kind.what}, directory",
            expected="a folder, with a folder for every class in it",
            received=f"{directory!r}, {there}",
        )
    inferred = isinstance(labels, str)
    folders = _classes(kind, choice, directory) if inferred else [""]
    found = [
        [*_files(os.path.join(directory, f), kind.formats, choice.follow_links)] for f in folders
    ]
    pairs = zip(folders, found, strict=True)
    paths = [os.path.join(directory, f, name) for f, names in pairs for name in names]
    class_names: list[str] | None = None
    if inferred:
        labels = [label for label, names in enumerate(found) for _ in names]
        class_names = folders
        empty = [f for f, names in zip(folders, found, strict=True) if not names]
        if empty and paths:
            warnings.warn(
                f"{kind.what}: no {kind.files} in {_listed(empty)} of {directory}.", stacklevel=5
            )
    elif labels is not None:
        labels = [*labels]
        if len(labels) != len(paths):
            raise ArgumentError(
                f"{kind.what}, labels",
                expected=f"one for each of the {len(paths)} {kind.files} in {directory}",
                received=len(labels),
            )
        class_names = [str(label) for label in sorted(set(labels))]
    classes = "" if class_names is None else f" belonging to {len(class_names)} classes"
    _tell(choice, f"Found {len(paths)} files{classes}.")
    if choice.shuffle:
        np.random.RandomState(seed).shuffle(paths)
        if labels is not None:
            np.random.RandomState(seed).shuffle(labels)
    return Files(paths, labels, class_names)


def _tell(choice: Choice, line: str) -> None:
    if choice.verbose and settings.interactive:
        sys.stdout.write(line + "\n")


def _classes(kind: Kind, choice: Choice, directory: str) -> list[str]:
    """The folders that are classes, in their order."""
    there = sorted(
        entry.name
        for entry in os.scandir(directory)
        if entry.is_dir() and not entry.name.startswith(".")
    )
    if choice.class_names is None:
        return there
    if missing := [name for name in choice.class_names if name not in there]:
        raise ArgumentError(
            f"{kind.what}, class_names",
            expected=f"folders in {directory}: {_listed(there)}",
            received=_listed(missing),
        )
    return list(choice.class_names)


def _files(folder: str, formats: tuple[str, ...], follow_links: bool) -> Iterator[str]:
    """Names of the files below a folder, relative to it, in the order of their folders."""
    seen: set[str] = set()
    found: list[tuple[str, list[str]]] = []
    for root, inner, files in os.walk(folder, followlinks=follow_links):
        if follow_links:  # a link to a folder above would have no end
            seen.add(os.path.realpath(root))
            inner[:] = [n for n in inner if os.path.realpath(os.path.join(root, n)) not in seen]
        found.append((root, files))
    for root, files in sorted(found):
        for name in sorted(files):
            if name.lower().endswith(formats):
                yield os.path.relpath(os.path.join(root, name), folder)


def _parts(kind: Kind, choice: Choice, files: Files) -> Iterator[tuple[Files, str]]:
    """The files of each dataset that was asked for, and what the part is called."""
    total = len(files.paths)
    held = int((choice.validation_split or 0) * total)
    spans = {None: (0, total), "training": (0, total - held), "validation": (total - held, total)}
    asked = ("training", "validation") if choice.subset == "both" else (choice.subset,)
    for name in asked:
        begin, end = spans[name]
        if begin == end:
            raise DataError(
                f"{kind.what}: no {kind.files} for {name} in {choice.directory}"
                if name
                else f"{kind.what}: no {kind.files} in {choice.directory}",
                expected=f"files that end with {', '.join(kind.formats)}",
                received=f"{total} files, of which {choice.validation_split} validate"
                if total
                else "none",
                fix="" if total else _beside(kind, choice),
            )
        if name:
            _tell(choice, f"Using {end - begin} files for {name}.")
        labels = None if files.labels is None else files.labels[begin:end]
        both = choice.subset == "both" and name == "validation"
        part = Files(files.paths[begin:end], labels, files.class_names)
        yield part, "validation of both" if both else str(name)


def _beside(kind: Kind, choice: Choice) -> str:
    """What to do where files lie in the folder itself, which is no class."""
    held = sum(name.lower().endswith(kind.formats) for name in os.listdir(choice.directory))
    if not held or choice.labels != "inferred":
        return ""
    return f"Put the {held} in it into a folder for each class, or read them with labels=None."


def encoded(labels: list[int], mode: str | None, class_names: list[str] | None) -> np.ndarray:
    """Labels as int32 (n,), as float32 (n, 1) or as float32 (n, classes)."""
    plain = np.asarray(labels, np.int32)
    if mode == "binary":
        return plain.astype(np.float32)[:, np.newaxis]
    if mode == "categorical":
        places = np.arange(len(class_names or ()))
        return (plain[:, np.newaxis] == places).astype(np.float32)
    return plain


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(map(repr, names[:10]))
    return f"{shown} and {len(names) - 10} more" if len(names) > 10 else shown or "none"
