"""The graph of a functional model as data, and back: layers, the calls made on them, and tensors.

Every call of a layer is a node; a tensor is [layer name, number of the call, number of the
output]. The layers are listed in the order of `paths.operation_order`, on which the paths of
weights in `.weights.h5` depend.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from kerasish import tree
from kerasish.errors import FileFormatError, clip
from kerasish.layers.base.call import signature_of
from kerasish.layers.base.layer import Layer
from kerasish.layers.input_layer import InputLayer
from kerasish.ops.operation import FunctionOperation
from kerasish.ops.symbol import KerasTensor
from kerasish.saving.paths import operation_order
from kerasish.serialization import deserialize_keras_object, serialize_keras_object

TENSOR = "__keras_tensor__"


# --- to data ----------------------------------------------------------------------------------


def operations(inputs: Any, outputs: Any) -> list[Any]:
    """The layers and operations between the symbols of inputs and outputs, in order of files."""
    return operation_order(
        [s.history.record for s in tree.flatten(outputs)],
        [s.history.record for s in tree.flatten(inputs)],
        lambda record: record.parents,
        lambda record: record.operation,
    )


def graph_config(inputs: Any, outputs: Any) -> dict[str, Any]:
    """layers, input_layers and output_layers of a functional model's config."""
    members = operations(inputs, outputs)
    numbers = _numbers(members, outputs)

    def refer(symbol: Any) -> list[Any]:
        at = symbol.history
        number = numbers[id(at.operation)][at.node_index]
        return [at.operation.name, number, at.tensor_index]

    def reference(symbol: Any) -> list[Any]:
        """As `refer`; Keras counts the calls of a model inside a model from 1 here."""
        name, number, output = refer(symbol)
        return [name, number + int(is_functional(symbol.history.operation)), output]

    return {
        "layers": [_member(op, numbers[id(op)], refer) for op in members],
        "input_layers": tree.map_structure(reference, inputs),
        "output_layers": tree.map_structure(reference, outputs),
    }


def is_functional(layer: Any) -> bool:
    """Whether a layer is itself a functional model."""
    return getattr(layer, "file_class", type(layer).__name__) == "Functional"


def _numbers(members: list[Any], outputs: Any) -> dict[int, dict[int, int]]:
    """For every layer: index of a call -> its number among the calls that belong to the model."""
    wanted: dict[int, set[int]] = {id(op): set() for op in members}
    seen: set[int] = set()
    pending = [symbol.history.record for symbol in tree.flatten(outputs)]
    while pending:
        record = pending.pop()
        if id(record) not in seen:
            seen.add(id(record))
            wanted[id(record.operation)].add(record.index)
            pending.extend(record.parents)
    for op in members:
        # An input that no output depends on still has its one call.
        wanted[id(op)] |= {0} if isinstance(op, InputLayer) else set()
    return {key: {n: i for i, n in enumerate(sorted(calls))} for key, calls in wanted.items()}


def _encoded(value: Any, refer: Callable[[Any], list[Any]]) -> Any:
    """An argument of a call as plain data; a symbol as the place that `refer` gives for it."""
    if isinstance(value, KerasTensor):
        config = {"shape": list(value.shape), "dtype": value.dtype, "keras_history": refer(value)}
        return {"class_name": TENSOR, "config": config}
    if isinstance(value, dict):
        return {key: _encoded(item, refer) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_encoded(item, refer) for item in value]
    return serialize_keras_object(value)


def _member(op: Any, calls: Mapping[int, int], refer: Callable[[Any], list[Any]]) -> dict[str, Any]:
    nodes = []
    for index in sorted(calls):
        record = op._calls[index]
        if record.inputs or isinstance(op, FunctionOperation):  # one that reads none: a constant
            args, kwargs = (_encoded(part, refer) for part in (list(record.args), record.kwargs))
            nodes.append({"args": args, "kwargs": kwargs})
    written = serialize_operation(op)
    return {**written, "name": op.name, "inbound_nodes": nodes}


def serialize_operation(op: Any) -> dict[str, Any]:
    """A layer, or an operation in the form of Keras's class for it."""
    if not isinstance(op, FunctionOperation):
        return serialize_keras_object(op)
    return {
        "module": op.keras_module,
        "class_name": op.keras_class,
        "config": serialize_keras_object(op.get_config()),
        "registered_name": op.keras_class,
    }


