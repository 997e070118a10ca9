"""Files that ask a loader for code, for other files or for more memory than they account for."""

from __future__ import annotations

import builtins
import dataclasses
import json
import os
import socket

import h5py
import numpy as np
import pytest

import kerasish as keras
from kerasish import saving
from kerasish.config import settings
from kerasish.errors import (
    FileFormatError,
    KerasishError,
    UnknownNameError,
    UnsafeFileError,
)
from kerasish.saving import legacy_h5
from tests.saving.models import archive, functional, sequential


def as_file(tmp_path, config, suffix):
    """`config` in a file whose weights are those of `sequential()`."""
    path = tmp_path / f"evil.{suffix}"
    good = tmp_path / "good.weights.h5"
    saving.save_weights(sequential(), good)
    if suffix == "keras":
        return archive(path, config, good.read_bytes())
    with h5py.File(path, "w") as file:
        legacy_h5.write_configs(file, config, None)
        legacy_h5.write_layers(file.create_group("model_weights"), {})
    return path


def dense(**config):
    item = {"module": "keras.layers", "class_name": "Dense", "config": {"units": 2, **config}}
    return {**item, "registered_name": None}


def chain(*layers, shape=4):
    entry = {"module": "keras.layers", "class_name": "InputLayer"}
    entry = {**entry, "config": {"batch_shape": [None, shape]}, "registered_name": None}
    config = {"name": "evil", "layers": [entry, *layers]}
    return {"module": "keras", "class_name": "Sequential", "config": config}


MARK = "touch marker"
EVIL = {
    "os.system": dense(activation={"module": "os", "class_name": "function", "config": "system"}),
    "subprocess": dense(
        kernel_initializer={"module": "subprocess", "class_name": "Popen", "config": {"args": MARK}}
    ),
    "lambda": dense(activation={"class_name": "__lambda__", "config": {"value": "4wAA"}}),
    "Lambda layer": {
        "module": "keras.layers",
        "class_name": "Lambda",
        "config": {"function": {"class_name": "__lambda__", "config": {"value": "4wAA"}}},
    },
    "get_file": {
        "module": "keras.utils",
        "class_name": "get_file",
        "config": {"origin": "http://127.0.0.1/x"},
    },
    "settings": {
        "module": "keras.config",
        "class_name": "enable_unsafe_deserialization",
        "config": {},
    },
    "own internals": {
        "module": "kerasish.saving.files.atomic",
        "class_name": "write_bytes",
        "config": {"path": "marker"},
    },
    "someone's module": {"module": "evil_package.layers", "class_name": "Evil", "config": {}},
    "units": dense(units=10**12),
    "wide input": dense(units=2**30),
}


@pytest.mark.parametrize("suffix", ["keras", "h5", "json"])
@pytest.mark.parametrize("name", EVIL)
def test_what_a_config_may_not_ask_for(tmp_path, monkeypatch, name, suffix):
    monkeypatch.chdir(tmp_path)
    config = chain(EVIL[name], shape=2**30 if name == "wide input" else 4)
    load = {
        "json": lambda: saving.model_from_json(json.dumps(config)),
    }.get(suffix) or (lambda: saving.load_model(as_file(tmp_path, config, suffix)))
    with pytest.raises(UnsafeFileError):
        load()
    assert not (tmp_path / "marker").exists()


def test_every_public_function_is_no_layer():
    """The names of functions of this package do not become objects by standing in a file."""
    for module in (saving, keras.utils if hasattr(keras, "utils") else saving, os):
        for name in dir(module):
            if name.startswith("_") or not callable(getattr(module, name)):
                continue
            item = {"module": "keras.layers", "class_name": name, "config": {}}
            with pytest.raises(KerasishError):
                saving.model_from_json(json.dumps(chain(item)))


