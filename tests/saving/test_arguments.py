"""What saving and loading take: paths, open files, arguments of older programs, parts left out."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish import saving
from kerasish.errors import ArgumentError

layers = keras.layers
X = np.ones((2, 3), "float32")


def made() -> Any:
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2, name="a"), layers.Dense(1)])
    model.compile("adam", "mse")
    return model


def same(one: Any, other: Any) -> bool:
    pairs = zip(one.get_weights(), other.get_weights(), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


def test_an_open_file() -> None:
    model, file = made(), io.BytesIO()
    model.save(file)
    file.seek(0)
    again = saving.load_model(file)
    assert same(model, again)
    assert again.compiled
    file.seek(0)
    other = made()
    other.load_weights(file)
    assert same(model, other)


@pytest.mark.parametrize("ending", ["h5", "keras"])
def test_an_open_file_on_disk(ending: str, tmp_path: Path) -> None:
    model = made()
    model.save(tmp_path / f"m.{ending}")
    with (tmp_path / f"m.{ending}").open("rb") as file:
        assert same(model, saving.load_model(file))


@pytest.mark.parametrize("where", [3, None, [1]])
def test_what_is_neither_path_nor_file(where: Any) -> None:
    for call in (made().save, made().load_weights, saving.load_model):
        with pytest.raises(ArgumentError, match="a path or an open binary file"):
            call(where)


@pytest.mark.parametrize("ending", ["h5", "keras"])
@pytest.mark.parametrize("word", ["h5", "keras", "tf"])
def test_the_format_that_older_programs_name(word: str, ending: str, tmp_path: Path) -> None:
    model = made()
    model.save(str(tmp_path / f"m.{ending}"), save_format=word)
    model.save(tmp_path / f"m.{ending}", overwrite=True, include_optimizer=False)
    again = saving.load_model(tmp_path / f"m.{ending}")
    assert same(model, again)
    assert not again.compiled


def test_arguments_that_mean_nothing_here(tmp_path: Path) -> None:
    model = made()
    with pytest.raises(ArgumentError, match="save_format"):
        model.save(tmp_path / "m", save_format="tf")
    with pytest.raises(ArgumentError, match="Received: signatures"):
        model.save(tmp_path / "m.keras", signatures=None)
    with pytest.raises(ArgumentError, match="zipped"):
        model.save(tmp_path / "m.keras", zipped=False)
    with pytest.raises(ArgumentError, match="max_shard_size"):
        model.save_weights(tmp_path / "m.weights.json", max_shard_size=1)
    assert not list(tmp_path.iterdir())


def test_parts_that_are_left_out(tmp_path: Path) -> None:
    model, other = made(), made()
    before = other.get_layer("a").get_weights()
    path = tmp_path / "m.weights.h5"
    model.save_weights(path)
    other.load_weights(path, objects_to_skip=[other.get_layer("a")])
    assert all(map(np.array_equal, other.get_layer("a").get_weights(), before))
    assert same(model.layers[1], other.layers[1])
    model.save_weights(path, objects_to_skip=[model.get_layer("a")])
    third = made()
    with pytest.raises(ValueError, match="do not fit"):
        third.load_weights(path)
    third.load_weights(path, objects_to_skip=[third.get_layer("a")])
    assert same(model.layers[1], third.layers[1])
    with pytest.raises(ArgumentError, match="objects_to_skip"):
        model.save_weights(tmp_path / "m.safetensors", objects_to_skip=[])
    model.save(tmp_path / "m.h5")
    with pytest.raises(ArgumentError, match="objects_to_skip"):
        model.load_weights(tmp_path / "m.h5", objects_to_skip=[])


@saving.register_keras_serializable("arguments")
class Cyclic(keras.Model):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.blocks: list[Any] = [layers.Dense(2)]
        self.blocks.append(self.blocks)
        self.table = {"itself": self.blocks}

    def call(self, inputs: Any) -> Any:
        return self.blocks[0](inputs)


@pytest.mark.parametrize("ending", ["h5", "keras", "weights.h5", "safetensors"])
def test_containers_that_hold_themselves(ending: str, tmp_path: Path) -> None:
    model, path = Cyclic(), tmp_path / f"m.{ending}"
    model(X)
    assert len(model.weights) == 2
    if ending in ("h5", "keras"):
        model.save(path)
        again = saving.load_model(path)
    else:
        model.save_weights(path)
        again = Cyclic()
        again(X)
        again.load_weights(path)
    assert same(model, again)
