"""The whole-model `.h5` layout of Keras 1, 2 and 3.

Root attributes `model_config` and `training_config` hold JSON. `model_weights` holds one group
per layer, named by attribute `layer_names`; each names its arrays by attribute `weight_names`,
and those names are paths inside that group. `optimizer_weights` is one such group. A file of
weights only has the content of `model_weights` at its root.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from kerasish.errors import FileFormatError, UnsafeFileError
from kerasish.graph.variable import Variable
from kerasish.layers.base import tracking
from kerasish.naming import is_automatic, member_keys
from kerasish.saving.files import limits
from kerasish.saving.files.archives import KERAS_VERSION
from kerasish.saving.files.safe_h5 import SafeDataset, SafeGroup, open_h5
from kerasish.saving.files.text import parse_json
from kerasish.saving.paths import layer_keys, unique_keys
from kerasish.saving.weights_h5 import write_array

# HDF5 cannot hold a larger attribute in an object's header; Keras splits lists at this size.
SPLIT_BYTES = 64512
TOP_LEVEL = "top_level_model_weights"


@dataclass
class Layers:
    """Weights as the file lists them: layer name -> (weight name, array on disk)."""

    layers: dict[str, list[tuple[str, SafeDataset]]]
    top_level: list[tuple[str, SafeDataset]]


class LegacyFile:
    """An open legacy file; arrays are read only when asked for, by shape."""

    def __init__(self, root: SafeGroup) -> None:
        self.root = root
        self.is_whole_model = "model_weights" in root
        self.holder = root.group("model_weights") if self.is_whole_model else root

    def config(self) -> dict[str, Any]:
        """The model's config.

        Raises:
            FileFormatError: the file holds weights only.
        """
        found = self._json("model_config")
        if found is None:
            raise FileFormatError(
                f"{self.root.file}: no model in it",
                expected="an attribute 'model_config'",
                received="weights only",
                fix="Build the model, then call load_weights on it.",
            )
        return found

    def training_config(self) -> dict[str, Any] | None:
        """What `compile` was given, or None."""
        return self._json("training_config")

    def _json(self, name: str) -> dict[str, Any] | None:
        text = self.root.attr_text(name)
        return None if text is None else parse_json(text, f"{self.root.file}: {name}")

    def layers(self) -> Layers:
        """The index of all layer weights.

        Raises:
            FileFormatError: the file does not have the layout.
        """
        names = split_attr(self.holder, "layer_names")
        if names is None:
            raise self.holder.wrong("no weights", "an attribute 'layer_names'", "none")
        if len(names) > limits.MAX_LAYERS:
            raise UnsafeFileError(f"{self.root.file}: {len(names)} layers.")
        if len(set(names)) != len(names):
            raise self.holder.wrong("layer_names", "every layer once", "a name twice")
        found = {n: named_datasets(self.holder.group(n)) for n in names if n != TOP_LEVEL}
        has_own = TOP_LEVEL in self.holder
        return Layers(found, named_datasets(self.holder.group(TOP_LEVEL)) if has_own else [])

    def optimizer(self) -> list[tuple[str, SafeDataset]]:
        """The optimizer's variables, in its own order; empty where none were saved."""
        if "optimizer_weights" not in self.root:
            return []
        return named_datasets(self.root.group("optimizer_weights"))


@contextmanager
def open_legacy(source: str | os.PathLike[str]) -> Generator[LegacyFile, None, None]:
    """Open a legacy `.h5` file for reading."""
    with open_h5(source) as root:
        yield LegacyFile(root)


def is_legacy(root: SafeGroup) -> bool:
    """Whether an HDF5 file has this layout, and not the one of `.weights.h5`."""
    return root.has_attr("model_config") or split_attr(root, "layer_names") is not None


def split_attr(group: SafeGroup, name: str) -> list[str] | None:
    """A list of texts, whole or split over `name0`, `name1`, ...; None where there is none."""
    whole = group.attr_texts(name)
    if whole is not None:
        return whole
    parts: list[str] = []
    index = 0
    while (part := group.attr_texts(f"{name}{index}")) is not None:
        parts += part
        index += 1
    return parts if index else None


