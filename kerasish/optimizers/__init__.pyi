# Written by scripts/make_names.py.
from typing import Any

from kerasish.optimizers import legacy as legacy
from kerasish.optimizers import schedules as schedules
from kerasish.optimizers.adafactor import Adafactor as _Adafactor
from kerasish.optimizers.optimizer import LearningRate
from kerasish.optimizers.adam import Adam as _Adam
from kerasish.optimizers.adam import AdamW as _AdamW
from kerasish.optimizers.adam import Adamax as _Adamax
from kerasish.optimizers.adam import Lamb as _Lamb
from kerasish.optimizers.adam import Nadam as _Nadam
from kerasish.optimizers.adam import ScheduleFreeAdamW as _ScheduleFreeAdamW
from kerasish.optimizers.adaptive import Adadelta as _Adadelta
from kerasish.optimizers.adaptive import Adagrad as _Adagrad
from kerasish.optimizers.adaptive import Ftrl as _Ftrl
from kerasish.optimizers.adaptive import Lion as _Lion
from kerasish.optimizers.adaptive import RMSprop as _RMSprop
from kerasish.optimizers.loss_scale import LossScaleOptimizer as LossScaleOptimizer
from kerasish.optimizers.multi import MultiOptimizer as MultiOptimizer
from kerasish.optimizers.multi import OptimizerMap as OptimizerMap
from kerasish.optimizers.muon import Muon as _Muon
from kerasish.optimizers.muon import Sequence
from kerasish.optimizers.optimizer import Optimizer as Optimizer
from kerasish.optimizers.sgd import SGD as _SGD

__all__: list[str]
class Adafactor(_Adafactor):
    def __init__(self, learning_rate: LearningRate = ..., beta_2_decay: float = ..., epsilon_1: float = ..., epsilon_2: float = ..., clip_threshold: float = ..., relative_step: bool = ..., *, weight_decay: float | None = ..., clipnorm: float | None = ..., clipvalue: float | None = ..., global_clipnorm: float | None = ..., use_ema: bool = ..., ema_momentum: float = ..., ema_overwrite_frequency: int | None = ..., loss_scale_factor: float | None = ..., gradient_accumulation_steps: int | None = ..., name: str | None = ...) -> None: ...
class Adam(_Adam):
    def __init__(self, learning_rate: LearningRate = ..., beta_1: float = ..., beta_2: float = ..., epsilon: float = ..., amsgrad: bool = ..., *, weight_decay: float | None = ..., clipnorm: float | None = ..., clipvalue: float | None = ..., global_clipnorm: float | None = ..., use_ema: bool = ..., ema_momentum: float = ..., ema_overwrite_frequency: int | None = ..., loss_scale_factor: float | None = ..., gradient_accumulation_steps: int | None = ..., name: str | None = ...) -> None: ...
class AdamW(_AdamW):
    def __init__(self, learning_rate: LearningRate = ..., weight_decay: float | None = ..., beta_1: float = ..., beta_2: float = ..., epsilon: float = ..., amsgrad: bool = ..., *, clipnorm: float | None = ..., clipvalue: float | None = ..., global_clipnorm: float | None = ..., use_ema: bool = ..., ema_momentum: float = ..., ema_overwrite_frequency: int | None = ..., loss_scale_factor: float | None = ..., gradient_accumulation_steps: int | None = ..., name: str | None = ...) -> None: ...
class Adamax(_Adamax):
    def __init__(self, learning_rate: LearningRate = ..., beta_1: float = ..., beta_2: float = ..., epsilon: float = ..., *, weight_decay: float | None = ..., clipnorm: float | None = ..., clipvalue: float | None = ..., global_clipnorm: float | None = ..., use_ema: bool = ..., ema_momentum: float = ..., ema_overwrite_frequency: int | None = ..., loss_scale_factor: float | None = ..., gradient_accumulation_steps: int | None = ..., name: str | None = ...) -> None: ...
class Lamb(_Lamb):
    def __init__(self, learning_rate: LearningRate = ..., beta_1: float = ..., beta_2: float = ..., epsilon: float = ..., *, weight_decay: float | None = ..., clipnorm: float | None = ..., clipvalue: float | None = ..., global_clipnorm: float | None = ..., use_ema: bool = ..., ema_momentum: float = ..., ema_overwrite_frequency: int | None = ..., loss_scale_factor: float | None = ..., gradient_accumulation_steps: int | None = ..., name: str | None = ...) -> None: ...
class Nadam(_Nadam):
    def __init__(self, learning_rate: LearningRate = ..., beta_1: float = ..., beta_2: float = ..., epsilon: float = ..., *, weight_decay: float | None = ..., clipnorm: float | None = ..., clipvalue: float | None = ..., global_clipnorm: float | None = ..., use_ema: bool = ..., ema_momentum: float = ..., ema_overwrite_frequency: int | None = ..., loss_scale_factor: float | None = ..., gradient_accumulation_steps: int | None = ..., name: str | None = ...) -> None: ...
