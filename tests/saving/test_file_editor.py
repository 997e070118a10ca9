from __future__ import annotations

import numpy as np
import pytest

import kerasish as keras
from kerasish.errors import ArgumentError, FileFormatError
from kerasish.saving import KerasFileEditor


def model(*units, compiled=False):
    layers = [keras.layers.Dense(n, name=f"layer_{i}") for i, n in enumerate(units)]
    made = keras.Sequential([keras.Input((2,)), *layers])
    if compiled:
        made.compile("adam", "mse")
        made.fit(np.ones((1, 2)), np.ones((1, units[-1])), verbose=0)
    return made


@pytest.fixture
def saved(tmp_path):
    made = model(3, 4)
    made.save(tmp_path / "m.keras")
    made.save_weights(tmp_path / "m.weights.h5")
    return made, tmp_path


@pytest.mark.parametrize("name", ["m.keras", "m.weights.h5"])
def test_what_is_in_a_file(saved, name, capsys):
    made, folder = saved
    editor = KerasFileEditor(folder / name)
    assert list(editor.weights_dict) == ["layers"]
    np.testing.assert_array_equal(
        editor.weights_dict["layers"]["dense_1"]["0"], made.layers[1].kernel
    )
    assert editor.object_metadata["layers/dense"] == {"name": "layer_0"}
    if name == "m.keras":
        assert editor.config["class_name"] == "Sequential"
        assert "keras_version" in editor.metadata
    else:
        assert editor.config is editor.metadata is None
    capsys.readouterr()
    editor.summary()
    assert capsys.readouterr().out.splitlines() == [
        "Weights",
        "  layers",
        "    dense ('layer_0')",
        "      0: shape=(2, 3), dtype=float32",
        "      1: shape=(3,), dtype=float32",
        "    dense_1 ('layer_1')",
        "      0: shape=(3, 4), dtype=float32",
        "      1: shape=(4,), dtype=float32",
    ]


def test_optimizers_are_listed(tmp_path):
    made = model(3, compiled=True)
    made.save(tmp_path / "m.keras")
    editor = KerasFileEditor(str(tmp_path / "m.keras"))
    assert len(editor.weights_dict["optimizer"]) == 2 + 4
    assert editor.compare(made) == {"status": "success", "error_count": 0, "match_count": 8}


def test_compare(saved, capsys):
    made, folder = saved
    editor = KerasFileEditor(folder / "m.keras")
    assert editor.compare(made) == {"status": "success", "error_count": 0, "match_count": 4}
    assert "fits the model: 4 weights" in capsys.readouterr().out
    found = editor.compare(model(3, 5, 1))
    assert found == {"status": "error", "error_count": 3, "match_count": 2}
    told = capsys.readouterr().out
    assert "Weight layers/dense_1/0: shape (3, 4) in the file, shape (3, 5) in the model." in told
    assert "Object layers/dense_2: in the model, not in the file." in told
    assert editor.compare(model(3))["error_count"] == 1
    editor.add_object("layers/dense_1/0", {"0": np.ones(2)})
    assert editor.compare(made)["error_count"] == 1


def test_changed_files_are_read(saved):
    made, folder = saved
    editor = KerasFileEditor(folder / "m.weights.h5")
    editor.rename_object("dense_1", "dense_2")
    assert list(editor.weights_dict["layers"]) == ["dense", "dense_2"]
    assert editor.object_metadata["layers/dense_2"] == {"name": "layer_1"}
    kernel = np.arange(9.0).reshape(3, 3)
    editor.add_object("layers/dense_1", {"0": kernel})
    editor.add_weights("dense_1", {"1": [1, 2, 3]})
    editor.save(folder / "wide.weights.h5")
    wide = model(3, 3, 4)
    wide.load_weights(folder / "wide.weights.h5")
    np.testing.assert_array_equal(wide.layers[1].kernel, kernel)
    np.testing.assert_array_equal(wide.layers[2].kernel, made.layers[1].kernel)
    editor.delete_object("layers/dense_1")
    editor.rename_object("layers/dense_2", "dense_1")
    editor.delete_weight("dense_1", "1")
    editor.add_weights("dense_1", {"1": np.zeros(4)})
    editor.resave_weights(folder / "again.weights.h5")
    made.load_weights(folder / "again.weights.h5")
    assert KerasFileEditor(folder / "again.weights.h5").compare(made)["status"] == "success"


def test_errors(saved):
    _, folder = saved
    editor = KerasFileEditor(folder / "m.keras")
    with pytest.raises(ArgumentError, match=r"none of that name. Did you mean 'layers/dense_1'"):
        editor.delete_object("layers/dense_11")
    editor.add_object("other", {})
    editor.add_object("other/dense", {"0": 1})
    with pytest.raises(ArgumentError, match="the name of layers/dense, other/dense"):
        editor.rename_object("dense", "x")
    with pytest.raises(ArgumentError, match="free beside 'dense'"):
        editor.rename_object("layers/dense", "dense_1")
    with pytest.raises(ArgumentError, match="last part"):
        editor.rename_object("layers/dense", "a/b")
    with pytest.raises(ArgumentError, match="none of that name"):
        editor.add_object("nothing/dense", {"0": 1})
    with pytest.raises(ArgumentError, match="a dict of arrays"):
        editor.add_weights("layers/dense", [1])
    with pytest.raises(ArgumentError, match=r"one of \['0', '1'\]"):
        editor.delete_weight("layers/dense", "7")
    with pytest.raises(ArgumentError, match=r"ends in \.weights\.h5"):
        editor.save(folder / "m.h5")
    with pytest.raises(ArgumentError, match=r"\.keras or \.weights\.h5"):
        KerasFileEditor(folder / "m.txt")
    with pytest.raises(FileFormatError, match="nothing"):
        KerasFileEditor(folder / "nothing.keras")
    (folder / "bad.keras").write_bytes(b"PK\x03\x04")
    with pytest.raises(FileFormatError, match="bad"):
        KerasFileEditor(folder / "bad.keras")
