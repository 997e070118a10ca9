"""Write what Keras's layers give for `tests/golden/layer_cases.py` to `tests/golden/layers.npz`.

    pip install 'kerasish[conformance]' && KERAS_BACKEND=jax python scripts/make_layer_golden.py

For every case: outputs `y0..`, the weights' `names`, their values `w0..` after the call. Beside
it `layer_signatures.json`: the parameters of every layer's constructor, in order, with defaults;
and `layer_configs.json`: the config of every case, and the masks of its outputs for masked inputs
("refused" where Keras raises).
"""

from __future__ import annotations

import importlib.util
import inspect
import json
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np

OUT = Path(__file__).resolve().parents[1] / "tests" / "golden"


def cases() -> Any:
    """The module of the cases."""
    spec = importlib.util.spec_from_file_location("layer_cases", OUT / "layer_cases.py")
    if spec is None or spec.loader is None:
        sys.exit("tests/golden/layer_cases.py is missing.")
    module = importlib.util.module_from_spec(spec)
    sys.modules["layer_cases"] = module
    spec.loader.exec_module(module)
    return module


def signatures() -> dict[str, dict[str, Any]]:
    """Class name -> parameter -> default ("<required>" where there is none)."""
    found: dict[str, dict[str, Any]] = {}
    for name, cls in vars(keras.layers).items():
        if not inspect.isclass(cls) or cls.__name__ != name or name == "InputSpec":
            continue
        parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
        found[name] = {
            p.name: "<required>" if p.default is inspect.Parameter.empty else p.default
            for p in parameters
            if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
        }
    return found


def masks(module: Any, label: str) -> Any:
    """The masks after a case's layer, or "refused"."""
    try:
        return module.masks_after(keras, label)
    except (ValueError, TypeError):
        return "refused"


def main() -> None:
    """Write the files."""
    module = cases()
    values: dict[str, np.ndarray] = {}
    for label in module.CASES:
        found = module.run_layer(keras, label)
        values |= {f"{label}/{key}": value for key, value in found.items()}
    np.savez_compressed(OUT / "layers.npz", **values)
    configs = {
        label: {"config": module.config_of(keras, label), "masks": masks(module, label)}
        for label in module.CASES
    }
    (OUT / "layer_configs.json").write_text(json.dumps(configs, sort_keys=True) + "\n")
    (OUT / "layer_signatures.json").write_text(json.dumps(signatures(), indent=1) + "\n")


if __name__ == "__main__":
    main()
