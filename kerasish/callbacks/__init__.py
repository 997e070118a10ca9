"""Callbacks: what can be told of a run."""

from kerasish import registry as _registry
from kerasish.callbacks.callback import Callback
from kerasish.callbacks.callback_list import CallbackList
from kerasish.callbacks.checkpoint import BackupAndRestore, Checkpoint
from kerasish.callbacks.history import CSVLogger, History, LambdaCallback
from kerasish.callbacks.model_checkpoint import ModelCheckpoint
from kerasish.callbacks.progress import ProgbarLogger
from kerasish.callbacks.rates import LearningRateScheduler, ReduceLROnPlateau, SwapEMAWeights
from kerasish.callbacks.stopping import EarlyStopping, TerminateOnNaN
from kerasish.hints import namespace

__all__ = [
    "BackupAndRestore",
    "CSVLogger",
    "Callback",
    "CallbackList",
    "Checkpoint",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "ProgbarLogger",
    "ReduceLROnPlateau",
    "SwapEMAWeights",
    "TerminateOnNaN",
]

for _callback in (
    BackupAndRestore,
    CSVLogger,
    Checkpoint,
    EarlyStopping,
    History,
    LambdaCallback,
    LearningRateScheduler,
    ModelCheckpoint,
    ProgbarLogger,
    ReduceLROnPlateau,
    SwapEMAWeights,
    TerminateOnNaN,
):
    _registry.add("callback", _callback, _callback.__name__)
__getattr__, __dir__ = namespace(__name__, __all__)
