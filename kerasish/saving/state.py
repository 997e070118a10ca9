"""The `kerasish/` group of a checkpoint: what Keras's layout has no place for.

`state` is JSON as bytes: epoch, history, random state, callback states. Arrays inside it are
datasets of their own, `arrays/0`, `arrays/1`, ... `sha256` is JSON too: the digest of every
array of the file, by path, and of the configs. Keras and other readers pass over a group they do
not know.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from kerasish.errors import ArgumentError, FileFormatError
from kerasish.saving.files import limits, text
from kerasish.saving.files.safe_h5 import SafeDataset, SafeGroup
from kerasish.saving.weights_h5 import write_array

GROUP = "kerasish"
FORMAT = "1"
CONFIGS = ("model_config", "training_config")  # attributes of the root that have digests too
_ARRAY = "__array__"


def write_state(file: Any, state: Mapping[str, Any]) -> None:
    """Add the group to an `h5py.File` whose other content is complete.

    Args:
        state: nested dicts (with texts as keys) and lists of plain values and numpy arrays.

    Raises:
        ArgumentError: something that is neither.
    """
    arrays: list[np.ndarray] = []
    plain = {key: _encode(value, arrays, key) for key, value in state.items()}
    text.check_depth(plain, "the state")
    group = file.create_group(GROUP)
    group.attrs["format"] = FORMAT
    _write_json(group, "state", plain)
    holder = group.create_group("arrays")
    for index, array in enumerate(arrays):
        write_array(holder, str(index), array)
    digests: dict[str, str] = {}

    def enter(name: str, node: Any) -> None:
        if hasattr(node, "shape"):
            digests[name] = digest(node[()])

    file.visititems(enter)
    for name in CONFIGS:
        if name in file.attrs:
            digests[f"@{name}"] = digest(np.frombuffer(file.attrs[name].encode(), np.uint8))
    _write_json(group, "sha256", digests)


def _encode(value: Any, arrays: list[np.ndarray], path: str) -> Any:
    if isinstance(value, (str, bool, int, float, type(None))):
        return value
    if issubclass(value.__class__, np.generic):
        return value.item()
    if path.count(".") + path.count("[") > limits.MAX_NESTING:
        raise ArgumentError(
            f"state {path[:80]}..",
            expected=f"at most {limits.MAX_NESTING} lists and dicts inside each other, and none "
            "that holds itself",
            received="more",
        )
    if text.is_array(value) and (value.dtype.kind in "biuf" or value.dtype.name == "bfloat16"):
        arrays.append(value)
        return {_ARRAY: len(arrays) - 1}
    if text.is_list(value) or isinstance(value, tuple):
        items = enumerate(text.children(value))
        return [_encode(item, arrays, f"{path}[{i}]") for i, item in items]
    if text.is_mapping(value) and all(type(k) is str and k != _ARRAY for k in value):
        return {k: _encode(v, arrays, f"{path}.{k}") for k, v in value.items()}
    raise ArgumentError(
        f"state {path}",
        expected="plain values, arrays, lists, and dicts with texts as keys",
        received=repr(value),
    )


def _write_json(group: Any, name: str, value: Any) -> None:
    group.create_dataset(name, data=np.frombuffer(json.dumps(value).encode(), np.uint8))


def digest(array: Any) -> str:
    """sha256 of an array: its dtype, shape and bytes in C order."""
    array = np.asarray(array)
    name = array.dtype.newbyteorder("<").str
    found = hashlib.sha256(f"{name}{array.shape}".encode())
    found.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return found.hexdigest()


def read_state(root: SafeGroup) -> dict[str, Any] | None:
    """The state in an intact file, or None where the file is not from kerasish.

    Raises:
        FileFormatError: a format of a later version, or damaged content.
    """
    verify(root)
    if GROUP not in root:
        return None
    group = root.group(GROUP)
    version = group.attr_text("format")
    if version != FORMAT:
        raise group.wrong("a format of another version", repr(FORMAT), repr(version))
    plain = _read_json(group, "state")
    holder = group.group("arrays")
    return {key: _decode(value, holder) for key, value in plain.items()}


def _read_json(group: SafeGroup, name: str) -> dict[str, Any]:
    dataset = group.dataset(name)
    if dataset.dtype != "uint8" or len(dataset.shape) != 1:
        raise dataset.wrong("wrong form", "bytes", f"{dataset.dtype} {dataset.shape}")
    if dataset.nbytes > limits.MAX_CONFIG_BYTES:
        raise dataset.wrong("too large", f"{limits.MAX_CONFIG_BYTES} bytes", str(dataset.nbytes))
    return text.parse_json(dataset.read().tobytes(), str(dataset))


def _decode(value: Any, holder: SafeGroup) -> Any:
    if text.is_object(value):
        if set(value) == {_ARRAY}:
            return holder.dataset(str(value[_ARRAY])).read()
        return {key: _decode(item, holder) for key, item in value.items()}
    return [_decode(item, holder) for item in value] if text.is_list(value) else value


def verify(root: SafeGroup) -> None:
    """Compare every array and config of a kerasish file with its recorded sha256.

    Raises:
        FileFormatError: something was changed, added or lost.
    """
    if GROUP not in root:
        return
    expected = _read_json(root.group(GROUP), "sha256")
    _verify_configs(root, {n[1:]: expected.pop(n) for n in list(expected) if n.startswith("@")})
    found = {d.path: d for d in datasets(root) if d.path != f"{GROUP}/sha256"}
    if set(found) != set(expected):
        odd = sorted(set(found) ^ set(expected))
        raise FileFormatError(
            f"{root.file}: damaged",
            expected=f"the {len(expected)} arrays of its list",
            received=f"another set, which differs in {', '.join(odd[:5])}",
        )
    for path, dataset in found.items():
        if digest(dataset.read_stored(dataset.shape)) != expected[path]:
            raise _damaged(root, f"/{path}", expected[path])


def _verify_configs(root: SafeGroup, expected: Mapping[str, str]) -> None:
    """Files of earlier versions have no digests of configs."""
    for name, wanted in expected.items():
        held = root.attr_text(name) or ""
        if digest(np.frombuffer(held.encode("utf-8", "surrogatepass"), np.uint8)) != wanted:
            raise _damaged(root, name, wanted)


def _damaged(root: SafeGroup, part: str, wanted: str) -> FileFormatError:
    return FileFormatError(
        f"{root.file}: {part} is damaged",
        expected=f"sha256 {wanted}",
        received="other content",
        fix="Use an earlier file.",
    )


def datasets(root: SafeGroup) -> Iterator[SafeDataset]:
    """All arrays of a file."""
    return (node for node in root.walk() if isinstance(node, SafeDataset))
