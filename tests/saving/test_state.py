"""The part of a checkpoint that only kerasish reads, and the digests that guard all of it."""

from __future__ import annotations

import h5py
import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasish.errors import ArgumentError, FileFormatError
from kerasish.saving import state
from kerasish.saving.files.safe_h5 import open_h5
from kerasish.saving.weights_h5 import write_array

PLAIN = st.none() | st.booleans() | st.integers(-(2**128), 2**128) | st.floats() | st.text()
KEYS = st.text().filter(lambda key: key != "__array__")


def write(path, content):
    with h5py.File(path, "w") as file:
        file["model_weights/a"] = np.arange(6.0).reshape(2, 3)
        write_array(file, "half", np.ones(3, ml_dtypes.bfloat16))
        state.write_state(file, content)
    return path


def read(path):
    with open_h5(path) as root:
        state.verify(root)
        return state.read_state(root)


def same(a, b):
    if isinstance(a, dict):
        return set(a) == set(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    return type(a) is type(b) and (a == b or a != a)


@settings(max_examples=60, deadline=None)
@given(
    content=st.dictionaries(
        KEYS,
        st.recursive(PLAIN, lambda s: st.lists(s) | st.dictionaries(KEYS, s), max_leaves=10),
        max_size=4,
    )
)
def test_plain_values_come_back_exactly(tmp_path_factory, content):
    assert same(read(write(tmp_path_factory.mktemp("s") / "f.h5", content)), content)


def test_arrays_inside(tmp_path):
    content = {
        "rng": {"key": np.array([1, 2], "u4"), "list": [np.float64(0.1), np.zeros((0, 2), "f4")]},
        "half": np.ones((2, 2), ml_dtypes.bfloat16),
        "scalar": np.array(3, "i8"),
    }
    found = read(write(tmp_path / "f.h5", content))
    assert found is not None
    content["rng"]["list"][0] = 0.1
    assert same(found, content)


@pytest.mark.parametrize("value", [{1: 2}, object(), {"a": {"__array__": 1}}, b"bytes", {3}])
def test_what_is_no_state(tmp_path, value):
    with pytest.raises(ArgumentError, match="state x"):
        write(tmp_path / "f.h5", {"x": value})


def test_a_file_of_keras_has_none(tmp_path):
    with h5py.File(tmp_path / "f.h5", "w") as file:
        file["a"] = 1.0
    assert read(tmp_path / "f.h5") is None


@pytest.mark.parametrize("change", ["value", "more", "less", "bfloat16", "state"])
def test_every_change_is_found(tmp_path, change):
    path = write(tmp_path / "f.h5", {"epoch": 3})
    assert read(path) == {"epoch": 3}
    with h5py.File(path, "a") as file:
        if change == "value":
            file["model_weights/a"][1, 1] += 1e-12
        elif change == "more":
            file["model_weights/b"] = 1.0
        elif change == "less":
            del file["model_weights/a"]
        elif change == "bfloat16":
            file["half"][0] = np.void(b"ab")
        else:
            file["kerasish/state"][-2] = ord("4")
    with pytest.raises(FileFormatError, match="damaged"):
        read(path)


def test_a_later_format_is_refused(tmp_path):
    path = write(tmp_path / "f.h5", {})
    with h5py.File(path, "a") as file:
        file["kerasish"].attrs["format"] = "2"
    with pytest.raises(FileFormatError, match="version"):
        read(path)


@pytest.mark.parametrize("reference", ["..", "7", "../../half", None, [0]])
def test_references_stay_in_their_group(tmp_path, reference):
    import json

    path = write(tmp_path / "f.h5", {})
    with h5py.File(path, "a") as file:
        del file["kerasish/state"]
        text = json.dumps({"x": {"__array__": reference}}).encode()
        file["kerasish/state"] = np.frombuffer(text, "u1")
    with open_h5(path) as root, pytest.raises(FileFormatError):
        state.read_state(root)


@pytest.mark.parametrize("name", state.CONFIGS)
def test_the_configs_have_digests_too(tmp_path, name):
    path = tmp_path / "m.h5"
    with h5py.File(path, "w") as file:
        file["a"] = np.ones(2)
        for one in state.CONFIGS:
            file.attrs[one] = '{"class_name": "Sequential"}'
        state.write_state(file, {})
    assert read(path) == {}
    with h5py.File(path, "a") as file:
        file.attrs[name] = '{"class_name": "Sequentiam"}'
    with pytest.raises(FileFormatError, match=f"{name} is damaged"):
        read(path)
    with h5py.File(path, "a") as file:
        del file.attrs[name]
    with pytest.raises(FileFormatError, match=f"{name} is damaged"):
        read(path)


def test_a_state_that_holds_itself_or_texts_is_refused(tmp_path):
    around: dict[str, object] = {}
    around["a"] = around
    for content in (around, {"a": np.array(["a"])}, {"a": np.array([None])}):
        with pytest.raises(ArgumentError, match="state"):
            write(tmp_path / "a.h5", content)
