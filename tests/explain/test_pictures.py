"""Pictures of attributions: colours and lengths follow values, names are escaped, files open."""

from __future__ import annotations

import base64
import io
import re
import struct
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

import kerasish as keras
from kerasish import explain, layers
from kerasish.errors import ArgumentError
from kerasish.explain import pictures
from kerasish.explain.panels import kind_of
from kerasish.showing.page.heat import LESS, MORE, css, tinted
from tests.explain.models import attention, image, settled, table, two_towers, words

EVIL = '<img src="http://x.org/y"> & \x02'


def made(values: Any, x: Any, **names: Any) -> explain.Attribution:
    """An attribution of given values."""
    rows = len(values if isinstance(values, np.ndarray) else next(iter(values.values())))
    score, target = np.ones(rows, np.float32), np.zeros((rows, 1), int)
    found = explain.Attribution("LRP", values, x, score, target, np.full(rows, 0.125))
    return found.with_names(**names) if names else found


def svg(found: Any) -> ElementTree.Element:
    return ElementTree.fromstring(found._picture().sheet().svg())


def of(root: ElementTree.Element, kind: str) -> list[ElementTree.Element]:
    return [one for one in root.iter() if one.tag.split("}")[1] == kind]


def texts(root: ElementTree.Element) -> list[str]:
    return [one.text or "" for one in of(root, "text")]


def images(root: ElementTree.Element) -> list[np.ndarray]:
    data = [one.get("href", "").split(",")[1] for one in of(root, "image")]
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(d)))) for d in data]


def bars(root: ElementTree.Element) -> dict[str, ElementTree.Element]:
    """Rectangles by the first word of what they tell."""
    told = {one: one.findtext("{*}title") for one in of(root, "rect")}
    return {text.split(":")[0]: one for one, text in told.items() if text}


def test_of_a_table_the_bars_are_as_long_as_the_values_and_on_their_side():
    values = np.array([[0.5, -1.0, 0.25]])
    root = svg(made(values, np.array([[7.0, 8.0, 9.5]]), features=["a", "b", "c"]))
    found = bars(root)
    assert list(found) == ["b", "a", "c"]  # the largest first
    wide = {name: float(one.get("width", "0")) for name, one in found.items()}
    assert wide["b"] == pytest.approx(2 * wide["a"], abs=0.1)
    assert wide["a"] == pytest.approx(2 * wide["c"], abs=0.1)
    left = {name: float(one.get("x", "0")) for name, one in found.items()}
    assert left["a"] == left["c"] == pytest.approx(left["b"] + wide["b"], abs=0.1)
    assert [found[n].get("fill") for n in "abc"] == [css(MORE), css(LESS), css(MORE)]
    assert {"= 7", "= 9.5", "+0.5", "−1", "residual"} <= {t.split("  ")[0] for t in texts(root)} | {
        "residual"
    }


def test_many_columns_are_summed_up():
    values = np.linspace(1, 2, 30)[None]
    root = svg(made(values, values))
    found = bars(root)
    assert len(found) == 20
    assert "11 others" in found
    assert any(t == "11 others" for t in texts(root))


def test_of_an_image_each_pixel_has_the_colour_of_its_value():
    values = np.zeros((1, 6, 6, 1))
    values[0, 1, 2], values[0, 3, 4], values[0, 5, 5] = 0.8, -0.8, 0.4
    x = np.zeros((1, 6, 6, 1), np.float32)
    x[0, 0, 0] = 1.0
    plain, heat, _ = images(svg(made(values, x)))
    assert plain[0, 0].tolist() == [255] * 3
    assert heat[1, 2].tolist() == MORE.tolist()
    assert heat[3, 4].tolist() == LESS.tolist()
    assert heat[5, 5].tolist() == tinted(0.5, 190).tolist()
    assert heat[0, 1].tolist() == [190] * 3
    assert heat[0, 0].tolist() == [255] * 3


def test_channels_of_an_image_are_summed_and_may_come_first():
    rng = np.random.default_rng(0)
    values, x = rng.normal(size=(1, 7, 8, 3)), rng.uniform(size=(1, 7, 8, 3)).astype("f4")
    last = images(svg(made(values, x)))
    first = images(svg(made(np.moveaxis(values, -1, 1), np.moveaxis(x, -1, 1))))
    summed = images(svg(made(values.sum(-1), x)))
    for other in (first, summed):
        for one, two in zip(last, other, strict=True):
            np.testing.assert_array_equal(one, two)


def test_of_a_text_each_word_has_the_colour_of_its_value():
    values = np.array([[0.5, -1.0, 0.0, 0.0]])
    vocabulary = ["", "bad", "very", EVIL]
    root = svg(made(values, np.array([[2, 1, 3, 0]]), vocabulary=vocabulary))
    found = bars(root)
    assert found["very"].get("fill") == css(tinted(0.5))
    assert found["bad"].get("fill") == css(LESS)
    assert len(found) == 3  # padding is left out
    assert EVIL.replace("\x02", "\\x02") in texts(root)
    own = svg(made(values, np.array([[2, 1, 3, 0]]), tokens=[["x", "y"]]))
    assert list(bars(own)) == ["x", "y"]


