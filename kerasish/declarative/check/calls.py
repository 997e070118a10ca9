"""What a node passes to its layer, held against what the call of that layer takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kerasish.declarative.check.items import Item
from kerasish.declarative.check.specification import Reference, Sources
from kerasish.declarative.text.errors import Diagnostics, clip, did_you_mean
from kerasish.declarative.text.source import Mark
from kerasish.layers import Layer
from kerasish.layers.base.call import Signature, signature_of


def check_call(
    item: Item,
    sources: Sources,
    call: Mapping[str, Any],
    mark: Mark,
    marks: Mapping[str, Mark],
    diagnostics: Diagnostics,
) -> None:
    """Record K202 for inputs that are missing and K203 for those that the layer does not take.

    Args:
        item: the layer that is called; anything else is left alone.
        sources: what `from` gives.
        call: the arguments beside it.
        mark: where `from` is.
        marks: where each argument by name is.
        diagnostics: receives the findings.
    """
    if not isinstance(item.factory, type) or not issubclass(item.factory, Layer):
        return
    signature = signature_of(item.factory.call)
    if not signature.plain or not signature.first:
        return
    required = [signature.first, *signature.needed]
    named = isinstance(sources, dict)
    given = {**(sources if isinstance(sources, dict) else {signature.first: None}), **call}
    unknown = [
        key
        for key in given
        if not signature.open and key not in signature.names and key != "training"
    ]
    for key in unknown:
        message = f"{item.name} takes no input '{clip(key, 60)}'"
        near = did_you_mean(key, signature.names, listing=False)
        place = marks.get(key, mark)
        diagnostics.add("K203", message, place, near or f"it takes {_takes(signature, required)}")
    missing = [key for key in required if key not in given]
    if missing and not (unknown and named):
        message = f"{item.name} needs {' and '.join(map(repr, required))} by name"
        if named:
            message = f"{item.name} needs {' and '.join(map(repr, missing))} too"
        form = ", ".join(f"{key}: {_node(sources, i, key)}" for i, key in enumerate(required))
        diagnostics.add("K202", message, mark, f"write from: {{{form}}}")


def _takes(signature: Signature, required: list[str]) -> str:
    free = [name for name in signature.names if name not in required]
    more = f", and where wanted {', '.join(free)}" if free else ""
    return ", ".join(required) + more


def _node(sources: Sources, place: int, key: str) -> str:
    """The node to show for an argument: the one that was probably meant."""
    if isinstance(sources, dict):
        found: Any = sources.get(key)
    elif isinstance(sources, list):
        found = sources[place] if place < len(sources) else None
    else:
        found = sources
    if not isinstance(found, Reference):
        return "node"
    return found.name + ("" if found.output is None else f".{found.output}")
