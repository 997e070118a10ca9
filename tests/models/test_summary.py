"""The table that `model.summary()` prints."""

from __future__ import annotations

from typing import Any

import pytest

import kerasish as keras
from kerasish.errors import ArgumentError
from kerasish.models.summary import memory_text

layers = keras.layers

CHAIN = """\
Model: "m"
┏━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━┓
┃ Layer (type)          ┃ Output Shape      ┃   Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━┩
│ dense (Dense)         │ (None, 300)       │     1,500 │
├───────────────────────┼───────────────────┼───────────┤
│ batch_normalization   │ (None, 300)       │     1,200 │
│ (BatchNormalization)  │                   │           │
└───────────────────────┴───────────────────┴───────────┘
 Total params: 2,700 (10.55 KB)
 Trainable params: 2,100 (8.20 KB)
 Non-trainable params: 600 (2.34 KB)"""


def text_of(model: Any, **options: Any) -> str:
    lines: list[str] = []
    model.summary(line_length=options.pop("line_length", 100), print_fn=lines.append, **options)
    return "\n".join(lines)


def test_a_chain() -> None:
    stack = [keras.Input((4,)), layers.Dense(300), layers.BatchNormalization()]
    assert text_of(keras.Sequential(stack, name="m"), line_length=57) == CHAIN


def test_an_unbuilt_model() -> None:
    text = text_of(keras.Sequential([layers.Dense(2)]))
    assert "0 (unbuilt)" in text
    assert "│ ?" in text


def test_connections() -> None:
    x = keras.Input((4,), name="x")
    h = layers.Dense(4, name="h")(x)
    model = keras.Model(x, layers.Add(name="sum")([x, h]))
    rows = {line.split("│")[1].strip(): line for line in text_of(model).splitlines() if "│" in line}
    assert "Connected to" in text_of(model)
    assert "x[0][0], h[0][0]" in rows["sum (Add)"]
    assert rows["x (InputLayer)"].split("│")[4].strip() == "-"


def test_nested_and_trainable() -> None:
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(3)], name="inner")
    model = keras.Sequential([keras.Input((4,)), inner, layers.Dropout(0.1)])
    inner.trainable = False
    text = text_of(model, expand_nested=True, show_trainable=True)
    assert "   └ dense (Dense)" in text
    assert "└" not in text_of(model).split("┩")[1].split("└──")[0]
    row = next(line for line in text.splitlines() if "inner" in line)
    assert row.split("│")[-2].strip() == "N"
    drop = next(line for line in text.splitlines() if "dropout" in line)
    assert drop.split("│")[-2].strip() == "-"
    assert "Trainable params: 0 (0.00 B)" in text


def test_shapes_of_a_subclass() -> None:
    class Net(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = layers.Dense(3)

        def call(self, x: Any) -> Any:
            return self.dense(x)

    model = Net()
    model.build((None, 2))
    assert "(None, 3)" in text_of(model)


def test_a_shape_that_cannot_be_found_is_a_question_mark() -> None:
    """Only shapes are known of the call that built a layer, not that some inputs were indices."""

    class Gather(layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.dense = layers.Dense(3)

        def call(self, inputs: Any) -> Any:
            rows, edges = inputs
            return self.dense(keras.ops.take(rows, edges[0], axis=0))

    class Net(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.gather = Gather()

        def call(self, nodes: Any) -> Any:
            edges = keras.ops.convert_to_tensor([[0, 1], [1, 2]])
            return self.gather([nodes, edges])

    model = Net()
    model(keras.ops.ones((4, 5)))
    row = next(line for line in text_of(model).splitlines() if "Gather" in line)
    assert row.split("│")[2].strip() == "?"


def test_a_range_of_layers() -> None:
    names = ["first", "second", "third"]
    stack = [layers.Dense(2, name=name) for name in names]
    model = keras.Sequential([keras.Input((2,)), *stack])
    text = text_of(model, layer_range=("second", "thi.*"))
    assert "first" not in text
    assert "second" in text
    assert "third" in text
    with pytest.raises(ArgumentError, match="layer_range"):
        text_of(model, layer_range=("none", "third"))


def test_the_optimizer_counts_too() -> None:
    model = keras.Sequential([keras.Input((2,)), layers.Dense(2)])
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_variables)
    assert "Optimizer params: 14" in text_of(model)


def test_too_narrow() -> None:
    with pytest.raises(ArgumentError, match="line_length"):
        text_of(keras.Sequential([keras.Input((2,)), layers.Dense(2)]), line_length=12)


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0.00 B"), (40, "40.00 B"), (2048, "2.00 KB"), (3 * 2**30, "3.00 GB")]
)
def test_memory(size: int, text: str) -> None:
    assert memory_text(size) == text
