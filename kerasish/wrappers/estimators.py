"""Models as estimators of scikit-learn; loaded only where one of them is asked for."""

from __future__ import annotations

import copy
import functools
from typing import Any, Self

import numpy as np

from kerasish.errors import ArgumentError, DataError
from kerasish.extras import package
from kerasish.models.clone import clone_model
from kerasish.models.model import Model

_part = functools.partial(package, what="kerasish.wrappers")
_sklearn = _part("sklearn")
_base = _part("sklearn.base")
_routing = _part("sklearn.utils.metadata_routing")
_targets = _part("sklearn.utils.multiclass")
_validation = _part("sklearn.utils.validation")


class Estimator(_base.BaseEstimator):
    """What all wrappers have in common.

    Args:
        model: a compiled `Model`, of which every `fit` trains a copy; or a function of `X` and `y`
            that returns a compiled model.
        warm_start: whether `fit` goes on with the model that the last one trained (the given
            model itself, at first) instead of a new one.
        model_kwargs: further arguments of `model`, where that is a function.
        fit_kwargs: arguments of `Model.fit`; what is given to `fit` itself comes first. Its
            `verbose` is for predictions too.

    Attributes:
        model_: the fitted model.
        history_: what its `fit` returned.
    """

    def __init__(
        self,
        model: Any,
        warm_start: bool = False,
        model_kwargs: dict[str, Any] | None = None,
        fit_kwargs: dict[str, Any] | None = None,
    ) -> None:
        self.model = model
        self.warm_start = warm_start
        self.model_kwargs = model_kwargs
        self.fit_kwargs = fit_kwargs

    def fit(self, X: Any, y: Any, **kwargs: Any) -> Self:
        """Train a model on samples.

        Args:
            X: samples (n, features), a sparse matrix of scipy too.
            y: their targets (n,).
            **kwargs: for `Model.fit`.

        Raises:
            ValueError: samples or targets that scikit-learn does not take.
            ArgumentError: the model is not compiled.
        """
        X, y = _validation.validate_data(self, X, y, accept_sparse="csr")
        y = self._encoded(y)
        model = self._model_for(X, y)
        if not (isinstance(model, Model) and model.compiled and model.loss and model.optimizer):
            raise _NotCompiled(
                type(self).__name__,
                expected="a model that is compiled with an optimizer and a loss",
                received=repr(model),
            )
        self.history_ = model.fit(X, y, **{**(self.fit_kwargs or {}), **kwargs})
        self.model_ = model
        return self

    def predict(self, X: Any) -> np.ndarray:
        """The predictions for samples (n, features), in the form of the targets."""
        return self._decoded(self._outputs(X))

    @property
    def epoch_(self) -> int:
        """The epochs that the last `fit` trained."""
        return len(self.history_.epoch) if hasattr(self, "history_") else 0

    def set_fit_request(self, **kwargs: Any) -> Self:
        """Say which metadata `fit` asks for; see scikit-learn's metadata routing.

        Args:
            **kwargs: a name each, with True, False, None or an alias.

        Raises:
            RuntimeError: metadata routing is off.
        """
        if not _sklearn.get_config().get("enable_metadata_routing", False):
            raise RuntimeError(
                "Metadata routing is off. Switch it on with "
                "sklearn.set_config(enable_metadata_routing=True)."
            )
        requests = self._get_metadata_request()
        for name, alias in kwargs.items():
            requests.fit.add_request(param=name, alias=alias)
        self._metadata_request = requests
        return self

    def _model_for(self, X: Any, y: Any) -> Any:
        if self.warm_start and hasattr(self, "model_"):
            return self.model_
        if isinstance(self.model, Model):
            return self.model if self.warm_start else clone_model(self.model)
        return self.model(X=X, y=y, **(self.model_kwargs or {}))

    def _outputs(self, X: Any) -> np.ndarray:
        _validation.check_is_fitted(self)
        X = _validation.validate_data(self, X, reset=False, accept_sparse="csr")
        return self.model_.predict(X, verbose=(self.fit_kwargs or {}).get("verbose", "auto"))

    def _encoded(self, y: np.ndarray) -> np.ndarray:
        """The targets as the model is trained on them; what undoes it is kept."""
        _kind_of(y)
        self._flat = y.ndim == 1
        return y[:, None] if self._flat else y

    def _decoded(self, outputs: np.ndarray) -> np.ndarray:
        return outputs[:, 0] if self._flat and outputs.shape[1:] == (1,) else outputs

    def __sklearn_clone__(self) -> Self:
        """The same arguments, of which no fit of the one reaches the other."""
        held = self.get_params(deep=False)
        if self.warm_start:
            held["model"] = copy.deepcopy(self.model)
        return type(self)(**held)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.non_deterministic = True
        tags.input_tags.sparse = True
        return tags


class SKLearnClassifier(_base.ClassifierMixin, Estimator):
    """A model that gives a number per class, as a classifier of scikit-learn.

    The model is trained on rows of 0 and 1, one column per class, as a softmax with
    `categorical_crossentropy` takes them. See `Estimator` for the arguments.

    Attributes:
        classes_: the labels, sorted.

    Example:
        >>> import kerasish as keras
        >>> def model_for(X, y):
        ...     last = keras.layers.Dense(y.shape[1], activation="softmax")
        ...     model = keras.Sequential([keras.Input(X.shape[1:]), last])
        ...     model.compile("adam", "categorical_crossentropy")
        ...     return model
        >>> est = keras.wrappers.SKLearnClassifier(model_for, fit_kwargs={"verbose": 0})
        >>> est.fit([[0.0], [1.0]], ["no", "yes"]).predict([[2.0]]).shape
        (1,)
    """

    def decision_function(self, X: Any) -> np.ndarray:
        """What the model gives for samples: a row per sample, a column per class."""
        return self._outputs(X)

    def _encoded(self, y: np.ndarray) -> np.ndarray:
        kind = _kind_of(y)
        if kind not in ("binary", "multiclass"):
            raise DataError(
                "y",
                expected="one class per sample: only binary and multiclass targets are supported",
                received=f"Unknown label type: {kind}",
            )
        self._flat = y.ndim == 1
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) == 1:
            raise DataError(
                "A classifier cannot be trained",
                expected="samples of two classes or more",
                received=f"only one class, {self.classes_[0]}",
            )
        return np.eye(len(self.classes_))[codes.reshape(len(y))]

    def _decoded(self, outputs: np.ndarray) -> np.ndarray:
        labels = self.classes_[np.argmax(outputs, axis=-1)]
        return labels if self._flat else labels[:, None]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = True
        return tags


class SKLearnRegressor(_base.RegressorMixin, Estimator):
    """A model that gives a number per sample, as a regressor of scikit-learn.

    See `Estimator` for the arguments.
    """

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True
        return tags


class SKLearnTransformer(_base.TransformerMixin, Estimator):
    """A model whose outputs are features for what follows, as a transformer of scikit-learn.

    See `Estimator` for the arguments.
    """

    def transform(self, X: Any) -> np.ndarray:
        """What the model gives for samples (n, features)."""
        return self._outputs(X)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags


class _NotCompiled(ArgumentError, RuntimeError):
    """Keras raises a RuntimeError here."""


def _kind_of(y: np.ndarray) -> str:
    kind = _targets.type_of_target(y)
    if kind == "unknown":
        raise DataError(
            "y", expected="classes or numbers", received=f"Unknown label type: dtype {y.dtype}"
        )
    return kind
