"""Files: Keras's formats to the byte, kerasish's own checkpoints, and safe reading of both.

Names are resolved when they are first used: what only writes a file whole (`saving.atomic`)
does not load the layers.
"""

from __future__ import annotations

import importlib
from typing import Any

from kerasish.errors import told
from kerasish.registry import hint

_LOADER = "kerasish.saving.whole_model"
_HOME = {
    "allowance": "kerasish.budget",
    "load_model": _LOADER,
    "load_state": _LOADER,
    "load_weights": "kerasish.saving.weights",
    "model_from_json": _LOADER,
    "restore": _LOADER,
    "save_model": _LOADER,
    "save_weights": "kerasish.saving.weights",
    "custom_object_scope": "kerasish.serialization",
    "deserialize_keras_object": "kerasish.serialization",
    "get_custom_objects": "kerasish.serialization",
    "get_registered_name": "kerasish.serialization",
    "get_registered_object": "kerasish.serialization",
    "register_keras_serializable": "kerasish.serialization",
    "serialize_keras_object": "kerasish.serialization",
}
_ALIASES = {"CustomObjectScope": "custom_object_scope"}


def __getattr__(name: str) -> Any:
    wanted = _ALIASES.get(name, name)
    if wanted not in _HOME:
        raise AttributeError(
            told(f"module 'kerasish.saving' has no attribute {name!r}", fix=hint(name, __dir__()))
        )
    found = getattr(importlib.import_module(_HOME[wanted]), wanted)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*_HOME, *_ALIASES})
