# Written by scripts/make_names.py.
from typing import Any

from kerasish.losses.margin import categorical_hinge as categorical_hinge
from kerasish.losses.margin import hinge as hinge
from kerasish.losses.margin import squared_hinge as squared_hinge
from kerasish.losses.probabilistic import binary_crossentropy as binary_crossentropy
from kerasish.losses.probabilistic import binary_focal_crossentropy as binary_focal_crossentropy
from kerasish.losses.probabilistic import categorical_crossentropy as categorical_crossentropy
from kerasish.losses.probabilistic import categorical_focal_crossentropy as categorical_focal_crossentropy
from kerasish.losses.probabilistic import kl_divergence as kl_divergence
from kerasish.losses.probabilistic import sparse_categorical_crossentropy as sparse_categorical_crossentropy
from kerasish.losses.regression import huber as huber
from kerasish.losses.regression import log_cosh as log_cosh
from kerasish.losses.regression import mean_absolute_error as mean_absolute_error
from kerasish.losses.regression import mean_absolute_percentage_error as mean_absolute_percentage_error
from kerasish.losses.regression import mean_squared_error as mean_squared_error
from kerasish.losses.regression import mean_squared_logarithmic_error as mean_squared_logarithmic_error
from kerasish.losses.regression import poisson as poisson
from kerasish.metrics.accuracy import binary_accuracy as binary_accuracy
from kerasish.metrics.accuracy import categorical_accuracy as categorical_accuracy
from kerasish.metrics.accuracy import sparse_categorical_accuracy as sparse_categorical_accuracy
from kerasish.metrics.accuracy import sparse_top_k_categorical_accuracy as sparse_top_k_categorical_accuracy
from kerasish.metrics.accuracy import top_k_categorical_accuracy as top_k_categorical_accuracy
from kerasish.metrics.confusion import FalseNegatives as FalseNegatives
from kerasish.metrics.confusion import FalsePositives as FalsePositives
from kerasish.metrics.confusion import Precision as Precision
from kerasish.metrics.confusion import Recall as Recall
from kerasish.metrics.confusion import TrueNegatives as TrueNegatives
from kerasish.metrics.confusion import TruePositives as TruePositives
from kerasish.metrics.correlation import R2Score as R2Score
from kerasish.metrics.correlation import concordance_correlation as concordance_correlation
from kerasish.metrics.correlation import pearson_correlation as pearson_correlation
from kerasish.metrics.curves import AUC as AUC
from kerasish.metrics.curves import PrecisionAtRecall as PrecisionAtRecall
from kerasish.metrics.curves import RecallAtPrecision as RecallAtPrecision
from kerasish.metrics.curves import SensitivityAtSpecificity as SensitivityAtSpecificity
from kerasish.metrics.curves import SpecificityAtSensitivity as SpecificityAtSensitivity
from kerasish.metrics.f_score import F1Score as F1Score
from kerasish.metrics.f_score import FBetaScore as FBetaScore
from kerasish.metrics.iou import BinaryIoU as BinaryIoU
from kerasish.metrics.iou import IoU as IoU
from kerasish.metrics.iou import MeanIoU as MeanIoU
from kerasish.metrics.iou import OneHotIoU as OneHotIoU
from kerasish.metrics.iou import OneHotMeanIoU as OneHotMeanIoU
from kerasish.metrics.metric import Metric as Metric
from kerasish.metrics.of_losses import RootMeanSquaredError as RootMeanSquaredError
from kerasish.metrics.reduction import Mean as Mean
from kerasish.metrics.reduction import MeanMetricWrapper as MeanMetricWrapper
from kerasish.metrics.reduction import Sum as Sum

__all__: list[str]
class Accuracy(MeanMetricWrapper):
    def __init__(self, name: str = ..., dtype: Any = ...) -> None: ...
class BinaryAccuracy(MeanMetricWrapper):
    def __init__(self, name: str = ..., dtype: Any = ..., threshold: float = ...) -> None: ...
class CategoricalAccuracy(MeanMetricWrapper):
    def __init__(self, name: str = ..., dtype: Any = ...) -> None: ...
class SparseCategoricalAccuracy(MeanMetricWrapper):
    def __init__(self, name: str = ..., dtype: Any = ...) -> None: ...
class SparseTopKCategoricalAccuracy(MeanMetricWrapper):
    def __init__(self, k: int = ..., name: str = ..., dtype: Any = ..., from_sorted_ids: bool = ...) -> None: ...
class TopKCategoricalAccuracy(MeanMetricWrapper):
    def __init__(self, k: int = ..., name: str = ..., dtype: Any = ...) -> None: ...
class ConcordanceCorrelation(MeanMetricWrapper):
    def __init__(self, name: str = ..., dtype: Any = ..., axis: int = ...) -> None: ...
class PearsonCorrelation(MeanMetricWrapper):
    def __init__(self, name: str = ..., dtype: Any = ..., axis: int = ...) -> None: ...
class BinaryCrossentropy(MeanMetricWrapper):
    def __init__(self, name: str = ..., dtype: Any = ..., from_logits: bool = ..., label_smoothing: float = ...) -> None: ...
class CategoricalCrossentropy(MeanMetricWrapper):
    def __init__(self, name: str = ..., dtype: Any = ..., from_logits: bool = ..., label_smoothing: float = ..., axis: int = ...) -> None: ...
class CategoricalHinge(MeanMetricWrapper):
    def __init__(self, name: str = ..., dtype: Any = ...) -> None: ...
class CosineSimilarity(MeanMetricWrapper):
    def __init__(self, name: str = ..., dtype: Any = ..., axis: int = ...) -> None: ...
class Hinge(MeanMetricWrapper):
    def __init__(self, name: str = ..., dtype: Any = ...) -> None: ...
class KLDivergence(MeanMetricWrapper):
    def __init__(self, name: str = ..., dtype: Any = ...) -> None: ...
class LogCoshError(MeanMetricWrapper):
    def __init__(self, name: str = ..., dtype: Any = ...) -> None: ...
class MeanAbsoluteError(MeanMetricWrapper):
    def __init__(self, name: str = ..., dtype: Any = ...) -> None: ...
class MeanAbsolutePercentageError(MeanMetricWrapper):
    def __init__(self, name: str = ..., dtype: Any = ...) -> None: ...
class MeanSquaredError(MeanMetricWrapper):
    def __init__(self, name: str = ..., dtype: Any = ...) -> None: ...
class MeanSquaredLogarithmicError(MeanMetricWrapper):
    def __init__(self, name: str = ..., dtype: Any = ...) -> None: ...
class Poisson(MeanMetricWrapper):
    def __init__(self, name: str = ..., dtype: Any = ...) -> None: ...
class SparseCategoricalCrossentropy(MeanMetricWrapper):
    def __init__(self, name: str = ..., dtype: Any = ..., from_logits: bool = ..., ignore_class: int | None = ..., axis: int = ...) -> None: ...
class SquaredHinge(MeanMetricWrapper):
    def __init__(self, name: str = ..., dtype: Any = ...) -> None: ...
def deserialize(config: Any, custom_objects: Any = ...) -> Any: ...
def get(identifier: Any) -> Any: ...
def serialize(metric: Any) -> Any: ...
