"""Network: the calls between input and output symbols, and how they are repeated on tensors."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from typing import Any

from kerasish import tree
from kerasish.data.batch import Prepared
from kerasish.errors import ArgumentError, GraphError
from kerasish.layers.base.layer import Layer
from kerasish.layers.base.tracking import make_names_unique
from kerasish.layers.input_layer import InputLayer
from kerasish.models.fitting import fitted
from kerasish.models.graph_config import operations
from kerasish.models.head import Head
from kerasish.ops.symbol import KerasTensor
from kerasish.ops.symbolic import CallRecord


class Network:
    """The operations that lead from `inputs` to `outputs`, in Keras's order.

    Args:
        inputs, outputs: structures of symbols. An input that is not an Input's symbol cuts the
            graph there: the network begins with it.
        owner: name of the model, for errors.
        any_size: whether inputs may be larger or smaller than their symbols say, as long as the
            layers take them.

    Raises:
        ArgumentError: something is no symbol, or two operations have the same given name.
        GraphError: an output depends on an Input that is not among `inputs`.
    """

    def __init__(self, inputs: Any, outputs: Any, owner: str, any_size: bool = False) -> None:
        self.any_size = any_size
        if not all(_is_entry(s) for s in _checked(inputs, "inputs")):
            inputs, outputs = _cut(inputs, _checked(outputs, "outputs") and outputs)
        self.inputs_struct, self.outputs_struct = inputs, outputs
        self.inputs: list[KerasTensor] = _checked(inputs, "inputs")
        self.outputs: list[KerasTensor] = _checked(outputs, "outputs")
        self.records = list(_ordered(self.inputs, self.outputs))
        self.operations: list[Any] = operations(inputs, outputs)
        make_names_unique(self.operations, owner)

    def __reduce_ex__(self, protocol: Any) -> Any:
        """The calls in a row, so that a copy of a deep network takes no deep recursion."""
        symbols = {id(s): Place(-1, i) for i, s in enumerate(self.inputs)}
        calls: list[Any] = []
        for number, record in enumerate(self.records):
            args, kwargs = record.repeat(symbols, lambda *args, **kwargs: (args, kwargs))
            calls.append((record.operation, args, kwargs, record.outputs))
            for i, symbol in enumerate(tree.flatten(record.outputs)):
                symbols[id(symbol)] = Place(number, i)
        ends = tree.map_structure(lambda s: symbols[id(s)], self.outputs_struct)
        starts = tree.map_structure(lambda s: s.history.operation, self.inputs_struct)
        return _restored, (starts, calls, ends, self.any_size)

    @property
    def layers(self) -> list[Layer]:
        """The operations that are layers, inputs included."""
        return [op for op in self.operations if isinstance(op, Layer)]

    # --- running ----------------------------------------------------------------------------------

    @functools.cached_property
    def head(self) -> Head:
        """What runs on the host before the rest is compiled; false where there is nothing."""
        return Head(self)

    def run(self, inputs: Any, mask: Any = None) -> Any:
        """Repeat the calls on other inputs; the result has the structure of the outputs."""
        if isinstance(inputs, Prepared):
            return self.head.rest(inputs)
        flat = [
            fitted(value, symbol, self.any_size)
            for value, symbol in zip(self.arranged(inputs), self.inputs, strict=True)
        ]
        if mask is not None:
            for tensor, one in zip(flat, tree.flatten(mask), strict=False):
                tensor.mask = one if tensor.mask is None else tensor.mask
        values = {id(symbol): value for symbol, value in zip(self.inputs, flat, strict=True)}
        for record in self.records:
            result = record.repeat(values, record.operation)
            symbols = tree.flatten(record.outputs)
            for symbol, value in zip(symbols, tree.flatten(result), strict=True):
                values[id(symbol)] = value
        return tree.map_structure(lambda s: values[id(s)], self.outputs_struct)

    def arranged(self, inputs: Any) -> list[Any]:
        """Values in the order of `inputs`: a structure like the model's, or a dict by input name.

        A list fits a model with a dict of inputs where the order of its keys is also the order in
        which they were written.

        Raises:
            ArgumentError: another structure.
        """
        wanted = self.inputs_struct
        if isinstance(wanted, dict) and isinstance(inputs, dict) and wanted.keys() <= inputs.keys():
            chosen = {key: inputs[key] for key in wanted}
            if len(tree.flatten(chosen)) == len(self.inputs):
                return tree.flatten(chosen)
        elif isinstance(inputs, dict):
            if all(symbol.name in inputs for symbol in self.inputs):
                return [inputs[symbol.name] for symbol in self.inputs]
        elif not isinstance(wanted, dict) or list(wanted) == sorted(wanted):
            flat = tree.flatten(inputs)
            if len(flat) == len(self.inputs):
                return flat
        shown = tree.map_structure(lambda s: s.name, wanted)
        found = tree.map_structure(lambda t: f"shape {getattr(t, 'shape', None)}", inputs)
        raise ArgumentError(
            "The inputs have another structure than the model's", expected=shown, received=found
        )


class Place:
    """Where a symbol of a network comes from: an output of a call, or of the inputs (call -1)."""

    def __init__(self, call: int, output: int) -> None:
        self.call = call
        self.output = output


def _restored(starts: Any, calls: list[Any], ends: Any, any_size: bool) -> Network:
    """The network that `Network.__reduce_ex__` took apart."""
    inputs = tree.map_structure(lambda layer: layer.output, starts)
    made: dict[int, list[Any]] = {-1: tree.flatten(inputs)}

    def filled(structure: Any) -> Any:
        return tree.map_structure(
            lambda x: made[x.call][x.output] if isinstance(x, Place) else x, structure
        )

    for number, (operation, args, kwargs, outputs) in enumerate(calls):
        CallRecord(operation, filled(args), filled(kwargs), outputs)
        made[number] = tree.flatten(outputs)
    return Network(inputs, filled(ends), "a copy", any_size)


def _checked(structure: Any, what: str) -> list[KerasTensor]:
    flat = tree.flatten(structure)
    for leaf in flat:
        alone = what == "outputs" and getattr(leaf, "history", None) is None
        if not isinstance(leaf, KerasTensor) or alone:
            raise ArgumentError(
                f"Model {what}",
                expected="symbols that come from keras.Input()",
                received=f"{leaf!r} of type {type(leaf).__name__}",
            )
    if not flat:
        raise ArgumentError(f"Model {what}", expected="at least one symbol", received="none")
    return flat


def _is_entry(symbol: KerasTensor) -> bool:
    return symbol.history is not None and isinstance(symbol.history.operation, InputLayer)


def _record(symbol: KerasTensor) -> CallRecord:
    if symbol.history is None:
        raise GraphError(
            "The graph is disconnected",
            expected="every symbol that the outputs depend on made from the model's inputs, or "
            "among them",
            received=f"{symbol}, which no call made",
        )
    return symbol.history.record


def _ordered(inputs: Iterable[KerasTensor], outputs: Iterable[KerasTensor]) -> Iterator[CallRecord]:
    """The calls that make `outputs` from `inputs`, each after those it depends on."""
    given = {id(s) for s in inputs}
    names = ", ".join(
        s.name or (str(s.history.operation.name) if s.history else "") for s in inputs
    )

    def parents(record: CallRecord) -> list[CallRecord]:
        made = [_record(s) for s in record.inputs if id(s) not in given]
        return list(dict.fromkeys(made))

    seen: set[CallRecord] = set()
    starts = [_record(s) for s in outputs if id(s) not in given]
    stack = [(record, False) for record in reversed(starts)]
    while stack:
        record, expanded = stack.pop()
        if expanded:
            yield record
        elif record not in seen:
            seen.add(record)
            if isinstance(record.operation, InputLayer):
                raise GraphError(
                    "The graph is disconnected",
                    expected="every Input that the outputs depend on among the model's inputs "
                    f"({names})",
                    received=f"outputs that also depend on {record.operation.name!r}",
                )
            stack.append((record, True))
            stack.extend((parent, False) for parent in reversed(parents(record)))


def _cut(inputs: Any, outputs: Any) -> tuple[Any, Any]:
    """(inputs, outputs) of a copy of the graph that begins with new Inputs at `inputs`."""
    copies: dict[int, KerasTensor] = {}
    for symbol in tree.flatten(inputs):
        entry = symbol
        if not _is_entry(symbol):
            entry = InputLayer(batch_shape=symbol.shape, dtype=symbol.dtype).output
            entry.mask = symbol.mask
        copies[id(symbol)] = entry
    for record in _ordered(tree.flatten(inputs), tree.flatten(outputs)):
        fresh = tree.map_structure(_copy, record.outputs)
        copied = record.repeat(copies, lambda *args, **kwargs: (args, kwargs))
        CallRecord(record.operation, copied[0], copied[1], fresh)
        for old, new in zip(tree.flatten(record.outputs), tree.flatten(fresh), strict=True):
            copies[id(old)] = new
    new_inputs, new_outputs = (
        tree.map_structure(lambda s: copies[id(s)], side) for side in (inputs, outputs)
    )
    return new_inputs, new_outputs


def _copy(symbol: KerasTensor) -> KerasTensor:
    made = KerasTensor(symbol.shape, symbol.dtype)
    made.mask = symbol.mask
    return made
