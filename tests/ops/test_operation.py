"""Public functions on symbols: one object under every name, whatever was imported first."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kerasish as keras
from kerasish import ops

# Imports the modules named on the command line in that order, and keeps what they offered then.
# At the end every such function is still the same object, and calls of it on symbols are recorded.
CHILD = """
import importlib, sys
import numpy as np

held = {}
for name in sys.argv[1:]:
    module = importlib.import_module(name)
    held[name] = {
        k: v for k, v in ((k, getattr(module, k)) for k in dir(module))
        if callable(v) and not isinstance(v, type) and not k.startswith("_")
    }

import kerasish
from kerasish import tree
from tests.ops.conformance import applied, arrays_of
from tests.ops.generated_all import MAKERS, calls_of
from tests.ops.test_generated_runs import BY_VALUE, NO_TENSORS

assert kerasish.layers.Layer and kerasish.activations.relu
for name, table in held.items():
    for key, function in table.items():
        assert getattr(sys.modules[name], key) is function, (name, key)
for space in ("numpy", "nn", "linalg", "image"):
    inner = getattr(kerasish.ops, space)
    for key in getattr(inner, "__all__", ()):
        if hasattr(kerasish.ops, key):
            assert getattr(kerasish.ops, key) is getattr(inner, key), (space, key)


class Early:
    ops = type("ops", (), {})()
    activations = type("activations", (), {})()


count = 0
for name in sorted(MAKERS.keys() - BY_VALUE - NO_TENSORS - {"shape", "ndim"}):
    home, _, key = name.rpartition(".")
    spaces = [f"kerasish.{home}" if home == "activations" else "kerasish.ops"]
    spaces += [f"kerasish.ops.{home}"] if home else ["kerasish.ops.numpy", "kerasish.ops.nn"]
    functions = [held[s][key] for s in spaces if key in held.get(s, ())]
    for call in calls_of(name, 6):
        arrays = arrays_of(call)
        if not arrays or name == "activations.linear":
            continue
        symbols = [kerasish.KerasTensor(a.shape, a.dtype.name) for a in arrays]
        for function in functions:
            try:
                applied(kerasish, call, arrays)
            except Exception:
                continue  # a call that is refused is refused on symbols too
            from tests.ops.conformance import swap
            args, kwargs = swap((call.args, call.kwargs), iter(symbols))
            leaves = [y for y in tree.flatten(function(*args, **kwargs)) if hasattr(y, "shape")]
            for leaf in leaves:
                assert type(leaf) is kerasish.KerasTensor and leaf.history is not None, str(call)
            count += bool(leaves)
print(count)
"""
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    "modules",
    [
        ("kerasish.ops", "kerasish.ops.numpy", "kerasish.layers"),
        ("kerasish.activations", "kerasish.layers", "kerasish.ops"),
        ("kerasish.layers", "kerasish.ops", "kerasish.ops.nn", "kerasish.activations"),
        (
            "kerasish.ops.image",
            "kerasish.ops.linalg",
            "kerasish.ops.nn",
            "kerasish.models",
        ),
    ],
)
def test_one_function_whatever_was_imported_first(modules: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CHILD, *modules],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout) > 100


@keras.saving.register_keras_serializable("tests_operation")
class Scaled(keras.Operation):
    """An operation of a user's."""

    def __init__(self, factor: float, *, name: str | None = None) -> None:
        super().__init__(name=name)
        self.factor = factor

    def call(self, x: Any, y: Any) -> Any:
        return [x * self.factor, x + ops.arange(0, ops.shape(x)[1], dtype="float32") + y]


def test_an_operation_of_ones_own(tmp_path: Path) -> None:
    x = keras.Input((None,))
    first, second = Scaled(2.0, name="twice")(x, y=x)
    assert (first.shape, second.shape) == ((None, None), (None, None))
    model = keras.Model(x, [first, second])
    value = np.ones((2, 3), "float32")
    model.save(tmp_path / "m.keras")
    copies = [keras.models.clone_model(model), keras.saving.load_model(tmp_path / "m.keras")]
    for one in (model, *copies):
        np.testing.assert_array_equal(one(value)[1], [[2, 3, 4]] * 2)
        np.testing.assert_array_equal(one(value)[0], value * 2)
    assert Scaled(3.0, name="s").get_config() == {"factor": 3.0, "name": "s"}
    np.testing.assert_array_equal(Scaled(2.0)(value, 0.0)[0], value * 2)
    with pytest.raises(NotImplementedError, match="call"):
        keras.Operation()(value)
    with pytest.raises(ValueError, match="without '/'"):
        keras.Operation(name="a/b")
