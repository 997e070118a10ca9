"""Scores of classes and quantities, held to scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest

from kerasish import losses, metrics
from kerasish.preparation.scores import confusion, in_units, of_classes, of_quantities, scores
from kerasish.preparation.way_back import Output, Target


def test_scores_are_scikit_learns() -> None:
    sklearn = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    true, predicted = rng.integers(0, 4, 200), rng.integers(0, 3, 200)
    counts = confusion(true, predicted, 4)
    np.testing.assert_array_equal(counts, sklearn.confusion_matrix(true, predicted))
    wanted = sklearn.precision_recall_fscore_support(true, predicted, zero_division=0)
    for found, one in zip(scores(counts), wanted, strict=True):
        np.testing.assert_allclose(found, one)


def test_classes_by_hand() -> None:
    output = Output(Target("y", ("y",), ("a", "b", "c"), ()), "class")
    predicted = np.array([[0.9, 0.1, 0.0], [0.2, 0.7, 0.1], [0.6, 0.3, 0.1], [0.1, 0.8, 0.1]])
    found = of_classes(output, np.array([0, 1, 1, 1]), predicted)
    assert found["accuracy"] == 0.75
    assert found["confusion"] == [[1, 0, 0], [1, 2, 0], [0, 0, 0]]
    assert found["per_class"]["b"] == {
        "precision": 1.0, "recall": pytest.approx(2 / 3), "f1": pytest.approx(0.8), "support": 3
    }  # fmt: skip
    assert found["per_class"]["c"]["f1"] == 0
    one_hot = np.eye(3)[[0, 1, 1, 1]]
    assert of_classes(output, one_hot, predicted) == found


def test_yes_or_no_by_hand() -> None:
    output = Output(Target("y", ("y",), ("no", "yes"), ()), "yes or no")
    found = of_classes(output, np.array([0, 1, 1]), np.array([[0.2], [0.9], [0.4]]))
    assert (found["classes"], found["confusion"]) == (["no", "yes"], [[1, 0], [1, 1]])


def test_what_is_asked_for_has_its_meaning_in_units() -> None:
    true, predicted = np.array([0.0, 10, 20, 40]), np.array([1.0, 9, 24, 40])
    found = in_units(true, predicted)
    wanted = {"mae": 1.5, "rmse": 4.5**0.5, "median_absolute_error": 1}
    assert found == pytest.approx(wanted)
    asked = [
        metrics.MeanSquaredError(name="squares"),
        metrics.MeanMetricWrapper(losses.mean_absolute_percentage_error),
        metrics.R2Score(),
        metrics.MeanSquaredLogarithmicError(),
        metrics.MeanAbsoluteError(),
    ]
    more = {"mse": 4.5, "mape": 10, "r2": 1 - 18 / np.square(true - true.mean()).sum()}
    assert in_units(true, predicted, asked) == pytest.approx(wanted | more)


def test_quantities_are_in_units() -> None:
    from kerasish import layers

    undo = layers.Normalization(mean=[10.0], variance=[4.0], invert=True)
    output = Output(Target("y", ("y",), None, (undo,)), "quantity")
    found = of_quantities(output, np.array([[0.0], [1.0]]), np.array([[11.0], [15.0]]))
    assert found["mae"] == pytest.approx(2)
    assert found["rmse"] == pytest.approx(5**0.5)
    assert (found["median"], found["largest"]) == (pytest.approx(2), pytest.approx(3))
    assert found["mean_of_target"] == pytest.approx(11)


def test_quantities_of_several_columns_have_errors_of_their_own() -> None:
    output = Output(Target("both", ("cost", "days"), None, ()), "quantity")
    true, said = np.array([[100.0, 1], [300, 2]]), np.array([[110.0, 1], [270, 3]])
    found = of_quantities(output, true, said)["per_column"]
    assert {name: one["mae"] for name, one in found.items()} == {"cost": 20, "days": 0.5}
    assert found["days"]["r2"] == pytest.approx(1 - 0.5 / 0.25)
