"""What the page says is what ran, and the page works in a browser."""

from __future__ import annotations

import json
import os
import re
from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish import layers
from kerasish.compiler.plan import Plan
from kerasish.inspect.explorer import explore as exploring
from tests.browser import chromium

NAME = "<b>x"


def data_of(path) -> dict[str, Any]:
    """The data of a page."""
    text = path.read_text(encoding="utf-8")
    found = re.search(r'<script id="data" type="application/json">(.*?)</script>', text, re.S)
    assert found is not None
    return json.loads(found[1])


@pytest.fixture(scope="module")
def convolution(tmp_path_factory):
    """(path of the page, plan that ran, model)"""
    model = keras.Sequential(
        [
            keras.Input((12, 12, 1)),
            layers.Conv2D(4, 3, activation="relu", name=NAME),
            layers.BatchNormalization(),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(3, "softmax", name="classes"),
        ],
        name="net",
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    x = np.random.default_rng(0).normal(size=(6, 12, 12, 1)).astype("f4")
    plans: list[Any] = []
    made = exploring.document

    def watched(*arguments: Any) -> Any:
        plans.append((arguments[1].stages[-1], arguments))
        return made(*arguments)

    path = tmp_path_factory.mktemp("explore") / "net.html"
    patch = pytest.MonkeyPatch()
    patch.setattr(exploring, "document", watched)
    before = [w.numpy() for w in model.weights]
    assert model.explore(path, x, np.arange(6) % 3, runs=2) == path
    patch.undo()
    for weight, held in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(weight.numpy(), held)
    return path, plans[0][0], model, x


def test_nothing_is_loaded_and_names_are_escaped(convolution):
    text = convolution[0].read_text(encoding="utf-8")
    assert not re.search(r"(?:src|href)\s*=", text)
    assert NAME not in text
    assert NAME in data_of(convolution[0])["layers"][1]


def test_values_are_those_of_the_model(convolution):
    path, _, model, x = convolution
    data = data_of(path)
    names = data["texts"]
    (relu,) = [
        n for n, row in enumerate(data["nodes"])
        if names[row[0]] == "relu" and not row[2] and str(n) in data["values"]
    ]  # fmt: skip
    low, high, mean, *_ = data["values"][str(relu)]
    given = keras.Model(model.inputs, model.layers[0].output).predict(x, verbose=0)
    np.testing.assert_allclose([low, high, mean], [given.min(), given.max(), given.mean()], 1e-3)


def test_steps_say_offset_and_provider_of_the_plan(convolution):
    path, stage, _, _ = convolution
    data = data_of(path)
    plan = Plan(stage.graph)
    assert len(data["plan"]["steps"]) == len(plan.steps)
    assert data["plan"]["arena"] == plan.memory.size
    for row, step in zip(data["plan"]["steps"], plan.steps, strict=True):
        assert data["texts"][row[1]] == step.provider
        assert row[3] == plan.memory.offsets.get((step.node, 0))
        assert row[0] == stage.numbers.get(step.node, -1)
        assert row[5] > 0
    assert any("define" in text or "for " in text for text in data["plan"]["kernels"])


def test_loops_and_predictions_have_pages_too(tmp_path):
    model = keras.Sequential(
        [keras.Input((5, 2)), layers.RNN(layers.SimpleRNNCell(3)), layers.Dense(1)]
    )
    model.explore(tmp_path / "a.html", np.ones((2, 5, 2), "f4"), runs=1)
    data = data_of(tmp_path / "a.html")
    assert [s["name"] for s in data["stages"]][:2] == ["traced", "expand"]
    assert all(len(picture[2]) <= 60 for picture in data["pictures"])


def test_values_that_are_no_numbers_are_counted(tmp_path):
    x = keras.Input((3,))
    model = keras.Model(x, keras.ops.log(x))
    rows = np.array([[1, -1, 2], [0, 1e300, 3]])
    with np.errstate(all="ignore"):
        model.explore(tmp_path / "a.html", rows.astype("f4"), runs=1)
    data = data_of(tmp_path / "a.html")
    (log,) = [n for n, row in enumerate(data["nodes"]) if data["texts"][row[0]] == "log"]
    assert data["values"][str(log)][5] == 3  # of -1, 0 and what is infinite in float32
    assert data["values"][str(log)][1] == pytest.approx(np.log(3), rel=1e-4)


def test_pictures_of_many_layers_have_sixty_boxes_at_most(tmp_path):
    model = keras.Sequential([keras.Input((2,)), *(layers.Dense(2) for _ in range(130))])
    model.explore(tmp_path / "a.html", np.ones((2, 2), "f4"), runs=1)
    data = data_of(tmp_path / "a.html")
    assert all(len(picture[2]) <= 60 for picture in data["pictures"])
    drawn = {box[1] for picture in data["pictures"] for box in picture[2] if box[0] == "layer"}
    assert len([key for key in drawn if key.startswith(f"{model.name}/")]) == 130


def test_in_a_browser(convolution):
    from playwright.sync_api import sync_playwright

    path = convolution[0]
    data = data_of(path)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(), args=["--no-sandbox"] if os.geteuid() == 0 else []
        )
        page = browser.new_page(viewport={"width": 1300, "height": 850})
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        page.goto(path.as_uri())
        page.wait_for_selector("body[data-ready]")
        boxes = page.locator(".box.layer .title")
        assert NAME in boxes.all_text_contents()
        page.locator(".box.layer", has_text=NAME).dblclick()
        page.locator(".box.node.fore", has_text="relu").click()
        shown = page.locator("#about dd[data-fact=gives]").text_content()
        assert shown == "float32[6, 10, 10, 4]"
        page.locator("#about dd[data-fact='its gradient'] button").first.click()
        tied = page.locator("#about dd[data-fact='gradient of']").text_content()
        assert tied is not None
        assert "activation.py:" in tied
        page.fill("#search", "conv weight")
        assert page.locator("#results li").count() >= 1
        page.keyboard.press("Escape")
        page.click("#tabs button:text-is('plan')")
        page.click("#next")
        page.click("#next")
        step = data["plan"]["steps"][1]
        said = page.locator("#about dd[data-fact='run by']").text_content()
        assert said == data["texts"][step[1]]
        offset = page.locator("#about dd[data-fact=offset]").text_content()
        assert offset == (f"{step[3]:,}" if step[3] is not None else "a variable's own buffer")
        page.click("#tabs button:text-is('memory')")
        assert page.locator("#main tbody tr").count() >= 1
        page.click("#tabs button:text-is('fuse')")
        assert page.locator(".box").count() >= 1
        assert page.evaluate("document.querySelectorAll('svg *').length") < 2000
        assert not wrong
        browser.close()
