"""Comparing an initializer, regularizer or constraint with what Keras wrote about its own."""

from __future__ import annotations

import functools
import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from tests.keras_objects import key
from tests.tolerances import assert_close


@functools.cache
def _golden() -> dict[str, np.ndarray]:
    with np.load(Path(__file__).parent / "golden" / "weight_objects.npz") as held:
        return {name: held[name] for name in held.files}


# Arguments that Keras leaves out of a config, and so loses.
FORGOTTEN = {"initializers.Identity": ("gain",)}


def _plain(config: dict[str, Any]) -> dict[str, Any]:
    """A config with its floats as Keras keeps some of them, in float32."""
    return {k: float(np.float32(v)) if type(v) is float else v for k, v in config.items()}


def check_object(entry: tuple[str, dict[str, Any], list[tuple[Any, ...]]]) -> None:
    """The object of one entry of the table has Keras's config and gives Keras's results."""
    name, kwargs, calls = entry
    space, cls = name.split(".")
    made = getattr(importlib.import_module(f"kerasish.{space}"), cls)(**kwargs)
    label = key(name, kwargs)
    config = {k: v for k, v in made.get_config().items() if k not in FORGOTTEN.get(name, ())}
    wanted = json.loads(str(_golden()[f"{label}/config"]))
    assert _plain(config) == _plain(wanted)
    for i, args in enumerate(calls):
        expected = _golden()[f"{label}/{i}"]
        got = made(*args)
        assert got.dtype == expected.dtype.name
        assert_close(got.numpy(), expected)
