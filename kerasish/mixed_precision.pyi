# Written by scripts/make_names.py.
from kerasish.layers.base.policy import DTypePolicy as DTypePolicy
from kerasish.layers.base.policy import dtype_policy as dtype_policy
from kerasish.layers.base.policy import set_dtype_policy as set_dtype_policy
from kerasish.optimizers.loss_scale import LossScaleOptimizer as LossScaleOptimizer

__all__: list[str]
Policy = DTypePolicy
global_policy = dtype_policy
set_global_policy = set_dtype_policy
