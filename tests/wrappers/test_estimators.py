"""scikit-learn's own checks of estimators, and what its tools do with them."""

from __future__ import annotations

import contextlib
import pickle
import unittest

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import make_classification, make_regression
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import estimator_checks_generator

import kerasish as keras
from kerasish.wrappers import SKLearnClassifier, SKLearnRegressor, SKLearnTransformer

QUIET = {"verbose": 0}


def model_for(X, y, loss="mse", units=(8,), activation=None):
    keras.utils.set_random_seed(1)  # the checks ask for equal results of equal fits
    model = keras.Sequential([keras.Input(X.shape[1:])])
    for size in units:
        model.add(keras.layers.Dense(size, "relu"))
    model.add(keras.layers.Dense(y.shape[1], activation))
    model.compile(keras.optimizers.RMSprop(0.01), loss)
    return model


def classifier(**options):
    given = {"loss": "categorical_crossentropy", "activation": "softmax"}
    return SKLearnClassifier(model_for, model_kwargs=given, **options)


# Keras's own tests of its wrappers expect six more.
EXPECTED = {
    "SKLearnClassifier": {
        "check_classifiers_classes": "a few epochs may not find every class",
        "check_classifiers_train": "decision_function gives a column per class",
    }
}


ESTIMATORS = [
    classifier(fit_kwargs={"epochs": 5, **QUIET}),
    SKLearnRegressor(model_for, fit_kwargs=QUIET),
    SKLearnTransformer(model_for, fit_kwargs=QUIET),
]


def checks():
    """scikit-learn's checks, under names that are the same in every process."""
    for number, estimator in enumerate(ESTIMATORS):
        name = type(estimator).__name__
        for _, check in estimator_checks_generator(estimator):
            what = check.func.__name__
            reason = EXPECTED.get(name, {}).get(what)
            marks = [pytest.mark.xfail(reason=reason, strict=False)] if reason else []
            yield pytest.param(number, check, marks=marks, id=f"{name}-{what}")


@pytest.mark.parametrize(("number", "check"), list(checks()))
def test_checks_of_scikit_learn(number, check):
    with contextlib.suppress(unittest.SkipTest):  # scikit-learn says that it does not apply
        check(clone(ESTIMATORS[number]))


X, Y = make_classification(120, 6, n_informative=4, n_classes=3, random_state=0)
NAMES = np.array(["a", "b", "c"])[Y]


def test_a_classifier_learns_labels_of_any_kind():
    fitted = classifier(fit_kwargs={"epochs": 60, **QUIET}).fit(X, NAMES)
    assert fitted.classes_.tolist() == ["a", "b", "c"]
    assert fitted.score(X, NAMES) > 0.8
    assert fitted.epoch_ == 60
    rows = fitted.decision_function(X)
    assert rows.shape == (120, 3)
    np.testing.assert_array_equal(fitted.classes_[rows.argmax(1)], fitted.predict(X))


def test_a_regressor_and_a_transformer():
    x, y = make_regression(80, 4, random_state=0)
    y /= y.std()
    fitted = SKLearnRegressor(model_for, fit_kwargs={"epochs": 80, **QUIET}).fit(x, y)
    assert fitted.predict(x).shape == (80,)
    assert fitted.score(x, y) > 0.7
    made = SKLearnTransformer(model_for, fit_kwargs=QUIET).fit(x, y)
    assert made.transform(x).shape == (80, 1)


def test_grid_search_in_two_processes():
    scaled = make_pipeline(StandardScaler(), classifier(fit_kwargs={"epochs": 10, **QUIET}))
    asked = {
        "sklearnclassifier__model_kwargs": [
            {"loss": "categorical_crossentropy", "activation": "softmax", "units": units}
            for units in ((), (16,))
        ]
    }
    search = GridSearchCV(scaled, asked, cv=2, n_jobs=2).fit(X, NAMES)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_estimator_.predict(X).shape == (120,)
    scores = cross_val_score(classifier(fit_kwargs={"epochs": 30, **QUIET}), X, NAMES, cv=3)
    assert scores.mean() > 0.5


def test_clones_copies_and_parameters():
    fitted = classifier(fit_kwargs=QUIET).fit(X, NAMES)
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.decision_function(X), fitted.decision_function(X))
    bare = clone(fitted)
    assert not hasattr(bare, "model_")
    assert bare.fit_kwargs == QUIET
    assert bare.set_params(fit_kwargs={"epochs": 2, **QUIET}).fit(X, NAMES).epoch_ == 2
    assert fitted.fit(X, NAMES, epochs=3).epoch_ == 3
    assert fitted.fit_kwargs == QUIET


def test_a_model_is_copied_unless_it_is_to_go_on():
    given = model_for(X, np.eye(3), "categorical_crossentropy", activation="softmax")
    before = given.get_weights()
    fitted = SKLearnClassifier(given, fit_kwargs=QUIET).fit(X, NAMES)
    assert fitted.model_ is not given
    assert all(map(np.array_equal, before, given.get_weights()))
    warm = SKLearnClassifier(given, warm_start=True, fit_kwargs=QUIET).fit(X, NAMES)
    assert warm.model_ is given
    assert clone(warm).model is not given
    warm = classifier(warm_start=True, fit_kwargs=QUIET).fit(X, NAMES)
    assert warm.fit(X, NAMES).model_.optimizer.iterations.numpy() == 8


def test_texts_as_sparse_matrices():
    texts = ["good film", "bad film", "very good", "very bad", "good", "bad"] * 8
    steps = make_pipeline(TfidfVectorizer(), classifier(fit_kwargs={"epochs": 60, **QUIET}))
    assert steps.fit(texts, [1, 0] * 24).predict(["good", "bad"]).tolist() == [1, 0]


def test_errors():
    with pytest.raises(RuntimeError, match="compiled with an optimizer"):
        SKLearnRegressor(keras.Sequential([keras.layers.Dense(1)])).fit(X, Y)
    with pytest.raises(ValueError, match="only one class, 1"):
        classifier().fit(X, np.ones(120))
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        classifier().fit(X, X[:, 0])
    with pytest.raises(RuntimeError, match="enable_metadata_routing"):
        classifier().set_fit_request(sample_weight=True)


def test_weights_are_routed():
    import sklearn

    with sklearn.config_context(enable_metadata_routing=True):
        estimator = classifier(fit_kwargs=QUIET).set_fit_request(sample_weight=True)
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        steps = make_pipeline(scaler, estimator)
        steps.fit(X, NAMES, sample_weight=np.zeros(120))
    weights = steps[-1].model_.get_weights()
    assert steps[-1].history_.history["loss"] == [0.0]
    assert len(weights) == 4
