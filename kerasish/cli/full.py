"""A resolved config with every default of every object written out."""

from __future__ import annotations

from typing import Any

from kerasish.arguments.contract import contract_of
from kerasish.declarative.check import vocabulary
from kerasish.declarative.sections.train import TRAIN

_NO_BODIES = frozenset({"from", "call", "seq", "use", "load", "offsets"})
_MANY = {"loss": "loss", "metrics": "metric", "callbacks": "callback"}


def full(document: dict[str, Any]) -> dict[str, Any]:
    """The document with the defaults of its layers, optimizer, losses, metrics and callbacks, and
    of the keys of `train`.

    Defaults that a file cannot hold, such as functions, are left out, and those of null too where
    null says that nothing was given.
    """
    made = dict(document)
    if isinstance(made.get("model"), dict):
        made["model"] = _model(made["model"])
    if isinstance(made.get("train"), dict):
        made["train"] = _train(made["train"])
    return made


def _model(section: dict[str, Any]) -> dict[str, Any]:
    made = dict(section)
    layers = made.get("layers")
    if isinstance(layers, list):
        made["layers"] = [_object("layer", one) for one in layers]
    elif isinstance(layers, dict):
        made["layers"] = {name: _object("layer", one) for name, one in layers.items()}
    if isinstance(made.get("nodes"), dict):
        made["nodes"] = {name: _node(node) for name, node in made["nodes"].items()}
    return made


def _node(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    made: dict[str, Any] = {}
    for key, value in node.items():
        if key == "seq" and isinstance(value, list):
            made[key] = [_object("layer", one) for one in value]
        elif key in _NO_BODIES or not vocabulary.contains("layer", key):
            made[key] = value
        else:
            (whole,) = _object("layer", {key: value}).values()
            made[key] = whole
    return made


def _train(section: dict[str, Any]) -> dict[str, Any]:
    made = dict(section)
    for key in TRAIN.records():
        if key.name not in made and key.default not in (None, (), [], {}):
            made[key.name] = key.default
    if "optimizer" in made:
        made["optimizer"] = _object("optimizer", made["optimizer"])
    for key, kind in _MANY.items():
        if key in made:
            made[key] = _several(kind, made[key])
    return made


def _several(kind: str, value: Any) -> Any:
    """One object, a list of them, or either by the name of an output."""
    if isinstance(value, list):
        return [_several(kind, one) for one in value]
    if isinstance(value, dict) and not any(vocabulary.contains(kind, key) for key in value):
        return {key: _several(kind, one) for key, one in value.items()}
    return _object(kind, value)


def _object(kind: str, value: Any) -> Any:
    """An object with all its arguments; a name that takes none, or is unknown, as it is."""
    if isinstance(value, str):
        name, given = value, None
    elif isinstance(value, dict) and len(value) == 1:
        ((name, given),) = value.items()
    else:
        return value
    if not vocabulary.contains(kind, name):
        return value
    factory = vocabulary.lookup(kind, name)
    if not isinstance(factory, type):
        return value
    contract = contract_of(factory)
    if given is not None and not isinstance(given, dict):
        given = {contract.first.name: given} if contract.first else {}
    whole = dict(given or {})
    for field in contract.fields.values():
        if field.name in whole:
            if field.kind is not None:
                whole[field.name] = _held(field.kind, whole[field.name])
        elif not field.required and _writable(field.default):
            default = field.default
            whole[field.name] = list(default) if isinstance(default, tuple) else default
    return {name: whole} if whole else value


def _held(kind: str, value: Any) -> Any:
    return (
        [_object(kind, one) for one in value] if isinstance(value, list) else _object(kind, value)
    )


def _writable(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return bool(value) and all(map(_writable, value))
    return type(value) in (bool, int, float, str)
