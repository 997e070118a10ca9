"""The `model:` section: a sequential list of layers, or a functional graph of named nodes."""

from __future__ import annotations

from kerasish.declarative.check.fields import Fields
from kerasish.declarative.check.graph_checks import report_repeats
from kerasish.declarative.check.items import Checker
from kerasish.declarative.check.specification import ModelSection, SequentialSection
from kerasish.declarative.sections.graph import read_graph
from kerasish.declarative.sections.input import INPUT_HINT, read_input
from kerasish.declarative.text.source import Mapping, Scalar, Value

MAX_LAYERS = 10_000
SEQUENTIAL_KEYS = ("type", "name", "input", "layers")
FUNCTIONAL_KEYS = ("type", "name", "inputs", "layers", "nodes", "outputs")


def read_model(value: Value, checker: Checker) -> ModelSection:
    """The checked model section; what is wrong is recorded with the checker."""
    functional = _is_functional(value)
    allowed = FUNCTIONAL_KEYS if functional else SEQUENTIAL_KEYS
    fields = Fields(value, "model", allowed, checker.diagnostics)
    fields.choice("type", ("sequential", "functional"), "")
    own = fields.value("name")
    name = None if own is None else checker.name(own)
    return read_graph(fields, name, checker) if functional else _sequential(fields, name, checker)


def _is_functional(value: Value) -> bool:
    """By `type`; where that is absent or wrong, by the keys that only one form has."""
    if not isinstance(value, Mapping):
        return False
    kind = value.get("type")
    written = kind.value if isinstance(kind, Scalar) else None
    if written in ("sequential", "functional"):
        return written == "functional"
    return "nodes" in value.entries or "inputs" in value.entries


def _sequential(fields: Fields, name: str | None, checker: Checker) -> SequentialSection:
    declared = fields.require("input", INPUT_HINT)
    if fields.require("layers") is not None and not fields.items("layers"):
        fields.diagnostics.add("K110", "model has no layers", fields.place("layers"))
    values = fields.items("layers")
    if len(values) > MAX_LAYERS:
        message = f"there are more than {MAX_LAYERS} layers"
        fields.diagnostics.stop("K601", message, values[MAX_LAYERS].mark)
    items = [item for value in values if (item := checker.item(value, "layer")) is not None]
    names = [(item.arguments["name"], item.marks["name"]) for item in items if "name" in item.marks]
    report_repeats([one for one in names if one[0] is not None], checker.diagnostics)
    entry = None if declared is None else read_input(declared, checker)
    return SequentialSection(name, fields.mark, entry, tuple(items))