def test_of_a_sequence_each_moment_has_the_colour_of_its_value():
    values = np.zeros((1, 10, 2))
    values[0, 3, 0], values[0, 5, 1] = 2.0, -1.0
    root = svg(made(values, np.zeros((1, 10, 2)), features=["up", EVIL]))
    up, down, _ = images(root)
    assert up[0, 3].tolist() == MORE.tolist()
    assert down[0, 5].tolist() == tinted(-0.5).tolist()
    assert up[0, 4].tolist() == [255] * 3


def test_of_a_sound_pieces_are_summed():
    values = np.zeros((1, 4300, 1))
    values[0, 100:110] = 1.0
    _, bins = images(svg(made(values, np.zeros((1, 4300, 1)))))[::-1]
    assert bins.shape == (1, 430, 3)
    assert bins[0, 10].tolist() == MORE.tolist()
    assert bins[0, 11].tolist() == [255] * 3


def test_of_a_spectrogram_time_is_across_and_the_last_axis_upwards():
    values = np.zeros((1, 9, 7))
    values[0, 2, 1] = 1.0
    _, heat, _ = images(svg(made(values, np.zeros((1, 9, 7)))))
    assert heat.shape == (7, 9, 3)
    assert heat[5, 2].tolist() == MORE.tolist()


@pytest.mark.parametrize(
    ("shape", "dtype", "kind"),
    [
        ((5,), "f4", "table"),
        ((), "f4", "table"),
        ((1,), "i4", "table"),
        ((5,), "i4", "text"),
        ((5,), "U3", "text"),
        ((4000,), "f4", "sequence"),
        ((40, 3), "f4", "sequence"),
        ((28, 28), "f4", "image"),
        ((90, 40), "f4", "spectrogram"),
        ((8, 9, 3), "u1", "image"),
    ],
)
def test_the_kind_is_found_from_the_input(shape, dtype, kind):
    x = np.zeros((2, *shape), dtype)
    assert kind_of(np.zeros((2, *shape)), x) == kind


def test_a_kind_that_was_named():
    values = np.zeros((1, 12, 9, 1))
    values[0, 2, 1] = 1.0
    _, heat, _ = images(svg(made(values, np.zeros((1, 12, 9, 1)), kind="spectrogram")))
    assert heat.shape == (9, 12, 3)


def test_several_inputs_stand_below_each_other_and_tables_together():
    model, x = two_towers()
    found = explain.integrated_gradients(model, x, output="price")
    root = svg(found.with_names(features={"numbers": ["a", EVIL, "c"]})[:1])
    assert set(bars(root)) >= {"a", "c", "kind"}
    values = {"picture": np.ones((1, 6, 6)), "numbers": np.ones((1, 3)), "none": None}
    x = {"picture": np.ones((1, 6, 6)), "numbers": np.ones((1, 3)), "none": np.ones((1, 2))}
    root = svg(made(values, x))
    assert len(images(root)) == 3
    assert texts(root).index("picture") < texts(root).index("numbers")
    assert "sum 36" in texts(root)
    assert "none" not in texts(root)


def test_what_is_known_of_a_row_stands_above_it():
    model, x = table()
    found = explain.integrated_gradients(model, x, 2).with_names(classes=["a", "b", EVIL])
    said = texts(svg(found[:1]))
    assert "Integrated gradients" in said
    assert any(t.startswith("Row 0: class <img src") for t in said)
    assert any("score" in t and "sum" in t and "residual" in t for t in said)
    model, x = image()
    said = texts(svg(explain.grad_cam(model, x[:1])))
    assert any("layer" in t and "conv2d" in t for t in said)


def test_files_of_every_ending_open(tmp_path):
    model, x = words()
    found = explain.lrp(model, x, 1).with_names(vocabulary=[EVIL] * 10, classes=["no", EVIL])
    drawn = {end: found.save(tmp_path / f"x.{end}") for end in ("svg", "png", "html")}
    root = ElementTree.fromstring(drawn["svg"].read_text(encoding="utf-8"))
    wide, high = float(root.get("width", "0")), float(root.get("height", "0"))
    data = drawn["png"].read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", data[16:24]) == (round(2 * wide), round(2 * high))
    assert len({tuple(p) for p in np.asarray(Image.open(drawn["png"])).reshape(-1, 3)}) > 10
    page = drawn["html"].read_text(encoding="utf-8")
    for text in (page, drawn["svg"].read_text(encoding="utf-8"), found._repr_html_()):
        assert "<img" not in text
        assert not re.search(r"""(src|href)=["'](?!data:|#)""", text)
    assert page.count("<svg") == len(x)
    with pytest.raises(ArgumentError, match="svg"):
        found.save(tmp_path / "x.jpg")


