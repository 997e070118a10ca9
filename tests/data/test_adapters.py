from __future__ import annotations

import h5py
import numpy as np
import pandas as pd
import pytest

from kerasish.data import (
    ArraySource,
    BlockSource,
    PyDataset,
    PyDatasetSource,
    StepsSource,
    StreamSource,
    as_source,
    train_validation_split,
)
from kerasish.errors import DataError


class Two(PyDataset):
    def __len__(self):
        return 2

    def __getitem__(self, index):
        return np.zeros((3, 1)), np.zeros(3)


class Endless(Two):
    num_batches = None


def generator():
    while True:
        yield np.zeros((3, 1)), np.zeros(3)


X, Y = np.zeros((8, 2)), np.arange(8)


@pytest.mark.parametrize(
    ("x", "kind"),
    [
        (X, ArraySource),
        ({"a": X, "b": X}, ArraySource),
        ([X, X], ArraySource),
        ([[1.0, 2.0], [3.0, 4.0]], ArraySource),
        (pd.DataFrame(X), ArraySource),
        (generator(), StreamSource),
        (map(np.asarray, [X]), StreamSource),
        (Two(), PyDatasetSource),
    ],
    ids=["array", "dict", "list", "numbers", "pandas", "generator", "iterator", "PyDataset"],
)
def test_kinds(x, kind):
    assert type(as_source(x)) is kind


def test_a_source_stays_itself():
    source = ArraySource(X)
    assert as_source(source) is source


def test_arrays_on_disk_by_size(tmp_path, monkeypatch):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x"] = np.arange(8.0)
        assert type(as_source(file["x"], Y)) is ArraySource
        monkeypatch.setattr("kerasish.data.adapters.IN_MEMORY_BYTES", 10)
        source = as_source(file["x"], Y, batch_size=8)
        assert type(source) is BlockSource
        np.testing.assert_array_equal(source.first_batch().x, source.first_batch().y)


def test_batch_size_is_32_unless_given():
    assert as_source(X).batch_size == 32
    assert as_source(X, batch_size=3).num_batches == 3


def test_steps():
    assert type(as_source(X, batch_size=2, steps=3)) is StepsSource
    assert type(as_source(X, batch_size=2, steps=4)) is ArraySource
    assert as_source(generator(), steps=3).num_batches == 3


@pytest.mark.parametrize(
    ("x", "arguments", "message"),
    [
        (X, {"y": Y[:3]}, "x has 8, y has 3"),
        (X, {"y": "labels"}, "y. Expected: an array"),
        (X, {"y": generator()}, "y. Expected: an array.*Received: generator"),
        ({"a": None}, {}, "x. Expected: at least one array"),
        ([X, "a"], {}, r"x\[1\].*Received: str"),
        (3, {}, "Received: int"),
        (None, {"y": Y}, "x. Expected: data. Received: None"),
        ("text", {}, "Received: str"),
        (X, {"batch_size": 0}, "batch_size"),
        (generator(), {"y": Y}, "y. Expected: nothing beside batches"),
        (generator, {}, "Received: function. Call it"),
        (Two(), {"sample_weight": Y}, "sample_weight. Expected: nothing"),
        (Endless(), {}, "steps_per_epoch"),
        (ArraySource(X), {"class_weight": {0: 1.0}}, "class_weight"),
    ],
)
def test_errors(x, arguments, message):
    with pytest.raises(DataError, match=message):
        as_source(x, **arguments)


@pytest.mark.parametrize("make", [generator, Two], ids=["generator", "PyDataset"])
def test_batches_keep_their_size(make):
    assert as_source(make(), batch_size=64).first_batch().rows == 3


def test_a_generator_needs_no_steps():
    assert as_source(generator()).num_batches is None


def test_an_output_without_targets_or_weights():
    for batches in (
        as_source(X, [Y, None], [None, Y]),
        as_source(iter([(X, [Y, None], [None, Y])])),
    ):
        batch = batches.first_batch()
        assert batch.y[1] is None
        assert batch.sample_weight[0] is None
        np.testing.assert_array_equal(batch.y[0], Y)
        np.testing.assert_array_equal(batch.sample_weight[1], Y)
    train, validation = train_validation_split(X, {"a": Y, "b": None}, validation_split=0.5)
    assert train.y["b"] is validation.y["b"] is None
    assert len(validation.y["a"]) == 4
