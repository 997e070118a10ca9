"""The `train:` section: what `compile` and `fit` get."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from kerasish.declarative.check import vocabulary
from kerasish.declarative.check.fields import Fields
from kerasish.declarative.check.items import Checker, Item
from kerasish.declarative.check.specification import TrainSection
from kerasish.declarative.language.forms import (
    Form,
    choice,
    either,
    exactly,
    listed,
    mapped,
    number,
    objects,
    whole,
)
from kerasish.declarative.language.keys import Key, Keys
from kerasish.declarative.text.errors import Diagnostics, clip, did_you_mean, must_be
from kerasish.declarative.text.source import (
    Entry,
    Mapping,
    Mark,
    Scalar,
    Sequence,
    Value,
    marks_in,
    plain,
)
from kerasish.declarative.text.synonyms import TYPE_KEYS
from kerasish.declarative.text.words import short

_SEVERAL = {"loss": "losses", "metric": "metrics"}


def _for_outputs(kind: str) -> Form:
    """One object, a list of them, or either for each output by name."""
    one, several = objects(kind), listed(objects(kind), _SEVERAL[kind])
    by_name = mapped(either(one, several), "a mapping from outputs to them")
    return either(one, several, by_name)


_WEIGHTS = "a mapping from outputs to numbers"
_COMPILED = (
    Key("optimizer", objects("optimizer"), "how weights are changed", required=True,
        example="{Adam: {learning_rate: 0.001}}"),
    Key("loss", _for_outputs("loss"), "what is made small; for several outputs, each has its own",
        required=True, example="sparse_categorical_crossentropy"),
    Key("loss_weights",
        either(mapped(number(), _WEIGHTS), listed(number(), "numbers"), number()),
        "how much each output's loss counts", example="{label: 1.0, side: 0.2}"),
    Key("metrics", _for_outputs("metric"), "what is measured beside the loss",
        example="[accuracy]"),
    Key("rates", mapped(number(least=0), "a mapping from layers to factors"),
        "factors of the learning rate for some layers by name (`*` for any characters); 0 keeps "
        "their weights", example='{"body*": 0.1}'),
    Key("mixed_precision", choice("mixed_float16", "mixed_bfloat16"),
        "compute in 16 bits with weights in 32", example="mixed_float16"),
)  # fmt: skip
_FITTED = (
    Key("epochs", whole(1), "how often training goes through the data", 1, example="20"),
    Key("callbacks", listed(objects("callback"), "callbacks"), "what is done between epochs",
        example="[EarlyStopping: {monitor: val_loss, patience: 3}]"),
    Key("class_weight",
        either(exactly("balanced"), mapped(number(least=0), "a mapping from classes to numbers")),
        "how much samples of each class count, by label or number; `balanced` counts every class "
        "the same", example="{0: 1.0, 1: 2.5}"),
    Key("steps_per_epoch", whole(1), "batches of an epoch, where it is not all of them",
        example="100"),
)  # fmt: skip
TRAIN = Keys("train", "What `compile` and `fit` get.", *_COMPILED, *_FITTED)
FIT_KEYS = tuple(key.name for key in _FITTED)
# Arguments of callbacks that say where something is written.
_PATHS = ("path", "filepath", "filename", "log_dir", "backup_dir")


def read_train(value: Value, checker: Checker, outputs: tuple[str, ...]) -> TrainSection | None:
    """The checked training section.

    Args:
        value: the section as written.
        checker: reads the items, and takes what is wrong.
        outputs: names of the model's outputs, which `loss` and others may be given for.
    """
    fields = Fields(value, "train", TRAIN, checker.diagnostics)
    fields.require("optimizer", "optimizer: adam")
    loss = fields.require("loss", "loss: sparse_categorical_crossentropy")
    callbacks = [
        item
        for one in fields.items("callbacks")
        if (item := checker.item(one, "callback", keep=True)) is not None
    ]
    for item in callbacks:
        _check_paths(item, checker.diagnostics)
    compiled = {
        "optimizer": fields.read("optimizer", lambda one: checker.item(one, "optimizer")),
        "loss": fields.read("loss", lambda one: _per_output(one, "loss", outputs, checker)),
        "metrics": fields.read("metrics", lambda one: _metrics(one, outputs, checker)),
        "loss_weights": fields.read("loss_weights", lambda one: _weights(one, outputs, checker)),
    }
    fitted = {
        "epochs": fields.given("epochs"),
        "callbacks": callbacks,
        "steps_per_epoch": fields.given("steps_per_epoch"),
    }
    marks = marks_in(value)
    rates = _factors(fields, "rates", marks)
    weights: dict[str, float] | str | None = "balanced"
    if plain(fields.value("class_weight") or Scalar(None, fields.mark)) != "balanced":
        weights = _factors(fields, "class_weight", marks) or None
    precision = fields.given("mixed_precision")
    if loss is None or compiled["optimizer"] is None:
        return None
    return TrainSection(
        fields.mark, loss.mark, _given(compiled), _given(fitted), rates, weights, precision, marks
    )


def _given(arguments: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if value is not None}


def _per_output(value: Value, kind: str, outputs: tuple[str, ...], checker: Checker) -> Any:
    """One loss or metric, a list of them, or a mapping from outputs to them."""
    if isinstance(value, Sequence) and value.items:
        if kind == "loss" and outputs and len(value.items) != len(outputs):
            message = f"loss has {len(value.items)} losses, the model has {len(outputs)} outputs"
            hint = (
                f"write them by name: {{{outputs[0]}: ..., ...}}"
                if len(outputs) > 1
                else (f"write {short(value.items[0])}")
            )
            message = message.removesuffix("s") if len(outputs) == 1 else message
            checker.diagnostics.add("K204", message, value.mark, hint)
        return [_per_output(one, kind, (), checker) for one in value.items]
    if not isinstance(value, Mapping) or _is_item(value, kind, outputs):
        return checker.named(value, kind)
    by_output = {}
    for entry in value:
        if outputs and entry.key not in outputs:
            _unknown_output(entry, kind, outputs, checker)
        by_output[entry.key] = _per_output(entry.value, kind, (), checker)
    return by_output


def _is_item(value: Mapping, kind: str, outputs: tuple[str, ...]) -> bool:
    """Whether a mapping is one loss or metric and its arguments: outputs have losses or metrics."""
    if len(value) != 1:
        return not len(value)
    (entry,) = value
    if entry.key in TYPE_KEYS and entry.key not in outputs:
        return True
    if vocabulary.contains(kind, entry.key) or entry.key in outputs:
        return entry.key not in outputs
    inner = entry.value
    if isinstance(inner, Mapping):
        return not (len(inner) == 1 and vocabulary.contains(kind, next(iter(inner)).key))
    return isinstance(inner, Scalar) and not isinstance(inner.value, str)


def _unknown_output(entry: Entry, kind: str, outputs: tuple[str, ...], checker: Checker) -> None:
    hint = did_you_mean(entry.key, outputs)
    message = f"{kind} names the output '{clip(entry.key, 60)}', which the model does not have"
    checker.diagnostics.add("K401", message, entry.mark, hint)


def _metrics(value: Value, outputs: tuple[str, ...], checker: Checker) -> Any:
    if isinstance(value, Sequence) and not value.items:
        return None
    found = _per_output(value, "metric", outputs, checker)
    items = value.items if isinstance(value, Sequence) else ()
    if len(outputs) > 1 and items and len(items) != len(outputs):
        message = f"metrics has {len(items)} entries, the model has {len(outputs)} outputs"
        hint = f"write them by name: metrics: {{{outputs[0]}: [{short(items[0])}], ...}}"
        checker.diagnostics.add("K204", message, value.mark, hint)
    return found if isinstance(found, list | dict) else [found]


def _weights(value: Value, outputs: tuple[str, ...], checker: Checker) -> Any:
    """Numbers: one for each output by name, or a list in the order of the outputs."""
    numbers = []
    values = [entry.value for entry in value] if isinstance(value, Mapping) else [value]
    values = list(value.items) if isinstance(value, Sequence) else values
    for one in values:
        number = _number(one)
        if number is None:
            checker.diagnostics.add("K204", must_be("loss_weights", "numbers", one), one.mark)
        numbers.append(number)
    if outputs and not isinstance(value, Mapping) and len(values) != len(outputs):
        message = f"loss_weights has {len(values)} numbers, the model has {len(outputs)} outputs"
        hint = f"write them by name: {{{', '.join(f'{one}: 1' for one in outputs[:4])}}}"
        hint = "leave it out" if len(outputs) == 1 else hint
        checker.diagnostics.add(
            "K204", message.replace(" 1 outputs", " 1 output"), value.mark, hint
        )
    if not isinstance(value, Mapping):
        return numbers
    for entry in value:
        if entry.key not in outputs:
            _unknown_output(entry, "loss_weights", outputs, checker)
    return dict(zip(value.entries, numbers, strict=True))


def _number(value: Value) -> float | None:
    held = value.value if isinstance(value, Scalar) else None
    if isinstance(held, bool) or not isinstance(held, int | float):
        return None
    return float(held)


def _factors(fields: Fields, key: str, marks: dict[str, Mark]) -> dict[str, float]:
    """Numbers of at least 0 by name; where each is written is put into `marks`."""
    factors: dict[str, float] = {}
    written = fields.value(key)
    if written is not None and not isinstance(written, Mapping):
        expected = TRAIN[key].form.expected
        fields.diagnostics.add(
            "K204", must_be(key, expected, written), written.mark, f"{key}: {TRAIN[key].example}"
        )
        return {}
    for entry in written or ():
        number = _number(entry.value)
        if number is None or not 0 <= number < float("inf"):
            message = must_be(f"{key}.{clip(entry.key, 40)}", "a number ≥ 0", entry.value)
            fields.diagnostics.add("K204", message, entry.value.mark)
            continue
        factors[entry.key] = number
        marks[entry.key] = entry.mark
    return factors


def _check_paths(item: Item, diagnostics: Diagnostics) -> None:
    """A callback of a file writes under the folder where the run was started, nowhere else."""
    for key in _PATHS:
        path = item.arguments.get(key)
        if not isinstance(path, str):
            continue
        parts = (*PurePosixPath(path).parts, *PureWindowsPath(path).parts)
        absolute = PurePosixPath(path).is_absolute() or PureWindowsPath(path).drive
        if absolute or ".." in parts or "://" in path or "\0" in path or path.startswith("~"):
            message = f"{key} must be a path below the working folder, received {clip(path, 60)!r}"
            diagnostics.add("K204", message, item.marks[key])
