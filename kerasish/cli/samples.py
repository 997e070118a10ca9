"""Arguments that an object takes, for examples: found by asking the checker of config files."""

from __future__ import annotations

import functools
import itertools
from typing import Any

from kerasish.arguments.contract import Field, contract_of
from kerasish.declarative.check import vocabulary
from kerasish.declarative.check.items import Checker
from kerasish.declarative.text.emit import emit
from kerasish.declarative.text.errors import Diagnostics
from kerasish.declarative.text.loader import load
from kerasish.declarative.text.source import Mapping

# Values that people would write, by argument; what is not here is tried in the order of _ANY.
_USUAL: dict[str, Any] = {
    "units": 32, "filters": 32, "kernel_size": 3, "pool_size": 2, "input_dim": 1000,
    "output_dim": 64, "rate": 0.5, "num_heads": 4, "head_dim": 16, "key_dim": 16, "num_tokens": 100,
    "target_shape": [8, 4], "dims": [2, 1], "equation": "ab,bc->ac", "output_shape": 32,
    "height": 32, "width": 32, "num_bins": 10, "bin_boundaries": [0.0, 1.0], "factor": 0.2,
    "layer": {"LSTM": 16}, "cell": {"LSTMCell": 16}, "cells": [{"LSTMCell": 16}],
    "scale": 0.0039, "axes": 1, "num_query_heads": 8, "num_key_value_heads": 2, "max_number": 20,
    "learning_rate": 0.001, "first_decay_steps": 1000, "target_class_ids": [0, 1],
    "output_size": 4, "height_factor": 0.2, "width_factor": 0.2,
    "initial_learning_rate": 0.01, "decay_steps": 1000, "decay_rate": 0.9, "boundaries": [1000],
    "values": [0.01, 0.001], "filepath": "weights.h5", "filename": "log.csv",
    "backup_dir": "backup",
    "path": "state", "root": "http://localhost:9000", "num_classes": 10, "threshold": 0.5,
    "thresholds": 0.5, "precision": 0.5, "recall": 0.5, "sensitivity": 0.5, "specificity": 0.5,
    "stddev": 0.1, "negative_slope": 0.1, "n": 4, "cropping": 1, "num_projections": 16,
    "sequence_length": 100, "sequence_stride": 50, "fft_length": 512, "value_range": [0, 255],
}  # fmt: skip
_ANY: tuple[Any, ...] = (
    8, 0.5, 1, True, [8, 8], [1], [0.5], "valid", "text", ["a"], "relu", {"Dense": 8},
    [{"Dense": 8}], "SGD", {"LSTM": 8}, {"LSTMCell": 8}, [0, 1], {"a": 1},
)  # fmt: skip


@functools.cache
def sample(kind: str, name: str) -> Any:
    """The object with what it must be given, as plain data; None where a file cannot hold that."""
    factory = vocabulary.lookup(kind, name)
    needed = contract_of(factory).required if isinstance(factory, type) else ()
    choices = [_choices(field) for field in needed]
    for values in itertools.islice(itertools.product(*choices), 400):
        given = {field.name: value for field, value in zip(needed, values, strict=True)}
        item: Any = {name: given} if given else name
        if takes(kind, item):
            return item
    return None


def _choices(field: Field) -> list[Any]:
    usual = [_USUAL[field.name]] if field.name in _USUAL else []
    return [*usual, *_ANY]


def takes(kind: str, item: Any) -> bool:
    """Whether a file may say this where an object of a kind is meant."""
    diagnostics = Diagnostics()
    document = load(emit({"item": item}), "sample", diagnostics)
    value = document.get("item") if isinstance(document, Mapping) else None
    if value is not None:
        Checker(diagnostics, network=True).item(value, kind)
    return not len(diagnostics)
