# Written by scripts/make_names.py.
from kerasish.callbacks.callback import Callback as Callback
from kerasish.callbacks.callback_list import CallbackList as CallbackList
from kerasish.callbacks.checkpoint import BackupAndRestore as BackupAndRestore
from kerasish.callbacks.checkpoint import Checkpoint as Checkpoint
from kerasish.callbacks.history import CSVLogger as CSVLogger
from kerasish.callbacks.history import History as History
from kerasish.callbacks.history import LambdaCallback as LambdaCallback
from kerasish.callbacks.model_checkpoint import ModelCheckpoint as ModelCheckpoint
from kerasish.callbacks.progress import ProgbarLogger as ProgbarLogger
from kerasish.callbacks.rates import LearningRateScheduler as LearningRateScheduler
from kerasish.callbacks.rates import ReduceLROnPlateau as ReduceLROnPlateau
from kerasish.callbacks.rates import SwapEMAWeights as SwapEMAWeights
from kerasish.callbacks.stopping import EarlyStopping as EarlyStopping
from kerasish.callbacks.stopping import TerminateOnNaN as TerminateOnNaN

__all__: list[str]
