"""A model -> the YAML that builds an equal one, with what differs from the defaults only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from kerasish import registry, tree
from kerasish.arguments.contract import Field, contract_of
from kerasish.config import floatx
from kerasish.declarative.check import vocabulary
from kerasish.declarative.sections.validate import FORMAT
from kerasish.declarative.text.emit import emit
from kerasish.errors import ArgumentError, KerasishError
from kerasish.layers import InputLayer, Layer
from kerasish.models import Model, Sequential
from kerasish.naming import is_automatic, snake_case, uncounted
from kerasish.ops.symbol import KerasTensor
from kerasish.ops.symbolic import CallRecord
from kerasish.serialization import get_registered_name, serialize_keras_object
from kerasish.signatures import parameters


def to_yaml(model: Model) -> str:
    """The text of a config file for the model, with its `compile` arguments where it has them.

    Weights are not in it. Reading it back gives a model of the same layers, names and shapes.

    Raises:
        ArgumentError: the model holds what a file cannot: code, or operations that are no layers.
    """
    document: dict[str, Any] = {"kerasish": FORMAT, "name": model.name}
    if isinstance(model, Sequential):
        document["model"] = _sequential_section(model)
    else:
        document["model"] = functional_section(model)
    train = _train_section(model)
    if train:
        document["train"] = train
    return emit(document)


def _sequential_section(model: Sequential) -> dict[str, Any]:
    if not model.built or len(model.inputs) != 1:
        raise ArgumentError(
            "to_yaml",
            expected="a model with a known input shape",
            received=f"{model.name!r}, which has none yet",
            fix="Begin it with an Input, or call it once.",
        )
    entry = model.inputs[0].history.operation
    declared = _input(entry)
    if not is_automatic(entry.name, snake_case(InputLayer.__name__)):
        declared["name"] = entry.name
    used: dict[str, int] = {}
    items = [layer_item(layer, _own_name(layer, used)) for layer in model.layers]
    return {"input": declared, "layers": items}


def _own_name(layer: Layer, used: dict[str, int]) -> str | None:
    """The layer's name, unless nobody gave it or it is the one that it would get anyway."""
    stem = snake_case(type(layer).__name__)
    count = used.get(stem, 0)
    if not layer._auto_named and layer.name != (f"{stem}_{count}" if count else stem):
        return layer.name
    used[stem] = count + 1
    return None


def _train_section(model: Model) -> dict[str, Any]:
    """`optimizer`, `loss` and `metrics` of a compiled model."""
    compiled = model.get_compile_config()
    if not compiled or not compiled.get("optimizer") or not compiled.get("loss"):
        return {}
    kinds = {"optimizer": "optimizer", "loss": "loss", "metrics": "metric"}
    section = {
        key: written(serialize_keras_object(compiled.get(key)), kind) for key, kind in kinds.items()
    }
    section["loss_weights"] = compiled.get("loss_weights")
    return {key: value for key, value in section.items() if value not in (None, [], {})}


# --- functional models: inputs, shared layers, nodes and outputs --------------------------------


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


# --- objects in their serialized form as items: `Dense: {units: 3}` -----------------------------


def layer_item(layer: Layer, name: str | None) -> Any:
    """The item of a layer; `name` is written where it is not None.

    Raises:
        ArgumentError: the layer cannot be named in a file.
    """
    label = _class_label("layer", type(layer))
    config = {**layer.get_config(), "name": name}
    return _item(label, type(layer), _changed(type(layer), config))


def written(value: Any, kind: str) -> Any:
    """The items in serialized lists and mappings; a bare name where nothing differs from the
    defaults."""
    if isinstance(value, list | tuple):
        return [written(one, kind) for one in value]
    if not isinstance(value, Mapping):
        return value
    if "class_name" not in value or "config" not in value:
        return {key: written(one, kind) for key, one in value.items()}
    is_function = value["class_name"] == "function"
    label = value["config"] if is_function else value.get("registered_name") or ""
    label = label if is_function or ">" in label else value["class_name"]
    if not vocabulary.contains(kind, label):
        raise ArgumentError(
            "to_yaml",
            expected=f"a registered {kind}",
            received=repr(label),
            fix="Save as .keras, .h5 or to_json(), which hold models inside models."
            if registry.contains("model", label)
            else f"Write @kerasish.register({kind!r}) above it.",
        )
    if is_function:
        return label
    cls = vocabulary.lookup(kind, label)
    config = dict(value["config"])
    name = str(config.get("name"))
    if is_automatic(name, snake_case(cls.__name__)) or name == label:
        del config["name"]
    return _item(_shortest(kind, cls, label), cls, _changed(cls, config))


