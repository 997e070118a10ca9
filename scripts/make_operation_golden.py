"""Write tests/golden/keras_operations.json: how Keras writes public functions called on symbols.

    python scripts/make_operation_golden.py

It holds Keras's classes with the arguments of their constructors and calls, and for one generated
call of every function (tests/ops/generated_all.py) the JSON config of a model that makes it. Needs
keras with jax.
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import sys
import warnings
from pathlib import Path
from typing import Any

os.environ["KERAS_BACKEND"] = "jax"
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import keras  # noqa: E402
from keras.src.ops.operation import Operation  # noqa: E402

from tests.ops.conformance import applied, arrays_of  # noqa: E402
from tests.ops.generated_all import MAKERS, calls_of  # noqa: E402

MODULES = ("ops.core", "ops.einops", "ops.image", "ops.linalg", "ops.math", "ops.nn", "ops.numpy",
           "activations.activations")  # fmt: skip
COUNT = 8


def classes() -> dict[str, list[Any]]:
    """Class -> its module, the arguments of its constructor, those of its call."""
    found = {}
    for name in MODULES:
        module = importlib.import_module(f"keras.src.{name}")
        for cls in vars(module).values():
            own = inspect.isclass(cls) and cls.__module__ == module.__name__
            if own and issubclass(cls, Operation):
                init = [p for p in parameters(cls.__init__) if p != "name"]
                found[cls.__name__] = [module.__name__, init, parameters(cls.call)]
    return found


def parameters(method: Any) -> list[str]:
    stars = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    given = list(inspect.signature(method).parameters.values())[1:]
    return [stars.get(p.kind, "") + p.name for p in given]


def model_of(call: Any) -> Any:
    """The model of Keras that makes a call, if Keras can read its own file of it."""
    inputs = [keras.Input(batch_shape=a.shape, dtype=a.dtype.name) for a in arrays_of(call)]
    found = keras.tree.flatten(applied(keras, call, list(inputs)))
    outputs = [y for y in found if isinstance(y, keras.KerasTensor)]
    model = keras.Model(inputs, outputs, name="m")
    keras.models.model_from_json(model.to_json())(arrays_of(call))
    return model


def main() -> None:
    warnings.simplefilter("ignore")
    models = {}
    for name in sorted(MAKERS):
        for call in calls_of(name, COUNT):
            arrays = arrays_of(call)
            if not arrays or any(a.dtype.itemsize > 4 or a.size == 0 for a in arrays):
                continue
            keras.utils.clear_session()
            try:
                model = model_of(call)
            except Exception as error:  # noqa: BLE001
                print(f"{call}: {type(error).__name__}")
                continue
            models[name] = [call.number, json.loads(model.to_json())]
            break
    target = ROOT / "tests" / "golden" / "keras_operations.json"
    text = json.dumps({"classes": classes(), "models": models}, separators=(",", ":"))
    target.write_text(text + "\n")
    print(f"{len(models)} models, {len(text)} bytes")


if __name__ == "__main__":
    main()
