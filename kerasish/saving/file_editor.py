"""`KerasFileEditor`: the weights in a file looked at, compared with a model, changed and saved."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from kerasish.errors import ArgumentError
from kerasish.registry import hint
from kerasish.saving import state
from kerasish.saving.files import archives
from kerasish.saving.files.safe_h5 import SafeGroup, open_h5
from kerasish.saving.files.sources import check_source
from kerasish.saving.files.text import is_object
from kerasish.saving.weights import new_h5, saved_objects, stored
from kerasish.saving.weights_h5 import WeightsFile, write_weights
from kerasish.saving.whole_model import reading
from kerasish.showing.screen import tell

Tree = dict[str, Any]  # objects by name, each a dict of objects and of arrays


class KerasFileEditor:
    """Lists, compares, changes and saves the weights in a `.keras` or `.weights.h5` file.

    Objects are named by their path in the file, such as "layers/dense_1", or by its last part
    where no other object has that name; weights by "0", "1", ... in their order.

    Args:
        filepath: the file, which stays as it is.

    Attributes:
        weights_dict: all objects as nested dicts, with numpy arrays at the ends.
        object_metadata: by path, what the file says of an object: its name.
        config, metadata: of a `.keras` file, as plain data; else None.

    Raises:
        ArgumentError: another ending.
        FileFormatError: no whole file of that format.
        UnsafeFileError: links to somewhere else, or what no such file holds.

    Example:
        >>> import kerasish as keras
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
        >>> model.save_weights("one.weights.h5")
        >>> editor = keras.saving.KerasFileEditor("one.weights.h5")
        Weights file 'one.weights.h5'
        >>> editor.rename_object("dense", "head")
        >>> editor.summary()
        Weights
          layers
            head ('dense')
              0: shape=(2, 3), dtype=float32
              1: shape=(3,), dtype=float32
    """

    def __init__(self, filepath: str | os.PathLike[str]) -> None:
        self.filepath = filepath
        self.config: dict[str, Any] | None = None
        self.metadata: dict[str, Any] | None = None
        self.weights_dict: Tree = {}
        self.object_metadata: dict[str, dict[str, str]] = {}
        path = Path(filepath)
        if not path.name.endswith((".keras", ".weights.h5")):
            raise ArgumentError(
                "KerasFileEditor",
                expected="a file whose name ends in .keras or .weights.h5",
                received=str(filepath),
            )
        check_source(path)
        with reading(path):
            if path.suffix == ".keras":
                self._read_archive(path)
            else:
                with open_h5(path) as root:
                    self._read(root)
        tell(f"{'Weights' if self.config is None else 'Model'} file {str(filepath)!r}")
        if self.metadata:
            known = self.metadata.get("keras_version"), self.metadata.get("date_saved")
            tell("Saved by Keras {} on {}".format(*known))

    def _read_archive(self, path: Path) -> None:
        archive = archives.read_archive(path)
        self.config, self.metadata = archive.config, archive.metadata
        if archive.weights is not None:
            with open_h5(archive.weights, str(path)) as root:
                self._read(root)

    def _read(self, root: SafeGroup) -> None:
        file = WeightsFile(root)
        arrays = {path: file.read_named(path) for path in sorted(file.index, key=_numbered)}
        self.weights_dict = _nested({path: held for path, held in arrays.items() if held})
        self.object_metadata = {path: {"name": name} for path, name in file.names.items()}

    # --- looking --------------------------------------------------------------------------------

    def summary(self) -> None:
        """Print all objects with the shapes and dtypes of their weights."""
        tell("Weights")
        for line in self._lines(self.weights_dict, "", 1):
            tell(line)

    def _lines(self, tree: Tree, path: str, depth: int) -> Iterator[str]:
        space = "  " * depth
        for key, held in tree.items():
            here = f"{path}/{key}" if path else key
            if is_object(held):
                name = self.object_metadata.get(here, {}).get("name")
                yield f"{space}{key}{f' ({name!r})' if name else ''}"
                yield from self._lines(held, here, depth + 1)
            else:
                array = np.asarray(held)
                yield f"{space}{key}: shape={array.shape}, dtype={array.dtype}"

    def compare(self, reference_model: Any) -> dict[str, Any]:
        """Print what of the file a model has not, or has otherwise, and the reverse.

        Args:
            reference_model: a built model.

        Returns:
            `status` ("success" or "error"), `error_count` (an object that one side lacks counts
            as one) and `match_count`, the weights that are alike.
        """
        objects = saved_objects(reference_model)
        theirs = _nested({path: held for path, obj in objects if (held := stored(obj))})
        found: list[str] = []
        matches = _differences(self.weights_dict, theirs, "", found.append)
        for line in found:
            tell(line)
        errors = len(found)
        plural = "" if (errors or matches) == 1 else "s"
        if errors:
            tell(f"{errors} difference{plural}: the file does not fit the model.")
        else:
            tell(f"The file fits the model: {matches} weight{plural} alike.")
        status = "error" if errors else "success"
        return {"status": status, "error_count": errors, "match_count": matches}

    # --- changing -------------------------------------------------------------------------------

    def rename_object(self, object_name: str, new_name: str) -> None:
        """Give an object another name.

        Args:
            object_name: its path, or its name where that is the only one.
            new_name: the last part of its new path.
        """
        if "/" in new_name or not new_name:
            raise ArgumentError(
                "new_name", expected="the last part of a path", received=repr(new_name)
            )
        path, holder, name = self._find(object_name)
        if new_name != name and new_name in holder:
            raise ArgumentError(
                "new_name", expected=f"a name that is free beside {name!r}", received=repr(new_name)
            )
        items = [(new_name if key == name else key, held) for key, held in holder.items()]
        holder.clear()
        holder.update(items)
        kept = self.object_metadata
        new = f"{path.rpartition('/')[0]}/{new_name}".lstrip("/")
        moved = {p: p.replace(path, new, 1) for p in kept if f"{p}/".startswith(f"{path}/")}
        self.object_metadata = {moved.get(p, p): held for p, held in kept.items()}

    def delete_object(self, object_name: str) -> None:
        """Take an object out, with all that is in it."""
        _, holder, name = self._find(object_name)
        del holder[name]

    def add_object(self, object_path: str, weights: Mapping[str, Any]) -> None:
        """Put a new object in.

        Args:
            object_path: its path; the object that holds it must be there.
            weights: arrays by name: "0", "1", ...
        """
        held = _arrays(weights)
        parent, _, name = object_path.rpartition("/")
        holder = self._object(parent) if parent else self.weights_dict
        holder[name] = held

    def delete_weight(self, object_name: str, weight_name: str) -> None:
        """Take a weight out of an object."""
        held = self._object(object_name)
        if weight_name not in held:
            raise ArgumentError(
                f"delete_weight, {object_name}",
                expected=f"one of {list(held)}",
                received=repr(weight_name),
            )
        del held[weight_name]

    def add_weights(self, object_name: str, weights: Mapping[str, Any]) -> None:
        """Put weights into an object, in the place of those of the same names.

        Args:
            object_name: its path, or its name where that is the only one.
            weights: arrays by name: "0", "1", ...
        """
        self._object(object_name).update(_arrays(weights))

    def save(self, filepath: str | os.PathLike[str]) -> None:
        """Write all weights to a `.weights.h5` file, in the place of one that is there."""
        if not str(filepath).endswith(".weights.h5"):
            raise ArgumentError(
                "filepath", expected="a name that ends in .weights.h5", received=str(filepath)
            )
        arrays = dict(_flat(self.weights_dict, ""))
        names = {path: held["name"] for path, held in self.object_metadata.items()}
        with new_h5(filepath) as file:
            write_weights(file, arrays, names)
            state.write_state(file, {})

    def resave_weights(self, filepath: str | os.PathLike[str]) -> None:
        """`save`, by its older name."""
        self.save(filepath)

    # --- finding --------------------------------------------------------------------------------

    def _find(self, name: str) -> tuple[str, Tree, str]:
        """The path of an object, what holds it, and its name there.

        Raises:
            ArgumentError: there is none, or several have the name.
        """
        paths = dict(_paths(self.weights_dict, ""))
        fitting = [path for path in paths if path == name] or [
            path for path in paths if "/" not in name and path.rpartition("/")[2] == name
        ]
        if len(fitting) != 1:
            raise ArgumentError(
                f"The object {name!r}",
                expected="a path in the file, or a name that one object has",
                received=f"the name of {', '.join(fitting)}" if fitting else "none of that name",
                fix=hint(name, paths) or "`summary()` lists all objects.",
            )
        return fitting[0], paths[fitting[0]], fitting[0].rpartition("/")[2]

    def _object(self, name: str) -> Tree:
        _, holder, key = self._find(name)
        return holder[key]


def _numbered(path: str) -> list[int | str]:
    """What a path is sorted by: its numbers count as numbers."""
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", path)]


def _nested(arrays: Mapping[str, Mapping[str, np.ndarray]]) -> Tree:
    """A tree of objects from the arrays at paths; those at "" are the model's own."""
    tree: Tree = {}
    for path, held in arrays.items():
        here = tree
        for part in filter(None, path.split("/")):
            here = here.setdefault(part, {})
        here.update(held)
    return tree