def test_only_some_rows_are_drawn_and_others_are_taken_by_index():
    x = np.random.default_rng(0).normal(size=(30, 3))
    found = made(x, x)
    assert "18 more rows are not drawn" in pictures.attribution(found).page()
    part = found[np.arange(30) >= 20]
    assert len(part) == 10
    np.testing.assert_array_equal(part.values, x[20:])
    assert len(found[3]) == 1
    words_ = made(x, np.ones((30, 3), int), tokens=[[f"w{i}"] for i in range(30)])
    assert list(bars(svg(words_[7]))) == ["w7"]


def test_names_that_do_not_fit_are_errors():
    x = np.ones((2, 3))
    for names, told in (
        ({"features": ["a"]}, "a name for each of the last axis"),
        ({"tokens": [["a"]]}, "for each of 2 rows"),
        ({"tokens": [["a"] * 4] * 2}, "at most 3"),
        ({"kind": "sculpture"}, "one of"),
        ({"classes": []}, "a name for each class"),
        ({"features": {"lost": ["a"]}}, "features, input"),
    ):
        with pytest.raises(ArgumentError, match=told):
            made(x, x, **names)
    with pytest.raises(ArgumentError, match="a dict by the name"):
        made({"a": x, "b": x}, {"a": x, "b": x}, features=["a", "b", "c"])


def test_what_is_no_number_is_drawn():
    values = np.array([[np.nan, 1.0, np.inf]])
    svg(made(values, values))
    svg(made(np.full((1, 8, 8), np.nan), np.full((1, 8, 8), np.nan)))
    svg(made(np.full((1, 40, 2), np.nan), np.full((1, 40, 2), np.nan)))
    svg(made(values, np.array([[1, 2, 3]])))


def test_sampled_values_show_how_sure_they_are():
    model, x = table()
    found = explain.shapley(model, x[:1], 1, background=x, samples=16)
    told = [one.findtext("{*}title") or "" for one in of(svg(found), "rect")]
    assert any("±" in text for text in told)


def test_rollout_is_a_matrix_with_the_words_on_both_sides():
    model, x = attention()
    found = explain.attention_rollout(model, x).with_names(vocabulary=[EVIL, *"abcdefghi"])
    root = svg(found[1])
    cells, _ = images(root)
    assert cells.shape == (5, 5, 3)
    most = found.values[1].max()
    np.testing.assert_array_equal(cells, tinted(found.values[1] / most))
    said = texts(root)
    assert said.count("d") == said.count("h") == 2
    assert len([one for one in of(root, "text") if "rotate" in one.get("transform", "")]) == 5


def test_maps_of_attention_are_drawn_head_by_head(tmp_path):
    model, x = attention()
    found = explain.attention_maps(model, x)
    root = svg(found)
    (path,) = found
    first, second, _ = images(root)[:3]
    most = found[path][0].max()
    np.testing.assert_array_equal(first, tinted(found[path][0, 0] / most))
    np.testing.assert_array_equal(second, tinted(found[path][0, 1] / most))
    assert {path, "head 0", "head 1"} <= set(texts(root))
    assert "<svg" in found._repr_html_()
    for end in ("svg", "png", "html"):
        assert found.save(tmp_path / f"x.{end}").stat().st_size > 1000
    x_ = keras.Input((3, 4, 5))
    layer = layers.MultiHeadAttention(1, 4, attention_axes=(1, 2))
    several = settled(keras.Model(x_, layer(x_, x_)))
    rows = np.random.default_rng(0).normal(size=(2, 3, 4, 5)).astype("f4")
    assert images(svg(explain.attention_maps(several, rows)))[0].shape == (12, 12, 3)


def test_every_result_is_a_picture(tmp_path):
    model, x = table()
    model.compile("sgd", "sparse_categorical_crossentropy")
    seen, pixels_ = image()
    results = {
        "importance": explain.permutation_importance(model, x, np.arange(5) % 3),
        "sanity": explain.sanity_check(explain.saliency, model, x),
        "changes": explain.counterfactual(model, x[:2], 0),
        "places": explain.counterfactual(seen, pixels_[:1], 2),
        "maximised": explain.activation_maximisation(seen, None, (1,), steps=3),
        "columns": explain.activation_maximisation(model, None, (1,), steps=3),
    }
    for name, found in results.items():
        root = svg(found)
        assert len(texts(root)) >= 3, name
        assert "<svg" in found._repr_html_()
        for end in ("svg", "png", "html"):
            assert found.save(tmp_path / f"{name}.{end}").stat().st_size > 1000
    mean = results["importance"].mean
    assert len(bars(svg(results["importance"]))) == len(mean)
    for change in results["changes"].changes[0]:
        assert change.name in texts(svg(results["changes"]))
