"""`plot_model` and `model_to_dot`."""

from __future__ import annotations

import inspect
import re
import shutil
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

import kerasish as keras
from kerasish import layers
from kerasish.errors import ArgumentError
from kerasish.inspect import pictures

to_dot = keras.utils.model_to_dot


def chain() -> Any:
    return keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(3, activation="relu", name="first"),
            layers.Dropout(0.5),
            layers.Dense(2),
        ],
        name="chain",
    )


def joined() -> Any:
    one, two = keras.Input((4,), name="one"), keras.Input((4,), name="two", dtype="int32")
    shared = layers.Dense(3, name="shared")
    sum_ = layers.Add(name="sum")([shared(one), shared(keras.ops.cast(two, "float32"))])
    return keras.Model([one, two], [sum_, sum_ * 2.0], name="joined")


def nested() -> Any:
    x = keras.Input((4,), name="x")
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(2, name="deep")], name="innermost")
    i = keras.Input((4,), name="i")
    j = keras.Input((2,), name="j")
    middle = keras.Model(
        [i, j], {"a": inner(i), "b": layers.Dense(1, name="side")(j)}, name="middle"
    )
    out = middle([chain_named("outer_chain")(x), layers.Dense(2, name="before")(x)])
    return keras.Model(x, layers.Concatenate(name="end")([out["a"], out["b"]]), name="nested")


def chain_named(name: str) -> Any:
    return keras.Sequential(
        [keras.Input((4,)), layers.Dense(4, name="c1"), layers.Dense(4, name="c2")], name=name
    )


def titles(drawing: Any) -> dict[str, str]:
    return {key: box.rows[0][0].text for key, box in drawing.diagram.boxes.items()}


def arrows(drawing: Any) -> set[tuple[str, str]]:
    named = {key: title.split(" ")[0] for key, title in titles(drawing).items()}
    return {(named[a], named[b]) for a, b in drawing.diagram.arrows}


def cells(drawing: Any, name: str) -> list[str]:
    box = next(b for b in drawing.diagram.boxes.values() if b.rows[0][0].text.startswith(name))
    return [f"{c.label}: {c.text}" if c.label else c.text for row in box.rows[1:] for c in row]


def test_a_sequence() -> None:
    drawing = to_dot(chain())
    assert next(iter(titles(drawing).values())) == "first (Dense)"
    assert len(drawing.diagram.boxes) == 3
    assert ("first", "dropout") in {(a, b.rstrip("_0123456789")) for a, b in arrows(drawing)}
    assert list(titles(to_dot(chain(), show_layer_names=False)).values()) == [
        "Dense", "Dropout", "Dense"
    ]  # fmt: skip


def test_calls_of_one_layer_are_arrows_to_one_box() -> None:
    found = arrows(to_dot(joined()))
    assert {("one", "shared"), ("shared", "sum"), ("cast", "shared")} <= {
        (re.sub(r"_\d+$", "", a), b) for a, b in found
    }


def test_what_boxes_say() -> None:
    model = chain()
    model.layers[2].trainable = False
    drawing = to_dot(
        model,
        show_shapes=True,
        show_dtype=True,
        show_layer_activations=True,
        show_trainable=True,
    )
    assert cells(drawing, "first") == [
        "Activation: relu",
        "Input shape: (None, 4)",
        "Output shape: (None, 3)",
        "Output dtype: float32",
        "Trainable",
    ]
    assert "Non-trainable" in cells(drawing, str(model.layers[2].name))
    assert cells(to_dot(chain()), "first") == []
    two = to_dot(joined(), show_shapes=True, show_dtype=True)
    assert cells(two, "one") == ["Output shape: (None, 4)", "Output dtype: float32"]
    assert cells(two, "two")[1] == "Output dtype: int32"
    assert cells(two, "sum")[0] == "Input shape: (None, 3), (None, 3)"
    several = to_dot(nested(), show_shapes=True)
    assert cells(several, "middle")[1] == "Output shape: a: (None, 2), b: (None, 1)"


def test_models_inside_are_boxes_or_frames() -> None:
    closed = to_dot(nested())
    assert len(closed.diagram.groups) == 0
    assert ("outer_chain", "middle") in arrows(closed)
    drawing = to_dot(nested(), expand_nested=True)
    groups = {g.title: g.group for g in drawing.diagram.groups.values()}
    assert groups.keys() == {"outer_chain", "middle", "innermost"}
    assert drawing.diagram.groups[groups["innermost"]].title == "middle"
    assert arrows(drawing) == {
        ("x", "c1"), ("c1", "c2"), ("c2", "i"), ("x", "before"), ("before", "j"), ("i", "deep"),
        ("j", "side"), ("deep", "end"), ("side", "end"),
    }  # fmt: skip
    text = drawing._repr_svg_()
    assert all(title in text for title in groups)


