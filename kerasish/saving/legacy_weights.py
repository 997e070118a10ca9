"""The weights of the layers of a legacy `.h5` file: one group per layer, in order."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from kerasish.errors import FileFormatError
from kerasish.graph.variable import Variable
from kerasish.layers.base import tracking
from kerasish.naming import is_automatic, member_keys
from kerasish.saving import legacy_h5
from kerasish.saving.container_keys import unique_keys
from kerasish.saving.files.safe_h5 import SafeDataset
from kerasish.saving.paths import layer_keys

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
    legacy_h5.write_layers(group, dict(zip(names, arrays, strict=True)), _named(top_level(model)))


def _named(variables: Sequence[Variable]) -> list[tuple[str, np.ndarray]]:
    return [(v.path, v.numpy()) for v in variables]


def plan_legacy(
    file: legacy_h5.LegacyFile, model: Any, skip_mismatch: bool = False, by_name: bool = False
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
    warnings.warn(str(refusal), stacklevel=5)
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
    same_names = all(v.name == _last(n) for v, (n, _) in zip(held, found, strict=True))
    if not same_names:
        by_name = {_tail(n): d for n, d in found}
        tails = [_tail(v.path) for v in held]
        if len(by_name) == len(held) and set(tails) == set(by_name):
            in_order = [(v, by_name[t]) for v, t in zip(held, tails, strict=True)]
    return in_order if all(v.shape == d.shape for v, d in in_order) else None


def _last(name: str) -> str:
    return name.rpartition("/")[2]


def _tail(name: str) -> str:
    return "/".join(name.split("/")[-2:])
