# Written by scripts/make_names.py.
from kerasish.callbacks.averages import SwapEMAWeights as _SwapEMAWeights
from kerasish.callbacks.callback import Callback as Callback
from kerasish.callbacks.callback import LambdaCallback as LambdaCallback
from kerasish.callbacks.callback_list import CallbackList as CallbackList
from kerasish.callbacks.checkpoint import BackupAndRestore as BackupAndRestore
from kerasish.callbacks.checkpoint import Checkpoint as Checkpoint
from kerasish.callbacks.health import TrainingHealth as _TrainingHealth
from kerasish.callbacks.health import PositiveInt
from kerasish.callbacks.history import CSVLogger as CSVLogger
from kerasish.callbacks.history import History as History
from kerasish.callbacks.model_checkpoint import ModelCheckpoint as _ModelCheckpoint
from kerasish.callbacks.model_checkpoint import Mode
from kerasish.callbacks.model_checkpoint import os
from kerasish.callbacks.progress import ProgbarLogger as ProgbarLogger
from kerasish.callbacks.rates import LearningRateScheduler as _LearningRateScheduler
from kerasish.callbacks.rates import Callable
from kerasish.callbacks.rates import ReduceLROnPlateau as _ReduceLROnPlateau
from kerasish.callbacks.rates import Mode
from kerasish.callbacks.remote_monitor import RemoteMonitor as _RemoteMonitor
from kerasish.callbacks.remote_monitor import Mapping
from kerasish.callbacks.stopping import EarlyStopping as _EarlyStopping
from kerasish.callbacks.stopping import Mode
from kerasish.callbacks.stopping import TerminateOnNaN as _TerminateOnNaN
from kerasish.callbacks.tensorboard import TensorBoard as TensorBoard
from kerasish.elsewhere import OrbaxCheckpoint as OrbaxCheckpoint

__all__: list[str]
class SwapEMAWeights(_SwapEMAWeights):
    def __init__(self, swap_on_epoch: bool = ...) -> None: ...
class TrainingHealth(_TrainingHealth):
    def __init__(self, every: PositiveInt = ..., rows: PositiveInt = ..., stop: bool = ...) -> None: ...
class ModelCheckpoint(_ModelCheckpoint):
    def __init__(self, filepath: str | os.PathLike[str], monitor: str = ..., verbose: int = ..., save_best_only: bool = ..., save_weights_only: bool = ..., mode: Mode = ..., save_freq: str | int = ..., initial_value_threshold: float | None = ...) -> None: ...
class LearningRateScheduler(_LearningRateScheduler):
    def __init__(self, schedule: Callable[..., float], verbose: int = ...) -> None: ...
class ReduceLROnPlateau(_ReduceLROnPlateau):
    def __init__(self, monitor: str = ..., factor: float = ..., patience: int = ..., verbose: int = ..., mode: Mode = ..., min_delta: float = ..., cooldown: int = ..., min_lr: float = ...) -> None: ...
class RemoteMonitor(_RemoteMonitor):
    def __init__(self, root: str = ..., path: str = ..., field: str = ..., headers: Mapping[str, str] | None = ..., send_as_json: bool = ...) -> None: ...
class EarlyStopping(_EarlyStopping):
    def __init__(self, monitor: str = ..., min_delta: float = ..., patience: int = ..., verbose: int = ..., mode: Mode = ..., baseline: float | None = ..., restore_best_weights: bool = ..., start_from_epoch: int = ...) -> None: ...
class TerminateOnNaN(_TerminateOnNaN):
    def __init__(self, raise_error: bool = ...) -> None: ...
