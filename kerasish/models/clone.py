"""clone_model: a model with the same layers and calls, and new weights."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from kerasish import budget, tree
from kerasish.arguments.remembered import fields_in, fields_of, from_fields
from kerasish.errors import ArgumentError
from kerasish.layers.base.layer import Layer
from kerasish.layers.core import Lambda
from kerasish.layers.input_layer import InputLayer
from kerasish.ops.operation import Operation
from kerasish.saving.paths import file_class
from kerasish.signatures import ours, parameters


def clone_model(
    model: Any,
    input_tensors: Any = None,
    clone_function: Callable[[Any], Any] | None = None,
    call_function: Callable[..., Any] | None = None,
    recursive: bool = False,
) -> Any:
    """A model of the same architecture with layers and weights of its own, compiled alike.

    Args:
        model: a Sequential, a model of symbols, or a subclass with a config.
        input_tensors: symbols of `Input` to build it on, instead of new ones.
        clone_function: layer -> layer, called for every layer but inputs; by default a copy
            from the layer's config. A layer that it returns unchanged is shared.
        call_function: (layer, *args, **kwargs) -> what stands for the layer's call in a model of
            symbols; by default the call itself.
        recursive: whether `clone_function` and `call_function` go into the models inside, or
            `clone_function` gets these as they are.

    Raises:
        ArgumentError: other arguments for a subclass with a `call` of its own, `call_function` for
            a Sequential, or inputs of another form.
    """
    inside = recursive or clone_function is None
    copies: dict[int, Any] = {}  # a layer that stands in several places is one in the clone too

    def copy(layer: Any) -> Any:
        if id(layer) not in copies:
            form = file_class(layer)
            if inside and form in _MODELS:
                call = call_function if recursive and form == "Functional" else None
                copies[id(layer)] = _clone(layer, None, copy, call)
            else:
                copies[id(layer)] = (clone_function or _copy)(layer)
        return copies[id(layer)]

    kind = file_class(model)
    given = {"input_tensors": input_tensors, "clone_function": clone_function}
    given |= {"call_function": call_function}
    taken = {"Functional": tuple(given), "Sequential": ("input_tensors", "clone_function")}
    wrong = [n for n, v in given.items() if v is not None and n not in taken.get(kind, ())]
    if wrong:
        raise ArgumentError(
            "clone_model",
            expected=f"a model that takes {' and '.join(wrong)}",
            received=f"{type(model).__name__} {model.name!r}",
        )
    with budget.own():
        if kind not in _MODELS:
            return _copy(model)
        made = _clone(model, input_tensors, copy, call_function)
        if model.compiled:
            made.compile_from_config(model.get_compile_config())
    return made


Copy = Callable[[Any], Any]
_MODELS = ("Sequential", "Functional")


def _clone(model: Any, input_tensors: Any, copy: Copy, call: Callable[..., Any] | None) -> Any:
    if file_class(model) == "Sequential":
        entries = [] if not model.built else _entries(model, input_tensors)
        layers = [*entries, *(copy(layer) for layer in model.layers)]
        fields = fields_in(type(model), fields_of(model))
        made = _like(model)(*(() if fields else (layers,)), name=model.name, **fields)
        if fields:
            made._complete(layers)
    else:
        made = _clone_graph(model, input_tensors, copy, call)
    made._set_own_trainable(model.trainable)
    return made


def _like(model: Any) -> Any:
    """The class of a clone: the package's own where a constructor of one's own takes no parts."""
    first = list(parameters(type(model).__init__).values())[1:2]
    takes = any(p.kind is p.VAR_POSITIONAL or p.name in ("inputs", "layers") for p in first)
    if takes or from_fields(type(model)):
        return type(model)
    return next(base for base in type(model).__mro__ if ours(base))


def _copy(layer: Any) -> Any:
    if isinstance(layer, Lambda):
        # A function has no config; the copy calls the same one.
        more = {"mask": layer.mask, "arguments": layer.arguments, "dtype": layer.dtype_policy}
        return Lambda(layer.function, layer.output_form, name=layer.name, **more)
    return _again(layer)


def _again(layer: Any) -> Any:
    return type(layer).from_config(layer.get_config())


def _entries(model: Any, input_tensors: Any) -> list[Any]:
    given = _given(model, input_tensors)
    return given or [_again(symbol.history.operation) for symbol in model.inputs]


def _given(model: Any, input_tensors: Any) -> list[Any]:
    given = [] if input_tensors is None else tree.flatten(input_tensors)
    named = isinstance(model.input, dict) and not isinstance(input_tensors, dict)
    if given and (named or len(given) != len(model.inputs)):
        wanted = tree.map_structure(lambda symbol: symbol.name, model.input)
        raise ArgumentError(
            "clone_model",
            expected=f"input_tensors of the form {wanted}",
            received=repr(input_tensors),
        )
    return given


def _clone_graph(
    model: Any, input_tensors: Any, copy: Copy, call: Callable[..., Any] | None
) -> Any:
    copies: dict[int, Any] = {}
    for op in model.operations:
        if isinstance(op, InputLayer):
            copies[id(op)] = _again(op)
        else:
            copies[id(op)] = op.copy() if isinstance(op, Operation) else copy(op)
        if not isinstance(copies[id(op)], (Layer, Operation)):
            raise ArgumentError(
                "clone_function",
                expected="a layer for every layer",
                received=f"{copies[id(op)]!r} for {op.name!r}",
            )
    values = {id(s): copies[id(s.history.operation)].output for s in tree.flatten(model.input)}
    for symbol, given in zip(model.inputs, _given(model, input_tensors), strict=False):
        values[id(symbol)] = given
    # Calls in the order in which they were made, so that a shared layer numbers them alike.
    for record in sorted(model.network.records, key=lambda record: record.serial):
        layer = copies[id(record.operation)]
        made = record.repeat(values, partial(call, layer) if call else layer)
        for old, new in zip(tree.flatten(record.outputs), tree.flatten(made), strict=True):
            values[id(old)] = new
    inputs, outputs = (
        tree.map_structure(lambda s: values[id(s)], side) for side in (model.input, model.output)
    )
    fields = fields_in(type(model), fields_of(model))
    return _like(model)(inputs, outputs, name=model.name, **fields)
