"""A functional model -> the `model:` section with inputs, shared layers, nodes and outputs."""

from __future__ import annotations

from collections import Counter
from typing import Any

from kerasish import tree
from kerasish.arguments.signatures import parameters
from kerasish.config import floatx
from kerasish.declarative.building.plain_items import layer_item
from kerasish.errors import ArgumentError
from kerasish.layers import InputLayer, Layer
from kerasish.models import Model
from kerasish.ops.symbol import KerasTensor
from kerasish.ops.symbolic import CallRecord


def functional_section(model: Model) -> dict[str, Any]:
    """The section of a model made of calls on symbols.

    Raises:
        ArgumentError: an operation is no layer, or a call passes what a file cannot say.
    """
    outputs = tree.flatten(model.outputs)
    records = _records(outputs)
    calls = Counter(id(record.operation) for record in records)
    taken = {record.operation.name for record in records}
    names = {id(record): _node_name(record, calls, taken) for record in records}
    section: dict[str, Any] = {"type": "functional", "inputs": {}, "layers": {}, "nodes": {}}
    for record in records:
        layer = record.operation
        if isinstance(layer, InputLayer):
            section["inputs"][layer.name] = _input(layer)
            continue
        _check_layer(layer)
        body: dict[str, Any] = {"from": _sources(record, names)}
        if calls[id(layer)] > 1:
            section["layers"].setdefault(layer.name, layer_item(layer, None))
            body["use"] = layer.name
        else:
            item = layer_item(layer, None)
            body |= item if isinstance(item, dict) else {item: None}
        section["nodes"][names[id(record)]] = body
    if not section["layers"]:
        del section["layers"]
    ends = [_name_of(symbol, names) for symbol in outputs]
    section["outputs"] = ends[0] if len(ends) == 1 else ends
    return section


def _records(outputs: list[Any]) -> list[CallRecord]:
    """Every call that the outputs depend on, in the order in which they were made."""
    found: dict[int, CallRecord] = {}
    waiting = [symbol.history.record for symbol in outputs]
    while waiting:
        record = waiting.pop()
        if id(record) not in found:
            found[id(record)] = record
            waiting.extend(record.parents)
    return sorted(found.values(), key=lambda record: record.serial)


def _node_name(record: CallRecord, calls: Counter[int], taken: set[str]) -> str:
    name = str(record.operation.name)
    if calls[id(record.operation)] == 1:
        return name
    number = 1
    while f"{name}_call_{number}" in taken:
        number += 1
    taken.add(f"{name}_call_{number}")
    return f"{name}_call_{number}"


def _check_layer(operation: Any) -> None:
    if isinstance(operation, Layer):
        return
    raise ArgumentError(
        "to_yaml",
        expected=(
            "a model of layers, since a node of a declarative file is a layer called on "
            "tensors and has no place for the arguments of an operation"
        ),
        received=f"the operation {operation.name!r}",
        fix=(
            "Use a layer that does it (Add, Concatenate, Activation, Reshape, ...) or a "
            "registered layer class of your own, or save as .keras, .h5 or to_json(), which "
            "hold operations."
        ),
    )


def _input(layer: InputLayer) -> dict[str, Any]:
    declared: dict[str, Any] = {"shape": list(layer.batch_shape[1:])}
    if layer.dtype != floatx():
        declared["dtype"] = layer.dtype
    return declared


def _name_of(symbol: KerasTensor, names: dict[int, str]) -> str:
    record = symbol.history.record
    several = len(tree.flatten(record.outputs)) > 1
    return names[id(record)] + (f".{symbol.history.tensor_index}" if several else "")


def _sources(record: CallRecord, names: dict[int, str]) -> Any:
    """`from`: a node, a list of nodes, or call arguments by name."""
    given = dict(zip(parameters(record.operation.call), record.args, strict=False)) | record.kwargs
    given = {key: value for key, value in given.items() if value is not None}
    for key, value in given.items():
        leaves = tree.flatten(value)
        if not leaves or not all(isinstance(leaf, KerasTensor) for leaf in leaves):
            raise ArgumentError(
                "to_yaml",
                expected="layers called on tensors only",
                received=f"{record.operation.name!r} called with {key}={value!r}",
            )
    if len(given) == 1:
        value = next(iter(given.values()))
        if isinstance(value, list | tuple):
            return [_name_of(symbol, names) for symbol in value]
        return _name_of(value, names)
    return {key: _name_of(value, names) for key, value in given.items()}
