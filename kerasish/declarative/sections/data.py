"""The `data:` section: where the arrays come from, what is held out, the batches. Opens nothing."""

from __future__ import annotations

import re

from kerasish.declarative.check import vocabulary
from kerasish.declarative.check.fields import Fields
from kerasish.declarative.check.items import Checker
from kerasish.declarative.check.specification import ArraysFile, DataSection, Reference
from kerasish.declarative.text.errors import Diagnostics, clip, did_you_mean, must_be
from kerasish.declarative.text.source import Mapping, Scalar, Value

DATA_KEYS = ("dataset", "train", "validation", "test", "batch_size", "shuffle")
ARRAYS_KEYS = ("npz", "x", "y", "sample_weight", "sha256")
_ARRAYS_FORM = "{npz: file.npz, x: name, y: name}"


def read_data(value: Value, checker: Checker) -> DataSection:
    """The checked data section; nothing is opened."""
    fields = Fields(value, "data", DATA_KEYS, checker.diagnostics)
    dataset = fields.text("dataset")
    if dataset is not None and not vocabulary.contains("dataset", dataset.name):
        message = f"unknown dataset '{clip(dataset.name, 60)}'"
        hint = did_you_mean(dataset.name, vocabulary.names("dataset"))
        checker.diagnostics.add("K205", message, dataset.mark, hint)
    train = _arrays(fields, "train", checker.diagnostics)
    if dataset is None and "train" not in fields.entries:
        hint = f"dataset: digits, or train: {_ARRAYS_FORM}"
        message = "data needs 'dataset' or 'train'"
        checker.diagnostics.add("K202", message, fields.mark, hint)
    if dataset is not None and "train" in fields.entries:
        message = "data has both 'dataset' and 'train'"
        checker.diagnostics.add("K110", message, fields.place("train"), "keep one")
    return DataSection(
        fields.mark,
        dataset,
        train,
        _validation(fields, checker.diagnostics),
        _arrays(fields, "test", checker.diagnostics),
        fields.integer("batch_size", 32),
        fields.flag("shuffle", True),
    )


def _validation(fields: Fields, diagnostics: Diagnostics) -> ArraysFile | float | None:
    value = fields.value("validation")
    keys = value.entries.keys() if isinstance(value, Mapping) else set[str]()
    if value is not None and keys and not keys & {"split", *ARRAYS_KEYS}:
        Fields(value, "data.validation", ("split", *ARRAYS_KEYS), diagnostics)
        return None  # neither form: the keys say what was meant
    if value is None or "split" not in keys:
        return _arrays(fields, "validation", diagnostics)
    inner = Fields(value, "validation", ("split",), diagnostics)
    split = inner.entries["split"].value
    held = split.value if isinstance(split, Scalar) else None
    if not isinstance(held, float) or not 0.0 < held < 1.0:
        diagnostics.add("K204", must_be("split", "a number between 0 and 1", split), split.mark)
        return None
    return held


def _arrays(fields: Fields, key: str, diagnostics: Diagnostics) -> ArraysFile | None:
    value = fields.value(key)
    if value is None:
        return None
    inner = Fields(value, f"data.{key}", ARRAYS_KEYS, diagnostics)
    inner.require("npz", _ARRAYS_FORM)
    inner.require("x", _ARRAYS_FORM)
    path, sha256 = inner.text("npz"), inner.text("sha256")
    if sha256 is not None and not re.fullmatch(r"[0-9a-fA-F]{64}", sha256.name):
        message = f"sha256 must be 64 hexadecimal digits, received '{clip(sha256.name, 70)}'"
        diagnostics.add("K204", message, sha256.mark)
    if path is not None and ("://" in path.name or "\0" in path.name):
        message = f"npz must be a file, received {clip(path.name, 60)!r}"
        diagnostics.add("K204", message, path.mark, "nothing is downloaded: fetch it first")
    x, y = _array_names(inner, "x", diagnostics), _array_names(inner, "y", diagnostics)
    if path is None or x is None:
        return None
    digest = sha256.name.lower() if sha256 else None
    return ArraysFile(path.name, path.mark, x, y, inner.text("sample_weight"), digest)


def _array_names(
    fields: Fields, key: str, diagnostics: Diagnostics
) -> Reference | dict[str, Reference] | None:
    """The name of an array, or of one for each input or output."""
    value = fields.value(key)
    if not isinstance(value, Mapping):
        return fields.text(key)
    inner = Fields(value, key, list(value.entries), diagnostics)
    return {name: one for name in value.entries if (one := inner.text(name)) is not None}
