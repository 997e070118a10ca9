"""Write what Keras makes of `tests/golden/image_cases.py` to `tests/golden/image_layers.npz`.

    pip install 'kerasish[conformance]' && KERAS_BACKEND=jax python scripts/make_image_golden.py

For every case: images, masks, labels and boxes after what was drawn for it; then what the
functions of `keras.utils.bounding_boxes` give.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np

OUT = Path(__file__).resolve().parents[1] / "tests" / "golden"


def cases() -> Any:
    """The module of the cases."""
    spec = importlib.util.spec_from_file_location("image_cases", OUT / "image_cases.py")
    if spec is None or spec.loader is None:
        sys.exit("tests/golden/image_cases.py is missing.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> None:
    """Write the file."""
    module = cases()
    values = {f"boxes/{k}": v for k, v in module.box_functions(keras).items()}
    for label in module.GIVEN:
        values |= {f"{label}/{k}": v for k, v in module.changed(keras, label).items()}
    np.savez_compressed(OUT / "image_layers.npz", **values)


if __name__ == "__main__":
    main()
