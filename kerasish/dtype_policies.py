"""keras.dtype_policies: the names of Keras for `DTypePolicy`, which is in layers/base/policy.py."""

from __future__ import annotations

from kerasish.kinds import forms
from kerasish.names import namespace

_, serialize, deserialize = forms("policy", word="dtype_policy")

__getattr__, __dir__ = namespace(__name__, ("deserialize", "serialize"))
