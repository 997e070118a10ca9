"""Keras 3's weight files: what Keras wrote, what is written here, and indexes of shards."""

from __future__ import annotations

import io
import json
from contextlib import contextmanager
from pathlib import Path

import h5py
import ml_dtypes
import numpy as np
import pytest

from kerasish.errors import FileFormatError, UnsafeFileError
from kerasish.saving import weights_h5
from kerasish.saving.files.safe_h5 import open_h5

GOLDEN = Path(__file__).resolve().parents[1] / "golden"


@contextmanager
def open_weights(source, label=None):
    """The index of a file, or of its bytes."""
    with open_h5(source, label) as root:
        yield weights_h5.WeightsFile(root)


def read_weights(source):
    """Every array of a file or its bytes, or of the shards that a `.weights.json` lists."""
    if not isinstance(source, bytes) and str(source).endswith(".weights.json"):
        shards = [read_weights(shard) for shard in weights_h5.shard_files(source)]
        return {path: found for shard in shards for path, found in shard.items()}
    with open_weights(source) as file:
        return {
            path: file.read(path, [d.shape for d in held.values()])
            for path, held in file.index.items()
            if held
        }


def image(arrays, names=None):
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        weights_h5.write_weights(file, arrays, names)
    return buffer.getvalue()


@pytest.mark.parametrize("name", ["mlp", "cnn", "rnn", "transformer", "nested"])
def test_every_array_of_a_keras_file(name):
    """The file holds the model's weights, and each array under the path Keras gives it."""
    path = GOLDEN / name / "before.weights.h5"
    found = read_weights(path)
    found.pop("optimizer", None)
    golden = np.load(GOLDEN / name / "golden.npz")
    weights = [golden[f"w{i}"] for i in range(len([k for k in golden if k[0] == "w"]))]
    stored = [array for arrays in found.values() for array in arrays]
    assert len(stored) == len(weights)

    def sort(arrays):
        return sorted((a.shape, a.tobytes()) for a in arrays)

    assert sort(stored) == sort(weights)


def test_index_without_reading():
    with open_weights(GOLDEN / "nested" / "before.weights.h5") as file:
        shapes = file.shapes()
        assert shapes["layers/functional/layers/dense"] == [(4, 3), (3,)]
        assert shapes["layers/time_distributed/layer"] == [(2, 3), (3,)]
        assert file.names["layers/dense"] == "size"
        assert file.names[""] == "nested"


def test_round_trip_with_more_than_ten_arrays():
    arrays = {"": [np.arange(3.0)], "optimizer": [np.full(2, i, "f4") for i in range(23)], "a": []}
    data = image(arrays, {"": "model"})
    found = read_weights(data)
    assert set(found) == {"", "optimizer"}
    assert [int(a[0]) for a in found["optimizer"]] == list(range(23))
    with h5py.File(io.BytesIO(data)) as file:
        assert file["vars"].attrs["name"] == "model"
        assert list(file["a/vars"]) == []
        assert not file.attrs


def test_bfloat16_is_stored_as_keras_does():
    array = np.array([1.5, -2.0], ml_dtypes.bfloat16)
    data = image({"a": [array]})
    with h5py.File(io.BytesIO(data)) as file:
        assert file["a/vars/0"].dtype == "V2"
        assert file["a/vars/0"].attrs["dtype"] == "bfloat16"
    found = read_weights(data)["a"][0]
    assert found.dtype == array.dtype
    assert found.tolist() == array.tolist()


def test_old_prefix_of_layers():
    data = image({"_layer_checkpoint_dependencies/dense": [np.ones(2)]})
    assert list(read_weights(data)) == ["layers/dense"]


def test_errors_name_file_path_and_shapes():
    data = image({"layers/dense": [np.ones((2, 3)), np.ones(3)]})
    with open_weights(data, "m.weights.h5") as file:
        with pytest.raises(FileFormatError, match=r"m\.weights\.h5: /layers/dense.*\(3, 2\)"):
            file.read("layers/dense", [(3, 2), (3,)])
        with pytest.raises(
            FileFormatError, match=r"Expected: 1 of shapes \[\(2, 3\)\]. Received: 2"
        ):
            file.read("layers/dense", [(2, 3)])


def test_a_gap_in_the_numbers_is_refused():
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file["a/vars/0"], file["a/vars/2"] = np.ones(1), np.ones(1)
    with pytest.raises(FileFormatError, match="names 0 to 1"):
        read_weights(buffer.getvalue())


def shards(tmp_path, index):
    for name, path in (("m_00000.weights.h5", "a"), ("m_00001.weights.h5", "b")):
        (tmp_path / name).write_bytes(image({path: [np.ones(2)]}))
    path = tmp_path / "m.weights.json"
    path.write_text(index if isinstance(index, str) else json.dumps(index))
    return path


def test_shards(tmp_path):
    index = {
        "metadata": {"total_size": 32},
        "weight_map": {"/a/vars": "m_00000.weights.h5", "/b/vars": ["m_00001.weights.h5"]},
    }
    assert set(read_weights(shards(tmp_path, index))) == {"a", "b"}


@pytest.mark.parametrize("name", ["../m_00000.weights.h5", "/etc/passwd", "..", 3, None])
def test_a_shard_outside_the_folder_is_refused(tmp_path, name):
    with pytest.raises(UnsafeFileError):
        read_weights(shards(tmp_path, {"weight_map": {"a": name}}))


@pytest.mark.parametrize("index", ["", "[]", "{}", '{"weight_map": 3}', "[" * 100_000])
def test_a_broken_index(tmp_path, index):
    with pytest.raises(FileFormatError, match=r"m\.weights\.json"):
        read_weights(shards(tmp_path, index))


@pytest.mark.parametrize("listed", [{"b": 1}, [[1]], ["x", None], [{}]])
def test_an_index_that_lists_no_names(tmp_path, listed):
    with pytest.raises(FileFormatError, match=r"m\.weights\.json"):
        read_weights(shards(tmp_path, {"weight_map": {"a": listed}}))
    with pytest.raises(FileFormatError, match="cannot be read"):
        read_weights(tmp_path / "none.weights.json")