# --- back -------------------------------------------------------------------------------------


@dataclass
class _Call:
    """One call that is still to be made."""

    layer: str
    index: int
    args: list[Any]
    kwargs: dict[str, Any]
    needs: list[tuple[str, int]] = field(default_factory=list)


class GraphBuilder:
    """Rebuilds the symbols of a functional model by calling its layers.

    Args:
        where: the file, for errors.
        layers: name -> layer or operation, none of them called yet.
    """

    def __init__(self, where: str, layers: Mapping[str, Any]) -> None:
        self.where = where
        self.layers = layers
        self._from_one: set[str] = set()
        self.outputs: dict[tuple[str, int], list[Any]] = {}
        for name, layer in layers.items():
            if isinstance(layer, InputLayer):
                self.outputs[name, 0] = [layer.output]

    def run(self, nodes: Mapping[str, list[Any]]) -> None:
        """Make all calls, each as soon as its inputs are there.

        Args:
            nodes: name -> the layer's inbound_nodes, in Keras 2's or Keras 3's form.
        """
        self._from_one = self._counted_from_one(nodes)
        calls = [c for name, found in nodes.items() for c in self._calls(name, found)]
        known = {(c.layer, c.index) for c in calls} | set(self.outputs)
        waiting: dict[tuple[str, int], list[_Call]] = {}
        missing: dict[int, int] = {}
        ready: deque[_Call] = deque()
        for call in calls:
            open_needs = {n for n in call.needs if n not in self.outputs}
            if open_needs - known:
                name, index = sorted(open_needs - known)[0]
                raise self._wrong(f"{call.layer!r} uses call {index} of {name!r}", "a call of it")
            missing[id(call)] = len(open_needs)
            for need in open_needs:
                waiting.setdefault(need, []).append(call)
            if not open_needs:
                ready.append(call)
        done = 0
        while ready:
            call = ready.popleft()
            done += 1
            self._make(call)
            for other in waiting.get((call.layer, call.index), ()):
                missing[id(other)] -= 1
                if not missing[id(other)]:
                    ready.append(other)
        if done < len(calls):
            stuck = sorted({c.layer for c in calls if (c.layer, c.index) not in self.outputs})
            raise self._wrong(f"the layers {', '.join(stuck[:10])} wait for each other", "no cycle")

    def structure(self, config: Any) -> Any:
        """The symbols that input_layers or output_layers name."""
        if _is_reference(config):
            return self._symbol(config, border=True)
        if isinstance(config, dict):
            return {key: self.structure(item) for key, item in config.items()}
        if isinstance(config, (list, tuple)):
            inner = map(self.structure, config)
            return list(inner) if isinstance(config, list) else tuple(inner)
        raise self._wrong("inputs or outputs", "[name, call, output]", config)

    def _calls(self, name: str, nodes: Any) -> Iterator[_Call]:
        if not isinstance(nodes, list):
            raise self._wrong(f"inbound_nodes of {name!r}", "a list", nodes)
        for index, node in enumerate(nodes):
            if isinstance(node, dict):
                args, kwargs = node.get("args", []), node.get("kwargs", {})
            else:
                args, kwargs = self._old_form(name, node)
            if not isinstance(args, list) or not isinstance(kwargs, dict):
                raise self._wrong(f"a call of {name!r}", "args and kwargs", node)
            call = _Call(name, index, args, self._kept(name, kwargs))
            call.needs = [(r[0], r[1]) for r in _references((call.args, call.kwargs))]
            # Calls keep their order, so that a model saved again numbers them alike.
            call.needs += [(name, index - 1)] if index else []
            yield call

    def _kept(self, name: str, kwargs: dict[str, Any]) -> dict[str, Any]:
        """The keywords of a call without those that Keras adds and the layer does not take."""
        layer, kept = self.layers[name], dict(kwargs)
        if isinstance(layer, Layer):
            signature = signature_of(type(layer).call)
            if "mask" not in signature.parameters and not signature.open:
                kept.pop("mask", None)
            # Keras writes a default down as if it had been asked for; kept, it would decide for
            # good whether the layer does what it does in training.
            default = signature.default("training") if signature.training else None
            if isinstance(default, bool) and kept.get("training") is default:
                del kept["training"]
        return kept

    def _old_form(self, name: str, node: Any) -> tuple[list[Any], dict[str, Any]]:
        """Keras 2: [[layer, call, output, kwargs], ...], the tensors of the first argument."""
        if not isinstance(node, list) or not node:
            raise self._wrong(f"a call of {name!r}", "a list of tensors", node)
        tensors, kwargs = [], {}
        for item in [node] if _is_reference(node[:3]) else node:
            if not isinstance(item, list) or not _is_reference(item[:3]):
                raise self._wrong(f"a call of {name!r}", "[layer, call, output, {}]", item)
            at = self._shifted(item[:3])
            tensors.append({"class_name": TENSOR, "config": {"keras_history": at}})
            kwargs.update(item[3] if len(item) > 3 and isinstance(item[3], dict) else {})
        for key, value in kwargs.items():
            if _is_reference(value) and value[0] in self.layers:
                at = self._shifted(value)
                kwargs[key] = {"class_name": TENSOR, "config": {"keras_history": at}}
        return [tensors[0] if len(tensors) == 1 else tensors], kwargs

    def _counted_from_one(self, nodes: Mapping[str, Any]) -> set[str]:
        """The models inside, whose calls a file of Keras 2 mostly counts from 1."""
        models = {name for name, layer in self.layers.items() if hasattr(layer, "layers")}
        highest: dict[str, int] = {}
        pending: list[Any] = [n for found in nodes.values() for n in found] if models else []
        while pending:
            item = pending.pop()
            if isinstance(item, list) and _is_reference(item[:3]) and item[0] in models:
                highest[item[0]] = max(item[1], highest.get(item[0], 0))
            elif isinstance(item, list):
                pending.extend(item)
        return {name for name, top in highest.items() if top >= len(nodes.get(name) or ())}

    def _shifted(self, reference: list[Any]) -> list[Any]:
        name, index, output = reference
        return [name, index - int(name in self._from_one), output]

    def _make(self, call: _Call) -> None:
        args = [self._decode(item) for item in call.args]
        kwargs = {key: self._decode(item) for key, item in call.kwargs.items()}
        layer = self.layers[call.layer]
        # An operation that reads no tensor is a constant of the model.
        func = layer.symbolic_call if isinstance(layer, FunctionOperation) else layer
        made = func(*args, **kwargs)
        self.outputs[call.layer, call.index] = tree.flatten(made)

    def _decode(self, value: Any) -> Any:
        if _is_tensor(value):
            return self._symbol(value["config"]["keras_history"])
        if isinstance(value, dict) and "class_name" in value:
            return deserialize_keras_object(value)
        if isinstance(value, dict):
            return {key: self._decode(item) for key, item in value.items()}
        return [self._decode(item) for item in value] if isinstance(value, list) else value

    def _symbol(self, reference: Any, border: bool = False) -> Any:
        name, index, output = reference
        if border and index > 0:
            lone = (name, index) not in self.outputs and hasattr(self.layers.get(name), "layers")
            index -= int(lone or is_functional(self.layers.get(name)))
        found = self.outputs.get((name, index), [])
        if not 0 <= output < len(found):
            raise self._wrong("a tensor", "an output of a call in this model", reference)
        return found[output]

    def _wrong(self, what: str, expected: str, received: Any = None) -> FileFormatError:
        shown = "" if received is None else clip(repr(received))
        return FileFormatError(f"{self.where}: {what}", expected=expected, received=shown)


def _is_reference(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 3
        and isinstance(value[0], str)
        and all(type(v) is int for v in value[1:])
    )


def _is_tensor(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.get("class_name") == TENSOR
        and isinstance(value.get("config"), dict)
        and _is_reference(value["config"].get("keras_history"))
    )


def _references(value: Any) -> Iterator[list[Any]]:
    """The tensors among the arguments of a call."""
    if _is_tensor(value):
        yield value["config"]["keras_history"]
    elif isinstance(value, dict):
        for item in value.values():
            yield from _references(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _references(item)
