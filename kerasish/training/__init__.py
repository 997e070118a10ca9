"""Training: `Trainer`, the mixin that gives models `compile`, `fit`, `evaluate` and `predict`."""

from kerasish.training.compile_loss import CompileLoss
from kerasish.training.compile_metrics import CompileMetrics
from kerasish.training.fit import FitState
from kerasish.training.trainer import Trainer

__all__ = ["CompileLoss", "CompileMetrics", "FitState", "Trainer"]
