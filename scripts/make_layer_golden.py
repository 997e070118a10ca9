"""Write what Keras's layers give for `tests/golden/layer_cases.py` to `tests/golden/layers.npz`.

    pip install 'kerasish[conformance]' && KERAS_BACKEND=jax python scripts/make_layer_golden.py

For every case: outputs `y0..`, the weights' `names`, their values `w0..` after the call. Beside
it `layer_configs.json`: the config of every case, and the masks of its outputs for masked inputs
("refused" where Keras raises). With labels as arguments only these are computed anew.
"""

from __future__ import annotations

import importlib.util
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
    configs: dict[str, Any] = {}
    if wanted := sys.argv[1:]:
        with np.load(OUT / "layers.npz", allow_pickle=False) as file:
            values = {name: file[name] for name in file.files}
        configs = json.loads((OUT / "layer_configs.json").read_text(encoding="utf-8"))
    for label in wanted or module.CASES:
        values = {k: v for k, v in values.items() if k.partition("/")[0] != label}
        found = module.run_layer(keras, label)
        values |= {f"{label}/{key}": value for key, value in found.items()}
        configs[label] = {"config": module.config_of(keras, label), "masks": masks(module, label)}
    np.savez_compressed(OUT / "layers.npz", **values)
    (OUT / "layer_configs.json").write_text(json.dumps(configs, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
