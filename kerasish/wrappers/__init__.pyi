# Written by scripts/make_names.py.
from kerasish.wrappers.estimators import SKLearnClassifier as SKLearnClassifier
from kerasish.wrappers.estimators import SKLearnRegressor as SKLearnRegressor
from kerasish.wrappers.estimators import SKLearnTransformer as SKLearnTransformer

__all__: list[str]