def _shortest(kind: str, cls: type, label: str) -> str:
    """The class's own name where a file finds it by that."""
    name = cls.__name__
    return (
        name if vocabulary.contains(kind, name) and vocabulary.lookup(kind, name) is cls else label
    )


def _class_label(kind: str, cls: type) -> str:
    """The name under which a file finds the class."""
    label = _shortest(kind, cls, get_registered_name(cls))
    if vocabulary.contains(kind, label) and vocabulary.lookup(kind, label) is cls:
        return label
    if cls in vocabulary.REFUSED:
        raise ArgumentError(
            "to_yaml",
            expected="layers of which each is a class and plain arguments",
            received=f"{cls.__name__}, whose function is code",
            fix=(
                "Write a layer class and decorate it with register_keras_serializable(), or "
                "save as .keras, .h5 or to_json(), which hold the name of a registered "
                "function."
            ),
        )
    raise ArgumentError(
        "to_yaml",
        expected=f"a {kind} that a file may name",
        received=f"{cls.__name__}, which is not registered",
        fix="Decorate its class with register_keras_serializable().",
    )


def _item(label: str, cls: type, arguments: dict[str, Any]) -> Any:
    """A bare name, `Name: value` where only the first argument is given, else a mapping."""
    first = contract_of(cls).first
    if first is not None and list(arguments) == [first.name]:
        value = arguments[first.name]
        several = isinstance(value, list | tuple)
        flat = several and not any(isinstance(one, list | tuple | dict) for one in value)
        if flat or (isinstance(value, int | float | str) and not isinstance(value, bool)):
            return {label: value}
    return {label: arguments} if arguments else label


def _changed(cls: Any, config: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that the constructor would not come to by itself, as a file has them."""
    found = {}
    for parameter in contract_of(cls).fields.values():
        value = config.get(parameter.name)
        if parameter.name in config and (
            parameter.required or not _follows(cls, config, parameter)
        ):
            found[parameter.name] = _argument(cls, parameter, value)
    return found


def _follows(cls: Any, config: Mapping[str, Any], parameter: Field) -> bool:
    """Whether an object made without this argument has the same value in its config."""
    value = config[parameter.name]
    if value == parameter.default or parameter.name == "name":
        return value == parameter.default  # an automatic name counts over the program
    rest = {key: one for key, one in config.items() if key != parameter.name and one is not None}
    try:
        with uncounted():
            return cls.from_config(rest).get_config().get(parameter.name) == value
    except (KerasishError, ValueError, TypeError):
        return False


def _argument(cls: type, field: Field, value: Any) -> Any:
    if field.name == "dtype" and isinstance(value, Mapping):
        return value["config"]["name"]
    if field.kind is not None:
        return written(value, field.kind)
    if not _names_an_object(value):
        return value
    if value.get("class_name") == "__numpy__":
        rows, array = value["config"]["value"], value["config"]
        for form in (rows, array):
            if field.rule.serialize(field.rule.convert(form)) == value:
                return form
    raise ArgumentError(
        "to_yaml",
        expected="arguments whose annotations say what they hold",
        received=f"{cls.__name__}.{field.name}, which holds an object",
        fix=f"Annotate it, such as {field.name}: keras.layers.Layer, Sequence[keras.layers.Layer], "
        "keras.Initializer or np.ndarray.",
    )


def _names_an_object(value: Any) -> bool:
    """Whether a part of a config stands for something that is no plain data."""
    if isinstance(value, Mapping):
        named = "class_name" in value and "config" in value
        return named or any(map(_names_an_object, value.values()))
    return isinstance(value, list | tuple) and any(map(_names_an_object, value))
