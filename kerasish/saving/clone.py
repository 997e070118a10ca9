"""clone_model: a model with the same layers and calls, and new weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kerasish import tree
from kerasish.errors import ArgumentError
from kerasish.layers.core import Lambda
from kerasish.layers.input_layer import InputLayer
from kerasish.layers.layer import Layer
from kerasish.ops.operation import Operation
from kerasish.saving.paths import file_class


def clone_model(
    model: Any,
    input_tensors: Any = None,
    clone_function: Callable[[Any], Any] | None = None,
) -> Any:
    """A model of the same architecture with layers and weights of its own.

    Args:
        model: a Sequential, a model of symbols, or a subclass with a config.
        input_tensors: symbols of `Input` to build it on, instead of new ones.
        clone_function: layer -> layer, called for every layer but inputs; by default a copy
            from the layer's config. A layer that it returns unchanged is shared.

    Raises:
        ArgumentError: `input_tensors` or `clone_function` for a subclass with a `call` of its own,
            or another number of inputs.
    """
    copies: dict[int, Any] = {}

    def copy(layer: Any) -> Any:
        # A layer that stands in several places is one layer in the clone too.
        if id(layer) not in copies:
            copies[id(layer)] = (clone_function or _copier(copy))(layer)
        return copies[id(layer)]

    return _clone(model, input_tensors, clone_function, copy)


Copy = Callable[[Any], Any]


def _clone(model: Any, input_tensors: Any, clone_function: Copy | None, copy: Copy) -> Any:
    kind = file_class(model)
    if kind == "Sequential":
        entries = [] if not model.built else _entries(model, input_tensors)
        return type(model)([*entries, *map(copy, model.layers)], name=model.name)
    if kind == "Functional":
        return _clone_graph(model, input_tensors, copy)
    if input_tensors is not None or clone_function is not None:
        raise ArgumentError(
            "clone_model. Expected: a Sequential or a model of symbols, where input_tensors or "
            f"clone_function are given. Received: {type(model).__name__} {model.name!r}."
        )
    return _again(model)


def _copier(copy: Copy) -> Copy:
    """What copies a layer whose inner layers `copy` copies."""

    def new(layer: Any) -> Any:
        if file_class(layer) in ("Sequential", "Functional"):
            return _clone(layer, None, None, copy)
        if isinstance(layer, Lambda):
            # A function has no config; the copy calls the same one.
            more = {"mask": layer.mask, "arguments": layer.arguments, "dtype": layer.dtype_policy}
            return Lambda(layer.function, name=layer.name, **more)
        return _again(layer)

    return new


def _again(layer: Any) -> Any:
    return type(layer).from_config(layer.get_config())


def _entries(model: Any, input_tensors: Any) -> list[Any]:
    given = _given(model, input_tensors)
    return given or [_again(symbol.history.operation) for symbol in model.inputs]


def _given(model: Any, input_tensors: Any) -> list[Any]:
    given = [] if input_tensors is None else tree.flatten(input_tensors)
    if given and len(given) != len(model.inputs):
        raise ArgumentError(
            f"clone_model. Expected: {len(model.inputs)} input_tensors. Received: {len(given)}."
        )
    return given


def _clone_graph(model: Any, input_tensors: Any, copy: Callable[[Any], Any]) -> Any:
    copies: dict[int, Any] = {}
    for op in model.operations:
        if isinstance(op, InputLayer):
            copies[id(op)] = _again(op)
        else:
            copies[id(op)] = op.copy() if isinstance(op, Operation) else copy(op)
        if not isinstance(copies[id(op)], (Layer, Operation)):
            raise ArgumentError(
                "clone_function. Expected: a layer for every layer. "
                f"Received: {copies[id(op)]!r} for {op.name!r}."
            )
    values = {id(s): copies[id(s.history.operation)].output for s in tree.flatten(model.input)}
    for symbol, given in zip(model.inputs, _given(model, input_tensors), strict=False):
        values[id(symbol)] = given
    # Calls in the order in which they were made, so that a shared layer numbers them alike.
    for record in sorted(model.network.records, key=lambda record: record.serial):
        made = record.repeat(values, copies[id(record.operation)])
        for old, new in zip(tree.flatten(record.outputs), tree.flatten(made), strict=True):
            values[id(old)] = new
    inputs, outputs = (
        tree.map_structure(lambda s: values[id(s)], side) for side in (model.input, model.output)
    )
    return type(model)(inputs, outputs, name=model.name)