def test_unknown_layers_name_the_nearest(tmp_path):
    item = {"module": "keras.layers", "class_name": "Dens", "config": {"units": 2}}
    with pytest.raises(UnknownNameError, match=r"evil\.keras.*'Dense'"):
        saving.load_model(as_file(tmp_path, chain(item), "keras"))


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"class_name": "Sequential"},
        {"class_name": "Sequential", "config": {"layers": 3}},
        {"class_name": "Sequential", "config": {"layers": [3]}},
        {"class_name": "Functional", "config": {"layers": []}},
        {"class_name": "Functional", "config": {"layers": [], "input_layers": 3}},
        {"module": "keras.layers", "class_name": "Dense", "config": {"units": 2}},
        {"module": "keras.losses", "class_name": "MeanSquaredError", "config": {}},
        chain(dense(units="many")),
        chain(dense(units=-1)),
        chain(dense(unit=3)),
        chain(dense(), shape="wide"),
        chain({"class_name": ["Dense"], "config": {}}),
    ],
)
def test_configs_that_are_no_model(tmp_path, config):
    for suffix in ("keras", "h5"):
        with pytest.raises(KerasishError, match="evil"):
            saving.load_model(as_file(tmp_path, config, suffix))


def test_files_that_are_no_model(tmp_path):
    path = tmp_path / "m.h5"
    for data in (b"", b"text", b"\x89HDF\r\n\x1a\n", b"PK\x03\x04"):
        path.write_bytes(data)
        with pytest.raises(FileFormatError, match=r"m\.h5"):
            saving.load_model(path)
    saving.save_weights(sequential(), path)
    with pytest.raises(FileFormatError, match="weights only"):
        saving.load_model(path)
    saving.save_weights(sequential(), tmp_path / "m.weights.h5")
    with pytest.raises(FileFormatError, match="weights only"):
        saving.load_model(tmp_path / "m.weights.h5")


def test_a_changed_number_is_found(tmp_path):
    path = tmp_path / "m.h5"
    saving.save_model(functional(), path)
    with h5py.File(path, "a") as file:
        file["model_weights/shared/shared/kernel"][0, 0] += 1e-6
    with pytest.raises(FileFormatError, match="sha256"):
        saving.load_model(path)


def test_loading_opens_nothing_else_and_changes_no_setting(tmp_path, monkeypatch):
    """No layer's config opens a path or an address; no file changes how the process is set up."""
    paths = [tmp_path / "m.keras", tmp_path / "m.h5"]
    for path in paths:
        functional().save(path)
    secret = tmp_path / "vocabulary.txt"
    secret.write_text("secret")
    layer = {"module": "keras.layers", "class_name": "StringLookup"}
    layer["config"] = {"vocabulary": str(secret), "name": "s"}
    evil = json.dumps(chain(layer))
    opened, plain = [], builtins.open

    def watched(file, *args, **kwargs):
        opened.append(str(file))
        return plain(file, *args, **kwargs)

    def refused(*args, **kwargs):
        raise AssertionError("a socket")

    monkeypatch.setattr(builtins, "open", watched)
    monkeypatch.setattr(socket, "socket", refused)
    before = dataclasses.asdict(settings)
    for path in paths:
        saving.load_model(path)
    with pytest.raises(KerasishError):
        saving.model_from_json(evil)
    monkeypatch.undo()
    assert {name for name in opened if not name.endswith((".py", ".pyc"))} <= set(map(str, paths))
    assert dataclasses.asdict(settings) == before


@pytest.mark.parametrize("name", ["m.keras", "m.h5", "w.weights.h5", "w.h5", "w.safetensors"])
def test_a_changed_bit_of_a_weight_is_found_whoever_reads_it(tmp_path, name):
    model, other, path = functional(), functional(), tmp_path / name
    (model.save if name[0] == "m" else model.save_weights)(path)
    other.load_weights(path)
    before = other.get_weights()
    data = bytearray(path.read_bytes())
    at = data.index(max(model.get_weights(), key=np.size).tobytes())
    data[at + 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(FileFormatError):
        other.load_weights(path)
    for one, two in zip(before, other.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