def test_a_model_with_its_own_call_is_one_box() -> None:
    class Mine(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = layers.Dense(2)

        def call(self, x: Any) -> Any:
            return self.dense(x)

    model = Mine()
    with pytest.raises(ArgumentError, match="built"):
        to_dot(model)
    model(np.ones((1, 3)))
    assert len(to_dot(model, show_shapes=True, expand_nested=True).diagram.boxes) == 1


def test_dot_text_has_every_box_and_arrow() -> None:
    drawing = to_dot(nested(), expand_nested=True, rankdir="LR", dpi=90, splines="curved")
    text = drawing.to_string()
    assert text == drawing.source
    assert text.count("->") == len(drawing.diagram.arrows)
    assert text.count("<table") == len(drawing.diagram.boxes)
    assert "rankdir=LR" in text
    assert "dpi=90" in text
    assert "splines=curved" in text
    assert to_dot(chain(), subgraph=True).source.startswith("subgraph")


def test_files(tmp_path: Path, capsys: Any, monkeypatch: Any) -> None:
    shown = keras.utils.plot_model(chain(), tmp_path / "a.svg", show_shapes=True)
    assert ElementTree.fromstring((tmp_path / "a.svg").read_text()).tag.endswith("svg")
    keras.utils.plot_model(chain(), str(tmp_path / "a.dot"))
    assert (tmp_path / "a.dot").read_text().startswith("digraph")
    assert capsys.readouterr().out == ""
    assert shown._repr_svg_() == (tmp_path / "a.svg").read_text()
    monkeypatch.setattr(shutil, "which", lambda name: None)
    keras.utils.plot_model(chain(), tmp_path / "b.png")
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert "b.svg" in out
    assert (tmp_path / "b.svg").exists()
    assert not (tmp_path / "b.png").exists()


def test_other_formats_are_drawn_by_graphviz(tmp_path: Path, monkeypatch: Any) -> None:
    program = tmp_path / "dot"
    program.write_text(
        f"#!{sys.executable}\n"
        "import sys\n"
        "if sys.argv[1] == '-Tbad': sys.exit('Format: bad not recognized')\n"
        "sys.stdout.write(sys.argv[1] + sys.stdin.read())\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    keras.utils.plot_model(chain(), tmp_path / "m.pdf")
    assert (tmp_path / "m.pdf").read_text().startswith("-Tpdfdigraph")
    keras.utils.plot_model(chain(), tmp_path / "without_ending")
    assert (tmp_path / "without_ending").read_text().startswith("-Tpng")
    with pytest.raises(ArgumentError, match="not recognized"):
        keras.utils.plot_model(chain(), tmp_path / "m.bad")
    assert not (tmp_path / "m.bad").exists()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"rankdir": "XY"}, "rankdir"),
        ({"layer_range": ["a", "b"]}, "layer_range"),
        ({"show_shape": True}, "show_shapes"),
        ({"dpi": 0}, "dpi"),
        ({"splines": "round"}, "splines"),
    ],
)
def test_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        to_dot(chain(), **given)
    with pytest.raises(ArgumentError, match=r"keras\.Model"):
        to_dot(layers.Dense(2))


def test_signatures() -> None:
    wanted = (
        "model show_shapes show_dtype show_layer_names rankdir expand_nested dpi subgraph "
        "show_layer_activations show_trainable splines kwargs"
    )
    assert list(inspect.signature(pictures.model_to_dot).parameters) == wanted.split()
    plot = inspect.signature(pictures.plot_model).parameters
    assert plot["to_file"].default == "model.png"
    assert plot["show_layer_names"].default is False


def test_a_deep_network_is_drawn_quickly() -> None:
    x = start = keras.Input((4,))
    for number in range(60):
        y = layers.Dense(4)(x)
        x = layers.Add()([x, layers.Dense(4)(y)]) if number % 2 else layers.Dense(4)(y)
    drawing = to_dot(keras.Model(start, x))
    assert len(drawing.diagram.arrows) == 30 * 2 + 30 * 4
    ElementTree.fromstring(drawing.to_svg())
    assert len(drawing.diagram.boxes) == 1 + 30 * 2 + 30 * 3
