"""Weights alone, in every format; where they do not fit, nothing changes."""

from __future__ import annotations

import io
import json

import h5py
import numpy as np
import pytest

import kerasish as keras
from kerasish import saving
from kerasish.errors import (
    ArgumentError,
    FileFormatError,
)
from kerasish.saving import weights_h5
from tests.saving.models import fit, functional, predict, sequential


@pytest.mark.parametrize("make", [functional, sequential])
@pytest.mark.parametrize("suffix", ["weights.h5", "safetensors", "h5", "keras"])
def test_weights_alone(tmp_path, make, suffix):
    model, other, path = make(), make(), tmp_path / f"w.{suffix}"
    fit(model)
    if suffix == "keras":
        saving.save_model(model, path)
    else:
        saving.save_weights(model, path)
    assert not np.array_equal(predict(other), predict(model))
    saving.load_weights(other, path)
    np.testing.assert_array_equal(predict(other), predict(model))


@pytest.mark.parametrize("suffix", ["weights.h5", "safetensors", "h5"])
def test_weights_that_do_not_fit_change_nothing(tmp_path, suffix):
    path = tmp_path / f"w.{suffix}"
    saving.save_weights(sequential(), path)
    wide = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(3), keras.layers.Dense(5)], name="s"
    )
    before = wide.get_weights()
    with pytest.raises(FileFormatError, match=r"(?s)w\..*\(3, 5\).*\(3, 2\)"):
        saving.load_weights(wide, path)
    for now, then in zip(wide.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)
    fewer = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)], name="s")
    with pytest.raises(FileFormatError, match=r"w\."):
        saving.load_weights(fewer, path)
    if suffix != "safetensors":
        with pytest.warns(UserWarning, match="do not fit|does not fit"):
            saving.load_weights(wide, path, skip_mismatch=True)
    else:
        saving.load_weights(wide, path, skip_mismatch=True)
    assert not np.array_equal(wide.get_weights()[0], before[0])
    np.testing.assert_array_equal(wide.get_weights()[2], before[2])


def test_legacy_weights_by_name(tmp_path):
    path = tmp_path / "w.h5"
    saving.save_weights(sequential(), path)
    other = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(3, name="dense"), keras.layers.Dense(7, name="new")]
    )
    before = other.get_weights()
    with pytest.raises(FileFormatError):
        saving.load_weights(other, path)
    saving.load_weights(other, path, by_name=True)
    assert not np.array_equal(other.get_weights()[0], before[0])
    np.testing.assert_array_equal(other.get_weights()[2], before[2])


def test_shards(tmp_path):
    model = sequential()
    index = {}
    for number, path in enumerate(("layers/dense", "layers/dense_1")):
        name = f"m_{number:05}.weights.h5"
        with h5py.File(tmp_path / name, "w") as file:
            held = model.layers[number].get_weights()
            weights_h5.write_weights(file, {path: held})
        index[f"/{path}/vars"] = name
    (tmp_path / "m.weights.json").write_text(json.dumps({"weight_map": index}))
    other = sequential()
    saving.load_weights(other, tmp_path / "m.weights.json")
    np.testing.assert_array_equal(predict(other), predict(model))
    del index["/layers/dense_1/vars"]
    (tmp_path / "m.weights.json").write_text(json.dumps({"weight_map": index}))
    with pytest.raises(FileFormatError, match="not all weights"):
        saving.load_weights(other, tmp_path / "m.weights.json")


def test_endings_and_overwriting(tmp_path):
    model = sequential()
    with pytest.raises(ArgumentError, match="ends in"):
        saving.save_model(model, tmp_path / "m.txt")
    with pytest.raises(ArgumentError, match="ends in"):
        saving.save_weights(model, tmp_path / "m.txt")
    saving.save_model(model, tmp_path / "m.h5")
    for save in (saving.save_model, saving.save_weights):
        with pytest.raises(ArgumentError, match="exists"):
            save(model, tmp_path / "m.h5", overwrite=False)
    unbuilt = keras.Sequential([keras.layers.Dense(2)])
    with pytest.raises(ArgumentError, match="built"):
        saving.save_weights(unbuilt, tmp_path / "w.h5")
    with pytest.raises(ArgumentError, match="built"):
        saving.load_weights(unbuilt, tmp_path / "m.h5")


@pytest.mark.parametrize("suffix", ["weights.h5", "safetensors"])
def test_open_files_are_read_and_not_written(tmp_path, suffix):
    model, other, path = sequential(), sequential(), tmp_path / f"w.{suffix}"
    fit(model)
    saving.save_weights(model, path)
    other.load_weights(io.BytesIO(path.read_bytes()), allowance=10)
    np.testing.assert_array_equal(predict(other), predict(model))
    with pytest.raises(ArgumentError, match=r"filepath. Expected: a path, whose ending"):
        model.save_weights(io.BytesIO())


@pytest.mark.parametrize("ending", [".keras", ".weights.h5", ".h5"])
def test_options_that_files_of_a_kind_do_not_have(tmp_path, ending):
    model, path = functional(), tmp_path / f"m{ending}"
    model.save(path) if ending == ".keras" else model.save_weights(path)
    before = model.get_weights()
    for option in ({"by_name": True}, {"objects_to_skip": []}):
        if ending == (".h5" if "by_name" in option else ".weights.h5"):
            model.load_weights(path, **option)
        else:
            with pytest.raises(ArgumentError, match=next(iter(option))):
                model.load_weights(path, **option)
    assert all(map(np.array_equal, before, model.get_weights()))
