"""A model made of calls on symbols as the `model:` section of a file: inputs, nodes, outputs."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from kerasish import tree
from kerasish.config import floatx
from kerasish.declarative.building.written_items import layer_item
from kerasish.declarative.check.ops import contract, written_index
from kerasish.errors import ArgumentError
from kerasish.layers import InputLayer, Layer
from kerasish.models import Model
from kerasish.ops.operation import FunctionOperation
from kerasish.ops.symbol import KerasTensor
from kerasish.ops.symbolic import CallRecord
from kerasish.signatures import parameters


def functional_section(model: Model) -> dict[str, Any]:
    """The section of a model made of calls on symbols.

    Raises:
        ArgumentError: an operation or a call that a file cannot say.
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
            section["inputs"][layer.name] = written_input(layer)
            continue
        if not isinstance(layer, Layer):
            section["nodes"][names[id(record)]] = _op(record, names)
            continue
        body = _sources(record, names)
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


def written_input(layer: InputLayer) -> dict[str, Any]:
    declared: dict[str, Any] = {"shape": list(layer.batch_shape[1:])}
    if layer.dtype != floatx():
        declared["dtype"] = layer.dtype
    return declared


def _name_of(symbol: KerasTensor, names: dict[int, str]) -> str:
    record = symbol.history.record
    several = len(tree.flatten(record.outputs)) > 1
    return names[id(record)] + (f".{symbol.history.tensor_index}" if several else "")


# --- what a node reads --------------------------------------------------------------------------


def _sources(record: CallRecord, names: dict[int, str]) -> dict[str, Any]:
    """`from`: a node, a list of nodes, or call arguments by name; texts stand in `call`."""
    given = dict(zip(parameters(record.operation.call), record.args, strict=False)) | record.kwargs
    given = {key: value for key, value in given.items() if value is not None}
    found = {key: _argument(record, key, value, names) for key, value in given.items()}
    if len(given) == 1:
        value = next(iter(found.values()))
        nodes = value if isinstance(value, list) else [value]
        if nodes and all(isinstance(one, str) for one in nodes) and _symbols(given):
            return {"from": value}
    call = {key: value for key, value in found.items() if _says_text(given[key])}
    body = {"from": {key: value for key, value in found.items() if key not in call}}
    return {**body, "call": call} if call else body


def _symbols(value: Any) -> list[KerasTensor]:
    return [leaf for leaf in tree.flatten(value) if isinstance(leaf, KerasTensor)]


def _says_text(value: Any) -> bool:
    """Whether there are texts in a value, which `from` takes for nodes."""
    return any(isinstance(leaf, str) for leaf in tree.flatten(value))


def _argument(record: CallRecord, key: str, value: Any, names: dict[int, str]) -> Any:
    """An argument of a call as a file has it: names of nodes, or a plain value.

    Raises:
        ArgumentError: a file cannot hold it.
    """
    if isinstance(value, KerasTensor):
        return _name_of(value, names)
    if isinstance(value, dict):
        return {one: _argument(record, key, item, names) for one, item in value.items()}
    if isinstance(value, list | tuple):
        mixed = _symbols(value)
        several = [_argument(record, key, item, names) for item in value]
        if not mixed or not any(isinstance(v, bool | int | float) for v in tree.flatten(value)):
            return several
    elif value is None or type(value) in (bool, int, float, str):
        return value
    elif isinstance(value, np.number | np.bool_):
        return value.item()
    raise ArgumentError(
        "to_yaml",
        expected="calls on tensors, with plain values beside them",
        received=f"{record.operation.name!r} called with {key}={value!r}",
    )


def _op(record: CallRecord, names: dict[int, str]) -> dict[str, Any]:
    """The node of an op: `{from: [a, b], add: null}`, `{from: x, sum: {axis: 1}}`.

    Raises:
        ArgumentError: a file cannot name the op, or one of its arguments.
    """
    operation: Any = record.operation
    op = contract(operation.func_name) if isinstance(operation, FunctionOperation) else None
    if op is None:
        raise ArgumentError(
            "to_yaml",
            expected="layers, and ops that kerasish.ops has under one name",
            received=f"the operation {operation.name!r}",
            fix=(
                "Use a layer that does it (Reshape, Activation, ...) or a registered layer class "
                "of your own, or save as .keras, .h5 or to_json(), which hold every operation."
            ),
        )
    given = {**operation.fixed, **operation._named(record.args), **record.kwargs}
    given = {
        key: value
        for key, value in given.items()
        if not _is_default(value, op.default(key) if key in op.parameters else None)
    }
    tensors = {key: value for key, value in given.items() if _symbols(value)}
    rest = {key: value for key, value in given.items() if key not in tensors}
    if op.name == "get_item":
        rest = {key: written_index(value) for key, value in rest.items()}
    rest = {key: _argument(record, key, value, names) for key, value in rest.items()}
    found = {key: _argument(record, key, value, names) for key, value in tensors.items()}
    body: Any = rest or None
    first = next(iter(found), "")
    count = len(found)
    if (op.joins and isinstance(found.get(first), list)) or first == op.rest:
        sources = found[first] if count == 1 else found
    elif list(found) == op.places(count, rest) and not any(
        isinstance(one, list | dict) for one in found.values()
    ):
        sources = list(found.values()) if count > 1 else found.get(first)
    else:
        sources = found
    if len(rest) == 1 and not isinstance(sources, dict):
        taken = len(sources) if isinstance(sources, list) else int(sources is not None)
        free = [name for name in op.named if name not in op.places(taken, {})]
        ((key, value),) = rest.items()
        if free[:1] == [key] and value is not None and not isinstance(value, bool | dict):
            body = value
    return {**({} if sources is None else {"from": sources}), op.name: body}


def _is_default(value: Any, default: Any) -> bool:
    """Whether an argument says what is so without it."""
    plain = (bool, int, float, str, type(None), tuple)
    return type(value) in plain and type(value) is type(default) and value == default
