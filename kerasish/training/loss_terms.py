"""Which loss of `compile(loss=...)` takes which outputs: the structures that Keras accepts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from kerasish import tree
from kerasish.errors import ArgumentError
from kerasish.training.outputs import Outputs


class Asked(NamedTuple):
    """One loss as `compile` was given it.

    Attributes:
        part: the number of its output, or a structure of numbers, which it takes as a whole.
        loss: whatever stands for a loss.
        weight: its factor, or None.
        path: where `part` stands in the structure of the outputs.
    """

    part: Any
    loss: Any
    weight: Any
    path: tuple[Any, ...]


def _is_one(given: Any) -> bool:
    """Whether this stands for a loss or a number, and not for a structure of them."""
    return not tree.is_nested(given) or (isinstance(given, Mapping) and "class_name" in given)


def asked_losses(outputs: Outputs, loss: Any, weights: Any) -> Iterator[Asked]:
    """The losses that `compile` was given, by Keras's rules; one that stands alone is every
    output's.

    In a structure a dict goes by keys, a list of as many losses as there are outputs by their
    order, a list beside a list by position; all losses of any other list take the outputs as a
    whole.
    """
    if loss is not None and _is_one(loss) and outputs.nested:
        loss = [loss] * outputs.count
        weights = outputs.spread(weights, "loss_weights")
    return _asked(outputs, loss, weights, outputs.numbers, ())


def _asked(
    outputs: Outputs, loss: Any, weights: Any, part: Any, path: tuple[Any, ...]
) -> Iterator[Asked]:
    """The losses for a part of the outputs, which stands at a path."""
    if loss is None:
        return
    if _is_one(loss):
        flat = tree.flatten(weights)
        if len(flat) != 1:
            raise _number_of_weights(loss, weights)
        yield Asked(part, loss, flat[0], path)
        return
    inner = _paired(outputs, loss, weights)
    if isinstance(loss, Mapping):
        for key, place, below in _by_key(outputs, loss, part, path):
            yield from _asked(outputs, loss[key], inner[key], below, place)
        return
    members = tree.flatten(part)
    places = [(path, part)] * len(loss)
    if len(loss) == len(members) and all(map(_is_one, loss)):
        places = [(outputs.paths[i], i) for i in members]
    elif isinstance(part, type(loss)):
        places = [((*path, i), below) for i, below in enumerate(part)]
    if len(places) != len(loss):
        raise ArgumentError(
            "loss",
            expected=f"one entry per output ({len(places)}: {outputs.names}), or a dict by "
            "output name",
            received=f"a list of {len(loss)}",
        )
    for i, (place, below) in enumerate(places):
        yield from _asked(outputs, loss[i], inner[i], below, place)


def _by_key(
    outputs: Outputs, loss: Mapping[str, Any], part: Any, path: tuple[Any, ...]
) -> list[tuple[str, tuple[Any, ...], Any]]:
    """(key, path, part) of the losses in a dict: as the user wrote them where the outputs are a
    dict too, else in the order of the outputs."""
    if isinstance(part, dict) and loss.keys() <= part.keys():
        return [(key, (*path, key), part[key]) for key in loss]
    if outputs.count == 1 and len(loss) == 1 and not outputs.named:
        return [(next(iter(loss)), outputs.paths[0], 0)]  # whatever the only output is called
    inside = "/".join(map(str, path))
    found = [(key, outputs.find(f"{inside}/{key}" if inside else str(key), "loss")) for key in loss]
    if not isinstance(part, dict):
        found.sort(key=lambda pair: pair[1])
    return [(key, outputs.paths[i], i) for key, i in found]


def _paired(outputs: Outputs, loss: Any, weights: Any) -> Any:
    """Weights in the form of the top level of a structure of losses.

    Raises:
        ArgumentError: not one per loss.
    """
    named = isinstance(loss, Mapping)
    if not tree.is_nested(weights):
        return dict.fromkeys(loss, weights) if named else [weights] * len(loss)
    if named and isinstance(weights, Mapping):
        if not weights.keys() <= {key for key in loss if loss[key] is not None}:
            raise _number_of_weights(loss, weights)
        return {key: weights.get(key) for key in loss}
    if isinstance(weights, Mapping):
        weights = outputs.spread(weights, "loss_weights")
    if not named and len(weights) == len(loss):
        return list(weights)
    flat = tree.flatten(weights)
    if len(flat) != len(tree.flatten(loss)):
        raise _number_of_weights(loss, weights)
    return tree.pack_sequence_as(loss, flat)


def _number_of_weights(loss: Any, weights: Any) -> ArgumentError:
    return ArgumentError(
        "loss_weights",
        expected="one per loss",
        received=f"{weights!r} for the losses {loss!r}",
    )
