# Written by scripts/make_names.py.
from typing import Any

from kerasish.layers.base.policy import DTypePolicy as DTypePolicy
from kerasish.layers.base.policy import as_policy

__all__: list[str]
FloatDTypePolicy = DTypePolicy
get = as_policy
def deserialize(config: Any, custom_objects: Any = ...) -> Any: ...
def serialize(dtype_policy: Any) -> Any: ...
