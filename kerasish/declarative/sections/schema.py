"""The JSON Schema (2020-12) of a config file, from the signatures of what is registered.

Editors complete and explain with it. A layer item is `anyOf` a bare name and a one-key object
(never `oneOf`, whose errors list every alternative). Every value may also be a `$variable`.
"""

from __future__ import annotations

from kerasish.declarative.check import vocabulary
from kerasish.declarative.check.ops import op_names
from kerasish.declarative.check.schema_items import NAME, VARIABLE, Schema, exactly, of_kind, ref
from kerasish.declarative.check.vocabulary import KINDS
from kerasish.declarative.sections.data import DATA_KEYS
from kerasish.declarative.sections.model import FUNCTIONAL_KEYS, SEQUENTIAL_KEYS
from kerasish.declarative.sections.steps import LOAD
from kerasish.declarative.sections.train import TRAIN
from kerasish.declarative.sections.validate import BACKENDS, FORMAT, SECTIONS
from kerasish.spec import DTYPES, TEXT

_COUNT: Schema = {"anyOf": [{"type": "integer", "minimum": 1}, VARIABLE]}


def schema() -> Schema:
    """The schema of a whole file; call it after registering layers of your own."""
    definitions: dict[str, Schema] = {
        "variable": {"type": "string", "pattern": r"\$", "description": '$name or "${expr}"'}
    }
    for kind in KINDS:
        definitions[kind] = of_kind(kind)
    definitions["layers"] = {
        "type": "array",
        "items": {"anyOf": [ref("layer"), ref("repeat"), *_beside()]},
    }
    definitions["repeat"] = _repeat()
    definitions["input"] = _input()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "kerasish config",
        **exactly(_sections(), ["kerasish", "model"]),
        "$defs": definitions,
    }


def _sections() -> dict[str, Schema]:
    known: dict[str, Schema] = {
        "kerasish": {"const": FORMAT, "description": "version of the file format"},
        "base": {"type": "string", "description": "a file below this one's folder to build on"},
        "name": NAME,
        "description": {"type": "string"},
        "seed": {"anyOf": [{"type": "integer", "minimum": 0}, VARIABLE]},
        "backend": {"enum": list(BACKENDS)},
        "vars": {"type": "object", "description": "values used elsewhere as $name"},
        "plugins": {"type": "array", "items": {"type": "string"}},
        "model": {"anyOf": [_sequential(), _functional()]},
        "data": _data(),
        "train": _train(),
    }
    return _in_order(known, ("base", *SECTIONS))


def _in_order(known: dict[str, Schema], keys: tuple[str, ...]) -> dict[str, Schema]:
    """`known` in the order of `keys`, which the checker accepts: a missing one is an error."""
    return {key: known[key] for key in keys}


def _repeat() -> Schema:
    count = {"anyOf": [{"type": "integer", "minimum": 0, "maximum": 1000}, VARIABLE]}
    keys = {"repeat": count, "index": {"type": "string"}, "layers": ref("layers")}
    return exactly(keys, ["repeat", "layers"])


def _beside() -> list[Schema]:
    """What stands among layers and is none: ops, and models from files."""
    names = op_names()
    ops = {**exactly({name: {} for name in names}), "minProperties": 1, "maxProperties": 1}
    return [{"enum": names}, ops, exactly({LOAD: {"type": "object"}}, [LOAD])]


def _input() -> Schema:
    size = {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}, VARIABLE]}
    shape = {"anyOf": [{"type": "array", "items": size}, VARIABLE]}
    full = exactly({"shape": shape, "dtype": {"enum": [*DTYPES, TEXT]}, "name": NAME}, ["shape"])
    return {"anyOf": [full, shape]}


def _sequential() -> Schema:
    known = {
        "type": {"const": "sequential"},
        "name": NAME,
        "input": ref("input"),
        "layers": ref("layers"),
    }
    return exactly(_in_order(known, SEQUENTIAL_KEYS), ["layers"])


def _functional() -> Schema:
    names = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
    sources = {"anyOf": [*names["anyOf"], {"type": "object"}]}
    node_keys: dict[str, Schema] = {
        "from": sources,
        "call": {"type": "object"},
        "seq": ref("layers"),
        "use": {"type": "string"},
        LOAD: {"type": "object"},
    }
    bodies: dict[str, Schema] = {name: {} for name in (*vocabulary.names("layer"), *op_names())}
    node = {**exactly({**node_keys, **bodies}), "minProperties": 1, "maxProperties": 3}
    known = {
        "type": {"const": "functional"},
        "name": NAME,
        "inputs": {"type": "object", "additionalProperties": ref("input")},
        "layers": {"type": "object", "additionalProperties": ref("layer")},
        "nodes": {"type": "object", "additionalProperties": node},
        "outputs": names,
    }
    return exactly(_in_order(known, FUNCTIONAL_KEYS), ["nodes", "outputs"])


def _data() -> Schema:
    free: Schema = {}
    known: dict[str, Schema] = {
        **dict.fromkeys(DATA_KEYS, free),
        "dataset": ref("dataset"),
        "batch_size": _COUNT,
        "shuffle": {"anyOf": [{"type": "boolean"}, VARIABLE]},
    }
    return exactly(_in_order(known, DATA_KEYS))


def _train() -> Schema:
    def for_outputs(kind: str) -> Schema:
        several = {"type": "array", "items": ref(kind)}
        by_name = {"type": "object", "additionalProperties": {"anyOf": [ref(kind), several]}}
        return {"anyOf": [ref(kind), several, by_name]}

    number = {"anyOf": [{"type": "number"}, VARIABLE]}
    weights = {"type": "object", "additionalProperties": number}
    known = {
        "optimizer": ref("optimizer"),
        "loss": for_outputs("loss"),
        "loss_weights": {"anyOf": [weights, {"type": "array", "items": number}, number]},
        "metrics": for_outputs("metric"),
        "epochs": _COUNT,
        "callbacks": {"type": "array", "items": ref("callback")},
        "steps_per_epoch": _COUNT,
    }
    known |= {key: TRAIN[key].form.schema for key in TRAIN if key not in known}
    return exactly(_in_order(known, tuple(TRAIN)), ["optimizer", "loss"])
