"""Models to files and back: equal predictions, training that goes on bit for bit, no half files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import zipfile

import h5py
import numpy as np
import pytest

import kerasish as keras
from kerasish import saving
from kerasish.errors import (
    ArgumentError,
    FileFormatError,
    KerasishError,
    UnknownNameError,
    UnsafeFileError,
)
from kerasish.saving import legacy_h5, store, weights_h5
from kerasish.saving.paths import walk

X = np.random.default_rng(0).normal(size=(16, 4)).astype("float32")
Y = X[:, :2] - X[:, 2:]


def functional(compiled=True):
    """A shared layer, an operation, dropout, and an input that is used twice."""
    x = keras.Input((4,), name="x")
    shared = keras.layers.Dense(4, activation="relu", kernel_regularizer="l2", name="shared")
    y = keras.layers.Dropout(0.3)(shared(shared(x)))
    model = keras.Model(x, keras.layers.Dense(2)(y * 2.0 + x), name="m")
    if compiled:
        model.compile("adam", "mse", metrics=["mae"])
    return model


def sequential(compiled=True):
    model = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(3, "tanh"), keras.layers.Dense(2)], name="s"
    )
    if compiled:
        model.compile(keras.optimizers.SGD(0.1, momentum=0.9), "mse")
    return model


def fit(model, epochs=1):
    return model.fit(X, Y, batch_size=8, epochs=epochs, shuffle=False, verbose=0).history["loss"]


def predict(model):
    return model.predict(X, verbose=0)


@pytest.mark.parametrize("make", [functional, sequential])
@pytest.mark.parametrize("suffix", ["h5", "hdf5", "keras"])
def test_training_goes_on_bit_for_bit(tmp_path, make, suffix):
    model, path = make(), tmp_path / f"m.{suffix}"
    fit(model, 2)
    saving.save_model(model, path)
    loaded = saving.load_model(path)
    np.testing.assert_array_equal(predict(loaded), predict(model))
    assert type(loaded) is type(model)
    assert [layer.name for layer in loaded.layers] == [layer.name for layer in model.layers]
    assert fit(loaded, 2) == fit(model, 2)
    for ours, theirs in zip(loaded.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("suffix", ["h5", "keras"])
def test_without_compiling_and_without_an_optimizer(tmp_path, suffix):
    model, path = functional(), tmp_path / f"m.{suffix}"
    fit(model)
    saving.save_model(model, path)
    loaded = saving.load_model(path, compile=False)
    assert not loaded.compiled
    np.testing.assert_array_equal(predict(loaded), predict(model))
    saving.save_model(model, path, include_optimizer=False)
    loaded = saving.load_model(path)
    assert not loaded.compiled
    np.testing.assert_array_equal(predict(loaded), predict(model))
    saving.save_model(functional(compiled=False), path)
    assert not saving.load_model(path).compiled


@pytest.mark.parametrize("suffix", ["h5", "keras"])
def test_a_compiled_model_that_was_not_trained(tmp_path, suffix):
    path = tmp_path / f"m.{suffix}"
    saving.save_model(functional(), path)
    loaded = saving.load_model(path)
    assert loaded.compiled
    assert int(loaded.optimizer.iterations.numpy()) == 0
    fit(loaded)


@pytest.mark.parametrize("suffix", ["h5", "keras"])
def test_state_beside_the_model(tmp_path, suffix):
    path = tmp_path / f"m.{suffix}"
    saving.save_model(functional(), path, state={"epoch": 3, "order": np.arange(4)})
    found = saving.load_state(path)
    assert found is not None
    assert found["epoch"] == 3
    assert found["order"].tolist() == [0, 1, 2, 3]


def test_restore_into_a_model_that_is_there(tmp_path):
    model, path = functional(), tmp_path / "m.h5"
    fit(model)
    saving.save_model(model, path, state={"epoch": 1})
    expected = fit(model)
    other = functional()
    fit(other, 3)
    assert saving.restore(other, path)["epoch"] == 1
    assert fit(other) == expected
    with pytest.raises(FileFormatError, match=r"m\.h5"):
        saving.restore(sequential(), path)


def test_a_custom_layer(tmp_path):
    class Scale(keras.layers.Layer):
        def __init__(self, start, **kwargs):
            super().__init__(**kwargs)
            self.start = start
            self.gain = self.add_weight((), keras.initializers.Constant(start), name="gain")

        def call(self, inputs):
            return inputs * self.gain

    model = keras.Sequential([keras.Input((4,)), Scale(2.5, name="scale")])
    for suffix in ("h5", "keras"):
        path = tmp_path / f"m.{suffix}"
        saving.save_model(model, path)
        with pytest.raises(KerasishError, match="Scale"):
            saving.load_model(path)
        loaded = saving.load_model(path, custom_objects={"Scale": Scale})
        np.testing.assert_array_equal(predict(loaded), X * np.float32(2.5))


def test_json():
    model = functional()
    loaded = saving.model_from_json(model.to_json())
    assert [w.shape for w in loaded.weights] == [w.shape for w in model.weights]
    loaded.set_weights(model.get_weights())
    np.testing.assert_array_equal(predict(loaded), predict(model))


def nested():
    """Models inside a model: called twice, giving an output, one in the other."""
    inner = keras.Input((4,), name="inner")
    tower = keras.Model(inner, keras.layers.Dense(4, name="t")(inner), name="tower")
    head = keras.Sequential([tower, keras.layers.Dropout(0.5), keras.layers.Dense(2)], name="head")
    x = keras.Input((4,), name="x")
    return keras.Model(x, [tower(tower(x)), head(tower(x))], name="m")


@pytest.mark.parametrize("suffix", ["h5", "keras"])
def test_models_inside_a_model(tmp_path, suffix):
    model, path = nested(), tmp_path / f"m.{suffix}"
    model.save(path)
    loaded = saving.load_model(path)
    for found, expected in zip(predict(loaded), predict(model), strict=True):
        np.testing.assert_array_equal(found, expected)
    assert loaded.get_config() == model.get_config()
    assert len(loaded.weights) == len(model.weights) == 4
    clone = saving.clone_model(model)
    clone.set_weights(model.get_weights())
    for found, expected in zip(predict(clone), predict(model), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_a_lambda_is_cloned_and_not_saved(tmp_path):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Lambda(lambda x: x * 3, name="l")])
    np.testing.assert_array_equal(predict(saving.clone_model(model)), X * 3)
    with pytest.raises(ArgumentError, match="Lambda"):
        model.save(tmp_path / "m.keras")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("policy", ["mixed_float16", "bfloat16", "float64"])
@pytest.mark.parametrize("suffix", ["h5", "keras"])
def test_other_dtypes(tmp_path, policy, suffix):
    x = keras.Input((4,), dtype="float64" if policy == "float64" else "float32")
    model = keras.Model(x, keras.layers.Dense(2, dtype=policy)(x), name="m")
    model.compile("adam", "mse")
    fit(model)
    path = tmp_path / f"m.{suffix}"
    model.save(path)
    loaded = saving.load_model(path)
    for found, expected in zip(loaded.weights, model.weights, strict=True):
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found.numpy(), expected.numpy())
    np.testing.assert_array_equal(predict(loaded), predict(model))


@pytest.mark.parametrize("suffix", ["h5", "keras"])
def test_mixed_precision_resumes_under_another_policy(tmp_path, suffix):
    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        model, path = functional(), tmp_path / f"m.{suffix}"
        fit(model)
        model.save(path)
    finally:
        keras.mixed_precision.set_global_policy("float32")
    loaded = saving.load_model(path)
    assert type(loaded.optimizer) is type(model.optimizer)
    for found, expected in zip(loaded.optimizer.variables, model.optimizer.variables, strict=True):
        np.testing.assert_array_equal(found.numpy(), expected.numpy())
    assert fit(loaded) == fit(model)


@keras.saving.register_keras_serializable("tests")
class Blocks(keras.Model):
    """Layers in a list, in a dict, in lists of lists, and as an attribute used twice."""

    def __init__(self, width, **kwargs):
        super().__init__(**kwargs)
        self.width = width
        self.blocks = [keras.layers.Dense(width), keras.layers.Dense(width)]
        self.named = {"b": keras.layers.Dense(width), "a": keras.layers.LayerNormalization()}
        self.deep = [[keras.layers.Dense(width)], [keras.layers.Dense(2), keras.layers.ReLU()]]
        self.again = self.blocks[1]

    def call(self, inputs):
        y = self.blocks[0](inputs)
        y = self.named["a"](self.named["b"](self.again(y)))
        for part in self.deep:
            for layer in part:
                y = layer(y)
        return y

    def get_config(self):
        return {**super().get_config(), "width": self.width}


@pytest.mark.parametrize("suffix", ["h5", "keras", "weights.h5", "safetensors"])
def test_a_subclass(tmp_path, suffix):
    model, path = Blocks(3, name="m"), tmp_path / f"m.{suffix}"
    model.compile("sgd", "mse")
    fit(model)
    if suffix in ("h5", "keras"):
        model.save(path)
        loaded = saving.load_model(path)
        assert type(loaded) is Blocks
        assert loaded.width == 3
    else:
        model.save_weights(path)
        loaded = Blocks(3, name="m")
        loaded.build((None, 4))
        loaded.load_weights(path)
    np.testing.assert_array_equal(predict(loaded), predict(model))


def test_paths_of_a_subclass():
    model = Blocks(3)
    model(X)
    assert [path for path, _ in walk(model)] == [
        "",
        "again",
        "blocks/dense",
        "deep/container/dense",
        "deep/container_1/dense",
        "deep/container_1/re_lu",
        "layers/dense_2",  # Keras meets the list of all layers before the dict called "named"
        "layers/layer_normalization",
    ]


# --- weights ------------------------------------------------------------------------------------


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


# --- clones -------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [functional, sequential])
def test_a_clone_has_weights_of_its_own(make):
    model = make()
    clone = saving.clone_model(model)
    assert clone.to_json() == make(compiled=False).to_json()
    clone.set_weights(model.get_weights())
    np.testing.assert_array_equal(predict(clone), predict(model))
    clone.set_weights([w * 0 for w in clone.get_weights()])
    assert np.abs(predict(model)).max() > 0


def test_a_clone_on_other_inputs_and_with_other_layers():
    model = functional()
    x = keras.Input((4,), name="other")

    def change(layer):
        if isinstance(layer, keras.layers.Dropout):
            return keras.layers.Dropout(0.9, name=layer.name)
        return layer

    clone = saving.clone_model(model, x, change)
    assert clone.inputs[0] is x
    rates = [la.rate for la in clone.layers if isinstance(la, keras.layers.Dropout)]
    assert rates == [0.9]
    np.testing.assert_array_equal(predict(clone), predict(model))
    with pytest.raises(ArgumentError, match="input_tensors"):
        saving.clone_model(model, [x, x])


# --- R1, R3: no half files ----------------------------------------------------------------------


class Refusing(keras.layers.Layer):
    def call(self, inputs):
        return inputs

    def get_config(self):
        raise ZeroDivisionError("no config")


@pytest.mark.parametrize("suffix", ["h5", "keras"])
@pytest.mark.parametrize("where", ["config", "disk", "weights"])
def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch, suffix, where):
    path = tmp_path / f"m.{suffix}"
    saving.save_model(functional(), path)
    old = path.read_bytes()
    model = functional()
    if where == "config":
        model = keras.Sequential([keras.Input((4,)), Refusing()])
    elif where == "disk":
        monkeypatch.setattr(os, "fsync", lambda fd: (_ for _ in ()).throw(OSError(28, "full")))
    else:

        def fail(*args):
            raise OSError(5, "Input/output error")

        monkeypatch.setattr(weights_h5, "write_array", fail)
        monkeypatch.setattr(legacy_h5, "write_array", fail)
    with pytest.raises((ZeroDivisionError, KerasishError, OSError)):
        saving.save_model(model, path)
    assert path.read_bytes() == old
    assert os.listdir(tmp_path) == [path.name]


SAVER = """
import sys
import numpy as np
import kerasish as keras
from kerasish import saving
model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(256), keras.layers.Dense(64)])
print("ready", flush=True)
for i in range(100000):
    model.set_weights([np.full(w.shape, i, "float32") for w in model.weights])
    saving.save_model(model, sys.argv[1])
