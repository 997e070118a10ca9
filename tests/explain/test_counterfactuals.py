"""The nearest input with another decision, on boundaries whose distance is known."""

from __future__ import annotations

import numpy as np
import pytest

import kerasish as keras
from kerasish import explain, layers, ops
from kerasish.errors import ArgumentError
from tests.explain.models import attention, image, kinds, table, two_towers

W, B = np.array([2.0, -1.0, 0.5], "f4"), -1.0


def line(activation: str | None = "sigmoid"):
    """One unit: 2 a - b + c / 2 - 1."""
    model = keras.Sequential([keras.Input((3,)), layers.Dense(1, activation)])
    model.set_weights([W[:, None], np.array([B])])
    return model, np.random.default_rng(7).normal(size=(6, 3)).astype("f4")


def lacking(x, wanted):
    """What the score must rise by to be past the boundary."""
    score = x @ W + B
    return np.where(wanted == 1, np.maximum(1e-3 - score, 0), -np.maximum(score + 1e-3, 0))


@pytest.mark.parametrize("wanted", [0, 1, np.array([0, 1, 0, 1, 0, 1])])
def test_by_the_first_norm_one_column_moves_just_past_the_boundary(wanted):
    model, x = line()
    found = explain.counterfactual(model, x, wanted, l2=0.0)
    expected = x.astype("f8")
    expected[:, 0] += lacking(x, wanted) / W[0]
    assert found.found.all()
    np.testing.assert_allclose(found.values, expected, atol=2e-3)
    assert ((found.after[:, 0] > 0.5) == wanted).all()
    np.testing.assert_allclose(found.distance, np.abs(found.values - x).sum(1), rtol=1e-3)


def test_by_the_second_norm_it_is_the_foot_of_the_perpendicular():
    model, x = line()
    found = explain.counterfactual(model, x, 1, l1=0.0, l2=1.0)
    np.testing.assert_allclose(found.values, x + np.outer(lacking(x, 1), W) / (W @ W), atol=5e-3)


def test_the_scale_is_the_deviation_in_the_background():
    model, x = line()
    background = np.array([[0.0, 0.0, 0.0], [0.1, 9.0, 0.1], [-0.1, -9.0, -0.1]])
    found = explain.counterfactual(model, x, 1, l2=0.0, background=background)
    moved = lacking(x, 1) > 0
    changed = found.values != x
    assert (changed[moved] == [False, True, False]).all()  # 9 of b cost what 0.1 of a does


def test_columns_that_may_not_change_ranges_and_whole_numbers():
    model, x = line()
    x = np.round(x * 3)
    found = explain.counterfactual(
        model, x, 1, fixed=0, bounds={1: (-2, None)}, whole_numbers=[1, 2], rate=0.3
    )
    low = lacking(x, 1) > 0
    assert found.found.all()
    np.testing.assert_array_equal(found.values[:, 0], x[:, 0])
    assert (found.values[low, 1] >= np.minimum(x[low, 1], -2)).all()
    np.testing.assert_array_equal(found.values, np.round(found.values))
    np.testing.assert_array_equal(found.values[~low], x[~low])
    assert (found.distance[~low] == 0).all()


def test_it_says_where_there_is_none():
    model, x = line()
    found = explain.counterfactual(model, x, 1, bounds=(-0.2, 0.2), l2=0.0)
    best = np.maximum(x, 0.2) @ [2, 0, 0.5] - np.minimum(x[:, 1], -0.2) + B
    np.testing.assert_array_equal(found.found, best > 1e-3)
    assert not found.found.all()
    np.testing.assert_array_equal(found.values[~found.found], x[~found.found])
    assert np.isinf(found.distance[~found.found]).all()
    assert "none found" in repr(found)


def test_what_changes_is_told():
    model, _ = line()
    found = explain.counterfactual(model, np.zeros((1, 3), "f4"), 1, l2=0.0)
    ((change,),) = found.changes
    assert (change.name, change.before) == ("x[0]", 0.0)
    assert change.after == pytest.approx(0.5005, abs=1e-4)
    text = repr(found)
    assert "row 0: the model says [0.269] -> [0.5]" in text
    assert "x[0]: 0 -> 0.5005" in text
    assert "0.5005" in found._repr_html_()