def named_datasets(group: SafeGroup) -> list[tuple[str, SafeDataset]]:
    """(name, dataset) for every entry of `weight_names`, in that order."""
    names = split_attr(group, "weight_names")
    if names is None:
        raise group.wrong("no weights", "an attribute 'weight_names'", "none")
    if len(names) > limits.MAX_OBJECTS:
        raise UnsafeFileError(f"{group}: {len(names)} arrays.")
    return [(plain_name(name), group.dataset(name)) for name in names]


def plain_name(name: str) -> str:
    """A weight's name without TensorFlow's output number: "dense/kernel:0" -> "dense/kernel"."""
    head, colon, tail = name.rpartition(":")
    return head if colon and tail.isdigit() else name


# --- writing ----------------------------------------------------------------------------------


def write_configs(
    file: Any, model_config: Mapping[str, Any], training_config: Mapping[str, Any] | None
) -> None:
    """The root attributes of a whole-model file."""
    file.attrs["keras_version"] = KERAS_VERSION
    file.attrs["backend"] = "jax"  # Keras refuses to read an unknown backend's name
    file.attrs["model_config"] = json.dumps(model_config)
    if training_config is not None:
        file.attrs["training_config"] = json.dumps(training_config)


def write_layers(
    group: Any,
    layers: Mapping[str, Sequence[tuple[str, np.ndarray]]],
    top_level: Sequence[tuple[str, np.ndarray]] = (),
) -> None:
    """The weights of all layers into `group` (a file's `model_weights`, or its root)."""
    write_split_attr(group, "layer_names", list(layers))
    group.attrs["backend"] = "jax"
    group.attrs["keras_version"] = KERAS_VERSION
    for name in sorted(layers):
        write_named(group.create_group(name), layers[name])
    write_named(group.create_group(TOP_LEVEL), top_level)


def write_named(group: Any, arrays: Sequence[tuple[str, np.ndarray]]) -> None:
    """Arrays under their names, and the list of the names; a name that repeats gets a number."""
    names = _distinct([name for name, _ in arrays])
    write_split_attr(group, "weight_names", names)
    for name, (_, value) in zip(names, arrays, strict=True):
        write_array(group, name, value)


def _distinct(names: Sequence[str]) -> list[str]:
    taken: set[str] = set()
    found: list[str] = []
    for name in names:
        number, own = 0, name
        while own in taken:
            number += 1
            own = f"{name}_{number}"
        taken.add(own)
        found.append(own)
    return found


