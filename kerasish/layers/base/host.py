"""Calls of layers that run on the host, with numpy's arrays: those that read text."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish import frames, tables, tree
from kerasish.errors import ArgumentError
from kerasish.graph.tensor import Tensor, convert_to_tensor, input_tensor
from kerasish.layers.base.call import is_tensor_like
from kerasish.ops.symbolic import STAND_INS, finding
from kerasish.spec import TEXT, TensorSpec, known, no_numbers, np_dtype
from kerasish.texts import as_texts, is_text

_SAMPLES: dict[int | None, str] = {STAND_INS[0]: "a", STAND_INS[1]: "bb cc"}  # of two sizes


def refuse_text(layer: Any, values: dict[str, Any], label: str) -> None:
    """Raise DTypeError where a layer of numbers is given text; what holds layers passes it on."""
    for value in values.values():
        if isinstance(value, Tensor) and value.dtype == TEXT:
            if not (layer._runs_foreign_code() or layer._positional_values):
                raise no_numbers(label)


def arrays(values: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a call as arrays, texts as arrays of str; symbols stay."""
    return {name: _array(value) for name, value in values.items()}


def _array(value: Any) -> Any:
    if isinstance(value, Tensor) and value.is_symbolic:
        return value
    if is_text(value):
        return as_texts(value, "text")
    if frames.is_columns(value):
        return frames.host_array(value)
    if is_tensor_like(value) or _of_numbers(value):
        return np.asarray(value)
    if not tree.is_nested(value):
        return value
    if hasattr(value, "keys"):
        return {key: _array(value[key]) for key in value}
    return [_array(part) for part in value]


def _of_numbers(value: Any) -> bool:
    leaves = tree.flatten(value) if isinstance(value, list) else []
    return bool(leaves) and all(isinstance(leaf, (int, float, np.number)) for leaf in leaves)


def called(layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The call itself; numbers that it gives become tensors.

    Raises:
        ArgumentError: the call is being compiled, where there are no values.
    """
    leaves = tree.flatten((args, kwargs))
    if not any(isinstance(leaf, Tensor) and leaf.is_symbolic for leaf in leaves):
        return tree.map_structure(_tensor, layer.call(*args, **kwargs))
    if finding.active:
        return _found(layer, args, kwargs)
    raise ArgumentError(
        f"{type(layer).__name__} {layer.name!r}",
        expected="values, since it runs on the host and is no part of what is compiled",
        received="a symbol of a traced call",
        fix="Make the model of symbols, Model(inputs, outputs) or Sequential([Input(...), ...]), "
        "whose layers of this kind run when a batch is made; or prepare the data with "
        "Dataset.map; or compile(run_eagerly=True).",
    )


def _tensor(leaf: Any) -> Any:
    array: Any = leaf
    held = isinstance(leaf, (np.ndarray, np.generic)) and array.dtype.kind not in "OUST"
    return convert_to_tensor(array) if held else array


def _found(layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Symbols of what a call gives, found with samples: the layer does not state it."""
    sampled: Any = tree.map_structure(_sample, (args, kwargs))
    result = layer.call(*sampled[0], **sampled[1])

    def symbol(leaf: Any) -> Any:
        if is_text(leaf):
            return input_tensor(TensorSpec(np.asarray(leaf).shape, TEXT))
        return input_tensor(convert_to_tensor(leaf).spec)

    return tree.map_structure(symbol, result)


def _sample(leaf: Any) -> Any:
    if not isinstance(leaf, Tensor) or not leaf.is_symbolic:
        return leaf
    if leaf.dtype == TEXT:
        return tables.full(known(leaf.shape), _SAMPLES.get(finding.size, "a"), "O")
    return tables.zeros(known(leaf.shape), np_dtype(leaf.dtype))
