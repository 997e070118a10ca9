"""FeatureSpace: what it takes, models that begin with it, files. Values: test_text_golden.py."""

from __future__ import annotations

import copy
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest

import kerasish as keras
from kerasish.data import Dataset
from kerasish.errors import ArgumentError, DataError
from kerasish.utils import FeatureSpace
from tests.golden.text_cases import FEATURES, KINDS

LABELS = np.array([0.0, 1, 0, 1, 0, 1])
DATA = {
    "dict": lambda: FEATURES,
    "arrays": lambda: {k: np.array(v) for k, v in FEATURES.items()},
    "frame": lambda: pd.DataFrame(FEATURES),
    "rows": lambda: Dataset.from_tensor_slices(FEATURES),
    "batches": lambda: Dataset.from_tensor_slices(FEATURES).batch(4),
    "list": lambda: [{k: v[at : at + 3] for k, v in FEATURES.items()} for at in (0, 3)],
}  # fmt: skip


def space(**options: Any) -> Any:
    return FeatureSpace(KINDS, crosses=[("s", "i")], crossing_dim=9, **options)


def adapted(data: Any = FEATURES, **options: Any) -> Any:
    made = space(**options)
    made.adapt(data)
    return made


@pytest.mark.parametrize("kind", DATA)
def test_data_of_every_kind(kind: str) -> None:
    expected = adapted()(FEATURES).numpy()
    found = adapted(DATA[kind]())(pd.DataFrame(FEATURES)).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_rows_in_a_dataset() -> None:
    made = adapted()
    rows = Dataset.from_tensor_slices((FEATURES, LABELS)).map(lambda x, y: (made(x), y)).batch(6)
    np.testing.assert_array_equal(next(iter(rows))[0], made(FEATURES).numpy())


def test_models_begin_with_it(tmp_path: Path) -> None:
    made = adapted(output_mode="concat")
    inputs, encoded = made.get_inputs(), made.get_encoded_features()
    model = keras.Model(inputs, keras.layers.Dense(1)(encoded))
    model.compile("sgd", "mse")
    data = Dataset.from_tensor_slices((FEATURES, LABELS)).batch(4)
    model.fit(data, epochs=2, verbose=0)
    model.evaluate(data, verbose=0)
    expected = made(FEATURES).numpy() @ model.layers[-1].kernel.numpy()
    expected += model.layers[-1].bias.numpy()
    np.testing.assert_allclose(model.predict(data, verbose=0), expected, rtol=2e-5)
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_allclose(
        again.predict(pd.DataFrame(FEATURES), verbose=0), expected, rtol=2e-5
    )
    alone = keras.Model(encoded, keras.layers.Dense(1)(encoded))
    assert alone.predict(made(FEATURES).numpy(), verbose=0).shape == (6, 1)


def test_files_and_copies(tmp_path: Path) -> None:
    made = adapted()
    expected = made(FEATURES).numpy()
    made.save(tmp_path / "space.keras")
    for again in (keras.models.load_model(tmp_path / "space.keras"), copy.deepcopy(made)):
        np.testing.assert_array_equal(again(FEATURES).numpy(), expected)
    bare = FeatureSpace.from_config(made.get_config())
    assert bare.features.keys() == made.features.keys()
    assert [c.name for c in bare.crosses] == ["s_X_i"]
    assert list(made.crossers) == ["s_X_i"]
    assert made.preprocessors["s"].get_vocabulary()[0] == "[UNK]"


def test_a_file_of_keras(tmp_path: Path) -> None:
    # Keras keeps what was learned beside the config, and has a class of its own for floats.
    rows: dict[str, Any] = {"f": [1.0, 2.0], "n": [1.0, 5.0], "s": ["b", ""]}
    kinds = {"f": "float", "n": "float_normalized", "s": "string_categorical"}
    space = FeatureSpace(kinds)
    space.adapt(rows)
    space.save(tmp_path / "ours.keras")
    with zipfile.ZipFile(tmp_path / "ours.keras") as ours:
        held = {name: ours.read(name) for name in ours.namelist()}
    config = json.loads(held["config.json"])
    made = {key: f["config"]["preprocessor"] for key, f in config["config"]["features"].items()}
    assert made["f"]["class_name"] == "Identity"
    made["f"].update(
        module="keras.src.layers.preprocessing.feature_space",
        class_name="TFDIdentity",
        registered_name="TFDIdentity",
    )
    made["s"]["config"].update(vocabulary=None, vocabulary_size=3)
    held["config.json"] = json.dumps(config).encode()
    held["assets/preprocessors/string_lookup/vocabulary.txt"] = b"[UNK]\nb\n"  # b and the empty
    with zipfile.ZipFile(tmp_path / "keras.keras", "w") as theirs:
        for name, data in held.items():
            theirs.writestr(name, data)
    with h5py.File(io.BytesIO(held["model.weights.h5"])) as file:
        assert "preprocessors/normalization/vars/0" in file
    loaded = keras.models.load_model(tmp_path / "keras.keras")
    np.testing.assert_array_equal(loaded(rows), space(rows))


def test_a_layer_of_ones_own() -> None:
    texts = {"text": ["first one", "second one", "third"]}
    layer = keras.layers.TextVectorization(output_mode="tf_idf")
    made = FeatureSpace({"text": FeatureSpace.feature("string", layer, "float")})
    made.adapt(texts)
    np.testing.assert_array_equal(made(texts).numpy(), layer(texts["text"]).numpy())
    given = FeatureSpace(
        {"d": FeatureSpace.float_discretized(None, bin_boundaries=[0.5]), "f": "float_rescaled"}
    )
    assert given({"d": [0.1, 0.9], "f": [3.0, 4.0]}).numpy().tolist() == [[1, 0, 3], [0, 1, 4]]


def test_wrong_arguments() -> None:
    with pytest.raises(ArgumentError, match="a feature or more"):
        FeatureSpace({})
    with pytest.raises(ArgumentError, match="float_normalized"):
        FeatureSpace({"a": "float_normalised"})
    with pytest.raises(ArgumentError, match="output_mode"):
        FeatureSpace({"a": "float"}, output_mode="list")
    with pytest.raises(ArgumentError, match="crosses"):
        FeatureSpace({"a": "float"}, crosses=[("a", "b")])
    with pytest.raises(ArgumentError, match=r"adapt\(data\)"):
        space()(FEATURES)
    with pytest.raises(DataError, match="a column 's'"):
        adapted()({k: v for k, v in FEATURES.items() if k != "s"})
    with pytest.raises(DataError, match="runs only once"):
        space().adapt(iter([FEATURES]))
    with pytest.raises(DataError, match="list"):
        adapted()([1, 2])
    ints = FeatureSpace({"i": FeatureSpace.integer_hashed(3, output_mode="int")})
    with pytest.raises(ArgumentError, match="output_mode='dict'"):
        ints({"i": [1, 2]})
    with pytest.raises(ArgumentError, match="output_mode='int'"):
        FeatureSpace(
            {"i": FeatureSpace.feature("int32", keras.layers.Identity(dtype="int32"), "one_hot")}
        )({"i": [1]})
