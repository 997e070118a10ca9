"""keras.mixed_precision: computing in 16 bits while weights stay in 32."""

from __future__ import annotations

from kerasish.layers.base.policy import DTypePolicy, dtype_policy, set_dtype_policy
from kerasish.names import namespace
from kerasish.optimizers import LossScaleOptimizer

Policy = DTypePolicy
global_policy = dtype_policy
set_global_policy = set_dtype_policy

__all__ = [
    "DTypePolicy",
    "LossScaleOptimizer",
    "Policy",
    "dtype_policy",
    "global_policy",
    "set_dtype_policy",
    "set_global_policy",
]
__getattr__, __dir__ = namespace(__name__, __all__)
