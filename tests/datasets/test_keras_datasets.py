"""The datasets of Keras, from made-up files of the same form."""

from __future__ import annotations

import importlib
import io
import json
import os
import pickle
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest

import kerasish as keras
from kerasish import datasets
from kerasish.data.fetch import digest
from kerasish.errors import ArgumentError, DataError, FileFormatError, UnsafeFileError
from tests.datasets.dataset_calls import CALLS, FILES, results, write

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "datasets.json").read_text())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    write(folder)
    return folder


@pytest.fixture(autouse=True)
def made_up(folder, monkeypatch):
    monkeypatch.setenv("KERASISH_DATA", str(folder))
    monkeypatch.setenv("KERASISH_HOME", str(folder / "home"))
    for name, file in FILES.items():
        module = importlib.import_module(f"kerasish.datasets.{name}")
        monkeypatch.setattr(module, "SHA256", digest(folder / name / file))


@pytest.mark.parametrize("name", CALLS)
def test_values_are_those_of_keras(name):
    assert results(getattr(datasets, name), name) == GOLDEN[name]


def test_cifar10(folder):
    (x, y), (x_test, y_test) = datasets.cifar10.load_data()
    assert x.shape == (50, 32, 32, 3)
    assert x_test.shape == (10, 32, 32, 3)
    assert x.dtype == y.dtype == y_test.dtype == np.uint8
    with tarfile.open(folder / "cifar10" / FILES["cifar10"]) as archive:
        held = [
            pickle.load(archive.extractfile(f"cifar-10-batches-py/data_batch_{i}"))
            for i in range(1, 6)
        ]
    pixels = np.concatenate([batch[b"data"] for batch in held])
    np.testing.assert_array_equal(x.transpose(0, 3, 1, 2).reshape(50, -1), pixels)
    assert y[:, 0].tolist() == [label for batch in held for label in batch[b"labels"]]


def test_channels_first(monkeypatch):
    last = datasets.cifar100.load_data()[0][0]
    keras.config.set_image_data_format("channels_first")
    try:
        first = datasets.cifar100.load_data()[0][0]
    finally:
        keras.config.set_image_data_format("channels_last")
    np.testing.assert_array_equal(first.transpose(0, 2, 3, 1), last)


class Opens:
    def __reduce__(self):
        return os.system, ("true",)


@pytest.mark.parametrize("name", ["imdb", "reuters"])
def test_nothing_in_a_file_is_run(name, folder, tmp_path, monkeypatch):
    held = np.empty(1, object)
    held[0] = Opens()
    rows = {"x": held, "y": np.zeros(1), "x_train": held, "y_train": np.zeros(1)}
    refused(name, tmp_path, monkeypatch, lambda path: np.savez(path, **rows, allow_pickle=True))


@pytest.mark.parametrize("name", ["cifar10", "cifar100"])
def test_nothing_in_a_batch_is_run(name, tmp_path, monkeypatch):
    def write_archive(path):
        with tarfile.open(path, "w:gz") as archive:
            content = pickle.dumps({b"data": Opens()}, 2)
            info = tarfile.TarInfo("batches/train" if name == "cifar100" else "b/data_batch_1")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))

    refused(name, tmp_path, monkeypatch, write_archive)


def refused(name, folder, monkeypatch, make):
    path = folder / name / FILES[name]
    path.parent.mkdir()
    make(path)
    monkeypatch.setenv("KERASISH_DATA", str(folder))
    monkeypatch.setattr(getattr(datasets, name), "SHA256", digest(path))
    with pytest.raises(UnsafeFileError, match=r"system"):
        getattr(datasets, name).load_data()


BROKEN = {
    "no lists": {"x": np.array([1, [2]], object), "y": np.zeros(2)},
    "no numbers": {"x": np.array([[1], ["a", "b"]], object), "y": np.zeros(2)},
    "no labels": {"x": np.array([[1], [2, 3]], object), "y": np.zeros(3)},
    "nothing": {"y": np.zeros(3)},
}


@pytest.mark.parametrize("name", BROKEN)
def test_another_content_is_told(name, tmp_path, monkeypatch):
    path = tmp_path / "reuters" / FILES["reuters"]
    path.parent.mkdir()
    np.savez(path, **BROKEN[name], allow_pickle=True)
    monkeypatch.setenv("KERASISH_DATA", str(tmp_path))
    monkeypatch.setattr(datasets.reuters, "SHA256", digest(path))
    with pytest.raises((FileFormatError, DataError), match="reuters"):
        datasets.reuters.load_data()


def test_a_missing_batch_is_named(folder, tmp_path, monkeypatch):
    (tmp_path / "cifar10").mkdir()
    path = tmp_path / "cifar10" / FILES["cifar10"]
    shutil.copy(folder / "cifar100" / FILES["cifar100"], path)
    monkeypatch.setenv("KERASISH_DATA", str(tmp_path))
    monkeypatch.setattr(datasets.cifar10, "SHA256", digest(path))
    with pytest.raises(FileFormatError, match="no data_batch_1"):
        datasets.cifar10.load_data()


@pytest.mark.parametrize("module", [datasets.imdb, datasets.reuters])
def test_word_index(module, folder, monkeypatch):
    name = module.__name__.rpartition(".")[2]
    path = folder / name / f"{name}_word_index.json"
    path.write_text('{"the": 1, "cin\\u00e9ma": 2}')
    with pytest.raises(DataError, match="MD5"):
        module.get_word_index()
    monkeypatch.setattr(module, "INDEX_MD5", digest(path, "md5"))
    assert module.get_word_index() == {"the": 1, "cin\u00e9ma": 2}


def test_label_names():
    names = datasets.reuters.get_label_names()
    assert len(set(names)) == 46
    assert names[3:5] == ("earn", "acq")


def test_another_name_of_the_file(folder):
    shutil.copy(folder / "imdb/imdb.npz", folder / "imdb/mine.npz")
    assert len(datasets.imdb.load_data("mine.npz")[0][0]) == 30


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: datasets.boston_housing.load_data(test_split=1), "test_split"),
        (lambda: datasets.reuters.load_data(test_split=-0.1), "test_split"),
        (lambda: datasets.reuters.load_data(maxlen=2), "maxlen"),
        (lambda: datasets.imdb.load_data(maxlen=2), "maxlen"),
        (lambda: datasets.imdb.load_data(num_word=2), "num_words"),
        (lambda: datasets.imdb.load_data("../imdb.npz"), "without folders"),
        (lambda: datasets.cifar100.load_data("finer"), "label_mode"),
    ],
)
def test_errors(call, match):
    with pytest.raises(ArgumentError, match=match):
        call()


def test_mnist_in_one_file(tmp_path, monkeypatch):
    (tmp_path / "mnist").mkdir()
    parts = {"x_train": (5, 28, 28), "y_train": (5,), "x_test": (2, 28, 28), "y_test": (2,)}
    arrays = {n: np.random.default_rng(1).integers(0, 9, s, np.uint8) for n, s in parts.items()}
    np.savez(tmp_path / "mnist" / "mnist.npz", **arrays)
    monkeypatch.setenv("KERASISH_DATA", str(tmp_path))
    with pytest.raises(DataError, match="SHA-256"):
        datasets.mnist.load_data()
    monkeypatch.setattr(datasets.mnist, "NPZ_SHA256", digest(tmp_path / "mnist" / "mnist.npz"))
    (x, y), (x_test, y_test) = datasets.mnist.load_data()
    for found, name in zip((x, y, x_test, y_test), parts, strict=True):
        np.testing.assert_array_equal(found, arrays[name])
