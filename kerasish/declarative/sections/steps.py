"""What can stand among layers: a layer, an op of `keras.ops`, or `load`, a model from a file."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from kerasish.declarative.check import vocabulary
from kerasish.declarative.check.fields import Fields
from kerasish.declarative.check.items import Checker, Item
from kerasish.declarative.check.ops import OpContract, Taken, contract, op_names
from kerasish.declarative.language.forms import flag, name, text
from kerasish.declarative.language.keys import Key, Keys
from kerasish.declarative.text.errors import clip, did_you_mean, must_be
from kerasish.declarative.text.source import Entry, Mapping, Mark, Scalar, Value, plain
from kerasish.registry import alike, nearest
from kerasish.signatures import MISSING

LOAD = "load"
LOAD_FROM = ("run", "file", "config")
LOAD_KEYS = Keys(
    "load",
    "A model from a run, a file or another config, as one layer.",
    Key("run", text("a folder"), "the folder of a run, below the config's or the working folder",
        example="runs/digits"),
    Key("file", text("a file"), "a .keras or whole-model .h5 file below the config's folder",
        example="body.keras"),
    Key("config", text("a file"), "another config below this one's folder, not trained",
        example="body.yaml"),
    Key("until", text(), "the name of a layer: its output is what the model gives",
        example="pooled"),
    Key("trainable", flag(), "false keeps its weights as they are", True, example="false"),
    Key("name", name(), "its name in the model", example="body"),
    one_of=LOAD_FROM,
)  # fmt: skip
_LOAD_FORM = "load: {run: folder}, {file: model.keras} or {config: model.yaml}"


def read_step(
    value: Value,
    checker: Checker,
    taken: Taken = 1,
    ops: bool = True,
    others: Collection[str] = (),
) -> Item | None:
    """The layer, op or model of `value`; None where it is none, which is recorded.

    Args:
        value: as written.
        checker: reads layers, and takes what is wrong.
        taken: how many nodes an op reads, or its arguments that are nodes.
        ops: whether an op may stand here.
        others: what may stand here besides, which the caller reads.
    """
    head = _head(value)
    if head is not None and head.key == LOAD:
        return _load(head, checker)
    found = None if head is None else contract(head.key)
    if head is not None and found is not None:
        if ops:
            return _op(head, found, taken, checker)
        message = f"'{head.key}' is an op, which has nothing to share"
        checker.diagnostics.add("K206", message, head.mark, "write it in the node: {from: x, ...}")
        return None
    other = None if head is None else alike(head.key, others)
    if head is not None and other and not vocabulary.contains("layer", head.key):
        message = f"unknown layer or body '{clip(head.key, 60)}'"
        checker.diagnostics.add("K201", message, head.mark, f"did you mean '{other}'?")
        return None
    if head is not None and _unknown(head.key):
        known = [*vocabulary.names("layer"), *op_names()]
        near = nearest(head.key, known, 1)
        if near and near[0].islower():
            message = f"unknown layer or op '{clip(head.key, 60)}'"
            hint = did_you_mean(head.key, known, listing=False)
            checker.diagnostics.add("K201", message, head.mark, hint)
            return None
    return checker.item(value, "layer")


def _unknown(head: str) -> bool:
    """Whether a name can only have been meant for an op."""
    plain_name = head.islower() and head.isidentifier() and not head.startswith("_")
    return plain_name and not vocabulary.contains("layer", head)


def _head(value: Value) -> Entry | None:
    if isinstance(value, Scalar) and isinstance(value.value, str):
        return Entry(value.value, value.mark, Scalar(None, value.mark))
    if isinstance(value, Mapping) and len(value) == 1:
        return next(iter(value))
    return None


# --- ops ----------------------------------------------------------------------------------------


def _op(head: Entry, op: OpContract, taken: Taken, checker: Checker) -> Item | None:
    before = len(checker.diagnostics)
    item = Item("op", op.name, op.function, head.mark)
    for entry in _op_arguments(head, op, taken, checker):
        if entry.key not in op.named:
            message = f"{op.name} has no argument '{clip(entry.key, 60)}'"
            hint = did_you_mean(entry.key, op.named)
            checker.diagnostics.add("K203", message, entry.mark, hint)
            continue
        _check_type(op, entry, checker)
        item.arguments[entry.key] = plain(entry.value)
        item.marks[entry.key] = entry.value.mark
    _check_sources(op, item, taken, head.mark, checker)
    return item if len(checker.diagnostics) == before else None


def _op_arguments(head: Entry, op: OpContract, taken: Taken, checker: Checker) -> list[Entry]:
    """The arguments in the body, a lone value under the name of the next that is free."""
    value = head.value
    if isinstance(value, Mapping):
        return list(value)
    if isinstance(value, Scalar) and value.value is None:
        return []
    free = [name for name in op.named if name not in op.places(taken, {})]
    if free:
        return [Entry(free[0], value.mark, value)]
    checker.diagnostics.add("K203", f"{op.name} takes no arguments beside 'from'", value.mark)
    return []


_TYPES: dict[str, tuple[type | tuple[type, ...], str]] = {
    "bool": (bool, "true or false"),
    "int": (int, "an integer"),
    "float": ((int, float), "a number"),
    "str": (str, "text"),
}


def _check_type(op: OpContract, entry: Entry, checker: Checker) -> None:
    hint = str(op.parameters[entry.key].annotation)
    kind, _, rest = hint.partition(" | ")
    held = entry.value.value if isinstance(entry.value, Scalar) else entry
    if kind not in _TYPES or rest not in ("", "None") or (held is None and rest):
        return
    types, expected = _TYPES[kind]
    if not isinstance(held, types) or (kind != "bool" and isinstance(held, bool)):
        message = must_be(entry.key, expected, entry.value)
        checker.diagnostics.add("K204", message, entry.value.mark)


def _check_sources(op: OpContract, item: Item, taken: Taken, mark: Mark, checker: Checker) -> None:
    """Whether the nodes fit the arguments, and all that must be given are."""
    given: dict[str, Any] = item.arguments
    places = op.places(taken, given)
    if isinstance(taken, int) and taken > len(places) and not (op.rest or op.joins):
        free = [name for name in op.tensors() if name not in given]
        nodes = f"{len(free)} node{'s' * (len(free) != 1)}"
        message = f"{op.name} takes {nodes} ({', '.join(free)}), received {taken}"
        hint = f"join them first: seq: [Concatenate, {op.name}]" if len(free) == 1 else ""
        layer = op.name.title().replace("_", "")
        if vocabulary.contains("layer", layer):
            hint = f"the layer {layer} takes any number"
        checker.diagnostics.add("K206", message, mark, hint)
    for one in places:
        if one not in op.named and one != op.rest:
            message = f"{op.name} takes no input '{clip(one, 60)}'"
            checker.diagnostics.add("K203", message, mark, did_you_mean(one, op.named))
    wrong = any(name not in op.named and name != op.rest for name in places)
    missing = [
        name
        for name in ([] if wrong else op.named)
        if name not in given and name not in places and op.default(name) is MISSING
    ]
    if missing:
        shown = ", ".join(f"'{name}'" for name in missing)
        form = ", ".join(f"{name}: ..." for name in missing)
        hint = f"write {op.name}: {{{form}}}" + ("" if taken else ", or 'from' beside it")
        checker.diagnostics.add("K202", f"{op.name} needs {shown}", mark, hint)


# --- models from files --------------------------------------------------------------------------


def _load(head: Entry, checker: Checker) -> Item | None:
    diagnostics = checker.diagnostics
    before = len(diagnostics)
    fields = Fields(head.value, LOAD, LOAD_KEYS, diagnostics)
    item = Item(LOAD, LOAD, Item, head.mark)
    item.marks = {key: entry.value.mark for key, entry in fields.entries.items()}
    given = [key for key in LOAD_FROM if fields.value(key) is not None]
    if len(given) != 1 and len(diagnostics) == before:
        received = " and ".join(given) or "none of them"
        message = f"load needs one of {', '.join(LOAD_FROM)}, received {received}"
        diagnostics.add("K202", message, head.mark, _LOAD_FORM)
    for key in (*LOAD_FROM, "until"):
        found = fields.text(key)
        if found is not None:
            item.arguments[key] = found.name
            if key != "until" and ("://" in found.name or "\0" in found.name):
                message = f"{key} must be a file, received {clip(found.name, 60)!r}"
                diagnostics.add("K204", message, found.mark, "nothing is downloaded")
    item.arguments["trainable"] = fields.given("trainable")
    own = fields.read("name", checker.name)
    if own is not None:
        item.arguments["name"] = own
    return item if len(diagnostics) == before else None
