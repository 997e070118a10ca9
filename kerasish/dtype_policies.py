"""keras.dtype_policies: the dtypes that layers compute in and keep their weights in."""

from __future__ import annotations

from kerasish.kinds import forms
from kerasish.layers.base.policy import DTypePolicy
from kerasish.layers.base.policy import as_policy as get
from kerasish.names import namespace

FloatDTypePolicy = DTypePolicy


_, serialize, deserialize = forms("policy", word="dtype_policy")


__all__ = ["DTypePolicy", "FloatDTypePolicy", "deserialize", "get", "serialize"]
__getattr__, __dir__ = namespace(__name__, __all__)
