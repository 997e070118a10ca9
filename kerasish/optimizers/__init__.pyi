# Written by scripts/make_names.py.
from typing import Any

from kerasish.optimizers import schedules as schedules
from kerasish.optimizers.adafactor import Adafactor as Adafactor
from kerasish.optimizers.adam import Adam as Adam
from kerasish.optimizers.adam import AdamW as AdamW
from kerasish.optimizers.adam import Adamax as Adamax
from kerasish.optimizers.adam import Lamb as Lamb
from kerasish.optimizers.adam import Nadam as Nadam
from kerasish.optimizers.adaptive import Adadelta as Adadelta
from kerasish.optimizers.adaptive import Adagrad as Adagrad
from kerasish.optimizers.adaptive import Ftrl as Ftrl
from kerasish.optimizers.adaptive import Lion as Lion
from kerasish.optimizers.adaptive import RMSprop as RMSprop
from kerasish.optimizers.loss_scale import LossScaleOptimizer as LossScaleOptimizer
from kerasish.optimizers.newer import Muon as Muon
from kerasish.optimizers.newer import ScheduleFreeAdamW as ScheduleFreeAdamW
from kerasish.optimizers.optimizer import Optimizer as Optimizer
from kerasish.optimizers.sgd import SGD as SGD

__all__: list[str]
def deserialize(config: Any, custom_objects: Any = ...) -> Any: ...
def get(identifier: Any) -> Any: ...
def serialize(optimizer: Any) -> Any: ...