def _flat(tree: Tree, path: str) -> Iterator[tuple[str, dict[str, np.ndarray]]]:
    """The arrays of every object that has some, by its path."""
    own = {key: np.asarray(held) for key, held in tree.items() if not is_object(held)}
    if own:
        yield path, own
    for key, held in tree.items():
        if is_object(held):
            yield from _flat(held, f"{path}/{key}" if path else key)


def _paths(tree: Tree, path: str) -> Iterator[tuple[str, Tree]]:
    """The path of every object, and what holds it."""
    for key, held in tree.items():
        if is_object(held):
            here = f"{path}/{key}" if path else key
            yield here, tree
            yield from _paths(held, here)


def _arrays(weights: Any) -> dict[str, np.ndarray]:
    if not is_object(weights):
        raise ArgumentError(
            "weights", expected="a dict of arrays by name, '0', '1', ...", received=repr(weights)
        )
    return {str(key): np.asarray(value) for key, value in weights.items()}


def _differences(ours: Tree, theirs: Tree, path: str, tell_of: Callable[[str], None]) -> int:
    """How many weights are alike; what is not is told."""
    matches = 0
    for key in dict.fromkeys((*ours, *theirs)):
        here = f"{path}/{key}" if path else key
        sides = [
            (held[key], side) for held, side in ((ours, "file"), (theirs, "model")) if key in held
        ]
        inner = [held for held, _ in sides if is_object(held)]
        if len(sides) == 1:
            kind = "Object" if inner else "Weight"
            other = "model" if sides[0][1] == "file" else "file"
            tell_of(f"{kind} {here}: in the {sides[0][1]}, not in the {other}.")
        elif len(inner) == 2:
            matches += _differences(inner[0], inner[1], here, tell_of)
        elif inner or np.shape(sides[0][0]) != np.shape(sides[1][0]):
            shown = [
                "an object" if is_object(held) else f"shape {np.shape(held)}" for held, _ in sides
            ]
            tell_of(f"Weight {here}: {shown[0]} in the file, {shown[1]} in the model.")
        else:
            matches += 1
    return matches
