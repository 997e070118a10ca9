"""What a window's absence takes from the score, on closed forms and by hand."""

from __future__ import annotations

import numpy as np
import pytest

import kerasish as keras
from kerasish import explain, layers
from kerasish.errors import ArgumentError
from tests.explain.models import (
    attention,
    image,
    kinds,
    settled,
    table,
    texts,
    two_towers,
    words,
)


def linear(shape, units=2):
    model = keras.Sequential([keras.Input(shape), layers.Flatten(), layers.Dense(units)])
    rng = np.random.default_rng(4)
    return settled(model), rng.normal(size=(3, *shape)).astype("f4")


def test_of_a_linear_model_a_column_counts_its_weight_times_the_difference():
    model, x = linear((4,))
    base = np.array([1.0, 2.0, -1.0, 0.5], "f4")
    w = model.get_weights()[0][:, 1]
    found = explain.occlusion(model, x, 1, baseline=base)
    np.testing.assert_allclose(found.values, w * (x - base), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found.score, model.predict(x, verbose=0)[:, 1], rtol=1e-5)
    assert found.residual is None


@pytest.mark.parametrize(("window", "stride"), [(2, None), (3, 2), ((2, 4), (1, 3)), (9, None)])
def test_squares_are_the_sums_of_their_elements_meaned_where_they_overlap(window, stride):
    model, x = linear((6, 5, 2))
    parts = model.get_weights()[0][:, 0].reshape(6, 5, 2) * x
    total, count = np.zeros(x.shape), np.zeros((6, 5, 1))
    sides = np.broadcast_to(window, 2)
    steps = sides if stride is None else np.broadcast_to(stride, 2)
    for top in range(0, max(6 - sides[0], 0) + steps[0], steps[0]):
        for left in range(0, max(5 - sides[1], 0) + steps[1], steps[1]):
            here = np.s_[:, top : top + sides[0], left : left + sides[1]]
            total[here] += parts[here].sum((1, 2, 3), keepdims=True)
            count[here[1:]] += 1
    found = explain.occlusion(model, x, 0, window=window, stride=stride)
    np.testing.assert_allclose(found.values, total / count, rtol=1e-3, atol=1e-4)


def test_images_by_an_eighth_of_their_sides():
    model, x = image()
    whole = explain.occlusion(model, x, 1)
    assert whole.values.shape == x.shape
    covered = x.copy()
    covered[:, 2, 3] = 0
    before, after = (model.predict(v, verbose=0)[:, 1] for v in (x, covered))
    np.testing.assert_allclose(whole.values[:, 2, 3, 0], before - after, atol=1e-5)
    np.testing.assert_array_equal(whole.values[..., 0], whole.values[..., 2])


def test_steps_of_a_sequence_over_all_channels():
    model, x = linear((4, 3))
    parts = (model.get_weights()[0][:, 0].reshape(4, 3) * x).sum(2)
    found = explain.occlusion(model, x, 0).values
    np.testing.assert_allclose(found, np.repeat(parts[..., None], 3, 2), rtol=1e-3, atol=1e-4)


def test_a_token_is_replaced_by_the_padding_or_what_is_given():
    model, x = words()
    found = explain.occlusion(model, x, 1)
    without = x.copy()
    without[:, 0] = 0
    drop = found.score - model.predict(without, verbose=0)[:, 1]
    np.testing.assert_allclose(found.values[:, 0], drop, atol=1e-5)
    assert (found.values[x == 0] == 0).all()
    other = explain.occlusion(*attention(), 0, baseline=3)
    assert other.values.shape == (3, 5)
    assert other.values[0, 2] == 0  # it is a 3 already


def test_texts_by_the_tokens_that_they_are_read_as():
    model, x = texts()
    found = explain.occlusion(model, x, 1)
    assert found.values.shape == (2, 4)
    shorter = model.predict(np.array([["good film"], ["film"]]), verbose=0)[:, 1]
    np.testing.assert_allclose(found.values[:, 0], found.score - shorter, atol=1e-5)


def test_what_is_read_from_texts_has_the_name_of_its_input():
    model, x = kinds()
    found = explain.occlusion(model, x)
    assert {name: v.shape for name, v in found.values.items()} == {"kind": (3, 3), "age": (3, 1)}
    bare = model.predict(x | {"age": x["age"] * 0}, verbose=0)[:, 0]
    np.testing.assert_allclose(found.values["age"][:, 0], found.score - bare, atol=1e-5)
    again = explain.occlusion(
        model, x, baseline={"age": np.full((1, 1), 2.0), "kind": np.eye(3)[0]}
    )
    assert again.values["age"][1] == 0
    assert explain.gradient_x_input(model, x).values["kind"].shape == (3, 3)


def test_of_several_inputs_one_is_covered_at_a_time():
    model, x = two_towers()
    found = explain.occlusion(model, x, output="price")
    assert found.values["kind"].shape == (4, 1)
    bare = {"numbers": x["numbers"] * [1, 0, 1], "kind": x["kind"]}
    drop = found.score - model.predict(bare, verbose=0)["price"][:, 0]
    np.testing.assert_allclose(found.values["numbers"][:, 1], drop, atol=1e-5)
    base = {"numbers": x["numbers"][1], "kind": np.array([1])}
    from_one = explain.occlusion(model, x, output="price", baseline=base)
    assert (from_one.values["numbers"][1] == 0).all()
    assert (from_one.values["numbers"][0] != 0).all()
    wide = explain.occlusion(model, x, output="price", window={"numbers": 3})
    np.testing.assert_array_equal(wide.values["numbers"][:, 0], wide.values["numbers"][:, 2])


def test_the_number_of_rows_in_a_batch_changes_nothing():
    model, x = table()
    whole = explain.occlusion(model, x, before_activation=True)
    for size in (1, 3, 100):
        parts = explain.occlusion(model, x, before_activation=True, batch_size=size)
        np.testing.assert_allclose(whole.values, parts.values, rtol=1e-4, atol=1e-5)


def test_windows_that_do_not_fit():
    model, x = image()
    with pytest.raises(ArgumentError, match=r"window.*a number, or 2 of them"):
        explain.occlusion(model, x, window=(1, 2, 3, 4))
    with pytest.raises(ArgumentError, match=r"stride.*at most the window"):
        explain.occlusion(model, x, window=2, stride=3)
    with pytest.raises(ArgumentError, match="1 or more"):
        explain.occlusion(model, x, window=0)
    towers, both = two_towers()
    with pytest.raises(ArgumentError, match="'kind', 'numbers'"):
        explain.occlusion(towers, both, output="price", window={"number": 1})
