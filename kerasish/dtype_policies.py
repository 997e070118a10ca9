"""keras.dtype_policies: the dtypes that layers compute in and keep their weights in."""

from __future__ import annotations

from typing import Any

from kerasish.hints import namespace
from kerasish.layers.base.policy import DTypePolicy
from kerasish.layers.base.policy import as_policy as get
from kerasish.serialization import deserialize_keras_object, serialize_keras_object

FloatDTypePolicy = DTypePolicy


def serialize(dtype_policy: DTypePolicy) -> dict[str, Any]:
    """The config of a policy."""
    return serialize_keras_object(dtype_policy)


def deserialize(config: dict[str, Any], custom_objects: Any = None) -> DTypePolicy:
    """The policy of a config."""
    return deserialize_keras_object(config, custom_objects, kind="policy")


__all__ = ["DTypePolicy", "FloatDTypePolicy", "deserialize", "get", "serialize"]
__getattr__, __dir__ = namespace(__name__, __all__)
