from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasish.declarative.resolve.document import Options, read_text
from kerasish.declarative.text.errors import Diagnostics
from kerasish.declarative.text.source import plain
from tests.declarative.helpers import block, error_text, outcome, well_formed

TEXT = block("""
    vars: {lr: 1e-3}
    model:
      layers:
        - Conv2D: {filters: 3}
        - Flatten
        - Dense: 10
        - Dense: {units: 10, name: probs}
    data: {validation: 3}
    train: {callbacks: [A], lr: $lr}
    """)


def changed(*arguments: str) -> Any:
    return plain(read_text(TEXT, Diagnostics(), Options(overrides=arguments), "cnn.yaml"))


def errors_of(*arguments: str) -> str:
    return error_text(lambda: changed(*arguments))


def test_nothing_is_changed_without_arguments() -> None:
    assert changed() == {
        "model": {
            "layers": [
                {"Conv2D": {"filters": 3}},
                "Flatten",
                {"Dense": 10},
                {"Dense": {"units": 10, "name": "probs"}},
            ]
        },
        "data": {"validation": 3},
        "train": {"callbacks": ["A"], "lr": 1e-3},
    }


@pytest.mark.parametrize(
    ("argument", "path", "value"),
    [
        ("train.epochs=5", ("train", "epochs"), 5),
        ("train.note=", ("train", "note"), None),
        ("train.note='5'", ("train", "note"), "5"),
        ("train.note=a=b", ("train", "note"), "a=b"),
        ("vars.lr=3e-4", ("train", "lr"), 3e-4),
        ("train.twice=${lr * 2}", ("train", "twice"), 2e-3),
        ("model.layers[probs].units=100", ("model", "layers", 3, "Dense", "units"), 100),
        ("model.layers[-1].units=100", ("model", "layers", 3, "Dense", "units"), 100),
        ("model.layers[3].Dense.units=7", ("model", "layers", 3, "Dense", "units"), 7),
        ("model.layers[Conv2D].strides=[2]", ("model", "layers", 0, "Conv2D", "strides"), [2]),
        ("model.layers[1].name=flat", ("model", "layers", 1), {"Flatten": {"name": "flat"}}),
        ("model.layers[1]=Other", ("model", "layers", 1), "Other"),
        ("train.callbacks+={Stop}", ("train", "callbacks"), ["A", {"Stop": None}]),
        ("train.metrics+=accuracy", ("train", "metrics"), ["accuracy"]),
        ("new.a.b={c: [1]}", ("new", "a", "b"), {"c": [1]}),
        ("~data.validation", ("data",), {}),
        ("~model.layers[Conv2D]", ("model", "layers", 0), "Flatten"),
        ("~model.layers[probs].name", ("model", "layers", 3), {"Dense": {"units": 10}}),
    ],
)  # fmt: skip
def test_one_override(argument: str, path: tuple[str | int, ...], value: object) -> None:
    found = changed(argument)
    for step in path:
        found = found[step]
    assert found == value


def test_later_arguments_see_earlier_ones() -> None:
    found = changed("train.epochs=5", "~train.epochs", "train.epochs=6", "a.b=1", "a.c=2")
    assert found["train"]["epochs"] == 6
    assert found["a"] == {"b": 1, "c": 2}


def test_error_texts() -> None:
    arguments = (
        "train.epochs",
        "vars.lr=[1",
        "model.layers[prob].units=100",
        "~data.validatio",
        "model.layers[2].units=3",
        "model.layers[9]=1",
        "model..x=1",
        "model.layers[Dense].x=3",
        "train.callbacks[0]+=3",
        "train.lr+=3",
        "~nothing.here",
        "data[0]=1",
        "train.x=!!python/name:os.system",
    )
    assert errors_of(*arguments) == block("""
        --set:1:1: K120 an override needs '='
           | train.epochs
           | ^^^^^^^^^^^^      write key.key=value, key.list+=item or ~key.key

        --set:2:11: K101 a ',' or ']' is missing
           | vars.lr=[1
           |           ^      close the '[', or quote text that holds special characters
           opened at --set:2:9

        --set:3:14: K121 no item is named 'prob'
           | model.layers[prob].units=100
           |              ^^^^      did you mean 'probs'?

        --set:4:7: K121 there is no 'validatio'
           | ~data.validatio
           |       ^^^^^^^^^      did you mean 'validation'?

        --set:5:17: K121 there is no 'units' in 10 (integer)
           | model.layers[2].units=3
           |                 ^^^^^      write its arguments as a mapping first

        --set:6:14: K121 the list has 4 items, there is no [9]
           | model.layers[9]=1
           |              ^

        --set:7:6: K120 the path cannot be read
           | model..x=1
           |      ^^^      write key.key=value, key.list+=item or ~key.key

        --set:8:21: K121 there is no 'x' in 10 (integer)
           | model.layers[Dense].x=3
           |                     ^      write its arguments as a mapping first

        --set:9:17: K121 a single item cannot be appended to
           | train.callbacks[0]+=3
           |                 ^

        --set:10:7: K121 'lr' is '$lr' (text), not a list to append to
           | train.lr+=3
           |       ^^

        --set:11:2: K121 there is no 'nothing'
           | ~nothing.here
           |  ^^^^^^^      known: vars, model, data, train

        --set:12:6: K121 '[0]' needs a list, this is a mapping of validation
           | data[0]=1
           |      ^

        --set:13:9: K103 the tag '!!python/name:os.system' is refused
           | train.x=!!python/name:os.system
           |         ^^^^^^^^^^^^^^^^^^^^^^^      a file holds plain values only: remove it
        """)


@pytest.mark.parametrize("argument", ["", "=", "=3", "~", "x]=3", "[0]=1", ".a=1", "a[=1", "a[]=1"])
def test_malformed(argument: str) -> None:
    assert errors_of(argument).startswith("--set:1:")


def test_two_items_of_one_name() -> None:
    found = errors_of("model.layers+={Dense: {units: 1, name: probs}}", "model.layers[probs].x=1")
    assert "--set:2:14: K121 several items are named 'probs'" in found


PATHS = st.lists(
    st.sampled_from(["model", "layers", "train", ".", "[", "]", "0", "probs", "=", "+", "~", "x",
                     "{", "}", "lr", "$", ":", " ", "\n"]),
    max_size=14,
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(PATHS)
def test_fuzz(pieces: list[str]) -> None:
    assert well_formed(outcome(lambda: changed("".join(pieces))))
