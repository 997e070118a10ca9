"""The arrays that a `data:` section names: read, held against their hash and each other.

A `.npz` file is read member by member, for no more than it holds (`data.npz`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kerasish.data.npz import Npz, open_npz
from kerasish.declarative.building.construct import one_line
from kerasish.declarative.check import vocabulary
from kerasish.declarative.check.specification import ArraysFile, DataSection, Reference
from kerasish.declarative.text.errors import Diagnostics, clip, did_you_mean
from kerasish.declarative.text.source import Mark
from kerasish.errors import KerasishError

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the data: inputs, labels and sample weights, arrays or mappings of them."""

    x: Any
    y: Any = None
    sample_weight: Any = None
    mark: Mark | None = None


@dataclass(frozen=True, slots=True)
class Arrays:
    """Everything a run reads; `split` is the fraction of `train` that is held out."""

    train: Part
    validation: Part | None = None
    test: Part | None = None
    split: float = 0.0


def load_arrays(
    section: DataSection,
    folder: Path,
    diagnostics: Diagnostics,
    allowance: float | None = None,
) -> Arrays:
    """The arrays of a data section.

    Args:
        section: the checked section.
        folder: what relative file names start from: the folder of the config.
        diagnostics: receives K501 to K503.
        allowance: how many times the usual limits a file may take.

    Raises:
        ConfigError: a file or an array is missing or wrong; all findings at once.
    """

    def read(named: ArraysFile | float | None, usual: Part | None = None) -> Part | None:
        held = isinstance(named, ArraysFile)
        return _read(named, folder, diagnostics, allowance) if held else usual

    train, test = _dataset(section, diagnostics)
    train, test = read(section.train, train), read(section.test, test)
    held_out = section.validation
    validation = read(held_out)
    for part in (train, validation, test):
        if part is not None:
            _check(part, diagnostics)
    diagnostics.raise_if_any()
    if train is None:
        raise diagnostics.error()
    return Arrays(train, validation, test, held_out if isinstance(held_out, float) else 0.0)


def _dataset(section: DataSection, diagnostics: Diagnostics) -> tuple[Part | None, Part | None]:
    if section.dataset is None:
        return None, None
    mark = section.dataset.mark
    try:
        train, test = vocabulary.lookup("dataset", section.dataset.name)()
    except (KerasishError, OSError) as error:
        diagnostics.add("K501", f"the dataset cannot be loaded: {error}", mark)
        return None, None
    return Part(*train, mark=mark), Part(*test, mark=mark)


def _read(
    file: ArraysFile, folder: Path, diagnostics: Diagnostics, allowance: float | None
) -> Part | None:
    path = folder / file.path
    if not path.is_file():
        diagnostics.add("K501", f"the data file '{path}' does not exist", file.mark)
        return None
    if file.sha256 is not None and _digest(path) != file.sha256:
        message = f"the data file '{path}' has another sha256"
        details = [f"expected {file.sha256}", f"found    {_digest(path)}"]
        diagnostics.add("K501", message, file.mark, "", details)
        return None
    try:
        with open_npz(path, allowance) as archive:
            named = (file.x, file.y, file.sample_weight)
            return Part(*(_member(archive, one, diagnostics) for one in named), mark=file.mark)
    except KerasishError as error:
        diagnostics.add("K501", f"'{path}' is no readable npz file: {one_line(error)}", file.mark)
        return None


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _member(
    archive: Npz, wanted: Reference | dict[str, Reference] | None, diagnostics: Diagnostics
) -> Any:
    """The array of that name, or the mapping of arrays; None where one is wrong, or none wanted."""
    if wanted is None:
        return None
    if isinstance(wanted, dict):
        return {name: _member(archive, one, diagnostics) for name, one in wanted.items()}
    names = archive.names
    if wanted.name not in names:
        message = f"there is no array '{clip(wanted.name, 60)}' in the file"
        hint = did_you_mean(wanted.name, names, listing=False)
        listed = f"arrays: {', '.join(names[:20])}"
        diagnostics.add("K502", message, wanted.mark, hint, [clip(listed, 100)])
        return None
    try:
        return archive.read(wanted.name)
    except KerasishError as error:
        message = f"the array '{wanted.name}' cannot be read: {one_line(error)}"
        diagnostics.add("K502", message, wanted.mark)
        return None


def _check(part: Part, diagnostics: Diagnostics) -> None:
    """K502 where lengths differ, K503 where a number is not finite."""
    mark = part.mark
    if mark is None:
        return
    lengths = {}
    for title, held in (("x", part.x), ("y", part.y), ("sample_weight", part.sample_weight)):
        for name, array in _named(title, held):
            lengths[name] = len(array) if array.ndim else 0
            _check_finite(name, array, mark, diagnostics)
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{name}: {length}" for name, length in lengths.items())
        diagnostics.add("K502", f"the arrays have different lengths ({shown})", mark)
    elif lengths and not min(lengths.values()):
        diagnostics.add("K502", "the arrays are empty", mark)


def _check_finite(name: str, array: np.ndarray, mark: Mark, diagnostics: Diagnostics) -> None:
    if array.dtype.kind not in "fc":
        return
    wrong = ~np.isfinite(array)
    if not wrong.any():
        return
    row = f", first in row {np.argwhere(wrong)[0][0]}" if array.ndim else ""
    message = f"{name} holds {int(wrong.sum())} values that are NaN or infinite{row}"
    diagnostics.add("K503", message, mark, "clean the data before training")


def _named(title: str, held: Any) -> list[tuple[str, np.ndarray]]:
    if held is None:
        return []
    if isinstance(held, dict):
        return [(f"{title}.{name}", one) for name, one in held.items() if one is not None]
    return [(title, np.asarray(held))]