def test_of_several_classes_the_wanted_one_is_largest():
    model, x = table()
    said = model.predict(x, verbose=0).argmax(1)
    wanted = (said + 1) % 3
    found = explain.counterfactual(model, x, wanted)
    after = model.predict(found.values, verbose=0)
    assert found.found.mean() >= 0.8
    assert (after.argmax(1) == wanted)[found.found].all()
    np.testing.assert_allclose(found.after, after, rtol=1e-4, atol=1e-6)
    same = explain.counterfactual(model, x, said)
    np.testing.assert_array_equal(same.values, x)


def test_a_range_of_a_regression_and_of_a_probability():
    model, x = line(None)
    found = explain.counterfactual(model, x, (2.0, 3.0), l2=0.0)
    after = model.predict(found.values, verbose=0)[:, 0]
    assert ((after >= 2) & (after <= 3)).all()
    low = x @ W + B < 2
    np.testing.assert_allclose(after[low], 2.001, atol=2e-3)
    model, x = line()
    found = explain.counterfactual(model, x, (0.7, None))
    assert (model.predict(found.values, verbose=0) >= 0.7).all()


def test_images_and_inputs_by_name():
    model, x = image()
    wanted = (model.predict(x, verbose=0).argmax(1) + 1) % 3
    found = explain.counterfactual(model, x, wanted, steps=60)
    assert found.values.shape == x.shape
    assert found.found.any()
    after = model.predict(found.values, verbose=0).argmax(1)
    np.testing.assert_array_equal(after[found.found], wanted[found.found])
    towers, both = two_towers()
    said = towers.predict(both, verbose=0)["class"].argmax(1)
    found = explain.counterfactual(
        towers, both, (said + 1) % 3, output="class", fixed=("numbers", 1)
    )
    np.testing.assert_array_equal(found.values["kind"], both["kind"])
    np.testing.assert_array_equal(found.values["numbers"][:, 1], both["numbers"][:, 1])
    assert {c.name for row in found.changes for c in row} <= {"numbers[0]", "numbers[2]"}


def test_what_is_read_from_texts_stays():
    model, x = kinds()
    model.layers[-1].set_weights([np.array([[0.0], [9], [-9], [1]]), np.array([-4.5])])
    found = explain.counterfactual(model, x, np.array([0, 1, 1]))
    assert {c.name for row in found.changes for c in row} == {"age"}
    np.testing.assert_allclose(found.values["age"][:, 0], [-4.5, 13.5, 4.5], atol=0.05)


def test_the_number_of_rows_in_a_batch_changes_nothing():
    model, x = line()
    whole = explain.counterfactual(model, x, 1)
    parts = explain.counterfactual(model, x, 1, batch_size=4)
    np.testing.assert_allclose(whole.values, parts.values, atol=1e-3)


def test_what_makes_no_sense():
    model, x = line()
    for wanted in (2, -1, 0.5, "yes"):
        with pytest.raises(ArgumentError, match="a class of 0 to 1"):
            explain.counterfactual(model, x, wanted)
    with pytest.raises(ArgumentError, match="wider than twice the margin"):
        explain.counterfactual(model, x, (0.5, 0.5))
    with pytest.raises(ArgumentError, match="low <= high"):
        explain.counterfactual(model, x, 1, bounds={0: (1, 0)})
    with pytest.raises(ArgumentError, match=r"fixed.*number of a column"):
        explain.counterfactual(model, x, 1, fixed=[3])
    with pytest.raises(ArgumentError, match="one unit and no sigmoid"):
        explain.counterfactual(line(None)[0], x, 1)
    with pytest.raises(ArgumentError, match="input of floats"):
        explain.counterfactual(*attention(), 1)
    stepped = keras.Sequential([keras.Input((3,)), layers.Dense(1), layers.Activation("sigmoid")])
    assert explain.counterfactual(stepped, x, 1).found.any()
    flat = keras.Input((3,))
    constant = keras.Model(flat, ops.sigmoid(ops.sum(flat * 0, axis=1, keepdims=True) - 1))
    assert not explain.counterfactual(constant, x, 1).found.any()