class ScheduleFreeAdamW(_ScheduleFreeAdamW):
    def __init__(self, learning_rate: LearningRate = ..., beta_1: float = ..., beta_2: float = ..., epsilon: float = ..., warmup_steps: int = ..., *, weight_decay: float | None = ..., clipnorm: float | None = ..., clipvalue: float | None = ..., global_clipnorm: float | None = ..., use_ema: bool = ..., ema_momentum: float = ..., ema_overwrite_frequency: int | None = ..., loss_scale_factor: float | None = ..., gradient_accumulation_steps: int | None = ..., name: str | None = ...) -> None: ...
class Adadelta(_Adadelta):
    def __init__(self, learning_rate: LearningRate = ..., rho: float = ..., epsilon: float = ..., *, weight_decay: float | None = ..., clipnorm: float | None = ..., clipvalue: float | None = ..., global_clipnorm: float | None = ..., use_ema: bool = ..., ema_momentum: float = ..., ema_overwrite_frequency: int | None = ..., loss_scale_factor: float | None = ..., gradient_accumulation_steps: int | None = ..., name: str | None = ...) -> None: ...
class Adagrad(_Adagrad):
    def __init__(self, learning_rate: LearningRate = ..., initial_accumulator_value: float = ..., epsilon: float = ..., *, weight_decay: float | None = ..., clipnorm: float | None = ..., clipvalue: float | None = ..., global_clipnorm: float | None = ..., use_ema: bool = ..., ema_momentum: float = ..., ema_overwrite_frequency: int | None = ..., loss_scale_factor: float | None = ..., gradient_accumulation_steps: int | None = ..., name: str | None = ...) -> None: ...
class Ftrl(_Ftrl):
    def __init__(self, learning_rate: LearningRate = ..., learning_rate_power: float = ..., initial_accumulator_value: float = ..., l1_regularization_strength: float = ..., l2_regularization_strength: float = ..., l2_shrinkage_regularization_strength: float = ..., beta: float = ..., *, weight_decay: float | None = ..., clipnorm: float | None = ..., clipvalue: float | None = ..., global_clipnorm: float | None = ..., use_ema: bool = ..., ema_momentum: float = ..., ema_overwrite_frequency: int | None = ..., loss_scale_factor: float | None = ..., gradient_accumulation_steps: int | None = ..., name: str | None = ...) -> None: ...
class Lion(_Lion):
    def __init__(self, learning_rate: LearningRate = ..., beta_1: float = ..., beta_2: float = ..., *, weight_decay: float | None = ..., clipnorm: float | None = ..., clipvalue: float | None = ..., global_clipnorm: float | None = ..., use_ema: bool = ..., ema_momentum: float = ..., ema_overwrite_frequency: int | None = ..., loss_scale_factor: float | None = ..., gradient_accumulation_steps: int | None = ..., name: str | None = ...) -> None: ...
class RMSprop(_RMSprop):
    def __init__(self, learning_rate: LearningRate = ..., rho: float = ..., momentum: float = ..., epsilon: float = ..., centered: bool = ..., *, weight_decay: float | None = ..., clipnorm: float | None = ..., clipvalue: float | None = ..., global_clipnorm: float | None = ..., use_ema: bool = ..., ema_momentum: float = ..., ema_overwrite_frequency: int | None = ..., loss_scale_factor: float | None = ..., gradient_accumulation_steps: int | None = ..., name: str | None = ...) -> None: ...
class Muon(_Muon):
    def __init__(self, learning_rate: LearningRate = ..., adam_beta_1: float = ..., adam_beta_2: float = ..., adam_weight_decay: float | None = ..., epsilon: float = ..., weight_decay: float | None = ..., clipnorm: float | None = ..., clipvalue: float | None = ..., global_clipnorm: float | None = ..., use_ema: bool = ..., ema_momentum: float = ..., ema_overwrite_frequency: int | None = ..., loss_scale_factor: float | None = ..., gradient_accumulation_steps: int | None = ..., name: str | None = ..., exclude_layers: Sequence[str] | None = ..., exclude_embeddings: bool = ..., muon_a: float = ..., muon_b: float = ..., muon_c: float = ..., adam_lr_ratio: float = ..., momentum: float = ..., ns_steps: int = ..., nesterov: bool = ..., rms_rate: float | None = ...) -> None: ...
class SGD(_SGD):
    def __init__(self, learning_rate: LearningRate = ..., momentum: float = ..., nesterov: bool = ..., *, weight_decay: float | None = ..., clipnorm: float | None = ..., clipvalue: float | None = ..., global_clipnorm: float | None = ..., use_ema: bool = ..., ema_momentum: float = ..., ema_overwrite_frequency: int | None = ..., loss_scale_factor: float | None = ..., gradient_accumulation_steps: int | None = ..., name: str | None = ...) -> None: ...
def deserialize(config: Any, custom_objects: Any = ...) -> Any: ...
def get(identifier: Any) -> Any: ...
def serialize(optimizer: Any) -> Any: ...
