"""Keras 3's `.weights.h5`: a group per object at its attribute path, arrays in `vars/0`, `vars/1`.

In memory the file is a dict from the path ("layers/dense", "optimizer", "" for the model itself)
to the list of arrays, in creation order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kerasish.errors import FileFormatError, clip
from kerasish.saving.files import limits
from kerasish.saving.files.safe_h5 import SafeDataset, SafeGroup
from kerasish.saving.files.sources import check_source
from kerasish.saving.files.text import is_list, is_object, parse_json

# TF 2.12 and 2.13 wrote this for what is now "layers".
_OLD_PREFIX = "_layer_checkpoint_dependencies"


class WeightsFile:
    """The index of an open weights file: what is stored where, without reading the numbers."""

    def __init__(self, root: SafeGroup) -> None:
        self.root = root
        self.index: dict[str, dict[str, SafeDataset]] = {}
        self.names: dict[str, str] = {}
        for node in root.walk():
            if isinstance(node, SafeGroup) and node.path.rpartition("/")[2] == "vars":
                self._enter(node)

    def _enter(self, group: SafeGroup) -> None:
        parts = group.path.removeprefix(self.root.path).strip("/").split("/")[:-1]
        path = "/".join("layers" if part == _OLD_PREFIX else part for part in parts)
        members = group.names()
        if all(member.isdecimal() for member in members):
            # HDF5 lists 0, 1, 10, 11, 2; the numbers are an order.
            wanted = [str(i) for i in range(len(members))]
            if set(members) != set(wanted):
                top = len(members) - 1
                raise group.wrong("variables", f"names 0 to {top}", ", ".join(members))
            members = wanted
        self.index[path] = {member: group.dataset(member) for member in members}
        name = group.attr_text("name")
        if name is not None:
            self.names[path] = name

    def shapes(self) -> dict[str, list[tuple[int, ...]]]:
        """The shapes stored at every path that has arrays."""
        return {p: [d.shape for d in found.values()] for p, found in self.index.items() if found}

    def read(self, path: str, shapes: Sequence[tuple[int, ...]]) -> list[np.ndarray]:
        """The arrays at `path`.

        Args:
            shapes: what they must be; compared before anything is read.
        """
        found = list(self.index.get(path, {}).values())
        if [d.shape for d in found] != [tuple(s) for s in shapes]:
            raise FileFormatError(
                f"{self.root.file}: /{path} holds other arrays",
                expected=f"{len(shapes)} of shapes {[tuple(s) for s in shapes]}",
                received=f"{len(found)} of shapes {[d.shape for d in found]}",
            )
        return [d.read(d.shape) for d in found]

    def read_named(self, path: str) -> dict[str, np.ndarray]:
        """The arrays at `path` by their own names, for layers that chose these themselves."""
        return {name: dataset.read() for name, dataset in self.index.get(path, {}).items()}


def shard_files(path: Path) -> list[Path]:
    """The files that a `name.weights.json` index names; all lie in its own folder."""
    entries = parse_json(_whole(path), str(path)).get("weight_map")
    if not is_object(entries):
        raise FileFormatError(
            f"{path}: not an index of weight shards",
            expected="JSON with a 'weight_map', an object",
            received=clip(repr(entries)),
        )
    listed = (n for e in entries.values() for n in (e if is_list(e) else [e]))
    names = {limits.check_name(name, str(path)) for name in listed}
    return [path.with_name(name) for name in sorted(names)]


def _whole(path: Path) -> bytes:
    """The content of an index."""
    check_source(path)
    try:
        with path.open("rb") as file:
            return file.read(limits.MAX_CONFIG_BYTES + 1)  # one too many is refused as too large
    except OSError as error:
        raise FileFormatError(f"{path}: cannot be read: {error.strerror or error}.") from error


def write_weights(
    file: Any,
    arrays: Mapping[str, Sequence[np.ndarray] | Mapping[str, np.ndarray]],
    names: Mapping[str, str] | None = None,
) -> None:
    """Write `arrays` into an open, empty `h5py.File`.

    Args:
        file: an `h5py.File` or group open for writing.
        arrays: path -> arrays, or arrays by name; none make an empty group, as Keras does.
        names: path -> the object's name, kept as an attribute for human readers.
    """
    for path, values in arrays.items():
        group = file.create_group(f"{path}/vars" if path else "vars")
        if names and path in names:
            group.attrs["name"] = names[path]
        named = values if isinstance(values, Mapping) else dict(enumerate(values))
        for key, value in named.items():
            write_array(group, str(key), value)


def write_array(group: Any, name: str, value: np.ndarray) -> None:
    """One dataset; bfloat16 goes as two opaque bytes and an attribute, as Keras writes it."""
    array = np.asarray(value, order="C")
    if array.dtype.name == "bfloat16":
        group.create_dataset(name, data=array.view("V2")).attrs["dtype"] = "bfloat16"
    else:
        group.create_dataset(name, data=array)
