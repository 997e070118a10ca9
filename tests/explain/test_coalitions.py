"""Shapley values: the definition, closed forms, efficiency, groups; permutation importance."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

import kerasish as keras
from kerasish import explain, layers, ops
from kerasish.errors import ArgumentError
from kerasish.explain.altered import Altered
from tests.explain.models import kinds, lack, settled, table, texts, two_towers, words


def rows(count, columns, seed=5):
    return np.random.default_rng(seed).normal(size=(count, columns)).astype("f4")


def of(function, columns):
    """A model that is a function of its columns."""
    x = keras.Input((columns,))
    return keras.Model(x, function(x))


@pytest.mark.parametrize("samples", [None, 4])
def test_of_a_linear_model_it_is_the_weight_times_the_difference_from_the_mean(samples):
    model = settled(keras.Sequential([keras.Input((6,)), layers.Dense(3)]))
    x, held = rows(4, 6), rows(7, 6, 6)
    found = explain.shapley(model, x, 2, background=held, samples=samples)
    w = model.get_weights()[0][:, 2]
    np.testing.assert_allclose(found.values, w * (x - held.mean(0)), rtol=1e-3, atol=1e-5)


def defined(say, x, held):
    """Every order of the columns, as Shapley wrote it: {column: mean gain}."""
    n = len(x)

    def worth(inside):
        mixed = held.copy()
        mixed[:, list(inside)] = x[list(inside)]
        return say(mixed).mean()

    found = np.zeros(n)
    for order in itertools.permutations(range(n)):
        for place, column in enumerate(order):
            found[column] += worth(order[: place + 1]) - worth(order[:place])
    return found / math.factorial(n)


def test_as_defined_by_all_orders():
    model, x = table()
    held = rows(3, 5, 8)

    def say(mixed):
        return model.predict(mixed, verbose=0)[:, 1].astype("f8")

    found = explain.shapley(model, x[:2], 1, background=held)
    for row in range(2):
        np.testing.assert_allclose(found.values[row], defined(say, x[row], held), atol=1e-5)
    np.testing.assert_allclose(lack(found), 0, atol=1e-6)
    np.testing.assert_allclose(
        found.values.sum(1), found.score - say(held).mean(), rtol=1e-4, atol=1e-6
    )


def test_sampled_values_come_near_the_exact_ones_and_say_how_near():
    model, x = table()
    held = rows(5, 5, 8)
    exact = explain.shapley(model, x, 1, background=held)
    near = explain.shapley(model, x, 1, background=held, samples=200)
    off = np.abs(near.values - exact.values)
    assert near.error is not None
    assert exact.error is None
    assert (off <= 5 * near.error + 1e-6).all()
    assert off.max() < 0.03
    np.testing.assert_allclose(lack(near), 0, atol=1e-6)
    other = explain.shapley(model, x, 1, background=held, samples=200, seed=1)
    assert np.abs(other.values - near.values).max() > 0


def test_many_columns_are_sampled_and_add_up():
    model = of(lambda x: ops.sum(ops.prod(ops.reshape(x, (-1, 5, 3)), axis=2), 1, True), 15)
    x, held = rows(2, 15), rows(6, 15, 9)
    found = explain.shapley(model, x, background=held)
    assert found.error is not None
    difference = found.score - model.predict(held, verbose=0).mean()
    np.testing.assert_allclose(found.values.sum(1), difference, rtol=1e-4, atol=1e-5)


def test_players_that_do_the_same_count_the_same_and_those_that_do_nothing_nothing():
    model = of(lambda x: ops.maximum(x[:, :1], x[:, 1:2]) * x[:, 2:3], 4)
    x = np.array([[2, 2, 3, 9]], "f4")
    held = np.array([[0, 0, 1, 5], [-1, -1, 2, 3]], "f4")
    found = explain.shapley(model, x, background=held).values[0]
    np.testing.assert_allclose(found[0], found[1], rtol=1e-6)
    assert abs(found[3]) < 1e-6 < abs(found[2])
    sampled = explain.shapley(model, x, background=held, samples=20).values[0]
    assert abs(sampled[3]) < 1e-6


def test_a_group_is_one_player():
    model = of(lambda x: x[:, :1] * x[:, 1:2] + x[:, 2:3], 3)
    x, held = np.array([[3, 4, 5]], "f4"), np.zeros((1, 3), "f4")
    found = explain.shapley(model, x, background=held, groups={"area": [0, 1]})
    assert set(found.players) == {"area", "x[2]"}
    np.testing.assert_allclose(found.players["area"], 12, rtol=1e-5)
    np.testing.assert_allclose(found.values, [[6, 6, 5]], rtol=1e-5)
    listed = explain.shapley(model, x, background=held, groups=[[-1, 0]])
    np.testing.assert_allclose(listed.players["group 0"], (5 + 17) / 2)
    np.testing.assert_allclose(listed.values.sum(), 17, rtol=1e-5)


def test_of_several_inputs_looked_up_and_one_hot_kinds_are_players():
    model, x = two_towers()
    held = {"numbers": rows(3, 3), "kind": np.array([[1], [2], [2]])}
    found = explain.shapley(model, x, 0, background=held, output="price")
    assert set(found.players) == {"kind", "numbers[0]", "numbers[1]", "numbers[2]"}
    np.testing.assert_allclose(lack(found), 0, atol=1e-5)
    one, flags = keras.Input((1,), name="one"), keras.Input((3,), name="flags")
    twin = settled(keras.Model([one, flags], layers.Dense(1)(layers.concatenate([one, flags]))))
    given = [rows(2, 1), np.eye(3, dtype="f4")[[0, 2]]]
    found = explain.shapley(twin, given, background=[rows(4, 1), np.eye(3)[[0, 1, 1, 2]]])
    assert len(found.players) == 2
    named = explain.shapley(
        model, x, background=held, output="price", groups={"both": ["kind", ("numbers", 1)]}
    )
    assert set(named.players) == {"both", "numbers[0]", "numbers[2]"}


def test_a_kind_that_is_read_from_text_is_a_player():
    model, x = kinds()
    found = explain.shapley(model, x, background=x)
    assert set(found.players) == {"kind", "age"}
    np.testing.assert_allclose(lack(found), 0, atol=1e-5)
    model, x = texts()
    assert explain.shapley(model, x, 0, background=x).values.shape == (2, 4)
    with pytest.raises(ArgumentError, match="a number of"):
        explain.shapley(model, x, 0, background=np.array([[""]]))  # the mean of no token is NaN


def test_tokens():
    model, x = words()
    found = explain.shapley(model, x, 1, background=np.zeros((1, 5), "i4"))
    assert found.values.shape == x.shape
    np.testing.assert_allclose(lack(found), 0, atol=1e-5)
    np.testing.assert_allclose(found.values[x == 0], 0, atol=1e-6)


@pytest.mark.parametrize("samples", [None, 6])
def test_the_number_of_rows_in_a_batch_changes_nothing(samples):
    model, x = table()
    held = rows(3, 5, 8)
    whole = explain.shapley(model, x, background=held, samples=samples)
    for size in (1, 7, 5000):
        parts = explain.shapley(model, x, background=held, samples=samples, batch_size=size)
        np.testing.assert_allclose(whole.values, parts.values, rtol=1e-4, atol=1e-5)


def test_no_more_rows_than_a_batch_are_evaluated_together(monkeypatch):
    model, x = table()
    sizes = set()

    class Spy(Altered):
        def each(self, total, make):
            def watched(which):
                sizes.add(len(which))
                return make(which)

            return super().each(total, watched)

    monkeypatch.setattr("kerasish.explain.coalitions.Altered", Spy)
    explain.shapley(model, x, background=rows(9, 5), batch_size=10)
    explain.shapley(model, x, background=rows(9, 5), batch_size=10, samples=4)
    assert sizes == {5, 10}  # 5: the rows themselves


def test_what_does_not_fit():
    model, x = table()
    with pytest.raises(ArgumentError, match=r"background.*rows of \[\(5,\)\]"):
        explain.shapley(model, x, background=rows(2, 4))
    with pytest.raises(ArgumentError, match="even"):
        explain.shapley(model, x, background=x, samples=3)
    with pytest.raises(ArgumentError, match=r"groups.*'a' too"):
        explain.shapley(model, x, background=x, groups={"a": [0, 1], "b": [1]})
    with pytest.raises(ArgumentError, match="number of a column"):
        explain.shapley(model, x, background=x, groups=[[5]])
    with pytest.raises(ArgumentError, match=r"\{name: columns\}"):
        explain.shapley(model, x, background=x, groups="where")
    towers, both = two_towers()
    with pytest.raises(ArgumentError, match=r"\(input, number\)"):
        explain.shapley(towers, both, background=both, output="price", groups=[[0]])
    with pytest.raises(ArgumentError, match="kind"):
        explain.shapley(towers, both, background=both, output="price", groups=[["kinds"]])


# --- permutation importance -------------------------------------------------------------------


def regression():
    """A model that knows y = 3 a - b, and data of four columns."""
    model = keras.Sequential([keras.Input((4,)), layers.Dense(1, use_bias=False)])
    model.set_weights([np.array([[3.0], [-1.0], [0.0], [0.0]])])
    model.compile(loss="mse", metrics=["mae", keras.metrics.R2Score()])
    x = rows(500, 4)
    return model, x, x @ np.array([[3.0], [-1.0], [0.0], [0.0]], "f4")


def test_shuffling_a_column_of_a_linear_model_costs_twice_its_variance():
    model, x, y = regression()
    found = explain.permutation_importance(model, x, y, repeats=20)
    expected = 2 * np.array([9, 1, 0, 0]) * x.var(axis=0)
    np.testing.assert_allclose(found.mean, expected, rtol=0.05, atol=1e-5)
    assert found.every.shape == (4, 20)
    np.testing.assert_allclose(found.deviation, found.every.std(1))
    assert found.score < 1e-9
    lines = repr(found).splitlines()
    assert [line.split()[0] for line in lines[1:3]] == ["x[0]", "x[1]"]
    assert "x[0]" in found._repr_html_()


def test_a_metric_that_should_be_large_gets_worse_by_getting_small():
    model, x, y = regression()
    found = explain.permutation_importance(model, x, y, metric="r2_score")
    np.testing.assert_allclose(found.mean[:2], np.array([1.8, 0.2]), rtol=0.2)
    assert (found.mean[2:] == 0).all()
    assert found.score == pytest.approx(1)
    with pytest.raises(ArgumentError, match="r2_score"):
        explain.permutation_importance(model, x, y, metric="r2")


def test_features_by_name_and_in_groups():
    model, x = two_towers()
    model.compile(loss={"price": "mse"})
    y = {"price": np.ones((4, 1))}
    found = explain.permutation_importance(
        model, x, y, groups={"both": ["kind", ("numbers", 0)]}, batch_size=2
    )
    assert found.names == ("both", "numbers[1]", "numbers[2]")
    again = explain.permutation_importance(
        model, x, y, groups={"both": ["kind", ("numbers", 0)]}, batch_size=4
    )
    np.testing.assert_allclose(found.every, again.every, rtol=1e-4, atol=1e-6)
    one = {k: v[:1] for k, v in x.items()}
    with pytest.raises(ArgumentError, match="two rows"):
        explain.permutation_importance(model, one, {"price": np.ones((1, 1))})
