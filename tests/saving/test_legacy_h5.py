"""Keras's whole-model HDF5 layout, as Keras 2 and 3 write it and as it is written here."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from kerasish.errors import FileFormatError, UnsafeFileError
from kerasish.saving import legacy_h5

GOLDEN = Path(__file__).resolve().parents[1] / "golden"


def made(path, layers, optimizer=None, top_level=()):
    with h5py.File(path, "w") as file:
        legacy_h5.write_configs(file, {"class_name": "Sequential"}, {"loss": "mse"})
        legacy_h5.write_layers(file.create_group("model_weights"), layers, top_level)
        if optimizer:
            legacy_h5.write_named(file.create_group("optimizer_weights"), optimizer)
    return path


@pytest.mark.parametrize("name", ["mlp", "cnn", "rnn", "transformer"])
def test_a_keras_file(name):
    golden = np.load(GOLDEN / name / "golden.npz")
    with legacy_h5.open_legacy(GOLDEN / name / "model.h5") as file:
        assert file.is_whole_model
        assert file.config()["config"]["name"] == name
        training = file.training_config()
        assert training is not None
        assert "optimizer_config" in training
        assert file.optimizer()[0][0].endswith("/iteration")
        found = [a.read() for arrays in file.layers().layers.values() for _, a in arrays]
    # In these models trainable and other weights of a layer are stored in the order of `weights`.
    for i, array in enumerate(found):
        np.testing.assert_array_equal(array, golden[f"w{i}"])
    assert f"w{len(found)}" not in golden


def test_round_trip(tmp_path):
    layers = {
        "b": [("m/b/kernel", np.ones((2, 3))), ("m/b/bias", np.zeros(3, "f4"))],
        "a": [],
    }
    path = made(
        tmp_path / "m.h5", layers, [("adam/iteration", np.int64(3))], [("scale", np.ones(1))]
    )
    with legacy_h5.open_legacy(path) as file:
        assert file.config() == {"class_name": "Sequential"}
        assert file.training_config() == {"loss": "mse"}
        found = file.layers()
        assert list(found.layers) == ["b", "a"]
        assert [n for n, _ in found.layers["b"]] == ["m/b/kernel", "m/b/bias"]
        assert found.layers["b"][0][1].read().shape == (2, 3)
        assert found.layers["a"] == []
        assert [n for n, _ in found.top_level] == ["scale"]
        assert file.optimizer()[0][1].read() == 3


def test_names_of_tensorflow(tmp_path):
    layers = {"dense": [("dense/kernel:0", np.ones(2)), ("dense/bias:0", np.ones(1))]}
    with legacy_h5.open_legacy(made(tmp_path / "m.h5", layers)) as file:
        assert [n for n, _ in file.layers().layers["dense"]] == ["dense/kernel", "dense/bias"]


def test_long_lists_are_split_and_joined(tmp_path):
    layers = {f"layer_with_a_rather_long_name_{i:06}": [] for i in range(4000)}
    path = made(tmp_path / "m.h5", layers)
    with h5py.File(path) as file:
        attrs = file["model_weights"].attrs
        assert "layer_names" not in attrs
        assert attrs["layer_names0"].nbytes <= legacy_h5.SPLIT_BYTES
    with legacy_h5.open_legacy(path) as file:
        assert list(file.layers().layers) == list(layers)


def test_a_file_of_weights_only(tmp_path):
    path = tmp_path / "w.h5"
    with h5py.File(path, "w") as file:
        legacy_h5.write_layers(file, {"a": [("a/kernel", np.ones(2))]})
    with legacy_h5.open_legacy(path) as file:
        assert not file.is_whole_model
        assert list(file.layers().layers) == ["a"]
        with pytest.raises(FileFormatError, match="weights only"):
            file.config()


def test_the_two_layouts_are_told_apart():
    for name, legacy in (("model.h5", True), ("before.weights.h5", False)):
        with legacy_h5.open_h5(GOLDEN / "mlp" / name) as root:
            assert legacy_h5.is_legacy(root) is legacy


@pytest.mark.parametrize("name", ["../other", "/absolute/../x", "a//b", "."])
def test_weight_names_that_leave_their_group_are_refused(tmp_path, name):
    path = made(tmp_path / "m.h5", {"a": [("a/kernel", np.ones(2))]})
    with h5py.File(path, "a") as file:
        file["model_weights/a"].attrs["weight_names"] = np.array([name.encode()])
    with legacy_h5.open_legacy(path) as file, pytest.raises(UnsafeFileError):
        file.layers()


def test_an_external_link_for_a_layer_is_refused(tmp_path):
    path = made(tmp_path / "m.h5", {"a": [("a/kernel", np.ones(2))]})
    made(tmp_path / "other.h5", {"a": [("a/kernel", np.ones(2))]})
    with h5py.File(path, "a") as file:
        del file["model_weights/a"]
        file["model_weights/a"] = h5py.ExternalLink("other.h5", "/model_weights/a")
    with legacy_h5.open_legacy(path) as file, pytest.raises(UnsafeFileError, match="link"):
        file.layers()


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"a": 1, "a": 2}', '{"a":' * 500 + "1" + "}" * 500]
)
def test_a_broken_config(tmp_path, text):
    path = made(tmp_path / "m.h5", {})
    with h5py.File(path, "a") as file:
        file.attrs["model_config"] = text
    with legacy_h5.open_legacy(path) as file, pytest.raises(FileFormatError, match="model_config"):
        file.config()


def test_a_name_twice_and_a_missing_group(tmp_path):
    path = made(tmp_path / "m.h5", {"a": []})
    with h5py.File(path, "a") as file:
        file["model_weights"].attrs["layer_names"] = [b"a", b"a"]
    with legacy_h5.open_legacy(path) as file, pytest.raises(FileFormatError, match="twice"):
        file.layers()
    with h5py.File(path, "a") as file:
        file["model_weights"].attrs["layer_names"] = [b"a", b"b"]
    with legacy_h5.open_legacy(path) as file, pytest.raises(FileFormatError, match="member 'b'"):
        file.layers()


def test_arrays_of_one_name(tmp_path):
    with h5py.File(tmp_path / "w.h5", "w") as file:
        arrays = [("a/x", np.zeros(1)), ("a/x", np.ones(1)), ("a/x_1", np.full(1, 2.0))]
        legacy_h5.write_layers(file, {"a": arrays})
    with legacy_h5.open_legacy(tmp_path / "w.h5") as file:
        found = file.layers().layers["a"]
        assert [n for n, _ in found] == ["a/x", "a/x_1", "a/x_1_1"]
        assert [float(d.read()[0]) for _, d in found] == [0.0, 1.0, 2.0]