def write_split_attr(group: Any, name: str, texts: Sequence[str]) -> None:
    """A list of texts as one attribute, or as several where it is too large for one."""
    raw = [text.encode() for text in texts]
    width = max(map(len, raw), default=1)
    per_part = max(SPLIT_BYTES // width, 1)
    parts = [raw[i : i + per_part] for i in range(0, len(raw), per_part)] or [[]]
    for index, part in enumerate(parts):
        key = name if len(parts) == 1 else f"{name}{index}"
        group.attrs[key] = np.array(part, dtype=f"S{width}")


# --- the weights of a model: a group per layer, in order ----------------------------------------


# What is to be assigned once everything has been checked: variables and arrays, and layers that
# load themselves with their arrays by name.
Plan = list[tuple[Any, Any]]


def legacy_weights(layer: Any) -> list[Variable]:
    """The weights of one layer in the order of legacy files."""
    return [*layer.trainable_weights, *layer.non_trainable_weights]


def top_level(model: Any) -> list[Variable]:
    """The variables that belong to a model and to none of its layers."""
    return [v for v in tracking.own_variables(model) if any(v is w for w in model.weights)]


def write_legacy(group: Any, model: Any) -> None:
    """The weights of all layers of a model into an open file or group."""
    names = unique_keys(layer.name for layer in model.layers)
    arrays = [_named(legacy_weights(layer)) for layer in model.layers]
    write_layers(group, dict(zip(names, arrays, strict=True)), _named(top_level(model)))


def _named(variables: Sequence[Variable]) -> list[tuple[str, np.ndarray]]:
    return [(v.path, v.numpy()) for v in variables]


def plan_legacy(
    file: LegacyFile, model: Any, skip_mismatch: bool = False, by_name: bool = False
) -> Plan:
    """Compare a legacy file with a model, and read what is to be assigned.

    Layers are matched by name, the automatic names counted within the model and within the file;
    where the names differ, by their order among layers with weights.

    Args:
        by_name: load the layers whose names, as they are, stand in the file, and no others.
    """
    found = file.layers()
    stored_layers = {name: arrays for name, arrays in found.layers.items() if arrays}
    layers = [layer for layer in model.layers if legacy_weights(layer)]
    if by_name:
        named = {layer.name: layer for layer in layers}
        pairs = [(name, named[name]) for name in stored_layers if name in named]
    else:
        pairs = _pairs(file.root.file, stored_layers, layers, skip_mismatch)
    plan: Plan = []
    for name, layer in pairs:
        where = f"{file.root.file}: layer {name!r}"
        held = legacy_weights(layer)
        plan += _plan_arrays(where, held, stored_layers[name], skip_mismatch)
    where = f"{file.root.file}: the model's own weights"
    return plan + _plan_arrays(where, top_level(model), found.top_level, skip_mismatch)


def _pairs(
    label: str, stored_layers: dict[str, Any], layers: list[Any], some: bool
) -> list[tuple[str, Any]]:
    """Names in the file with the layers that they stand for; with `some` those that have one."""
    bases = {layer._base_name for layer in layers}
    of = {n: next((b for b in bases if is_automatic(n, b)), n) for n in stored_layers}
    found = dict(zip(member_keys(list(of.items())), stored_layers, strict=True))
    wanted = dict(zip(layer_keys(layers), layers, strict=True))
    if some or set(found) == set(wanted):
        return [(name, wanted[key]) for key, name in found.items() if key in wanted]
    if len(found) != len(wanted):
        odd = sorted(set(found) ^ set(wanted))
        raise FileFormatError(
            f"{label}: another number of layers with weights",
            expected=len(wanted),
            received=len(found),
            fix=f"Not on both sides: {', '.join(odd[:10])}.",
        )
    return list(zip(stored_layers, layers, strict=True))


def _plan_arrays(
    where: str,
    held: Sequence[Variable],
    found: Sequence[tuple[str, SafeDataset]],
    skip_mismatch: bool = False,
) -> Plan:
    matched = _match(held, found)
    if matched is not None:
        return [(v, d.read(v.shape)) for v, d in matched]
    refusal = FileFormatError(
        f"{where} does not fit",
        expected=_shown((v.name, v.shape) for v in held),
        received=_shown((n, d.shape) for n, d in found),
    )
    if not skip_mismatch:
        raise refusal
    warnings.warn(str(refusal), stacklevel=6)
    return []


def _shown(items: Iterable[tuple[str, tuple[int, ...]]]) -> str:
    return ", ".join(f"{name} {shape}" for name, shape in items) or "none"


def _match(
    held: Sequence[Variable], found: Sequence[tuple[str, SafeDataset]]
) -> list[tuple[Variable, SafeDataset]] | None:
    """Variables with their arrays: in order, or by name where only the order differs."""
    if len(held) != len(found):
        return None
    in_order = [(v, d) for v, (_, d) in zip(held, found, strict=True)]
    same_names = all(v.name == n.rpartition("/")[2] for v, (n, _) in zip(held, found, strict=True))
    if not same_names:
        by_name = {_tail(n): d for n, d in found}
        tails = [_tail(v.path) for v in held]
        if len(by_name) == len(held) and set(tails) == set(by_name):
            in_order = [(v, by_name[t]) for v, t in zip(held, tails, strict=True)]
    return in_order if all(v.shape == d.shape for v, d in in_order) else None


def _tail(name: str) -> str:
    return "/".join(name.split("/")[-2:])
