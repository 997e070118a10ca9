"""Write what Keras gives for the calls of tests/data/image_calls.py.

    pip install keras==3.15.1 tensorflow-cpu pillow
    KERAS_BACKEND=tensorflow python scripts/make_file_golden.py

images.npz holds each result under its name.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import keras
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
GOLDEN = ROOT / "tests" / "golden"
sys.path.insert(0, str(ROOT))

from tests.data import image_calls  # noqa: E402

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        np.savez_compressed(
            GOLDEN / "images.npz", **image_calls.results(keras, Path(folder)), allow_pickle=False
        )
