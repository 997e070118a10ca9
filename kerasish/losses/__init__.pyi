# Written by scripts/make_names.py.
from typing import Any

from kerasish.losses.base import Loss as Loss
from kerasish.losses.base import LossFunctionWrapper as LossFunctionWrapper
from kerasish.losses.margin import CategoricalHinge as CategoricalHinge
from kerasish.losses.margin import Hinge as Hinge
from kerasish.losses.margin import SquaredHinge as SquaredHinge
from kerasish.losses.margin import categorical_hinge as categorical_hinge
from kerasish.losses.margin import hinge as hinge
from kerasish.losses.margin import squared_hinge as squared_hinge
from kerasish.losses.probabilistic import BinaryCrossentropy as BinaryCrossentropy
from kerasish.losses.probabilistic import BinaryFocalCrossentropy as BinaryFocalCrossentropy
from kerasish.losses.probabilistic import CategoricalCrossentropy as CategoricalCrossentropy
from kerasish.losses.probabilistic import CategoricalFocalCrossentropy as CategoricalFocalCrossentropy
from kerasish.losses.probabilistic import CategoricalGeneralizedCrossEntropy as CategoricalGeneralizedCrossEntropy
from kerasish.losses.probabilistic import KLDivergence as KLDivergence
from kerasish.losses.probabilistic import SparseCategoricalCrossentropy as SparseCategoricalCrossentropy
from kerasish.losses.probabilistic import binary_crossentropy as binary_crossentropy
from kerasish.losses.probabilistic import binary_focal_crossentropy as binary_focal_crossentropy
from kerasish.losses.probabilistic import categorical_crossentropy as categorical_crossentropy
from kerasish.losses.probabilistic import categorical_focal_crossentropy as categorical_focal_crossentropy
from kerasish.losses.probabilistic import categorical_generalized_cross_entropy as categorical_generalized_cross_entropy
from kerasish.losses.probabilistic import kl_divergence as kl_divergence
from kerasish.losses.probabilistic import sparse_categorical_crossentropy as sparse_categorical_crossentropy
from kerasish.losses.regression import CosineSimilarity as CosineSimilarity
from kerasish.losses.regression import Huber as Huber
from kerasish.losses.regression import LogCosh as LogCosh
from kerasish.losses.regression import MeanAbsoluteError as MeanAbsoluteError
from kerasish.losses.regression import MeanAbsolutePercentageError as MeanAbsolutePercentageError
from kerasish.losses.regression import MeanSquaredError as MeanSquaredError
from kerasish.losses.regression import MeanSquaredLogarithmicError as MeanSquaredLogarithmicError
from kerasish.losses.regression import Poisson as Poisson
from kerasish.losses.regression import cosine_similarity as cosine_similarity
from kerasish.losses.regression import huber as huber
from kerasish.losses.regression import log_cosh as log_cosh
from kerasish.losses.regression import mean_absolute_error as mean_absolute_error
from kerasish.losses.regression import mean_absolute_percentage_error as mean_absolute_percentage_error
from kerasish.losses.regression import mean_squared_error as mean_squared_error
from kerasish.losses.regression import mean_squared_logarithmic_error as mean_squared_logarithmic_error
from kerasish.losses.regression import poisson as poisson
from kerasish.losses.structured import CTC as CTC
from kerasish.losses.structured import Circle as Circle
from kerasish.losses.structured import Dice as Dice
from kerasish.losses.structured import Tversky as Tversky
from kerasish.losses.structured import circle as circle
from kerasish.losses.structured import ctc as ctc
from kerasish.losses.structured import dice as dice
from kerasish.losses.structured import tversky as tversky

__all__: list[str]
def deserialize(name: Any, custom_objects: Any = ...) -> Any: ...
def get(identifier: Any) -> Any: ...
def serialize(loss: Any) -> Any: ...