"""


@pytest.mark.parametrize("suffix", ["h5", "keras"])
def test_kill_during_a_save_leaves_a_whole_model(tmp_path, suffix):
    path = tmp_path / f"m.{suffix}"
    for moment in range(8):
        child = subprocess.Popen(
            [sys.executable, "-c", SAVER, str(path)], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        limit = time.monotonic() + 20
        while not path.exists() and time.monotonic() < limit:
            time.sleep(0.01)
        time.sleep(0.007 * moment)
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        values = {float(v) for w in saving.load_model(path).get_weights() for v in np.unique(w)}
        assert len(values) == 1


# --- what a file may not do ---------------------------------------------------------------------


def archive(path, config, weights=b""):
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("config.json", json.dumps(config))
        file.writestr("model.weights.h5", weights)
    return path


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
        "module": "kerasish.saving.atomic",
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
    with pytest.raises(UnknownNameError, match=r"evil\.keras.*'dense'"):
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
    import builtins
    import dataclasses
    import socket

    from kerasish.config import settings

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


# --- other spellings ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "name", "registered"),
    [
        ("keras.src.models.functional", "Functional", "Functional"),
        ("keras.src.models.functional", "Functional", None),
        ("keras", "Functional", None),
        ("keras.models", "Functional", None),
        ("keras", "Model", None),
        ("keras.models", "Model", None),
        ("keras.src.engine.functional", "Functional", "Functional"),
    ],
)
def test_spellings_of_functional(tmp_path, module, name, registered):
    model, path = functional(), tmp_path / "m.keras"
    saving.save_model(model, path)
    found = store.read_archive(path)
    config = {**found.config, "module": module, "class_name": name, "registered_name": registered}
    assert found.weights is not None
    loaded = saving.load_model(archive(path, config, found.weights))
    np.testing.assert_array_equal(predict(loaded), predict(model))


def test_a_file_as_keras_2_wrote_it(tmp_path):
    """No modules, batch_input_shape, lists for calls, weight names with `:0`, `lr` and `decay`."""
    kernel, bias = np.arange(8.0, dtype="f4").reshape(4, 2), np.ones(2, "f4")

    def layer(name, class_name, calls, **config):
        item = {"class_name": class_name, "name": name, "config": {"name": name, **config}}
        return {**item, "inbound_nodes": calls}

    config = {
        "class_name": "Model",
        "config": {
            "name": "old",
            "layers": [
                layer(
                    "x", "InputLayer", [], batch_input_shape=[None, 4], dtype="float32",
                    sparse=False, ragged=False,
                ),
                layer("d", "Dense", [[["x", 0, 0, {}]]], units=2, activation="linear",
                      kernel_initializer={"class_name": "GlorotUniform", "config": {"seed": None}},
                      trainable=True, dtype="float32"),
                layer("r", "Activation", [[["d", 0, 0, {}]]], activation="relu"),
            ],
            "input_layers": [["x", 0, 0]],
            "output_layers": [["r", 0, 0]],
        },
    }  # fmt: skip
    training = {
        "loss": "mse",
        "metrics": [[{"class_name": "MeanMetricWrapper", "config": {"name": "mae", "fn": "mae"}}]],
        "weighted_metrics": None,
        "loss_weights": None,
        "sample_weight_mode": None,
        "optimizer_config": {
            "class_name": "SGD",
            "config": {"name": "SGD", "lr": 0.5, "decay": 0.0, "momentum": 0.0, "nesterov": False},
        },
    }
    path = tmp_path / "old.h5"
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = b"2.2.4"
        file.attrs["model_config"] = json.dumps(config).encode()
        file.attrs["training_config"] = json.dumps(training).encode()
        arrays = {"x": [], "d": [("d/kernel:0", kernel), ("d/bias:0", bias)], "r": []}
        legacy_h5.write_layers(file.create_group("model_weights"), arrays)
    loaded = saving.load_model(path)
    np.testing.assert_allclose(predict(loaded), np.maximum(X @ kernel + bias, 0), rtol=1e-5)
    assert float(loaded.optimizer.learning_rate.numpy()) == 0.5
    assert loaded.evaluate(X, Y, verbose=0, return_dict=True).keys() == {"loss", "mae"}


def test_a_sequential_of_keras_1(tmp_path):
    first = {"units": 2, "batch_input_shape": [None, 4], "activation": "linear", "name": "d"}
    config = {"class_name": "Sequential", "config": [{"class_name": "Dense", "config": first}]}
    path = tmp_path / "old.h5"
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(config)
        arrays = {"d": [("d_W", np.ones((4, 2), "f4")), ("d_b", np.zeros(2, "f4"))]}
        legacy_h5.write_layers(file.create_group("model_weights"), arrays)
    loaded = saving.load_model(path)
    np.testing.assert_allclose(predict(loaded), X.sum(1, keepdims=True).repeat(2, 1), rtol=1e-5)
